"""Plans and what they cost a household: the rates of all plans of an area in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from enrollment.models import Plan
from enrollment.rules.rating import PersonToRate, Premium


@dataclass(frozen=True, slots=True)
class HouseholdToRate:
    """Whom to price, where and from when. ``county_fips`` is the county of the primary applicant's home."""

    county_fips: str
    effective_date: date
    people: Sequence[PersonToRate]
    hardship_exemption: bool = False


@dataclass(frozen=True, slots=True)
class PricedPlan:
    """A plan that can be sold to the household on ``markets`` ("ON", "OFF"), with its price."""

    plan: Plan
    premium: Premium
    markets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanNotOffered:
    """A plan of the area that cannot be sold to this household, and the sentence that says why."""

    plan: Plan
    reason: str


@dataclass(frozen=True, slots=True)
class PricedArea:
    """All plans of the household's county in the effective date's year, medical before dental, each by price."""

    offered: tuple[PricedPlan, ...]
    not_offered: tuple[PlanNotOffered, ...]
