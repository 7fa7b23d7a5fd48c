"""How long an application can be used, and how long a withdrawn one can be brought back. Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class ApplicationLife:
    in_force_from: date
    days: int
    source: str


APPLICATION_LIVES = (
    ApplicationLife(
        date(2014, 1, 1), 90, "enrollment guide page 28: 05/21/2025 leads to 08/19/2025 (LST_07); drafts alike (ours)"
    ),
)


def expires_on(*, changed_on: date) -> date:
    """The last day, inclusive, on which an application last changed or sent on ``changed_on`` can be used (LST_07)."""
    life = max((one for one in APPLICATION_LIVES if one.in_force_from <= changed_on), key=lambda one: one.in_force_from)
    return changed_on + timedelta(days=life.days)


def is_expired(*, expires_on: date, today: date) -> bool:
    """Can it no longer be used on ``today``? The day it expires on is still a good one."""
    return today > expires_on


@dataclass(frozen=True, slots=True)
class ExpiryNotice:
    """Told when at most ``days`` are left, counted from today to the last good day; -1 is the day after it."""

    in_force_from: date
    days: int
    source: str


EXPIRY_NOTICES = tuple(
    ExpiryNotice(date(2014, 1, 1), days, "ours: a month, a week and a day before, and when it has happened")
    for days in (30, 7, 1, -1)
)
# A notice later than this after the last good day helps nobody.
TOLD_AFTERWARDS_DAYS = 7


def notice_due(*, expires_on: date, today: date) -> int | None:
    """The notice that fits today, by its days: 30, 7, 1, or -1 once it has expired; ``None`` when nothing is to be told.

    The latest that applies, so that a day on which nobody was told is made up for. ``expires_on`` is the last good day.
    """
    left = (expires_on - today).days
    if left < -TOLD_AFTERWARDS_DAYS:
        return None
    return min((one.days for one in EXPIRY_NOTICES if one.in_force_from <= today and left <= one.days), default=None)


@dataclass(frozen=True, slots=True)
class PaperRecord:
    in_force_from: date
    years: int
    source: str


PAPER_RECORDS = (PaperRecord(date(2014, 1, 1), 2, "enrollment guide page 8: a minimum of two years from submit date"),)


def paper_kept_until(*, submitted_on: date) -> date:
    """The first day on which the producer need no longer keep the signed paper application (AUT_04)."""
    rule = max((one for one in PAPER_RECORDS if one.in_force_from <= submitted_on), key=lambda one: one.in_force_from)
    try:
        return submitted_on.replace(year=submitted_on.year + rule.years)
    except ValueError:
        # 29 February; the day after the last of the shorter February.
        return date(submitted_on.year + rule.years, 3, 1)
