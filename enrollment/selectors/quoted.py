"""The plans of a quote at today's price, as Review, the proposal and the application show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from enrollment.models import Plan, Quote, QuotePerson, QuotePlan
from enrollment.rules.rating import PersonToRate, Premium, Relation
from enrollment.selectors.pricing import HouseholdToRate, price_area
from portal.common.access import Perm

NO_PRICE = "This plan is not sold to this household any more."


@dataclass(frozen=True)
class QuotedPlan:
    """A plan selected in a quote. Without a ``premium`` it cannot be sold now, and ``reason`` says why."""

    row: QuotePlan
    premium: Premium | None
    reason: str = ""

    @property
    def plan(self) -> Plan:
        return self.row.plan

    @property
    def price_changed(self) -> bool:
        """Does it cost something else than when the plan was selected?"""
        return self.premium is not None and self.premium.total != self.row.monthly_premium


def quotes_in_scope(user: User) -> "Iterable[Quote]":
    """Quotes this person may work with; deleted ones do not exist."""
    rows = Quote.objects.for_user(user, perm=Perm.ENROLL).filter(deleted_at=None)
    return rows.select_related("county", "producer_number__producer")  # type: ignore[no-any-return]


def people_of(quote: Quote) -> list[QuotePerson]:
    """Everybody to be covered, the primary applicant first."""
    return list(quote.people.order_by("position"))


def household_of(quote: Quote, people: Sequence[QuotePerson]) -> HouseholdToRate:
    """Whom, where and from when to price."""
    return HouseholdToRate(
        county_fips=quote.county_id,
        effective_date=quote.effective_date,
        people=[
            PersonToRate(Relation(person.relation), person.date_of_birth, tobacco=person.tobacco) for person in people
        ],
        hardship_exemption=quote.hardship_exemption,
    )


def quoted_plans(quote: Quote, people: Sequence[QuotePerson]) -> list[QuotedPlan]:
    """Every plan selected in the quote with what it costs now, in the quote's order."""
    rows = list(quote.plans.select_related("plan").order_by("position", "id"))
    if not rows:
        return []
    area = price_area(household_of(quote, people), plan_ids=[row.plan_id for row in rows])
    prices = {priced.plan.pk: priced for priced in area.offered}
    reasons = {refused.plan.pk: refused.reason for refused in area.not_offered}
    found = []
    for row in rows:
        priced = prices.get(row.plan_id)
        if priced is not None and row.market in priced.markets:
            found.append(QuotedPlan(row, priced.premium))
        else:
            found.append(QuotedPlan(row, None, reasons.get(row.plan_id) or NO_PRICE))
    return found


def total_of(plans: Iterable[QuotedPlan]) -> Decimal:
    """What the plans cost a month together; those without a price do not count."""
    return sum((one.premium.total for one in plans if one.premium), Decimal("0.00"))
