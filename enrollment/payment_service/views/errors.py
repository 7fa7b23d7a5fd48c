"""Pages for what is not a payment. None of them shows anything that was typed."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from enrollment.payment_service.frame import language_of
from enrollment.payment_service.options import options
from enrollment.payment_service.texts import texts


def say(request: HttpRequest, what: str, *, status: int) -> HttpResponse:
    """A page of a title and a text: the sentences ``<what>_title`` and ``<what>_text``."""
    t = texts(language_of(request))
    text = t[f"{what}_text"].format(phone=options().support_phone)
    context = {"title": t[f"{what}_title"], "text": text, "switchable": request.method == "GET"}
    return render(request, "payment_service/said.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return say(request, "went_wrong", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return say(request, "not_open", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return say(request, "nothing_here", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return say(request, "went_wrong", status=500)


def csrf_failure(request: HttpRequest, **_why: Any) -> HttpResponse:
    return say(request, "form_old", status=403)
