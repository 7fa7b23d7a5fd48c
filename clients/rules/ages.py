"""Who is about to turn 65, and until when a child is covered.

Everything follows from the date of birth and dated tables. A person born on 29 February has the birthday on 1 March
in a common year: the later date favours the member. All dates are inclusive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from clients.rules.dated import add_months, first_of_month, last_of_month, row_in_force
from clients.rules.grace_tables import Channel

ONE_DAY = timedelta(days=1)


class AgeOutRule(StrEnum):
    """Which day is a child's last, once the age limit is reached."""

    BIRTHDAY = "birthday"
    END_OF_MONTH = "end_of_month"
    END_OF_YEAR = "end_of_year"


@dataclass(frozen=True, kw_only=True)
class MedicareRule:
    """The age of Medicare, and the months of the initial enrollment period around its first month."""

    in_force_from: date
    age: int
    months_before: int
    months_after: int
    source: str


@dataclass(frozen=True, kw_only=True)
class DependentAgeRule:
    """Up to which birthday a child may stay covered."""

    in_force_from: date
    age: int
    source: str


@dataclass(frozen=True, kw_only=True)
class VeteranAgeRule:
    """A state's later limit for unmarried veterans."""

    state: str
    in_force_from: date
    age: int
    source: str


@dataclass(frozen=True, kw_only=True)
class AgeOutDefault:
    """The rule for products that name none of their own."""

    channel: Channel
    in_force_from: date
    rule: AgeOutRule
    source: str


MEDICARE = (
    MedicareRule(
        in_force_from=date(1966, 7, 1),
        age=65,
        months_before=3,
        months_after=3,
        source="42 CFR 406.10(b); initial enrollment period 42 CFR 407.14(a)",
    ),
)

DEPENDENT_AGES = (DependentAgeRule(in_force_from=date(2010, 9, 23), age=26, source="45 CFR 147.120"),)

VETERAN_AGES = (VeteranAgeRule(state="IL", in_force_from=date(2009, 6, 1), age=30, source="215 ILCS 5/356z.12"),)

AGE_OUT_DEFAULTS = (
    AgeOutDefault(
        channel=Channel.ON_EXCHANGE,
        in_force_from=date(2014, 1, 1),
        rule=AgeOutRule.END_OF_YEAR,
        source="HealthCare.gov: Marketplace plans cover to 31 December of the year",
    ),
    AgeOutDefault(
        channel=Channel.OFF_EXCHANGE,
        in_force_from=date(2014, 1, 1),
        rule=AgeOutRule.END_OF_MONTH,
        source="carrier setting; 45 CFR 147.120 leaves any later day to the plan",
    ),
)


@dataclass(frozen=True, kw_only=True)
class MedicareDates:
    """The dates around a 65th birthday.

    ``attains_on``: day the age is reached in law. ``medicare_month``: first day of the first Medicare month.
    ``iep_start``, ``iep_end``: first and last day of the initial enrollment period.
    """

    birthday: date
    attains_on: date
    medicare_month: date
    iep_start: date
    iep_end: date


@dataclass(frozen=True, kw_only=True)
class DependentFacts:
    """One covered person; ``rule`` None when the product sets no age limit. Spouses and primaries are no child."""

    date_of_birth: date
    is_child: bool
    rule: AgeOutRule | None
    state: str = ""
    unmarried_veteran: bool = False
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class AgeLimit:
    """The birthday at which a child's coverage is limited, and the last covered day (None: no limit applies)."""

    birthday: date
    coverage_last_day: date | None
    source: str


def birthday_at(date_of_birth: date, age: int) -> date:
    """Return the day on which the person is ``age``; 1 March for a 29 February birth in a common year."""
    try:
        return date_of_birth.replace(year=date_of_birth.year + age)
    except ValueError:
        return date(date_of_birth.year + age, date_of_birth.month + 1, 1)


class _AgeRow(Protocol):
    @property
    def in_force_from(self) -> date: ...

    @property
    def age(self) -> int: ...


_AgeRowT = TypeVar("_AgeRowT", bound=_AgeRow)


def _rule_reached(rows: Sequence[_AgeRowT], date_of_birth: date) -> _AgeRowT:
    """The latest row already in force on the birthday it names; the first row for people older than the law."""
    by_start = sorted(rows, key=lambda row: row.in_force_from)
    reached = [row for row in by_start if row.in_force_from <= birthday_at(date_of_birth, row.age)]
    return reached[-1] if reached else by_start[0]


def turning_65(date_of_birth: date) -> MedicareDates:
    """Return the dates around the 65th birthday.

    An age is reached the day before the birthday, so a person born on the 1st enters Medicare a month earlier
    (42 CFR 406.10(b); the common-law rule Social Security uses).
    """
    rule = _rule_reached(MEDICARE, date_of_birth)
    birthday = birthday_at(date_of_birth, rule.age)
    attains_on = birthday - ONE_DAY
    medicare_month = first_of_month(attains_on)
    return MedicareDates(
        birthday=birthday,
        attains_on=attains_on,
        medicare_month=medicare_month,
        iep_start=add_months(medicare_month, -rule.months_before),
        iep_end=last_of_month(add_months(medicare_month, rule.months_after)),
    )


def default_age_out_rule(channel: Channel, *, on: date) -> AgeOutRule:
    """Return the rule for a product that names none: on exchange end of the year, off exchange end of the month."""
    return row_in_force([row for row in AGE_OUT_DEFAULTS if row.channel == channel], on).rule


def dependent_age_limit(person: DependentFacts) -> AgeLimit:
    """Return the limiting birthday and the last covered day of a dependent (45 CFR 147.120).

    Only children age out. A disabled child does not. An unmarried veteran stays longer where the state says so.
    There is no month-before rule here: a child born on the 1st is covered like the others born that month.
    """
    rule: DependentAgeRule | VeteranAgeRule = _rule_reached(DEPENDENT_AGES, person.date_of_birth)
    veteran_rows = [row for row in VETERAN_AGES if row.state == person.state]
    if person.unmarried_veteran and veteran_rows:
        rule = _rule_reached(veteran_rows, person.date_of_birth)
    birthday = birthday_at(person.date_of_birth, rule.age)
    return AgeLimit(birthday=birthday, coverage_last_day=_last_covered_day(person, birthday), source=rule.source)


def _last_covered_day(person: DependentFacts, birthday: date) -> date | None:
    if not person.is_child or person.disabled or person.rule is None:
        return None
    return _LAST_DAYS[person.rule](birthday)


_LAST_DAYS = {
    # "Until attainment of 26": the last day is the one before the birthday.
    AgeOutRule.BIRTHDAY: lambda birthday: birthday - ONE_DAY,
    AgeOutRule.END_OF_MONTH: last_of_month,
    AgeOutRule.END_OF_YEAR: lambda birthday: birthday.replace(month=12, day=31),
}


def in_window(day: date | None, *, first: date, last: date) -> bool:
    """Whether ``day`` lies from ``first`` to ``last``, both included; no day lies in no window.

    Raises ``ValueError`` when the window ends before it begins.
    """
    if last < first:
        raise ValueError(f"the window ends on {last}, before it begins on {first}")
    return day is not None and first <= day <= last
