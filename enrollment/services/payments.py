"""Payments: begun once however often it is asked for, and taken for what the payment service tells of them (PAY, ADR 0024).

Nothing is believed but what the service says: neither the payer's coming back nor a confirmation number means paid (PAY_07).
Calls of the service stand outside of transactions and carry a key, so that a worker that dies between a charge and its mark
repeats the call and charges nothing twice. Rows are locked in one order: what is paid for, then its payments.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clients.models import Member, MemberChange, Policy
from clients.services import member_changes
from enrollment.models import Application, ApplicationText, AutopayMandate, Payment, PaymentEvent, Submission
from enrollment.payments.gateways import gateway, is_on
from enrollment.payments.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    MandateState,
    MandateTold,
    SessionRequest,
    TellState,
    Told,
    UnknownSession,
)
from enrollment.rules import first_payment
from enrollment.rules.application_days import is_expired
from enrollment.rules.payment_states import (
    CAN_BE_CANCELLED,
    ENDED_WITHOUT_MONEY,
    MAY_CHANGE,
    PAID_OR_ON_ITS_WAY,
    State,
    Step,
    after,
)
from enrollment.selectors.texts import texts_in_force, words_of
from portal.common import audit, outbox
from portal.common.access import Perm
from portal.common.dates import today_in
from portal.common.messaging.send import send_email
from portal.common.models import OutboxMessage
from portal.common.notifications.notify import notify_all
from portal.common.numbers import next_number

logger = structlog.get_logger(__name__)

RELEASE, CANCEL, REVOKE = "enrollment.payment.release", "enrollment.payment.cancel", "enrollment.mandate.revoke"
SETTLED_NOTICE, FAILED_NOTICE = "payment.settled", "payment.failed"
RETURN_SALT = "enrollment.payment.return"
OFF = "Payments cannot be made online at the moment. The applicant receives a bill in the mail."
POLICIES_OFF = "Past due premiums cannot be paid here."
UNAVAILABLE = "The Payment Portal does not answer at the moment. Nothing was taken. Try again in a few minutes."
REFUSED = "The Payment Portal did not take the payment up. Nothing was taken. Please tell support."
ANOTHER_AMOUNT = "The premium is another one since; the payment was cancelled."
NOT_RELEASED = "The payment service did not take the payment after the application was accepted."
NOT_CANCELLED = "The payment service did not cancel the payment."
OTHER_SUM = "The service told another amount than was asked for."
PAID_TWICE = "Another payment of the same premium was taken."
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


class CannotPay(Exception):
    """There is nothing to pay here, or it is paid or on its way already; the text is fit to show."""


class NotNow(Exception):
    """The payment service does not answer or will not do it; the text is fit to show. Nothing was taken."""


@dataclass(frozen=True, kw_only=True)
class _Due:
    """What is to be paid, by whom, until when."""

    purpose: Payment.Purpose
    amount: Decimal
    may_grow: bool
    due_on: date | None
    payment_date: date
    payer_name: str
    payer_email: str
    language: str
    hold: bool


# --- begun ---


def begin_first(*, application: Application, by: User, at: datetime) -> Payment:
    """The application's first payment with a session that can be opened (``url``); the one there is, however often asked.

    Raises ``CannotPay`` when nothing is to be paid, ``NotNow`` when the service gave no session: pressing again is safe.
    """
    return _begin(lambda: _open_first(application.pk, by, at), at=at)


def begin_past_due(*, policy: Policy, by: User, at: datetime) -> Payment:
    """The same for what is past due on a policy in the book."""
    return _begin(lambda: _open_past_due(policy.pk, by, at), at=at)


def _begin(open_one: Any, *, at: datetime) -> Payment:
    if not is_on():
        raise CannotPay(OFF)
    payment: Payment = open_one()
    if payment.url and (payment.session_expires_at is None or payment.session_expires_at <= at):
        # Its time is over here. What became of it, and that nothing more will, the service has to say first.
        _end_session(payment, at)
        payment = open_one()
    if payment.url:
        return payment
    try:
        session = gateway(payment.gateway).create_session(_request(payment))
    except GatewayUnavailable:
        raise NotNow(UNAVAILABLE) from None
    except GatewayRefused as exc:
        logger.error("payment session refused", payment=payment.number, error=type(exc).__name__)
        raise NotNow(REFUSED) from None
    with transaction.atomic():
        row = Payment.objects.select_for_update().get(pk=payment.pk)
        if not row.url:
            # A callback may have overtaken this answer and brought the session's number.
            row.external_id, row.url = session.external_id, session.url
            row.session_expires_at = session.expires_at
            row.save(update_fields=["external_id", "url", "session_expires_at"])
    return row


def _end_session(payment: Payment, at: datetime) -> None:
    try:
        refresh(payment=payment, at=at)
        payment.refresh_from_db()
        if payment.state == State.STARTED:
            gateway(payment.gateway).cancel(payment.external_id)
    except UnknownSession:
        pass
    except (GatewayUnavailable, GatewayRefused):
        raise NotNow(UNAVAILABLE) from None
    if payment.state == State.STARTED:
        _by_portal(payment.pk, Step.EXPIRE, at)


@transaction.atomic
def _open_first(application_pk: int, by: User, at: datetime) -> Payment:
    rows = Application.objects.select_for_update(of=("self",)).select_related("producer_number__producer")
    application = rows.get(pk=application_pk)
    if application.withdrawn_at is not None or application.status != Application.Status.COMPLETED:
        raise CannotPay("Payment will occur after the application has been submitted.")
    current = application.payments.select_for_update().filter(is_current=True).first()
    due = _first_due(application, at)
    return _current_or_new(current, due, {"application": application}, application.producer_number_id, by, at)


def _first_due(application: Application, at: datetime) -> _Due:
    primary = next((one for one in application.applicants.all() if one.position == 0), None)
    submission = application.submissions.defer("answers").order_by("-number").first()
    today = today_in(application.us_state, now=at)
    first = application.effective_date or today
    total = sum((one.monthly_premium for one in application.plans.all()), Decimal("0.00"))
    if total <= 0:
        raise CannotPay("There is no premium to pay.")
    submitted_on = today_in(application.us_state, now=application.submitted_at or at)
    spanish = primary is not None and primary.written_language == "Spanish"
    return _Due(
        purpose=Payment.Purpose.FIRST,
        amount=total,
        may_grow=first_payment.may_need_more(effective_date=first, today=today),
        due_on=first_payment.due_on(effective_date=first, submitted_on=submitted_on),
        payment_date=today,
        payer_name=f"{primary.first_name} {primary.last_name}".strip() if primary else "",
        payer_email=application.email,
        language="es" if spanish else "en",
        hold=submission is None or submission.outcome != Submission.Outcome.ACCEPTED,
    )


@transaction.atomic
def _open_past_due(policy_pk: int, by: User, at: datetime) -> Payment:
    if not settings.PAYMENTS_FOR_POLICIES:
        raise CannotPay(POLICIES_OFF)
    rows = Policy.objects.select_for_update(of=("self",)).select_related("account", "producer_number__producer")
    policy = rows.get(pk=policy_pk)
    current = policy.payments.select_for_update().filter(is_current=True).first()
    if policy.past_due <= 0:
        raise CannotPay("Nothing is past due on this policy.")
    if current is not None and current.state == State.SETTLED:
        if current.settled_at is not None and policy.account.as_of <= current.settled_at:
            raise CannotPay("A payment has come in. What is past due now is known with the member system's next news.")
        current.is_current = False
        current.save(update_fields=["is_current"])
        current = None
    today = today_in(policy.us_state, now=at)
    email = (
        Member.objects.filter(account_id=policy.account_id, role=Member.Role.PRIMARY, contact_points__kind="EMAIL")
        .values_list("contact_points__value", flat=True)
        .first()
    )
    due = _Due(
        purpose=Payment.Purpose.PAST_DUE,
        amount=policy.past_due,
        may_grow=False,
        due_on=None,
        payment_date=today,
        payer_name=f"{policy.insured_first_name} {policy.insured_last_name}".strip(),
        payer_email=email or "",
        language="en",
        hold=False,
    )
    return _current_or_new(current, due, {"policy": policy}, policy.producer_number_id, by, at)


def _current_or_new(
    current: Payment | None, due: _Due, of: dict[str, Any], producer_number_id: int, by: User, at: datetime
) -> Payment:
    """One payment counts at a time. A new one takes the place of one that ended without money, or whose amount is old."""
    if current is not None:
        state = State(current.state)
        if state in PAID_OR_ON_ITS_WAY:
            told = "has been paid" if state == State.SETTLED else "is on its way"
            raise CannotPay(f"The payment of {current.amount_text} {told}.")
        if state == State.STARTED and current.amount == due.amount and current.gateway == gateway().name:
            return current
        current.is_current = False
        current.save(update_fields=["is_current"])
        if state == State.STARTED and current.external_id:
            _owe(CANCEL, current)
    payment = Payment.objects.create(
        number=f"P-{next_number('enrollment_payment_number'):06}",
        purpose=due.purpose,
        **of,
        producer_number_id=producer_number_id,
        amount=due.amount,
        amount_may_grow=due.may_grow,
        payment_date=due.payment_date,
        due_on=due.due_on,
        payer_name=due.payer_name,
        payer_email=due.payer_email,
        language=due.language,
        hold=due.hold,
        released_at=None if due.hold else at,
        gateway=gateway().name,
        key=f"pay-{secrets.token_urlsafe(18)}",
        return_nonce=secrets.token_urlsafe(18),
        started_by=by,
        created_at=at,
        changed_at=at,
    )
    _record("payment.started", payment, by, amount=str(payment.amount))
    return payment


def _request(payment: Payment) -> SessionRequest:
    """The same for one payment, however often it is sent."""
    first = payment.purpose == Payment.Purpose.FIRST
    us_state = payment.application.us_state if payment.application else payment.policy.us_state  # type: ignore[union-attr]
    text = texts_in_force([ApplicationText.Kind.AUTOPAY], us_state, payment.payment_date).get(
        ApplicationText.Kind.AUTOPAY
    )
    offers = first and text is not None
    return SessionRequest(
        key=payment.key,
        reference=payment.number,
        amount=payment.amount,
        amount_may_grow=payment.amount_may_grow,
        due_on=payment.due_on,
        payer_name=payment.payer_name,
        payer_email=payment.payer_email,
        return_url=f"{settings.PORTAL_URL.rstrip('/')}{return_path(payment)}",
        language=payment.language,
        hold=payment.hold,
        offers_autopay=offers,
        payment_date=payment.payment_date,
        purpose="first" if first else "past_due",
        us_state=us_state,
        label=payment.what_for,
        autopay_text=words_of(text) if offers and text else "",
        autopay_text_version=text.version if offers and text else "",
    )


# --- back from the Payment Portal ---


def return_path(payment: Payment) -> str:
    """The path by which the payer comes back; signed, and good once (PAY_09)."""
    token = signing.Signer(salt=RETURN_SALT).sign_object([payment.number, payment.return_nonce])
    name = "payment-return" if payment.application_id else "policy-payment-return"
    return reverse(f"enrollment:{name}", args=[token])


def number_in(token: str) -> tuple[str, str] | None:
    """Number and nonce of a link back; ``None`` for one that was not signed here."""
    try:
        number, nonce = signing.Signer(salt=RETURN_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(number), str(nonce)


@transaction.atomic
def came_back(*, payment: Payment, by: User, at: datetime) -> bool:
    """Use the link back. ``False`` when it was used before: then it says nothing any more."""
    used = Payment.objects.filter(pk=payment.pk, returned_at=None).update(returned_at=at)
    if not used:
        _record("payment.return_refused", payment, by)
    return bool(used)


# --- told ---


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
    payment = _locked(known)
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
    if told.state == TellState.SETTLED and payment.settled_at is None:
        payment.settled_at = told.at
    if told.amount != payment.amount and not payment.attention:
        payment.attention = OTHER_SUM
    if told.mandate is not None:
        _take_mandate(payment, told.mandate, at)
    if state != before:
        payment.reason = told.reason[:200]
    _moved(payment, before, state, at)
    return True


def _step_of(told: TellState, payment: Payment) -> Step:
    if told == TellState.SCHEDULED:
        return Step.HOLD if payment.hold and payment.released_at is None else Step.SCHEDULE
    return Step(told.value)


def _locked(payment: Payment) -> Payment:
    """The payment, after what it is for: everybody takes them in this order."""
    if payment.application_id:
        Application.objects.select_for_update(of=("self",)).only("pk").get(pk=payment.application_id)
    elif payment.policy_id:
        Policy.objects.select_for_update(of=("self",)).only("pk").get(pk=payment.policy_id)
    rows = Payment.objects.select_for_update(of=("self",))
    return rows.select_related("application", "policy", "producer_number__producer", "started_by").get(pk=payment.pk)


def _moved(payment: Payment, before: State, state: State, at: datetime) -> None:
    """Store the state and do what follows from having come to it. The row is locked."""
    payment.state = state
    if state != before:
        payment.changed_at = at
    payment.save()
    if state == before:
        return
    _record(f"payment.{state.value.lower()}", payment, None, was=before.value)
    if state == State.SCHEDULED and payment.hold:
        _owe(RELEASE, payment)
    if state in (State.SUBMITTED, State.SETTLED):
        _one_is_enough(payment)
    _tell(payment, before, state, at)
    if payment.application is not None and state in ENDED_WITHOUT_MONEY and payment.is_current:
        bill_if_owed(application=payment.application, at=at)
    if payment.application is not None and state in (State.SETTLED, State.RETURNED):
        _tell_member_system(payment.application, state.value.lower(), payment, at)


@transaction.atomic
def _by_portal(payment_pk: int, step: Step, at: datetime) -> Payment:
    """A step that is the portal's own: its session ended, or the service has confirmed that it is cancelled."""
    payment = _locked(Payment.objects.get(pk=payment_pk))
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
    _moved(payment, before, state, at)
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
            _owe(CANCEL, other)
        elif other.state in (State.SUBMITTED, State.SETTLED) and not payment.attention:
            payment.attention = PAID_TWICE
            payment.save(update_fields=["attention"])
            logger.error("paid twice", payment=payment.number)


