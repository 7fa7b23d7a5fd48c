"""What the portal knows of payments for the policies on the desk: autopay, how far a payment is, and where it can be made.

The carrier's word about a policy comes with its feed; what a payment service has told the portal may be newer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.scoping import perms_on_book
from clients.models import Policy
from enrollment.models import Application, AutopayMandate, Payment, SubmittedPolicy
from enrollment.selectors import payments as selector
from portal.common.access import Perm
from portal.common.addresses import address_of
from portal.common.dates import as_text

TO_PAY = (Policy.Status.GRACE, Policy.Status.INITIAL_PAYMENT_DUE)
ENDING = "Being ended"
Mandates = AutopayMandate.State


@dataclass(frozen=True, kw_only=True)
class PaymentNews:
    """``state`` says how far the payment is and its last day, empty where there is none to speak of; ``url`` is where it
    can be made, for those who may."""

    autopay: str
    state: str = ""
    url: str = ""


def news_of(user: User, policies: Sequence[Policy]) -> dict[int, PaymentNews]:
    """By policy; seven queries at most. The policies are the person's own to see, ``account`` and producer number fetched.

    Payments are those of the person's books, whoever has begun them; who may make one is asked for each.
    """
    payments = Payment.objects.for_user(user).prefetch_related("mandates").order_by("id")
    applications = _applications(policies, payments)
    own: dict[int, list[Payment]] = {}
    for row in payments.filter(policy__in=policies):
        own.setdefault(row.policy_id or 0, []).append(row)
    return {policy.pk: _news(user, policy, applications.get(policy.pk), own.get(policy.pk, [])) for policy in policies}


def _applications(policies: Sequence[Policy], payments: "QuerySet[Payment]") -> dict[int, Application]:
    """The application of this portal that each policy came from, with its payments; of several the newest submitted."""
    rows = SubmittedPolicy.objects.filter(policy__in=policies)
    # Most policies were never applied for here; to ask for all that is read of an application takes longer than to look.
    if not rows.exists():
        return {}
    theirs = Prefetch("submission__application__payments", payments)
    rows = rows.order_by("submission_id").prefetch_related(theirs)
    related = "submission__application__producer_number"
    return {row.policy_id: row.submission.application for row in rows.select_related(related)}


def _news(user: User, policy: Policy, application: Application | None, own: Sequence[Payment]) -> PaymentNews:
    first = list(application.payments.all()) if application else []
    autopay = _autopay(policy, [*first, *own])
    if policy.status == Policy.Status.INITIAL_PAYMENT_DUE and application is not None:
        return PaymentNews(autopay=autopay, state=_first_state(application), url=_first_url(user, application))
    current = next((one for one in own if one.is_current), None)
    if policy.status not in TO_PAY:
        return PaymentNews(autopay=autopay)
    state = f"Payment of {current.amount_text}: {current.get_state_display()}" if current else ""
    return PaymentNews(autopay=autopay, state=state, url=_past_due_url(user, policy, current))


def _autopay(policy: Policy, payments: Sequence[Payment]) -> str:
    """An agreement made here counts before what the carrier has told: its feed learns of it later."""
    states = {mandate.state for payment in payments for mandate in payment.mandates.all()}
    if Mandates.ACTIVE in states:
        return "On"
    return ENDING if Mandates.REVOKING in states else "On" if policy.on_autopay else "Off"


def _first_state(application: Application) -> str:
    status = selector.status_of(application)
    payment = selector.counted(list(application.payments.all()))
    last = selector.due_on(application) if selector.why_not_payable(application) == "" else None
    words = [f"Payment of {payment.amount_text}: {status}" if payment else f"Payment: {status}" if status else ""]
    return ", ".join(filter(None, [*words, f"last day {as_text(last)}" if last else ""]))


def _first_url(user: User, application: Application) -> str:
    if selector.why_not_payable(application) or not _holds(user, Perm.ENROLL, application):
        return ""
    return reverse("enrollment:application-pay", args=[application.record_number])


def _past_due_url(user: User, policy: Policy, current: Payment | None) -> str:
    """Make a Payment of the client, where something is past due, nothing is on its way and it may be paid online."""
    if not policy.account.number or selector.why_no_past_due([policy]) or selector.why_not_again(policy, current):
        return ""
    if not _holds(user, Perm.CLIENT_SERVICE, policy):
        return ""
    return address_of("enrollment:client-pay", policy.account.number)


def _holds(user: User, perm: Perm, row: Policy | Application) -> bool:
    """Whether the right is held on the row's book; a producer of record who has changed loses the application's."""
    if not user.has_portal_perm(perm):
        return False
    return perm in perms_on_book(user, producer_id=row.producer_number.producer_id)
