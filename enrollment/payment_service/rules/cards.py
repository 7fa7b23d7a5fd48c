"""Card numbers, their brands, expiry and security codes (PAY_02). Pure; a number is never in an error.

Numbering: ISO/IEC 7812-1 (length, and the check digit of its Annex B, called Luhn). Ranges, lengths and the length of the
security code are those the four networks publish for merchants.
"""

import re
from dataclasses import dataclass
from datetime import date

LATEST_EXPIRY_YEARS = 20


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A card network. ``ranges``: first and last beginning of its numbers, inclusive, both of the same length."""

    name: str
    ranges: tuple[tuple[str, str], ...]
    lengths: tuple[int, ...]
    security_code_length: int


BRANDS = (
    Brand(name="Visa", ranges=(("4", "4"),), lengths=(13, 16, 19), security_code_length=3),
    Brand(name="Mastercard", ranges=(("51", "55"), ("2221", "2720")), lengths=(16,), security_code_length=3),
    Brand(name="American Express", ranges=(("34", "34"), ("37", "37")), lengths=(15,), security_code_length=4),
    Brand(
        name="Discover",
        ranges=(("6011", "6011"), ("644", "649"), ("65", "65")),
        lengths=(16, 17, 18, 19),
        security_code_length=3,
    ),
)


class NotACard(ValueError):
    """What was typed cannot be charged. The text names a sentence of ``texts``, and never what was typed."""


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1, Annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def brand_of(digits: str) -> Brand | None:
    """The network whose range the number begins in, whatever its length; None for all others."""
    for brand in BRANDS:
        for first, last in brand.ranges:
            if first <= digits[: len(first)] <= last:
                return brand
    return None


def card_number(typed: str) -> tuple[Brand, str]:
    """Brand and digits of a number typed with or without blanks and dashes.

    Raises ``NotACard``: ``card_digits``, ``card_brand``, ``card_length``, ``card_check``.
    """
    digits = re.sub(r"[\s-]", "", typed)
    if not re.fullmatch(r"[0-9]{12,19}", digits):
        raise NotACard("card_digits")
    brand = brand_of(digits)
    if brand is None:
        raise NotACard("card_brand")
    if len(digits) not in brand.lengths:
        raise NotACard("card_length")
    if not passes_luhn(digits):
        raise NotACard("card_check")
    return brand, digits


def check_expiry(*, month: int, year: int, today: date) -> None:
    """A card is good through the last day of the month on it. Raises ``NotACard``: ``expired``, ``expiry_far``."""
    if (year, month) < (today.year, today.month):
        raise NotACard("expired")
    if year > today.year + LATEST_EXPIRY_YEARS:
        raise NotACard("expiry_far")


def check_security_code(typed: str, brand: Brand | None) -> None:
    """Three digits, four on an American Express card; either while the brand is not known.

    Raises ``NotACard``: ``security_code_3``, ``security_code_4``, ``security_code``.
    """
    lengths = (brand.security_code_length,) if brand else (3, 4)
    if not (re.fullmatch(r"[0-9]+", typed.strip()) and len(typed.strip()) in lengths):
        raise NotACard(f"security_code_{lengths[0]}" if brand else "security_code")
