"""What every request gets: an id for logs and audit, and answers that no cache keeps."""

import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from portal.common import request_context

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Give the request an id and remember where it came from while it is being answered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        request_context.enter(
            request_context.RequestFacts(request_id=request_id, ip_address=request.META.get("REMOTE_ADDR") or None)
        )
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
