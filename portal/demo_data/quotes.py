"""Quotes of the demo's producer in every state: saved, draft, expired, with another price, on the exchange, a family."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import ProducerNumber, User
from enrollment.models import County, Quote
from enrollment.rules.open_enrollment import first_of_next_month
from enrollment.selectors import quotes as selector
from enrollment.selectors.open_enrollment import effective_dates_offered
from enrollment.services import quotes as service
from enrollment.services.quotes import Household, Person
from portal.common.dates import today_in


@dataclass(frozen=True, kw_only=True)
class DemoQuote:
    """One quote. ``people`` are relation, first name, last name, years and months of age, sex, tobacco; ``plans`` the ends
    of plan ids with the market; ``days_ago`` when it was last changed."""

    name: str
    us_state: str
    zip: str
    county: str
    people: tuple[tuple[str, str, str, int, int, str, bool], ...]
    plans: tuple[tuple[str, str], ...]
    days_ago: int
    market: str = "BOTH"
    expired: bool = False
    was: Decimal = Decimal(0)  # so much less was shown for the last plan


QUOTES = (
    DemoQuote(
        name="Okafor family, HMO with dental",
        us_state="IL",
        zip="60563",
        county="17043",
        people=(
            ("self", "Chidi", "Okafor", 41, 3, "M", False),
            ("spouse", "Amara", "Okafor", 38, 7, "F", False),
            ("child", "Ada", "Okafor", 11, 2, "F", False),
            ("child", "Emeka", "Okafor", 7, 9, "M", False),
        ),
        plans=(("IL0100005", "OFF"), ("IL0800001", "OFF")),
        days_ago=2,
        market="OFF",
    ),
    DemoQuote(
        name="Lindqvist, marketplace",
        us_state="IL",
        zip="60605",
        county="17031",
        people=(("self", "Maja", "Lindqvist", 29, 5, "F", False),),
        plans=(("IL0100007", "ON"),),
        days_ago=4,
        market="ON",
    ),
    DemoQuote(
        name="",
        us_state="IL",
        zip="60120",
        county="17031",
        people=(
            ("self", "Jorge", "Delacroix", 52, 1, "M", True),
            ("spouse", "Paulette", "Delacroix", 50, 10, "F", False),
        ),
        plans=(("IL0100002", "ON"), ("IL0100002", "OFF"), ("IL0200002", "OFF")),
        days_ago=1,
    ),
    DemoQuote(
        name="Brannigan, gold plans",
        us_state="IL",
        zip="60563",
        county="17043",
        people=(
            ("self", "Tess", "Brannigan", 34, 8, "F", False),
            ("child", "", "", 3, 4, "F", False),
        ),
        plans=(("IL0200003", "OFF"), ("IL0100007", "OFF")),
        days_ago=20,
        was=Decimal("24.60"),
    ),
    DemoQuote(
        name="Varga, before the move",
        us_state="IL",
        zip="60605",
        county="17031",
        people=(("self", "Imre", "Varga", 58, 11, "M", False),),
        plans=(("IL0100002", "OFF"),),
        days_ago=75,
        expired=True,
    ),
    DemoQuote(
        name="Whitlock, Houston",
        us_state="TX",
        zip="77002",
        county="48201",
        people=(
            ("self", "Renee", "Whitlock", 45, 6, "F", False),
            ("spouse", "Marcus", "Whitlock", 47, 2, "M", True),
        ),
        plans=(("TX0100005", "OFF"), ("TX0800001", "OFF")),
        days_ago=9,
    ),
)


def add_quotes(*, by: User, now: datetime) -> int:
    """Add the quotes as ``by`` would have made them, and return how many; none without the catalog of their states."""
    numbers = {number.us_state: number for number in reversed(selector.writing_numbers(by))}
    counties = {one.fips: one for one in County.objects.filter(fips__in={quote.county for quote in QUOTES})}
    made = [
        quote
        for quote in QUOTES
        if quote.us_state in numbers
        and quote.county in counties
        and _add(quote, by=by, now=now, number=numbers[quote.us_state], county=counties[quote.county])
    ]
    return len(made)


def _add(quote: DemoQuote, *, by: User, now: datetime, number: ProducerNumber, county: County) -> bool:
    at = now - timedelta(days=quote.days_ago)
    today = today_in(quote.us_state, now=now)
    if quote.expired:
        reason, day = Quote.Reason.SPECIAL_ENROLLMENT.value, first_of_next_month(today_in(quote.us_state, now=at))
    else:
        offered = effective_dates_offered(quote.us_state, quote.market, today)
        if not offered:
            return False
        reason, day = offered[0].reason, offered[0].effective_date
    row = service.start(
        household=Household(
            zip=quote.zip,
            county=county,
            market=quote.market,
            reason=reason,
            effective_date=day,
            hardship_exemption=False,
            producer_number=number,
            people=tuple(_person(one, today) for one in quote.people),
        ),
        by=by,
        at=at,
        form_key=f"demo-{quote.people[0][2]}",
    )
    area = selector.priced(row).area
    keys = [
        selector.key_of(one.plan.pk, market)
        for end, market in quote.plans
        for one in area.offered
        if one.plan.plan_id.endswith(end) and market in one.markets
    ]
    service.select_plans(quote=row, shown=[], ticked=keys, area=area, by=by, at=at)
    if quote.name:
        service.save(quote=row, name=quote.name, by=by, at=at)
    if quote.was and (last := row.plans.order_by("position").last()):
        last.monthly_premium -= quote.was
        last.save(update_fields=["monthly_premium"])
    return True


def _person(one: tuple[str, str, str, int, int, str, bool], today: date) -> Person:
    relation, first, last, years, months, sex, tobacco = one
    month = today.month - months
    born = date(today.year - years - (month < 1), (month - 1) % 12 + 1, min(today.day, 28))
    return Person(relation=relation, first_name=first, last_name=last, date_of_birth=born, sex=sex, tobacco=tobacco)
