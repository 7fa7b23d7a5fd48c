"""The plans of an application: what its household can choose, and what the chosen ones cost today (PLN_01, PLN_02).

A draft keeps the price that was shown last; people, dates or the county may have changed since. So every page works the
price out anew, and says so where it is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clients.models import Policy
from enrollment.models import Applicant, Application, ApplicationPlan
from enrollment.rules.rating import PersonToRate, Premium, Relation
from enrollment.selectors import pricing
from enrollment.selectors.pricing import HouseholdToRate, PricedArea
from enrollment.selectors.read_once import read_once

OFF_EXCHANGE = ("OFF",)
NO_COUNTY = "Enter the home address with its county (Applicant Information)."
NO_DATE = "Calculate the effective date (Special Enrollment Information)."
NO_BIRTH = "Enter the date of birth of everybody to be covered ({who})."
RELATIONS = {Relation.SELF: "the primary applicant", Relation.SPOUSE: "the spouse", Relation.CHILD: "a dependent"}


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """A plan applied for with its price of today; without one, ``reason`` says why it cannot be had any more."""

    row: ApplicationPlan
    premium: Premium | None
    reason: str = ""

    @property
    def monthly_premium(self) -> Decimal | None:
        """Today's price; the one shown last while the household is not known, none for a plan that cannot be had."""
        if self.premium is None:
            return None if self.reason else self.row.monthly_premium
        return self.premium.total

    @property
    def changed(self) -> bool:
        """Does it cost something else than what was shown last?"""
        return self.premium is not None and self.premium.total != self.row.monthly_premium


def people_of(application: Application) -> list[Applicant]:
    """Everybody to be covered, the primary applicant first."""
    return list(read_once(("people", application.pk), lambda: list(application.applicants.order_by("position"))))


def why_not_priced(application: Application, people: Sequence[Applicant]) -> list[str]:
    """What is not known yet without which nothing has a price, as sentences fit to show."""
    lacking = []
    if application.county_id is None:
        lacking.append(NO_COUNTY)
    if application.effective_date is None:
        lacking.append(NO_DATE)
    without = list(dict.fromkeys(RELATIONS[Relation(one.relation)] for one in people if one.date_of_birth is None))
    if without or not people:
        lacking.append(NO_BIRTH.format(who=", ".join(without) or RELATIONS[Relation.SELF]))
    return lacking


def household_of(application: Application, people: Sequence[Applicant]) -> HouseholdToRate | None:
    """The household as the prices want it; ``None`` while something is not known."""
    relations = [one.relation for one in people]
    if (
        why_not_priced(application, people)
        or relations.count(Relation.SELF) != 1
        or relations.count(Relation.SPOUSE) > 1
    ):
        return None
    county, first_day = application.county_id, application.effective_date
    if county is None or first_day is None:
        return None
    quote = application.quote
    return HouseholdToRate(
        county_fips=county,
        effective_date=first_day,
        people=tuple(
            PersonToRate(
                relation=Relation(one.relation), date_of_birth=one.date_of_birth, tobacco=bool(one.tobacco_use)
            )
            for one in people
            if one.date_of_birth is not None
        ),
        hardship_exemption=quote is not None and quote.hardship_exemption,
    )


def area_of(household: HouseholdToRate) -> PricedArea:
    """Every plan sold off the exchange in the county in that year, with its price for the household."""
    return pricing.price_area(household, markets=OFF_EXCHANGE)


def kept_plans(application: Application) -> list[ApplicationPlan]:
    """Every plan applied for, medical first; read once while a page is drawn."""
    rows = read_once(
        ("plans", application.pk), lambda: list(application.plans.select_related("plan").order_by("-line"))
    )
    return list(rows)


def plan_rows(application: Application) -> list[ApplicationPlan]:
    """The plans of the application's form, medical first: a medical plan is no part of a Dental Application."""
    return [
        row for row in kept_plans(application) if not (is_dental_form(application) and row.line == Policy.Line.MEDICAL)
    ]


def is_dental_form(application: Application) -> bool:
    return application.form_type == Application.FormType.DENTAL


def chosen_plans(
    application: Application, people: Sequence[Applicant] | None = None, rows: Sequence[ApplicationPlan] | None = None
) -> list[ChosenPlan]:
    """The plans applied for at today's prices. At most five queries."""
    rows = plan_rows(application) if rows is None else rows
    if not rows:
        return []
    household = household_of(application, people_of(application) if people is None else people)
    if household is None:
        return [ChosenPlan(row, None) for row in rows]
    ids = [row.plan_id for row in rows]
    area = read_once(
        ("prices", household, *ids), lambda: pricing.price_area(household, markets=OFF_EXCHANGE, plan_ids=ids)
    )
    prices = {one.plan.pk: one.premium for one in area.offered}
    why = {one.plan.pk: one.reason for one in area.not_offered}
    return [ChosenPlan(row, prices.get(row.plan_id), why.get(row.plan_id, "")) for row in rows]


def total_of(chosen: Sequence[ChosenPlan]) -> Decimal | None:
    """What the plans cost together in a month; ``None`` without plans, or while one of them has no price."""
    prices = [one.monthly_premium for one in chosen]
    known = [price for price in prices if price is not None]
    return sum(known, Decimal("0.00")) if known and len(known) == len(prices) else None


def medical_plan(application: Application) -> ApplicationPlan | None:
    """The medical plan applied for; ``None`` without one, and on a Dental Application."""
    return next((row for row in plan_rows(application) if row.line == Policy.Line.MEDICAL), None)
