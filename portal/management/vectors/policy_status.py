"""Tables of expected policy statuses."""

from collections.abc import Iterable, Mapping
from typing import Any

from clients.rules.grace_tables import Channel, TermBasis
from clients.rules.policy_status import Claims, PolicyFacts, PolicyStatus, policy_status
from portal.management.vectors.checker import Checker
from portal.management.vectors.table import Row, as_count, as_date, as_integer, as_money, as_text, as_yes_no, one_of

_as_channel = one_of((channel.value, channel) for channel in Channel)
_as_term_basis = one_of((basis.value, basis) for basis in TermBasis)


def answer(row: Row, compared: Iterable[str]) -> Mapping[str, Any]:
    """Decide the status of the policy in ``row``; an empty ``aptc`` means none is paid."""
    facts = PolicyFacts(
        effective_date=row.need("effective_date", as_date),
        channel=row.need("channel", _as_channel),
        state=row.need("state", as_text),
        aptc=bool(row.read("aptc", as_yes_no)),
        net_premium=row.read("net_premium", as_money),
        binder_paid=row.read("binder_paid", as_yes_no),
        paid_to=row.read("paid_to", as_date),
        term_date=row.read("term_date", as_date),
        binder_due=row.read("binder_due", as_date),
        grace_started=row.read("grace_started", as_date),
        notice_mailed=row.read("notice_mailed", as_date),
        grace_days=row.read("grace_days", as_count),
        term_basis=row.read("term_basis", _as_term_basis),
    )
    decision = policy_status(facts, today=row.need("today", as_date))
    return {column: getattr(decision, column) for column in compared} | {"status": decision.status.label}


CHECKER = Checker(
    name="policy_status",
    inputs=(
        "today",
        "effective_date",
        "paid_to",
        "term_date",
        "aptc",
        "channel",
        "state",
        "net_premium",
        "binder_paid",
        "binder_due",
        "grace_started",
        "notice_mailed",
        "grace_days",
        "term_basis",
    ),
    compared={
        "status": one_of((status.label, status.label) for status in PolicyStatus),
        "term_shown": as_date,
        "grace_month": as_integer,
        "grace_start": as_date,
        "grace_end": as_date,
        "days_left": as_integer,
        "term_if_unpaid": as_date,
        "claims": one_of((claims.value, claims) for claims in Claims),
    },
    answer=answer,
)
