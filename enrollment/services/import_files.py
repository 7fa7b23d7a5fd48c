"""Reading whole CSV files a column at a time, with every mistake named by file and line.

A file of 70,000 lines has a few thousand different cells: each different text is checked once, which is what makes
checking everything first as quick as not checking. Files may be gzipped. Columns that are not asked for are left alone:
public-use files have dozens of them.
"""

import csv
import gc
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

SHOWN_PROBLEMS = 500
LARGEST_BYTES = 500_000_000  # unpacked; a small archive can hold any amount
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")


class BadFiles(Exception):
    """The files cannot be taken over; ``problems`` has a sentence for each thing to mend, with its file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))

    def in_words(self) -> str:
        shown = self.problems[:SHOWN_PROBLEMS]
        if more := len(self.problems) - len(shown):
            shown.append(f"and {more:,} more")
        return "\n".join(shown)


class BadCell(ValueError):
    """What is wrong with a cell; follows the cell's text in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column asked for. ``read`` turns the trimmed text of a cell that is not empty into a value or raises ``BadCell``.

    A ``required`` column must be in the file and a cell of it must not be empty, except where ``may_be_empty``; any other
    column may be missing, and then every line has ``empty``.
    """

    name: str
    read: Callable[[str], Any] = str
    required: bool = False
    may_be_empty: bool = False
    empty: Any = ""

    def value(self, text: str) -> Any:
        text = text.strip()
        if not text:
            if self.required and not self.may_be_empty:
                raise BadCell("must not be empty")
            return self.empty
        if not text.isprintable():
            raise BadCell("holds a character that cannot be printed")
        return self.read(text)


@dataclass
class CsvFile:
    """The values of a file by column, in the order of its lines. ``lines`` are the numbers in the file, header 1."""

    name: str
    values: dict[str, list[Any]] = field(default_factory=dict)
    lines: Sequence[int] = ()
    digest: str = ""
    problems: list[tuple[int, str]] = field(default_factory=list)
    whole: bool = True  # False: unreadable, or a column is missing; nothing can be said about its lines

    def __len__(self) -> int:
        return len(self.lines)

    def wrong(self, place: int, sentence: str) -> None:
        """Note what is wrong with a line, by its place in the columns."""
        self.problems.append((self.lines[place], sentence))

    def sentences(self) -> list[str]:
        return [f"{self.name} line {line}: {what}" for line, what in sorted(self.problems, key=lambda one: one[0])]


# Cells


def words(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise BadCell(f"is longer than {longest} characters")
        return text

    return read


def shape(pattern: str, what: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise BadCell(f"is not {what}")
        return text

    return read


def one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in choices:
            raise BadCell(f"is unknown; write one of: {', '.join(choices)}")
        return choices[text]

    return read


yes_no = one_of({"Y": True, "N": False, "Yes": True, "No": False})


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not lowest <= int(text[:9]) <= highest or len(text) > 9:
            raise BadCell(f"is not a whole number from {lowest} to {highest}")
        return int(text)

    return read


def amount_text(text: str) -> str:
    """An amount with at most two decimals, as the database reads it: 1,850 and $1850.00 are 1850."""
    plain = text.removeprefix("$").replace(",", "")
    if not _AMOUNT.fullmatch(plain):
        raise BadCell("is not an amount; write 412.55")
    return plain


def amount(text: str) -> Decimal:
    return Decimal(amount_text(text)).quantize(Decimal("0.01"))


# Files


@contextmanager
def many_small_objects() -> Iterator[None]:
    """Pause the search for reference cycles: a million cells are made, none of them in a cycle, and it looks each time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_file(folder: Path, name: str, columns: Sequence[Column]) -> CsvFile:
    """Read ``name``.csv or ``name``.csv.gz of the folder (UTF-8, first line names the columns); problems are noted in it."""
    found = CsvFile(f"{name}.csv")
    try:
        raw = _content(folder, name)
        found.digest = hashlib.sha256(raw).hexdigest()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _unreadable(found, "the file is not UTF-8 text")
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return _unreadable(found, "the archive is damaged")
    except OSError as exc:
        return _unreadable(found, exc.strerror or str(exc))
    try:
        lines, rows = _rows(text)
    except csv.Error as exc:
        return _unreadable(found, f"is not CSV: {exc}")
    if not rows:
        return _unreadable(found, "the file is empty; the first line must name the columns")
    header, rows, found.lines = [cell.strip() for cell in rows[0]], rows[1:], lines[1:]
    missing = [column.name for column in columns if column.required and column.name not in header]
    twice = sorted({cell for cell in header if cell and header.count(cell) > 1})
    if missing or twice:
        found.problems += [(1, f"there is no column {one}") for one in missing]
        found.problems += [(1, f"{one} is named twice") for one in twice]
        found.whole = False
        return found
    if not rows:
        return _unreadable(found, "the file has a header and no lines")
    rows = _of_one_width(found, header, rows)
    for column in columns:
        if column.name in header:
            texts = list(map(itemgetter(header.index(column.name)), rows))
            found.values[column.name] = _column(found, column, texts)
        else:
            found.values[column.name] = [column.empty] * len(rows)
    return found


