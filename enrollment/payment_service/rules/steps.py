"""Through which states a payment goes at the payment portal, and by which steps. Pure."""

from enum import StrEnum


class State(StrEnum):
    """Where a payment stands."""

    OPEN = "OPEN"  # nothing entered that could be charged
    REVIEW = "REVIEW"  # details entered, not submitted: nothing will be taken (PAY_07)
    SCHEDULED = "SCHEDULED"  # submitted and held until the application is accepted (PAY_05)
    DUE = "DUE"  # to be charged now
    SENT = "SENT"  # the bank has the debit
    SETTLED = "SETTLED"
    RETURNED = "RETURNED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Step(StrEnum):
    """What happens to a payment."""

    ENTER = "ENTER"  # the payer gives a payment method
    HOLD = "HOLD"  # the payer submits what is held
    PAY = "PAY"  # the payer submits what is charged at once
    DECLINE = "DECLINE"  # the network declines; the payer may use another method
    GIVE_UP = "GIVE_UP"  # declined too often
    RELEASE = "RELEASE"  # the application was accepted
    SEND = "SEND"  # the bank took the debit
    SETTLE = "SETTLE"
    FAIL = "FAIL"
    RETURN = "RETURN"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"


MOVES = {
    (State.OPEN, Step.ENTER): State.REVIEW,
    (State.REVIEW, Step.ENTER): State.REVIEW,
    (State.REVIEW, Step.HOLD): State.SCHEDULED,
    (State.REVIEW, Step.PAY): State.DUE,
    (State.REVIEW, Step.DECLINE): State.OPEN,
    (State.REVIEW, Step.GIVE_UP): State.FAILED,
    (State.SCHEDULED, Step.RELEASE): State.DUE,
    (State.DUE, Step.SEND): State.SENT,
    (State.DUE, Step.SETTLE): State.SETTLED,
    (State.DUE, Step.FAIL): State.FAILED,
    (State.SENT, Step.SETTLE): State.SETTLED,
    (State.SENT, Step.FAIL): State.FAILED,
    (State.SETTLED, Step.RETURN): State.RETURNED,
    (State.OPEN, Step.CANCEL): State.CANCELLED,
    (State.REVIEW, Step.CANCEL): State.CANCELLED,
    (State.SCHEDULED, Step.CANCEL): State.CANCELLED,
    (State.OPEN, Step.EXPIRE): State.EXPIRED,
    (State.REVIEW, Step.EXPIRE): State.EXPIRED,
}

# Before these a payer has submitted nothing; after these nothing was or will be taken.
UNSUBMITTED = frozenset({State.OPEN, State.REVIEW})
ENDED_WITHOUT_MONEY = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})


class Impossible(Exception):
    """This step cannot be taken from this state."""


def after(state: State, step: Step) -> State:
    """The state after the step. Raises ``Impossible``."""
    try:
        return MOVES[state, step]
    except KeyError:
        raise Impossible(f"{step} from {state}") from None
