"""What the portal does when the member system has answered: one pair of functions for each kind of change.

The member system owns the data, so a change shows on the client's page when it was accepted, not before (CON_03).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from clients.models import MemberChange

Outcome = Callable[[MemberChange, datetime], None]


def _nothing(_change: MemberChange, _now: datetime) -> None:
    """Nothing of the portal's own data depends on this answer."""


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """``accepted`` brings the read model up to date; ``failed`` marks what had been promised as not done.

    Both run in the transaction that stores the answer, may run twice, and read what they need from the change's
    payload and the rows it names. ``failed`` is called for a change that was rejected or given up.
    """

    accepted: Outcome = _nothing
    failed: Outcome = _nothing


_outcomes: dict[str, Outcomes] = {}


def register(kind: str, outcomes: Outcomes) -> None:
    """Say what an answer to a ``MemberChange.Kind`` does."""
    _outcomes[kind] = outcomes


def outcomes_of(kind: str) -> Outcomes:
    return _outcomes.get(kind, Outcomes())
