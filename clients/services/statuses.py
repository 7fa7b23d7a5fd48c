"""Keeping what the dates say of each policy's status with its row: the carrier's word wins, ours fills its gaps.

``status`` is the carrier's, or the derived one where the carrier told none. ``derived_status`` is what the dates give
in either case, so that a disagreement is one comparison away. ``status_holds_until`` says until when no day can change
it: only policies whose day has passed are looked at again, which is why this can run every few minutes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from time import monotonic
from typing import Any, NamedTuple

import structlog
from django.db import connection, transaction

from clients.models import Policy
from clients.models.policies import NEVER_WORKED_OUT
from clients.rules.grace_tables import Channel
from clients.rules.policy_status import PolicyFacts
from clients.rules.standing import Standing, standing
from portal.common import audit
from portal.common.dates import US_STATES, today_in

logger = structlog.get_logger(__name__)

AT_ONCE = 20_000
# Held for a chunk at a time: a second run stops at its next chunk, and a run that is killed leaves nothing locked.
REFRESH_LOCK = 7_301_003
_KNOWN_RESULTS = 200_000
_SOME_PREMIUM, _NO_PREMIUM = Decimal(1), Decimal(0)


class AlreadyRunning(Exception):
    """Another process is working the statuses out at this moment."""


class StatusColumns(NamedTuple):
    """The columns of a policy that this service keeps, in the order of its UPDATE."""

    status: str
    status_source: str
    derived_status: str
    term_date: date | None
    term_date_derived: bool
    grace_started_on: date | None
    status_holds_until: date


@dataclass(kw_only=True)
class Refreshed:
    """What a run did: policies looked at, those whose status or dates became others, those that disagree now.

    ``complete`` is False when the time was up, or another run had taken over.
    """

    looked_at: int = 0
    changed: int = 0
    disagree: int = 0
    complete: bool = True


def facts_of(policy: Policy) -> PolicyFacts:
    """A policy row as the status rules want it; a term date that was worked out is no fact."""
    return PolicyFacts(
        effective_date=policy.effective_date,
        channel=Channel(policy.market),
        state=policy.us_state,
        aptc=policy.aptc_amount > 0,
        net_premium=policy.net_premium,
        binder_paid=policy.binder_paid,
        paid_to=policy.paid_to_date,
        term_date=policy.carrier_term_date,
        binder_due=policy.binder_due_date,
        grace_started=policy.grace_started_on,
        notice_mailed=policy.cancellation_notice_mailed_on,
    )


class _Ahead(date):
    """A day that has not come yet: what it gives must not be taken for settled."""

    @classmethod
    def of(cls, day: date) -> "_Ahead":
        return cls(day.year, day.month, day.day)


class KnownFacts(NamedTuple):
    """What decides a status, as it stands in a row: equal for thousands of policies, so each is worked out once."""

    us_state: str
    market: str
    effective_date: date
    paid_to_date: date | None
    carrier_term_date: date | None
    grace_started_on: date | None
    notice_mailed_on: date | None
    binder_due_date: date | None
    premium_owed: bool
    has_credit: bool
    binder_paid: bool


@lru_cache(maxsize=_KNOWN_RESULTS)
def _standing(known: KnownFacts, today: date) -> Standing:
    facts = PolicyFacts(
        effective_date=known.effective_date,
        channel=Channel(known.market),
        state=known.us_state,
        aptc=known.has_credit,
        net_premium=_SOME_PREMIUM if known.premium_owed else _NO_PREMIUM,
        binder_paid=known.binder_paid,
        paid_to=known.paid_to_date,
        term_date=known.carrier_term_date,
        binder_due=known.binder_due_date,
        grace_started=known.grace_started_on,
        notice_mailed=known.notice_mailed_on,
    )
    return standing(facts, today=today)


def columns_for(known: KnownFacts, *, carrier_status: str, today: date) -> StatusColumns:
    """Return what to keep on ``today``, the calendar day in the policy's state.

    ``carrier_status`` is the feed's word, empty for none. A term date is filled in only where the dates end the
    policy, the carrier told no date, and its word, if any, is the same.
    """
    found = _standing(known, today)
    derived = found.status.value
    filled = found.term_date if carrier_status in ("", derived) else None
    return StatusColumns(
        status=carrier_status or derived,
        status_source=Policy.StatusSource.CARRIER.value if carrier_status else Policy.StatusSource.DERIVED.value,
        derived_status=derived,
        term_date=known.carrier_term_date or filled,
        term_date_derived=known.carrier_term_date is None and filled is not None,
        grace_started_on=found.grace_started,
        status_holds_until=found.holds_until,
    )


def days_by_state(now: datetime) -> dict[str, date]:
    """The calendar day of each state at one moment."""
    return {us_state: today_in(us_state, now=now) for us_state in US_STATES}


def refresh_due(
    *,
    now: datetime,
    max_seconds: float | None = None,
    progress: Callable[[int], object] = lambda _policies: None,
) -> Refreshed:
    """Work out again the policies whose kept status holds no longer, state by state, each on its own calendar day.

    For the system, on nobody's behalf. Each chunk is a transaction of its own, after which its rows are no longer due:
    a run that was stopped is continued by the next one. Rows that others hold locked are left for the next run.
    Raises ``AlreadyRunning`` when another run is at work from the beginning.
    """
    ends = None if max_seconds is None else monotonic() + max_seconds
    total = Refreshed()
    for us_state, today in days_by_state(now).items():
        while total.complete:
            if ends is not None and monotonic() > ends:
                total.complete = False
                break
            found = _chunk(_DUE, [us_state, today, AT_ONCE], days={us_state: today}, total=total)
            progress(found)
            if found < AT_ONCE:
                break
    return _tell(total)


def refresh_all(
    *,
    now: datetime,
    today: date | None = None,
    progress: Callable[[int], object] = lambda _policies: None,
) -> Refreshed:
    """Work out every policy, whatever was kept; only those that differ are written. For after a change of the rules.

    ``today`` makes it that day in every state. What a day to come gives is not kept beyond the next ``refresh_due``,
    which finds all these policies due. Raises ``AlreadyRunning`` as ``refresh_due``.
    """
    days = days_by_state(now)
    if today is not None:
        days = {us_state: _Ahead.of(today) if today > real else today for us_state, real in days.items()}
    total, last = Refreshed(), 0
    while total.complete:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT_IDS, [last, AT_ONCE])
            upto = cursor.fetchone()[0]
        if upto is None:
            break
        progress(_chunk(_BETWEEN, [last, upto], days=days, total=total))
        last = upto
    return _tell(total)


@transaction.atomic
def refresh_policies(*, policy_ids: Iterable[int], now: datetime) -> int:
    """Work out these policies; call it in the transaction that changed their dates or premiums.

    Works for the system, on nobody's behalf. Returns how many became others.
    """
    ids, changed, days = iter(sorted(set(policy_ids))), 0, days_by_state(now)
    while some := list(islice(ids, AT_ONCE)):
        with connection.cursor() as cursor:
            cursor.execute(_THESE, [some])
            rows = cursor.fetchall()
            changed += sum(is_changed for is_changed, _ in _write(cursor, _differing(rows, days)))
    return changed


def _chunk(query: str, parameters: Sequence[Any], *, days: Mapping[str, date], total: Refreshed) -> int:
    """Do one chunk in one transaction; returns how many rows it looked at."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [REFRESH_LOCK])
        if not cursor.fetchone()[0]:
            if not total.looked_at:
                raise AlreadyRunning
            total.complete = False
            return 0
        cursor.execute(query, parameters)
        rows = cursor.fetchall()
        for is_changed, disagrees in _write(cursor, _differing(rows, days)):
            total.changed += is_changed
            total.disagree += disagrees
    total.looked_at += len(rows)
    return len(rows)