# --- what follows from the application ---


def application_accepted(*, application: Application, at: datetime) -> None:
    """The member system took the application: what was held may be taken (PAY_05), what was not paid is billed (SIG_05).

    In the transaction that settles the submission; the application's row is locked.
    """
    total = sum((one.monthly_premium for one in application.plans.all()), Decimal("0.00"))
    for payment in application.payments.select_for_update(of=("self",)).select_related("producer_number__producer"):
        if payment.state not in CAN_BE_CANCELLED or payment.released_at is not None:
            continue
        if payment.amount != total:
            payment.reason = ANOTHER_AMOUNT
            payment.save(update_fields=["reason"])
            _owe(CANCEL, payment)
            continue
        payment.released_at = at
        before = State(payment.state)
        _moved(payment, before, after(before, Step.SCHEDULE) if before == State.HELD else before, at)
    bill_if_owed(application=application, at=at)


def application_ended(*, application: Application, at: datetime) -> None:
    """The application comes to nothing: it was withdrawn, or has failed and expired. Nothing of it is paid."""
    with transaction.atomic():
        Application.objects.select_for_update(of=("self",)).only("pk").get(pk=application.pk)
        for payment in application.payments.select_for_update(of=("self",)).select_related("producer_number__producer"):
            if payment.state in CAN_BE_CANCELLED and payment.external_id:
                _owe(CANCEL, payment)
            elif payment.state == State.STARTED:
                _by_portal(payment.pk, Step.EXPIRE, at)


