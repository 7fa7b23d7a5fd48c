"""Error pages: what happened and what to do, in words, never with details of the fault."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from portal.common.access import Perm, public


def _with_person(request: HttpRequest) -> HttpRequest:
    """Load who is asking before the template does: for an address that leads nowhere, no middleware has."""
    user: Any = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        user.has_portal_perm(Perm.SIGNED_IN)
    return request


@public
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(_with_person(request), "400.html", status=400)


@public
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    reason = str(exception) if exception and exception.args else ""
    return render(_with_person(request), "403.html", {"reason": reason}, status=403)


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(_with_person(request), "404.html", status=404)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(_with_person(request), "403_csrf.html", status=403)


@public
def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke may be what they need."""
    return HttpResponse(loader.get_template("500.html").render({}), status=500)
