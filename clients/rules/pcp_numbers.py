"""Which of the carrier's numbers somebody typed for a medical group or a physician (PCP_03).

Tried in this order: three digits are a medical group; ten digits are an NPI, and one with a wrong check digit is a
mistake, not some other number; the rest is the carrier's own PCP / PCPA number. What a number looks like says nothing about whether the
directory knows it: that is asked afterwards.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_GROUP = re.compile(r"[0-9]{3}")
_NPI = re.compile(r"[12][0-9]{9}")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_CARRIER_NUMBER = re.compile(r"[A-Z0-9]{4,12}")
# 80840 in front of every NPI, as the health-care industry's part of the card-issuer number, adds 24 to the Luhn sum.
_PREFIX_SUM = 24

WHAT_IT_MAY_BE = (
    "Enter a medical group number (3 digits), a PCP or PCPA number (4 to 12 letters and digits), or an NPI (10 digits)."
)
NOT_AN_NPI = "This is not a valid NPI: its check digit does not fit. Please compare it with the Provider Finder."


class NumberKind(StrEnum):
    """What a number names."""

    MEDICAL_GROUP = "MEDICAL_GROUP"
    NPI = "NPI"
    CARRIER_NUMBER = "CARRIER_NUMBER"


class UnreadableNumber(ValueError):
    """None of the numbers; the text is fit to show beside the field."""


@dataclass(frozen=True)
class ProviderNumber:
    """A number as it stands in the directory: no blanks, capitals."""

    kind: NumberKind
    text: str


def read_number(typed: str) -> ProviderNumber:
    """Return which number was typed. Raises ``UnreadableNumber``; blanks and the case of letters do not matter."""
    text = "".join(typed.split()).upper()
    if _GROUP.fullmatch(text):
        return ProviderNumber(NumberKind.MEDICAL_GROUP, text)
    if _TEN_DIGITS.fullmatch(text):
        if not is_npi(text):
            raise UnreadableNumber(NOT_AN_NPI)
        return ProviderNumber(NumberKind.NPI, text)
    if _CARRIER_NUMBER.fullmatch(text):
        return ProviderNumber(NumberKind.CARRIER_NUMBER, text)
    raise UnreadableNumber(WHAT_IT_MAY_BE)


def is_npi(text: str) -> bool:
    """Whether ``text`` is ten digits, the first 1 or 2, with the right check digit (45 CFR 162.406: ISO Luhn over 80840 and the NPI)."""
    if not _NPI.fullmatch(text):
        return False
    total = _PREFIX_SUM
    for place, digit in enumerate(reversed(text)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
