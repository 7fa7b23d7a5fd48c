"""Taking over ZIP codes, counties and rating areas: three CSV files, checked whole first, then written or not at all.

The files are the truth: what they do not name goes. Only a county that quotes, applications or plans refer to stays, with
its rating areas and without ZIP codes, so that nothing new is priced there. The same files again change nothing. Works for
the system, on nobody's behalf.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from enrollment.models import Application, CatalogImport, County, Quote, RatingArea, ServiceArea, ZipCounty
from enrollment.services.import_files import (
    BadCell,
    Column,
    CsvFile,
    digest_of,
    note_duplicates,
    one_of,
    raise_problems,
    read_file,
    shape,
    whole_number,
    words,
)
from portal.common import audit
from portal.common.dates import US_STATES

IMPORT_LOCK = 7_301_021
FILES = ("counties", "zip_counties", "rating_areas")
ONE_DAY = timedelta(days=1)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadCell("is not a date; write YYYY-MM-DD") from None
    if day.isoformat() != text:
        raise BadCell("is not a date; write YYYY-MM-DD")
    return day


def rating_area_number(text: str) -> int:
    """ "Rating Area 1" and "1" are the same."""
    return _area_number(text.removeprefix("Rating Area").strip())


_area_number = whole_number(1, 999)
_fips = Column(name="county_fips", read=shape(r"[0-9]{5}", "a county's FIPS code of five digits"), required=True)
COLUMNS = {
    "counties": (
        _fips,
        Column(name="state", read=one_of({state: state for state in US_STATES}), required=True),
        Column(name="county", read=words(60), required=True),
    ),
    "zip_counties": (
        Column(name="zip", read=shape(r"[0-9]{5}", "a ZIP code of five digits"), required=True),
        _fips,
        Column(name="city", read=words(60), required=True),
    ),
    "rating_areas": (
        _fips,
        Column(name="rating_area", read=rating_area_number, required=True),
        Column(name="first_day", read=_day, required=True),
        Column(name="last_day", read=_day, empty=None),
    ),
}


@dataclass(frozen=True)
class Geography:
    """The files, each line good by itself and in agreement with the others."""

    counties: CsvFile
    zips: CsvFile
    areas: CsvFile

    @property
    def files(self) -> tuple[CsvFile, CsvFile, CsvFile]:
        return self.counties, self.zips, self.areas

    @property
    def lines(self) -> int:
        return sum(len(file) for file in self.files)


@dataclass
class Outcome:
    """What was written, or would be. ``counties_kept`` are no longer in the files but referred to."""

    counties_added: int = 0
    counties_changed: int = 0
    counties_removed: int = 0
    zips_added: int = 0
    zips_changed: int = 0
    zips_removed: int = 0
    areas_added: int = 0
    areas_changed: int = 0
    areas_removed: int = 0
    counties_kept: list[str] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        return any(count for name, count in vars(self).items() if name != "counties_kept")

    def counts(self) -> dict[str, Any]:
        return {name: count for name, count in vars(self).items() if count}


def read(folder: Path, *, progress: Callable[[int], object] = lambda _lines: None) -> Geography:
    """Read and check the three files; ``progress`` hears of each and its lines. Raises ``BadFiles`` with every mistake, by file and line."""
    files = []
    for name in FILES:
        files.append(read_file(folder, name, COLUMNS[name]))
        progress(len(files[-1]))
    geography = Geography(*files)
    if all(file.whole for file in files):
        _check_against_each_other(geography)
    raise_problems(files)
    return geography


def _check_against_each_other(geography: Geography) -> None:
    counties, zips, areas = geography.files
    fips = counties.values["county_fips"]
    note_duplicates(counties, fips, lambda key: f"county {key}")
    names = list(zip(counties.values["state"], counties.values["county"], strict=True))
    note_duplicates(counties, names, lambda key: f"{key[1]} in {key[0]}")
    known = set(fips) - {None}
    for file in (zips, areas):
        for place, one in enumerate(file.values["county_fips"]):
            if one is not None and one not in known:
                file.wrong(place, f"county {one} is not in counties.csv")
    zip_keys = list(zip(zips.values["zip"], zips.values["county_fips"], strict=True))
    note_duplicates(zips, zip_keys, lambda key: f"ZIP code {key[0]} in county {key[1]}")
    spans: dict[str, list[tuple[date, date, int]]] = defaultdict(list)
    for place, (one, first, last) in enumerate(
        zip(areas.values["county_fips"], areas.values["first_day"], areas.values["last_day"], strict=True)
    ):
        if one is None or first is None:
            continue
        if last is not None and last < first:
            areas.wrong(place, "last_day is before first_day")
            continue
        spans[one].append((first, last or date.max, place))
    for of_county in spans.values():
        of_county.sort()
        for (_, last, before), (first, _, place) in zip(of_county, of_county[1:], strict=False):
            if first <= last:
                areas.wrong(place, f"its days overlap those of line {areas.lines[before]}")
            elif first > last + ONE_DAY:
                areas.wrong(place, f"there is no rating area from {last + ONE_DAY} to {first - ONE_DAY}")
    for place, one in enumerate(fips):
        if one is not None and one not in spans and not areas.problems:
            counties.wrong(place, f"county {one} has no line in rating_areas.csv")


@transaction.atomic
def write(
    geography: Geography, *, folder: str, now: datetime, imported_by: str, dry_run: bool = False
) -> tuple[Outcome, CatalogImport | None]:
    """Bring the database in line with the files, all or nothing, and note the import. ``dry_run`` keeps nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    outcome = Outcome()
    wanted = dict(
        zip(
            geography.counties.values["county_fips"],
            zip(geography.counties.values["state"], geography.counties.values["county"], strict=True),
            strict=True,
        )
    )
    there = {county.fips: county for county in County.objects.all()}
    gone = set(there) - set(wanted)
    kept = _referred_to(gone)
    outcome.counties_kept = sorted(kept)
    outcome.counties_removed = len(gone - kept)
    _write_zips(geography, outcome)
    _write_areas(geography, kept, outcome)
    County.objects.filter(fips__in=gone - kept).delete()
    changed = [
        County(fips=fips, us_state=state, name=name)
        for fips, (state, name) in wanted.items()
        if fips in there and (there[fips].us_state, there[fips].name) != (state, name)
    ]
    # Two counties may change names with each other: both let go of theirs first.
    for county in changed:
        County.objects.filter(fips=county.fips).update(name=f"({county.fips})")
    County.objects.bulk_update(changed, ["us_state", "name"], batch_size=500)
    outcome.counties_changed = len(changed)
    new = [County(fips=fips, us_state=state, name=name) for fips, (state, name) in wanted.items() if fips not in there]
    County.objects.bulk_create(new, batch_size=1_000)
    outcome.counties_added = len(new)
    _add_zips_and_areas(geography, outcome)
    if dry_run:
        transaction.set_rollback(True)
        return outcome, None
    noted = CatalogImport.objects.create(
        kind=CatalogImport.Kind.GEOGRAPHY,
        folder=folder[:255],
        digest=digest_of(geography.files),
        lines={file.name: len(file) for file in geography.files},
        outcome=outcome.counts() if outcome.anything else {},
        imported_by=imported_by[:150],
        imported_at=now,
    )
    if outcome.anything:
        audit.record("geography.imported", by=None, object_id=str(noted.pk), details=outcome.counts())
    return outcome, noted


