"""Plans and what they cost a household: the rates of all plans of an area in one query."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from clients.models import Policy
from enrollment.models import County, Plan, PlanFamilyRate, PlanRate, RatingArea, ServiceArea
from enrollment.rules.rating import (
    AgeRate,
    CannotPrice,
    FiledRates,
    PersonToRate,
    PlanTerms,
    Premium,
    RatedHousehold,
    Refusal,
    SoldTo,
    premium_of,
    rated_household,
)

BOTH_MARKETS = ("ON", "OFF")
NO_RATES = FiledRates()
FAMILY_TIERS = tuple(field.name for field in PlanFamilyRate._meta.concrete_fields[3:])  # after id, plan, rating area


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
    """All plans of the household's county in the effective date's year, medical before dental, each by price.

    ``not_offered`` are by name. Without ``plan_ids`` those of other markets are left out of both.
    """

    offered: tuple[PricedPlan, ...]
    not_offered: tuple[PlanNotOffered, ...]


# Places


def counties_of_zip(zip_code: str) -> list[County]:
    """The counties a ZIP code reaches into, by name; none for one that is not known."""
    return list(County.objects.filter(zip_codes__zip=zip_code).order_by("name", "fips"))


def county_for(zip_code: str, county_fips: str | None) -> County:
    """The county of a home. One that is named must be of the ZIP code; without a name there must be only one.

    Asked even where all counties of the ZIP code lie in one rating area: plans are sold by county.
    Raises ``CannotPrice``: UNKNOWN_ZIP, COUNTY_CHOICE_REQUIRED.
    """
    counties = counties_of_zip(zip_code)
    if not counties:
        raise CannotPrice(
            Refusal.UNKNOWN_ZIP, f"ZIP code {zip_code} is not in Illinois, Montana, New Mexico, Oklahoma or Texas."
        )
    if county_fips:
        counties = [county for county in counties if county.fips == county_fips]
    if len(counties) != 1:
        choose = (
            f"Choose a county of ZIP code {zip_code}."
            if county_fips
            else f"ZIP code {zip_code} lies in several counties; choose one."
        )
        raise CannotPrice(Refusal.COUNTY_CHOICE_REQUIRED, choose)
    return counties[0]


# Prices


def terms_of(plan: Plan) -> PlanTerms:
    """What the plan has filed about whom it is sold to and how families are charged."""
    return PlanTerms(
        catastrophic=plan.metal_level == Plan.Metal.CATASTROPHIC,
        sold_to=SoldTo(plan.child_only),
        one_rate_for_family=plan.rating == Plan.Rating.FAMILY,
        most_children_two_parents=plan.most_children_two_parents,
        most_children_one_parent=plan.most_children_one_parent,
        most_children_child_only=plan.most_children_child_only,
    )


def price_area(
    household: HouseholdToRate,
    *,
    markets: Collection[str] = BOTH_MARKETS,
    plan_ids: Iterable[int] | None = None,
) -> PricedArea:
    """Every plan sold in the household's county on one of ``markets``, with its price or why it has none.

    One query for the plans, one for their rates. With ``plan_ids`` (rows, not standard component ids) only those are
    looked at, and each of them is answered for: also one that is sold elsewhere, in another year or no more.
    """
    if plan_ids is not None:
        return _price_chosen(household, markets, list(plan_ids))
    plans = _plans_sold(household.county_fips, household.effective_date.year, markets)
    return _priced(plans, household, markets, [])


def price_plan(plan: Plan, household: HouseholdToRate, *, market: str) -> Premium:
    """What the plan costs the household on one market, "ON" or "OFF".

    Raises ``CannotPrice``: NOT_SOLD_THEN, NOT_IN_SERVICE_AREA, NOT_SOLD_ON_CHANNEL, CATASTROPHIC_AGE, CHILD_ONLY_PLAN,
    NO_RATE_FILED, in this order.
    """
    in_county = plan.service_area.counties.filter(pk=household.county_fips).exists()
    _refuse_elsewhere(plan, household, (market,), in_county=in_county)
    rated = _rated(household)
    filed = _filed_rates([plan], household, rated)
    return premium_of(terms_of(plan), filed.get(plan.pk, NO_RATES), rated)


def _price_chosen(household: HouseholdToRate, markets: Collection[str], plan_ids: list[int]) -> PricedArea:
    plans = list(Plan.objects.filter(pk__in=plan_ids).order_by())
    in_county = set(
        Plan.objects.filter(pk__in=plan_ids, service_area__counties=household.county_fips).values_list("pk", flat=True)
    )
    sold, refused = [], []
    for plan in plans:
        try:
            _refuse_elsewhere(plan, household, markets, in_county=plan.pk in in_county)
        except CannotPrice as why:
            refused.append(PlanNotOffered(plan, str(why)))
        else:
            sold.append(plan)
    return _priced(sold, household, markets, refused)


def _priced(
    plans: Sequence[Plan], household: HouseholdToRate, markets: Collection[str], not_offered: list[PlanNotOffered]
) -> PricedArea:
    rated = _rated(household)
    filed = _filed_rates(plans, household, rated)
    offered = []
    for plan in plans:
        try:
            price = premium_of(terms_of(plan), filed.get(plan.pk, NO_RATES), rated)
        except CannotPrice as why:
            not_offered.append(PlanNotOffered(plan, str(why)))
        else:
            offered.append(PricedPlan(plan, price, tuple(one for one in plan.markets if one in markets)))
    offered.sort(key=lambda one: (*_line_first(one.plan), one.premium.total, one.plan.name, one.plan.plan_id))
    not_offered.sort(key=lambda one: (*_line_first(one.plan), one.plan.name, one.plan.plan_id))
    return PricedArea(tuple(offered), tuple(not_offered))


def _line_first(plan: Plan) -> tuple[bool]:
    return (plan.line != Policy.Line.MEDICAL,)


# Written out: putting a query together costs as much as asking it, and this is asked for every list of plans.
PLAN_FIELDS = [field.attname for field in Plan._meta.concrete_fields]
PLANS_SQL = f"""
SELECT {", ".join(f'p."{field.column}"' for field in Plan._meta.concrete_fields)}
FROM "{Plan._meta.db_table}" p
JOIN "{ServiceArea.counties.through._meta.db_table}" c ON c.servicearea_id = p.service_area_id
WHERE c.county_id = %s AND p.plan_year = %s AND p.withdrawn_at IS NULL
    AND (p.on_exchange AND %s OR p.off_exchange AND %s)
