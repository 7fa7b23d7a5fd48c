"""Taking over the carrier's member feed: what comes in, what is refused, what a stopped run leaves."""

import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import ProducerNumber
from clients.models import Account, ContactPoint, Coverage, Member, MemberImport, Policy, SurnameForm
from clients.services import member_import, statuses
from clients.services import member_import_staging as staging
from clients.services import member_import_writing as writing
from clients.services.member_import_columns import FEEDS
from portal.common.models import AuditEvent
from tests.support.factories import AccountFactory, MemberFactory, PolicyFactory, ProducerNumberFactory
from tests.support.feeds import ACCOUNT, COVERS, DENTAL, LEO, MEDICAL, TANYA, household_feed, write_feed

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
LATER = {"as_of": "2026-11-21T04:00:00-06:00"}
MODELS = (Account, Member, ContactPoint, Policy, Coverage, SurnameForm)


@pytest.fixture
def rita() -> ProducerNumber:
    return ProducerNumberFactory(number="000412701")


@pytest.fixture
def folder(tmp_path, rita) -> Path:
    """The household of tests.support.feeds, under a producer number that the portal knows."""
    return household_feed(tmp_path / "feed")


def run(folder: Path, *, now: datetime = NOW, **options) -> member_import.Report:
    return member_import.run(folder, now=now, **options)


def changes(report: member_import.Report) -> dict[str, int]:
    return {name: count for name, count in vars(report.outcome).items() if count}


def problems(folder: Path, **options) -> list[str]:
    with pytest.raises(member_import.BadFiles) as bad:
        run(folder, **options)
    return bad.value.problems


