"""How long a certification lasts, and what it is worth on a day (ISS_08)."""

import calendar
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

# Days before the last day on which the person is told; the first of them is also when the pill turns to a warning.
REMINDERS = (30, 7)


class Standing(StrEnum):
    CERTIFIED = "CERTIFIED"
    EXPIRING = "EXPIRING"  # within the first reminder's days
    EXPIRED = "EXPIRED"
    NOT_COMPLETED = "NOT_COMPLETED"


def expires_on(completed_on: date, valid_months: int | None) -> date | None:
    """Last day, inclusive, of a certification of ``valid_months`` months; ``None`` when it has no end.

    It is the same day of the month as the completion, or the month's last day where there is no such day:
    08/31/2026 and six months give 02/28/2027. The end of the calendar, 12/31/9999, is never passed.
    """
    if valid_months is None:
        return None
    years, month = divmod(completed_on.month - 1 + valid_months, 12)
    year = completed_on.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(completed_on.day, calendar.monthrange(year, month + 1)[1]))


def best_end(ends: Iterable[date | None]) -> date | None:
    """The last day of several completions of one course: the latest, or ``None`` when one of them has no end.

    Raises ``ValueError`` when there is no completion at all.
    """
    days = list(ends)
    return None if None in days else max(day for day in days if day is not None)


def standing(ends: Iterable[date | None], *, on: date) -> Standing:
    """What completions with these last days (inclusive; ``None`` is no end) are worth on the day ``on``."""
    days = list(ends)
    if not days:
        return Standing.NOT_COMPLETED
    end = best_end(days)
    if end is None or (end - on).days > REMINDERS[0]:
        return Standing.CERTIFIED
    return Standing.EXPIRING if end >= on else Standing.EXPIRED


def reminder_due(end: date, *, on: date) -> int | None:
    """Which reminder (days before the end) is due on the day ``on``: the nearest one; ``None`` when none is.

    A person is told once for each. Whoever is first looked at six days before the end is told the last one only.
    """
    days_left = (end - on).days
    return min((days for days in REMINDERS if 0 <= days_left <= days), default=None)
