"""Payments: begun once however often it is asked for; the way back from the Payment Portal (PAY, ADR 0024).

Nothing is believed but what the service says: neither the payer's coming back nor a confirmation number means paid (PAY_07).
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from clients.models import Member, Policy
from enrollment.models import Application, ApplicationText, Payment, Submission
from enrollment.payments.gateways import gateway, is_on
from enrollment.payments.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    SessionRequest,
    UnknownSession,
)
from enrollment.rules import first_payment
from enrollment.rules.payment_states import (
    PAID_OR_ON_ITS_WAY,
    State,
    Step,
)
from enrollment.selectors.payments import OFF
from enrollment.selectors.texts import texts_in_force, words_of
from enrollment.services.payment_calls import refresh
from enrollment.services.payment_news import by_portal
from enrollment.services.payment_rows import CANCEL, owe, record
from portal.common.dates import today_in
from portal.common.numbers import next_number

logger = structlog.get_logger(__name__)

RETURN_SALT = "enrollment.payment.return"
POLICIES_OFF = "Past due premiums cannot be paid here."
UNAVAILABLE = "The Payment Portal does not answer at the moment. Nothing was taken. Try again in a few minutes."
REFUSED = "The Payment Portal did not take the payment up. Nothing was taken. Please tell support."


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
        by_portal(payment.pk, Step.EXPIRE, at)


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
            owe(CANCEL, current)
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
    record("payment.started", payment, by, amount=str(payment.amount))
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
        record("payment.return_refused", payment, by)
    return bool(used)
