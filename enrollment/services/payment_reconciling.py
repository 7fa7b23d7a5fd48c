"""Payment services are asked about everything that may have changed, so that no lost callback matters (PAY, ADR 0024)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from enrollment.models import Application, Payment
from enrollment.payments.gateways.base import (
    GatewayUnavailable,
    UnknownSession,
)
from enrollment.rules import first_payment
from enrollment.rules.application_days import is_expired
from enrollment.rules.payment_states import (
    MAY_CHANGE,
    State,
    Step,
)
from enrollment.services.application_payments import application_ended
from enrollment.services.payment_calls import refresh
from enrollment.services.payment_news import by_portal
from enrollment.services.payment_rows import RELEASE, lock, owe
from portal.common.dates import today_in
from portal.common.models import OutboxMessage

logger = structlog.get_logger(__name__)

# How long after the last time the service is asked anew, by state.
ASK_AGAIN = {
    State.STARTED: timedelta(minutes=10),
    State.HELD: timedelta(hours=1),
    State.SCHEDULED: timedelta(minutes=10),
    State.SUBMITTED: timedelta(minutes=30),
    State.SETTLED: timedelta(days=1),
}
ASKED_AT_ONCE = 200
# Calls that have been owed so long are owed anew, if nothing came of them.
OWED_FOR = timedelta(hours=3)


@dataclass(frozen=True)
class Reconciled:
    asked: int
    new: int
    unanswered: int


def reconcile(*, now: datetime) -> Reconciled:
    """Ask about everything that may have changed, so that no lost callback matters; owe anew what came to nothing.

    On nobody's behalf. One service that does not answer is not asked again in this run.
    """
    asked = new = unanswered = 0
    silent: set[str] = set()
    for payment in _to_ask(now):
        if payment.gateway in silent:
            continue
        asked += 1
        try:
            new += refresh(payment=payment, at=now)
        except GatewayUnavailable:
            unanswered += 1
            silent.add(payment.gateway)
        except UnknownSession:
            Payment.objects.filter(pk=payment.pk).update(asked_at=now)
            if payment.state == State.STARTED:
                by_portal(payment.pk, Step.EXPIRE, now)
    for payment in _never_opened(now):
        by_portal(payment.pk, Step.EXPIRE, now)
    _owe_anew(now)
    for application in _come_to_nothing(now):
        application_ended(application=application, at=now)
    if asked:
        logger.info("payments reconciled", asked=asked, new=new, unanswered=unanswered)
    return Reconciled(asked, new, unanswered)


def _to_ask(now: datetime) -> Sequence[Payment]:
    due = Q()
    for state, wait in ASK_AGAIN.items():
        due |= Q(state=state) & (Q(asked_at=None, created_at__lte=now - wait) | Q(asked_at__lte=now - wait))
    late_returns = Q(state=State.SETTLED, settled_at__lt=now - first_payment.RETURNS_FOR)
    rows = Payment.objects.filter(due, state__in=MAY_CHANGE).exclude(external_id="").exclude(late_returns)
    return list(rows.order_by("asked_at", "id")[:ASKED_AT_ONCE])


def _never_opened(now: datetime) -> Sequence[Payment]:
    """Nobody was ever sent to these: the service's answer with the address did not come."""
    rows = Payment.objects.filter(state=State.STARTED, external_id="", created_at__lte=now - timedelta(days=1))
    return list(rows[:ASKED_AT_ONCE])


def _owe_anew(now: datetime) -> None:
    """Releases whose calls were all used up while the service was away."""
    stuck = Payment.objects.filter(state=State.SCHEDULED, hold=True, released_at__lte=now - OWED_FOR)
    for one in stuck.filter(changed_at__lte=now - OWED_FOR)[:ASKED_AT_ONCE]:
        key = f"{RELEASE}:{one.pk}:{one.calls}"
        if OutboxMessage.objects.filter(dedupe_key=key).exclude(status=OutboxMessage.Status.PENDING).exists():
            with transaction.atomic():
                locked = lock(one)
                if locked.state == State.SCHEDULED and locked.calls == one.calls:
                    owe(RELEASE, locked)


def _come_to_nothing(now: datetime) -> Sequence[Application]:
    open_ones = Payment.objects.filter(state__in=[State.STARTED, State.HELD], application__isnull=False, calls=0)
    rows = Application.objects.filter(pk__in=open_ones.values("application"))
    rows = rows.filter(Q(withdrawn_at__isnull=False) | Q(status=Application.Status.FAILED))
    return [
        one
        for one in rows
        if one.withdrawn_at is not None or is_expired(expires_on=one.expires_on, today=today_in(one.us_state, now=now))
    ]
