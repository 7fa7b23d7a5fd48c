"""The rows of an uploaded CSV file or Excel workbook as text, whatever program has written it."""

import csv
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

LARGEST_BYTES = 5_000_000
LARGEST_UNPACKED = 60_000_000  # a small archive can hold any amount
MOST_ROWS = 50_000
Rows = list[tuple[int, list[str]]]
TOO_MANY = f"The file has more than {MOST_ROWS:,} lines. Split it by month."


class CannotRead(Exception):
    """The file is neither kind, damaged or too large; the text is fit to show."""


def rows_of(name: str, content: bytes) -> Rows:
    """(line in the file, cells) of every line that is not blank. Raises ``CannotRead``."""
    if len(content) > LARGEST_BYTES:
        raise CannotRead("The file is larger than 5 MB.")
    if name.lower().endswith(".csv"):
        return _csv(content)
    if name.lower().endswith(".xlsx"):
        return _xlsx(content)
    raise CannotRead("Choose a file that ends in .csv or .xlsx.")


def _csv(content: bytes) -> Rows:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise CannotRead("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from exc
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: Rows = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
            if len(rows) > MOST_ROWS:
                raise CannotRead(TOO_MANY)
    except csv.Error as exc:
        raise CannotRead(f"Line {start} is not CSV: {exc}.") from exc
    return rows


def _xlsx(content: bytes) -> Rows:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > LARGEST_UNPACKED:
                raise CannotRead("The workbook is too large when unpacked.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows: Rows = []
        for line, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            texts = [_text(value) for value in cells]
            if any(text.strip() for text in texts):
                rows.append((line, texts))
            if line > MOST_ROWS:
                raise CannotRead(TOO_MANY)
        book.close()
    except CannotRead:
        raise
    except Exception as exc:
        raise CannotRead("The workbook cannot be read. Save it again as .xlsx.") from exc
    return rows


def _text(value: Any) -> str:
    """A cell as it would stand in CSV: months as MM/YYYY, a number without its leading zeros as nine digits or an amount."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return f"{value.month:02}/{value.year:04}"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{Decimal(repr(value)):f}"
    return str(value)
