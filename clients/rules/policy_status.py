"""What a policy's status is on a day, and until when its premium can still be paid.

The carrier's feed is the truth; this fills its gaps and shows where the two disagree. Dates are calendar days in
the policy's state. Every date is inclusive, with the trade's one exception: ``paid_to`` is the first day *not yet*
paid for, which makes it the next due date. Medical and dental policies follow the same rules (a stand-alone dental
plan with APTC has the three months too: 50 Ill. Adm. Code 4500.200), so the line of business is not asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from clients.rules import grace_tables, policy_wording
from clients.rules.dated import add_months
from clients.rules.grace_tables import CancellationNoticeRule, Channel, TermBasis

ONE_DAY = timedelta(days=1)
# How carrier systems write "no end"; it means the same as no date.
OPEN_END = date.max


class PolicyStatus(StrEnum):
    """The portal's own status of a policy."""

    FUTURE = "FUTURE"
    INITIAL_PAYMENT_DUE = "INITIAL_PAYMENT_DUE"
    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    TERMED = "TERMED"
    CANCELLED = "CANCELLED"

    @property
    def label(self) -> str:
        """The words shown on screens."""
        return _STATUS_LABELS[self]


_STATUS_LABELS = {
    PolicyStatus.FUTURE: "Future",
    PolicyStatus.INITIAL_PAYMENT_DUE: "Initial Payment Due",
    PolicyStatus.ACTIVE: "Active",
    PolicyStatus.GRACE: "Grace Period",
    PolicyStatus.TERMED: "Termed",
    PolicyStatus.CANCELLED: "Cancelled",
}


class ReportStatus(StrEnum):
    """The three words of the report's Policy Status column (REP_05, REP_06)."""

    GRACE = "GRACE"
    TERMED = "TERMED"
    ACTIVE = "ACTIVE"

    @property
    def label(self) -> str:
        """The words shown on screens."""
        return _REPORT_LABELS[self]


_REPORT_LABELS = {
    ReportStatus.GRACE: "Grace Period",
    ReportStatus.TERMED: "Termed",
    ReportStatus.ACTIVE: "Active",
}

# Every policy stands under exactly one of the three words, so that All = Grace Period + Termed + Active.
REPORT_STATUS = {
    PolicyStatus.FUTURE: ReportStatus.ACTIVE,
    PolicyStatus.INITIAL_PAYMENT_DUE: ReportStatus.ACTIVE,
    PolicyStatus.ACTIVE: ReportStatus.ACTIVE,
    PolicyStatus.GRACE: ReportStatus.GRACE,
    PolicyStatus.TERMED: ReportStatus.TERMED,
    PolicyStatus.CANCELLED: ReportStatus.TERMED,
}


class Claims(StrEnum):
    """What happens to claims meanwhile."""

    PAY = "pay"
    PEND = "pend"
    CONTRACT = "contract"


class DataFlag(StrEnum):
    """Facts that are missing or contradict each other; the decision was made all the same."""

    APTC_OFF_EXCHANGE = "APTC_OFF_EXCHANGE"
    NET_PREMIUM_UNKNOWN = "NET_PREMIUM_UNKNOWN"
    NET_PREMIUM_NEGATIVE = "NET_PREMIUM_NEGATIVE"
    FIRST_PAYMENT_UNKNOWN = "FIRST_PAYMENT_UNKNOWN"
    FIRST_PAYMENT_CONTRADICTS_PAID_TO = "FIRST_PAYMENT_CONTRADICTS_PAID_TO"
    BINDER_DUE_ASSUMED = "BINDER_DUE_ASSUMED"
    PAID_TO_UNKNOWN = "PAID_TO_UNKNOWN"
    GRACE_START_CONTRADICTS_PAID_TO = "GRACE_START_CONTRADICTS_PAID_TO"
    NOTICE_NOT_COUNTED = "NOTICE_NOT_COUNTED"
    STATE_UNKNOWN = "STATE_UNKNOWN"

    @property
    def sentence(self) -> str:
        """What is wrong and what was done about it, fit to show."""
        return policy_wording.DATA_FLAGS[self.value]


