"""What is asked for as proof of a life event, by when, and what has become of it.

The list of slots is data (``EvidenceKind``); how many days there are to send a paper is the carrier's choice. Nothing here is
law: 45 CFR 147.104 leaves to the issuer what it wants to see, and by when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """What has become of a slot."""

    WANTED = "WANTED"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WAIVED = "WAIVED"


class Asks(StrEnum):
    """A slot takes papers, or the applicant's word."""

    PAPER = "PAPER"
    ATTESTATION = "ATTESTATION"


# What nobody has to do anything about any more, and what somebody does.
MET = frozenset({State.ACCEPTED, State.WAIVED})
OPEN = frozenset({State.WANTED, State.REJECTED})
EXEMPT = "exempt"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A paper, or a word, that is asked for with a life event.

    ``one_of`` names the group of which one is enough; ``unless_exempt`` leaves the slot out where the question about
    prior coverage was answered Exempt; ``due_days`` counts from the day of submission, ``None`` for the carrier's usual
    number.
    """

    event_code: str
    code: str
    label: str
    note: str = ""
    asks: Asks = Asks.PAPER
    required: bool = True
    one_of: str = ""
    due_days: int | None = None
    unless_exempt: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.event_code, self.code


@dataclass(frozen=True)
class Event:
    """A life event of an application: its code, and whether prior coverage was answered yes, no, exempt or nothing."""

    code: str
    prior_coverage: str = ""


@dataclass(frozen=True)
class Paper:
    """One document sent for a slot: when, and whether the carrier took it (RECEIVED, ACCEPTED, REJECTED)."""

    sent_at: datetime
    status: str
    reason: str = ""


def slots_asked(slots: Iterable[Slot], events: Sequence[Event]) -> list[Slot]:
    """The slots of these events in the order of the list, each once.

    Two events of one kind (coverage lost by two people) share a slot, which takes several files. A slot is left out as
    exempt only when every event of its kind is.
    """
    codes = {event.code for event in events}
    bound = {event.code for event in events if event.prior_coverage != EXEMPT}
    return [slot for slot in slots if slot.event_code in (bound if slot.unless_exempt else codes)]


def state_of(papers: Sequence[Paper]) -> tuple[State, str]:
    """What has become of a slot's papers, and why the last one was rejected.

    A rejected paper counts until another is sent after it. As long as one waits for the carrier, the slot does.
    """
    if not papers:
        return State.WANTED, ""
    newest = max(paper.sent_at for paper in papers)
    counted = [paper for paper in papers if paper.status != State.REJECTED or paper.sent_at == newest]
    if any(paper.status not in (State.ACCEPTED, State.REJECTED) for paper in counted):
        return State.SENT, ""
    rejected = [paper for paper in counted if paper.status == State.REJECTED]
    if rejected:
        return State.REJECTED, rejected[-1].reason
    return State.ACCEPTED, ""


def state_of_group(states: Iterable[State]) -> State:
    """What has become of papers of which one is enough: the best that has become of any."""
    best_first = (State.ACCEPTED, State.WAIVED, State.SENT, State.REJECTED)
    found = set(states)
    return next((state for state in best_first if state in found), State.WANTED)


def due_on(submitted_on: date, days: int) -> date:
    """The last day, inclusive, on which a paper is in time; ``submitted_on`` is the civil day in the applicant's state."""
    return submitted_on + timedelta(days=days)


def is_late(state: State, *, due: date | None, today: date) -> bool:
    """Is something that must be sent overdue? What is with the carrier is not, and a due day itself is in time."""
    return due is not None and state in OPEN and today > due


# Ours: two weeks are enough to ask for a paper, three days to send one that is at hand; then once more when it is late.
REMINDERS = (14, 3)
LATE = -1
# A notice later than this after the due day helps nobody.
TOLD_AFTERWARDS_DAYS = 7


def reminder_due(*, due: date, today: date) -> int | None:
    """The reminder that fits today: 14 or 3 when at most so many days are left, ``LATE`` after the due day, or ``None``.

    The latest that applies, so that a day on which nobody was told is made up for. ``due`` is the last day in time; both are
    civil days in the applicant's state.
    """
    left = (due - today).days
    if left < 0:
        return LATE if left >= -TOLD_AFTERWARDS_DAYS else None
    return min((days for days in REMINDERS if left <= days), default=None)
