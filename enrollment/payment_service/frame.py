"""What every page shows: the sentences in the payer's language, and whose payment portal it is."""

from typing import Any

from django.http import HttpRequest

from enrollment.payment_service.options import LANGUAGE_COOKIE, options
from enrollment.payment_service.texts import LANGUAGES, state_name, texts


def language_of(request: HttpRequest) -> str:
    """The language the payer chose; English until then."""
    chosen: str = getattr(request, "chosen_language", "") or request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else "en"


def other_language(language: str) -> str:
    return "es" if language == "en" else "en"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    language = language_of(request)
    t = texts(language)
    chosen = options()
    return {
        "t": t,
        "language": language,
        "other_language": other_language(language),
        "path": request.path,
        "carrier_name": carrier(request),
        "support_phone": chosen.support_phone,
        "help_line": t["help"].format(phone=chosen.support_phone),
    }


def carrier(request: HttpRequest) -> str:
    """Whose payment this is: the carrier in the state of the payment, where one is open."""
    name = options().carrier_name
    state = state_name(getattr(request, "us_state", ""), language_of(request))
    return texts(language_of(request))["of_state"].format(carrier=name, state=state) if state else name
