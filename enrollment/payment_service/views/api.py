"""What the portal asks of the payment portal: JSON, signed with the key both know, each request good once (``wire``)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from enrollment.payment_service import payments, wire
from enrollment.payment_service.desk import the_desk
from enrollment.payment_service.links import link_of
from enrollment.payment_service.options import options
from enrollment.payment_service.store import asked_from

View = Callable[..., HttpResponse]


def signed_by_the_portal(method: str) -> Callable[[View], View]:
    """Only requests with a good signature, and each of them once; refusals of the desk as 404 and 409."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods([method])
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            now = datetime.now(UTC)
            purpose = wire.request_purpose(method, request.path)
            try:
                nonce = wire.check(options().secret, request.headers, purpose=purpose, body=request.body, now=now)
            except wire.Forged as error:
                return JsonResponse({"error": str(error)}, status=401)
            with the_desk().store.writing() as writing:
                # A stale message is refused by its moment, which may lie ahead by the window, too.
                if not writing.first_time(nonce, now=now, forget_before=now - 3 * wire.WINDOW):
                    return JsonResponse({"error": "this request came before"}, status=401)
            try:
                return view(request, *args, now=now, **kwargs)
            except payments.Unknown as error:
                return JsonResponse({"error": str(error)}, status=404)
            except payments.Refused as error:
                return JsonResponse({"error": str(error)}, status=409)

        return checked

    return decorate


@signed_by_the_portal("POST")
def create(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """Open a payment, or answer the one of the same key."""
    try:
        asked = asked_from(json.loads(request.body))
    except (ValueError, TypeError, KeyError, ArithmeticError):
        return JsonResponse({"error": "the request cannot be read"}, status=400)
    if not (asked.amount.is_finite() and asked.amount > 0 and asked.amount == round(asked.amount, 2)):
        return JsonResponse({"error": "the amount is not one that can be paid"}, status=400)
    if not all(_is_web_address(url) for url in (asked.return_url, asked.callback_url)):
        return JsonResponse({"error": "an address is none of the web"}, status=400)
    payment = the_desk().create(asked, now=now)
    answer = {
        "external_id": payment.id,
        "url": link_of(payment),
        "expires_at": payment.expires_at.isoformat(),
    }
    return JsonResponse(answer)


@signed_by_the_portal("GET")
def events(_request: HttpRequest, payment_id: str, *, now: datetime) -> HttpResponse:
    """Everything that was told or is still to be told, oldest first; what is due by now is done before."""
    the_desk().look(payment_id, now=now)
    return JsonResponse({"events": [event.told for event in the_desk().store.events(payment_id)]})


@signed_by_the_portal("POST")
def release(_request: HttpRequest, payment_id: str, *, now: datetime) -> HttpResponse:
    the_desk().release(payment_id, now=now)
    return JsonResponse({})


@signed_by_the_portal("POST")
def cancel(_request: HttpRequest, payment_id: str, *, now: datetime) -> HttpResponse:
    the_desk().cancel(payment_id, now=now)
    return JsonResponse({})


@signed_by_the_portal("POST")
def revoke(_request: HttpRequest, mandate_id: str, *, now: datetime) -> HttpResponse:
    the_desk().revoke(mandate_id, now=now)
    return JsonResponse({})


def _is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
