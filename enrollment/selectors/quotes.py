"""Reading quotes: in scope, with the prices of today's catalog, and what stands in the way of going on (QUO_02..07)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Q, QuerySet, Value, When

from accounts import scoping
from accounts.models import ProducerNumber, User
from enrollment.models import Quote, QuotePerson, QuotePlan
from enrollment.rules import plan_choice, quote_days
from enrollment.rules.rating import PersonToRate, Premium, Relation
from enrollment.selectors import pricing
from enrollment.selectors.open_enrollment import effective_dates_offered
from enrollment.selectors.pricing import HouseholdToRate, PricedArea, PricedPlan
from portal.common.access import Perm
from portal.common.dates import US_STATES, as_text, today_in

WRITE = Perm.ENROLL
# Deleted quotes can be brought back for this long, both ends inclusive.
UNDO_FOR = timedelta(days=30)
MOST_PEOPLE = 20
MOST_COMPARED = 4

ON_EXCHANGE_NOT_YOURS = (
    "Delegates cannot complete on-exchange enrollments. The producer can enroll the client in this plan."
)
EXPIRED = "This quote expired on {day}. Copy it with a new effective date to go on."
NOT_SOLD = "{plan} cannot be sold to this household any more. Select another plan."


# --- whose they are ---


def visible(user: User) -> "QuerySet[Quote]":
    """The quotes in the books the user may quote and enroll in, without deleted ones."""
    rows: QuerySet[Quote] = Quote.objects.for_user(user, perm=WRITE).filter(deleted_at__isnull=True)
    return rows


def one(user: User, quote_id: int) -> Quote | None:
    """A visible quote with its place and writing number; ``None`` when there is none for this user."""
    rows = visible(user).select_related("county", "producer_number__producer")
    return rows.filter(pk=quote_id).first() if quote_id < 2**63 else None


def named(rows: "QuerySet[Quote]", ids: Iterable[str]) -> "QuerySet[Quote]":
    """Those of ``rows`` whose ids were sent; whatever else was sent is left out."""
    wanted = [int(text) for text in ids if text.isascii() and text.isdigit() and len(text) < 19]
    return rows.filter(pk__in=wanted)


def deleted(user: User, *, at: datetime) -> "QuerySet[Quote]":
    """Deleted quotes that the user may bring back at the moment ``at``."""
    rows: QuerySet[Quote] = Quote.objects.for_user(user, perm=WRITE).filter(deleted_at__gte=at - UNDO_FOR)
    return rows


def writing_numbers(user: User) -> list[ProducerNumber]:
    """The active numbers under which this person may quote: the own ones, or those of the producers acted for."""
    producers = scoping.producers_acted_for(user, WRITE)
    numbers = ProducerNumber.objects.filter(producer__in=producers, status=ProducerNumber.Status.ACTIVE)
    return list(numbers.select_related("producer").order_by("us_state", "number"))


# --- days ---


def expired(*, now: datetime) -> Q:
    """Which quotes can no longer be used at this moment: the day has passed where the household lives."""
    by_day: dict[date, list[str]] = {}
    for us_state in US_STATES:
        by_day.setdefault(today_in(us_state, now=now), []).append(us_state)
    found = Q(pk__in=[])
    for day, states in by_day.items():
        found |= Q(expires_on__lt=day, county__us_state__in=states)
    return found


def is_expired(quote: Quote, *, now: datetime) -> bool:
    """Can the quote no longer be used at this moment? ``county`` is loaded."""
    return quote_days.is_expired(expires_on=quote.expires_on, today=today_in(quote.county.us_state, now=now))


class Status:
    SAVED, DRAFT, EXPIRED = "Saved", "Draft", "Expired"


STATUS_PILLS = {Status.SAVED: "success", Status.DRAFT: "secondary", Status.EXPIRED: "warning"}


def status_of(quote: Quote, *, now: datetime) -> str:
    """Saved, Draft or Expired; ``county`` is loaded."""
    if is_expired(quote, now=now):
        return Status.EXPIRED
    return Status.SAVED if quote.saved_at else Status.DRAFT


def status_expression(*, now: datetime) -> Case:
    """The status in words, for lists to filter and sort by."""
    return Case(
        When(expired(now=now), then=Value(Status.EXPIRED)),
        When(saved_at__isnull=False, then=Value(Status.SAVED)),
        default=Value(Status.DRAFT),
        output_field=CharField(),
    )


def still_offered(quote: Quote, *, today: date) -> bool:
    """Can the quote's effective date still be asked for today?"""
    offered = effective_dates_offered(quote.county.us_state, quote.market, today)
    return any((one.reason, one.effective_date) == (quote.reason, quote.effective_date) for one in offered)


# --- prices ---


@dataclass(frozen=True)
class SelectedPlan:
    """A plan selected for review, with its price of today; no premium where it cannot be sold any more."""

    row: QuotePlan
    premium: Premium | None
    reason: str = ""

    @property
    def changed(self) -> bool:
        """Does it cost something else than what was shown before?"""
        return self.premium is not None and self.premium.total != self.row.monthly_premium

    @property
    def key(self) -> str:
        return key_of(self.row.plan_id, self.row.market)


