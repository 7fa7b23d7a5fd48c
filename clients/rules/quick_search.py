"""What somebody may have meant by the text in the quick-search box (SRC_17).

The box takes whatever the caller on the phone says first: a number, a name, a phone number, an email address, the last
four digits of the SSN, a date of birth. Text can mean several things (four digits are the end of an SSN, or a short
account number), so the answer is a list of readings; a client who fits any of them is found.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from clients.rules.names import digits, name_key

LONGEST_TEXT = 100
OLDEST_YEAR = 1900
MONTHS = ("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER")  # fmt: skip
_MONTH_WORD = "|".join(("SEPT", *(f"{month[:3]}(?:{month[3:]})?" if len(month) > 3 else month for month in MONTHS)))
_DATE_FORMS = (
    re.compile(r"(?P<month>\d{1,2})[/.-](?P<day>\d{1,2})[/.-](?P<year>\d{4}|\d{2})", re.ASCII),
    re.compile(r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})", re.ASCII),
    re.compile(rf"(?P<word>{_MONTH_WORD})\.? +(?P<day>\d{{1,2}})(?:ST|ND|RD|TH)?,? +(?P<year>\d{{4}})", re.ASCII),
    re.compile(rf"(?P<day>\d{{1,2}}) +(?P<word>{_MONTH_WORD})\.?,? +(?P<year>\d{{4}})", re.ASCII),
)
_PHONE = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}", re.ASCII)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}", re.ASCII)
_LAST4 = re.compile(r"(?:[X*#]{3}-?[X*#]{2}-?|SSN ?#? ?)(?P<last4>\d{4})", re.ASCII)
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+", re.ASCII)
_CODE = re.compile(r"(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,19}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One thing the text may mean. Every field that is not empty must fit; names and keys as ``name_key`` makes them."""

    account_number: str = ""
    code: str = ""  # E-App number, client app ID, exchange assigned ID, pending application ID or member ID
    ssn_last4: str = ""
    phone: str = ""
    email: str = ""
    zip: str = ""
    date_of_birth: date | None = None
    last_key: str = ""
    first_key: str = ""
    surnames: tuple[str, ...] = ()  # one of these keys is the whole surname; for names typed wrong

    @property
    def fields(self) -> list[str]:
        """Which fields must fit, for the audit trail: names of fields, no values."""
        return [name for name, value in asdict(self).items() if value]

    def as_data(self) -> dict[str, Any]:
        """The reading as JSON can hold it."""
        data = {name: value for name, value in asdict(self).items() if value}
        if self.date_of_birth:
            data["date_of_birth"] = self.date_of_birth.isoformat()
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Reading":
        """The reading that ``as_data`` wrote."""
        born = data.get("date_of_birth")
        return cls(
            **{
                **data,
                "date_of_birth": date.fromisoformat(born) if born else None,
                "surnames": tuple(data.get("surnames", ())),
            }
        )

    def in_words(self) -> str:
        """What is looked for, in words for the page; only its user sees it."""
        born = f"{self.date_of_birth:%m/%d/%Y}" if self.date_of_birth else ""
        parts = (
            ("account number", self.account_number),
            ("application or member number", self.code),
            ("last 4 of SSN", self.ssn_last4),
            ("phone number", self.phone),
            ("email address", self.email),
            ("last name", self.last_key),
            ("last name like", ", ".join(self.surnames)),
            ("first name", self.first_key),
            ("date of birth", born),
            ("zip code", self.zip),
        )
        words = ", ".join(f"{label} {value}" for label, value in parts if value)
        return words[:1].upper() + words[1:]


def looser(reading: Reading) -> list[Reading]:
    """What else a first and last name may mean when nobody has both: the first name typed wrong, or not the legal one.

    First the same surname with the same initial, then the surname alone.
    """
    if not (reading.first_key and reading.last_key):
        return []
    return [replace(reading, first_key=reading.first_key[0]), replace(reading, first_key="")]


def readings(text: str, *, today: date) -> list[Reading]:
    """Every reading of ``text``, the likelier first; none for text without a letter or digit.

    A year of two digits is the latest such year that is not after ``today``. A date that does not exist, and one after
    ``today`` or before 1900, is no date of birth. A whole SSN is read as its last four digits.
    """
    rest = " ".join(text[:LONGEST_TEXT].split()).upper()
    born, rest = _take_date(rest, today)
    found = list(_of_words(rest, today)) if rest else []
    if born is None:
        return found
    names = [reading for reading in found if reading.last_key or reading.first_key or reading.zip or reading.ssn_last4]
    if not names:
        return [Reading(date_of_birth=born)] if not rest or not found else []
    return [
        Reading(
            last_key=one.last_key,
            first_key=one.first_key,
            zip=one.zip,
            ssn_last4=one.ssn_last4,
            date_of_birth=born,
        )
        for one in names
    ]


