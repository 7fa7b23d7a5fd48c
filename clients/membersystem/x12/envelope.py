"""Interchange, group and transaction set headers around the bodies: a whole file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clients.membersystem.x12.characters import COMPONENT, ELEMENT, REPETITION, SEGMENT
from clients.membersystem.x12.segments import Segment, segment, written
from clients.membersystem.x12.transactions import Body

VERSION = "005010X220A1"
ISA_LENGTH = 106  # with its terminator


@dataclass(frozen=True, kw_only=True)
class Partners:
    """Who writes to whom: identifiers of up to 15 characters; ``usage`` is T for tests and P for production."""

    sender: str
    receiver: str
    usage: str
    qualifier: str = "ZZ"


@dataclass(frozen=True, kw_only=True)
class ControlNumbers:
    """Numbers of the interchange (ISA13), the group (GS06) and each transaction set (ST02), as they are written."""

    isa13: str
    gs06: str
    st02: Sequence[str]


def file_text(bodies: Sequence[Body], *, partners: Partners, numbers: ControlNumbers, made_at: datetime) -> str:
    """One interchange with one group of the transaction sets, ``numbers.st02`` in their order."""
    day, time = f"{made_at:%Y%m%d}", f"{made_at:%H%M}"
    segments: list[Segment] = [
        (
            *("GS", "BE", partners.sender, partners.receiver, day, time),
            *(numbers.gs06, "X", VERSION),
        )
    ]
    for body, number in zip(bodies, numbers.st02, strict=True):
        segments.append(segment("ST", "834", number, VERSION))
        segments += body
        segments.append(segment("SE", str(len(body) + 2), number))
    segments.append(segment("GE", str(len(bodies)), numbers.gs06))
    segments.append(segment("IEA", "1", numbers.isa13))
    return _interchange_header(partners, numbers.isa13, made_at) + written(segments)


def _interchange_header(partners: Partners, isa13: str, made_at: datetime) -> str:
    header = ELEMENT.join(
        (
            *("ISA", "00", " " * 10, "00", " " * 10),
            *(partners.qualifier, f"{partners.sender:15}", partners.qualifier, f"{partners.receiver:15}"),
            *(f"{made_at:%y%m%d}", f"{made_at:%H%M}", REPETITION, "00501", isa13, "1", partners.usage, COMPONENT),
        )
    )
    header += SEGMENT
    if len(header) != ISA_LENGTH:
        raise ValueError(f"The interchange header has {len(header)} characters instead of {ISA_LENGTH}.")
    return header + "\n"
