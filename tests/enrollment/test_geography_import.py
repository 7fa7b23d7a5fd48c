"""``manage.py import_geography``: counties, ZIP codes and dated rating areas, all or nothing."""

import shutil
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from enrollment.models import CatalogImport, County, RatingArea, ServiceArea, ZipCounty
from tests.enrollment.test_catalog_import import edit, put
from tests.support.catalog import COOK, SMALL


def run(folder: Path, *options: str) -> str:
    said = StringIO()
    call_command("import_geography", str(folder), *options, stdout=said)
    return said.getvalue()


def contents() -> list[list[tuple]]:
    return [list(model.objects.order_by("pk").values_list()) for model in (County, ZipCounty, RatingArea)]


@pytest.fixture
def files(tmp_path) -> Path:
    return shutil.copytree(SMALL / "geography", tmp_path / "geography")


def test_places_come_in_and_a_second_run_changes_nothing(files):
    said = run(files)
    assert said.startswith(
        "Done: 17 counties added, 0 changed, 0 removed; 24 ZIP codes in counties added, 0 changed, 0 removed; "
        "23 rating areas added, 0 changed, 0 removed."
    )
    assert County.objects.get(pk=COOK).name == "Cook"
    redrawn = RatingArea.objects.filter(county_id="48339").order_by("first_day")
    assert list(redrawn.values_list("number", "first_day", "last_day")) == [
        (10, date(2014, 1, 1), date(2022, 12, 31)),
        (27, date(2023, 1, 1), None),
    ]
    before = contents()
    assert run(files).startswith("Nothing changed")
    assert contents() == before
    assert CatalogImport.objects.filter(kind="GEOGRAPHY").count() == 2


def test_a_dry_run_keeps_nothing(files):
    assert "Would be: 17 counties added" in run(files, "--dry-run")
    assert contents() == [[], [], []]


def test_changes_are_written_and_what_is_not_named_goes(files):
    run(files)
    cook = list(ZipCounty.objects.filter(county=COOK).values_list("pk", flat=True))
    edit(files, "zip_counties", lambda rows: [row for row in rows if row["zip"] != "77002"])
    edit(files, "zip_counties", lambda rows: [{**row, "city": row["city"].upper()} for row in rows])
    edit(files, "counties", lambda rows: [{**row, "county": f"New {row['county']}"} for row in rows])
    edit(files, "rating_areas", lambda rows: [{**row, "rating_area": "Rating Area 9"} if row["county_fips"] == COOK else row for row in rows])  # fmt: skip
    assert "17 changed, 0 removed; 0 ZIP codes in counties added, 23 changed, 1 removed; 0 rating areas added, 1 changed" in run(files)  # fmt: skip
    assert list(ZipCounty.objects.filter(county=COOK).values_list("pk", flat=True)) == cook
    assert RatingArea.objects.get(county=COOK).number == 9


def test_two_counties_may_exchange_their_names(files):
    run(files)
    names = {"17031": "DuPage", "17043": "Cook"}
    edit(
        files,
        "counties",
        lambda rows: [{**row, "county": names.get(row["county_fips"], row["county"])} for row in rows],
    )
    run(files)
    assert County.objects.get(pk="17043").name == "Cook"


def test_a_county_that_is_gone_goes_unless_something_refers_to_it(files):
    run(files)
    area = ServiceArea.objects.create(plan_year=2027, us_state="IL", code="ILS01")
    area.counties.add(COOK)
    for name in ("counties", "zip_counties", "rating_areas"):
        edit(files, name, lambda rows: [row for row in rows if row["county_fips"] not in (COOK, "48201")])
    said = run(files)
    assert "Kept without ZIP codes, because plans, quotes or applications refer to them: 17031" in said
    assert not County.objects.filter(pk="48201").exists()
    assert not ZipCounty.objects.filter(county=COOK).exists()
    assert RatingArea.objects.filter(county=COOK).count() == 1
    assert run(files).startswith("Nothing changed")


@pytest.mark.parametrize(
    ("name", "line", "cells", "sentence"),
    [
        ("counties", 2, {"county_fips": "1703"}, "counties.csv line 2: county_fips '1703' is not a county's FIPS code"),
        ("counties", 2, {"state": "CA"}, "counties.csv line 2: state 'CA' is unknown; write one of: IL, MT, NM, OK, TX"),
        ("counties", 3, {"county_fips": "17031"}, "counties.csv line 3: county 17031 stands on line 2 already"),
        ("counties", 3, {"county": "Cook"}, "counties.csv line 3: Cook in IL stands on line 2 already"),
        ("zip_counties", 2, {"zip": "606"}, "zip_counties.csv line 2: zip '606' is not a ZIP code of five digits"),
        ("zip_counties", 2, {"county_fips": "17999"}, "zip_counties.csv line 2: county 17999 is not in counties.csv"),
        ("zip_counties", 2, {"city": ""}, "zip_counties.csv line 2: city must not be empty"),
        ("rating_areas", 2, {"rating_area": "one"}, "rating_areas.csv line 2: rating_area 'one' is not a whole number"),
        ("rating_areas", 2, {"first_day": "2014-02-30"}, "rating_areas.csv line 2: first_day '2014-02-30' is not a date"),
        ("rating_areas", 2, {"last_day": "2013-12-31"}, "rating_areas.csv line 2: last_day is before first_day"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_line_and_nothing_is_written(files, name, line, cells, sentence):
    put(files, name, line, **cells)
    with pytest.raises(CommandError) as refused:
        run(files)
    assert any(one.startswith(sentence) for one in str(refused.value).splitlines()), refused.value
    assert contents() == [[], [], []]


def test_days_of_a_county_may_neither_overlap_nor_leave_a_gap(files):
    def redrawn(day: str) -> str:
        edit(files, "rating_areas", lambda rows: [{**row, "last_day": day} if row["last_day"] else row for row in rows])
        with pytest.raises(CommandError) as refused:
            run(files)
        return str(refused.value)

    assert "its days overlap those of line" in redrawn("2023-01-01")
    assert "there is no rating area from 2022-12-31 to 2022-12-31" in redrawn("2022-12-30")


def test_every_county_needs_a_rating_area(files):
    edit(files, "rating_areas", lambda rows: [row for row in rows if row["county_fips"] != COOK])
    with pytest.raises(CommandError, match="counties.csv line 2: county 17031 has no line in rating_areas.csv"):
        run(files)