def _take_date(text: str, today: date) -> tuple[date | None, str]:
    """The date of birth in the text, and the text without it."""
    for form in _DATE_FORMS:
        for match in form.finditer(text):
            if _touches_number(text, match):
                continue
            day = _day(match.groupdict(), today)
            if day is not None:
                return day, " ".join((text[: match.start()] + " " + text[match.end() :]).split())
    return None, text


def _touches_number(text: str, match: re.Match[str]) -> bool:
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    return bool(re.match(r"[\w/.-]", before)) or bool(re.match(r"[\w/-]", after))


def _day(parts: dict[str, str], today: date) -> date | None:
    month = _month_of(parts["word"]) if parts.get("word") else int(parts["month"])
    year = int(parts["year"])
    centuries = (0, -100) if len(parts["year"]) == 2 else (0,)
    if len(parts["year"]) == 2:
        year += today.year - today.year % 100
    for earlier in centuries:
        try:
            day = date(year + earlier, month, int(parts["day"]))
        except ValueError:  # also 29 February in the one century and not in the other
            continue
        if date(OLDEST_YEAR, 1, 1) <= day <= today:
            return day
    return None


def _month_of(word: str) -> int:
    return next(number for number, name in enumerate(MONTHS, start=1) if name.startswith(word[:3]))


def _of_words(text: str, today: date) -> Iterator[Reading]:
    email = _EMAIL.fullmatch(text)
    if email:
        local, _, domain = text.rpartition("@")
        yield Reading(email=f"{local}@{domain}".lower())
        return
    whole = _SSN.fullmatch(text) or _LAST4.fullmatch(text)
    if whole:
        yield Reading(ssn_last4=digits(text)[-4:])
        return
    number = digits(text)
    if number and not re.search(r"[^0-9 ().+-]", text):
        yield from _of_number(number, is_phone=bool(_PHONE.fullmatch(text)), today=today)
        return
    if " " not in text and _CODE.fullmatch(text):
        yield Reading(code=text)
        return
    yield from _of_names(text)


def _of_number(number: str, *, is_phone: bool, today: date) -> Iterator[Reading]:
    if is_phone and len(number) == 11:
        yield Reading(phone=number[1:])
        return
    if len(number) == 10:
        yield Reading(phone=number)
    if len(number) == 4:
        yield Reading(ssn_last4=number)
    if len(number) == 5:
        yield Reading(zip=number)
    if len(number) == 8:
        born = _day({"month": number[:2], "day": number[2:4], "year": number[4:]}, today)
        if born is not None:
            yield Reading(date_of_birth=born)
    if 1 <= len(number) <= 12:
        yield Reading(account_number=number)
    if 4 <= len(number) <= 20:
        yield Reading(code=number)


def _of_names(text: str) -> Iterator[Reading]:
    if "," in text:
        last, _, first = text.partition(",")
        last_key, first_key = name_key(last), _first_key(first)
        if last_key or first_key:
            yield Reading(last_key=last_key, first_key=first_key)
        return
    words = [key for word in text.split() if (key := name_key(word))]
    if not words:
        return
    if len(words) == 1:
        yield Reading(last_key=words[0])
        yield Reading(first_key=words[0])
        return
    # A middle initial is in the way of both names.
    words = [words[0], *(word for word in words[1:-1] if len(word) > 1), words[-1]]
    # "Rita Solberg", "Solberg Rita", and surnames or given names of several words: the cut can be anywhere.
    seen = set()
    for cut in range(1, len(words)):
        for one in (
            Reading(first_key=_given(words[:cut]), last_key="".join(words[cut:])),
            Reading(last_key="".join(words[:cut]), first_key=_given(words[cut:])),
        ):
            if one not in seen:
                seen.add(one)
                yield one
    yield Reading(last_key="".join(words))


def _first_key(text: str) -> str:
    return _given([key for word in text.split() if (key := name_key(word))])


def _given(words: list[str]) -> str:
    """Given names as one key, without a middle initial after them."""
    kept = words[:1] + [word for word in words[1:] if len(word) > 1]
    return "".join(kept)
