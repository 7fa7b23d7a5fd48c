"""What becomes of a payment: every pair of a state and a step, in any order and however often."""

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.payments.gateways.base import TellState
from enrollment.rules import first_payment
from enrollment.rules.payment_states import (
    CAN_BE_CANCELLED,
    ENDED_WITHOUT_MONEY,
    MAY_CHANGE,
    MOVES,
    PAID_OR_ON_ITS_WAY,
    State,
    Step,
    after,
)

pytestmark = pytest.mark.no_db

# Rows: the state; columns: expired held scheduled cancelled submitted failed settled returned. "." stays as it is.
TABLE = """
STARTED    EXPIRED HELD SCHEDULED CANCELLED SUBMITTED FAILED SETTLED RETURNED
EXPIRED    .       HELD SCHEDULED CANCELLED SUBMITTED FAILED SETTLED RETURNED
HELD       .       .    SCHEDULED CANCELLED SUBMITTED FAILED SETTLED RETURNED
SCHEDULED  .       .    .         CANCELLED SUBMITTED FAILED SETTLED RETURNED
CANCELLED  .       .    .         .         SUBMITTED FAILED SETTLED RETURNED
SUBMITTED  .       .    .         .         .         FAILED SETTLED RETURNED
FAILED     .       .    .         .         .         .      SETTLED RETURNED
SETTLED    .       .    .         .         .         .      .       RETURNED
RETURNED   .       .    .         .         .         .      .       .
"""
STEPS = [Step.EXPIRE, Step.HOLD, Step.SCHEDULE, Step.CANCEL, Step.SUBMIT, Step.FAIL, Step.SETTLE, Step.RETURN]
PAIRS = [
    (State(row.split()[0]), step, State(row.split()[0] if to == "." else to))
    for row in TABLE.strip().splitlines()
    for step, to in zip(STEPS, row.split()[1:], strict=True)
]


@pytest.mark.feature("PAY_05")
@pytest.mark.parametrize(("state", "step", "to"), PAIRS)
def test_every_state_with_every_step(state, step, to):
    assert after(state, step) is to


def test_the_table_holds_every_pair():
    assert {(state, step) for state, step, _ in PAIRS} == {(state, step) for state in State for step in Step}
    assert set(MOVES) == set(State)
    assert {one.value for one in TellState} == {one.value for one in Step} - {"held"}


def test_no_state_is_left_and_come_back_to():
    for state, onward in MOVES.items():
        assert state not in onward
        assert all(state not in MOVES[one] for one in onward)


@given(st.lists(st.sampled_from(STEPS), max_size=12), st.randoms(use_true_random=False))
def test_order_and_repetition_of_news_change_nothing(steps, random):
    def outcome(news):
        state = State.STARTED
        for one in news:
            state = after(state, one)
        return state

    shuffled = [*steps, *steps]
    random.shuffle(shuffled)
    assert outcome(shuffled) is outcome(steps)


def test_money_that_came_is_never_unsaid():
    for order in permutations([Step.SETTLE, Step.CANCEL, Step.EXPIRE, Step.FAIL]):
        state = State.STARTED
        for step in order:
            state = after(state, step)
        assert state is State.SETTLED


def test_each_state_is_where_it_belongs():
    assert ENDED_WITHOUT_MONEY.isdisjoint(PAID_OR_ON_ITS_WAY)
    assert ENDED_WITHOUT_MONEY | PAID_OR_ON_ITS_WAY | {State.STARTED} == set(State)
    assert PAID_OR_ON_ITS_WAY < MAY_CHANGE
    assert CAN_BE_CANCELLED.isdisjoint({State.SUBMITTED, State.SETTLED})


@pytest.mark.feature("PAY_01")
@pytest.mark.parametrize(
    ("effective", "submitted", "due"),
    [
        ("2026-12-01", "2026-11-21", "2026-12-31"),
        ("2026-11-22", "2026-11-21", "2026-12-22"),
        ("2026-11-21", "2026-11-21", "2026-12-21"),
        ("2026-10-01", "2026-11-21", "2026-12-21"),
    ],
)
def test_the_last_day_for_the_first_payment(effective, submitted, due):
    day = date.fromisoformat
    assert first_payment.due_on(effective_date=day(effective), submitted_on=day(submitted)) == day(due)
    assert first_payment.may_need_more(effective_date=day(effective), today=day(submitted)) == (effective < submitted)
