"""Excel files as ratios to a bare openpyxl write-only loop over the same cells: the grid's writer, and a whole report."""

import io
import resource
import threading
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook, load_workbook

from bench.pages import result_address, signed_in
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


def measure_report(username: str) -> None:
    """Print what a report costs as a file: until its first byte, its size, and the memory it takes at most (REP_17)."""
    client = signed_in(username)
    address = result_address(client, "/reports/new/", {"policy_status": "ALL"})
    file, cells = b"", []
    ours, bare = [], []
    grown = 0.0
    for turn in range(4):
        with _PeakMemory() as memory:
            start = time.perf_counter()
            answer = client.get(f"{address}&format=xlsx")
            first_byte = time.perf_counter() - start
            assert answer.status_code == 200, "more rows than a file is made of at once (REPORT_ROWS_AT_ONCE)"
            file = b"".join(answer.streaming_content)
        if not cells:
            cells = [list(row) for row in load_workbook(io.BytesIO(file), read_only=True).active.values]
        start = time.perf_counter()
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in cells:
            sheet.append(row)
        book.save(io.BytesIO())
        if turn:  # the first one warms up
            ours.append(first_byte)
            bare.append(time.perf_counter() - start)
            grown = max(grown, memory.grown_mb)
    print(f"\n{username}: a report of {len(cells) - 1:,} rows x {len(cells[0])} columns as .xlsx, {len(file):,} bytes")
    print(
        f"first byte after {min(ours):.2f} s, bare openpyxl write-only {min(bare):.2f} s, ratio {min(ours) / min(bare):.2f}, "
        f"peak memory +{grown:.0f} MB"
    )


class _PeakMemory:
    """How far this process's memory rises above where it was, in MB; looked at every five milliseconds."""

    grown_mb = 0.0

    def __enter__(self) -> "_PeakMemory":
        self._before = resident_mb()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self.grown_mb = max(self.grown_mb, resident_mb() - self._before)


def resident_mb(pid: str = "self") -> float:
    """Resident memory of a process, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 1024 / 1024
