"""Status, grace periods and first payments: the table of expected values, the edges by hand, and laws for all dates."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.rules import grace_tables
from clients.rules.dated import add_months, first_of_month, last_of_month, row_in_force
from clients.rules.grace_tables import AptcGraceRule, Channel, TermBasis, binder_deadline
from clients.rules.policy_status import (
    Claims,
    DataFlag,
    PolicyFacts,
    PolicyStatus,
    ReportStatus,
    StatusDecision,
    policy_status,
    report_note,
    report_status,
    statuses_shown_as,
)
from portal.management.vectors.policy_status import CHECKER
from portal.management.vectors.table import Table, read_table

pytestmark = [pytest.mark.no_db, pytest.mark.feature("REP_05")]

TABLE = read_table(Path(__file__).parents[1] / "data" / "vectors" / "policy_status.csv")


def day(text: str) -> date:
    return date.fromisoformat(text)


def on_exchange(**changes) -> PolicyFacts:
    """A Texas policy with tax credit, in force since January 2026 and paid to 1 November."""
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


def off_exchange(**changes) -> PolicyFacts:
    """The same policy off exchange, without tax credit."""
    return replace(on_exchange(aptc=False, channel=Channel.OFF_EXCHANGE), **changes)


def montana(**changes) -> PolicyFacts:
    """Off exchange in Montana, paid to 1 October."""
    return off_exchange(**{"state": "MT", "paid_to": day("2026-10-01"), **changes})


def unpaid_binder(**changes) -> PolicyFacts:
    """Coverage from 1 January 2027 whose first payment is missing."""
    first = day("2027-01-01")
    return on_exchange(**{"effective_date": first, "paid_to": first, "binder_paid": False, **changes})


def decide(facts: PolicyFacts, today: str) -> StatusDecision:
    return policy_status(facts, today=day(today))


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.id)
def test_table_of_expected_statuses(row):
    (outcome,) = CHECKER.check(Table(TABLE.header, (row,)))
    assert not outcome.failed, outcome.sentence


class TestActive:
    @pytest.mark.parametrize("facts", [on_exchange(), off_exchange()])
    def test_premium_is_on_time_on_its_due_date_and_late_the_day_after(self, facts):
        assert decide(facts, "2026-11-01").status is PolicyStatus.ACTIVE
        assert decide(facts, "2026-11-02").status is PolicyStatus.GRACE

    @pytest.mark.parametrize("facts", [on_exchange(), off_exchange(), montana()])
    @pytest.mark.parametrize("net_premium", ["0.00", "-3.10"])
    def test_no_premium_means_nothing_can_be_overdue(self, facts, net_premium):
        decision = decide(replace(facts, net_premium=Decimal(net_premium), paid_to=day("2026-02-01")), "2026-11-21")
        assert (decision.status, decision.claims) == (PolicyStatus.ACTIVE, Claims.PAY)

    def test_one_cent_is_a_premium(self):
        assert decide(on_exchange(net_premium=Decimal("0.01")), "2026-11-02").status is PolicyStatus.GRACE

    def test_last_covered_day_is_still_active(self):
        facts = on_exchange(paid_to=day("2027-01-01"), term_date=day("2026-11-21"))
        assert decide(facts, "2026-11-21").status is PolicyStatus.ACTIVE
        assert decide(facts, "2026-11-22").status is PolicyStatus.TERMED

    def test_open_end_is_no_term_date(self):
        decision = decide(on_exchange(term_date=date(9999, 12, 31), paid_to=day("2026-12-01")), "2026-11-21")
        assert (decision.status, decision.term_shown) == (PolicyStatus.ACTIVE, None)
        assert "12/31/9999" not in decision.explanation

    def test_missing_paid_to_date_is_flagged_and_calls_nothing_overdue(self):
        decision = decide(on_exchange(paid_to=None), "2026-11-21")
        assert (decision.status, decision.data_flags) == (PolicyStatus.ACTIVE, (DataFlag.PAID_TO_UNKNOWN,))

    def test_reinstated_policy_is_active_again(self):
        lapsed = off_exchange(paid_to=day("2026-09-01"), term_date=day("2026-08-31"))
        assert decide(lapsed, "2026-11-21").status is PolicyStatus.TERMED
        reinstated = replace(lapsed, term_date=None, paid_to=day("2026-12-01"))
        assert decide(reinstated, "2026-11-21").status is PolicyStatus.ACTIVE


class TestFuture:
    def test_coverage_starts_on_the_effective_date(self):
        facts = on_exchange(effective_date=day("2027-01-01"), paid_to=day("2027-02-01"))
        eve, first = decide(facts, "2026-12-31"), decide(facts, "2027-01-01")
        assert (eve.status, eve.claims, eve.days_left) == (PolicyStatus.FUTURE, None, None)
        assert first.status is PolicyStatus.ACTIVE

    def test_zero_premium_needs_no_first_payment_to_wait_for_its_start(self):
        decision = decide(unpaid_binder(net_premium=Decimal("0")), "2026-11-21")
        assert decision.status is PolicyStatus.FUTURE
        assert "no premium to pay" in decision.explanation


class TestFirstPayment:
    def test_deadline_day_is_in_time_and_the_day_after_cancels(self):
        facts = unpaid_binder(binder_due=day("2027-01-31"))
        last, after = decide(facts, "2027-01-31"), decide(facts, "2027-02-01")
        assert (last.status, last.days_left, last.term_shown) == (PolicyStatus.INITIAL_PAYMENT_DUE, 0, None)
        assert (after.status, after.term_shown) == (PolicyStatus.CANCELLED, day("2027-01-01"))
        assert (after.grace_end, after.claims, after.days_left) == (None, None, None)

    def test_it_outranks_a_future_start(self):
        assert decide(unpaid_binder(), "2026-11-21").status is PolicyStatus.INITIAL_PAYMENT_DUE

    @pytest.mark.parametrize("channel", list(Channel))
    def test_missing_deadline_is_thirty_days_after_the_effective_date(self, channel):
        facts = unpaid_binder(channel=channel, aptc=False)
        decision = decide(facts, "2027-01-31")
        assert (decision.status, decision.days_left) == (PolicyStatus.INITIAL_PAYMENT_DUE, 0)
        assert decision.data_flags == (DataFlag.BINDER_DUE_ASSUMED,)
        assert decide(facts, "2027-02-01").status is PolicyStatus.CANCELLED

    def test_deadline_crosses_a_leap_day(self):
        assert binder_deadline(Channel.ON_EXCHANGE, effective_date=day("2028-02-01")) == day("2028-03-02")

    def test_special_start_counts_from_receipt_of_the_enrollment(self):
        due = binder_deadline(Channel.ON_EXCHANGE, effective_date=day("2026-10-03"), received_on=day("2026-11-20"))
        assert due == day("2026-12-20")

    def test_tax_credit_gives_no_grace_before_it(self):
        assert decide(unpaid_binder(), "2027-02-01").status is PolicyStatus.CANCELLED

    @pytest.mark.parametrize(
        ("paid_to", "status"),
        [("2026-01-01", PolicyStatus.CANCELLED), ("2026-02-01", PolicyStatus.TERMED), (None, PolicyStatus.ACTIVE)],
    )
    def test_unknown_first_payment_is_read_off_the_paid_to_date(self, paid_to, status):
        decision = decide(on_exchange(binder_paid=None, paid_to=paid_to and day(paid_to)), "2026-11-21")
        assert decision.status is status
        assert DataFlag.FIRST_PAYMENT_UNKNOWN in decision.data_flags

    def test_missing_first_payment_with_money_past_the_first_day_is_flagged(self):
        facts = unpaid_binder(paid_to=day("2027-02-01"), binder_due=day("2027-01-31"))
        decision = decide(facts, "2027-01-15")
        assert decision.status is PolicyStatus.INITIAL_PAYMENT_DUE
        assert decision.data_flags == (DataFlag.FIRST_PAYMENT_CONTRADICTS_PAID_TO,)


class TestCarrierEnd:
    def test_end_before_the_first_day_cancels_and_shows_the_effective_date(self):
        decision = decide(on_exchange(term_date=day("2025-12-31")), "2026-11-21")
        assert (decision.status, decision.term_shown) == (PolicyStatus.CANCELLED, day("2026-01-01"))

    def test_end_on_the_first_day_cancels_an_unpaid_policy(self):
        facts = unpaid_binder(term_date=day("2027-01-01"))
        assert decide(facts, "2026-11-21").status is PolicyStatus.CANCELLED

    def test_end_on_the_first_day_leaves_a_paid_policy_one_day(self):
        facts = on_exchange(effective_date=day("2026-11-21"), paid_to=day("2026-12-01"), term_date=day("2026-11-21"))
        assert decide(facts, "2026-11-21").status is PolicyStatus.ACTIVE
        ended = decide(facts, "2026-11-22")
        assert (ended.status, ended.term_shown) == (PolicyStatus.TERMED, day("2026-11-21"))

    def test_carrier_end_hides_grace(self):
        decision = decide(on_exchange(term_date=day("2026-11-20")), "2026-11-21")
        assert (decision.status, decision.term_shown) == (PolicyStatus.TERMED, day("2026-11-20"))
        assert (decision.grace_end, decision.grace_month, decision.claims) == (None, None, None)

    def test_future_end_before_the_unpaid_end_is_the_end_if_unpaid(self):
        decision = decide(on_exchange(term_date=day("2026-11-25")), "2026-11-21")
        assert (decision.term_if_unpaid, decision.grace_end) == (day("2026-11-25"), day("2027-01-31"))
        assert decision.explanation.count("11/25/2026") == 1

    def test_future_end_does_not_survive_exhausted_grace(self):
        decision = decide(off_exchange(term_date=day("2026-12-31")), "2026-12-02")
        assert (decision.status, decision.term_shown) == (PolicyStatus.TERMED, day("2026-10-31"))


class TestGraceWithTaxCredit:
    @pytest.mark.parametrize(
        ("today", "month", "claims", "days_left"),
        [
            ("2026-11-02", 1, Claims.PAY, 90),
            ("2026-11-30", 1, Claims.PAY, 62),
            ("2026-12-01", 2, Claims.PEND, 61),
            ("2026-12-31", 2, Claims.PEND, 31),
            ("2027-01-01", 3, Claims.PEND, 30),
            ("2027-01-31", 3, Claims.PEND, 0),
        ],
    )
    def test_three_consecutive_months(self, today, month, claims, days_left):
        decision = decide(on_exchange(), today)
        assert (decision.status, decision.grace_month, decision.claims) == (PolicyStatus.GRACE, month, claims)
        assert (decision.days_left, decision.grace_end) == (days_left, day("2027-01-31"))
        assert (decision.grace_start, decision.term_if_unpaid) == (day("2026-11-01"), day("2026-11-30"))

    def test_exhausted_ends_with_the_first_month(self):
        decision = decide(on_exchange(), "2027-02-01")
        assert (decision.status, decision.term_shown) == (PolicyStatus.TERMED, day("2026-11-30"))
        assert (decision.grace_end, decision.grace_start, decision.grace_month) == (day("2027-01-31"), None, None)
        assert (decision.days_left, decision.term_if_unpaid, decision.claims) == (None, None, None)

    @pytest.mark.parametrize(
        ("paid_to", "grace_end", "term"),
        [
            ("2026-12-01", "2027-02-28", "2026-12-31"),
            ("2027-12-01", "2028-02-29", "2027-12-31"),
            ("2027-02-01", "2027-04-30", "2027-02-28"),
            ("2028-02-01", "2028-04-30", "2028-02-29"),
            ("2026-11-15", "2027-02-14", "2026-12-14"),
            ("2026-11-30", "2027-02-27", "2026-12-29"),
        ],
    )
    def test_months_end_with_the_calendar(self, paid_to, grace_end, term):
        facts = on_exchange(paid_to=day(paid_to))
        last = decide(facts, grace_end)
        assert (last.status, last.grace_month, last.days_left) == (PolicyStatus.GRACE, 3, 0)
        assert last.term_if_unpaid == day(term)
        assert policy_status(facts, today=day(grace_end) + timedelta(days=1)).term_shown == day(term)

    def test_paying_one_month_does_not_restart_the_clock(self):
        facts = on_exchange(grace_started=day("2026-09-01"))
        decision = decide(facts, "2026-11-21")
        assert (decision.grace_month, decision.grace_start) == (3, day("2026-09-01"))
        assert (decision.grace_end, decision.term_if_unpaid) == (day("2026-11-30"), day("2026-09-30"))
        exhausted = decide(facts, "2026-12-01")
        assert (exhausted.status, exhausted.term_shown) == (PolicyStatus.TERMED, day("2026-09-30"))

    def test_running_clock_goes_on_while_money_reaches_only_to_today(self):
        facts = on_exchange(paid_to=day("2026-12-01"), grace_started=day("2026-10-01"))
        assert decide(facts, "2026-12-01").status is PolicyStatus.GRACE

    def test_money_past_today_has_paid_all_arrears(self):
        facts = on_exchange(paid_to=day("2026-12-01"), grace_started=day("2026-10-01"))
        decision = decide(facts, "2026-11-30")
        assert decision.status is PolicyStatus.ACTIVE
        assert decision.data_flags == (DataFlag.GRACE_START_CONTRADICTS_PAID_TO,)

    def test_clock_that_starts_with_today_s_due_date_is_not_running_yet(self):
        facts = on_exchange(grace_started=day("2026-11-01"))
        assert decide(facts, "2026-11-01").status is PolicyStatus.ACTIVE
        assert decide(facts, "2026-11-02").grace_month == 1

    def test_payment_taken_back_counts_from_the_older_debt(self):
        decision = decide(on_exchange(paid_to=day("2026-10-01"), grace_started=day("2026-11-01")), "2026-11-21")
        assert (decision.grace_start, decision.grace_month) == (day("2026-10-01"), 2)
        assert decision.data_flags == (DataFlag.GRACE_START_CONTRADICTS_PAID_TO,)

    def test_stored_clock_counts_without_a_paid_to_date(self):
        decision = decide(on_exchange(paid_to=None, grace_started=day("2026-11-01")), "2026-12-15")
        assert (decision.grace_month, decision.term_if_unpaid) == (2, day("2026-11-30"))
        assert decision.data_flags == (DataFlag.PAID_TO_UNKNOWN,)

    def test_one_clock_runs_into_the_renewal(self):
        renewal = on_exchange(
            effective_date=day("2027-01-01"), paid_to=day("2027-01-01"), grace_started=day("2026-12-01")
        )
        decision = decide(renewal, "2027-01-15")
        assert (decision.grace_month, decision.grace_end) == (2, day("2027-02-28"))
        assert (decision.term_if_unpaid, decision.data_flags) == (day("2026-12-31"), ())

    def test_montana_with_tax_credit_follows_the_federal_rule(self):
        facts = on_exchange(state="MT", notice_mailed=day("2026-08-01"))
        decision = decide(facts, "2026-11-21")
        assert (decision.grace_end, decision.claims, decision.data_flags) == (day("2027-01-31"), Claims.PAY, ())

    def test_contract_settings_do_not_touch_it(self):
        facts = on_exchange(grace_days=10, term_basis=TermBasis.END_OF_GRACE)
        assert decide(facts, "2026-11-21").grace_end == day("2027-01-31")
        assert decide(facts, "2026-11-21").term_if_unpaid == day("2026-11-30")


class TestGraceWithoutTaxCredit:
    @pytest.mark.parametrize("state", ["IL", "NM", "OK", "TX"])
    @pytest.mark.parametrize("channel", list(Channel))
    def test_due_date_is_day_one_of_thirty_one(self, state, channel):
        facts = off_exchange(state=state, channel=channel)
        last, after = decide(facts, "2026-12-01"), decide(facts, "2026-12-02")
        assert (last.status, last.days_left, last.claims) == (PolicyStatus.GRACE, 0, Claims.CONTRACT)
        assert (last.grace_month, last.term_if_unpaid) == (1, day("2026-10-31"))
        assert (after.status, after.term_shown) == (PolicyStatus.TERMED, day("2026-10-31"))
        assert after.grace_end == day("2026-12-01")

    def test_contract_may_name_other_days(self):
        facts = off_exchange(grace_days=30)
        assert decide(facts, "2026-11-30").days_left == 0
        assert decide(facts, "2026-12-01").status is PolicyStatus.TERMED

    def test_one_day_of_grace_is_the_due_date_alone(self):
        assert decide(off_exchange(grace_days=1), "2026-11-02").status is PolicyStatus.TERMED

    def test_no_days_of_grace_are_refused(self):
        with pytest.raises(ValueError, match="at least 1"):
            off_exchange(grace_days=0)

    def test_coverage_may_last_through_grace(self):
        facts = off_exchange(term_basis=TermBasis.END_OF_GRACE)
        assert decide(facts, "2026-11-21").term_if_unpaid == day("2026-12-01")
        assert decide(facts, "2026-12-02").term_shown == day("2026-12-01")

    def test_ends_with_what_is_paid_even_when_grace_counts_from_earlier(self):
        decision = decide(off_exchange(grace_started=day("2026-10-15")), "2026-11-10")
        assert (decision.grace_end, decision.term_if_unpaid) == (day("2026-11-14"), day("2026-10-31"))

    def test_tax_credit_off_exchange_is_flagged_and_earns_no_months(self):
        decision = decide(off_exchange(aptc=True), "2026-11-21")
        assert (decision.grace_end, decision.claims) == (day("2026-12-01"), Claims.CONTRACT)
        assert decision.data_flags == (DataFlag.APTC_OFF_EXCHANGE,)

    def test_unknown_state_gets_the_common_days_and_a_flag(self):
        decision = decide(off_exchange(state="WY"), "2026-11-21")
        assert (decision.grace_end, decision.data_flags) == (day("2026-12-01"), (DataFlag.STATE_UNKNOWN,))


class TestMontanaNotice:
    def test_without_notice_grace_has_no_end(self):
        decision = decide(montana(paid_to=day("2026-02-01")), "2026-11-21")
        assert (decision.status, decision.grace_month) == (PolicyStatus.GRACE, 1)
        assert (decision.grace_end, decision.days_left, decision.term_if_unpaid) == (None, None, None)
        assert decision.data_flags == ()

    def test_without_notice_coverage_through_grace_has_no_end_either(self):
        facts = montana(term_basis=TermBasis.END_OF_GRACE)
        assert decide(facts, "2026-11-21").term_if_unpaid is None

    def test_notice_runs_thirty_days_beside_grace(self):
        facts = montana(notice_mailed=day("2026-10-10"))
        last, after = decide(facts, "2026-11-09"), decide(facts, "2026-11-10")
        assert (last.grace_end, last.days_left, last.term_if_unpaid) == (day("2026-11-09"), 0, day("2026-09-30"))
        assert (after.status, after.term_shown) == (PolicyStatus.TERMED, day("2026-09-30"))

    def test_longer_grace_outlasts_the_notice(self):
        facts = montana(notice_mailed=day("2026-10-01"), grace_days=60)
        assert decide(facts, "2026-10-20").grace_end == day("2026-11-29")

    @pytest.mark.parametrize(
        ("mailed", "term"),
        [("2026-09-25", "2026-09-30"), ("2026-10-16", "2026-09-30"), ("2026-10-17", "2026-10-16")],
    )
    def test_only_a_notice_within_fifteen_days_of_the_due_date_reaches_back(self, mailed, term):
        assert decide(montana(notice_mailed=day(mailed)), "2026-10-20").term_if_unpaid == day(term)

    def test_late_notice_never_takes_back_days_already_paid(self):
        facts = montana(grace_started=day("2026-09-01"), paid_to=day("2026-11-01"), notice_mailed=day("2026-10-20"))
        assert decide(facts, "2026-11-05").term_if_unpaid == day("2026-10-31")

    def test_coverage_through_grace_lasts_through_the_notice(self):
        facts = montana(notice_mailed=day("2026-10-20"), term_basis=TermBasis.END_OF_GRACE)
        assert decide(facts, "2026-11-20").term_shown == day("2026-11-19")

    @pytest.mark.parametrize("mailed", ["2026-09-15", "2026-10-22"])
    def test_notice_about_an_older_debt_or_dated_ahead_is_not_counted(self, mailed):
        decision = decide(montana(notice_mailed=day(mailed)), "2026-10-21")
        assert (decision.status, decision.grace_end) == (PolicyStatus.GRACE, None)
        assert decision.data_flags == (DataFlag.NOTICE_NOT_COUNTED,)

    @pytest.mark.parametrize("mailed", ["2026-09-16", "2026-10-21"])
    def test_notice_counts_from_fifteen_days_before_the_due_date_to_today(self, mailed):
        decision = decide(montana(notice_mailed=day(mailed)), "2026-10-21")
        assert decision.grace_end is not None
        assert decision.data_flags == ()

    def test_other_states_need_no_notice(self):
        facts = off_exchange(notice_mailed=day("2026-11-20"))
        decision = decide(facts, "2026-11-21")
        assert (decision.grace_end, decision.data_flags) == (day("2026-12-01"), ())


class TestDataFlags:
    @pytest.mark.parametrize(
        ("net_premium", "flags"),
        [
            (None, (DataFlag.NET_PREMIUM_UNKNOWN,)),
            (Decimal("-0.01"), (DataFlag.NET_PREMIUM_NEGATIVE,)),
            (Decimal(0), ()),
        ],
    )
    def test_odd_premiums_are_flagged(self, net_premium, flags):
        assert decide(on_exchange(net_premium=net_premium), "2026-11-21").data_flags == flags

    def test_unknown_premium_counts_as_owed(self):
        assert decide(on_exchange(net_premium=None), "2026-11-21").status is PolicyStatus.GRACE

    def test_whole_facts_raise_no_flag(self):
        for facts in (on_exchange(), off_exchange(), montana(), unpaid_binder(binder_due=day("2027-01-31"))):
            assert decide(facts, "2026-11-21").data_flags == ()

    @pytest.mark.parametrize("flag", list(DataFlag))
    def test_every_flag_has_a_sentence(self, flag):
        assert flag.sentence.endswith(".")


class TestExplanation:
    """Why, since when, until when; never an amount."""

    @pytest.mark.parametrize(
        ("facts", "today", "text"),
        [
            (
                on_exchange(),
                "2026-12-31",
                "Grace period, month 2 of 3, since 11/01/2026: the premium due 11/01/2026 has not been received. "
                "All premiums owed must be received by 01/31/2027 (31 days left). "
                "If they are not, the last day of coverage is 11/30/2026. "
                "Claims may be held until all premiums owed are paid.",
            ),
            (
                off_exchange(term_date=day("2026-12-31")),
                "2026-11-30",
                "Grace period since 11/01/2026: the premium due 11/01/2026 has not been received. "
                "All premiums owed must be received by 12/01/2026 (1 day left). "
                "If they are not, the last day of coverage is 10/31/2026. "
                "The policy ends on 12/31/2026 in any case. "
                "The contract says how claims are handled meanwhile.",
            ),
            (
                montana(),
                "2026-11-21",
                "Grace period since 10/01/2026: the premium due 10/01/2026 has not been received. "
                "Coverage cannot be ended, and no last day to pay is known, before a notice has been mailed. "
                "The contract says how claims are handled meanwhile.",
            ),
            (
                off_exchange(),
                "2026-12-02",
                "Termed for non-payment: the premium due 11/01/2026 was not received by 12/01/2026, "
                "the last day of the grace period. The last day of coverage was 10/31/2026.",
            ),
            (
                on_exchange(term_date=day("2026-11-20")),
                "2026-11-21",
                "Termed: the last day of coverage was 11/20/2026, as the carrier reports.",
            ),
            (
                unpaid_binder(),
                "2027-01-31",
                "The first payment has not been received. It must be received by 01/31/2027 (today is the last day); "
                "coverage from 01/01/2027 is not in force before, and there is no grace period for it.",
            ),
            (
                unpaid_binder(),
                "2027-02-01",
                "Cancelled: the first payment was due by 01/31/2027 and was not received, "
                "so coverage from 01/01/2027 was never in force.",
            ),
            (
                on_exchange(term_date=day("2025-12-31")),
                "2026-11-21",
                "Cancelled by the carrier: the policy would have begun on 01/01/2026 and was never in force.",
            ),
            (
                on_exchange(effective_date=day("2027-01-01"), paid_to=day("2027-02-01")),
                "2026-11-21",
                "Coverage starts on 01/01/2027. The first payment was received.",
            ),
            (on_exchange(), "2026-11-01", "Active: the next premium is due today."),
            (
                on_exchange(term_date=day("2026-10-31")),
                "2026-10-05",
                "Active: premiums are paid and the next one is due on 11/01/2026. Coverage ends on 10/31/2026.",
            ),
            (on_exchange(paid_to=None), "2026-11-21", "Active: how far premiums are paid is not known."),
            (
                on_exchange(net_premium=Decimal("0")),
                "2026-11-21",
                "Active: there is no premium to pay, so nothing can be overdue.",
            ),
        ],
    )
    def test_says_why_since_when_and_until_when(self, facts, today, text):
        assert decide(facts, today).explanation == text

    @pytest.mark.parametrize(
        ("facts", "today", "source"),
        [
            (on_exchange(), "2026-11-21", "45 CFR 156.270(d)"),
            (montana(), "2026-11-21", "MCA 33-22-121"),
            (off_exchange(state="NM"), "2026-11-21", "NMSA 59A-22-6"),
            (unpaid_binder(), "2026-11-21", "45 CFR 155.400(e)(1)"),
        ],
    )
    def test_names_its_source(self, facts, today, source):
        assert decide(facts, today).source.startswith(source)


@pytest.mark.feature("REP_06")
class TestReportStatus:
    def test_guide_s_three_words_take_in_every_status(self):
        assert {status.label: report_status(status).label for status in PolicyStatus} == {
            "Future": "Active",
            "Initial Payment Due": "Active",
            "Active": "Active",
            "Grace Period": "Grace Period",
            "Termed": "Termed",
            "Cancelled": "Termed",
        }

    def test_words_split_all_statuses_without_overlap(self):
        shown = [status for word in ReportStatus for status in statuses_shown_as(word)]
        assert sorted(shown) == sorted(PolicyStatus)

    def test_notes_keep_the_words_honest(self):
        notes = {status: report_note(status, effective_date=day("2027-01-01")) for status in PolicyStatus}
        assert {status: note for status, note in notes.items() if note} == {
            PolicyStatus.FUTURE: "starts 01/01/2027",
            PolicyStatus.INITIAL_PAYMENT_DUE: "first payment not received",
            PolicyStatus.CANCELLED: "never in force",
        }


class TestDatedTables:
    TABLES = (
        grace_tables.APTC_GRACE,
        grace_tables.STATE_GRACE,
        grace_tables.OTHER_STATES_GRACE,
        grace_tables.CANCELLATION_NOTICES,
        grace_tables.BINDERS,
    )

    def test_every_row_has_a_source(self):
        assert all(row.source for table in self.TABLES for row in table)

    def test_latest_row_begun_is_in_force_from_its_first_day(self):
        old, new = (
            AptcGraceRule(
                in_force_from=day(start),
                months=months,
                months_with_claims_paid=1,
                covered_months_if_unpaid=1,
                source="test",
            )
            for start, months in (("2014-01-01", 3), ("2027-01-01", 2))
        )
        for rows in ((old, new), (new, old)):
            assert row_in_force(rows, day("2026-12-31")) is old
            assert row_in_force(rows, day("2027-01-01")) is new
            assert row_in_force(rows, day("2010-01-01")) is old

    def test_empty_table_is_refused(self):
        with pytest.raises(ValueError, match="no row"):
            row_in_force([], day("2026-01-01"))

    @pytest.mark.parametrize(
        ("start", "months", "expected"),
        [
            ("2026-11-30", 3, "2027-02-28"),
            ("2027-11-30", 3, "2028-02-29"),
            ("2026-12-01", 1, "2027-01-01"),
            ("2027-01-31", -2, "2026-11-30"),
            ("2026-01-01", -1, "2025-12-01"),
        ],
    )
    def test_months_are_added_within_the_month(self, start, months, expected):
        assert add_months(day(start), months) == day(expected)

    def test_edges_of_a_month(self):
        assert first_of_month(day("2028-02-29")) == day("2028-02-01")
        assert last_of_month(day("2028-02-01")) == day("2028-02-29")
        assert last_of_month(day("2027-12-31")) == day("2027-12-31")


# A busy machine is slow, not wrong.
patient = settings(deadline=None)
days = st.dates(date(2024, 1, 1), date(2032, 12, 31))
optional_days = st.none() | days
anything = st.builds(
    PolicyFacts,
    effective_date=days,
    channel=st.sampled_from(Channel),
    state=st.sampled_from(["IL", "MT", "NM", "OK", "TX", "WY"]),
    aptc=st.booleans(),
    net_premium=st.none() | st.decimals(-5, 900, places=2),
    binder_paid=st.none() | st.booleans(),
    paid_to=optional_days,
    term_date=optional_days | st.just(date.max),
    binder_due=optional_days,
    grace_started=optional_days,
    notice_mailed=optional_days,
    grace_days=st.none() | st.integers(1, 120),
    term_basis=st.none() | st.sampled_from(TermBasis),
)


@st.composite
def paid_then_silent(draw) -> PolicyFacts:
    """A policy whose first payment came and nothing after ``paid_to``; nothing else is known to end it."""
    effective = draw(days)
    return draw(
        st.builds(
            PolicyFacts,
            effective_date=st.just(effective),
            channel=st.sampled_from(Channel),
            state=st.sampled_from(["IL", "MT", "NM", "OK", "TX"]),
            aptc=st.booleans(),
            net_premium=st.just(Decimal("412.55")),
            binder_paid=st.just(True),
            paid_to=st.integers(1, 400).map(lambda length: effective + timedelta(days=length)),
            grace_days=st.none() | st.integers(1, 120),
            term_basis=st.none() | st.sampled_from(TermBasis),
            notice_mailed=optional_days,
        )
    )


class TestAlways:
    # What each status says, and what it leaves empty.
    SAYS = {
        PolicyStatus.FUTURE: set(),
        PolicyStatus.INITIAL_PAYMENT_DUE: {"days_left"},
        PolicyStatus.ACTIVE: {"claims"},
        PolicyStatus.GRACE: {"grace_month", "grace_start", "claims"},
        PolicyStatus.TERMED: {"term_shown"},
        PolicyStatus.CANCELLED: {"term_shown"},
    }
    MAY_SAY = {
        PolicyStatus.GRACE: {"grace_end", "days_left", "term_if_unpaid"},
        PolicyStatus.TERMED: {"grace_end"},
    }

    @patient
    @given(facts=anything, today=days)
    def test_one_status_for_any_facts_with_its_own_details_and_no_others(self, facts, today):
        decision = policy_status(facts, today=today)
        details = ("term_shown", "grace_month", "grace_start", "grace_end", "days_left", "term_if_unpaid", "claims")
        said = {name for name in details if getattr(decision, name) is not None}
        assert self.SAYS[decision.status] <= said
        assert said <= self.SAYS[decision.status] | self.MAY_SAY.get(decision.status, set())
        assert decision.explanation
        assert "None" not in decision.explanation
        assert len(set(decision.data_flags)) == len(decision.data_flags)

    @patient
    @given(facts=anything, today=days)
    def test_grace_is_a_span_that_holds_today(self, facts, today):
        decision = policy_status(facts, today=today)
        if decision.status is PolicyStatus.GRACE and decision.grace_end:
            assert decision.grace_start
            assert decision.grace_start < today <= decision.grace_end
            assert decision.days_left == (decision.grace_end - today).days
            assert decision.term_if_unpaid
            assert decision.term_if_unpaid <= decision.grace_end
        elif decision.grace_end:
            assert decision.grace_end < today

    @patient
    @given(facts=anything, today=days)
    def test_a_day_later_there_is_a_day_less_to_pay(self, facts, today):
        now, then = (policy_status(facts, today=when) for when in (today, today + timedelta(days=1)))
        if now.days_left is not None and now.days_left > 0 and then.status is now.status:
            assert then.days_left == now.days_left - 1
        if now.days_left == 0:
            assert then.status in {PolicyStatus.TERMED, PolicyStatus.CANCELLED}

    @patient
    @given(facts=paid_then_silent(), step=st.integers(1, 9))
    @pytest.mark.long
    def test_with_nothing_paid_the_status_only_moves_forward(self, facts, step):
        order = [PolicyStatus.FUTURE, PolicyStatus.ACTIVE, PolicyStatus.GRACE, PolicyStatus.TERMED]
        moments = [facts.effective_date + timedelta(days=offset) for offset in range(-10, 700, step)]
        decisions = [policy_status(facts, today=today) for today in moments]
        places = [(order.index(decision.status), decision.grace_month or 0) for decision in decisions]
        assert places == sorted(places)
        if facts.state != "MT":
            assert decisions[-1].status is PolicyStatus.TERMED

    @patient
    @given(facts=paid_then_silent(), wait=st.integers(1, 700))
    def test_the_end_foretold_in_grace_is_the_end_that_comes(self, facts, wait):
        foretold = policy_status(facts, today=facts.paid_to + timedelta(days=wait))
        if foretold.grace_end is not None and foretold.status is PolicyStatus.GRACE:
            ended = policy_status(facts, today=foretold.grace_end + timedelta(days=1))
            assert (ended.status, ended.term_shown) == (PolicyStatus.TERMED, foretold.term_if_unpaid)
            assert ended.grace_end == foretold.grace_end

    @patient
    @given(facts=anything, today=days)
    def test_paying_past_today_always_leaves_grace(self, facts, today):
        paid = replace(facts, paid_to=today + timedelta(days=1))
        assert policy_status(paid, today=today).status is not PolicyStatus.GRACE
