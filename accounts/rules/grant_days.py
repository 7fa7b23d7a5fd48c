"""On which days a delegate may work: from the first day to the last, both inclusive, until it is revoked (HOM_14).

Days are calendar days in the carrier's own zone: the grant does not depend on where a client lives.
"""

from datetime import date
from enum import Enum

LAST_BEFORE_FIRST = "The last day cannot be before the first day."
FIRST_DAY_PASSED = "The first day cannot be in the past."
LAST_DAY_PASSED = "The last day cannot be in the past. To end the access at once, revoke it."


class GrantState(Enum):
    """What a grant is on a certain day."""

    FUTURE = "From a future day"
    ACTIVE = "Active"
    ENDED = "Ended"
    REVOKED = "Revoked"


def grant_state(*, first_day: date, last_day: date | None, revoked: bool, on: date) -> GrantState:
    """The state of a grant on the day ``on``; ``last_day`` empty means that it has no end. Only ACTIVE opens a book."""
    if revoked:
        return GrantState.REVOKED
    if on < first_day:
        return GrantState.FUTURE
    if last_day is not None and on > last_day:
        return GrantState.ENDED
    return GrantState.ACTIVE


def days_problems(
    *,
    first_day: date,
    last_day: date | None,
    on: date,
    first_before: date | None = None,
    last_before: date | None = None,
) -> dict[str, str]:
    """What is wrong with the days somebody chose on the day ``on``: a sentence for ``first_day`` or ``last_day``.

    Days that have passed can be kept as they are (``first_before``, ``last_before``) and cannot be chosen anew: the
    past is what the audit trail says it was.
    """
    problems = {}
    if first_day < on and first_day != first_before:
        problems["first_day"] = FIRST_DAY_PASSED
    if last_day is not None and last_day < first_day:
        problems["last_day"] = LAST_BEFORE_FIRST
    elif last_day is not None and last_day < on and last_day != last_before:
        problems["last_day"] = LAST_DAY_PASSED
    return problems