def _referred_to(fips: set[str]) -> set[str]:
    through = ServiceArea.counties.through
    return {
        str(one)
        for model in (Quote, Application, through)
        for one in model._default_manager.filter(county_id__in=fips).values_list("county_id", flat=True)
    }


def _write_zips(geography: Geography, outcome: Outcome) -> None:
    wanted = _zips(geography)
    gone, changed = [], []
    for row in ZipCounty.objects.all():
        city = wanted.get((row.zip, row.county_id))
        if city is None:
            gone.append(row.pk)
        elif row.city != city:
            row.city = city
            changed.append(row)
    outcome.zips_removed, outcome.zips_changed = len(gone), len(changed)
    ZipCounty.objects.filter(pk__in=gone).delete()
    ZipCounty.objects.bulk_update(changed, ["city"], batch_size=1_000)


def _zips(geography: Geography) -> dict[tuple[str, str], str]:
    values = geography.zips.values
    return dict(zip(zip(values["zip"], values["county_fips"], strict=True), values["city"], strict=True))


def _areas(geography: Geography) -> dict[tuple[str, date], tuple[int, date | None]]:
    values = geography.areas.values
    return dict(
        zip(
            zip(values["county_fips"], values["first_day"], strict=True),
            zip(values["rating_area"], values["last_day"], strict=True),
            strict=True,
        )
    )


def _write_areas(geography: Geography, kept: set[str], outcome: Outcome) -> None:
    """Rows that differ go and come back: spans of one county may not overlap even for a moment."""
    wanted = _areas(geography)
    gone = []
    for row in RatingArea.objects.exclude(county_id__in=kept):
        told = wanted.get((row.county_id, row.first_day))
        if told != (row.number, row.last_day):
            gone.append(row.pk)
            if told is None:
                outcome.areas_removed += 1
            else:
                outcome.areas_changed += 1
    RatingArea.objects.filter(pk__in=gone).delete()


def _add_zips_and_areas(geography: Geography, outcome: Outcome) -> None:
    zips_there = set(ZipCounty.objects.values_list("zip", "county_id"))
    new_zips = [
        ZipCounty(zip=code, county_id=fips, city=city)
        for (code, fips), city in _zips(geography).items()
        if (code, fips) not in zips_there
    ]
    ZipCounty.objects.bulk_create(new_zips, batch_size=4_000)
    outcome.zips_added = len(new_zips)
    areas_there = set(RatingArea.objects.values_list("county_id", "first_day"))
    new_areas = [
        RatingArea(county_id=fips, number=number, first_day=first, last_day=last)
        for (fips, first), (number, last) in _areas(geography).items()
        if (fips, first) not in areas_there
    ]
    RatingArea.objects.bulk_create(new_areas, batch_size=4_000)
    outcome.areas_added = len(new_areas) - outcome.areas_changed