def key_of(plan_id: int, market: str) -> str:
    """How forms name a plan and the place where it would be bought: "17-ON"."""
    return f"{plan_id}-{market}"


@dataclass(frozen=True)
class PricedQuote:
    """A quote with everything its pages show; nothing in it asks the database again."""

    quote: Quote
    people: Sequence[QuotePerson]
    area: PricedArea
    selected: Sequence[SelectedPlan]
    offered: dict[int, PricedPlan] = field(default_factory=dict)

    @property
    def chosen(self) -> list[SelectedPlan]:
        """What is ticked on Review Selected Plans."""
        return [plan for plan in self.selected if plan.row.chosen]

    @property
    def changed(self) -> list[SelectedPlan]:
        return [plan for plan in self.selected if plan.changed]


def markets_of(market: str) -> tuple[str, ...]:
    """The places where plans are looked for: one, or both."""
    return ("ON", "OFF") if market == Quote.Market.BOTH else (market,)


def household_of(quote: Quote, people: Sequence[QuotePerson]) -> HouseholdToRate:
    """The household as the prices want it."""
    return HouseholdToRate(
        county_fips=quote.county_id,
        effective_date=quote.effective_date,
        people=tuple(
            PersonToRate(relation=Relation(person.relation), date_of_birth=person.date_of_birth, tobacco=person.tobacco)
            for person in people
        ),
        hardship_exemption=quote.hardship_exemption,
    )


def priced(quote: Quote) -> PricedQuote:
    """The quote with the plans of its county and what they cost now. Four queries whatever the number of plans; two more where a selected one is no longer sold in the county."""
    people = list(quote.people.all())
    household, markets = household_of(quote, people), markets_of(quote.market)
    area = pricing.price_area(household, markets=markets)
    offered = {one.plan.pk: one for one in area.offered}
    why = {one.plan.pk: one.reason for one in area.not_offered}
    rows = list(quote.plans.select_related("plan").order_by("position"))
    if elsewhere := {row.plan_id for row in rows} - offered.keys() - why.keys():
        asked = pricing.price_area(household, markets=markets, plan_ids=elsewhere)
        why |= {one.plan.pk: one.reason for one in asked.not_offered}
    selected = []
    for row in rows:
        found = offered.get(row.plan_id)
        if found is not None and row.market in found.markets:
            selected.append(SelectedPlan(row, found.premium))
        else:
            selected.append(SelectedPlan(row, None, why.get(row.plan_id) or NOT_SOLD.format(plan=row.plan.name)))
    return PricedQuote(quote=quote, people=people, area=area, selected=selected, offered=offered)


# --- going on ---


def why_not_change(quote: Quote, *, now: datetime) -> str:
    """Why nothing can be changed on the quote, in a sentence fit to show; empty when it can be."""
    return EXPIRED.format(day=as_text(quote.expires_on)) if is_expired(quote, now=now) else ""


def ticked(chosen: Iterable[SelectedPlan]) -> list[plan_choice.ChosenPlan]:
    """The ticked plans as the rule wants them."""
    return [plan_choice.ChosenPlan(line=plan.row.plan.line, market=plan.row.market) for plan in chosen]


def why_not_enroll(user: User, quote: Quote, chosen: Collection[SelectedPlan], *, now: datetime) -> str:
    """Why ``Enroll in Selected Plans`` is not possible for this person, in a sentence fit to show; empty when it is.

    An expired quote, a plan that is not sold any more, the wrong number of plans (QUO_05), or an on-exchange plan and a
    person who must not hand over to an exchange (HOM_11).
    """
    if why := why_not_change(quote, now=now):
        return why
    for plan in chosen:
        if plan.premium is None:
            return plan.reason
    if why := plan_choice.why_not_enroll(ticked(chosen)):
        return why
    on_exchange = any(plan.row.market == QuotePlan.Market.ON for plan in chosen)
    if on_exchange and not user.has_portal_perm(Perm.ENROLL_ON_EXCHANGE):
        return ON_EXCHANGE_NOT_YOURS
    return ""


def applicants_name(people: Iterable[QuotePerson]) -> str:
    """The primary applicant's name."""
    first = next((person for person in people if person.relation == QuotePerson.Relation.SELF), None)
    return f"{first.first_name} {first.last_name}".strip() if first else ""


def newest(user: User, *, most: int) -> list[Quote]:
    """The quotes changed last, with their people, for the home page."""
    return list(visible(user).select_related("county").prefetch_related("people")[:most])


def facts_of(priced_quote: PricedQuote) -> list[tuple[str, Any]]:
    """The quote's own data with the names of the form's fields, for the head of its pages."""
    quote = priced_quote.quote
    number = quote.producer_number
    return [
        ("Primary Applicant", applicants_name(priced_quote.people)),
        ("Household", f"{len(priced_quote.people)} {'person' if len(priced_quote.people) == 1 else 'people'}"),
        ("Zip Code and County", f"{quote.zip}, {quote.county.name} County, {quote.county.us_state}"),
        ("Effective Date", f"{as_text(quote.effective_date)}, {quote.get_reason_display()}"),
        ("Market", quote.get_market_display()),
        ("Writing Number", f"{number.number}, {number.producer.name}"),
    ]
