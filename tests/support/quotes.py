"""Quotes as tests want them: in November 2026, when plans of both years of the small catalog can be asked for."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import ProducerNumber, User
from enrollment.models import County, Quote
from enrollment.selectors import quotes as selector
from enrollment.services import quotes as service
from enrollment.services.quotes import Household, Person
from tests.support.catalog import COOK

# Open enrollment of Illinois has begun; 1 December and 1 January can be asked for.
NOW = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("America/Chicago"))
JANUARY = date(2027, 1, 1)
NADIA = Person(
    relation="self", first_name="Nadia", last_name="Brandt", date_of_birth=date(1988, 4, 12), sex="F", tobacco=False
)
SPOUSE = Person(relation="spouse", first_name="Tom", date_of_birth=date(1986, 1, 1), tobacco=True)
CHILD = Person(relation="child", date_of_birth=date(2015, 3, 3))


def household(number: ProducerNumber, *people: Person, county: str = COOK, **changes: Any) -> Household:
    """Nadia alone by default, in Chicago, from 1 January on and off the exchange."""
    values: dict[str, Any] = {
        "zip": "60601",
        "county": County.objects.get(fips=county),
        "market": "BOTH",
        "reason": "OEP",
        "effective_date": JANUARY,
        "hardship_exemption": False,
        "producer_number": number,
        "people": people or (NADIA,),
    }
    return Household(**{**values, **changes})


def quote_of(
    user: User,
    number: ProducerNumber,
    *people: Person,
    name: str = "",
    plans: Sequence[tuple[str, str]] = (),
    key: str = "form-of-the-tests",
    at: datetime = NOW,
    **changes: Any,
) -> Quote:
    """A quote as ``user`` makes it; ``plans`` are standard component ids with the market, ``name`` saves it."""
    quote = service.start(household=household(number, *people, **changes), by=user, at=at, form_key=key)
    if plans:
        area = selector.priced(quote).area
        ids = {one.plan.plan_id: one.plan.pk for one in area.offered}
        keys = [selector.key_of(ids[plan_id], market) for plan_id, market in plans]
        service.select_plans(quote=quote, shown=[], ticked=keys, area=area, by=user, at=at)
    if name:
        service.save(quote=quote, name=name, by=user, at=at)
    return selector.one(user, quote.pk) or quote
