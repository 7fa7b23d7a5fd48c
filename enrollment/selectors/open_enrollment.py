"""When somebody may enroll, and from which days coverage can begin."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from enrollment.models import OpenEnrollmentPeriod
from portal.common.dates import as_text


class DateOffered(NamedTuple):
    """A first day of coverage that can be asked for today, under "OEP" or "SEP", and the sentence that says so."""

    reason: str
    effective_date: date
    sentence: str


def _channels(market: str) -> Sequence[str]:
    return {"ON": ["on", "both"], "OFF": ["off", "both"]}.get(market, ["on", "off", "both"])


def effective_dates_offered(us_state: str, market: str, today: date) -> list[DateOffered]:
    """The first days of coverage that can be asked for in the state today: open enrollment, then life events."""
    open_rows = OpenEnrollmentPeriod.objects.filter(
        us_state=us_state, channel__in=_channels(market), first_day__lte=today, apply_through__gte=today
    )
    found = {row.effective_date: row for row in open_rows.order_by("effective_date", "apply_through")}
    offered = [
        DateOffered("OEP", day, f"Open enrollment: apply through {as_text(row.apply_through)}.") for day, row in found.items()
    ]
    months = [_first_of_month_after(today, count) for count in (1, 2, 3)]
    return offered + [DateOffered("SEP", day, "After a life event.") for day in months]


def _first_of_month_after(today: date, months: int) -> date:
    month = today.month - 1 + months
    return date(today.year + month // 12, month % 12 + 1, 1)
