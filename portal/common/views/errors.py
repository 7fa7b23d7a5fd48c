"""Error pages: what happened and what to do, in words, never with details of the fault."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import NoReverseMatch, reverse

from portal.common.access import with_person

REPORT_PAGE = "ecomm:report-issue"


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, "404.html", 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, "403_csrf.html", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke may be what they need."""
    return HttpResponse(
        loader.get_template("500.html").render(
            {
                "portal_name": settings.PORTAL_NAME,
                "support_phone": settings.SUPPORT_PHONE,
                # Who is asking would have to be looked up; somebody with a session has most likely signed in.
                "report_url": _report_url() if settings.SESSION_COOKIE_NAME in request.COOKIES else "",
            }
        ),
        status=500,
    )


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
