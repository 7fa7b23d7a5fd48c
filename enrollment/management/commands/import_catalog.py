"""``manage.py import_catalog DIR``: take over plans, rates, service areas and business rules."""

from typing import Any

from enrollment.management.import_command import ImportCommand
from enrollment.services import catalog_import
from enrollment.services.catalog_columns import COLUMNS


def _columns_in_words() -> str:
    lines = []
    for name, columns in COLUMNS.items():
        needed = [column.name for column in columns if column.required]
        others = [column.name for column in columns if not column.required]
        lines.append(f"{name}.csv needs {', '.join(needed)}")
        if others:
            lines.append(f"  and knows {', '.join(others)}")
    return "\n".join(lines)


class Command(ImportCommand):
    help = f"""\
Import plans, rates, service areas and business rules from plans, rates, service_areas and business_rules, .csv or .csv.gz,
in one folder (UTF-8, the columns of the public use files; further columns are left alone).

All four files are checked first, each line and against each other; mistakes are listed by file and line, and then nothing
is written. The plan years in plans.csv are replaced, other years stay as they are. Plans that quotes or applications name
keep their rows; where the files no longer have them they are withdrawn, others are removed. Importing the same files twice
changes nothing. Counties must be known: import_geography comes first.

{_columns_in_words()}
"""
    service = catalog_import
    what = "plans and rates"

    def in_words(self, outcome: Any) -> str:
        return (
            f"{outcome.plans_added:,} plans added, {outcome.plans_changed:,} changed, {outcome.plans_removed:,} removed, "
            f"{outcome.plans_withdrawn:,} withdrawn; {outcome.rates_added:,} rates added, {outcome.rates_changed:,} "
            f"changed, {outcome.rates_removed:,} removed; {outcome.service_areas_added:,} service areas added, "
            f"{outcome.service_areas_changed:,} changed, {outcome.service_areas_removed:,} removed"
        )

    def about(self, read: Any) -> str:
        return f"Plan years {', '.join(str(year) for year in read.years)}. "
