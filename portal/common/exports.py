"""Excel and CSV files of a grid. Text stays text: no cell of ours ever becomes a formula (PRO_10, REP_17)."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.common import dates
from portal.common.tables import Column, Table

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY_BYTES = 2_000_000
# Control characters that no XML file may hold; one of them would make the whole workbook unreadable.
ILLEGAL_IN_XML = dict.fromkeys((*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF))


def write_xlsx(target: IO[bytes], *, columns: Sequence[Column], rows: Iterable[Any], sheet_name: str) -> int:
    """Write a workbook with a bold, frozen heading row; return the number of data rows.

    Dates and numbers are typed cells; every text is written as a string whatever it begins with. Rows go to disk one
    by one, so the size of the result does not matter to memory.
    """
    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "remove_timezone": True,
        },
    )
    sheet = book.add_worksheet(sheet_name[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "mm/dd/yyyy"})
    money = book.add_format({"num_format": "#,##0.00"})
    for index, column in enumerate(columns):
        sheet.set_column(index, index, max(12, min(len(column.label) + 4, 30)))
        sheet.write_string(0, index, column.label, bold)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, start=1):
        for index, column in enumerate(columns):
            value = column.value(row)
            if value is None or value == "":
                continue
            if isinstance(value, datetime | date):
                sheet.write_datetime(count, index, value, day)
            elif isinstance(value, Decimal):
                sheet.write_number(count, index, float(value), money)
            elif isinstance(value, int):
                sheet.write_number(count, index, value)
            else:
                sheet.write_string(count, index, str(value).translate(ILLEGAL_IN_XML))
    sheet.autofilter(0, 0, count, max(0, len(columns) - 1))
    book.close()
    return count


def safe_text(value: Any) -> str:
    """A CSV cell that no spreadsheet program takes for a formula: a leading apostrophe defuses it."""
    if value is None:
        return ""
    if isinstance(value, date):
        return dates.as_text(value)
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


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
