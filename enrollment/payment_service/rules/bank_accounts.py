"""Routing and account numbers of banks (PAY_02). Pure; a number is never in an error.

Routing numbers: ABA Routing Number Policy: nine digits, the first two of a Federal Reserve district, of a thrift or of
electronic transactions, and weights 3 7 1 whose sum is a multiple of ten. Account numbers: at most 17 characters
(Nacha Operating Rules, entry detail record, field 5); banks use digits.
"""

import re

WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)
# First two digits, inclusive: the government, the twelve districts, thrifts, electronic transactions, traveler's checks.
DISTRICTS = ((0, 12), (21, 32), (61, 72), (80, 80))
SHORTEST_ACCOUNT, LONGEST_ACCOUNT = 4, 17


class NotAnAccount(ValueError):
    """What was typed cannot be debited. The text names a sentence of ``texts``, and never what was typed."""


def routing_number(typed: str) -> str:
    """The nine digits of a routing number. Raises ``NotAnAccount``: ``routing_digits``, ``routing_check``."""
    digits = re.sub(r"[\s-]", "", typed)
    if not re.fullmatch(r"[0-9]{9}", digits):
        raise NotAnAccount("routing_digits")
    in_a_district = any(first <= int(digits[:2]) <= last for first, last in DISTRICTS)
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    if not in_a_district or total % 10 or not total:
        raise NotAnAccount("routing_check")
    return digits


def account_number(typed: str, *, again: str) -> str:
    """The digits of an account number that was typed twice.

    Raises ``NotAnAccount``: ``account_digits`` of the first; ``account_differs`` of the second.
    """
    digits = re.sub(r"[\s-]", "", typed)
    if not re.fullmatch(rf"[0-9]{{{SHORTEST_ACCOUNT},{LONGEST_ACCOUNT}}}", digits) or not digits.strip("0"):
        raise NotAnAccount("account_digits")
    if digits != re.sub(r"[\s-]", "", again):
        raise NotAnAccount("account_differs")
    return digits
