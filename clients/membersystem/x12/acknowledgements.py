"""Reading what comes back: TA1 about an interchange, 999 (005010X231) about a group and its transaction sets.

What comes in is somebody else's: everything is bounded and counted, and what is not a sound acknowledgement raises
``Unreadable``. Values that the other side quotes from our file (IK404) are not kept: they may be a member's.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from clients.membersystem.x12.envelope import ISA_LENGTH
from clients.membersystem.x12.segments import Segment, element

LONGEST = 2 * 1024 * 1024  # bytes; a 999 about fifty transaction sets has about ten thousand
INTERCHANGES = 1000  # in one file
NOTE = 500


class Unreadable(Exception):
    """Not an acknowledgement, or a broken one. ``str()`` is fit to show to the carrier's staff."""


class Verdict(StrEnum):
    ACCEPTED = "A"
    ACCEPTED_WITH_ERRORS = "E"
    PARTLY = "P"  # of a group only
    REJECTED = "R"


_PRINTABLE = re.compile(r"[ -~\r\n]*")

# M, W and X reject because of a key or a code that nobody has agreed on here.
_VERDICTS = {verdict.value: verdict for verdict in Verdict} | dict.fromkeys("MWX", Verdict.REJECTED)


@dataclass(frozen=True, kw_only=True)
class SetAnswer:
    """AK2 to IK5: one transaction set. ``note`` says what was found wrong, by segment and element."""

    st02: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupAnswer:
    """AK1 to AK9: one group of ours. ``sets`` may leave out sets about which there was nothing to say."""

    gs06: str
    verdict: Verdict
    accepted: int
    sets: Sequence[SetAnswer]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class InterchangeAnswer:
    """TA1: one interchange of ours, known by its number, day (YYMMDD) and time (HHMM)."""

    isa13: str
    day: str
    time: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """One interchange that came in."""

    sender: str
    receiver: str
    usage: str
    isa13: str
    interchanges: Sequence[InterchangeAnswer]
    groups: Sequence[GroupAnswer]


def read(data: bytes) -> list[Acknowledgement]:
    """Every interchange of a file. Raises ``Unreadable``; then nothing of the file counts."""
    if len(data) > LONGEST:
        raise Unreadable(f"The file has more than {LONGEST // 1024 // 1024} MB.")
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise Unreadable("The file holds characters that are not ASCII.") from None
    text = text.strip()
    if not _PRINTABLE.fullmatch(text):
        raise Unreadable("The file holds control characters.")
    if not text:
        raise Unreadable("The file is empty.")
    found: list[Acknowledgement] = []
    while text:
        if len(found) == INTERCHANGES:
            raise Unreadable(f"The file holds more than {INTERCHANGES} interchanges.")
        segments, text = _interchange(text)
        found.append(_acknowledgement(segments))
    return found


# --- Envelope ---


def _interchange(text: str) -> tuple[list[Segment], str]:
    """The segments of the interchange at the start of ``text``, and what follows it."""
    if not text.startswith("ISA") or len(text) < ISA_LENGTH:
        raise Unreadable("The file does not begin with an interchange header (ISA) of 106 characters.")
    separator, terminator = text[3], text[ISA_LENGTH - 1]
    if separator.isalnum() or terminator.isalnum() or separator == terminator:
        raise Unreadable("The delimiters in the interchange header (ISA) cannot be told.")
    header = tuple(text[: ISA_LENGTH - 1].split(separator))
    if len(header) != 17 or [len(part) for part in header[1:9]] != [2, 10, 2, 10, 2, 15, 2, 15]:
        raise Unreadable("The interchange header (ISA) has not the fields of fixed length.")
    segments = [header]
    at = ISA_LENGTH
    while True:
        end = text.find(terminator, at)
        if end < 0:
            raise Unreadable("The file ends in the middle of an interchange: IEA is missing.")
        one = tuple(text[at:end].strip("\r\n").split(separator))
        at = end + 1
        if one[0] == "ISA":
            raise Unreadable("An interchange begins within another.")
        segments.append(one)
        if one[0] == "IEA":
            return segments, text[at:].lstrip("\r\n ")


