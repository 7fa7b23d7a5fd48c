"""How much of a book one person may look up or take out in a short time (ASVS 2.4.1).

A producer at work stays far below; somebody who copies the book with a stolen session does not. Nobody needs a list of
one's own clients to be complete within minutes, so who reaches a limit waits and loses nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.common import throttle
from portal.common.throttle import Limit, TooOften
from portal.common.views import errors

FILE_FORMATS = ("csv", "xlsx")


def count_search(user: Any, *, at: datetime) -> None:
    """Count one search for clients. Raises ``TooOften`` above ``CLIENT_SEARCHES_PER_MINUTE``."""
    limit = Limit("client-searches", settings.CLIENT_SEARCHES_PER_MINUTE, timedelta(minutes=1))
    throttle.count(limit, str(user.pk), at=at)


def count_export(user: Any, *, at: datetime) -> None:
    """Count one list taken out as a file. Raises ``TooOften`` above ``EXPORTS_PER_HOUR``."""
    throttle.count(Limit("exports", settings.EXPORTS_PER_HOUR, timedelta(hours=1)), str(user.pk), at=at)


class BulkLimitMiddleware:
    """Counts every list that is asked for as a file, whichever page it stands on, and tells who has to wait."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        if (
            request.method != "GET"
            or request.GET.get("format") not in FILE_FORMATS
            or not request.user.is_authenticated
        ):
            return None
        try:
            count_export(request.user, at=timezone.now())
        except TooOften as exc:
            return errors.too_often(request, exc)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Forms say it beside their fields; whatever reaches this has no field to stand beside."""
        return errors.too_often(request, exception) if isinstance(exception, TooOften) else None
