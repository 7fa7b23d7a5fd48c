"""The few facts a producer reads to a client about a policy's status: since when, until when, what to pay by when.

They come from the decision of ``policy_status``; nothing is decided here. Every date is inclusive and written
MM/DD/YYYY, every amount in dollars.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from clients.rules.policy_status import PolicyFacts, PolicyStatus, StatusDecision
from clients.rules.policy_wording import day_text, time_left

Fact = tuple[str, str]
NO_END = "No end date"
AMOUNT_UNKNOWN = "Not reported by the carrier"


def status_facts(facts: PolicyFacts, decision: StatusDecision, *, past_due: Decimal, today: date) -> list[Fact]:
    """Names and values in the order they are told; ``past_due`` in dollars as the carrier reports it, 0 for unknown."""
    return list(_TOLD[decision.status](facts, decision, past_due, today))


def money_text(amount: Decimal) -> str:
    """$1,234.50"""
    return f"${amount:,.2f}"


def _active(facts: PolicyFacts, _decision: StatusDecision, _past_due: Decimal, _today: date) -> Iterator[Fact]:
    yield "Since", day_text(facts.effective_date)
    yield "Until", _end(facts)
    if facts.premium_owed and facts.paid_to is not None and not _ends_before(facts, facts.paid_to):
        yield "Amount Due", money_text(facts.net_premium) if facts.net_premium is not None else AMOUNT_UNKNOWN
        yield "Pay By", day_text(facts.paid_to)


def _grace(facts: PolicyFacts, decision: StatusDecision, past_due: Decimal, _today: date) -> Iterator[Fact]:
    if decision.grace_start is not None:
        yield "Since", day_text(decision.grace_start)
    yield "Amount Due", money_text(past_due) if past_due else AMOUNT_UNKNOWN
    if decision.grace_end is not None and decision.days_left is not None:
        yield "Pay By", f"{day_text(decision.grace_end)} ({time_left(decision.days_left)})"
    else:
        yield "Pay By", "Not known before a notice is mailed"
    if decision.term_if_unpaid is not None:
        yield "Last Covered Day If Nothing Is Paid", day_text(decision.term_if_unpaid)


def _first_payment(facts: PolicyFacts, decision: StatusDecision, past_due: Decimal, today: date) -> Iterator[Fact]:
    yield "To Begin On", day_text(facts.effective_date)
    amount = past_due or facts.net_premium
    yield "Amount Due", money_text(amount) if amount is not None else AMOUNT_UNKNOWN
    if decision.days_left is not None:
        yield "Pay By", f"{day_text(today + timedelta(days=decision.days_left))} ({time_left(decision.days_left)})"
    yield "Last Covered Day If Nothing Is Paid", "None, coverage never begins"


def _future(facts: PolicyFacts, _decision: StatusDecision, _past_due: Decimal, _today: date) -> Iterator[Fact]:
    yield "Begins On", day_text(facts.effective_date)
    yield "Until", _end(facts)


def _termed(facts: PolicyFacts, decision: StatusDecision, past_due: Decimal, _today: date) -> Iterator[Fact]:
    yield "Covered From", day_text(facts.effective_date)
    if decision.term_shown is not None:
        yield "Last Covered Day", day_text(decision.term_shown)
    if past_due:
        yield "Past Due", money_text(past_due)


def _cancelled(facts: PolicyFacts, _decision: StatusDecision, _past_due: Decimal, _today: date) -> Iterator[Fact]:
    yield "Would Have Begun", day_text(facts.effective_date)
    yield "Last Covered Day", "None, never in force"


_TOLD = {
    PolicyStatus.ACTIVE: _active,
    PolicyStatus.GRACE: _grace,
    PolicyStatus.INITIAL_PAYMENT_DUE: _first_payment,
    PolicyStatus.FUTURE: _future,
    PolicyStatus.TERMED: _termed,
    PolicyStatus.CANCELLED: _cancelled,
}


def _end(facts: PolicyFacts) -> str:
    return day_text(facts.carrier_term_date) if facts.carrier_term_date else NO_END


def _ends_before(facts: PolicyFacts, day: date) -> bool:
    """No premium is due for days after the last day of coverage."""
    return facts.carrier_term_date is not None and facts.carrier_term_date < day
