"""Sessions end by themselves: after fifteen idle minutes, and twelve hours after signing in (ASVS 7.3, figure D7).

45 CFR 164.312(a)(2)(iii), automatic logoff; WCAG 2.2.1, a warning two minutes before with one key to stay.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from accounts.services import open_sessions
from accounts.services.open_sessions import Standing
from portal.common import audit

GetResponse = Callable[[HttpRequest], HttpResponse]

ENDED = "You have been logged out. Please log in again."
IDLE = (
    "You were logged out for your clients' safety because nothing happened for {minutes} minutes. Please log in again."
)
WHOLE = "You were logged out because you had been logged in for {hours} hours. Please log in again."


@dataclass(frozen=True)
class SessionClock:
    """What a page must know to warn in time."""

    seconds_left: int
    warn_seconds: int
    can_be_extended: bool


class SessionLimitMiddleware:
    """Ends what is over before any view runs, and notes that somebody was there."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        user_id = request.session.get(auth.SESSION_KEY)
        if user_id is None:
            return None
        now = timezone.now()
        standing = open_sessions.standing(request.session.session_key or "", user_id=user_id)
        if standing is None or now >= standing.ends_at:
            return self._end(request, view, standing, now)
        if not getattr(view, "is_polled", False):
            open_sessions.seen(standing.session, at=now)
            standing = open_sessions.standing_of(standing.session)
        request.session_clock = clock(standing, now)  # type: ignore[attr-defined]
        return None

    def _end(
        self, request: HttpRequest, view: Callable[..., Any], standing: Standing | None, now: datetime
    ) -> HttpResponseBase | None:
        user: Any = request.user
        if user.is_authenticated:
            audit.record("sign_in.timed_out", by=user, object_type="user", object_id=str(user.pk))
        auth.logout(request)
        messages.info(request, _why(standing, now))
        if not getattr(view, "login_required", True):
            return None
        address = _login_address(request)
        return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else redirect(address)


def clock(standing: Standing, now: datetime) -> SessionClock:
    """How long the session has left at ``now``."""
    return SessionClock(
        seconds_left=max(0, math.floor((standing.ends_at - now).total_seconds())),
        warn_seconds=settings.SESSION_WARNING_SECONDS,
        can_be_extended=standing.can_be_extended,
    )


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context for the frame of every page."""
    signed_in = getattr(getattr(request, "user", None), "is_authenticated", False)
    return {"session_clock": getattr(request, "session_clock", None) if signed_in else None}


def _why(standing: Standing | None, now: datetime) -> str:
    if standing is None:
        return ENDED
    if now >= standing.open_until:
        return WHOLE.format(hours=settings.SESSION_COOKIE_AGE // 3600)
    return IDLE.format(minutes=settings.SESSION_IDLE_MINUTES)


def _login_address(request: HttpRequest) -> str:
    """The login page, and afterwards the page the person was on: not a fragment of it, nor where a form was sent."""
    if request.headers.get("HX-Request"):
        on_page = request.headers.get("HX-Current-URL", "")
    elif request.method in ("GET", "HEAD"):
        on_page = request.get_full_path()
    else:
        on_page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(on_page, {request.get_host()}, require_https=request.is_secure())
    parts = urlsplit(on_page)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    carried = f"?{urlencode({'next': page})}" if ours and page else ""
    return f"{reverse(settings.LOGIN_URL)}{carried}"
