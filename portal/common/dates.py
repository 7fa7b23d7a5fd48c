"""The civil day and how dates are written. The clock is asked here and nowhere deeper."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

US_STATES = {"IL": "Illinois", "MT": "Montana", "NM": "New Mexico", "OK": "Oklahoma", "TX": "Texas"}
US_STATE_CHOICES = list(US_STATES.items())
# The zone in which most people of the state live; the few border counties follow it too.
ZONE_BY_STATE = {
    "IL": ZoneInfo("America/Chicago"),
    "MT": ZoneInfo("America/Denver"),
    "NM": ZoneInfo("America/Denver"),
    "OK": ZoneInfo("America/Chicago"),
    "TX": ZoneInfo("America/Chicago"),
}
# [0-9], because \d takes the digits of every script.
US_DATE = re.compile(r"([0-9]{1,2}) */ *([0-9]{1,2}) */ *([0-9]{4})")
OPEN_END = date(9999, 12, 31)  # how "no end" is shown; stored as NULL


def today_in(us_state: str | None = None, *, now: datetime | None = None) -> date:
    """Return the calendar day in ``us_state``; without a state, in the carrier's own zone (TIME_ZONE)."""
    moment = now or timezone.now()
    if us_state is None:
        return timezone.localdate(moment)
    return timezone.localdate(moment, ZONE_BY_STATE[us_state])


def as_text(day: date | None) -> str:
    """MM/DD/YYYY as on the carrier's screens; empty for no date."""
    # Not strftime: it writes years before 1000 with fewer than four digits.
    return f"{day.month:02}/{day.day:02}/{day.year:04}" if day else ""


def moment_as_text(moment: datetime) -> str:
    """MM/DD/YYYY h:mm AM as the clock in the carrier's own zone showed it."""
    local = timezone.localtime(moment)
    return f"{as_text(local.date())} {local.hour % 12 or 12}:{local:%M %p}"


def parse_us_date(text: str) -> date:
    """Read MM/DD/YYYY (one-digit months and days allowed). Raises ``ValueError`` when it is not such a day."""
    found = US_DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError("Not a date as MM/DD/YYYY.")
    month, day, year = (int(part) for part in found.groups())
    return date(year, month, day)
