"""Days that move with the calendar: what a saved report means by "next 30 days" (REP_16). Pure; all days are inclusive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from clients.rules.dated import add_months, first_of_month, last_of_month


@dataclass(frozen=True)
class Period:
    """``days`` gives the first and the last day, seen from the day a report is run on."""

    code: str
    label: str
    days: Callable[[date], tuple[date, date]]


def _next(count: int) -> Period:
    return Period(f"NEXT_{count}", f"Next {count} days", lambda today: (today, today + timedelta(days=count)))


def _last(count: int) -> Period:
    return Period(f"LAST_{count}", f"Last {count} days", lambda today: (today - timedelta(days=count), today))


def _month(code: str, label: str, ahead: int) -> Period:
    def days(today: date) -> tuple[date, date]:
        first = add_months(first_of_month(today), ahead)
        return first, last_of_month(first)

    return Period(code, label, days)


# "Next 30 days" is today and the thirty days after it, as "Termed in 30 days" of the client search is today and the thirty
# days before it.
PERIODS = (
    Period("TODAY", "Today", lambda today: (today, today)),
    *(_next(count) for count in (7, 30, 60, 90)),
    *(_last(count) for count in (7, 30, 60, 90)),
    _month("THIS_MONTH", "This month", 0),
    _month("NEXT_MONTH", "Next month", 1),
    _month("LAST_MONTH", "Last month", -1),
)
BY_CODE = {period.code: period for period in PERIODS}


def days_of(code: str, *, today: date) -> tuple[date, date]:
    """First and last day of the period ``code`` on ``today``. Raises ``KeyError`` for a period that does not exist."""
    return BY_CODE[code].days(today)


def like(first: date, last: date, *, today: date) -> str:
    """The code of the period that has just these days on ``today``; empty when there is none."""
    return next((period.code for period in PERIODS if period.days(today) == (first, last)), "")