def _content(folder: Path, name: str) -> bytes:
    plain, packed = folder / f"{name}.csv", folder / f"{name}.csv.gz"
    if plain.is_file() and packed.is_file():
        raise OSError(f"both {plain.name} and {packed.name} are there; leave one")
    if not plain.is_file() and not packed.is_file():
        raise OSError(f"there is no {plain.name} and no {packed.name} in {folder.name or folder}")
    with plain.open("rb") if plain.is_file() else gzip.open(packed) as file:
        raw: bytes = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise OSError("is too large")
    return raw


def _unreadable(found: CsvFile, why: str) -> CsvFile:
    found.problems.append((1, why))
    found.whole = False
    return found


def _rows(text: str) -> tuple[Sequence[int], list[list[str]]]:
    """Lines that are not blank, each with the number of its first line in the file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = list(reader)
    if reader.line_num == len(rows) and [] not in rows:
        return range(1, len(rows) + 1), rows
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines, kept, start = [], [], 1
    for row in reader:
        if any(cell.strip() for cell in row):
            lines.append(start)
            kept.append(row)
        start = reader.line_num + 1
    return lines, kept


def _of_one_width(found: CsvFile, header: list[str], rows: list[list[str]]) -> list[list[str]]:
    if set(map(len, rows)) == {len(header)}:
        return rows
    good = []
    lines = []
    for line, row in zip(found.lines, rows, strict=True):
        if len(row) == len(header):
            good.append(row)
            lines.append(line)
        elif any(cell.strip() for cell in row):
            found.problems.append((line, f"{len(row)} cells where the first line names {len(header)}"))
    found.lines = lines
    return good


def _column(found: CsvFile, column: Column, texts: Sequence[str]) -> list[Any]:
    """The column's values; a cell that cannot be read is noted and stands as None."""
    read: dict[str, Any] = {}
    bad: dict[str, str] = {}
    for text in set(texts):
        try:
            read[text] = column.value(text)
        except BadCell as exc:
            read[text] = None
            said = f"{column.name} {text.strip()!r} {exc}" if text.strip() else f"{column.name} {exc}"
            bad[text] = said
    if bad:
        for place, text in enumerate(texts):
            if text in bad:
                found.wrong(place, bad[text])
    if len(read) == 1:
        return list(read.values()) * len(texts)
    return list(map(read.__getitem__, texts))


def note_duplicates(found: CsvFile, keys: Sequence[Any], what: Callable[[Any], str]) -> None:
    """Note each line whose key stands on an earlier line already."""
    if len(set(keys)) == len(keys):
        return
    first: dict[Any, int] = {}
    for place, key in enumerate(keys):
        if key in first:
            found.wrong(place, f"{what(key)} stands on line {found.lines[first[key]]} already")
        first.setdefault(key, place)


def digest_of(files: Collection[CsvFile]) -> str:
    """One checksum of what stands in the files, by name."""
    named = "\n".join(f"{file.name} {file.digest}" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256(named.encode()).hexdigest()


def raise_problems(files: Collection[CsvFile]) -> None:
    if problems := [sentence for file in files for sentence in file.sentences()]:
        raise BadFiles(problems)
