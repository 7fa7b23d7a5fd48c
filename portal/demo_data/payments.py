"""Payments of the demo producer's clients, as a payment service would have told of them, in every state that lasts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application, Payment, PaymentEvent
from enrollment.payments.gateways.base import MandateState, MandateTold, TellState, Told
from enrollment.rules import first_payment
from enrollment.services import payment_news
from portal.common.dates import today_in
from portal.common.numbers import next_number

GATEWAY = "simulated"
CARD: dict[str, Any] = {"method_kind": "card", "method_label": "Visa", "method_last4": "4242"}
BANK: dict[str, Any] = {"method_kind": "bank", "method_label": "Bank account", "method_last4": "6789"}
DECLINED = "The card was declined."
SENT_BACK = "Returned by the bank: insufficient funds."


def start(application: Application, *, by: User, at: datetime, is_current: bool = True) -> Payment:
    """The first payment of a submitted application, as begun at ``at`` and not completed."""
    application.refresh_from_db()
    today = today_in(application.us_state, now=at)
    first = application.effective_date or today
    primary = application.applicants.get(position=0)
    return _start(
        Payment(
            purpose=Payment.Purpose.FIRST,
            application=application,
            producer_number_id=application.producer_number_id,
            amount=sum((one.monthly_premium for one in application.plans.all()), Decimal("0.00")),
            payment_date=today,
            due_on=first_payment.due_on(effective_date=first, submitted_on=today),
            payer_name=f"{primary.first_name} {primary.last_name}",
            payer_email=application.email,
            hold=True,
            is_current=is_current,
        ),
        by=by,
        at=at,
    )


def _start(payment: Payment, *, by: User, at: datetime) -> Payment:
    number = next_number("enrollment_payment_number")
    payment.number, payment.external_id = f"P-{number:06}", f"demo-{number}"
    payment.gateway, payment.key, payment.return_nonce = GATEWAY, f"demo-pay-{number}", f"demo-back-{number}"
    payment.started_by, payment.created_at, payment.changed_at, payment.session_expires_at = by, at, at, at
    payment.save()
    return payment


def tell(payment: Payment, *states: str, at: datetime, autopay: bool = False, **more: Any) -> None:
    """The service tells of these states, a minute apart."""
    told = [_told(payment, state, at + timedelta(minutes=place), autopay, more) for place, state in enumerate(states)]
    for one in told:
        payment_news.take([one], gateway_name=GATEWAY, source=PaymentEvent.Source.CALLBACK, at=one.at)


def _told(payment: Payment, state: str, at: datetime, autopay: bool, more: dict[str, Any]) -> Told:
    mandate = MandateTold(
        external_id=f"{payment.external_id}-autopay",
        state=MandateState.ACTIVE,
        bank_last4=BANK["method_last4"],
        text_version="2026-11",
        agreed_at=at,
    )
    confirmation = f"{payment.number.removeprefix('P-')}-{payment.pk:04}"
    return Told(
        event_id=f"{payment.external_id}-{state}",
        external_id=payment.external_id,
        reference=payment.number,
        state=TellState(state),
        at=at,
        amount=payment.amount,
        confirmation="" if state == TellState.EXPIRED else confirmation,
        mandate=mandate if autopay else None,
        **({} if state == TellState.EXPIRED else more),
    )


def add_past_due(*, by: User, now: datetime) -> int:
    """What is past due on two policies: one payment on its way, one that the bank has sent back. Returns how many."""
    mine = Policy.objects.for_user(by).filter(past_due__gt=0, status=Policy.Status.GRACE, account__number__isnull=False)
    chosen: Sequence[Policy] = list(mine.select_related("account").order_by("id")[:2])
    for place, policy in enumerate(chosen):
        at = now - timedelta(days=1 + 4 * place) + timedelta(hours=14)
        payment = _start(
            Payment(
                purpose=Payment.Purpose.PAST_DUE,
                policy=policy,
                producer_number_id=policy.producer_number_id,
                amount=policy.past_due,
                payment_date=today_in(policy.us_state, now=at),
                payer_name=f"{policy.insured_first_name} {policy.insured_last_name}",
                released_at=at,
            ),
            by=by,
            at=at,
        )
        if place:
            tell(payment, "submitted", "settled", at=at, **BANK)
            tell(payment, "returned", at=at + timedelta(days=3), reason=SENT_BACK, **BANK)
        else:
            tell(payment, "submitted", at=at, **BANK)
    return len(chosen)