@dataclass(frozen=True, kw_only=True)
class PolicyFacts:
    """What is known about one policy.

    ``net_premium``: dollars a month after APTC; None when unknown. ``binder_paid``: whether the first payment was
    received; None when unknown. ``paid_to``: first day not yet paid for. ``term_date``: last covered day, None or
    12/31/9999 for none. ``grace_started``: due date from which the running grace period counts, kept by the portal
    until *all* arrears are paid. ``notice_mailed``: day a cancellation notice was mailed. ``binder_due``,
    ``grace_days`` and ``term_basis`` override the tables where carrier or contract say otherwise.
    Raises ``ValueError`` for ``grace_days`` under 1: the due date itself is day 1.
    """

    effective_date: date
    channel: Channel
    state: str
    aptc: bool
    net_premium: Decimal | None
    binder_paid: bool | None
    paid_to: date | None = None
    term_date: date | None = None
    binder_due: date | None = None
    grace_started: date | None = None
    notice_mailed: date | None = None
    grace_days: int | None = None
    term_basis: TermBasis | None = None

    def __post_init__(self) -> None:
        if self.grace_days is not None and self.grace_days < 1:
            raise ValueError("grace_days counts the due date as day 1, so it is at least 1")

    @property
    def premium_owed(self) -> bool:
        """Whether there is a premium to pay at all; an unknown one counts as owed."""
        return self.net_premium is None or self.net_premium > 0

    @property
    def first_payment_made(self) -> bool:
        """The carrier's word; without it, whether premiums reach past the first day (or nothing is known)."""
        if self.binder_paid is not None:
            return self.binder_paid
        return self.paid_to is None or self.paid_to > self.effective_date

    @property
    def carrier_term_date(self) -> date | None:
        """``term_date`` with 12/31/9999 read as none."""
        return None if self.term_date == OPEN_END else self.term_date


@dataclass(frozen=True, kw_only=True)
class StatusDecision:
    """The status on a day, with what a producer needs to tell the client.

    ``term_shown``: the end date to show. ``grace_month`` counts from 1 (always 1 without APTC). ``grace_end``: last
    day to pay, inclusive, kept on a Termed that was derived from it. ``days_left``: days from today to the last day
    to pay, 0 on that day. ``term_if_unpaid``: last covered day if nothing is paid. ``explanation``: plain words.
    """

    status: PolicyStatus
    explanation: str
    source: str
    term_shown: date | None = None
    grace_month: int | None = None
    grace_start: date | None = None
    grace_end: date | None = None
    days_left: int | None = None
    term_if_unpaid: date | None = None
    claims: Claims | None = None
    data_flags: tuple[DataFlag, ...] = ()


def policy_status(facts: PolicyFacts, *, today: date) -> StatusDecision:
    """Return the policy's status on ``today``, the calendar day in the policy's state. First rule that fits wins."""
    decision = (
        _ended_before_it_began(facts)
        or _first_payment_missing(facts, today)
        or _ended_by_carrier(facts, today)
        or _not_started(facts, today)
        or _overdue(facts, today)
        or _active(facts, today)
    )
    return replace(decision, data_flags=tuple(_data_flags(facts, today)))


def report_status(status: PolicyStatus) -> ReportStatus:
    """Return the report's word for a status: Grace Period, Termed or Active (REP_05, REP_06)."""
    return REPORT_STATUS[status]


def report_note(status: PolicyStatus, *, effective_date: date) -> str:
    """Return the note beside the report's word where the word alone would mislead; else empty."""
    if status is PolicyStatus.FUTURE:
        return f"starts {policy_wording.day_text(effective_date)}"
    return _REPORT_NOTES.get(status, "")


