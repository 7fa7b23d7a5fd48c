"""What laws and contracts say about late premiums and first payments: dated tables, each row with its source.

A law that changes gets a new row; the old one stays, so that past months are still judged by it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from clients.rules.dated import row_in_force


class Channel(StrEnum):
    """Where the policy was bought."""

    ON_EXCHANGE = "ON"
    OFF_EXCHANGE = "OFF"


class TermBasis(StrEnum):
    """Which day is the last of coverage when a grace period without tax credit runs out."""

    PAID_THROUGH = "paid_through"
    END_OF_GRACE = "end_of_grace"


@dataclass(frozen=True, kw_only=True)
class AptcGraceRule:
    """Grace for people who receive advance payments of the premium tax credit (APTC)."""

    in_force_from: date
    months: int
    months_with_claims_paid: int
    covered_months_if_unpaid: int
    source: str


@dataclass(frozen=True, kw_only=True)
class StateGraceRule:
    """Grace without APTC, where state law and the contract decide. The due date is day 1 of ``grace_days``."""

    state: str
    in_force_from: date
    grace_days: int
    term_basis: TermBasis
    source: str


@dataclass(frozen=True, kw_only=True)
class CancellationNoticeRule:
    """A state that allows no cancellation for non-payment before a mailed notice has run its time.

    ``prompt_days``: a notice mailed within so many days of the due date reaches back to the paid-through date.
    """

    state: str
    in_force_from: date
    notice_days: int
    prompt_days: int
    source: str


@dataclass(frozen=True, kw_only=True)
class BinderRule:
    """The last day for the first payment, counted in calendar days."""

    channel: Channel
    in_force_from: date
    days_after_effective: int
    days_after_receipt: int
    source: str


# The first plan year under the Affordable Care Act's market rules; carrier practice is dated to it too.
MARKET_RULES_BEGIN = date(2014, 1, 1)

APTC_GRACE = (
    AptcGraceRule(
        in_force_from=MARKET_RULES_BEGIN,
        months=3,
        months_with_claims_paid=1,
        covered_months_if_unpaid=1,
        source="45 CFR 156.270(d), (g); 45 CFR 155.430(d)(4)",
    ),
)

_CARRIER_PRACTICE = "carrier practice, due date counted as day 1; 45 CFR 155.430(d)(5) leaves it to the state"

STATE_GRACE = tuple(
    StateGraceRule(
        state=state,
        in_force_from=MARKET_RULES_BEGIN,
        grace_days=31,
        term_basis=TermBasis.PAID_THROUGH,
        source=source,
    )
    for state, source in (
        ("IL", f"215 ILCS 5/357.4; {_CARRIER_PRACTICE}"),
        ("MT", _CARRIER_PRACTICE),
        ("NM", f"NMSA 59A-22-6 (at least 10 days monthly, 31 otherwise); {_CARRIER_PRACTICE}"),
        ("OK", f"36 O.S. 4405(A); {_CARRIER_PRACTICE}"),
        ("TX", f"Tex. Ins. Code ch. 1201 subch. E; {_CARRIER_PRACTICE}"),
    )
)

# For a state outside the five: the common practice, and the decision carries a data flag.
OTHER_STATES_GRACE = (
    StateGraceRule(
        state="",
        in_force_from=MARKET_RULES_BEGIN,
        grace_days=31,
        term_basis=TermBasis.PAID_THROUGH,
        source=_CARRIER_PRACTICE,
    ),
)

CANCELLATION_NOTICES = (
    CancellationNoticeRule(
        state="MT",
        in_force_from=MARKET_RULES_BEGIN,
        notice_days=30,
        prompt_days=15,
        source="MCA 33-22-121",
    ),
)

BINDERS = (
    BinderRule(
        channel=Channel.ON_EXCHANGE,
        in_force_from=MARKET_RULES_BEGIN,
        days_after_effective=30,
        days_after_receipt=30,
        source="45 CFR 155.400(e)(1)",
    ),
    BinderRule(
        channel=Channel.OFF_EXCHANGE,
        in_force_from=MARKET_RULES_BEGIN,
        days_after_effective=30,
        days_after_receipt=30,
        source="carrier practice, same as 45 CFR 155.400(e)(1)",
    ),
)


def is_known_state(state: str) -> bool:
    """Whether the grace table has rows of its own for ``state`` (two capital letters)."""
    return any(row.state == state for row in STATE_GRACE)


def aptc_grace(*, on: date) -> AptcGraceRule:
    """Return the APTC grace rule in force when the grace period began."""
    return row_in_force(APTC_GRACE, on)


def state_grace(state: str, *, on: date) -> StateGraceRule:
    """Return the state's rule without APTC in force when the grace period began; common practice elsewhere."""
    return row_in_force([row for row in STATE_GRACE if row.state == state] or OTHER_STATES_GRACE, on)


def cancellation_notice(state: str, *, on: date) -> CancellationNoticeRule | None:
    """Return the notice the state demands before cancellation, or None where it demands none."""
    rows = [row for row in CANCELLATION_NOTICES if row.state == state]
    return row_in_force(rows, on) if rows else None


def binder_rule(channel: Channel, *, on: date) -> BinderRule:
    """Return the first-payment rule for coverage that starts on ``on``."""
    return row_in_force([row for row in BINDERS if row.channel == channel], on)


def binder_deadline(channel: Channel, *, effective_date: date, received_on: date | None = None) -> date:
    """Return the last day, inclusive, on which the first payment is in time (45 CFR 155.400(e)(1)).

    Regular effective dates: days after the effective date. Special effective dates (coverage that may start in
    the past): pass ``received_on``, the day the carrier got the enrollment, from which the days then count.
    """
    rule = binder_rule(channel, on=effective_date)
    if received_on is not None:
        return received_on + timedelta(days=rule.days_after_receipt)
    return effective_date + timedelta(days=rule.days_after_effective)
