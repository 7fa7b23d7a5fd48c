"""What the portal does when the member system has answered: one pair of functions for each kind of change.

The member system owns the data, so a change shows on the client's page when it was accepted, not before (CON_03).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from clients.models import MemberChange

Outcome = Callable[[MemberChange, datetime], None]


def _no(_change: MemberChange) -> bool:
    return False


def _nothing(_change: MemberChange, _now: datetime) -> None:
    """Nothing of the portal's own data depends on this answer."""


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """``accepted`` brings the read model up to date; ``failed`` marks what had been promised as not done.

    Both run in the transaction that stores the answer, may run twice, and read what they need from the change's
    payload and the rows it names. ``failed`` is called for a change that was rejected or given up. ``tells_people`` says of
    a change whether its own part tells those concerned of a failure, in better words than the sync has.
    """

    accepted: Outcome = _nothing
    failed: Outcome = _nothing
    tells_people: Callable[[MemberChange], bool] = _no


_outcomes: dict[str, Outcomes] = {}
_also: dict[str, Outcomes] = {}


def register(kind: str, outcomes: Outcomes) -> None:
    """Say what an answer to a ``MemberChange.Kind`` does."""
    _outcomes[kind] = outcomes


def register_also(kind: str, outcomes: Outcomes) -> None:
    """What an answer does to the data of an app above: after the client's own part, in the same transaction."""
    _also[kind] = outcomes


def outcomes_of(kind: str) -> Outcomes:
    """The client's own part and that of the app above, as one."""
    own, above = _outcomes.get(kind, Outcomes()), _also.get(kind)
    if above is None:
        return own
    return Outcomes(
        accepted=_one_after_the_other(own.accepted, above.accepted),
        failed=_one_after_the_other(own.failed, above.failed),
        tells_people=lambda change: own.tells_people(change) or above.tells_people(change),
    )


def _one_after_the_other(first: Outcome, second: Outcome) -> Outcome:
    def both(change: MemberChange, now: datetime) -> None:
        first(change, now)
        second(change, now)

    return both
