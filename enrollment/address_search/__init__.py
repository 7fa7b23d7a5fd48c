"""Address Search: what is typed becomes addresses to choose from (APP_05).

Where the addresses come from is a provider (``provider.AddressProvider``) named by the setting ``ADDRESS_SEARCH_PROVIDER``.
The portal brings one that needs no service and knows ZIP codes and cities; one with street data can take its place. A
provider that is switched off or fails never stops anybody: the address is entered by hand.
"""

import logging

from django.conf import settings
from django.utils.module_loading import import_string

from enrollment.address_search.provider import AddressProvider, AddressSearchAnswer, Suggestion, Unavailable

__all__ = ["AddressProvider", "AddressSearchAnswer", "Suggestion", "Unavailable", "is_on", "suggest"]

logger = logging.getLogger(__name__)
MOST = 8
LONGEST = 120
OFF = AddressSearchAnswer(available=False)


def is_on() -> bool:
    """Is there an address search at all?"""
    return bool(settings.ADDRESS_SEARCH_PROVIDER)


def suggest(text: str, *, us_state: str) -> AddressSearchAnswer:
    """Up to eight addresses in the state that fit what was typed; not available when the provider is off or fails."""
    typed = " ".join(text.replace("\x00", "").split())[:LONGEST]
    if not is_on():
        return OFF
    if not typed:
        return AddressSearchAnswer()
    try:
        provider: AddressProvider = import_string(settings.ADDRESS_SEARCH_PROVIDER)()
        found = provider.suggest(typed, us_state=us_state)
    except Unavailable:
        return OFF
    except Exception as exc:  # noqa: BLE001 - whatever ails a service, the address can be entered by hand
        # Without what was typed: an address is personal data.
        logger.warning("Address search failed: %s", type(exc).__name__)
        return OFF
    return AddressSearchAnswer(suggestions=tuple(one for one in found if one.us_state == us_state)[:MOST])
