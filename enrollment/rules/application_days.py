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
