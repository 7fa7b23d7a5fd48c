"""View Plans as a ratio to the plainest signed-in page, in the same run: one person and a family, whole list and filtered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bench.pages import BASELINE, signed_in, time_page
from bench.turns import HEADING
from enrollment.models import County, Quote
from enrollment.selectors import quotes as selector
from enrollment.selectors.open_enrollment import effective_dates_offered
from enrollment.services import catalog_import, shipped_catalog
from enrollment.services import quotes as service
from enrollment.services.quotes import Household, Person
from portal.common.dates import today_in

COOK, ZIP = "17031", "60601"


def measure(username: str) -> None:
    """Print one line a page for quotes of ``username`` in Cook County; the quotes are taken back afterwards."""
    if shipped_catalog.missing():
        shipped_catalog.load(now=timezone.now())
        catalog_import.refresh_statistics()
    user = User.objects.get(username=username)
    client = signed_in(username)
    with transaction.atomic():
        one, family = _quote(user, people=1), _quote(user, people=5)
        address = f"/enroll/quotes/{family.pk}/"
        addresses = {
            "View Plans, one person": f"/enroll/quotes/{one.pk}/",
            "View Plans, family of five": address,
            "View Plans, filtered": f"{address}?metal=Silver&metal=Gold&type=HMO&sort=deductible",
            "Compare Plans": f"{address}compare/",
            "Review Selected Plans": f"{address}review/",
            "Quotes": "/enroll/quotes/",
        }
        timings = [time_page(name, client, path) for name, path in addresses.items()]
        transaction.set_rollback(True)
    print(f"\n{username}: quotes in Cook County")
    print(f"{'page, baseline ' + BASELINE:<36}{HEADING}")
    for timing in timings:
        print(timing)


def _quote(user: User, *, people: int) -> Quote:
    now = timezone.now()
    today = today_in("IL", now=now)
    number = next(one for one in selector.writing_numbers(user) if one.us_state == "IL")
    first = effective_dates_offered("IL", "BOTH", today)[0]
    born = today - timedelta(days=40 * 365)
    adult = Person(relation="self", first_name="Bench", last_name="Mark", date_of_birth=born, sex="F")
    child = Person(relation="child", date_of_birth=today - timedelta(days=9 * 365))
    everybody: list[Any] = [adult, replace(adult, relation="spouse", tobacco=True), child, child, child]
    quote = service.start(
        household=Household(
            zip=ZIP,
            county=County.objects.get(fips=COOK),
            market="BOTH",
            reason=first.reason,
            effective_date=first.effective_date,
            hardship_exemption=False,
            producer_number=number,
            people=everybody[:people],
        ),
        by=user,
        at=now,
        form_key=f"of-the-bench-{people}",
    )
    area = selector.priced(quote).area
    keys = [selector.key_of(one.plan.pk, one.markets[0]) for one in area.offered[:4]]
    service.select_plans(quote=quote, shown=[], ticked=keys, area=area, by=user, at=now)
    return quote
