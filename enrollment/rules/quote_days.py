"""How long a quote can be used. Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class QuoteLife:
    """How long a quote stays usable after it was last changed; the day of the change is day 0."""

    in_force_from: date
    days: int
    source: str


QUOTE_LIVES = (QuoteLife(date(2014, 1, 1), 60, "ours: a season's open enrollment is about as long"),)


def expires_on(*, changed_on: date, last_day_to_apply: date) -> date:
    """The last day, inclusive, on which a quote changed on ``changed_on`` can be used (QUO_07, ours).

    It is 60 days after the change, but never later than ``last_day_to_apply``, the last day (inclusive) on which its
    effective date can still be asked for; and the day of the change itself where that day is over already.
    """
    life = max((one for one in QUOTE_LIVES if one.in_force_from <= changed_on), key=lambda one: one.in_force_from)
    return max(changed_on, min(changed_on + timedelta(days=life.days), last_day_to_apply))


def is_expired(*, expires_on: date, today: date) -> bool:
    """Can the quote no longer be used on ``today``? The day it expires on is still a good one."""
    return today > expires_on
