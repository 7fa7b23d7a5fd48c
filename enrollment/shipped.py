"""What came with the portal about enrollment periods: ``enrollment/data/sep``, read into the types of the rules.

Migrations load it into the database once; afterwards the carrier's staff keep these tables in the administration. Tables of
expected dates are checked against the files (``manage.py check_vectors sep``), so that needs no database.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from enrollment.rules.open_enrollment import CalendarRow

SEP_DATA = Path(__file__).resolve().parent / "data" / "sep"


def calendar_rows() -> list[CalendarRow]:
    """The calendars of open enrollment. A row is confirmed iff its cell starts with "yes"; the rest is the note."""
    return [
        CalendarRow(
            us_state=row["state"],
            exchange_type=row["exchange_type"],
            plan_year=int(row["plan_year"]),
            channel=row["channel"],
            first_day=date.fromisoformat(row["first_day"]),
            last_day=date.fromisoformat(row["last_day"]),
            apply_through=date.fromisoformat(row["apply_through"]),
            effective_date=date.fromisoformat(row["effective_date"]),
            confirmed=row["confirmed"].lower().startswith("yes"),
            note=row["confirmed"].removeprefix("yes").strip(" ,;:"),
            source=row["source"],
        )
        for row in _rows("open_enrollment.csv")
    ]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SEP_DATA / name).open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)