def bill_if_owed(*, application: Application, at: datetime) -> None:
    """Once the application is accepted: a notice for the bill by mail, unless the first premium is paid or on its way.

    Told once for each policy, whatever happens afterwards (PAY_08). In the caller's transaction.
    """
    newest = application.submissions.defer("answers").order_by("-number").first()
    if newest is None or newest.outcome != Submission.Outcome.ACCEPTED:
        return
    if application.payments.filter(state__in=PAID_OR_ON_ITS_WAY).exists():
        return
    _tell_member_system(application, "bill", None, at)


def _tell_member_system(application: Application, what: str, payment: Payment | None, at: datetime) -> None:
    """Owe the member system "bill", "settled" or "returned" of the first premium, once for each of the policies."""
    newest = application.submissions.order_by("-number").select_related("submitted_by").defer("answers").first()
    if newest is None:
        return
    submitted_on = today_in(application.us_state, now=application.submitted_at or at)
    rows = Policy.objects.filter(submissions__submission__application=application, awaits_acceptance=False)
    for policy in rows.distinct().order_by("id"):
        primary = Member.objects.filter(account_id=policy.account_id, role=Member.Role.PRIMARY).order_by("id").first()
        if primary is None:
            continue
        due = first_payment.due_on(effective_date=policy.effective_date, submitted_on=submitted_on)
        member_changes.queue(
            kind=MemberChange.Kind.BILLING,
            policy=policy,
            member=primary,
            payload={
                "what": what,
                "amount": str(policy.monthly_premium),
                "due_on": due.isoformat(),
                "payment": payment.number if payment else "",
            },
            reference=f"{application.record_number}-{policy.line}-{what}{f'-{payment.number}' if payment else ''}",
            by=newest.submitted_by,
            now=at,
        )