def everything() -> dict[str, list]:
    """All rows of all tables, but for what encryption makes different each time."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in MODELS}


# --- What comes in ---


def test_a_household_comes_in_with_everything_that_is_told_of_it(folder, rita):
    assert changes(run(folder)) == {
        "accounts_added": 1,
        "members_added": 2,
        "contacts_added": 4,
        "policies_added": 2,
        "coverages_added": 3,
    }
    account = Account.objects.get()
    assert (account.number, account.household_key, account.zip) == ("555000001", "H-1", "60563")
    assert account.as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)
    tanya, leo = Member.objects.order_by("member_id")
    assert (tanya.role, tanya.name, tanya.date_of_birth) == ("PRIMARY", "Tanya R O'Brien-Muñoz", date(1980, 5, 17))
    assert (leo.account, leo.role, leo.sex) == (account, "CHILD", "M")
    medical, dental = Policy.objects.order_by("policy_number")
    assert (medical.account, medical.producer_number, medical.member_count) == (account, rita, 2)
    assert (medical.monthly_premium, medical.aptc_amount) == (Decimal("812.55"), Decimal("400.00"))
    assert medical.application_submitted_at == datetime(2025, 12, 1, 23, 5, tzinfo=UTC)
    assert medical.term_date is None
    assert (dental.member_count, dental.market, dental.aptc_amount) == (1, "OFF", Decimal(0))


def test_ssns_are_encrypted_digested_and_shown_by_their_last_four_only(folder):
    run(folder)
    tanya = Member.objects.get(role="PRIMARY")
    assert (tanya.ssn, tanya.ssn_last4) == ("666120987", "0987")
    fresh = MemberFactory(ssn="666340987")
    assert tanya.ssn_last4_digest == fresh.ssn_last4_digest
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssn FROM clients_member WHERE role = 'PRIMARY'")
        assert "666120987" not in cursor.fetchone()[0]


def test_ssns_are_encrypted_in_the_staging_tables_already(folder, monkeypatch):
    monkeypatch.setattr(writing, "match", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    with connection.cursor() as cursor:
        cursor.execute("SELECT staged::text FROM clients_staged_members AS staged")
        rows = "".join(row for (row,) in cursor.fetchall())
    assert "777000000001" in rows
    assert "666120987" not in rows
    assert "666-12-0987" not in rows


@pytest.mark.feature("SRC_02")
def test_policies_repeat_the_primary_insured_as_the_search_wants_it(folder):
    run(folder)
    tanya = Member.objects.get(role="PRIMARY")
    for policy in Policy.objects.all():
        assert (policy.insured_last_name, policy.insured_last_key) == ("O'Brien-Muñoz", "OBRIENMUNOZ")
        assert (policy.insured_first_name, policy.insured_first_key) == ("Tanya", "TANYA")
        assert (policy.insured_date_of_birth, policy.insured_zip) == (date(1980, 5, 17), "60563")
        assert policy.insured_ssn_digest == tanya.ssn_last4_digest
    assert SurnameForm.objects.filter(form="OBRIENMUNOZ", surname="OBRIENMUNOZ").exists()


def test_phones_and_emails_come_in_normalised(folder):
    run(folder)
    assert set(ContactPoint.objects.values_list("member__member_id", "kind", "value", "extension")) == {
        ("777000000001", "HOME", "6305550142", ""),
        ("777000000001", "CELL", "6305550143", ""),
        ("777000000001", "WORK", "6305550144", "12"),
        ("777000000001", "EMAIL", "Tanya.OBrien@example.com", ""),
    }


@pytest.mark.feature("REP_05")
def test_the_carriers_status_wins_and_an_empty_one_is_worked_out(tmp_path, rita):
    overdue = {"paid_to_date": "2026-11-01"}
    folder = household_feed(
        tmp_path / "feed", policies=[{**MEDICAL, **overdue, "status": "ACTIVE"}, {**DENTAL, **overdue}]
    )
    report = run(folder)
    medical, dental = Policy.objects.order_by("policy_number")
    assert (medical.status, medical.status_source, medical.derived_status) == ("ACTIVE", "CARRIER", "GRACE")
    assert (dental.status, dental.status_source, dental.derived_status) == ("GRACE", "DERIVED", "GRACE")
    assert dental.grace_started_on == date(2026, 11, 1)
    assert report.disagree == 1
    assert list(Policy.objects.status_disagrees()) == [medical]


def test_a_household_without_an_account_number_gets_it_later(tmp_path, rita):
    no_number = {**ACCOUNT, "account_number": ""}
    lines = {
        "members": [{**TANYA, "account": "H-1"}, LEO],
        "policies": [{**MEDICAL, "account": "H-1"}, DENTAL],
    }
    run(household_feed(tmp_path / "feed", accounts=[no_number], **lines))
    account = Account.objects.get()
    assert account.number is None
    assert changes(run(household_feed(tmp_path / "feed", accounts=[{**ACCOUNT, **LATER}]))) == {"accounts_changed": 1}
    account.refresh_from_db()
    assert account.number == "555000001"
    # A later line without it does not take it away.
    assert changes(run(household_feed(tmp_path / "feed", accounts=[{**no_number, **LATER}]))) == {}


def test_the_order_of_columns_a_byte_order_mark_blank_lines_and_quotes_do_not_matter(tmp_path, rita):
    folder = household_feed(tmp_path / "feed")
    names = list(reversed(ACCOUNT))
    cells = [f'"{ACCOUNT[name]}"' for name in names]
    text = ",".join([*names, "address_2"]) + "\r\n\r\n" + ",".join([*cells, '"Unit 4\n""B"""']) + "\r\n,,,\r\n"
    (folder / "accounts.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert problems(folder) == ["accounts.csv line 3, address_2: holds a character that cannot be printed"]
    text = text.replace("Unit 4\n", "Unit 4 ").replace(",,,\r\n", "")
    (folder / "accounts.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    run(folder)
    assert Account.objects.get().address_2 == 'Unit 4 "B"'


# --- The second time ---


def test_the_same_files_again_change_nothing_and_say_so(folder):
    run(folder)
    before, audited = everything(), AuditEvent.objects.count()
    out = io.StringIO()
    report = run(folder)
    assert changes(report) == {}
    with time_machine.travel(NOW):  # on a later day statuses move on with the day
        call_command("import_members", str(folder), stdout=out)
    assert "Nothing changed: the portal had all of this already." in out.getvalue()
    assert everything() == before
    assert AuditEvent.objects.count() == audited


def test_what_changed_is_written_and_nothing_else(tmp_path, folder):
    run(folder)
    before = {row.policy_number: row.pk for row in Policy.objects.all()}
    report = run(
        household_feed(
            folder,
            accounts=[{**ACCOUNT, **LATER, "zip": "59715"}],
            members=[
                {**TANYA, "last_name": "Brown", "ssn": "666129999", "fax": "6305550145", "work_phone": ""}
                | {"work_extension": "", "home_phone": "6305550199"},
                LEO,
            ],
            policies=[{**MEDICAL, "paid_to_date": "2027-01-01"}, DENTAL],
            coverages=[COVERS[0], {**COVERS[1], "term_date": "2026-06-30"}, COVERS[2]],
        )
    )
    assert changes(report) == {
        "accounts_changed": 1,
        "members_changed": 1,
        "contacts_added": 1,
        "contacts_changed": 1,
        "contacts_removed": 1,
        "policies_changed": 1,
        "coverages_changed": 1,
    }
    assert {row.policy_number: row.pk for row in Policy.objects.all()} == before
    for policy in Policy.objects.all():
        assert (policy.insured_last_key, policy.insured_zip) == ("BROWN", "59715")
        assert policy.insured_ssn_digest == Member.objects.get(role="PRIMARY").ssn_last4_digest
    assert SurnameForm.objects.filter(surname="BROWN").exists()
    assert Member.objects.get(role="PRIMARY").ssn == "666129999"


# --- policies that came from an application ---


@pytest.fixture
def applied(rita) -> list[Policy]:
    """Tanya and Leo as an application has written them: a medical and a dental policy, no number of the carrier's yet."""
    account = AccountFactory(number=None, household_key=None, as_of=NOW - timedelta(days=3))
    people = [
        MemberFactory(
            account=account, role="PRIMARY", member_id="NEW1", first_name="Tanya", last_name="Munoz",
            date_of_birth=date(1980, 5, 17),
        ),
        MemberFactory(
            account=account, role="CHILD", member_id="NEW2", first_name="leo", last_name="Munoz",
            date_of_birth=date(2012, 2, 29),
        ),
    ]  # fmt: skip
    policies = []
    for line in ("MEDICAL", "DENTAL"):
        policy = PolicyFactory(
            primary=people[0], producer_number=rita, policy_number=None, line=line, eapp_number=MEDICAL["eapp_number"]
        )
        for member in people if line == "MEDICAL" else people[:1]:
            Coverage.objects.update_or_create(
                policy=policy, member=member, defaults={"effective_date": date(2026, 1, 1)}
            )
        policies.append(policy)
    return policies


@pytest.mark.feature("LST_10")
@pytest.mark.parametrize("awaits", [False, True])
@pytest.mark.parametrize("numbered", [False, True])
def test_a_policy_of_an_application_is_taken_over_with_its_household(tmp_path, applied, awaits, numbered):
    Policy.objects.update(awaits_acceptance=awaits)
    if numbered:  # the answer had brought the numbers
        Account.objects.update(number=ACCOUNT["account_number"])
        Member.objects.filter(member_id="NEW1").update(member_id=TANYA["member_id"])
    folder = household_feed(tmp_path / "feed")
    before = {model: model.objects.count() for model in (Account, Member, Policy, Coverage)}
    run(folder)
    assert {model: model.objects.count() for model in before} == before
    kept = {one.line: one for one in Policy.objects.in_the_book()}
    assert [(kept[one.line].pk, kept[one.line].policy_number) for one in applied] == [
        (applied[0].pk, "P-0001"),
        (applied[1].pk, "P-0002"),
    ]
    account = Account.objects.get()
    assert (account.pk, account.number, account.household_key) == (applied[0].account_id, "555000001", "H-1")
    assert set(Member.objects.values_list("member_id", flat=True)) == {TANYA["member_id"], LEO["member_id"]}
    assert (kept["MEDICAL"].insured_last_name, kept["MEDICAL"].monthly_premium) == (
        TANYA["last_name"],
        Decimal("812.55"),
    )
    rows = everything()
    assert changes(run(folder)) == {}
    assert everything() == rows


def test_a_policy_under_another_of_the_producers_numbers_is_taken_over(tmp_path, applied, rita):
    other = ProducerNumberFactory(number="000412702", producer=rita.producer)
    run(household_feed(tmp_path / "feed", policies=[{**MEDICAL, "producer_number": other.number}, DENTAL]))
    assert Policy.objects.count() == 2
    assert Policy.objects.get(line="MEDICAL").producer_number == other


@pytest.mark.parametrize(
    ("columns", "feed"),
    [
        ({}, {"producer_number": "000999999"}),
        ({}, {"eapp_number": "0101389017"}),
        ({}, {"eapp_number": ""}),
        ({"policy_number": "P-9"}, {}),
        ({"eapp_number": ""}, {"eapp_number": ""}),
    ],
    ids=["a foreign book", "another E-App number", "none in the feed", "numbered already", "none at all"],
)
@pytest.mark.sampled(3)
def test_what_is_not_the_same_policy_stays_apart(tmp_path, applied, columns, feed):
    ProducerNumberFactory(number="000999999")
    Policy.objects.filter(line="DENTAL").update(eapp_number="", client_app_id="")
    Policy.objects.filter(line="MEDICAL").update(**columns)
    told = [{**MEDICAL, **feed}, {**DENTAL, "eapp_number": ""}]
    run(household_feed(tmp_path / "feed", policies=told))
    assert Policy.objects.count() == 4
    assert Account.objects.count() == 2
    assert {one.policy_number for one in Policy.objects.filter(pk__in=[one.pk for one in applied])} == {
        columns.get("policy_number"),
        None,
    }


def test_a_household_of_another_account_number_is_not_joined_with_it(tmp_path, applied):
    Account.objects.update(number="555000099")
    run(household_feed(tmp_path / "feed"))
    assert set(Account.objects.values_list("number", flat=True)) == {"555000099", "555000001"}
    assert Policy.objects.filter(account__number="555000099", policy_number=None).count() == 2


def test_two_of_one_e_app_number_and_line_take_over_one_each(tmp_path, applied):
    """The member system had taken the application twice; the one out of the book is the second here."""
    medical = applied[0]
    hidden = Policy.objects.get(pk=medical.pk)
    hidden.pk, hidden.awaits_acceptance = None, True
    hidden.save()
    twice = [MEDICAL, {**MEDICAL, "policy_number": "P-0001B"}, DENTAL]
    covers = [*COVERS, {**COVERS[0], "policy_number": "P-0001B"}]
    run(household_feed(tmp_path / "feed", policies=twice, coverages=covers))
    assert Policy.objects.get(policy_number="P-0001") == medical
    assert Policy.objects.get(policy_number="P-0001B") == hidden
    assert Policy.objects.count() == 3


def test_households_that_are_not_in_the_files_are_left_alone(folder):
    other = PolicyFactory()
    ContactPoint.objects.create(member=Member.objects.get(account=other.account), kind="HOME", value="3125550142")
    before = [list(model.objects.order_by("pk").values()) for model in (Account, Member, ContactPoint, Policy)]
    run(folder)
    ids = [{row["id"] for row in rows} for rows in before]
    models = (Account, Member, ContactPoint, Policy)
    after = [list(m.objects.filter(pk__in=i).order_by("pk").values()) for m, i in zip(models, ids, strict=True)]
    assert after == before


def test_a_file_alone_speaks_of_its_own_rows_only(folder, tmp_path):
    run(folder)
    alone = write_feed(tmp_path / "alone", policies=[{**MEDICAL, "past_due": "12.50"}])
    assert changes(run(alone)) == {"policies_changed": 1}
    assert Policy.objects.get(policy_number="P-0001").past_due == Decimal("12.50")
    new = write_feed(
        tmp_path / "new",
        policies=[{**MEDICAL, "policy_number": "P-0003"}],
        coverages=[{**COVERS[0], "policy_number": "P-0003"}],
    )
    assert changes(run(new)) == {"policies_added": 1, "coverages_added": 1}
    # Its insured is not in these files.
    assert Policy.objects.get(policy_number="P-0003").insured_last_key == "OBRIENMUNOZ"


def test_another_person_on_a_policy_is_counted(folder, tmp_path):
    run(folder)
    more = write_feed(tmp_path / "more", coverages=[{**COVERS[2], "member_id": "777000000002"}])
    assert changes(run(more)) == {"coverages_added": 1}
    assert Policy.objects.get(policy_number="P-0002").member_count == 2


def test_the_primary_insured_can_become_somebody_else(folder, tmp_path):
    ben = {**TANYA, "member_id": "777000000003", "role": "SPOUSE", "first_name": "Ben"}
    run(household_feed(folder, members=[TANYA, LEO, ben]))
    # To and fro, whoever of the two comes first.
    for first, second, order in ((TANYA, ben, 1), (ben, TANYA, 1), (TANYA, ben, -1), (ben, TANYA, -1)):
        swap = [{**first, "role": "SPOUSE"}, {**second, "role": "PRIMARY"}]
        assert changes(run(write_feed(tmp_path / "swapped", members=swap[::order]))) == {"members_changed": 2}
        assert Member.objects.get(role="PRIMARY").first_name == second["first_name"]
    assert set(Policy.objects.values_list("insured_first_name", flat=True)) == {"Tanya"}


def test_another_producer_number_changes_the_producer_of_record_and_is_audited(folder, rita):
    run(folder)
    other = ProducerNumberFactory(number="000999999")
    report = run(household_feed(folder, policies=[{**MEDICAL, "producer_number": "000999999"}, DENTAL]))
    assert changes(report) == {"policies_changed": 1, "producers_of_record_changed": 1}
    assert Policy.objects.get(policy_number="P-0001").producer_number == other
    assert Policy.objects.get(policy_number="P-0002").producer_number == rita
    event = AuditEvent.objects.get(action="policy.producer_of_record_changed")
    assert (event.object_id, event.for_producer) == ("P-0001", rita.producer.npn)
    assert event.details == {"from": "000412701", "to": "000999999"}


@pytest.mark.feature("REP_05")
def test_a_partial_payment_does_not_restart_the_clock_of_grace(folder):
    told_nothing = {"status": "", "grace_started_on": ""}
    run(household_feed(folder, policies=[{**MEDICAL, **told_nothing, "paid_to_date": "2026-10-01"}, DENTAL]))
    policy = Policy.objects.get(policy_number="P-0001")
    assert (policy.status, policy.grace_started_on) == ("GRACE", date(2026, 10, 1))
    run(household_feed(folder, policies=[{**MEDICAL, **told_nothing, "paid_to_date": "2026-11-01"}, DENTAL]))
    policy.refresh_from_db()
    assert (policy.status, policy.grace_started_on) == ("GRACE", date(2026, 10, 1))
    assert policy.status_holds_until == date(2026, 12, 31)
    run(household_feed(folder, policies=[{**MEDICAL, **told_nothing, "paid_to_date": "2027-01-01"}, DENTAL]))
    policy.refresh_from_db()
    assert (policy.status, policy.grace_started_on) == ("ACTIVE", None)


def test_statuses_that_the_day_moved_on_are_no_change_of_the_feed(tmp_path, rita):
    folder = household_feed(tmp_path / "feed")
    run(folder)
    much_later = NOW + timedelta(days=30)
    report = run(folder, now=much_later)
    assert changes(report) == {"statuses_changed": 2}
    # The sweep had done it already: nothing at all is left to change.
    statuses.refresh_due(now=much_later)
    assert changes(run(folder, now=much_later)) == {}


def test_consent_to_text_messages_ends_with_the_number_it_was_given_for(folder):
    run(folder)
    cell = ContactPoint.objects.get(kind="CELL")
    cell.send_text, cell.text_consent_at, cell.text_consent_by, cell.text_consent_how = True, NOW, "Tanya", "By phone"
    cell.save()
    assert changes(run(folder)) == {}
    cell.refresh_from_db()
    assert cell.send_text
    run(household_feed(folder, members=[{**TANYA, "cell_phone": "6305550777"}, LEO]))
    cell.refresh_from_db()
    assert (cell.value, cell.send_text, cell.text_consent_at, cell.text_consent_by) == ("6305550777", False, None, "")


def test_a_later_moment_alone_confirms_the_household(folder):
    run(folder)
    assert changes(run(household_feed(folder, accounts=[{**ACCOUNT, **LATER}]))) == {"households_confirmed": 1}
    assert Account.objects.get().as_of == datetime(2026, 11, 21, 10, tzinfo=UTC)


# --- What is refused ---

BAD_CELLS = [
    ("accounts", {"account_number": "73-1"}, "account_number: must be 1 to 12 letters and digits"),
    ("accounts", {"account_number": "", "household_key": ""}, "account_number: must not be empty where household_key"),
    ("accounts", {"household_key": "H 1"}, "household_key: must be 1 to 20 letters, digits, - or _"),
    ("accounts", {"state": "CA"}, "state: must be one of IL, MT, NM, OK, TX"),
    ("accounts", {"zip": "6056"}, "zip: must be five digits"),
    ("accounts", {"address_1": "x" * 121}, "address_1: is longer than 120 characters"),
    ("accounts", {"as_of": "2026-11-20"}, "as_of: needs the difference to UTC at its end"),
    ("accounts", {"as_of": "yesterday"}, "as_of: must be a date and time as"),
    ("accounts", {"as_of": ""}, "as_of: must not be empty"),
    ("accounts", {"as_of": "2026-11-22T04:00:00-06:00"}, "as_of: is still to come"),
    ("members", {"member_id": "900 1"}, "member_id: must be 1 to 14 letters and digits"),
    ("members", {"account": "NOWHERE"}, "account: there is no such household"),
    ("members", {"role": "PARENT"}, "role: must be one of PRIMARY, SPOUSE, CHILD"),
    ("members", {"role": "SPOUSE"}, "role: with this file the household has no primary insured"),
    ("members", {"first_name": ""}, "first_name: must not be empty"),
    ("members", {"last_name": "Sol\tberg"}, "last_name: holds a character that cannot be printed"),
    ("members", {"middle_initial": "RR"}, "middle_initial: is longer than 1 characters"),
    ("members", {"date_of_birth": "05/17/1980"}, "date_of_birth: must be a date as YYYY-MM-DD"),
    ("members", {"date_of_birth": "1981-02-29"}, "date_of_birth: is not a day of the calendar"),
    ("members", {"date_of_birth": "1779-01-01"}, "date_of_birth: must be a day between 1880 and 2199"),
    ("members", {"date_of_birth": "2026-12-24"}, "date_of_birth: is still to come"),
    ("members", {"sex": "X"}, "sex: must be one of F, M"),
    ("members", {"ssn": "66612098"}, "ssn: must be nine digits"),
    ("members", {"ssn": "000-00-0000"}, "ssn: must be nine digits"),
    ("members", {"ssn": "٦٦٦١٢٠٩٨٧"}, "ssn: must be nine digits"),
    ("members", {"disabled_dependent": "yes"}, "disabled_dependent: must be Y or N"),
    ("members", {"cell_phone": "(630) 555-0143"}, "cell_phone: must be ten digits, area code first"),
    ("members", {"work_phone": ""}, "work_extension: stands there without a work_phone"),
    ("members", {"email": "tanya"}, "email: is not an email address"),
    ("policies", {"policy_number": ""}, "policy_number: must not be empty"),
    ("policies", {"account": "H-2"}, "account: there is no such household"),
    ("policies", {"producer_number": "412701"}, "producer_number: must be nine digits"),
    ("policies", {"producer_number": "999999999"}, "producer_number: the portal knows no such number"),
    ("policies", {"product_name": ""}, "product_name: must not be empty"),
    ("policies", {"plan_id": "36096IL09900111"}, "plan_id: is longer than 14 characters"),
    ("policies", {"line": "VISION"}, "line: must be one of MEDICAL, DENTAL"),
    ("policies", {"market": "BOTH"}, "market: must be one of ON, OFF"),
    ("policies", {"network_type": "XPO"}, "network_type: must be one of HMO, PPO, POS, EPO"),
    ("policies", {"effective_date": ""}, "effective_date: must not be empty"),
    ("policies", {"paid_to_date": "2026-11-31"}, "paid_to_date: is not a day of the calendar"),
    ("policies", {"paid_to_date": "9999-12-31"}, "paid_to_date: must be a day between 1880 and 2199"),
    ("policies", {"application_submitted_at": "2025-12-01T17:05:00"}, "application_submitted_at: needs the difference"),
    ("policies", {"monthly_premium": "812,55"}, "monthly_premium: must be an amount in dollars"),
    ("policies", {"monthly_premium": "-1"}, "monthly_premium: must be an amount in dollars"),
    ("policies", {"monthly_premium": "1.005"}, "monthly_premium: must be an amount in dollars"),
    ("policies", {"monthly_premium": "123456789.00"}, "monthly_premium: must be an amount in dollars"),
    ("policies", {"aptc_amount": "812.56"}, "aptc_amount: is more than the monthly_premium"),
    ("policies", {"binder_paid": ""}, "binder_paid: must not be empty"),
    ("policies", {"status": "Active"}, "status: must be one of ACTIVE, GRACE, TERMED, FUTURE, CANCELLED"),
    ("coverages", {"policy_number": "P-9"}, "policy_number: there is no such policy"),
    ("coverages", {"member_id": "777000000009"}, "member_id: there is no such member"),
    ("coverages", {"effective_date": "soon"}, "effective_date: must be a date as YYYY-MM-DD"),
]
GOOD = {"accounts": [ACCOUNT], "members": [TANYA, LEO], "policies": [MEDICAL, DENTAL], "coverages": list(COVERS)}


@pytest.mark.parametrize(("name", "cells", "sentence"), BAD_CELLS, ids=[f"{n}-{s}" for n, _, s in BAD_CELLS])
@pytest.mark.sampled(16)
def test_a_bad_cell_is_told_by_file_line_and_column_and_nothing_comes_in(folder, name, cells, sentence):
    first, *rest = GOOD[name]
    found = problems(household_feed(folder, **{name: [{**first, **cells}, *rest]}))
    assert any(problem.startswith(f"{name}.csv line 2, {sentence}") for problem in found), found
    assert not any(model.objects.exists() for model in MODELS)
    assert MemberImport.objects.get().state == "REFUSED"
    assert staging.staged_lines() is None


def test_neither_birth_dates_nor_ssns_stand_in_what_is_told(folder):
    told = problems(
        household_feed(
            folder,
            members=[{**TANYA, "date_of_birth": "1980-05-170", "ssn": "6661209870"}, {**LEO, "role": "LEO"}],
        )
    )
    assert len(told) == 3
    assert not re.search(r"1980|66612|LEO", "".join(told).replace("members.csv", ""))


def test_a_file_without_its_first_line_does_not_have_it_read_out(folder):
    (folder / "members.csv").write_text("777000000001,555000001,666120987,1980-05-17\n")
    told = problems(folder)
    assert "members.csv line 1: there is no column member_id" in told
    assert "members.csv line 1: column 3 is not one of this file" in told
    assert "666120987" not in "".join(told)
    assert "1980-05-17" not in "".join(told)


def test_headers_are_whole(folder):
    path = folder / "coverages.csv"
    text = path.read_text()
    path.write_text(text.replace("term_date", "policy_number"))
    assert problems(folder) == [
        "coverages.csv line 1: there is no column term_date",
        "coverages.csv line 1: policy_number is named twice",
    ]


@pytest.mark.parametrize(
    ("files", "sentences"),
    [
        (
            {"accounts": [ACCOUNT, {**ACCOUNT, "household_key": "H-2"}]},
            ["accounts.csv line 3, account_number: the same as in line 2"],
        ),
        (
            {"accounts": [ACCOUNT, {**ACCOUNT, "account_number": "555000002"}]},
            ["accounts.csv line 3, household_key: the same as in line 2"],
        ),
        ({"members": [TANYA, LEO, TANYA]}, ["members.csv line 4, member_id: the same as in line 2"]),
        ({"policies": [MEDICAL, DENTAL, DENTAL]}, ["policies.csv line 4, policy_number: the same as in line 3"]),
        (
            {"coverages": [*COVERS, COVERS[0]]},
            ["coverages.csv line 5, policy_number and member_id: the same as in line 2"],
        ),
        (
            {"members": [TANYA, {**LEO, "role": "PRIMARY"}]},
            ["members.csv line 2, role: with this file the household has more than one primary insured"],
        ),
        ({"coverages": COVERS[:2]}, ["policies.csv line 3, policy_number: nobody is covered by this policy"]),
        (
            {"accounts": [ACCOUNT, {**ACCOUNT, "account_number": "H1", "household_key": "555000001"}]},
            [
                "accounts.csv line 2, account_number and household_key: one of them stands for another household",
                "accounts.csv line 3, account_number and household_key: one of them stands for another household",
            ],
        ),
        (
            {
                "accounts": [ACCOUNT, {**ACCOUNT, "account_number": "2", "household_key": ""}],
                "members": [TANYA, LEO, {**TANYA, "member_id": "5", "account": "2"}],
                "coverages": [*COVERS, {**COVERS[0], "member_id": "5"}],
            },
            ["coverages.csv line 5, member_id: is not of the policy's household"],
        ),
        (
            {
                "accounts": [ACCOUNT, {**ACCOUNT, "account_number": "2", "household_key": ""}],
                "policies": [MEDICAL, DENTAL, {**MEDICAL, "policy_number": "P-3", "account": "2"}],
                "coverages": COVERS,
            },
            [
                "policies.csv line 4, account: the household has no primary insured",
                "policies.csv line 4, policy_number: nobody is covered by this policy",
            ],
        ),
    ],
)
def test_lines_that_contradict_each_other_are_told(folder, files, sentences):
    found = problems(household_feed(folder, **files))
    assert len(found) == len(sentences), found
    assert all(one.startswith(start) for one, start in zip(found, sentences, strict=True)), found
    assert not any(model.objects.exists() for model in MODELS)


def test_nobody_and_no_policy_changes_the_household(folder, tmp_path):
    run(folder)
    MemberFactory(account=AccountFactory(number="2"))
    moved = write_feed(tmp_path / "moved", members=[{**LEO, "account": "2"}], policies=[{**DENTAL, "account": "2"}])
    assert problems(moved) == [
        "members.csv line 2, member_id: belongs to a member of another household",
        "policies.csv line 2, policy_number: belongs to a policy of another household",
    ]


def test_keys_of_a_household_do_not_change(folder, tmp_path):
    run(folder)
    AccountFactory(number="2", household_key="H-2")
    accounts = [
        {**ACCOUNT, **LATER, "household_key": "H-2"},
        {**ACCOUNT, **LATER, "account_number": "3", "household_key": "H-1"},
        {**ACCOUNT, **LATER, "account_number": "2", "household_key": "H-9"},
    ]
    starts = [
        "account_number and household_key: belong to two different households",
        "household_key: this household has another account number",
        "account_number: this household has another household_key",
    ]
    for account, start in zip(accounts, starts, strict=True):
        found = problems(write_feed(tmp_path / "keys", accounts=[account]), now=NOW + timedelta(days=1))
        assert found[0].startswith(f"accounts.csv line 2, {start}"), found


def test_files_that_are_older_than_what_is_there_are_refused(folder):
    run(folder)
    older = {**ACCOUNT, "as_of": "2026-11-19T04:00:00-06:00"}
    assert problems(household_feed(folder, accounts=[older])) == [
        "accounts.csv line 2, as_of: is before what the portal has of this household; the files are older"
    ]


def test_files_that_are_no_csv_or_no_text_are_told_by_line(folder):
    path = folder / "accounts.csv"
    good = path.read_bytes()
    path.write_bytes(good + b'555000002,"H-2\n')
    assert problems(folder) == ["accounts.csv line 3: is not CSV: unexpected end of data"]
    path.write_bytes(good + b"\n\xff\xfe,H-2\n")
    assert problems(folder) == ["accounts.csv line 4: is not UTF-8 text"]
    path.write_bytes(b"\xff\xfe")
    assert problems(folder) == ["accounts.csv line 1: is not CSV in UTF-8"]


def test_a_folder_without_files_is_told(tmp_path):
    assert problems(tmp_path) == [f"{tmp_path} holds none of accounts.csv, members.csv, policies.csv, coverages.csv"]
    assert problems(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'} is not a folder"]


def test_many_mistakes_are_counted_and_the_first_are_shown(folder):
    members = [{**LEO, "member_id": str(number), "sex": "?"} for number in range(500)]
    household_feed(folder, members=[TANYA, *members])
    with pytest.raises(CommandError) as refused:
        call_command("import_members", str(folder))
    lines = str(refused.value).splitlines()
    assert lines[0] == "feed was not imported:"
    assert lines[1] == "members.csv line 3, sex: must be one of F, M"
    assert lines[-1] == "and 300 more"


# --- All or nothing; stopped and continued ---


@pytest.mark.parametrize("failing", ["_write_members", "_write_contacts", "_update_policies", "_write_coverages"])
def test_when_a_later_write_fails_nothing_is_kept(folder, monkeypatch, failing):
    with monkeypatch.context() as broken:
        broken.setattr(writing, failing, lambda _outcome: (_ for _ in ()).throw(RuntimeError("no")))
        with pytest.raises(RuntimeError):
            run(folder)
    assert not any(model.objects.exists() for model in MODELS)
    assert not AuditEvent.objects.exists()
    # The files are not read again.
    report = run(folder)
    assert report.was_read
    assert report.outcome.members_added == 2


def test_when_the_last_write_fails_nothing_is_kept(folder, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(member_import.audit, "record", lambda *_a, **_k: (_ for _ in ()).throw(RuntimeError("no")))
        with pytest.raises(RuntimeError):
            run(folder)
    assert not any(model.objects.exists() for model in MODELS)
    assert MemberImport.objects.get().state == "READ"
    assert staging.staged_lines() == {"accounts": 1, "members": 2, "policies": 2, "coverages": 3}


def _stop_after(pieces: int):
    left = iter(range(pieces - 1))

    def progress(_bytes: int) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return progress


def test_a_run_stopped_while_reading_goes_on_with_the_missing_pieces(folder, monkeypatch):
    monkeypatch.setattr(staging, "PIECE_BYTES", 300)
    with pytest.raises(KeyboardInterrupt):
        run(folder, progress=_stop_after(3))
    assert MemberImport.objects.get().state == "READING"
    assert not any(model.objects.exists() for model in MODELS)
    report = run(folder)
    assert report.pieces_kept == 3
    assert report.lines == {"accounts": 1, "members": 2, "policies": 2, "coverages": 3}
    assert (report.outcome.members_added, report.outcome.policies_added) == (2, 2)
    assert [row.state for row in MemberImport.objects.all()] == ["DONE"]


def test_other_files_begin_anew(folder, monkeypatch):
    monkeypatch.setattr(staging, "PIECE_BYTES", 300)
    with pytest.raises(KeyboardInterrupt):
        run(folder, progress=_stop_after(3))
    report = run(household_feed(folder, members=[{**TANYA, "first_name": "Tonya"}, LEO]))
    assert report.pieces_kept == 0
    assert sorted(row.state for row in MemberImport.objects.all()) == ["ABANDONED", "DONE"]
    assert Member.objects.get(role="PRIMARY").first_name == "Tonya"


@pytest.mark.parametrize("what", ["a day", "the key", "the lines", "the tables"])
def test_staged_lines_are_not_believed_when_something_is_missing_or_old(folder, monkeypatch, settings, what):
    with monkeypatch.context() as broken:
        broken.setattr(writing, "match", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    now = NOW + timedelta(days=1) if what == "a day" else NOW
    if what == "the key":
        settings.FIELD_ENCRYPTION_KEYS = [
            "YW5vdGhlci10ZXN0LW9ubHkta2V5LTAxMjM0NTY3ODk=",
            *settings.FIELD_ENCRYPTION_KEYS,
        ]
    with connection.cursor() as cursor:
        if what == "the lines":  # as after a crash of the database
            cursor.execute("TRUNCATE clients_staged_policies")
        if what == "the tables":
            staging.drop_tables()
    report = run(folder, now=now)
    assert not report.was_read
    assert report.outcome.policies_added == 2


def test_a_dry_run_says_the_same_and_keeps_nothing(folder):
    out = io.StringIO()
    call_command("import_members", str(folder), dry_run=True, stdout=out)
    assert "Would be: 1 households added, 0 changed; 2 members added" in out.getvalue()
    assert "Nothing was kept." in out.getvalue()
    assert not any(model.objects.exists() for model in MODELS)
    assert not AuditEvent.objects.exists()
    report = run(folder, now=timezone.now())
    assert report.was_read
    assert report.outcome.members_added == 2


def test_a_dry_run_of_bad_files_says_what_is_wrong(folder):
    assert problems(household_feed(folder, coverages=COVERS[:2]), dry_run=True)


@pytest.mark.django_db(transaction=True)
def test_several_processes_read_what_one_reads(tmp_path, rita, monkeypatch):
    monkeypatch.setattr(staging, "PIECE_BYTES", 2_000)
    monkeypatch.setattr(staging, "ONE_PROCESS_BELOW_BYTES", 0)
    accounts, members, policies, coverages = [], [], [], []
    for number in range(60):
        key, member_id, policy_number = f"K{number}", f"M{number}", f"P{number}"
        accounts.append({**ACCOUNT, "account_number": "", "household_key": key})
        members.append({**TANYA, "member_id": member_id, "account": key, "last_name": f'Smith "{number}", Jr'})
        policies.append({**DENTAL, "policy_number": policy_number, "account": key})
        coverages.append({**COVERS[0], "policy_number": policy_number, "member_id": member_id})
    files = {"accounts": accounts, "members": members, "policies": policies, "coverages": coverages}
    folder = write_feed(tmp_path / "feed", **files)
    with pytest.raises(KeyboardInterrupt):
        run(folder, processes=2, progress=_stop_after(4))
    report = run(folder, processes=2)
    assert report.pieces_kept >= 4
    assert changes(report) == {
        "accounts_added": 60,
        "members_added": 60,
        "contacts_added": 240,
        "policies_added": 60,
        "coverages_added": 60,
    }
    assert Member.objects.filter(last_name__startswith='Smith "').count() == 60
    assert changes(run(folder, processes=1)) == {}
    bad = write_feed(folder, **{**files, "members": [*members, {**LEO, "account": "K1", "sex": ""}]})
    assert problems(bad, processes=2) == ["members.csv line 62, sex: must not be empty"]


@pytest.mark.django_db(transaction=True)
def test_a_second_import_at_the_same_time_stops(folder):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [member_import.IMPORT_LOCK])
        with pytest.raises(CommandError, match="Another import is running"):
            call_command("import_members", str(folder))
    finally:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()
    assert run(folder).outcome.members_added == 2


# --- Who, and what is left of it ---


def test_the_run_is_audited_in_numbers(folder):
    run(folder)
    event = AuditEvent.objects.get(action="members.imported")
    assert (event.actor_id, event.object_id) == (None, str(MemberImport.objects.get().pk))
    assert event.details["members_added"] == 2
    assert event.details["lines"] == {"accounts": 1, "members": 2, "policies": 2, "coverages": 3}
    kept = "".join(str(row) for model in (AuditEvent, MemberImport) for row in model.objects.values())
    assert not re.search(r"666120987|1980-05-17|Tanya|6305550143", kept)


def test_nothing_is_left_in_the_staging_tables(folder):
    run(folder)
    assert staging.staged_lines() is None


@pytest.mark.no_db
def test_no_address_leads_to_the_import():
    assert "import" not in " ".join(str(key) for key in get_resolver().reverse_dict if isinstance(key, str))
    importers = {
        path.as_posix()
        for app in ("accounts", "clients", "ecomm", "reporting", "portal")
        for path in Path(app).rglob("*.py")
        if re.search(r"\bmember_import\b", path.read_text(encoding="utf-8"))
    }
    assert importers == {
        "clients/management/commands/import_members.py",
        "clients/services/member_import.py",
    }


@pytest.mark.no_db
def test_the_help_names_every_column():
    from clients.management.commands.import_members import Command

    for feed in FEEDS:
        assert f"\n{feed.file_name}: {feed.meaning}\n" in Command.help
        for column in feed.columns:
            assert re.search(rf"^  {column.name}\b", Command.help, re.MULTILINE), column.name


@pytest.mark.no_db
def test_a_reading_process_ends_when_its_parent_is_gone(monkeypatch):
    ended = []
    monkeypatch.setattr(staging.os, "getppid", lambda: 1)
    monkeypatch.setattr(staging.os, "_exit", ended.append)
    staging._end_with(parent=4711)
    assert ended == [1]


@pytest.mark.no_db
def test_pieces_end_with_lines_and_never_within_quotation_marks(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "PIECE_BYTES", 7)
    path = tmp_path / "members.csv"
    text = b'head\nplain,1\n"two\nlines",2\n"say ""hi""\n\n",3\nlast,4'
    path.write_bytes(text)
    pieces = list(staging.pieces_of(FEEDS[1], path, ("a", "b")))
    cut = [text[piece.start : piece.start + piece.length] for piece in pieces]
    assert b"".join(cut) == text.removeprefix(b"head\n")
    assert b'"two\nlines",2\n' in b"".join(cut)
    assert all(part.count(b'"') % 2 == 0 for part in cut)
    for piece in pieces:
        assert piece.first_line == text[: piece.start].count(b"\n") + 1
    found: list[str] = []
    rows = [cells for piece in pieces for _, cells in staging._lines(piece, found)]
    assert [row[1] for row in rows] == ["1", "2", "3", "4"]
    assert found == []


@pytest.mark.no_db
def test_a_quotation_mark_that_is_never_closed_does_not_take_the_whole_file(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, "PIECE_BYTES", 10)
    monkeypatch.setattr(staging, "LONGEST_PIECE_BYTES", 40)
    path = tmp_path / "members.csv"
    path.write_bytes(b'head\n"open,1\n' + b"plain,2\n" * 20)
    pieces = list(staging.pieces_of(FEEDS[1], path, ("a", "b")))
    assert max(piece.length for piece in pieces) <= 50
    found: list[str] = []
    for piece in pieces:
        list(staging._lines(piece, found))
    assert found == ["members.csv line 2: is not CSV: unexpected end of data"]


@pytest.mark.processes
def test_the_generator_of_bench_feeds_makes_files_that_come_in(tmp_path):
    from bench.member_feed import write

    counts = write(tmp_path, members=200, today=NOW.date())
    call_command("import_producers", str(tmp_path / "producers.csv"), stdout=io.StringIO())
    report = run(tmp_path)
    assert report.lines == {name: count for name, count in counts.items() if name != "producers"}
    assert report.outcome.members_added == counts["members"]
    assert Policy.objects.filter(status_source="DERIVED").exists()
    assert changes(run(tmp_path)) == {}
    said = subprocess.run([sys.executable, "-m", "bench.member_feed", "--help"], capture_output=True, text=True)
    assert "--members" in said.stdout
