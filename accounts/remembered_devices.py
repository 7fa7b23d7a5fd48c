"""The cookie by which a remembered device is recognised (DEV_01)."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.services.devices import TOKENS_READ

BETWEEN = "~"  # stands in no token
LONGEST_TOKEN = 100


def tokens_in(request: HttpRequest) -> list[str]:
    """The tokens this browser keeps, one for each person it is remembered for, the newest first."""
    kept = request.COOKIES.get(settings.REMEMBERED_DEVICE_COOKIE_NAME, "")
    return [token for token in kept.split(BETWEEN) if token and len(token) <= LONGEST_TOKEN][:TOKENS_READ]


def keep(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Let the browser keep one more token. No script can read it, and it goes to this host only."""
    response.set_cookie(
        settings.REMEMBERED_DEVICE_COOKIE_NAME,
        BETWEEN.join([token, *tokens_in(request)][:TOKENS_READ]),
        max_age=timedelta(days=settings.REMEMBERED_DEVICE_DAYS),
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
