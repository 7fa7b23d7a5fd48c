"""The calendars of open enrollment as they are published, and the first days of coverage a quote can be made for."""

from datetime import date

from django.db.models import Q

from enrollment.models import OpenEnrollmentPeriod
from enrollment.rules import open_enrollment as rules
from enrollment.rules.open_enrollment import CalendarRow, OfferedDate

__all__ = ["OfferedDate", "calendar_of", "effective_dates_offered", "last_day_to_ask", "open_now"]

_CHANNELS = {"on": ("on",), "off": ("off",), "both": ("on", "off")}
_COLUMNS = list(CalendarRow.__dataclass_fields__)


def channels_of(market: str) -> tuple[str, ...]:
    """The channels of a market: ``ON``, ``OFF`` or ``BOTH``, in capitals or small. Raises ``ValueError`` for another word."""
    try:
        return _CHANNELS[market.lower()]
    except KeyError:
        raise ValueError(f"{market!r} is no market; ON, OFF and BOTH are") from None


def open_now(us_state: str, channel: str, today: date) -> list[OpenEnrollmentPeriod]:
    """Published rows of the periods open in the state on ``today``, the earliest coverage first; none outside of them.

    ``channel`` is ON, OFF or BOTH (either); ``today`` is the state's calendar day.
    """
    rows = OpenEnrollmentPeriod.objects.published().filter(
        _of_market(channel), us_state=us_state, first_day__lte=today, apply_through__gte=today, last_day__gte=today
    )
    return list(rows.order_by("effective_date", "apply_through", "channel"))


def calendar_of(us_state: str, market: str) -> list[CalendarRow]:
    """Every published row of the state for the market, as the rules take it; one query."""
    rows = OpenEnrollmentPeriod.objects.published().filter(_of_market(market), us_state=us_state)
    return [CalendarRow(**values) for values in rows.values(*_COLUMNS)]


def effective_dates_offered(us_state: str, market: str, today: date) -> list[OfferedDate]:
    """First days of coverage a quote can be made for on ``today``, open enrollment first; one query.

    See ``rules.open_enrollment.dates_offered``. ``market`` is ON, OFF or BOTH; ``today`` is the state's calendar day.
    """
    return rules.dates_offered(
        calendar_of(us_state, market), us_state=us_state, channels=channels_of(market), today=today
    )


def last_day_to_ask(us_state: str, market: str, reason: str, effective_date: date) -> date:
    """Last day, inclusive, to apply for coverage from ``effective_date`` by ``reason`` (OEP or SEP); one query."""
    return rules.last_day_to_ask(
        calendar_of(us_state, market),
        us_state=us_state,
        channels=channels_of(market),
        reason=reason,
        effective_date=effective_date,
    )


def _of_market(market: str) -> Q:
    return Q(channel__in=[*channels_of(market), "both"])
