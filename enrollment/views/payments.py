"""The hand-over to the Payment Portal, the way back, and what the payment service tells (PAY, SIG_05)."""

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from clients.models import Account, Policy
from enrollment.models import Payment, PaymentEvent
from enrollment.payments.gateways import gateway
from enrollment.payments.gateways.base import ForgedCallback, GatewayRefused, GatewayUnavailable, StaleCallback
from enrollment.rules import first_payment
from enrollment.selectors import applications as application_selector
from enrollment.selectors import payments as selector
from enrollment.services import autopay, payment_calls, payment_news
from enrollment.services import payments as service
from enrollment.services.payments import CannotPay, NotNow
from portal.common import audit
from portal.common.access import Perm, public, requires
from portal.common.dates import as_text
from portal.common.polling import polled

LEAVING = "enrollment/payment_leaving.html"
USED = "That link back from the Payment Portal was used before. This is the payment as it is now."
STILL_UNKNOWN = (
    "The payment service has not told us yet what became of the payment. This page shows it as soon as it has."
)
ENDED = "Autopay was ended. The premiums that follow are billed by mail."
# Larger than anything a service sends; an event has a few hundred bytes.
LARGEST_CALLBACK = 256 * 1024

logger = structlog.get_logger(__name__)


# --- the first payment of an application ---


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def application_pay(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """What is to be paid, and the button to the Payment Portal; pressed, the new tab is led there."""
    row = selector.application_to_pay(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    if why := selector.why_not_payable(row):
        messages.info(request, why)
        return redirect("enrollment:application", record_number)
    if request.method == "POST":
        return _leave(
            request, lambda: service.begin_first(application=row, by=request.user, at=timezone.now()), application=row
        )
    first = row.effective_date or selector.today_of(row)
    context = {
        "application": row,
        "facts": [
            ("Current Balance", f"${application_selector.monthly_premium(row):,.2f}"),
            ("Payment Amount", f"${application_selector.monthly_premium(row):,.2f}"),
            ("Payment Date", as_text(selector.today_of(row))),
            ("Last Day for the First Payment", as_text(selector.due_on(row))),
            ("Applicant Name", application_selector.applicant_name(row)),
            ("Effective Date", as_text(row.effective_date)),
        ],
        "may_grow": first_payment.may_need_more(effective_date=first, today=selector.today_of(row)),
        "held": not selector.is_accepted(row),
    }
    return render(request, "enrollment/pay.html", context)


def _leave(
    request: AuthenticatedHttpRequest, begin: Callable[[], Payment], *, application: Any = None, policy: Any = None
) -> HttpResponse:
    """The last page of the portal in the new tab: it says where it goes, and goes there.

    Not a redirect: a form's answer may not lead to another origin (Content-Security-Policy, form-action).
    """
    context: dict[str, Any] = {"application": application, "policy_id": policy.pk if policy else None}
    try:
        payment = begin()
    except CannotPay as exc:
        return render(request, LEAVING, context | {"problem": str(exc)}, status=409)
    except NotNow as exc:
        return render(request, LEAVING, context | {"problem": str(exc), "again": True}, status=503)
    response = render(request, LEAVING, context | {"payment": payment})
    response["Refresh"] = f"0; url={payment.url}"
    add_never_cache_headers(response)
    return response


@requires(Perm.ENROLL)
@require_safe
def payment_return(request: AuthenticatedHttpRequest, token: str) -> HttpResponse:
    """Back from the Payment Portal to Application Details, which shows the Payment Status (PAY_09)."""
    payment = _returned(request, token, Perm.ENROLL)
    if payment.application is None:
        raise Http404("Not the payment of an application.")
    return redirect("enrollment:application", payment.application.record_number)


@requires(Perm.CLIENT_SERVICE)
@require_safe
def policy_payment_return(request: AuthenticatedHttpRequest, token: str) -> HttpResponse:
    """Back from the Payment Portal to the client's past due premiums."""
    payment = _returned(request, token, Perm.CLIENT_SERVICE)
    if payment.policy is None or not payment.policy.account.number:
        raise Http404("Not the payment of a policy.")
    return redirect("enrollment:client-pay", payment.policy.account.number)


def _returned(request: AuthenticatedHttpRequest, token: str, perm: Perm) -> Payment:
    """The payment of a signed link that is used for the first time. What became of it, the service is asked; the link says nothing."""
    named = service.number_in(token)
    payment = selector.payment_in_scope(request.user, named[0], perm=perm) if named else None
    if named is None or payment is None or payment.return_nonce != named[1]:
        raise Http404("No such payment in your books.")
    now = timezone.now()
    if not service.came_back(payment=payment, by=request.user, at=now):
        messages.info(request, USED)
        return payment
    try:
        payment_calls.refresh(payment=payment, at=now)
    except (GatewayUnavailable, GatewayRefused):
        messages.info(request, STILL_UNKNOWN)
    return payment


@polled
@requires(Perm.ENROLL)
@require_safe
def application_payment_state(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """The line that says how far the payment is; asked again while news may come."""
    row = selector.application_to_pay(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    line = selector.state_line(row)
    if not line["poll_url"]:
        # The rest of the page is older than this line.
        page = reverse("enrollment:application", args=[record_number])
        line |= {"action_url": page, "action_label": "Show the page as it is now"}
    return render(request, "components/state_line.html", line)


@requires(Perm.ENROLL)
@require_POST
def autopay_end(request: AuthenticatedHttpRequest, mandate_id: int) -> HttpResponse:
    """End autopay, on the client's word."""
    mandate = selector.mandate_in_scope(request.user, mandate_id)
    if mandate is None or mandate.payment.application is None:
        raise Http404("No such agreement in your books.")
    autopay.revoke_autopay(mandate=mandate, by=request.user, at=timezone.now())
    messages.success(request, ENDED)
    return redirect("enrollment:application", mandate.payment.application.record_number)


# --- what is past due on a client's policies ---


@requires(Perm.CLIENT_SERVICE)
@require_http_methods(["GET", "HEAD", "POST"])
def client_pay(request: AuthenticatedHttpRequest, account_number: str) -> HttpResponse:
    """What is past due on the client's policies, each with the button to the Payment Portal."""
    account: Account = get_object_or_404(
        Account.objects.for_user(request.user, perm=Perm.CLIENT_SERVICE), number=account_number
    )
    mine = Policy.objects.for_user(request.user, perm=Perm.CLIENT_SERVICE).filter(account=account)
    policies = list(mine.select_related("account", "producer_number__producer").order_by("id"))
    if why := selector.why_no_past_due(policies):
        messages.info(request, why)
        return redirect("clients:detail", account_number)
    if request.method == "POST":
        wanted = request.POST.get("policy", "")
        policy = next((one for one in policies if str(one.pk) == wanted), None)
        if policy is None:
            raise Http404("No such policy in your books.")
        return _leave(
            request, lambda: service.begin_past_due(policy=policy, by=request.user, at=timezone.now()), policy=policy
        )
    audit.record(
        "client.past_due_viewed",
        by=request.user,
        for_producer=policies[0].producer_number.producer.npn,
        object_type="account",
        object_id=account_number,
    )
    context = {"account": account, "lines": selector.past_due_lines(request.user, policies)}
    return render(request, "enrollment/client_pay.html", context)


# --- the service's own voice ---


@csrf_exempt
@public
@require_POST
def payment_callback(request: HttpRequest, gateway_name: str) -> HttpResponse:
    """What a payment service tells. Only its signature counts, and each event once; told again it is answered the same."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST_CALLBACK:
        return JsonResponse({"error": "too large"}, status=413)
    try:
        told = gateway(gateway_name).read_callback(request.body, request.headers)
    except StaleCallback:
        return _refused(gateway_name, "stale")
    except ForgedCallback:
        return _refused(gateway_name, "forged")
    except GatewayUnavailable:
        raise Http404("No such payment service here.") from None
    taken = payment_news.take(told, gateway_name=gateway_name, source=PaymentEvent.Source.CALLBACK, at=timezone.now())
    return JsonResponse({"taken": taken})


def _refused(gateway_name: str, why: str) -> HttpResponse:
    logger.warning("payment callback refused", gateway=gateway_name, why=why)
    audit.record(
        "payment.callback_refused", by=None, object_type="payment", details={"gateway": gateway_name, "why": why}
    )
    return JsonResponse({"error": why}, status=400)
