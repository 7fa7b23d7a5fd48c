"""What of a status is kept with the row: how long it holds, and the clock of grace."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.rules.grace_tables import Channel, TermBasis
from clients.rules.policy_status import OPEN_END, PolicyFacts, PolicyStatus, policy_status
from clients.rules.standing import standing

pytestmark = [pytest.mark.no_db, pytest.mark.feature("REP_05")]

ONE_DAY = timedelta(days=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def with_credit(**changes) -> PolicyFacts:
    """Texas, tax credit on exchange, paid to 1 November 2026."""
    facts = PolicyFacts(
        effective_date=day("2026-01-01"),
        channel=Channel.ON_EXCHANGE,
        state="TX",
        aptc=True,
        net_premium=Decimal("412.55"),
        binder_paid=True,
        paid_to=day("2026-11-01"),
    )
    return replace(facts, **changes)


def without_credit(**changes) -> PolicyFacts:
    return with_credit(**{"aptc": False, "channel": Channel.OFF_EXCHANGE, **changes})


@pytest.mark.parametrize(
    ("facts", "today", "status", "holds_until"),
    [
        (with_credit(), "2026-10-20", "ACTIVE", "2026-11-01"),
        (with_credit(), "2026-11-01", "ACTIVE", "2026-11-01"),
        (with_credit(), "2026-11-02", "GRACE", "2027-01-31"),
        (with_credit(), "2027-02-01", "TERMED", "9999-12-31"),
        (with_credit(term_date=day("2026-12-15")), "2026-11-02", "GRACE", "2026-12-15"),
        (with_credit(term_date=OPEN_END), "2026-11-02", "GRACE", "2027-01-31"),
        (
            with_credit(effective_date=day("2027-01-01"), paid_to=day("2027-02-01")),
            "2026-11-02",
            "FUTURE",
            "2026-12-31",
        ),
        (with_credit(net_premium=Decimal(0)), "2026-11-02", "ACTIVE", "9999-12-31"),
        (without_credit(), "2026-11-02", "GRACE", "2026-12-01"),
        (without_credit(state="MT"), "2026-11-02", "GRACE", "9999-12-31"),
        (without_credit(state="MT", notice_mailed=day("2026-11-10")), "2026-11-02", "GRACE", "2026-12-10"),
        (with_credit(binder_paid=False, paid_to=None), "2026-01-15", "INITIAL_PAYMENT_DUE", "2026-01-31"),
        (
            with_credit(binder_paid=False, paid_to=None, binder_due=day("2026-02-10")),
            "2026-01-15",
            "INITIAL_PAYMENT_DUE",
            "2026-02-10",
        ),
        (with_credit(binder_paid=False, paid_to=None), "2026-02-01", "CANCELLED", "9999-12-31"),
        (with_credit(term_date=day("2026-06-30")), "2026-07-01", "TERMED", "9999-12-31"),
    ],
)
def test_a_status_holds_through_its_last_day(facts, today, status, holds_until):
    kept = standing(facts, today=day(today))
    assert (kept.status, kept.holds_until) == (PolicyStatus[status], day(holds_until))


def test_the_clock_of_grace_is_kept_while_arrears_remain_and_ends_when_premiums_reach_past_the_day():
    facts = with_credit()
    clock = standing(facts, today=day("2026-11-02")).grace_started
    assert clock == day("2026-11-01")
    one_month_paid = replace(facts, paid_to=day("2026-12-01"), grace_started=clock)
    assert standing(one_month_paid, today=day("2026-12-05")).grace_started == clock
    assert standing(one_month_paid, today=day("2027-02-01")).status is PolicyStatus.TERMED
    all_paid = replace(facts, paid_to=day("2027-01-01"), grace_started=clock)
    assert standing(all_paid, today=day("2026-12-05")).grace_started is None


def test_a_partial_payment_after_the_end_of_grace_does_not_begin_a_new_one():
    ended = standing(with_credit(), today=day("2027-02-01"))
    assert (ended.status, ended.grace_started, ended.term_date) == (
        PolicyStatus.TERMED,
        day("2026-11-01"),
        day("2026-11-30"),
    )
    late = with_credit(paid_to=day("2027-01-15"), grace_started=ended.grace_started)
    assert standing(late, today=day("2027-02-02")).status is PolicyStatus.TERMED


def test_a_term_date_is_worked_out_only_where_the_carrier_has_told_none():
    assert standing(with_credit(), today=day("2027-02-01")).term_date == day("2026-11-30")
    assert standing(with_credit(term_date=day("2026-06-30")), today=day("2026-07-01")).term_date is None
    assert standing(with_credit(), today=day("2026-11-02")).term_date is None


# A narrow span, so that the days often meet.
days = st.dates(min_value=date(2025, 10, 1), max_value=date(2027, 3, 31))
maybe = st.none() | days
anything = st.builds(
    PolicyFacts,
    effective_date=days,
    channel=st.sampled_from(Channel),
    state=st.sampled_from(["IL", "MT", "NM", "OK", "TX"]),
    aptc=st.booleans(),
    net_premium=st.sampled_from([None, Decimal(0), Decimal("412.55")]),
    binder_paid=st.none() | st.booleans(),
    paid_to=maybe,
    term_date=maybe | st.just(OPEN_END),
    binder_due=maybe,
    grace_started=maybe,
    notice_mailed=maybe,
    grace_days=st.none() | st.integers(1, 120),
    term_basis=st.none() | st.sampled_from(TermBasis),
)


@given(facts=anything, today=days)
@example(facts=without_credit(state="MT", notice_mailed=date(2026, 12, 20)), today=date(2026, 11, 5))
@pytest.mark.long
def test_the_status_is_the_same_on_every_day_it_holds_and_another_on_the_day_after(facts, today):
    kept = standing(facts, today=today)
    assert kept.status is policy_status(facts, today=today).status
    assert kept.holds_until >= today
    facts = replace(facts, grace_started=kept.grace_started)
    last = min(kept.holds_until, today + timedelta(days=900))
    for ahead in range((last - today).days + 1):
        assert policy_status(facts, today=today + timedelta(days=ahead)).status is kept.status
    if kept.holds_until != OPEN_END:
        assert policy_status(facts, today=kept.holds_until + ONE_DAY).status is not kept.status


@given(facts=anything, today=days, later=st.integers(0, 500))
def test_keeping_the_clock_changes_no_later_answer_while_nothing_is_paid(facts, today, later):
    kept = replace(facts, grace_started=standing(facts, today=today).grace_started)
    then = today + timedelta(days=later)
    if facts.paid_to is not None and facts.paid_to > today:
        facts = replace(facts, grace_started=None)  # paid ahead: what stood there is a leftover
    assert standing(kept, today=then).status is standing(facts, today=then).status


@given(facts=anything, today=days)
@example(
    facts=PolicyFacts(
        effective_date=date(2025, 10, 1),
        channel=Channel.ON_EXCHANGE,
        state="IL",
        aptc=False,
        net_premium=None,
        binder_paid=None,
        paid_to=date(2025, 10, 2),
        grace_started=date(2025, 10, 1),
    ),
    today=date(2025, 10, 1),
)
def test_working_it_out_twice_gives_the_same(facts, today):
    once = standing(facts, today=today)
    assert standing(replace(facts, grace_started=once.grace_started), today=today) == once