def _acknowledgement(segments: Sequence[Segment]) -> Acknowledgement:
    header, trailer = segments[0], segments[-1]
    _same(element(trailer, 2), header[13], "The interchange's number at its end (IEA) is another than at its beginning")
    interchanges, groups, inside = [], [], 0
    rest = iter(segments[1:-1])
    for one in rest:
        if one[0] == "TA1":
            interchanges.append(_interchange_answer(one))
        elif one[0] == "GS":
            inside += 1
            groups += _group(one, rest)
        else:
            raise Unreadable(f"A segment {_name(one)} stands outside of a group.")
    _same(_number(element(trailer, 1)), inside, "The interchange does not hold as many groups as it says (IEA)")
    if not interchanges and not groups:
        raise Unreadable("The interchange acknowledges nothing.")
    return Acknowledgement(
        sender=header[6].strip(),
        receiver=header[8].strip(),
        usage=header[15],
        isa13=_interchange_number(header[13]),
        interchanges=interchanges,
        groups=groups,
    )


def _group(header: Segment, rest: Iterator[Segment]) -> list[GroupAnswer]:
    if element(header, 1) != "FA":
        raise Unreadable("A group of the file holds no acknowledgements (GS01 is not FA).")
    answers: list[GroupAnswer] = []
    for one in rest:
        if one[0] == "ST":
            if element(one, 1) != "999":
                raise Unreadable("A transaction set of the file is no 999.")
            answers.append(_transaction_set(one, rest))
        elif one[0] == "GE":
            _same(
                element(one, 2), element(header, 6), "A group's number at its end (GE) is another than at its beginning"
            )
            _same(_number(element(one, 1)), len(answers), "A group does not hold as many sets as it says (GE)")
            return answers
        else:
            raise Unreadable(f"A segment {_name(one)} stands between transaction sets.")
    raise Unreadable("A group has no end (GE).")


def _transaction_set(header: Segment, rest: Iterator[Segment]) -> GroupAnswer:
    inside: list[Segment] = []
    for one in rest:
        if one[0] == "SE":
            _same(
                element(one, 2), element(header, 2), "A set's number at its end (SE) is another than at its beginning"
            )
            _same(_number(element(one, 1)), len(inside) + 2, "A set does not hold as many segments as it says (SE)")
            return _group_answer(inside)
        inside.append(one)
    raise Unreadable("A transaction set has no end (SE).")


# --- 999 ---


def _group_answer(segments: Sequence[Segment]) -> GroupAnswer:
    if len(segments) < 2 or segments[0][0] != "AK1" or segments[-1][0] != "AK9":
        raise Unreadable("A 999 must begin with AK1 and end with AK9.")
    about, last = segments[0], segments[-1]
    if element(about, 1) != "BE":
        raise Unreadable("A 999 is not about enrollments (AK101 is not BE).")
    return GroupAnswer(
        gs06=_control_number(element(about, 2)),
        verdict=_verdict(element(last, 1), "AK9"),
        accepted=_number(element(last, 4)),
        sets=list(_set_answers(segments[1:-1])),
        note=_joined(f"group error {code}" for code in last[5:10] if code),
    )


def _set_answers(segments: Sequence[Segment]) -> Iterator[SetAnswer]:
    starts = [place for place, one in enumerate(segments) if one[0] == "AK2"]
    if segments and (not starts or starts[0] != 0):
        raise Unreadable("A 999 tells of errors before it names a transaction set (AK2).")
    for start, end in pairwise([*starts, len(segments)]):
        about, *errors, last = segments[start:end] if end - start > 1 else (segments[start], ("",))
        if last[0] != "IK5":
            raise Unreadable("A 999 says nothing about a transaction set it names (IK5 is missing).")
        if element(about, 1) != "834":
            raise Unreadable("A 999 is about a transaction set that is no 834.")
        yield SetAnswer(
            st02=element(about, 2),
            verdict=_verdict(element(last, 1), "IK5"),
            note=_joined([*_notes(errors), *(f"set error {code}" for code in last[2:7] if code)]),
        )