_REPORT_NOTES = {
    PolicyStatus.INITIAL_PAYMENT_DUE: "first payment not received",
    PolicyStatus.CANCELLED: "never in force",
}


def statuses_shown_as(word: ReportStatus) -> frozenset[PolicyStatus]:
    """Return the statuses the report shows under ``word``; for All no filter is needed."""
    return frozenset(status for status, shown in REPORT_STATUS.items() if shown is word)


def _ended_before_it_began(facts: PolicyFacts) -> StatusDecision | None:
    term = facts.carrier_term_date
    if term is None or term > facts.effective_date:
        return None
    # A paid policy may end on its first day: one day of coverage, termed and not cancelled.
    if term == facts.effective_date and facts.first_payment_made:
        return None
    return StatusDecision(
        status=PolicyStatus.CANCELLED,
        term_shown=facts.effective_date,
        explanation=policy_wording.cancelled_by_carrier(facts.effective_date),
        source="45 CFR 155.430(e)(2)",
    )


def _first_payment_missing(facts: PolicyFacts, today: date) -> StatusDecision | None:
    if facts.first_payment_made or not facts.premium_owed:
        return None
    due = facts.binder_due or grace_tables.binder_deadline(facts.channel, effective_date=facts.effective_date)
    source = grace_tables.binder_rule(facts.channel, on=facts.effective_date).source
    if today > due:
        return StatusDecision(
            status=PolicyStatus.CANCELLED,
            term_shown=facts.effective_date,
            explanation=policy_wording.cancelled_unpaid(facts.effective_date, due=due),
            source=source,
        )
    days_left = (due - today).days
    return StatusDecision(
        status=PolicyStatus.INITIAL_PAYMENT_DUE,
        days_left=days_left,
        explanation=policy_wording.first_payment_due(facts.effective_date, due=due, days_left=days_left),
        source=source,
    )


def _ended_by_carrier(facts: PolicyFacts, today: date) -> StatusDecision | None:
    term = facts.carrier_term_date
    if term is None or today <= term:
        return None
    return StatusDecision(
        status=PolicyStatus.TERMED,
        term_shown=term,
        explanation=policy_wording.termed_by_carrier(term),
        source="45 CFR 155.430(e)(1)",
    )


def _not_started(facts: PolicyFacts, today: date) -> StatusDecision | None:
    if today >= facts.effective_date:
        return None
    return StatusDecision(
        status=PolicyStatus.FUTURE,
        explanation=policy_wording.future(facts.effective_date, premium_owed=facts.premium_owed),
        source="45 CFR 155.400(e)",
    )


def _overdue(facts: PolicyFacts, today: date) -> StatusDecision | None:
    debt = _overdue_debt(facts, today)
    if debt is None:
        return None
    grace = _aptc_grace(debt, today) if _has_aptc_grace(facts) else _contract_grace(facts, debt, today)
    if grace.deadline is not None and today > grace.deadline.last_day_to_pay:
        return _termed_unpaid(debt, grace.deadline, source=grace.source)
    return _in_grace(facts, debt, grace, today)


def _active(facts: PolicyFacts, today: date) -> StatusDecision:
    return StatusDecision(
        status=PolicyStatus.ACTIVE,
        claims=Claims.PAY,
        explanation=policy_wording.active(
            premium_owed=facts.premium_owed, paid_to=facts.paid_to, today=today, term_date=facts.carrier_term_date
        ),
        source="45 CFR 155.400(e)",
    )


@dataclass(frozen=True, kw_only=True)
class _Debt:
    """Unpaid premium: the due date grace counts from, and the first day not paid for by now."""

    grace_start: date
    unpaid_from: date


