"""Error pages: what happened and what to do, in words, never with details of the fault."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from portal.common.access import with_person


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(with_person(request), "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(with_person(request), "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(with_person(request), "404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(with_person(request), "403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke may be what they need."""
    return HttpResponse(
        loader.get_template("500.html").render(
            {"portal_name": settings.PORTAL_NAME, "support_phone": settings.SUPPORT_PHONE}
        ),
        status=500,
    )
