"""The member system's feed, as a ratio to a COPY of its lines as texts: a first import, one day's changes, and nothing new.

In a database of its own, dropped afterwards. The baseline copies the same four files, cell by cell and unchecked, into
tables without an index: the least that reading them can cost.
"""

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

MEMBERS = 5_000


def measure(members: int = MEMBERS) -> None:
    """Print seconds, lines a second, and ratios."""
    from bench import member_feed
    from clients.services import member_import
    from portal.common.dates import today_in

    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            counts = member_feed.write(folder, members=members, today=today_in())
            lines = sum(count for name, count in counts.items() if name != "producers")
            call_command("import_producers", folder / "producers.csv", verbosity=0, stdout=open("/dev/null", "w"))  # noqa: SIM115

            def run() -> None:
                member_import.run(folder, now=timezone.now())

            bare = [_seconds(lambda: _copy(folder))]
            first = _seconds(run)
            bare.append(_seconds(lambda: _copy(folder)))
            again = _seconds(run)
            _change_some(folder)
            changed = _seconds(run)
            bare.append(_seconds(lambda: _copy(folder)))
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
    baseline = sorted(bare)[1]
    print(f"\n{f'member feed of {members:,} members':<44}{'lines':>9}{'s':>8}{'lines/s':>10}{'x':>8}")
    for name, seconds in (
        ("baseline: COPY of the lines as texts", baseline),
        ("import_members, nobody there before", first),
        ("import_members, nothing differs", again),
        ("import_members, one policy in fifty differs", changed),
    ):
        print(f"{name:<44}{lines:>9,}{seconds:>8.2f}{lines / seconds:>10,.0f}{seconds / baseline:>8.2f}")


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _copy(folder: Path) -> None:
    from clients.services.member_import_columns import FEEDS

    with connection.cursor() as cursor:
        for feed in FEEDS:
            with (folder / feed.file_name).open(encoding="utf-8") as file:
                columns = ", ".join(f'"{name}" text' for name in file.readline().strip().split(","))
                cursor.execute(f"CREATE TABLE bench_{feed.name} ({columns})")
                cursor.copy_expert(f"COPY bench_{feed.name} FROM STDIN WITH (FORMAT csv)", file)
            cursor.execute(f"DROP TABLE bench_{feed.name}")


def _change_some(folder: Path) -> None:
    """Another premium for every fiftieth policy."""
    path = folder / "policies.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("monthly_premium")
    for row in rows[1::50]:
        row[column] = f"{float(row[column]) + 1000:.2f}"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
