"""What payment services tell, taken once each, and what follows from it (PAY_05, PAY_07, PAY_08, ADR 0024).

Rows are locked in one order: what is paid for, then its payments.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q

from enrollment.models import Payment, PaymentEvent
from enrollment.payments.gateways.base import (
    TellState,
    Told,
)
from enrollment.rules.payment_states import (
    CAN_BE_CANCELLED,
    ENDED_WITHOUT_MONEY,
    State,
    Step,
    after,
)
from enrollment.services.autopay import take_mandate
from enrollment.services.payment_bills import bill_if_owed, tell_member_system
from enrollment.services.payment_receipts import tell
from enrollment.services.payment_rows import CANCEL, RELEASE, lock, owe, record
from portal.common.languages import NAMES

logger = structlog.get_logger(__name__)

OTHER_SUM = "The service told another amount than was asked for."
PAID_TWICE = "Another payment of the same premium was taken."


def take(told: Iterable[Told], *, gateway_name: str, source: PaymentEvent.Source, at: datetime) -> int:
    """Keep what a service told and do what it means; returns how much of it was new. Each event counts once."""
    return sum(_take(one, gateway_name, source, at) for one in told)


@transaction.atomic
def _take(told: Told, gateway_name: str, source: PaymentEvent.Source, at: datetime) -> bool:
    found = Payment.objects.filter(gateway=gateway_name)
    known = found.filter(external_id=told.external_id).first() if told.external_id else None
    if known is None and told.reference:
        # The answer that brought the session's number was lost.
        known = found.filter(number=told.reference, external_id="").first()
    if known is None:
        logger.warning("told of an unknown payment", gateway=gateway_name)
        return False
    payment = lock(known)
    if not payment.external_id and told.external_id:
        payment.external_id = told.external_id
        payment.save(update_fields=["external_id"])
    if PaymentEvent.objects.filter(gateway=gateway_name, event_id=told.event_id).exists():
        return False
    step = _step_of(told.state, payment)
    before = State(payment.state)
    state = after(before, step)
    PaymentEvent.objects.create(
        payment=payment,
        gateway=gateway_name,
        event_id=told.event_id[:120],
        told=told.state.value,
        source=source,
        at=told.at,
        received_at=at,
        amount=told.amount,
        reason=told.reason[:200],
        state_before=before,
        state_after=state,
    )
    for name, length in (("confirmation", 60), ("method_kind", 4), ("method_label", 40), ("method_last4", 4)):
        value = str(getattr(told, name))[:length]
        if value and (state != before or not getattr(payment, name)):
            setattr(payment, name, value)
    if told.language in NAMES:
        payment.language = told.language
    if told.state == TellState.SETTLED and payment.settled_at is None:
        payment.settled_at = told.at
    if told.amount != payment.amount and not payment.attention:
        payment.attention = OTHER_SUM
    if told.mandate is not None:
        take_mandate(payment, told.mandate, at)
    if state != before:
        payment.reason = told.reason[:200]
    moved(payment, before, state, at)
    return True


def _step_of(told: TellState, payment: Payment) -> Step:
    if told == TellState.SCHEDULED:
        return Step.HOLD if payment.hold and payment.released_at is None else Step.SCHEDULE
    return Step(told.value)


def moved(payment: Payment, before: State, state: State, at: datetime) -> None:
    """Store the state and do what follows from having come to it. The row is locked."""
    payment.state = state
    if state != before:
        payment.changed_at = at
    payment.save()
    if state == before:
        return
    record(f"payment.{state.value.lower()}", payment, None, was=before.value)
    if state == State.SCHEDULED and payment.hold:
        owe(RELEASE, payment)
    if state in (State.SUBMITTED, State.SETTLED):
        _one_is_enough(payment)
    tell(payment, before, state, at)
    if payment.application is not None and state in ENDED_WITHOUT_MONEY and payment.is_current:
        bill_if_owed(application=payment.application, at=at)
    if payment.application is not None and state in (State.SETTLED, State.RETURNED):
        tell_member_system(payment.application, state.value.lower(), payment, at)


@transaction.atomic
def by_portal(payment_pk: int, step: Step, at: datetime) -> Payment:
    """A step that is the portal's own: its session ended, or the service has confirmed that it is cancelled."""
    payment = lock(Payment.objects.get(pk=payment_pk))
    before = State(payment.state)
    state = after(before, step)
    PaymentEvent.objects.get_or_create(
        gateway="portal",
        event_id=f"{payment.number}-{step.value}",
        defaults={
            "payment": payment,
            "told": step.value,
            "source": PaymentEvent.Source.PORTAL,
            "at": at,
            "received_at": at,
            "amount": payment.amount,
            "state_before": before,
            "state_after": state,
        },
    )
    moved(payment, before, state, at)
    return payment


def _one_is_enough(payment: Payment) -> None:
    """Money of one session: another session for the same premium takes none, or somebody has to give it back."""
    same = Q(application=payment.application_id) if payment.application_id else Q(policy=payment.policy_id)
    others = Payment.objects.filter(same, purpose=payment.purpose).exclude(pk=payment.pk)
    if payment.policy_id:
        # Of a policy many premiums are paid one after the other; only those of one time concern each other.
        others = others.filter(created_at__gte=payment.created_at)
    for other in others.select_for_update(of=("self",)).select_related("producer_number__producer"):
        if other.state in CAN_BE_CANCELLED:
            owe(CANCEL, other)
        elif other.state in (State.SUBMITTED, State.SETTLED) and not payment.attention:
            payment.attention = PAID_TWICE
            payment.save(update_fields=["attention"])
            logger.error("paid twice", payment=payment.number)
