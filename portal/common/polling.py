"""Requests a page makes by itself. They must not look like a person at work, or nobody would ever be logged out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def polled(view: View) -> View:
    """Mark a view that pages ask again and again (delivery states, progress, bells): it does not keep a session open."""

    @wraps(view)
    def asked_by_a_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    asked_by_a_page.is_polled = True  # type: ignore[attr-defined]
    return asked_by_a_page
