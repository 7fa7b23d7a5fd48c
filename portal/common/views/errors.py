"""Error pages: what happened and what to do, in words, never with details of the fault."""

import sys
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import NoReverseMatch, reverse

from portal.common.access import with_person
from portal.common.throttle import TooOften

REPORT_PAGE = "ecomm:report-issue"
RETRY_AFTER_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "404.html", 404)


def too_often(request: HttpRequest, exception: TooOften) -> HttpResponse:
    """Somebody used up a limit; the page says how long to wait."""
    response = render(with_person(request), "429.html", {"wait": str(exception)}, status=429)
    response["Retry-After"] = str(exception.wait_minutes * 60)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, "403_csrf.html", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke may be what they need.

    503 while the database does not answer: that passes by itself, and proxies and browsers may ask again.
    """
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    response = HttpResponse(
        loader.get_template("503.html" if is_away else "500.html").render(
            {
                "portal_name": settings.PORTAL_NAME,
                "support_phone": settings.SUPPORT_PHONE,
                # Who is asking would have to be looked up; somebody with a session has most likely signed in.
                "report_url": _report_url() if settings.SESSION_COOKIE_NAME in request.COOKIES and not is_away else "",
            }
        ),
        status=503 if is_away else 500,
    )
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _answer(request: HttpRequest, template: str, status: int) -> HttpResponse:
    user: Any = getattr(with_person(request), "user", None)
    signed_in = bool(user and user.is_authenticated)
    return render(request, template, {"report_url": _report_url() if signed_in else ""}, status=status)


def _report_url() -> str:
    """The form for reporting an issue (ISS_01). It learns from the browser which page could not be shown.

    The address stays out of the link, so that the page for a client of somebody else's is the page for no client at all.
    """
    try:
        return reverse(REPORT_PAGE)
    except NoReverseMatch:
        return ""
