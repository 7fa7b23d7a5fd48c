"""What a line of the commission system's file means, and what is wrong with it. Pure: rows of text in, lines or mistakes out."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

COLUMNS = (
    "Producer Number",
    "Month",
    "Type",
    "Account Number",
    "Insured",
    "Product",
    "Premium Month",
    "Members",
    "Premium",
    "Commission",
)
KINDS = {"New": "NEW", "Renewal": "RENEWAL", "Charge-back": "CHARGEBACK", "Adjustment": "ADJUSTMENT"}
# A month before the markets began, or of a time to come, is a slip of the pen.
FIRST_MONTH = date(2014, 1, 1)
_MONTH = re.compile(r"([0-9]{1,2})/([0-9]{4})")
_AMOUNT = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,2})?")
_LONGEST = {"Account Number": 12, "Insured": 120, "Product": 120}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One amount; months are their first days, amounts dollars, a charge-back negative. ``row`` is its line in the file."""

    row: int
    producer_number: str
    month: date
    kind: str
    account_number: str
    insured: str
    product: str
    premium_month: date
    members: int
    premium: Decimal
    commission: Decimal


@dataclass(frozen=True)
class ReadFile:
    """Every line that can be read, and a sentence for everything that is wrong, in the order of the file."""

    lines: list[Line]
    problems: list[str]

    def by_statement(self) -> dict[tuple[str, date], list[Line]]:
        """The lines of each producer number and month."""
        found: dict[tuple[str, date], list[Line]] = defaultdict(list)
        for line in self.lines:
            found[line.producer_number, line.month].append(line)
        return dict(found)


class _Wrong(ValueError):
    pass


def read(rows: Sequence[tuple[int, Sequence[str]]], *, known_numbers: Collection[str], today: date) -> ReadFile:
    """Read the whole file; ``rows`` are (line in the file, cells), the first names the columns, in any order.

    Nothing is taken over while ``problems`` has a sentence.
    """
    if not rows:
        return ReadFile([], ["The file is empty. Its first line names the columns."])
    heading = [cell.strip() for cell in rows[0][1]]
    missing = [name for name in COLUMNS if name not in heading]
    twice = [name for name in COLUMNS if heading.count(name) > 1]
    if missing or twice:
        problems = [f"Line {rows[0][0]}: there is no column {name}." for name in missing]
        return ReadFile([], problems + [f"Line {rows[0][0]}: {name} is named twice." for name in twice])
    places = {name: heading.index(name) for name in COLUMNS}
    lines: list[Line] = []
    problems = []
    for row, cells in rows[1:]:
        texts = {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}
        wrong = _Reader(texts, row, known_numbers, today)
        line = wrong.line()
        problems += wrong.problems
        if line is not None:
            lines.append(line)
    if not lines and not problems:
        problems = ["The file names columns and has no lines."]
    return ReadFile(lines, problems)


class _Reader:
    def __init__(self, texts: Mapping[str, str], row: int, known_numbers: Collection[str], today: date) -> None:
        self.texts, self.row, self.known, self.today = texts, row, known_numbers, today
        self.problems: list[str] = []

    def line(self) -> Line | None:
        values = {
            "producer_number": self._value("Producer Number", self._number),
            "month": self._value("Month", self._month),
            "kind": self._value("Type", self._kind),
            "account_number": self._value("Account Number", self._words),
            "insured": self._value("Insured", self._words),
            "product": self._value("Product", self._words),
            "premium_month": self._value("Premium Month", self._month),
            "members": self._value("Members", self._members),
            "premium": self._value("Premium", self._amount),
            "commission": self._value("Commission", self._amount),
        }
        if self.problems:
            return None
        if values["kind"] == "CHARGEBACK" and values["commission"] > 0:
            self.problems.append(f"Line {self.row}: the commission of a Charge-back is not more than 0.")
            return None
        return Line(row=self.row, **values)

    def _value(self, name: str, read):  # type: ignore[no-untyped-def]
        text = self.texts[name]
        try:
            if not text.isprintable():
                raise _Wrong("holds a character that cannot be printed")
            return read(name, text)
        except _Wrong as exc:
            self.problems.append(
                f"Line {self.row}: {name}{f' “{text[:40]}”' if text.isprintable() and text else ''} {exc}."
            )
            return None

    def _number(self, _name: str, text: str) -> str:
        if not re.fullmatch(r"[0-9]{9}", text):
            raise _Wrong("is not nine digits")
        if text not in self.known:
            raise _Wrong("is no producer number of the portal")
        return text

    def _month(self, _name: str, text: str) -> date:
        found = _MONTH.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= 12:
            raise _Wrong("is not a month as MM/YYYY")
        year = int(found[2])
        if not FIRST_MONTH.year <= year <= self.today.year or date(year, int(found[1]), 1) > self.today:
            raise _Wrong(f"is not a month from {FIRST_MONTH:%m/%Y} to {self.today:%m/%Y}")
        return date(year, int(found[1]), 1)

    def _kind(self, _name: str, text: str) -> str:
        if text not in KINDS:
            raise _Wrong(f"is none of {', '.join(KINDS)}")
        return KINDS[text]

    def _words(self, name: str, text: str) -> str:
        if len(text) > _LONGEST[name]:
            raise _Wrong(f"is longer than {_LONGEST[name]} characters")
        return text

    def _members(self, _name: str, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,2}", text) or int(text) < 1:
            raise _Wrong("is not a whole number from 1 to 99")
        return int(text)

    def _amount(self, _name: str, text: str) -> Decimal:
        plain = text.replace("$", "").replace(",", "")
        if plain.startswith("(") and plain.endswith(")"):
            plain = f"-{plain[1:-1]}"
        if not _AMOUNT.fullmatch(plain):
            raise _Wrong("is not an amount as 1234.56 or -12.30")
        try:
            return Decimal(plain).quantize(Decimal("0.01"))
        except InvalidOperation as exc:
            raise _Wrong("is not an amount as 1234.56 or -12.30") from exc
