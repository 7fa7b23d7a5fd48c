"""``manage.py import_geography DIR``: take over counties, ZIP codes and rating areas."""

from typing import Any

from enrollment.management.import_command import ImportCommand
from enrollment.services import geography_import


class Command(ImportCommand):
    help = """\
Import counties, ZIP codes and rating areas from counties, zip_counties and rating_areas, .csv or .csv.gz, in one folder
(UTF-8, first line: the names of the columns).

All three files are checked first; mistakes are listed by file and line, and then nothing is written. The files are the
truth: what they do not name goes, except counties that plans, quotes or applications refer to. Importing the same files
twice changes nothing.

counties.csv      county_fips, state, county
zip_counties.csv  zip, county_fips, city
rating_areas.csv  county_fips, rating_area, first_day, last_day (both inclusive; empty: until further notice)
"""
    service = geography_import
    what = "places"

    def in_words(self, outcome: Any) -> str:
        return (
            f"{outcome.counties_added:,} counties added, {outcome.counties_changed:,} changed, "
            f"{outcome.counties_removed:,} removed; {outcome.zips_added:,} ZIP codes in counties added, "
            f"{outcome.zips_changed:,} changed, {outcome.zips_removed:,} removed; {outcome.areas_added:,} rating areas "
            f"added, {outcome.areas_changed:,} changed, {outcome.areas_removed:,} removed"
        )

    def remarks(self, outcome: Any) -> list[str]:
        if not outcome.counties_kept:
            return []
        return [
            "Kept without ZIP codes, because plans, quotes or applications refer to them: "
            + ", ".join(outcome.counties_kept)
        ]
