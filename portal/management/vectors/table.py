"""Reading a table of expected values, with every mistake in it named by line and column."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

YES_NO = {"Y": True, "N": False}

ValueT = TypeVar("ValueT")
# Reads the text of a cell that is not empty; raises ``ValueError`` with the rest of a sentence that begins with that text.
Parser = Callable[[str], ValueT]


class BadTable(Exception):
    """The file cannot be used; ``problems`` has one sentence for each thing to mend."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def as_date(text: str) -> date:
    """Read a date written YYYY-MM-DD, and no other way."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date; write YYYY-MM-DD") from None
    if day.isoformat() != text:
        raise ValueError("is not a date; write YYYY-MM-DD")
    return day


def as_integer(text: str) -> int:
    """Read a whole number, which may be negative."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("is not a whole number")
    return int(text)


def as_count(text: str) -> int:
    """Read a whole number of at least 1."""
    number = as_integer(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


def as_money(text: str) -> Decimal:
    """Read an amount such as 412.55; 412.5 and 412.50 are the same amount."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not an amount; write 412.55") from None
    if not amount.is_finite():
        raise ValueError("is not an amount; write 412.55")
    return amount


def as_json(text: str) -> Any:
    """Read JSON; its decimals compare as ``Decimal``."""
    try:
        return json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError:
        raise ValueError("is not JSON") from None


def as_text(text: str) -> str:
    """Take the text as it stands."""
    return text


def one_of(choices: Iterable[tuple[str, ValueT]]) -> Parser[ValueT]:
    """Make a parser that knows the words of ``choices`` and gives what each stands for."""
    meaning = dict(choices)

    def parse(text: str) -> ValueT:
        if text not in meaning:
            raise ValueError(f"is unknown; write one of: {', '.join(meaning)}")
        return meaning[text]

    return parse


as_yes_no = one_of(YES_NO.items())


@dataclass(frozen=True)
class Row:
    """One line of the table; ``cells`` are stripped texts by column name."""

    line: int
    id: str
    cells: dict[str, str]

    def read(self, column: str, parse: Parser[ValueT]) -> ValueT | None:
        """Return the cell's value, None when it is empty. Raises ``BadTable`` naming line and column."""
        text = self.cells[column]
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as exc:
            raise BadTable(f"line {self.line} ({self.id}), {column}: {text!r} {exc}") from None

    def need(self, column: str, parse: Parser[ValueT]) -> ValueT:
        """Return the cell's value. Raises ``BadTable`` also when it is empty."""
        value = self.read(column, parse)
        if value is None:
            raise BadTable(f"line {self.line} ({self.id}), {column}: must not be empty")
        return value


@dataclass(frozen=True)
class Table:
    """A table of expected values; the first column of ``header`` holds the row ids."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """Read a CSV file (UTF-8, a byte-order mark is fine). Raises ``BadTable`` with every malformed line."""
    try:
        lines = list(_csv_lines(path))
    except OSError as exc:
        raise BadTable(f"cannot read the file: {exc.strerror}") from None
    except UnicodeDecodeError:
        raise BadTable("the file is not UTF-8 text") from None
    if not lines:
        raise BadTable("line 1: the file is empty; the first line must name the columns")
    (_, names), *body = lines
    header = tuple(name.strip() for name in names)
    _check_header(header)
    if not body:
        raise BadTable("the file has a header but no rows")

    rows, problems = [], []
    for line, texts in body:
        cells = [text.strip() for text in texts]
        if len(cells) != len(header):
            problems.append(f"line {line}: {len(cells)} cells where the header names {len(header)} columns")
        elif not cells[0]:
            problems.append(f"line {line}, {header[0]}: must not be empty")
        else:
            rows.append(Row(line, cells[0], dict(zip(header, cells, strict=True))))
    if problems:
        raise BadTable(*problems)
    return Table(header, tuple(rows))


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not blank, each with the number of its first line in the file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        start = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield start, cells
                start = reader.line_num + 1
        except csv.Error as exc:
            raise BadTable(f"line {start}: not CSV: {exc}") from None


def _check_header(header: tuple[str, ...]) -> None:
    if "" in header:
        raise BadTable(f"line 1: column {header.index('') + 1} has no name")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BadTable(f"line 1: named twice: {', '.join(twice)}")
