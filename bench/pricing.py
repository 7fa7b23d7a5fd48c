"""Prices and imports of the catalog, each against the barest thing that moves the same rows, in the same run.

Pricing: a family of five over all plans of a county, against the one SQL statement that fetches those rates. Importing: the
whole of it, every file read and checked, against a COPY of the finished rows into an empty table like the real one.
"""

import gzip
import io
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.search import taken_ms
from enrollment.models import PlanRate
from enrollment.rules.rating import PersonToRate, Relation, rated_age
from enrollment.selectors.pricing import HouseholdToRate, price_area
from enrollment.services import catalog_import, shipped_catalog

COUNTIES = {"Cook, IL": "17031", "Harris, TX": "48201", "Tulsa, OK": "40143"}
DAY = date(2027, 1, 1)
FAMILY = [
    PersonToRate(Relation.SELF, date(1986, 6, 1)),
    PersonToRate(Relation.SPOUSE, date(1988, 6, 1), tobacco=True),
    PersonToRate(Relation.CHILD, date(2009, 6, 1)),
    PersonToRate(Relation.CHILD, date(2012, 6, 1)),
    PersonToRate(Relation.CHILD, date(2017, 6, 1)),
]
ROUNDS = 200
IMPORT_ROUNDS = 3
# The rates of five ages for all plans of the county, and of those with family rates: what pricing reads, and nothing else.
BARE_RATES = """
SELECT r.plan_id, r.first_age, r.last_age, r.rate, r.tobacco_rate
FROM enrollment_planrate r
JOIN enrollment_plan p ON p.id = r.plan_id
JOIN enrollment_servicearea_counties c ON c.servicearea_id = p.service_area_id AND c.county_id = %s
JOIN enrollment_ratingarea a ON a.county_id = c.county_id AND a.number = r.rating_area
    AND a.first_day <= %s AND (a.last_day IS NULL OR a.last_day >= %s)
WHERE p.plan_year = %s AND ({ages})
"""
COLUMNS = "plan_id, rating_area, first_age, last_age, rate, tobacco_rate"


def measure() -> None:
    """Print pricing and import with their baselines; loads the shipped catalog where it is not there."""
    if shipped_catalog.missing():
        shipped_catalog.load(now=timezone.now())
        catalog_import.refresh_statistics()
    _measure_pricing()
    _measure_import()


def _measure_pricing() -> None:
    print(
        f"\n{'pricing five people, all plans':<34}{'plans':>7}{'rates':>7}{'p50 ms':>9}{'p95 ms':>9}{'p50 x':>8}{'p95 x':>8}"
    )
    for name, county in COUNTIES.items():
        household = HouseholdToRate(county, DAY, FAMILY)
        area = price_area(household)
        rows = len(_bare_rates(county))
        bare, bare_95 = taken_ms(lambda county=county: _bare_rates(county), rounds=ROUNDS)
        ours, ours_95 = taken_ms(lambda household=household: price_area(household), rounds=ROUNDS)
        print(f"{f'baseline: SQL for rates, {name}':<34}{'':>7}{rows:>7}{bare:>9.2f}{bare_95:>9.2f}")
        print(
            f"{f'price_area, {name}':<34}{len(area.offered):>7}{rows:>7}{ours:>9.2f}{ours_95:>9.2f}"
            f"{ours / bare:>8.2f}{ours_95 / bare_95:>8.2f}"
        )


def _bare_rates(county: str) -> list[tuple[Any, ...]]:
    ages = sorted({rated_age(person, DAY) for person in FAMILY})
    sql = BARE_RATES.format(ages=" OR ".join(f"{age} BETWEEN r.first_age AND r.last_age" for age in ages))
    with connection.cursor() as cursor:
        cursor.execute(sql, [county, DAY, DAY, DAY.year])
        return list(cursor.fetchall())


def _measure_import() -> None:
    folder = shipped_catalog.folder("catalog")
    taken = [_import_seconds(folder) for _ in range(IMPORT_ROUNDS)]
    rows = PlanRate.objects.filter(plan__plan_year__in=(2026, 2027)).count()
    bare = min(_bare_copy_seconds() for _ in range(IMPORT_ROUNDS))
    print(f"\n{'importing 2026 and 2027':<44}{'rows':>9}{'s':>8}{'x':>8}")
    print(f"{'baseline: COPY into an empty table like it':<44}{rows:>9,}{bare:>8.2f}")
    first, again = min(one[0] for one in taken), min(one[1] for one in taken)
    print(f"{'for comparison: COPY of the CSV as texts':<44}{rows:>9,}{_csv_copy_seconds(folder):>8.2f}")
    print(f"{'import_catalog, rates not there before':<44}{rows:>9,}{first:>8.2f}{first / bare:>8.2f}")
    print(f"{'import_catalog, nothing differs':<44}{rows:>9,}{again:>8.2f}{again / bare:>8.2f}")


def _import_seconds(folder: Path) -> tuple[float, float]:
    """Seconds of an import into years without rates, and of the same once more; reading, checking and commit included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM enrollment_planrate r USING enrollment_plan p WHERE p.id = r.plan_id AND p.plan_year IN (2026, 2027)"
        )
        cursor.execute("VACUUM (ANALYZE) enrollment_planrate")

    def whole() -> None:
        catalog = catalog_import.read(folder)
        catalog_import.write(catalog, folder="catalog", now=timezone.now(), imported_by="bench")

    return _seconds(whole), _seconds(whole)


def _bare_copy_seconds() -> float:
    rows = io.StringIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT {COLUMNS.replace('plan_id', 'r.plan_id')} FROM enrollment_planrate r "  # noqa: S608 - constants
            "JOIN enrollment_plan p ON p.id = r.plan_id WHERE p.plan_year IN (2026, 2027)) TO STDOUT",
            rows,
        )
        rows.seek(0)
        cursor.execute("CREATE TABLE bench_rates (LIKE enrollment_planrate INCLUDING ALL)")
        cursor.execute(
            "ALTER TABLE bench_rates ADD FOREIGN KEY (plan_id) REFERENCES enrollment_plan (id) DEFERRABLE INITIALLY DEFERRED"
        )
        try:

            def copy() -> None:
                with transaction.atomic():
                    cursor.copy_expert(f"COPY bench_rates ({COLUMNS}) FROM STDIN", rows)

            return _seconds(copy)
        finally:
            cursor.execute("DROP TABLE bench_rates")


def _csv_copy_seconds(folder: Path) -> float:
    """Seconds to copy the unpacked rates file, cell by cell and unchecked, into a table without index or reference."""
    text = gzip.decompress((folder / "rates.csv.gz").read_bytes()).decode()
    columns = ", ".join(f'"{name}" text' for name in text.split("\n", 1)[0].split(","))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE bench_texts ({columns})")
        try:
            return _seconds(
                lambda: cursor.copy_expert("COPY bench_texts FROM STDIN WITH (FORMAT csv, HEADER)", io.StringIO(text))
            )
        finally:
            cursor.execute("DROP TABLE bench_texts")


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