# --- owed calls of the service ---


def _owe(topic: str, payment: Payment) -> None:
    payment.calls += 1
    payment.save(update_fields=["calls"])
    outbox.add(topic, dedupe_key=f"{topic}:{payment.pk}:{payment.calls}", payload={"payment_id": payment.pk})


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
        _by_portal(payment.pk, Step.CANCEL, now)
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
    _by_portal(payment.pk, Step.CANCEL, now)


def _not_done(payload: dict[str, Any], what: str) -> None:
    Payment.objects.filter(pk=payload["payment_id"]).update(attention=what)


# --- asked ---


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
            locked = _locked(payment)
            if locked.state == State.SCHEDULED:
                _owe(RELEASE, locked)
    Payment.objects.filter(pk=payment.pk).exclude(attention__in=[OTHER_SUM, PAID_TWICE]).update(attention="")
    _record("payment.reconciled", payment, by, new=new)
    return new


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
                _by_portal(payment.pk, Step.EXPIRE, now)
    for payment in _never_opened(now):
        _by_portal(payment.pk, Step.EXPIRE, now)
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
                locked = _locked(one)
                if locked.state == State.SCHEDULED and locked.calls == one.calls:
                    _owe(RELEASE, locked)


def _come_to_nothing(now: datetime) -> Sequence[Application]:
    open_ones = Payment.objects.filter(state__in=[State.STARTED, State.HELD], application__isnull=False, calls=0)
    rows = Application.objects.filter(pk__in=open_ones.values("application"))
    rows = rows.filter(Q(withdrawn_at__isnull=False) | Q(status=Application.Status.FAILED))
    return [
        one
        for one in rows
        if one.withdrawn_at is not None or is_expired(expires_on=one.expires_on, today=today_in(one.us_state, now=now))
    ]


