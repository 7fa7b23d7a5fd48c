"""Calls of the payment service: take what is held, cancel, say what became of it (PAY_05, ADR 0024).

They stand outside of transactions and carry a key, so that a worker that dies between a charge and its mark repeats the call
and charges nothing twice.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from enrollment.models import Payment, PaymentEvent
from enrollment.payments.gateways import gateway
from enrollment.payments.gateways.base import (
    GatewayRefused,
    UnknownSession,
)
from enrollment.rules.payment_states import (
    CAN_BE_CANCELLED,
    State,
    Step,
)
from enrollment.services.payment_news import OTHER_SUM, PAID_TWICE, by_portal, take
from enrollment.services.payment_rows import CANCEL, RELEASE, lock, owe, record
from portal.common import outbox

NOT_RELEASED = "The payment service did not take the payment after the application was accepted."
NOT_CANCELLED = "The payment service did not cancel the payment."


@outbox.handler(RELEASE, on_dead=lambda payload: _not_done(payload, NOT_RELEASED))
def release_payment(payload: dict[str, Any]) -> None:
    """Have the service take what it held. The key is the payment's, so any number of tries is one charge."""
    payment = Payment.objects.get(pk=payload["payment_id"])
    if payment.state != State.SCHEDULED or payment.released_at is None:
        return
    service = gateway(payment.gateway)
    try:
        service.release(payment.external_id, f"{payment.key}-release")
    except GatewayRefused as exc:
        # It may have been taken or ended in the meantime: then the service says so, and all is well.
        refresh(payment=payment, at=timezone.now())
        payment.refresh_from_db()
        if payment.state == State.SCHEDULED:
            raise outbox.GiveUp("The service refused.") from exc
        return
    refresh(payment=payment, at=timezone.now())


@outbox.handler(CANCEL, on_dead=lambda payload: _not_done(payload, NOT_CANCELLED))
def cancel_payment(payload: dict[str, Any]) -> None:
    """Have the service let nothing be taken any more; when it is too late, what has happened is taken over."""
    payment = Payment.objects.get(pk=payload["payment_id"])
    if payment.state not in CAN_BE_CANCELLED:
        return
    now = timezone.now()
    if not payment.external_id:
        by_portal(payment.pk, Step.CANCEL, now)
        return
    try:
        gateway(payment.gateway).cancel(payment.external_id)
    except UnknownSession:
        pass
    except GatewayRefused as exc:
        refresh(payment=payment, at=now)
        payment.refresh_from_db()
        if payment.state in CAN_BE_CANCELLED:
            raise outbox.GiveUp("The service refused.") from exc
        return
    by_portal(payment.pk, Step.CANCEL, now)


def _not_done(payload: dict[str, Any], what: str) -> None:
    Payment.objects.filter(pk=payload["payment_id"]).update(attention=what)


def refresh(*, payment: Payment, at: datetime) -> int:
    """Ask the service what has become of one payment, and take it. Returns how much was new.

    Raises ``GatewayUnavailable``, ``UnknownSession``.
    """
    if not payment.external_id:
        return 0
    told = gateway(payment.gateway).ask(payment.external_id)
    Payment.objects.filter(pk=payment.pk).update(asked_at=at)
    return take(told, gateway_name=payment.gateway, source=PaymentEvent.Source.ASKED, at=at)


def look_into(*, payment: Payment, by: User, at: datetime) -> int:
    """Ask about one payment because somebody of the carrier wants to know; see ``refresh``."""
    new = refresh(payment=payment, at=at)
    if payment.state == State.SCHEDULED and payment.hold:
        with transaction.atomic():
            locked = lock(payment)
            if locked.state == State.SCHEDULED:
                owe(RELEASE, locked)
    Payment.objects.filter(pk=payment.pk).exclude(attention__in=[OTHER_SUM, PAID_TWICE]).update(attention="")
    record("payment.reconciled", payment, by, new=new)
    return new
