"""What browsers are told with every answer: to load nothing from elsewhere, and to keep nothing."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; object-src 'none'; form-action 'self'"
)


class BrowserRulesMiddleware:
    """Content policy, frame and cache headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response


def allow_return_to(response: HttpResponse, url: str) -> HttpResponse:
    """Let a form of this page end at the origin of ``url``: browsers hold a redirect after a form to ``form-action``."""
    parts = urlsplit(url)
    response.headers["Content-Security-Policy"] = f"{POLICY} {parts.scheme}://{parts.netloc}"
    return response
