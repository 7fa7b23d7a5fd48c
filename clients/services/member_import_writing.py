"""From the staging tables into the portal's own: what refers to what, what is wrong with it, and the writing.

All set-wise, in the caller's transaction. Lines are matched with rows first, into temporary tables that also hold the
ids new rows will get; then everything that can be wrong is asked; then rows that differ are updated and missing ones
inserted. Rows that are equal already are not touched. What is wrong is said by file and line only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from clients.membersystem.numbers import PROVISIONAL
from clients.models import Policy
from clients.services import policies as policy_copies
from clients.services import surnames
from clients.services.member_import_columns import (
    ACCOUNTS,
    CONTACT_COLUMNS,
    COVERAGES,
    FEEDS,
    MEMBERS,
    POLICIES,
    Feed,
)
from clients.services.member_import_staging import staging_table
from portal.common.models import AuditEvent

Step = Callable[[str], object]
SHOWN_OF_A_CHECK = 200
AUDITED_AT_ONCE = 2_000
CLOCKS_AHEAD = timedelta(hours=1)  # of another machine


@dataclass
class Outcome:
    """What was written, or would be."""

    accounts_added: int = 0
    accounts_changed: int = 0
    members_added: int = 0
    members_changed: int = 0
    contacts_added: int = 0
    contacts_changed: int = 0
    contacts_removed: int = 0
    policies_added: int = 0
    policies_changed: int = 0
    producers_of_record_changed: int = 0  # of the policies changed
    coverages_added: int = 0
    coverages_changed: int = 0
    statuses_changed: int = 0  # of policies that are in the feed as they were: the day has moved them on
    households_confirmed: int = 0  # told again as they were, with a later moment

    @property
    def anything(self) -> bool:
        return any(vars(self).values())


@dataclass
class Problems:
    """What was found wrong, the first few of each kind in words."""

    texts: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, feed: Feed, rows: Sequence[Sequence[Any]], words: str) -> None:
        """``rows`` are lines, with what the words have to name beside them."""
        self.count += len(rows)
        self.texts += [
            f"{feed.file_name} line {line}, {words.format(*more)}" for line, *more in rows[:SHOWN_OF_A_CHECK]
        ]


def duplicates() -> Problems:
    """Lines with a key that stands in an earlier line of the same file."""
    problems = Problems()
    for feed in FEEDS:
        keys = [(key,) for key in feed.keys] if feed is ACCOUNTS else [feed.keys]
        for key in keys:
            names = ", ".join(key)
            known = " AND ".join(f"{name} IS NOT NULL" for name in key)
            rows = _rows(
                f"SELECT file_line, first FROM {staging_table(feed)} JOIN ("  # noqa: S608 - our own names
                f"SELECT {names}, min(file_line) AS first FROM {staging_table(feed)} WHERE {known} "
                f"GROUP BY {names} HAVING count(*) > 1) AS twice USING ({names}) WHERE file_line <> first ORDER BY file_line"
            )
            problems.add(feed, rows, f"{' and '.join(key)}: the same as in line {{}}")
    return problems


# --- Matching ---


def match() -> None:
    """Match every staged line with the row it is about, and give ids to those that will be new."""
    _run("SET LOCAL work_mem = '96MB'", "SET CONSTRAINTS ALL IMMEDIATE")
    for name, query in _MATCHES.items():
        _run(f"DROP TABLE IF EXISTS {name}", f"CREATE TEMPORARY TABLE {name} AS {query}", f"ANALYZE {name}")


def forget_matches() -> None:
    _run(*(f"DROP TABLE IF EXISTS {name}" for name in _MATCHES), "SET CONSTRAINTS ALL DEFERRED")


_MATCHES = {
    # Policies the portal enrolled itself have no number of the carrier's until the feed brings them: they are known by the
    # E-App number, the line and the producer's book. The nth of the feed is the nth here, those in the book first.
    "fed_applied": """
        SELECT fed.policy_number, fed.account, known.id, known.account_id
        FROM (
            SELECT line.*, number.producer_id,
                row_number() OVER (PARTITION BY eapp_number, line, producer_id ORDER BY policy_number) AS place
            FROM clients_staged_policies AS line
            JOIN accounts_producernumber AS number ON number.number = line.producer_number
            WHERE line.eapp_number <> ''
                AND NOT EXISTS (SELECT FROM clients_policy AS policy WHERE policy.policy_number = line.policy_number)
        ) AS fed
        JOIN (
            SELECT policy.id, policy.account_id, policy.eapp_number, policy.line, number.producer_id,
                row_number() OVER (PARTITION BY eapp_number, line, producer_id ORDER BY awaits_acceptance, policy.id) AS place
            FROM clients_policy AS policy
            JOIN accounts_producernumber AS number ON number.id = policy.producer_number_id
            WHERE policy.policy_number IS NULL AND policy.eapp_number <> ''
                AND policy.eapp_number IN (SELECT eapp_number FROM clients_staged_policies WHERE eapp_number <> '')
        ) AS known USING (eapp_number, line, producer_id, place)
    """,
    # The household of such a policy, as long as the carrier has given it no name: it takes the one of the feed.
    "fed_applied_account": """
        WITH told AS (
            SELECT fed_applied.account_id AS id, household.file_line
            FROM fed_applied JOIN clients_staged_accounts AS household ON household.account_number = fed_applied.account
            UNION
            SELECT fed_applied.account_id, household.file_line
            FROM fed_applied JOIN clients_staged_accounts AS household ON household.household_key = fed_applied.account
        ), of_one_here AS (
            SELECT file_line, min(id) AS id FROM told GROUP BY file_line HAVING count(*) = 1
        )
        SELECT min(one.file_line) AS file_line, one.id
        FROM of_one_here AS one JOIN clients_account AS account ON account.id = one.id
        WHERE account.number IS NULL AND account.household_key IS NULL
        GROUP BY one.id
        HAVING count(*) = 1
    """,
    "fed_account": """
        SELECT fed.*, by_number.id AS number_id, by_key.id AS key_id,
            coalesce(by_number.number, by_key.number) AS old_number,
            coalesce(by_number.household_key, by_key.household_key) AS old_household_key,
            coalesce(by_number.as_of, by_key.as_of) AS old_as_of,
            coalesce(by_number.id, by_key.id, applied.id) AS old_id,
            coalesce(by_number.id, by_key.id, applied.id, nextval(pg_get_serial_sequence('clients_account', 'id'))) AS id
        FROM clients_staged_accounts AS fed
        LEFT JOIN clients_account AS by_number ON by_number.number = fed.account_number
        LEFT JOIN clients_account AS by_key ON by_key.household_key = fed.household_key
        LEFT JOIN fed_applied_account AS applied
            ON by_number.id IS NULL AND by_key.id IS NULL AND applied.file_line = fed.file_line
    """,
    # Every text by which a household can be named, of those in the feed and those that are there.
    "fed_household": """
        SELECT key, min(id) AS id, count(DISTINCT id) AS households
        FROM (
            SELECT account_number AS key, id FROM fed_account
            UNION ALL SELECT household_key, id FROM fed_account
            UNION ALL SELECT number, id FROM clients_account
            UNION ALL SELECT household_key, id FROM clients_account
        ) AS named
        WHERE key IS NOT NULL
        GROUP BY key
    """,
    # Whom the portal enrolled under an id of its own: the primary insured as such, others by birth date and first name.
    "fed_newcomer": f"""
        SELECT min(member.id) AS id, fed.file_line
        FROM clients_staged_members AS fed
        JOIN fed_household AS household ON household.key = fed.account
        JOIN clients_member AS member ON member.account_id = household.id
        WHERE member.member_id LIKE '{PROVISIONAL}%'
            AND NOT EXISTS (SELECT FROM clients_member AS known WHERE known.member_id = fed.member_id)
            AND CASE WHEN fed.role = 'PRIMARY' OR member.role = 'PRIMARY' THEN fed.role = member.role
                ELSE fed.date_of_birth = member.date_of_birth AND lower(fed.first_name) = lower(member.first_name) END
        GROUP BY fed.file_line
        HAVING count(*) = 1
    """,  # noqa: S608 - our own names
    "fed_member": """
        SELECT fed.*, household.id AS account_id, known.account_id AS old_account_id,
            coalesce(known.id, applied.id) AS old_id,
            coalesce(known.id, applied.id, nextval(pg_get_serial_sequence('clients_member', 'id'))) AS id
        FROM clients_staged_members AS fed
        LEFT JOIN fed_household AS household ON household.key = fed.account
        LEFT JOIN clients_member AS known ON known.member_id = fed.member_id
        LEFT JOIN fed_newcomer AS applied ON known.id IS NULL AND applied.file_line = fed.file_line
    """,
    "fed_policy": """
        SELECT fed.*, household.id AS account_id, number.id AS producer_number_id,
            known.account_id AS old_account_id, known.producer_number_id AS old_producer_number_id,
            known.id AS old_id, coalesce(known.id, nextval(pg_get_serial_sequence('clients_policy', 'id'))) AS id
        FROM clients_staged_policies AS fed
        LEFT JOIN fed_household AS household ON household.key = fed.account
        LEFT JOIN accounts_producernumber AS number ON number.number = fed.producer_number
        LEFT JOIN fed_applied AS applied
            ON applied.policy_number = fed.policy_number AND applied.account_id = household.id
        LEFT JOIN clients_policy AS by_number ON by_number.policy_number = fed.policy_number
        LEFT JOIN clients_policy AS known ON known.id = coalesce(by_number.id, applied.id)
    """,
    "fed_coverage": """
        SELECT fed.file_line, fed.effective_date, fed.term_date,
            coalesce(fed_policy.id, policy.id) AS policy_id,
            coalesce(fed_policy.account_id, policy.account_id) AS policy_account_id,
            coalesce(fed_member.id, member.id) AS member_id,
            coalesce(fed_member.account_id, member.account_id) AS member_account_id
        FROM clients_staged_coverages AS fed
        LEFT JOIN fed_policy ON fed_policy.policy_number = fed.policy_number
        LEFT JOIN clients_policy AS policy ON fed_policy.id IS NULL AND policy.policy_number = fed.policy_number
        LEFT JOIN fed_member ON fed_member.member_id = fed.member_id
        LEFT JOIN clients_member AS member ON fed_member.id IS NULL AND member.member_id = fed.member_id
    """,
    "fed_contact": f"""
        SELECT fed_member.id AS member_id, contact.kind, contact.value, contact.extension
        FROM fed_member CROSS JOIN LATERAL (
            VALUES {", ".join(f"('{kind.value}', {value}, {extension})" for kind, value, extension in CONTACT_COLUMNS)}
        ) AS contact (kind, value, extension)
        WHERE contact.value <> ''
    """,  # noqa: S608 - our own names
}


# --- Checking ---


def contradictions(now: datetime) -> Problems:
    """What is wrong between lines, between files, and with what the portal knows already."""
    problems = Problems()
    tomorrow = now + CLOCKS_AHEAD
    for feed, query, words in _CHECKS:
        problems.add(feed, _rows(query, {"now": tomorrow, "today": now.astimezone(UTC).date()}), words)
    return problems


_CHECKS: tuple[tuple[Feed, str, str], ...] = (
    (
        ACCOUNTS,
        "SELECT file_line FROM fed_account WHERE number_id <> key_id ORDER BY file_line",
        "account_number and household_key: belong to two different households",
    ),
    (
        ACCOUNTS,
        "SELECT file_line FROM fed_account WHERE number_id IS NULL AND account_number <> old_number ORDER BY file_line",
        "household_key: this household has another account number",
    ),
    (
        ACCOUNTS,
        "SELECT file_line FROM fed_account WHERE key_id IS NULL AND household_key <> old_household_key ORDER BY file_line",
        "account_number: this household has another household_key",
    ),
    (
        ACCOUNTS,
        """
        SELECT file_line FROM fed_account
        WHERE (account_number IN (SELECT key FROM fed_household WHERE households > 1)
               OR household_key IN (SELECT key FROM fed_household WHERE households > 1))
            AND (number_id <> key_id) IS NOT TRUE
        ORDER BY file_line
        """,
        "account_number and household_key: one of them stands for another household as well",
    ),
    (
        ACCOUNTS,
        "SELECT file_line FROM fed_account WHERE as_of < old_as_of ORDER BY file_line",
        "as_of: is before what the portal has of this household; the files are older",
    ),
    (ACCOUNTS, "SELECT file_line FROM fed_account WHERE as_of > %(now)s ORDER BY file_line", "as_of: is still to come"),
    (
        MEMBERS,
        "SELECT file_line FROM fed_member WHERE account_id IS NULL ORDER BY file_line",
        "account: there is no such household, in the portal or in accounts.csv",
    ),
    (
        MEMBERS,
        "SELECT file_line FROM fed_member WHERE account_id <> old_account_id ORDER BY file_line",
        "member_id: belongs to a member of another household",
    ),
    (
        MEMBERS,
        "SELECT file_line FROM fed_member WHERE date_of_birth > %(today)s ORDER BY file_line",
        "date_of_birth: is still to come",
    ),
    (
        MEMBERS,
        """
        SELECT min(file_line), CASE WHEN bool_or(is_primary) THEN 'more than one' ELSE 'no' END
        FROM (
            SELECT account_id, file_line, role = 'PRIMARY' AS is_primary FROM fed_member
            UNION ALL
            SELECT member.account_id, NULL, member.role = 'PRIMARY'
            FROM clients_member AS member
            WHERE member.account_id IN (SELECT account_id FROM fed_member)
                AND NOT EXISTS (SELECT FROM fed_member WHERE fed_member.old_id = member.id)
        ) AS people
        WHERE account_id IS NOT NULL
        GROUP BY account_id
        HAVING count(*) FILTER (WHERE is_primary) <> 1
        ORDER BY 1
        """,
        "role: with this file the household has {} primary insured",
    ),
    (
        POLICIES,
        "SELECT file_line FROM fed_policy WHERE account_id IS NULL ORDER BY file_line",
        "account: there is no such household, in the portal or in accounts.csv",
    ),
    (
        POLICIES,
        "SELECT file_line FROM fed_policy WHERE account_id <> old_account_id ORDER BY file_line",
        "policy_number: belongs to a policy of another household",
    ),
    (
        POLICIES,
        "SELECT file_line FROM fed_policy WHERE producer_number_id IS NULL ORDER BY file_line",
        "producer_number: the portal knows no such number; import_producers brings it in",
    ),
    (
        POLICIES,
        """
        SELECT file_line FROM fed_policy
        WHERE account_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM fed_member WHERE fed_member.account_id = fed_policy.account_id)
            AND NOT EXISTS (SELECT FROM clients_member AS member
                            WHERE member.account_id = fed_policy.account_id AND member.role = 'PRIMARY')
        ORDER BY file_line
        """,
        "account: the household has no primary insured",
    ),
    (
        POLICIES,
        """
        SELECT file_line FROM fed_policy
        WHERE NOT EXISTS (SELECT FROM fed_coverage WHERE fed_coverage.policy_id = fed_policy.id)
            AND NOT EXISTS (SELECT FROM clients_coverage AS coverage WHERE coverage.policy_id = fed_policy.old_id)
        ORDER BY file_line
        """,
        "policy_number: nobody is covered by this policy",
    ),
    (
        COVERAGES,
        "SELECT file_line FROM fed_coverage WHERE policy_id IS NULL ORDER BY file_line",
        "policy_number: there is no such policy, in the portal or in policies.csv",
    ),
    (
        COVERAGES,
        "SELECT file_line FROM fed_coverage WHERE member_id IS NULL ORDER BY file_line",
        "member_id: there is no such member, in the portal or in members.csv",
    ),
    (
        COVERAGES,
        "SELECT file_line FROM fed_coverage WHERE policy_account_id <> member_account_id ORDER BY file_line",
        "member_id: is not of the policy's household",
    ),
)


# --- Writing ---


def write(step: Step = lambda _words: None) -> Outcome:
    """Write what differs. The caller has matched and checked, and holds the transaction."""
    outcome = Outcome()
    step("Households")
    _write_accounts(outcome)
    step("Members")
    _write_members(outcome)
    step("Contacts")
    _write_contacts(outcome)
    step("Policies: those that changed")
    _note_producers_of_record(outcome)
    _update_policies(outcome)
    step("Policies: new ones")
    outcome.policies_added = _run(_INSERT_POLICIES)
    step("Coverages")
    _write_coverages(outcome)
    step("Names for the search")
    _copy_insured()
    return outcome


STEPS = 10  # the two before, and reading


def disagreements() -> int:
    """How many policies of the feed have another status from the carrier than the dates give."""
    return int(_rows("SELECT count(*) FROM fed_policy WHERE kept_status <> derived_status")[0][0])


def _write_accounts(outcome: Outcome) -> None:
    outcome.accounts_changed = _run(_update("account", "fed_account", _ACCOUNT_COLUMNS, also="as_of = fed.as_of"))
    outcome.households_confirmed = _run(
        "UPDATE clients_account AS kept SET as_of = fed.as_of FROM fed_account AS fed "
        "WHERE kept.id = fed.old_id AND kept.as_of <> fed.as_of"
    )
    outcome.accounts_added = _run(_insert("account", "fed_account", {**_ACCOUNT_COLUMNS, "as_of": "fed.as_of"}))


def _write_members(outcome: Outcome) -> None:
    # First those who are not the primary insured, or not any more: a household has one at every moment.
    for who in ("fed.role <> 'PRIMARY'", "fed.role = 'PRIMARY'"):
        outcome.members_changed += _run(_update("member", "fed_member", _MEMBER_COLUMNS, where=who))
    outcome.members_added = _run(_insert("member", "fed_member", {**_MEMBER_COLUMNS, **_NEW_MEMBER_COLUMNS}))


def _write_contacts(outcome: Outcome) -> None:
    outcome.contacts_removed = _run(
        """
        DELETE FROM clients_contactpoint AS kept USING fed_member
        WHERE kept.member_id = fed_member.old_id AND NOT EXISTS (
            SELECT FROM fed_contact AS fed WHERE fed.member_id = kept.member_id AND fed.kind = kept.kind)
        """
    )
    # Whoever agreed to text messages agreed to them for the number of that day.
    outcome.contacts_changed = _run(
        """
        UPDATE clients_contactpoint AS kept
        SET value = fed.value, extension = fed.extension,
            send_text = kept.send_text AND kept.value = fed.value,
            text_consent_at = CASE WHEN kept.value = fed.value THEN kept.text_consent_at END,
            text_consent_by = CASE WHEN kept.value = fed.value THEN kept.text_consent_by ELSE '' END,
            text_consent_how = CASE WHEN kept.value = fed.value THEN kept.text_consent_how ELSE '' END
        FROM fed_contact AS fed
        WHERE kept.member_id = fed.member_id AND kept.kind = fed.kind
            AND (kept.value, kept.extension) IS DISTINCT FROM (fed.value, fed.extension)
        """
    )
    outcome.contacts_added = _run(
        """
        INSERT INTO clients_contactpoint
            (member_id, kind, value, extension, send_text, text_consent_by, text_consent_how)
        SELECT fed.member_id, fed.kind, fed.value, fed.extension, false, '', ''
        FROM fed_contact AS fed
        LEFT JOIN clients_contactpoint AS kept ON kept.member_id = fed.member_id AND kept.kind = fed.kind
        WHERE kept.id IS NULL
        """
    )


def _note_producers_of_record(outcome: Outcome) -> None:
    """Audit every policy that the file gives to another producer number than before."""
    rows = _rows(
        """
        SELECT fed.policy_number, before.number, after.number, producer.npn
        FROM fed_policy AS fed
        JOIN accounts_producernumber AS before ON before.id = fed.old_producer_number_id
        JOIN accounts_producernumber AS after ON after.id = fed.producer_number_id
        JOIN accounts_producer AS producer ON producer.id = before.producer_id
        WHERE fed.producer_number_id <> fed.old_producer_number_id
        ORDER BY fed.file_line
        """
    )
    outcome.producers_of_record_changed = len(rows)
    AuditEvent.objects.bulk_create(
        (
            AuditEvent(
                action="policy.producer_of_record_changed",
                for_producer=npn,
                object_type="policy",
                object_id=policy_number,
                details={"from": before, "to": after},
            )
            for policy_number, before, after, npn in rows
        ),
        batch_size=AUDITED_AT_ONCE,
    )


def _update_policies(outcome: Outcome) -> None:
    facts_of_file = ", ".join(_POLICY_FACTS.values())
    facts_kept = ", ".join(_KEPT_FACT.get(name, f"kept.{name}") for name in _POLICY_FACTS)
    status_of_file = ", ".join(_POLICY_STATUS.values())
    status_kept = ", ".join(f"kept.{name}" for name in _POLICY_STATUS)
    _run(
        "DROP TABLE IF EXISTS fed_policy_change",
        f"""
        CREATE TEMPORARY TABLE fed_policy_change AS
        SELECT fed.id, ({facts_kept}) IS DISTINCT FROM ({facts_of_file}) AS differs
        FROM fed_policy AS fed JOIN clients_policy AS kept ON kept.id = fed.old_id
        WHERE ({facts_kept}) IS DISTINCT FROM ({facts_of_file})
            OR ({status_kept}) IS DISTINCT FROM ({status_of_file})
        """,  # noqa: S608 - our own names
    )
    ((outcome.policies_changed, outcome.statuses_changed),) = _rows(
        "SELECT count(*) FILTER (WHERE differs), count(*) FILTER (WHERE NOT differs) FROM fed_policy_change"
    )
    written = {name: value for name, value in _POLICY_FACTS.items() if name not in _KEPT_FACT} | _POLICY_STATUS
    settings = ", ".join(f"{name} = {value}" for name, value in written.items())
    _run(
        f"UPDATE clients_policy AS kept SET {settings} FROM fed_policy AS fed "  # noqa: S608 - our own names
        "JOIN fed_policy_change USING (id) WHERE kept.id = fed.id",
        "DROP TABLE fed_policy_change",
    )


def _write_coverages(outcome: Outcome) -> None:
    outcome.coverages_changed = _run(
        """
        UPDATE clients_coverage AS kept SET effective_date = fed.effective_date, term_date = fed.term_date
        FROM fed_coverage AS fed
        WHERE kept.policy_id = fed.policy_id AND kept.member_id = fed.member_id
            AND (kept.effective_date, kept.term_date) IS DISTINCT FROM (fed.effective_date, fed.term_date)
        """
    )
    outcome.coverages_added = _run(
        """
        INSERT INTO clients_coverage (policy_id, member_id, effective_date, term_date)
        SELECT fed.policy_id, fed.member_id, fed.effective_date, fed.term_date
        FROM fed_coverage AS fed
        LEFT JOIN clients_coverage AS kept ON kept.policy_id = fed.policy_id AND kept.member_id = fed.member_id
        WHERE kept.id IS NULL
        """
    )
    _run(
        """
        UPDATE clients_policy AS policy SET member_count = people.count
        FROM (
            SELECT coverage.policy_id, count(*) FROM clients_coverage AS coverage
            WHERE coverage.policy_id IN (SELECT policy_id FROM fed_coverage)
            GROUP BY coverage.policy_id
        ) AS people
        WHERE policy.id = people.policy_id AND policy.member_count <> people.count
        """
    )


def _copy_insured() -> None:
    """Make the policies' copy of name, birth date, SSN and ZIP equal, and let the search know new surnames."""
    different = _rows(
        """
        SELECT DISTINCT policy.account_id
        FROM clients_policy AS policy
        JOIN clients_member AS member ON member.account_id = policy.account_id AND member.role = 'PRIMARY'
        JOIN clients_account AS account ON account.id = policy.account_id
        WHERE (policy.account_id IN (SELECT id FROM fed_account UNION SELECT account_id FROM fed_member
                                     UNION SELECT account_id FROM fed_policy))
            AND ((policy.insured_last_name, policy.insured_first_name, policy.insured_date_of_birth,
                  policy.insured_ssn_digest, policy.insured_zip)
                 IS DISTINCT FROM
                 (member.last_name, member.first_name, member.date_of_birth, member.ssn_last4_digest, account.zip)
                 OR policy.insured_last_key = '')
        """
    )
    policy_copies.refresh_insured(account_ids=[account_id for (account_id,) in different])
    names = _rows(
        """
        SELECT last_key FROM fed_member WHERE role = 'PRIMARY'
        UNION
        SELECT policy.insured_last_key FROM clients_policy AS policy JOIN fed_policy AS fed ON fed.id = policy.id
        """
    )
    surnames.learn(key for (key,) in names)


