"""What every request gets: an id for logs and audit, answers that no cache keeps, rules for the browser."""

import ipaddress
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.cache import patch_cache_control

from portal.common import request_context

GetResponse = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST")
# What no page of the portal uses, and nothing that would get into one is to use either.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "bluetooth",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)


def address_of(request: HttpRequest) -> str | None:
    """Where the request came from, for throttles and the audit trail; ``None`` when it is unreadable.

    Behind ``TRUSTED_PROXIES`` proxies of our own the address is the one the outermost of them saw: each appends what it
    saw to X-Forwarded-For, so entries further left are the visitor's own words and are not believed.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(seen) >= settings.TRUSTED_PROXIES:
            address = seen[-settings.TRUSTED_PROXIES]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


class RequestContextMiddleware:
    """Give the request an id and remember where it came from while it is being answered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        request_context.enter(request_context.RequestFacts(request_id=request_id, ip_address=address_of(request)))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            request_context.enter(None)
            request.log_facts = structlog.contextvars.get_contextvars()  # type: ignore[attr-defined]
            structlog.contextvars.clear_contextvars()
        response["X-Request-ID"] = request_id
        return response


class PrivateResponseMiddleware:
    """Every page made for a person is for that person only: no shared or disk cache keeps it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response


class BrowserRulesMiddleware:
    """What a browser may do with any answer, files of the portal included; and no method but those that pages use."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "session_has_ended", False):
            # Cookies stay: the remembered device and the theme are this browser's and no part of the session. The cache holds
            # style sheets and scripts only, pages being no-store, and browsers take seconds to empty it.
            response.headers["Clear-Site-Data"] = '"storage"'
        return response


@receiver(user_logged_out)
def _note_the_end(request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """Whether by the button, by a new password or by the clock: the browser forgets what it was shown (ASVS 14.3.1)."""
    if user is not None:
        request.session_has_ended = True  # type: ignore[attr-defined]
