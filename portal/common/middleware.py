"""What every request gets: an id for logs and audit, and answers that no cache keeps."""

import ipaddress
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from portal.common import request_context

GetResponse = Callable[[HttpRequest], HttpResponse]


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
