"""Excel and CSV files of a grid. Text stays text: no cell of ours ever becomes a formula (PRO_10, REP_17)."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.common.tables import Column, Table, display

# The wide forms count as the narrow ones in spreadsheets of some languages.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY_BYTES = 2_000_000
# Excel's limits. What lies beyond them is not written at all, and nothing says so.
ROWS_IN_A_SHEET = 1_048_575  # under the heading row
TEXT_IN_A_CELL = 32_767
FIRST_DAY = date(1900, 1, 1)
# Control characters that no XML file may hold; one of them would make the whole workbook unreadable.
ILLEGAL_IN_XML = dict.fromkeys((*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF))


def clean_text(text: str) -> str:
    """``text`` without control characters that break files, with one kind of line end."""
    return text.translate(ILLEGAL_IN_XML).replace("\r\n", "\n").replace("\r", "\n")


def write_xlsx(target: IO[bytes], *, columns: Sequence[Column], rows: Iterable[Any], sheet_name: str) -> int:
    """Write a workbook with a bold, frozen heading row; return the number of data rows.

    Dates and numbers are typed cells; every text is written as a string whatever it begins with. Moments are those of
    the carrier's own clock. Rows go to disk one by one, so the size of the result does not matter to memory; a result
    longer than a sheet goes on on the next one.
    """
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    formats = _Formats(
        heading=book.add_format({"bold": True, "bottom": 1}),
        day=book.add_format({"num_format": "mm/dd/yyyy"}),
        moment=book.add_format({"num_format": "mm/dd/yyyy h:mm AM/PM"}),
        money=book.add_format({"num_format": "#,##0.00"}),
    )
    count, sheets = 0, 0
    left = iter(rows)
    row = next(left, None)
    while row is not None or not sheets:
        sheets += 1
        name = sheet_name[:26] + (f" {sheets}" if sheets > 1 else "")
        sheet = _start_sheet(book, name, columns, formats)
        line = 0
        while row is not None and line < ROWS_IN_A_SHEET:
            line += 1
            for index, column in enumerate(columns):
                _write(sheet, line, index, column.value(row), formats)
            row = next(left, None)
        sheet.autofilter(0, 0, line, max(0, len(columns) - 1))
        count += line
    book.close()
    return count


@dataclass(frozen=True)
class _Formats:
    heading: Any
    day: Any
    moment: Any
    money: Any


def _start_sheet(book: Any, name: str, columns: Sequence[Column], formats: _Formats) -> Any:
    sheet = book.add_worksheet(name)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, max(12, min(len(column.label) + 4, 30)))
        sheet.write_string(0, index, column.label, formats.heading)
    sheet.freeze_panes(1, 0)
    return sheet


def _write(sheet: Any, line: int, index: int, value: Any, formats: _Formats) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        sheet.write_datetime(line, index, timezone.make_naive(value), formats.moment)
    elif isinstance(value, date) and value >= FIRST_DAY:
        sheet.write_datetime(line, index, value, formats.day)
    elif isinstance(value, Decimal):
        sheet.write_number(line, index, float(value), formats.money)
    elif isinstance(value, int) and not isinstance(value, bool):
        sheet.write_number(line, index, value)
    else:
        text = value if isinstance(value, str) else display(value)
        sheet.write_string(line, index, clean_text(text)[:TEXT_IN_A_CELL])


def safe_text(value: Any) -> str:
    """A CSV cell that no spreadsheet program takes for a formula: a leading apostrophe defuses it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, str):
        return display(value)
    text = clean_text(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.strip().startswith(FORMULA_STARTS) else text


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_lines(*, columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    """The lines of a CSV file with a heading row, with the mark that makes Excel read it as UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([column.label for column in columns])
    for row in rows:
        yield writer.writerow([safe_text(column.value(row)) for column in columns])


def respond(table: Table[Any], file_format: str, *, name: str) -> HttpResponseBase:
    """The current result of ``table`` as a download; ``name`` is the file's stem without a date."""
    stem = f"{name}-{timezone.localtime():%Y-%m-%d}"
    if file_format == "csv":
        response = StreamingHttpResponse(
            csv_lines(columns=table.visible, rows=table.all_rows()), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="{stem}.csv"'
        return response
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - FileResponse closes it
    write_xlsx(target, columns=table.visible, rows=table.all_rows(), sheet_name=table.caption)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=f"{stem}.xlsx", content_type=XLSX_TYPE)
