"""What is known of payments, in the words of the pages: Payment Status, who can pay what now, and the last day for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application, AutopayMandate, Payment, Submission
from enrollment.payments.gateways import is_on
from enrollment.rules import first_payment
from enrollment.rules.payment_states import PAID_OR_ON_ITS_WAY, State
from portal.common.access import Perm
from portal.common.dates import as_text, moment_as_text, today_in

OFF = "Payments cannot be made online at the moment. The applicant receives a bill in the mail."
PILLS = {
    State.STARTED: "warning",
    State.EXPIRED: "secondary",
    State.HELD: "info",
    State.SCHEDULED: "info",
    State.CANCELLED: "secondary",
    State.SUBMITTED: "info",
    State.FAILED: "danger",
    State.SETTLED: "success",
    State.RETURNED: "danger",
}
BILLED, NOT_STARTED = "Billed by mail", "Not started"
JUST_SUBMITTED = timedelta(minutes=15)
CHOSEN_NOW = Application.PaymentChoice.NOW


@dataclass(frozen=True)
class PaymentLine:
    """One payment as a row of a table. ``note`` says why it failed or was returned."""

    number: str
    amount: str
    status: str
    pill: str
    started: str
    changed: str
    confirmation: str
    method: str
    note: str


@dataclass(frozen=True)
class MandateLine:
    pk: int
    text: str
    is_on: bool

    @property
    def pk_text(self) -> str:
        return str(self.pk)


@dataclass(frozen=True, kw_only=True)
class PaymentPanel:
    """The payment of an application: what the page shows, and what can be done. ``why_not`` is empty when it can be paid."""

    status: str
    pill: str
    facts: list[tuple[str, str]]
    lines: list[PaymentLine]
    mandates: list[MandateLine]
    pay_url: str
    pay_label: str
    why_not: str
    is_off: bool
    state: dict[str, str]


def counted(payments: Sequence[Payment]) -> Payment | None:
    """The payment that speaks for all of one thing: one that is paid or on its way before one that is not, the newest."""
    under_way = [one for one in payments if one.state in PAID_OR_ON_ITS_WAY]
    return max(under_way or payments, key=lambda one: one.pk, default=None)


def status_of(application: Application) -> str:
    """Payment Status as lists and pages say it (LST_02); the payments must have been fetched."""
    payment = counted(list(application.payments.all()))
    if payment is not None and (payment.state != State.STARTED or application.payment_choice == CHOSEN_NOW):
        return payment.get_state_display()
    if application.payment_choice == Application.PaymentChoice.LATER:
        return BILLED
    return NOT_STARTED if application.payment_choice else ""


def due_on(application: Application) -> date | None:
    """The last day for the first payment of a submitted application, inclusive."""
    if application.submitted_at is None or application.effective_date is None:
        return None
    submitted_on = today_in(application.us_state, now=application.submitted_at)
    return first_payment.due_on(effective_date=application.effective_date, submitted_on=submitted_on)


def why_not_payable(application: Application) -> str:
    """Why its first premium cannot be paid online now, fit to show; empty when it can. The payments must have been fetched."""
    if not is_on():
        return OFF
    if application.withdrawn_at is not None or application.status == Application.Status.INCOMPLETE:
        return "Payment will occur after the application has been submitted."
    if application.status == Application.Status.FAILED:
        return "The application has failed. It can be paid once it was submitted again."
    payment = counted(list(application.payments.all()))
    if payment is None or payment.state not in PAID_OR_ON_ITS_WAY:
        return ""
    if payment.state == State.SETTLED:
        return f"The first premium of {payment.amount_text} has been paid."
    return f"The payment of {payment.amount_text} is on its way."


def panel_of(application: Application) -> PaymentPanel | None:
    """The payment part of Application Details; nothing before the application was submitted.

    The payments and their mandates must have been fetched.
    """
    if application.submitted_at is None:
        return None
    payments = list(application.payments.all())
    payment = counted(payments)
    status = status_of(application)
    last_day = due_on(application)
    paid = payment is not None and payment.state == State.SETTLED
    facts = [("Payment Status", status)]
    if not paid:
        facts.append(("Last Day for the First Payment", as_text(last_day)))
    if payment is not None:
        facts += [("Payment Amount", payment.amount_text), ("Payment Method", payment.method_text)]
        facts += [("Payment Confirmation Number", payment.confirmation), ("Payment Number", payment.number)]
    started = payment is not None and payment.state == State.STARTED
    return PaymentPanel(
        status=status,
        pill=PILLS[State(payment.state)] if payment is not None else "secondary",
        facts=facts,
        lines=[_line(one) for one in sorted(payments, key=lambda one: -one.pk)],
        mandates=[_mandate(one) for payment in payments for one in payment.mandates.all()],
        pay_url=reverse("enrollment:application-pay", args=[application.record_number]),
        pay_label="Continue to the Payment Portal" if started else "Pay Now",
        why_not=why_not_payable(application),
        is_off=not is_on() and not paid,
        state=state_line(application),
    )


def _mandate(one: AutopayMandate) -> MandateLine:
    account = f"the bank account ending in {one.bank_last4}" if one.bank_last4 else "a bank account"
    if one.state == AutopayMandate.State.ACTIVE:
        return MandateLine(
            one.pk, f"Autopay is on, from {account}, as agreed on {moment_as_text(one.agreed_at)}.", True
        )
    when = f" on {moment_as_text(one.revoked_at)}" if one.revoked_at else ""
    return MandateLine(one.pk, f"Autopay from {account} was ended{when}.", False)


def _line(one: Payment) -> PaymentLine:
    return PaymentLine(
        number=one.number,
        amount=one.amount_text,
        status=one.get_state_display(),
        pill=PILLS[State(one.state)],
        started=moment_as_text(one.created_at),
        changed=moment_as_text(one.changed_at),
        confirmation=one.confirmation,
        method=one.method_text,
        note=one.reason,
    )


TEXTS = {
    State.STARTED: "The Payment Portal was opened, and the payment has not been completed: nothing is paid yet.",
    State.EXPIRED: "The Payment Portal was closed without a payment. The client is billed by mail.",
    State.HELD: "The payment was submitted. It is taken once the application has been accepted.",
    State.SCHEDULED: "The payment is about to be taken.",
    State.CANCELLED: "The payment was cancelled. The application is not; the client is billed by mail.",
    State.SUBMITTED: "The payment was submitted and is on its way.",
    State.FAILED: "The payment was not successful. The client is billed by mail, or can pay again.",
    State.SETTLED: "The payment was successful.",
    State.RETURNED: "The payment was returned by the bank. The premium is due again.",
}
_LOOKS = {
    State.STARTED: "pending",
    State.HELD: "pending",
    State.SCHEDULED: "pending",
    State.SUBMITTED: "pending",
    State.FAILED: "problem",
    State.RETURNED: "problem",
    State.SETTLED: "done",
}


def state_line(application: Application) -> dict[str, str]:
    """How far the payment is, for ``components/state_line.html``; asked again while news may come."""
    line = dict.fromkeys(("poll_url", "action_url", "action_label", "text"), "")
    line |= {"line_id": "payment-state", "state": "info"}
    payment = counted(list(application.payments.all()))
    poll = reverse("enrollment:application-payment-state", args=[application.record_number])
    if payment is None:
        if application.payment_choice == CHOSEN_NOW:
            # Another tab may be on its way to the Payment Portal.
            fresh = application.submitted_at is not None and timezone.now() - application.submitted_at < JUST_SUBMITTED
            return line | {"text": "Nothing has been paid yet.", "poll_url": poll if fresh else ""}
        return line | {"text": "The applicant will receive a bill in the mail."}
    state = State(payment.state)
    waits = state in (State.STARTED, State.HELD, State.SCHEDULED, State.SUBMITTED)
    return line | {
        "text": TEXTS[state],
        "state": _LOOKS.get(state, "info"),
        "poll_url": poll if waits else "",
    }


def application_to_pay(user: User, record_number: str) -> Application | None:
    """The application with what its payment page shows, or ``None`` when it is not in the person's books."""
    rows = Application.objects.for_user(user, perm=Perm.ENROLL).filter(record_number=record_number)
    found: Application | None = (
        rows.select_related("producer_number__producer")
        .prefetch_related("applicants", "plans__plan", "payments")
        .first()
    )
    return found


