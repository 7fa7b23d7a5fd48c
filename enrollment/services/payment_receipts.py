"""Who is told of a payment, and how: the payer by email, those who work for the client by a notification (PAY)."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from enrollment.models import Payment
from enrollment.rules.payment_states import (
    State,
)
from portal.common.access import Perm
from portal.common.languages import written_in
from portal.common.messaging.send import send_email
from portal.common.notifications.notify import notify_all

SETTLED_NOTICE, FAILED_NOTICE = "payment.settled", "payment.failed"
RECEIPTS = {
    State.HELD: (
        gettext_noop("We have your payment details"),
        gettext_noop("It will be taken once your application has been accepted."),
    ),
    State.SCHEDULED: (gettext_noop("We have your payment details"), gettext_noop("It will be taken shortly.")),
    State.SUBMITTED: (
        gettext_noop("Your payment was submitted"),
        gettext_noop("It is on its way. You are told when it has come in."),
    ),
    State.SETTLED: (gettext_noop("Your payment was successful"), gettext_noop("It has come in. Thank you.")),
    State.FAILED: (
        gettext_noop("Your payment was not successful"),
        gettext_noop("Nothing was taken. A bill comes by mail."),
    ),
    State.RETURNED: (
        gettext_noop("Your payment was returned"),
        gettext_noop("Your bank has sent it back, so the premium is still due."),
    ),
    State.CANCELLED: (
        gettext_noop("Your payment was cancelled"),
        gettext_noop("Nothing was taken. A bill comes by mail."),
    ),
}


def tell(payment: Payment, before: State, state: State, at: datetime) -> None:
    """A receipt to the payer by email, and a word to those who work for the client. Neither holds anything of health."""
    submitted_before = before in (State.HELD, State.SCHEDULED)
    is_news = not (state == State.SCHEDULED and submitted_before) and not (
        state == State.CANCELLED and before in (State.STARTED, State.EXPIRED)
    )
    if payment.payer_email and state in RECEIPTS and is_news:
        _receipt(payment, state)
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


def _receipt(payment: Payment, state: State) -> None:
    """In the language in which the payer paid."""
    with written_in(payment.language):
        title, text = (gettext(sentence) for sentence in RECEIPTS[state])
        method = payment.method_text
    send_email(
        to=payment.payer_email,
        kind="payment_receipt",
        subject=f"{title} ({payment.number})",
        context={"title": title, "text": text, "payment": payment, "method": method},
        language=payment.language,
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
