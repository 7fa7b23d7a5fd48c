"""Monthly premiums from filed rates (45 CFR 147.102). Pure: no clock, no database.

A premium is the sum of the filed rates of the members for the plan, the rating area, the age on the effective date and
tobacco use; it is never worked out from a factor and never rounded again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

OLDEST = 999


class Relation(StrEnum):
    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"


class Refusal(StrEnum):
    """Why a plan has no price for a household; the sentence is fit to show."""

    COUNTY_CHOICE_REQUIRED = "COUNTY_CHOICE_REQUIRED"
    UNKNOWN_ZIP = "UNKNOWN_ZIP"
    NOT_IN_SERVICE_AREA = "NOT_IN_SERVICE_AREA"
    NOT_SOLD_ON_CHANNEL = "NOT_SOLD_ON_CHANNEL"
    CATASTROPHIC_AGE = "CATASTROPHIC_AGE"
    CHILD_ONLY_PLAN = "CHILD_ONLY_PLAN"


class CannotPrice(Exception):
    """The plan cannot be sold to this household; ``refusal`` says why."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        self.refusal = refusal
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class PersonToRate:
    """Somebody to be covered. ``added_on`` is the first day of coverage of one who joined later (a newborn)."""

    relation: Relation
    date_of_birth: date
    tobacco: bool = False
    added_on: date | None = None


@dataclass(frozen=True, slots=True)
class Premium:
    """What a plan costs a month. ``members`` are in the order of the people, 0.00 for a child who is not charged;
    ``None`` where the plan has one rate for the whole family."""

    total: Decimal
    ages: tuple[int, ...]
    members: tuple[Decimal, ...] | None


@dataclass(frozen=True, slots=True)
class AgeRate:
    """A filed rate for ages ``first_age`` to ``last_age``, both inclusive."""

    first_age: int
    last_age: int
    rate: Decimal
    tobacco_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FiledRates:
    """The rates of one plan in one rating area; one of the two is empty."""

    by_age: Sequence[AgeRate] = ()
    by_family: Mapping[str, Decimal] = field(default_factory=dict)
