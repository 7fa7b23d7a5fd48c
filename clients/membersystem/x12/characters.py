"""What may stand in an element: upper-case ASCII without the delimiters, no longer than the standard allows."""

import re
import unicodedata

# The delimiters every file of the portal is written with.
ELEMENT, COMPONENT, REPETITION, SEGMENT = "*", ":", "^", "~"
# The basic character set of X12 without the delimiters, and from the extended one what addresses and emails are made of.
_ALLOWED = r"A-Z0-9 !\"&'()+,\-./;?=%@_#$"
_NOT_ALLOWED = re.compile(f"[^{_ALLOWED}]")
ELEMENT_TEXT = re.compile(f"[{_ALLOWED}]*")
# Letters that have no decomposition; capitals, because the text is raised before.
_SPELLED = str.maketrans(
    {"Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "Ŋ": "NG"}
    | dict.fromkeys("‘’ʼʻ´`", "'")
    | dict.fromkeys("‐‑‒–—−", "-")
    | dict.fromkeys("“”", '"')
)


def plain(text: str, *, at_most: int) -> str:
    """Return ``text`` as it may stand in an element ("Muñoz" -> MUNOZ), cut to ``at_most`` characters.

    Letters of other scripts have no agreed spelling and are left out; a name of nothing else comes back empty.
    """
    raised = " ".join(text.upper().translate(_SPELLED).split())
    ascii_only = unicodedata.normalize("NFKD", raised).encode("ascii", "ignore").decode().upper()
    kept = " ".join(_NOT_ALLOWED.sub("", ascii_only).split())
    return kept[:at_most].rstrip()


def in_two_lines(first: str, second: str, *, at_most: int) -> tuple[str, str]:
    """An address as two lines of ``at_most`` characters: what the first cannot hold goes on in the second, at a space."""
    whole = plain(first, at_most=len(first) * 3)
    rest = plain(second, at_most=len(second) * 3)
    if len(whole) > at_most:
        cut = whole.rfind(" ", 0, at_most + 1)
        cut = cut if cut > 0 else at_most
        whole, rest = whole[:cut].rstrip(), f"{whole[cut:].strip()} {rest}".strip()
    return whole, rest[:at_most].rstrip()


def digits(text: str) -> str:
    """Return the ASCII digits of ``text``, in order."""
    return re.sub(r"[^0-9]", "", text)