# --- autopay ---


def _take_mandate(payment: Payment, told: MandateTold, at: datetime) -> None:
    """Keep the agreement; once it has ended it stays so, whatever is told late."""
    mandate, is_new = AutopayMandate.objects.get_or_create(
        gateway=payment.gateway,
        external_id=told.external_id,
        defaults={
            "payment": payment,
            "producer_number_id": payment.producer_number_id,
            "bank_last4": told.bank_last4[:4],
            "text_version": told.text_version[:40],
            "agreed_at": told.agreed_at,
        },
    )
    if is_new:
        _record("autopay.agreed", payment, None, text=mandate.text_version)
    if told.state == MandateState.REVOKED and mandate.state != AutopayMandate.State.REVOKED:
        _mandate_ended(mandate, at)


def _mandate_ended(mandate: AutopayMandate, at: datetime) -> None:
    mandate.state, mandate.revoked_at = AutopayMandate.State.REVOKED, at
    mandate.save(update_fields=["state", "revoked_at"])
    _record("autopay.ended", mandate.payment, None)


@transaction.atomic
def revoke_autopay(*, mandate: AutopayMandate, by: User, at: datetime) -> AutopayMandate:
    """End autopay on the client's word. It counts from now; the service is told until it has heard."""
    row = AutopayMandate.objects.select_for_update(of=("self",)).select_related("payment").get(pk=mandate.pk)
    if row.state != AutopayMandate.State.ACTIVE:
        return row
    row.state, row.revoked_by, row.revoked_at = AutopayMandate.State.REVOKING, by, at
    row.save(update_fields=["state", "revoked_by", "revoked_at"])
    _record("autopay.revoked", row.payment, by)
    outbox.add(REVOKE, dedupe_key=f"{REVOKE}:{row.pk}", payload={"mandate_id": row.pk})
    return row


