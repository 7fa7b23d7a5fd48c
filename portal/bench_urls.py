"""The portal's addresses plus two baselines to measure against; only in the bench settings."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from portal.common.access import Perm, public, requires
from portal.urls import handler400, handler403, handler404, handler500
from portal.urls import urlpatterns as portal_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

ROWS = [[f"{row}.{column}" for column in range(16)] for row in range(25)]


@public
def bare(_request: HttpRequest) -> HttpResponse:
    """Answers ok: the cost of the server and the middleware alone."""
    return HttpResponse("ok", content_type="text/plain")


@requires(Perm.SIGNED_IN)
def page(request: HttpRequest) -> HttpResponse:
    """A signed-in page of 25 rows of 16 constant cells: the least a list page can cost."""
    context: dict[str, Any] = {"rows": ROWS}
    return render(request, "bench/page.html", context)


urlpatterns = [*portal_urlpatterns, path("bench/bare/", bare), path("bench/page/", page)]
