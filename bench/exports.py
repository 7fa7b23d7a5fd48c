"""The grid's Excel writer as a ratio to a bare openpyxl write-only loop over the same cells."""

import io
import resource
import time
from datetime import date
from decimal import Decimal

from openpyxl import Workbook, load_workbook

from portal.common.exports import write_xlsx
from portal.common.tables import Column

ROWS = 50_000
KINDS = (
    "text",
    "text",
    "text",
    "text",
    "text",
    "number",
    "text",
    "text",
    "text",
    "text",
    "text",
    "date",
    "date",
    "date",
)


def _row(index: int) -> list[object]:
    day = date(2026, 1 + index % 12, 1 + index % 28)
    return [
        f"Washington{index % 997}", "Tanya", "Policy", f"01{index:08d}", "=1+1", index % 9, "IB2121", f"{730000000 + index}",
        "Grace Period", "OFF-EXCHANGE", "Prairie Summit Bronze PPO 502", day, day, day, "Rita Solberg", Decimal("412.55"),
    ]  # fmt: skip


def measure() -> None:
    """Print seconds, the ratio, and the peak memory the portal's writer added; read the file back."""
    columns = [Column(key=f"c{i}", label=f"Column {i}", value=lambda row, i=i: row[i]) for i in range(16)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    target = io.BytesIO()
    start = time.perf_counter()
    count = write_xlsx(target, columns=columns, rows=(_row(i) for i in range(ROWS)), sheet_name="Report")
    ours = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    start = time.perf_counter()
    for index in range(ROWS):
        sheet.append(_row(index))
    book.save(io.BytesIO())
    bare = time.perf_counter() - start

    read = load_workbook(target, read_only=True).active
    rows_read = sum(1 for _ in read.iter_rows(values_only=True)) - 1
    assert count == rows_read == ROWS
    print(f"\n{ROWS:,} rows x 16 columns to .xlsx, read back complete")
    print(
        f"portal {ours:.2f} s, bare openpyxl write-only {bare:.2f} s, ratio {ours / bare:.2f}, peak memory +{grown:.0f} MB"
    )