def is_accepted(application: Application) -> bool:
    """Whether the member system has taken the newest submission."""
    newest = Submission.objects.filter(application=application).order_by("-number").values_list("outcome", flat=True)
    return newest.first() == Submission.Outcome.ACCEPTED


def payment_in_scope(user: User, number: str, *, perm: Perm) -> Payment | None:
    """A payment of the person's books, under a right; ``None`` otherwise."""
    rows = Payment.objects.for_user(user, perm=perm).filter(number=number)
    found: Payment | None = rows.select_related("application", "policy__account", "producer_number__producer").first()
    return found


def mandate_in_scope(user: User, pk: int) -> AutopayMandate | None:
    """An agreement to autopay of the person's books."""
    rows = AutopayMandate.objects.for_user(user, perm=Perm.ENROLL).filter(pk=pk)
    found: AutopayMandate | None = rows.select_related("payment__application").first()
    return found


# --- past due on a policy ---

NOTHING_PAST_DUE = "Nothing is past due on this client's policies."


@dataclass(frozen=True, kw_only=True)
class PastDueLine:
    """A policy on which something is past due, with what can be done about it."""

    policy: Policy
    facts: list[tuple[str, str]]
    status: str
    pill: str
    why_not: str


def past_due_lines(user: User, policies: Sequence[Policy]) -> list[PastDueLine]:
    """Those of the policies on which something is past due, with their payments so far."""
    mine = Payment.objects.for_user(user, perm=Perm.CLIENT_SERVICE).filter(policy__in=policies)
    rows = mine.select_related("policy__account").order_by("policy_id", "id")
    by_policy: dict[int, list[Payment]] = {}
    for row in rows:
        by_policy.setdefault(row.policy_id or 0, []).append(row)
    return [_past_due(policy, by_policy.get(policy.pk, [])) for policy in policies if policy.past_due > 0]


