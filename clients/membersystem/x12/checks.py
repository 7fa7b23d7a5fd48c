"""What a transaction set must hold beyond what a validator of the standard looks at, checked on the written segments.

A finding keeps the change out of the file and is shown to the carrier's staff: it names the segment and the place, never
what stands there.
"""

from collections.abc import Iterator, Sequence

from clients.membersystem.x12.characters import ELEMENT_TEXT
from clients.membersystem.x12.segments import Segment, element
from clients.membersystem.x12.transactions import PROVIDER_CHANGE_REASONS

PHONES = {"HP", "CP", "WP", "FX", "TE"}
# What has to stand in a segment, and how it is called.
NEEDED = {
    ("N1", "P5"): {2: "the sponsor's name", 4: "the sponsor's number"},
    ("N1", "IN"): {2: "the payer's name", 4: "the payer's number"},
    ("N1", "BO"): {2: "the producer's name", 4: "the producer number"},
    ("REF", "0F"): {2: "the subscriber number"},
    ("NM1", "IL"): {3: "the surname", 4: "the first name", 9: "the member number"},
    ("NM1", "P3"): {3: "the provider's name", 9: "the provider's number"},
    ("N3",): {1: "the street"},
    ("N4",): {1: "the city", 2: "the state", 3: "the ZIP code"},
    ("DMG",): {2: "the birth date", 3: "the sex"},
    ("IDC",): {1: "the plan's name"},
}


def findings(body: Sequence[Segment]) -> list[str]:
    """What is wrong with a transaction set, in words for the carrier's staff; nothing when it can be sent."""
    return [f"{text} ({where})" for where, text in _found(body)]


def _found(body: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    for place, one in enumerate(body, 2):  # ST is the first segment of the set
        where = f"{one[0]}, segment {place}"
        for text in _wrong_in(one):
            yield where, text
    yield from _wrong_totals(body)
    yield from _wrong_subscribers(body)


def _wrong_in(one: Segment) -> Iterator[str]:
    if not all(ELEMENT_TEXT.fullmatch(text) for text in one):
        yield "Something cannot be written in the letters A to Z, digits and simple punctuation"
    for start, needed in NEEDED.items():
        if one[: len(start)] == start or (len(start) == 2 and one[0] == start[0] and element(one, 1) == start[1]):
            yield from (f"Missing: {name}" for at, name in needed.items() if not element(one, at))
    if one[0] == "NM1" and element(one, 8) == "XX":
        yield from _wrong_npi(element(one, 9))
    elif one[0] == "N4" and not is_zip(element(one, 3)):
        yield "The ZIP code must have five or nine digits"
    elif one[0] == "PER":
        yield from _wrong_numbers(one)
    elif one[0] == "PLA" and element(one, 5) not in PROVIDER_CHANGE_REASONS:
        yield "The reason of the change is none of the codes"
    elif one[0] == "IDC" and not (element(one, 3).isdecimal() and 1 <= int(element(one, 3)) <= 99):
        yield "The number of cards must be from 1 to 99"


def _wrong_npi(npi: str) -> Iterator[str]:
    if len(npi) != 10 or not _is_number(npi) or npi[0] not in "12":
        yield "The NPI must have ten digits and start with 1 or 2"
    elif not has_npi_check_digit(npi):
        yield "The last digit of the NPI does not fit the others"


def has_npi_check_digit(npi: str) -> bool:
    """Whether the last of ten digits is the Luhn check over 80840 and the other nine (45 CFR 162.406)."""
    total = 24  # what 80840 adds
    for place, digit in enumerate(reversed(npi)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def is_zip(text: str) -> bool:
    """Five or nine digits."""
    return len(text) in (5, 9) and _is_number(text)


def _wrong_numbers(one: Segment) -> Iterator[str]:
    pairs = list(zip(one[3::2], one[4::2], strict=False))
    for place, (kind, value) in enumerate(pairs):
        if kind in PHONES and not (len(value) == 10 and _is_number(value)):
            yield "A phone number must have ten digits and nothing else"
        elif kind == "EX" and not (1 <= len(value) <= 6 and _is_number(value)):
            yield "An extension must have one to six digits"
        elif kind == "EM" and not (value.count("@") == 1 and 3 <= len(value) <= 256 and " " not in value):
            yield "An email address is not one"
        if kind == "EX" and (place == 0 or pairs[place - 1][0] not in PHONES):
            yield "An extension stands without its number"
    if not 1 <= len(pairs) <= 3:
        yield "One to three numbers can be told at a time"


def _wrong_totals(body: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    members = [one for one in body if one[0] == "INS"]
    subscribers = sum(element(one, 1) == "Y" for one in members)
    counted = {"TO": len(members), "ET": subscribers, "DT": len(members) - subscribers}
    for one in body:
        if one[0] == "QTY" and element(one, 2) != str(counted.get(element(one, 1))):
            yield f"QTY {element(one, 1)}", "The total is not the number of members in the set"
    if not members:
        yield "INS", "The set is about nobody"


def _wrong_subscribers(body: Sequence[Segment]) -> Iterator[tuple[str, str]]:
    told = [element(one, 2) for one in body if one[0] == "REF" and element(one, 1) == "0F"]
    if len(set(told)) > 1:
        yield "REF 0F", "The members have not the same subscriber number"
    if len(told) != sum(one[0] == "INS" for one in body):
        yield "REF 0F", "A member has no subscriber number, or two"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