def _overdue_debt(facts: PolicyFacts, today: date) -> _Debt | None:
    """The debt whose due date has passed; on the due date itself the premium is still on time.

    A stored grace period goes on while money only catches up to today or less: one month's payment does not restart
    the clock. Once premiums reach past today all arrears are paid, and a start still on file is a leftover.
    """
    unpaid_from = facts.grace_started if facts.paid_to is None else facts.paid_to
    if unpaid_from is None or not facts.premium_owed:
        return None
    # A paid-to date before the stored start (a payment taken back) shows an older debt, and grace runs from that.
    grace_start = min(facts.grace_started or unpaid_from, unpaid_from)
    if today <= grace_start or today < unpaid_from:
        return None
    return _Debt(grace_start=grace_start, unpaid_from=unpaid_from)


@dataclass(frozen=True, kw_only=True)
class _Deadline:
    """Last day to pay, and the last day of coverage if that passes unpaid; both inclusive."""

    last_day_to_pay: date
    last_covered_day: date


@dataclass(frozen=True, kw_only=True)
class _Grace:
    """A grace period as its rule sees it; no ``deadline`` while none can be named."""

    month: int
    months: int
    deadline: _Deadline | None
    claims: Claims
    source: str


def _has_aptc_grace(facts: PolicyFacts) -> bool:
    # APTC is paid for exchange policies only: APTC off exchange is bad data and earns no federal grace.
    return facts.aptc and facts.channel is Channel.ON_EXCHANGE


def _aptc_grace(debt: _Debt, today: date) -> _Grace:
    """Three consecutive months on one clock, across New Year too (45 CFR 156.270(d))."""
    start = debt.grace_start
    rule = grace_tables.aptc_grace(on=start)
    month = 1 + sum(today >= add_months(start, later) for later in range(1, rule.months))
    return _Grace(
        month=month,
        months=rule.months,
        deadline=_Deadline(
            last_day_to_pay=add_months(start, rule.months) - ONE_DAY,
            last_covered_day=add_months(start, rule.covered_months_if_unpaid) - ONE_DAY,
        ),
        claims=Claims.PAY if month <= rule.months_with_claims_paid else Claims.PEND,
        source=rule.source,
    )


def _contract_grace(facts: PolicyFacts, debt: _Debt, today: date) -> _Grace:
    """Days of grace by contract and state law, the due date being day 1; some states demand a mailed notice too."""
    rule = grace_tables.state_grace(facts.state, on=debt.grace_start)
    notice_rule = grace_tables.cancellation_notice(facts.state, on=debt.grace_start)
    by_contract = _Deadline(
        last_day_to_pay=debt.grace_start + timedelta(days=(facts.grace_days or rule.grace_days) - 1),
        last_covered_day=debt.unpaid_from - ONE_DAY,
    )
    deadline: _Deadline | None = by_contract
    if notice_rule is not None:
        mailed = _counted_notice(notice_rule, facts, debt, today)
        deadline = _after_notice(notice_rule, by_contract, debt, mailed=mailed)
    if deadline is not None and (facts.term_basis or rule.term_basis) is TermBasis.END_OF_GRACE:
        deadline = replace(deadline, last_covered_day=deadline.last_day_to_pay)
    return _Grace(
        month=1,
        months=1,
        deadline=deadline,
        claims=Claims.CONTRACT,
        source=rule.source if notice_rule is None else f"{notice_rule.source}; {rule.source}",
    )


def _counted_notice(rule: CancellationNoticeRule, facts: PolicyFacts, debt: _Debt, today: date) -> date | None:
    """The day the notice was mailed if that is past and about this debt, not one settled long before the due date."""
    mailed = facts.notice_mailed
    if mailed is None or not debt.grace_start - timedelta(days=rule.prompt_days) <= mailed <= today:
        return None
    return mailed