def why_not_again(policy: Policy, payment: Payment | None) -> str:
    """Why what is past due is not to be paid now, ``payment`` being the policy's current one; empty when it is."""
    if payment is None or payment.state not in PAID_OR_ON_ITS_WAY:
        return ""
    if payment.state != State.SETTLED:
        return f"The payment of {payment.amount_text} is on its way."
    known_since = policy.account.as_of > payment.settled_at if payment.settled_at else False
    return "" if known_since else f"A payment of {payment.amount_text} has come in."


def _past_due(policy: Policy, payments: Sequence[Payment]) -> PastDueLine:
    payment = next((one for one in payments if one.is_current), None)
    state = State(payment.state) if payment is not None else None
    facts = [
        ("Product Name", policy.product_name),
        ("Current Balance", f"${policy.past_due:,.2f}"),
        ("Paid To", as_text(policy.paid_to_date)),
    ]
    if payment is not None:
        facts += [("Payment Number", payment.number), ("Payment Method", payment.method_text)]
        facts += [("Payment Confirmation Number", payment.confirmation)]
    return PastDueLine(
        policy=policy,
        facts=facts,
        status=payment.get_state_display() if payment is not None else "",
        pill=PILLS[state] if state is not None else "",
        why_not=why_not_again(policy, payment),
    )


def why_no_past_due(policies: Sequence[Policy]) -> str:
    """Why past due premiums of a client cannot be paid online; asks nothing of the database."""
    if not settings.PAYMENTS_FOR_POLICIES or not is_on():
        return "Past due premiums cannot be paid online at the moment."
    if not any(policy.past_due > 0 for policy in policies):
        return NOTHING_PAST_DUE
    return ""


def today_of(application: Application) -> date:
    return today_in(application.us_state, now=timezone.now())