def _update(table: str, fed: str, columns: dict[str, str], *, where: str = "true", also: str = "") -> str:
    settings = ", ".join([*(f"{name} = {value}" for name, value in columns.items()), *([also] if also else [])])
    kept = ", ".join(f"kept.{name}" for name in columns)
    return (
        f"UPDATE clients_{table} AS kept SET {settings} FROM {fed} AS fed WHERE kept.id = fed.old_id AND {where} "  # noqa: S608 - our own names
        f"AND ({kept}) IS DISTINCT FROM ({', '.join(columns.values())})"
    )


def _insert(table: str, fed: str, columns: dict[str, str]) -> str:
    return (
        f"INSERT INTO clients_{table} (id, {', '.join(columns)}) "  # noqa: S608 - our own names
        f"SELECT fed.id, {', '.join(columns.values())} FROM {fed} AS fed WHERE fed.old_id IS NULL ORDER BY fed.id"
    )


# Columns of the table and where each comes from.
_ACCOUNT_COLUMNS = {
    "number": "coalesce(fed.account_number, fed.old_number)",  # a number is never taken away
    "household_key": "coalesce(fed.household_key, fed.old_household_key)",
    **{name: f"fed.{name}" for name in ("address_1", "address_2", "city")},
    "us_state": "fed.state",
    "zip": "fed.zip",
}
_MEMBER_COLUMNS = {
    name: f"fed.{name}"
    for name in (
        "member_id",  # of somebody the portal enrolled, another one than before
        *("role", "first_name", "middle_initial", "last_name", "date_of_birth", "sex", "ssn", "ssn_last4_digest"),
        *("disabled_dependent", "unmarried_veteran"),
    )
}
_NEW_MEMBER_COLUMNS = {"account_id": "fed.account_id"}
# What the carrier says of a policy; where the table keeps it in another way, _KEPT_FACT reads it back.
_POLICY_FACTS = {
    "producer_number_id": "fed.producer_number_id",
    "us_state": "fed.state",
    **{
        column.name: f"fed.{column.name}"
        for column in POLICIES.columns
        if column.name
        not in ("policy_number", "account", "producer_number", "state", "grace_started_on", "status", "term_date")
    },
    # Of a policy the portal enrolled: what the carrier feeds is in force, whether its answer has come or not.
    "policy_number": "fed.policy_number",
    "awaits_acceptance": "false",
    "carrier_status": "fed.status",
    "carrier_term_date": "fed.term_date",
}
_KEPT_FACT = {
    "carrier_status": "CASE WHEN kept.status_source = 'CARRIER' THEN kept.status ELSE '' END",
    "carrier_term_date": "CASE WHEN kept.term_date_derived THEN NULL ELSE kept.term_date END",
}
_POLICY_STATUS = {
    "status": "fed.kept_status",
    "status_source": "fed.status_source",
    "derived_status": "fed.derived_status",
    "term_date": "fed.kept_term_date",
    "term_date_derived": "fed.term_date_derived",
    "grace_started_on": "fed.kept_grace_started_on",
    "status_holds_until": "fed.status_holds_until",
}
_NEW_POLICY_COLUMNS = {
    **{name: value for name, value in _POLICY_FACTS.items() if name not in _KEPT_FACT},
    **_POLICY_STATUS,
    "account_id": "fed.account_id",
    "record_type": f"'{Policy.RecordType.POLICY.value}'",
    "member_count": "people.count",
    "insured_last_name": "coalesce(fed_primary.last_name, known_primary.last_name)",
    "insured_first_name": "coalesce(fed_primary.first_name, known_primary.first_name)",
    # The keys of somebody who is not in the feed are made afterwards, with all that differ.
    "insured_last_key": "coalesce(fed_primary.last_key, '')",
    "insured_first_key": "coalesce(fed_primary.first_key, '')",
    "insured_date_of_birth": "coalesce(fed_primary.date_of_birth, known_primary.date_of_birth)",
    "insured_ssn_digest": "coalesce(fed_primary.ssn_last4_digest, known_primary.ssn_last4_digest)",
    "insured_zip": "account.zip",
}
_INSERT_POLICIES = f"""
    INSERT INTO clients_policy (id, {", ".join(_NEW_POLICY_COLUMNS)})
    SELECT fed.id, {", ".join(_NEW_POLICY_COLUMNS.values())}
    FROM fed_policy AS fed
    JOIN clients_account AS account ON account.id = fed.account_id
    JOIN (SELECT policy_id, count(*) FROM fed_coverage GROUP BY policy_id) AS people ON people.policy_id = fed.id
    LEFT JOIN fed_member AS fed_primary
        ON fed_primary.account_id = fed.account_id AND fed_primary.role = 'PRIMARY'
    LEFT JOIN clients_member AS known_primary
        ON fed_primary.id IS NULL AND known_primary.account_id = fed.account_id AND known_primary.role = 'PRIMARY'
    WHERE fed.old_id IS NULL
    ORDER BY fed.id
"""  # noqa: S608 - our own names


def _run(*statements: str) -> int:
    """Execute the statements; returns how many rows the last one touched."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return int(cursor.rowcount)


def _rows(query: str, parameters: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
