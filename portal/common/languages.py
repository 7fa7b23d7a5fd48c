"""The languages in which the portal writes to clients. Its own pages are in English (ADR 0034).

What a client or payer reads is marked for translation; the Spanish is in ``locale/es``. Dates stay MM/DD/YYYY and money
$1,234.50 in both: that is how the bills and cards of the United States write them.
"""

from contextlib import AbstractContextManager

from django.utils import translation

ENGLISH, SPANISH = "en", "es"
NAMES = {ENGLISH: "English", SPANISH: "Español"}


def written_in(language: str) -> AbstractContextManager[None]:
    """Within it, what is marked for translation is in this language; English for one that is not offered."""
    return translation.override(language if language in NAMES else ENGLISH)
