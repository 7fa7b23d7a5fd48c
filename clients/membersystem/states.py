"""What can become of a change: every allowed step, in one table (ADR 0014)."""

from enum import StrEnum

from clients.models import MemberChange

Status = MemberChange.Status


class Step(StrEnum):
    """Something that happens to a change."""

    SEND = "SEND"  # it was handed over; the answer comes later
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    POSTPONE = "POSTPONE"  # could not be handed over, or is handed back without a try
    GIVE_UP = "GIVE_UP"
    MERGE = "MERGE"  # a newer change took its values along
    UNDO = "UNDO"  # changed back before anything was sent
    RETRY = "RETRY"  # the carrier's staff
    CLOSE = "CLOSE"  # the carrier's staff, with a note


class NotPossible(Exception):
    """The step cannot happen to a change in this state."""


MOVES: dict[tuple[str, Step], Status] = {
    (Status.PENDING, Step.SEND): Status.SENT,
    (Status.PENDING, Step.ACCEPT): Status.ACKED,
    (Status.PENDING, Step.REJECT): Status.REJECTED,
    (Status.PENDING, Step.POSTPONE): Status.PENDING,
    (Status.PENDING, Step.GIVE_UP): Status.DEAD,
    (Status.PENDING, Step.MERGE): Status.SUPERSEDED,
    (Status.PENDING, Step.UNDO): Status.CLOSED,
    (Status.SENT, Step.ACCEPT): Status.ACKED,
    (Status.SENT, Step.REJECT): Status.REJECTED,
    # For one that was never answered: both after 24 hours only.
    (Status.SENT, Step.RETRY): Status.PENDING,
    (Status.SENT, Step.CLOSE): Status.CLOSED,
    (Status.REJECTED, Step.RETRY): Status.PENDING,
    (Status.REJECTED, Step.CLOSE): Status.CLOSED,
    # It had arrived after all: the worker was killed, or the line went down, before the portal knew.
    (Status.DEAD, Step.ACCEPT): Status.ACKED,
    (Status.DEAD, Step.REJECT): Status.REJECTED,
    (Status.DEAD, Step.RETRY): Status.PENDING,
    (Status.DEAD, Step.CLOSE): Status.CLOSED,
    # Somebody closed it, then the answer came: the member system has the change, so the page must show it.
    (Status.CLOSED, Step.ACCEPT): Status.ACKED,
}


def after(status: str, step: Step) -> Status:
    """The state after the step. Raises ``NotPossible``."""
    try:
        return MOVES[(status, step)]
    except KeyError:
        raise NotPossible(f"{step} cannot happen to a change that is {status}.") from None