def _differing(rows: Iterable[Sequence[Any]], days: Mapping[str, date]) -> Iterator[tuple[int, StatusColumns, bool]]:
    """Rows whose columns are not what they should be: id, the right columns, and whether more than a date ahead."""
    known_results: dict[tuple[Any, ...], tuple[StatusColumns, bool] | None] = {}
    for policy_id, *rest in rows:
        key = tuple(rest)
        if key not in known_results:
            known_results[key] = _compared(key, days)
        if (result := known_results[key]) is not None:
            yield policy_id, *result


def _compared(row: tuple[Any, ...], days: Mapping[str, date]) -> tuple[StatusColumns, bool] | None:
    known, kept = KnownFacts(*row[: len(KnownFacts._fields)]), StatusColumns(*row[len(KnownFacts._fields) :])
    carrier_status = kept.status if kept.status_source == Policy.StatusSource.CARRIER else ""
    today = days[known.us_state]
    right = columns_for(known, carrier_status=carrier_status, today=today)
    if isinstance(today, _Ahead):
        right = right._replace(status_holds_until=NEVER_WORKED_OUT)
    if right == kept:
        return None
    return right, right[:-1] != kept[:-1]


def _write(cursor: Any, rows: Iterable[tuple[int, StatusColumns, bool]]) -> list[tuple[bool, bool]]:
    """Write the rows in one statement. Says of each whether more than the day ahead changed, and if it disagrees."""
    found = list(rows)
    if found:
        columns = [[policy_id for policy_id, _, _ in found]]
        columns += [list(column) for column in zip(*(right for _, right, _ in found), strict=True)]
        cursor.execute(_UPDATE, columns)
    return [(is_changed, right.status != right.derived_status) for _, right, is_changed in found]


def _tell(total: Refreshed) -> Refreshed:
    if total.changed:
        audit.record(
            "policy_statuses.refreshed",
            by=None,
            details={"looked_at": total.looked_at, "changed": total.changed, "disagree": total.disagree},
        )
    if total.looked_at:
        logger.info("policy statuses worked out", **vars(total))
    return total


# The order of KnownFacts, then of StatusColumns.
_COLUMNS = """
    id, us_state, market, effective_date, paid_to_date, CASE WHEN term_date_derived THEN NULL ELSE term_date END,
    grace_started_on, cancellation_notice_mailed_on, binder_due_date, monthly_premium > aptc_amount, aptc_amount > 0,
    binder_paid, status, status_source, derived_status, term_date, term_date_derived, grace_started_on,
    status_holds_until
"""
_DUE = f"""
SELECT {_COLUMNS} FROM clients_policy
WHERE us_state = %s AND status_holds_until < %s
LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - columns only
_NEXT_IDS = "SELECT max(id) FROM (SELECT id FROM clients_policy WHERE id > %s ORDER BY id LIMIT %s) AS next_ids"
_BETWEEN = f"""
SELECT {_COLUMNS} FROM clients_policy WHERE id > %s AND id <= %s ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - columns only
_THESE = f"""
SELECT {_COLUMNS} FROM clients_policy WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - columns only
_UPDATE = """
UPDATE clients_policy AS policy
SET status = fresh.status,
    status_source = fresh.status_source,
    derived_status = fresh.derived_status,
    term_date = fresh.term_date,
    term_date_derived = fresh.term_date_derived,
    grace_started_on = fresh.grace_started_on,
    status_holds_until = fresh.status_holds_until
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::date[], %s::boolean[], %s::date[], %s::date[])
    AS fresh (id, status, status_source, derived_status, term_date, term_date_derived, grace_started_on,
              status_holds_until)
WHERE policy.id = fresh.id
"""
