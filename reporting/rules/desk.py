"""What is about to be lost, and in which order it is worth a call: the save-the-policy desk. Pure: no clock, no database.

Which policies are in grace, since when and until when is decided by ``clients.rules``; here stands only what comes first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from clients.rules.dated import row_in_force


class Why(StrEnum):
    """Why something stands on the list, in the order in which it is lost for good."""

    GRACE_3 = "grace-3"
    GRACE_2 = "grace-2"
    GRACE_1 = "grace-1"
    FIRST_PAYMENT = "first-payment"
    DOCUMENTS = "documents"
    FAILED = "failed"
    EXPIRING = "expiring"
    TERMED = "termed"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def of_application(self) -> bool:
        """Whether it is about an application rather than a policy."""
        return self in (Why.DOCUMENTS, Why.FAILED, Why.EXPIRING)

    @property
    def family(self) -> str:
        """What a snooze counts for: the months of grace are one matter."""
        return "grace" if self in GRACE else self.value


_LABELS = {
    Why.GRACE_3: "Grace month 3",
    Why.GRACE_2: "Grace month 2",
    Why.GRACE_1: "Grace month 1",
    Why.FIRST_PAYMENT: "First payment due",
    Why.DOCUMENTS: "Documents due",
    Why.FAILED: "Failed application",
    Why.EXPIRING: "Application expires",
    Why.TERMED: "Termed, may be reinstated",
}
GRACE = (Why.GRACE_3, Why.GRACE_2, Why.GRACE_1)
_GRACE_BY_MONTH = {1: Why.GRACE_1, 2: Why.GRACE_2, 3: Why.GRACE_3}


def of_grace_month(month: int | None) -> Why:
    """The month of grace as the reason; the first where no month is known, and the third where there are more."""
    return _GRACE_BY_MONTH[min(max(month or 1, 1), 3)]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """``bands``: last days left, inclusive, of each band of urgency. Within a band ``weights`` count, the smaller first."""

    in_force_from: date
    bands: tuple[int, ...]
    weights: dict[Why, int]
    source: str


# Coverage in force is the most to lose; of what is already lost only part comes back.
RANKINGS = (
    Ranking(
        in_force_from=date(2014, 1, 1),
        bands=(3, 7, 14, 31),
        weights={
            Why.GRACE_3: 0,
            Why.GRACE_2: 0,
            Why.GRACE_1: 0,
            Why.FIRST_PAYMENT: 1,
            Why.DOCUMENTS: 2,
            Why.FAILED: 3,
            Why.EXPIRING: 4,
            Why.TERMED: 5,
        },
        source="ours: what cannot be saved next week comes first, and coverage in force before what is not",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """One line of the list. ``key`` names it (``p12`` a policy, ``a7`` an application).

    ``last_safe_day`` is inclusive, ``None`` while no day can be named; ``days_left`` counts from today, 0 on that day,
    negative after it. ``premium`` is what is lost a month, in dollars.
    """

    key: str
    why: Why
    last_safe_day: date | None
    days_left: int | None
    premium: Decimal
    note: str = ""

    @property
    def row_id(self) -> int:
        return int(self.key[1:])


# Where something stands before premiums are looked at; applications come after policies of the same place.
Tier = tuple[int, int, date, bool]


def tier(why: Why, *, last_safe_day: date | None, days_left: int | None, rule: Ranking) -> Tier:
    """By band of days left, then by what is lost, then the earlier day."""
    band = len(rule.bands) + 1 if days_left is None else sum(days_left > last for last in rule.bands)
    return band, rule.weights[why], last_safe_day or date.max, why.of_application


def rank_key(one: AtRisk, rule: Ranking) -> tuple[Tier, Decimal, int]:
    """Sorts the list: by tier, then the higher premium, and what is equal by the older row."""
    place = tier(one.why, last_safe_day=one.last_safe_day, days_left=one.days_left, rule=rule)
    return place, -one.premium, one.row_id


def ranking(today: date) -> Ranking:
    """The rule of the order in force on ``today``."""
    return row_in_force(RANKINGS, today)


def ranked(rows: Iterable[AtRisk], *, today: date) -> list[AtRisk]:
    """The whole list, what is most urgent first; two equal rows always stand in the same order."""
    rule = ranking(today)
    return sorted(rows, key=lambda one: rank_key(one, rule))


@dataclass(frozen=True, kw_only=True)
class Reinstatement:
    """How long after the end it is still worth asking the carrier: ``days`` after ``ended_on``."""

    in_force_from: date
    days: int
    source: str


REINSTATEMENTS = (
    Reinstatement(
        in_force_from=date(2014, 1, 1),
        days=30,
        source=(
            "ours, the days of the search Termed in 30 days; the carrier decides: Tex. Ins. Code 1201.210, "
            "MCA 33-22-207, NMSA 59A-22-7"
        ),
    ),
)


def last_day_to_ask(ended_on: date) -> date:
    """Last day, inclusive, on which a termed policy stands on the list.

    ``ended_on`` is the last day of coverage, or the last day of grace where that ran out later.
    """
    return ended_on + timedelta(days=row_in_force(REINSTATEMENTS, ended_on).days)


def asks_from(today: date) -> date:
    """The earliest ``ended_on`` that still stands on the list on ``today``."""
    return today - timedelta(days=row_in_force(REINSTATEMENTS, today).days)


def may_come_back(*, ran_out: bool, with_credit: bool) -> bool:
    """Whether a termed policy is worth asking for.

    Three months of grace with advance credit that ran out cannot be made good by paying (45 CFR 155.430(d)(4),
    156.270(g)); every other end may be one that late money or a word to the carrier undoes.
    """
    return not (ran_out and with_credit)


@dataclass(frozen=True, kw_only=True)
class SnoozeRule:
    in_force_from: date
    days: int
    source: str


SNOOZES = (SnoozeRule(in_force_from=date(2014, 1, 1), days=60, source="ours: two months, and never past the last day"),)


def snooze_problem(until: date, *, today: date, last_safe_day: date | None) -> str:
    """Why a row cannot be snoozed until this day, on which it is back; empty when it can."""
    longest = today + timedelta(days=row_in_force(SNOOZES, today).days)
    if until <= today:
        return "Choose a day after today."
    if until > longest:
        return f"Choose a day up to {longest:%m/%d/%Y}."
    if last_safe_day is not None and last_safe_day > today and until > last_safe_day:
        return f"The last safe day is {last_safe_day:%m/%d/%Y}. Choose that day or one before it."
    return ""