def _after_notice(
    rule: CancellationNoticeRule, deadline: _Deadline, debt: _Debt, *, mailed: date | None
) -> _Deadline | None:
    """Grace and notice run side by side and the later end counts; without a notice there is no deadline at all."""
    if mailed is None:
        return None
    last_covered_day = deadline.last_covered_day
    if mailed > debt.grace_start + timedelta(days=rule.prompt_days):
        # A late notice does not reach back: coverage lasts at least until the day before it was mailed.
        last_covered_day = max(last_covered_day, mailed - ONE_DAY)
    return _Deadline(
        last_day_to_pay=max(deadline.last_day_to_pay, mailed + timedelta(days=rule.notice_days)),
        last_covered_day=last_covered_day,
    )


def _termed_unpaid(debt: _Debt, deadline: _Deadline, *, source: str) -> StatusDecision:
    return StatusDecision(
        status=PolicyStatus.TERMED,
        term_shown=deadline.last_covered_day,
        grace_end=deadline.last_day_to_pay,
        explanation=policy_wording.termed_unpaid(
            due=debt.unpaid_from, grace_end=deadline.last_day_to_pay, last_covered=deadline.last_covered_day
        ),
        source=source,
    )


def _in_grace(facts: PolicyFacts, debt: _Debt, grace: _Grace, today: date) -> StatusDecision:
    grace_end = days_left = term_if_unpaid = None
    term_date = facts.carrier_term_date
    if grace.deadline is not None:
        grace_end = grace.deadline.last_day_to_pay
        days_left = (grace_end - today).days
        # An end the member asked for stands, paid or not: non-payment can only bring it forward.
        term_if_unpaid = min(grace.deadline.last_covered_day, term_date or OPEN_END)
    return StatusDecision(
        status=PolicyStatus.GRACE,
        grace_month=grace.month,
        grace_start=debt.grace_start,
        grace_end=grace_end,
        days_left=days_left,
        term_if_unpaid=term_if_unpaid,
        claims=grace.claims,
        explanation=policy_wording.grace(
            start=debt.grace_start,
            due=debt.unpaid_from,
            month=grace.month,
            months=grace.months,
            grace_end=grace_end,
            days_left=days_left,
            term_if_unpaid=term_if_unpaid,
            claims=grace.claims.value,
            term_date=term_date,
        ),
        source=grace.source,
    )


def _data_flags(facts: PolicyFacts, today: date) -> Iterator[DataFlag]:
    if facts.aptc and facts.channel is Channel.OFF_EXCHANGE:
        yield DataFlag.APTC_OFF_EXCHANGE
    if not grace_tables.is_known_state(facts.state):
        yield DataFlag.STATE_UNKNOWN
    if facts.net_premium is None:
        yield DataFlag.NET_PREMIUM_UNKNOWN
    elif facts.net_premium < 0:
        yield DataFlag.NET_PREMIUM_NEGATIVE
    if facts.premium_owed:
        yield from _payment_flags(facts, today)


def _payment_flags(facts: PolicyFacts, today: date) -> Iterator[DataFlag]:
    if facts.binder_paid is None:
        yield DataFlag.FIRST_PAYMENT_UNKNOWN
    # The other way round is no contradiction: a renewal needs no first payment and may begin unpaid.
    elif not facts.binder_paid and facts.paid_to is not None and facts.paid_to > facts.effective_date:
        yield DataFlag.FIRST_PAYMENT_CONTRADICTS_PAID_TO
    if not facts.first_payment_made:
        if facts.binder_due is None:
            yield DataFlag.BINDER_DUE_ASSUMED
        return
    if facts.paid_to is None:
        yield DataFlag.PAID_TO_UNKNOWN
    elif facts.grace_started is not None and not facts.grace_started <= facts.paid_to <= today:
        yield DataFlag.GRACE_START_CONTRADICTS_PAID_TO
    debt = _overdue_debt(facts, today)
    if debt is None or facts.notice_mailed is None or _has_aptc_grace(facts):
        return
    notice_rule = grace_tables.cancellation_notice(facts.state, on=debt.grace_start)
    if notice_rule is not None and _counted_notice(notice_rule, facts, debt, today) is None:
        yield DataFlag.NOTICE_NOT_COUNTED
