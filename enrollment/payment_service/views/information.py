"""Pages that belong to no payment, and the choice of the language."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from enrollment.payment_service.frame import language_of
from enrollment.payment_service.options import LANGUAGE_COOKIE, options
from enrollment.payment_service.rules.trial_numbers import ACCOUNTS, CARDS, ROUTING, TrialNumber
from enrollment.payment_service.texts import INTERPRETER, LANGUAGES, texts

A_YEAR = 365 * 24 * 60 * 60


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return _document(request, "terms_of_use", ["terms_1", "terms_2", "terms_3", "terms_4"])


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _document(request, "privacy_statement", ["privacy_1", "privacy_2", "privacy_3"])


@require_safe
def language_assistance(request: HttpRequest) -> HttpResponse:
    """Help in one's language at no cost (PAY_10; 45 CFR 92.11 asks covered entities for such a notice)."""
    phone = options().support_phone
    kept_together = f"\u2066{phone}\u2069"  # a sentence that runs from right to left would turn the number around
    offers = [
        {"code": code, "name": name, "text": text.format(phone=kept_together)} for code, name, text in INTERPRETER
    ]
    lead = texts(language_of(request))["assistance_lead"].format(phone=phone)
    context = {"lead": lead, "offers": offers, "switchable": True}
    return render(request, "payment_service/language_assistance.html", context)


@require_safe
def trial_numbers(request: HttpRequest) -> HttpResponse:
    t = texts(language_of(request))

    def rows(numbers: tuple[TrialNumber, ...]) -> list[dict[str, str]]:
        return [{"digits": each.digits, "label": each.label, "story": t[each.story]} for each in numbers]

    context = {
        "cards": rows(CARDS),
        "accounts": rows(ACCOUNTS),
        "routing": t["trial_routing"].format(routing=ROUTING),
        "switchable": True,
    }
    return render(request, "payment_service/trial_numbers.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Show the page this came from in the other language."""
    back = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/")
    return remember_language(HttpResponseRedirect(back if here else "/terms/"), request.POST.get("language", ""))


def remember_language(response: HttpResponse, chosen: str) -> HttpResponse:
    """Keep the language for this and later payments on this browser."""
    if chosen in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=A_YEAR, secure=options().over_https, httponly=True, samesite="Lax"
        )
    return response


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def _document(request: HttpRequest, title: str, names: list[str]) -> HttpResponse:
    t = texts(language_of(request))
    chosen = options()
    paragraphs = [t[name].format(carrier=chosen.carrier_name, phone=chosen.support_phone) for name in names]
    context = {"title": t[title], "paragraphs": paragraphs, "switchable": True}
    return render(request, "payment_service/document.html", context)
