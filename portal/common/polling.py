"""Requests a page makes by itself. They must not look like a person at work, or nobody would ever be logged out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def polled(view: View) -> View:
    """Mark a view that pages ask again and again (delivery states, progress, bells): it does not keep a session open."""

    @wraps(view)
    def asked_by_a_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    asked_by_a_page.is_polled = True  # type: ignore[attr-defined]
    return asked_by_a_page


class PolledSessionMiddleware:
    """A question that a page asks by itself never takes the session cookie away; stands outside SessionMiddleware.

    Signing in and out give the browser another session. A question asked just before, with the cookie of the session that
    is gone by now, would be answered by deleting the cookie, and where that answer arrives last, by signing out somebody
    who has just signed in. The next page somebody opens deletes a cookie that is worth nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie is not None and not cookie.value and getattr(request, "is_polled", False):
            del response.cookies[settings.SESSION_COOKIE_NAME]
        return response

    def process_view(self, request: HttpRequest, view: View, _args: Any, _kwargs: Any) -> None:
        request.is_polled = getattr(view, "is_polled", False)  # type: ignore[attr-defined]
