"""What of a policy's status is kept with its row: the answer of the day, how long it holds, and the clock of grace."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from clients.rules.policy_status import OPEN_END, PolicyFacts, PolicyStatus, StatusDecision, policy_status

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The status by the dates, ready to be kept.

    ``term_date``: last covered day where the carrier has told none and the status is Termed; the effective date of a
    Cancelled. ``grace_started``: the due date grace counts from. ``holds_until``: last day, inclusive, on which the
    same facts give the same status; 12/31/9999 for ever.
    """

    status: PolicyStatus
    term_date: date | None
    grace_started: date | None
    holds_until: date


def standing(facts: PolicyFacts, *, today: date) -> Standing:
    """Return what to keep for the policy on ``today``, the calendar day in the policy's state."""
    decision = policy_status(facts, today=today)
    clock = _clock(facts, decision, today)
    return Standing(
        status=decision.status,
        term_date=decision.term_shown if facts.carrier_term_date is None else None,
        grace_started=clock,
        # With the clock as it is kept: one that has just been cleared turns nothing any more.
        holds_until=holds_until(replace(facts, grace_started=clock), today=today),
    )


def _clock(facts: PolicyFacts, decision: StatusDecision, today: date) -> date | None:
    """The start of grace to keep: only premiums paid past the day they came in clear it (45 CFR 156.270(d))."""
    if facts.paid_to is not None and facts.paid_to > today:
        return None
    if decision.status is PolicyStatus.GRACE:
        return decision.grace_start
    if decision.grace_end is not None:
        # Ended because grace ran out. Without the clock a partial payment would begin a new grace period.
        return min(day for day in (facts.grace_started, facts.paid_to) if day is not None)
    return facts.grace_started


def holds_until(facts: PolicyFacts, *, today: date) -> date:
    """Return the last day, inclusive, on which these facts give the status they give on ``today``.

    12/31/9999 when no later day changes it. Only days the facts name, and the days that deadlines pass, can.
    """
    decision = policy_status(facts, today=today)
    ahead = {day for day in _turning_days(facts, decision, today) if day > today}
    while ahead:
        day = min(ahead)
        ahead.remove(day)
        later = policy_status(facts, today=day)
        if later.status is not decision.status:
            return day - ONE_DAY
        # A notice mailed meanwhile may have given the running grace period its end.
        ahead |= {turn for turn in _after(later.grace_end) if turn > day}
    return OPEN_END


def _turning_days(facts: PolicyFacts, decision: StatusDecision, today: date) -> set[date]:
    days = {facts.effective_date}
    days.update(day for day in (facts.notice_mailed, facts.paid_to, facts.grace_started) if day is not None)
    for last in (facts.paid_to, facts.grace_started, facts.carrier_term_date, facts.binder_due, decision.grace_end):
        days.update(_after(last))
    if decision.status is PolicyStatus.INITIAL_PAYMENT_DUE and decision.days_left is not None:
        days.update(_after(today + timedelta(days=decision.days_left)))
    return days


def _after(day: date | None) -> tuple[date, ...]:
    return () if day is None or day == OPEN_END else (day + ONE_DAY,)
