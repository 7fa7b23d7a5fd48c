"""The facts told beside a policy's status: since when, until when, what to pay by when."""

from datetime import date
from decimal import Decimal

import pytest

from clients.rules.grace_tables import Channel
from clients.rules.policy_status import PolicyFacts, policy_status
from clients.rules.status_facts import status_facts

pytestmark = pytest.mark.no_db
TODAY = date(2026, 11, 21)


def told(past_due: str = "0", **changes) -> dict[str, str]:
    known = {
        "effective_date": date(2026, 1, 1),
        "channel": Channel.ON_EXCHANGE,
        "state": "IL",
        "aptc": True,
        "net_premium": Decimal("1412.5"),
        "binder_paid": True,
        "paid_to": date(2026, 12, 1),
    }
    facts = PolicyFacts(**{**known, **changes})
    decision = policy_status(facts, today=TODAY)
    return dict(status_facts(facts, decision, past_due=Decimal(past_due), today=TODAY))


def test_active():
    assert told() == {"Since": "01/01/2026", "Until": "No end date", "Amount Due": "$1,412.50", "Pay By": "12/01/2026"}


def test_active_to_an_end_that_is_paid_for_owes_nothing_more():
    assert told(term_date=date(2026, 11, 30)) == {"Since": "01/01/2026", "Until": "11/30/2026"}
    assert told(term_date=date(2026, 12, 1))["Pay By"] == "12/01/2026"
    assert told(term_date=date(9999, 12, 31))["Until"] == "No end date"


def test_active_without_a_premium_owes_nothing():
    assert told(net_premium=Decimal(0)) == {"Since": "01/01/2026", "Until": "No end date"}


def test_in_grace_with_a_tax_credit():
    assert told("2825", paid_to=date(2026, 10, 1), grace_started=date(2026, 10, 1)) == {
        "Since": "10/01/2026",
        "Amount Due": "$2,825.00",
        "Pay By": "12/31/2026 (40 days left)",
        "Last Covered Day If Nothing Is Paid": "10/31/2026",
    }


def test_in_grace_when_the_carrier_has_told_no_amount():
    assert told(paid_to=date(2026, 10, 1))["Amount Due"] == "Not reported by the carrier"


def test_in_grace_where_no_end_can_be_named_before_a_notice():
    assert told("100", state="MT", aptc=False, channel=Channel.OFF_EXCHANGE, paid_to=date(2026, 11, 1)) == {
        "Since": "11/01/2026",
        "Amount Due": "$100.00",
        "Pay By": "Not known before a notice is mailed",
    }


def test_first_payment_due():
    assert told(effective_date=date(2026, 12, 1), binder_paid=False, paid_to=None, binder_due=TODAY) == {
        "To Begin On": "12/01/2026",
        "Amount Due": "$1,412.50",
        "Pay By": "11/21/2026 (today is the last day)",
        "Last Covered Day If Nothing Is Paid": "None, coverage never begins",
    }


def test_future():
    assert told(effective_date=date(2027, 1, 1), paid_to=date(2027, 2, 1)) == {
        "Begins On": "01/01/2027",
        "Until": "No end date",
    }


@pytest.mark.parametrize(("past_due", "more"), [("0", {}), ("312.55", {"Past Due": "$312.55"})])
def test_termed(past_due, more):
    assert told(past_due, term_date=date(2026, 8, 31)) == {
        "Covered From": "01/01/2026",
        "Last Covered Day": "08/31/2026",
        **more,
    }


def test_cancelled():
    assert told(binder_paid=False, paid_to=None, binder_due=date(2026, 1, 31)) == {
        "Would Have Begun": "01/01/2026",
        "Last Covered Day": "None, never in force",
    }
