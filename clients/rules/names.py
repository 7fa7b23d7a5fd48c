"""How names, phones and numbers are compared: one form for what is stored and what is typed."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^A-Z0-9]+")


def name_key(text: str) -> str:
    """Return ``text`` as it is searched: capitals, no accents, letters and digits only ("O'Brien-Muñoz" -> OBRIENMUNOZ)."""
    plain = unicodedata.normalize("NFKD", text)
    return _NOT_WORD.sub("", "".join(ch for ch in plain if not unicodedata.combining(ch)).upper())


def digits(text: str) -> str:
    """Return the ASCII digits of ``text``, in order."""
    return re.sub(r"[^0-9]", "", text)