"""  # noqa: S608 - our own tables


def _plans_sold(county_fips: str, year: int, markets: Collection[str]) -> list[Plan]:
    with connection.cursor() as cursor:
        cursor.execute(PLANS_SQL, [county_fips, year, "ON" in markets, "OFF" in markets])
        return [Plan.from_db(connection.alias, PLAN_FIELDS, row) for row in cursor.fetchall()]


def _refuse_elsewhere(plan: Plan, household: HouseholdToRate, markets: Collection[str], *, in_county: bool) -> None:
    year = household.effective_date.year
    if plan.withdrawn_at is not None:
        raise CannotPrice(Refusal.NOT_SOLD_THEN, "The carrier no longer sells this plan.")
    if plan.plan_year != year:
        raise CannotPrice(Refusal.NOT_SOLD_THEN, f"This is a plan of {plan.plan_year}; coverage would begin in {year}.")
    if not in_county:
        raise CannotPrice(Refusal.NOT_IN_SERVICE_AREA, "This plan is not sold in this county.")
    if not any(market in markets for market in plan.markets):
        where = "on" if tuple(markets) == ("ON",) else "off"
        raise CannotPrice(Refusal.NOT_SOLD_ON_CHANNEL, f"This plan is not sold {where} the exchange.")


def _rated(household: HouseholdToRate) -> RatedHousehold:
    return rated_household(household.people, household.effective_date, household.hardship_exemption)


RATES_SQL = f"""
WITH here AS (
    SELECT number FROM "{RatingArea._meta.db_table}"
    WHERE county_id = %(county)s AND first_day <= %(day)s AND (last_day IS NULL OR last_day >= %(day)s)
)
SELECT plan_id, first_age, last_age, rate, tobacco_rate, NULL::numeric[] FROM "{PlanRate._meta.db_table}"
WHERE plan_id = ANY(%(plans)s) AND rating_area = (SELECT number FROM here) AND ({{ages}})
"""  # noqa: S608 - our own tables
FAMILY_RATES_SQL = f"""
UNION ALL
SELECT plan_id, NULL, NULL, NULL, NULL, ARRAY[{", ".join(FAMILY_TIERS)}] FROM "{PlanFamilyRate._meta.db_table}"
WHERE plan_id = ANY(%(plans)s) AND rating_area = (SELECT number FROM here)
"""  # noqa: S608 - our own tables


def _filed_rates(plans: Sequence[Plan], household: HouseholdToRate, rated: RatedHousehold) -> dict[int, FiledRates]:
    """The rates of the plans for the household's ages in its rating area, in one query."""
    if not plans:
        return {}
    ages = " OR ".join(f"{age:d} BETWEEN first_age AND last_age" for age in set(rated.ages))
    sql = RATES_SQL.format(ages=ages)
    if any(plan.rating == Plan.Rating.FAMILY for plan in plans):
        sql += FAMILY_RATES_SQL
    by_age: dict[int, list[AgeRate]] = {}
    filed: dict[int, FiledRates] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"county": household.county_fips, "day": household.effective_date, "plans": [plan.pk for plan in plans]},
        )
        for plan_id, first, last, rate, tobacco_rate, family in cursor.fetchall():
            if family is None:
                by_age.setdefault(plan_id, []).append(AgeRate(first, last, rate, tobacco_rate))
            else:
                filed[plan_id] = FiledRates(by_family=dict(zip(FAMILY_TIERS, family, strict=True)))
    return filed | {plan_id: FiledRates(by_age=rates) for plan_id, rates in by_age.items()}
