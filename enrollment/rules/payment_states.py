"""What becomes of a payment (PAY_05..09): a table of moves that late, double and unordered news cannot bring out of order.

News comes from a payment service by callback and by being asked; either may be lost, late, double or out of order. Each
state has its place in ``MOVES``: from it only states lead on that are better founded. A payment that was once submitted
cannot be merely scheduled again, money that came can only go back. The state after any news, in whatever order and however
often it came, is therefore the best founded of all that was told.
"""

from enum import StrEnum


class State(StrEnum):
    STARTED = "STARTED"
    EXPIRED = "EXPIRED"
    HELD = "HELD"
    SCHEDULED = "SCHEDULED"
    CANCELLED = "CANCELLED"
    SUBMITTED = "SUBMITTED"
    FAILED = "FAILED"
    SETTLED = "SETTLED"
    RETURNED = "RETURNED"


class Step(StrEnum):
    """What happened. All but HOLD and SCHEDULE are a service's words; those two are its "scheduled" before and after the
    application was accepted (PAY_05)."""

    EXPIRE = "expired"
    HOLD = "held"
    SCHEDULE = "scheduled"
    CANCEL = "cancelled"
    SUBMIT = "submitted"
    FAIL = "failed"
    SETTLE = "settled"
    RETURN = "returned"


LEADS_TO = {
    Step.EXPIRE: State.EXPIRED,
    Step.HOLD: State.HELD,
    Step.SCHEDULE: State.SCHEDULED,
    Step.CANCEL: State.CANCELLED,
    Step.SUBMIT: State.SUBMITTED,
    Step.FAIL: State.FAILED,
    Step.SETTLE: State.SETTLED,
    Step.RETURN: State.RETURNED,
}

_MONEY = frozenset({State.SUBMITTED, State.FAILED, State.SETTLED, State.RETURNED})
# From each state, where it can still get to. What is not here is old news.
MOVES: dict[State, frozenset[State]] = {
    State.STARTED: frozenset({State.EXPIRED, State.HELD, State.SCHEDULED, State.CANCELLED}) | _MONEY,
    State.EXPIRED: frozenset({State.HELD, State.SCHEDULED, State.CANCELLED}) | _MONEY,
    State.HELD: frozenset({State.SCHEDULED, State.CANCELLED}) | _MONEY,
    State.SCHEDULED: frozenset({State.CANCELLED}) | _MONEY,
    # Cancelled too late: the money counts, not the wish.
    State.CANCELLED: _MONEY,
    State.SUBMITTED: frozenset({State.FAILED, State.SETTLED, State.RETURNED}),
    State.FAILED: frozenset({State.SETTLED, State.RETURNED}),
    State.SETTLED: frozenset({State.RETURNED}),
    State.RETURNED: frozenset(),
}

# Nothing was or will be taken: another payment may be begun.
ENDED_WITHOUT_MONEY = frozenset({State.EXPIRED, State.CANCELLED, State.FAILED, State.RETURNED})
# The payer has done their part, or the money has come: no bill is wanted.
PAID_OR_ON_ITS_WAY = frozenset({State.HELD, State.SCHEDULED, State.SUBMITTED, State.SETTLED})
# Asking the service may still bring news. Money that has come may go back (ACH returns, disputes).
MAY_CHANGE = frozenset({State.STARTED, State.HELD, State.SCHEDULED, State.SUBMITTED, State.SETTLED})
# Nothing is on its way to a bank yet.
CAN_BE_CANCELLED = frozenset({State.STARTED, State.HELD, State.SCHEDULED})


def after(state: State, step: Step) -> State:
    """The state after ``step``; the same state when the news is old, double or less well founded than what is known."""
    to = LEADS_TO[step]
    return to if to in MOVES[state] else state