@outbox.handler(REVOKE, on_dead=lambda payload: _revoke_later(payload))
def revoke_mandate(payload: dict[str, Any]) -> None:
    """Tell the service that autopay has ended."""
    mandate = AutopayMandate.objects.select_related("payment").get(pk=payload["mandate_id"])
    if mandate.state != AutopayMandate.State.REVOKING:
        return
    gateway(mandate.gateway).revoke_mandate(mandate.external_id)
    AutopayMandate.objects.filter(pk=mandate.pk).update(state=AutopayMandate.State.REVOKED)


def _revoke_later(payload: dict[str, Any]) -> None:
    row = AutopayMandate.objects.select_related("payment").get(pk=payload["mandate_id"])
    Payment.objects.filter(pk=row.payment_id).update(attention="The service was not told that autopay has ended.")


# --- people ---

RECEIPTS = {
    State.HELD: ("We have your payment details", "It will be taken once your application has been accepted."),
    State.SCHEDULED: ("We have your payment details", "It will be taken shortly."),
    State.SUBMITTED: ("Your payment was submitted", "It is on its way. You are told when it has come in."),
    State.SETTLED: ("Your payment was successful", "It has come in. Thank you."),
    State.FAILED: ("Your payment was not successful", "Nothing was taken. A bill comes by mail."),
    State.RETURNED: ("Your payment was returned", "Your bank has sent it back, so the premium is still due."),
    State.CANCELLED: ("Your payment was cancelled", "Nothing was taken. A bill comes by mail."),
}


def _tell(payment: Payment, before: State, state: State, at: datetime) -> None:
    """A receipt to the payer by email, and a word to those who work for the client. Neither holds anything of health."""
    submitted_before = before in (State.HELD, State.SCHEDULED)
    is_news = not (state == State.SCHEDULED and submitted_before) and not (
        state == State.CANCELLED and before in (State.STARTED, State.EXPIRED)
    )
    if payment.payer_email and state in RECEIPTS and is_news:
        title, text = RECEIPTS[state]
        send_email(
            to=payment.payer_email,
            kind="payment_receipt",
            subject=f"{title} ({payment.number})",
            context={"title": title, "text": text, "payment": payment, "method": payment.method_text},
        )
    if state not in (State.SETTLED, State.FAILED, State.RETURNED) or not payment.is_current:
        return
    done = state == State.SETTLED
    notify_all(
        recipients=_concerned(payment),
        kind=SETTLED_NOTICE if done else FAILED_NOTICE,
        title=f"Payment {payment.number} {'was successful' if done else 'was returned' if state == State.RETURNED else 'failed'}",
        text="" if done else "The client is billed by mail, and can pay again online.",
        url=page_of(payment),
        fact=f"payment {payment.number} {state.value}",
        at=at,
    )


def page_of(payment: Payment) -> str:
    """Where the payment is seen; empty for a household without a number."""
    if payment.application is not None:
        return reverse("enrollment:application", args=[payment.application.record_number])
    number = payment.policy.account.number if payment.policy else None
    return reverse("clients:detail", args=[number]) if number else ""


def _concerned(payment: Payment) -> list[User]:
    by = payment.started_by
    perm = Perm.ENROLL if payment.application_id else Perm.CLIENT_SERVICE
    may_still = Payment.objects.for_user(by, perm=perm).filter(pk=payment.pk).exists()
    of_record = User.objects.filter(
        role=User.Role.PRODUCER, producer_id=payment.producer_number.producer_id, is_active=True
    )
    return [*([by] if may_still else []), *of_record]


def _record(action: str, payment: Payment, by: User | None, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=payment.producer_number.producer.npn,
        object_type="payment",
        object_id=payment.number,
        details=details,
    )
