"""Excel and CSV files of a grid. Text stays text: no cell of ours ever becomes a formula (PRO_10, REP_17)."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.common import xlsx
from portal.common.tables import Column, Table, display
from portal.common.xlsx import clean_text

# The wide forms count as the narrow ones in spreadsheets of some languages.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY_BYTES = 2_000_000


def write_xlsx(target: IO[bytes], *, columns: Sequence[Column], rows: Iterable[Any], sheet_name: str) -> int:
    """Write a workbook with a bold, frozen heading row; return the number of data rows.

    Dates and numbers are typed cells; every text is written as a string whatever it begins with. Moments are those of
    the carrier's own clock. Rows are written one by one, so the size of the result does not matter to memory; a result
    longer than a sheet goes on on the next one.
    """
    values = [column.value for column in columns]
    lines = ([_for_a_sheet(value(row)) for value in values] for row in rows)
    with xlsx.Sheets(target) as book:
        return book.write(name=sheet_name, headings=[column.label for column in columns], rows=lines, other=display)


def _for_a_sheet(value: Any) -> Any:
    """A workbook knows no zones: a moment is what the carrier's own clock showed."""
    return timezone.make_naive(value) if value.__class__ is datetime and value.tzinfo else value


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