# IK304 and IK403 in words; other codes are shown as they are.
_SEGMENT_ERRORS = {
    "1": "unknown segment",
    "2": "unexpected segment",
    "3": "required segment missing",
    "4": "loop too often",
    "5": "segment too often",
    "6": "segment not of this set",
    "7": "segment out of order",
    "8": "element errors",
    "I4": "segment not used",
    "I6": "dependent segment missing",
    "I7": "loop too seldom",
    "I8": "segment too seldom",
    "I9": "dependent segment not used",
}
_ELEMENT_ERRORS = {
    "1": "required element missing",
    "2": "conditional element missing",
    "3": "too many elements",
    "4": "too short",
    "5": "too long",
    "6": "invalid character",
    "7": "invalid code",
    "8": "invalid date",
    "9": "invalid time",
    "10": "excluded by another element",
    "12": "too many repetitions",
    "13": "too many components",
    "I6": "code not used",
    "I9": "dependent element missing",
    "I10": "element not used",
    "I11": "too seldom",
    "I12": "pattern not matched",
    "I13": "dependent element not used",
}


def _notes(errors: Sequence[Segment]) -> Iterator[str]:
    for one in errors:
        if one[0] == "IK3":
            wrong = _word(_SEGMENT_ERRORS, element(one, 4))
            yield f"{_code(element(one, 1))}, segment {_code(element(one, 2))}: {wrong}"
        elif one[0] == "IK4":
            yield f"element {_code(element(one, 1))}: {_word(_ELEMENT_ERRORS, element(one, 3))}"
        elif one[0] != "CTX":
            raise Unreadable(f"A segment {_name(one)} stands within a 999.")


# --- TA1 ---

_INTERCHANGE_NOTES = {
    "000": "",
    "001": "the control numbers at both ends differ",
    "002": "this standard is not supported",
    "003": "this version is not supported",
    "004": "invalid segment terminator",
    "005": "invalid qualifier of the sender",
    "006": "invalid sender",
    "007": "invalid qualifier of the receiver",
    "008": "invalid receiver",
    "009": "unknown receiver",
    "014": "invalid date",
    "015": "invalid time",
    "018": "invalid control number",
    "020": "invalid usage indicator",
    "021": "wrong number of groups",
    "022": "invalid control structure",
    "023": "the file ends too early",
    "024": "invalid content",
    "025": "the control number was used before",
    "026": "invalid element separator",
    "027": "invalid component separator",
}


def _interchange_answer(one: Segment) -> InterchangeAnswer:
    verdict = _verdict(element(one, 4), "TA1")
    if verdict == Verdict.PARTLY:
        raise Unreadable("An interchange cannot be accepted partly (TA1).")
    code = element(one, 5)
    word = _INTERCHANGE_NOTES.get(code)
    return InterchangeAnswer(
        isa13=_interchange_number(element(one, 1)),
        day=element(one, 2),
        time=element(one, 3)[:4],
        verdict=verdict,
        note="" if code == "000" else f"interchange error {_code(code)}" + (f", {word}" if word else ""),
    )


# --- Small things ---


def _same(found: object, wanted: object, otherwise: str) -> None:
    if found != wanted:
        raise Unreadable(f"{otherwise}.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Unreadable("A count is not a number.")
    return int(text)


def _interchange_number(text: str) -> str:
    number = f"{_number(text):09}"
    if len(number) > 9:
        raise Unreadable("An interchange control number has more than nine digits.")
    return number


def _control_number(text: str) -> str:
    """A group control number; some receivers give back zeros in front of it."""
    return str(_number(text))


def _verdict(code: str, where: str) -> Verdict:
    try:
        return _VERDICTS[code]
    except KeyError:
        raise Unreadable(f"The answer in {where} is none of the known codes.") from None


def _code(text: str) -> str:
    """A code of the other side's, short and harmless enough to be repeated."""
    return "".join(char for char in text[:12] if char.isalnum() or char == ":") or "?"


def _name(one: Segment) -> str:
    return _code(one[0])


def _word(words: dict[str, str], code: str) -> str:
    return words.get(code) or f"error {_code(code)}"


def _joined(parts: Iterable[str]) -> str:
    text = "; ".join(parts)
    return text if len(text) <= NOTE else f"{text[: NOTE - 3]}..."
