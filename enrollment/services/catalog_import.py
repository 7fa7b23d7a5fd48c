"""Taking over plans, rates, service areas and business rules of whole years: checked whole first, then written or not at all.

The files are the truth for the plan years they name; other years stay as they are. A plan keeps its row by year and plan
ID, so that quotes and applications go on pointing to it. One that the files no longer name is removed, or, where quotes or
applications refer to it, withdrawn: it keeps its row, its service area and its rates and is sold no more. The same files
again change nothing; what staff corrected by hand is what the files say again. Works for the system, on nobody's behalf.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from enrollment.models import (
    ApplicationPlan,
    CatalogImport,
    County,
    Plan,
    PlanFamilyRate,
    PlanRate,
    QuotePlan,
    RatingArea,
    ServiceArea,
)
from enrollment.rules.age_bands import BadBands, covered_ages
from enrollment.services.catalog_columns import COLUMNS, FAMILY_RATES, PLAN_FIELDS, RULE_FIELDS
from enrollment.services.import_files import (
    CsvFile,
    digest_of,
    many_small_objects,
    note_duplicates,
    raise_problems,
    read_file,
)
from portal.common import audit

IMPORT_LOCK = 7_301_022
FILES = ("plans", "rates", "service_areas", "business_rules")
STAGING = "enrollment_staged_rate"
Progress = Callable[[int], object]
PlanKey = tuple[int, str]  # year, plan ID


@dataclass
class Catalog:
    """The files, each line good by itself and in agreement with the others and with the places known."""

    plans: CsvFile
    rates: CsvFile
    areas: CsvFile
    rules: CsvFile
    # First and last age of each line of rates; None for family rates.
    bands: list[tuple[int, int] | None] = field(default_factory=list)

    @property
    def files(self) -> tuple[CsvFile, CsvFile, CsvFile, CsvFile]:
        return self.plans, self.rates, self.areas, self.rules

    @property
    def years(self) -> list[int]:
        return sorted(set(self.plans.values["BusinessYear"]))

    @property
    def lines(self) -> int:
        return sum(len(file) for file in self.files)

    @cached_property
    def plan_keys(self) -> list[PlanKey]:
        return list(zip(self.plans.values["BusinessYear"], self.plans.values["PlanId"], strict=True))

    @cached_property
    def counties_by_area(self) -> dict[tuple[int, str, str], set[str]]:
        """Counties of each service area of each year: (year, state, id of the area)."""
        found: dict[tuple[int, str, str], set[str]] = defaultdict(set)
        values = self.areas.values
        rows = zip(values["BusinessYear"], values["StateCode"], values["ServiceAreaId"], values["County"], strict=True)
        for year, state, code, county in rows:
            for one in self.years if year is None else [year]:
                found[one, state, code].add(county)
        return dict(found)


@dataclass
class Outcome:
    """What was written, or would be."""

    plans_added: int = 0
    plans_changed: int = 0
    plans_removed: int = 0
    plans_withdrawn: int = 0
    rates_added: int = 0
    rates_changed: int = 0
    rates_removed: int = 0
    service_areas_added: int = 0
    service_areas_changed: int = 0
    service_areas_removed: int = 0

    @property
    def anything(self) -> bool:
        return any(vars(self).values())

    def counts(self) -> dict[str, int]:
        return {name: count for name, count in vars(self).items() if count}


# Reading


@many_small_objects()
def read(folder: Path, *, progress: Progress = lambda _lines: None) -> Catalog:
    """Read and check the four files against each other and the counties in the database.

    ``progress`` hears of each file and its lines. Raises ``BadFiles`` with every mistake, by file and line.
    """
    files = []
    for name in FILES:
        files.append(read_file(folder, name, COLUMNS[name]))
        progress(len(files[-1]))
    plans, rates, areas, rules = files
    catalog = Catalog(plans, rates, areas, rules)
    if all(file.whole for file in files):
        _check_plans(catalog)
        _check_service_areas(catalog)
        _check_rates(catalog)
    raise_problems(files)
    return catalog


def _check_plans(catalog: Catalog) -> None:
    plans, rules = catalog.plans, catalog.rules
    note_duplicates(plans, catalog.plan_keys, lambda key: f"plan {key[1]} of {key[0]}")
    rule_keys = list(zip(rules.values["BusinessYear"], rules.values["PlanId"], strict=True))
    note_duplicates(rules, rule_keys, lambda key: f"plan {key[1]} of {key[0]}")
    known, ruled = set(catalog.plan_keys), set(rule_keys)
    for place, (year, plan_id) in enumerate(rule_keys):
        if None not in (year, plan_id) and (year, plan_id) not in known:
            rules.wrong(place, f"plan {plan_id} of {year} is not in plans.csv")
    values = plans.values
    for place, (year, plan_id) in enumerate(catalog.plan_keys):
        if year is None or plan_id is None:
            continue
        if (year, plan_id) not in ruled:
            plans.wrong(place, f"plan {plan_id} of {year} has no line in business_rules.csv")
        state, issuer = values["StateCode"][place], values["IssuerId"][place]
        if state is not None and plan_id[5:7] != state:
            plans.wrong(place, f"PlanId {plan_id!r} is not of the state {state}")
        if issuer is not None and plan_id[:5] != issuer:
            plans.wrong(place, f"PlanId {plan_id!r} is not of the issuer {issuer}")
        if values["OnExchange"][place] is False and values["OffExchange"][place] is False:
            plans.wrong(place, "is sold neither on nor off the exchange")
        area = year, state, values["ServiceAreaId"][place]
        if None not in area and area not in catalog.counties_by_area:
            plans.wrong(place, f"ServiceAreaId {area[2]!r} of {state} is not in service_areas.csv")


def _check_service_areas(catalog: Catalog) -> None:
    areas = catalog.areas
    states = dict(County.objects.values_list("fips", "us_state"))
    if not states:
        areas.problems.append((1, "no counties are known yet; import the geography first (manage.py import_geography)"))
        return
    values = areas.values
    keys = list(
        zip(values["BusinessYear"], values["StateCode"], values["ServiceAreaId"], values["County"], strict=True)
    )
    note_duplicates(areas, keys, lambda key: f"county {key[3]} in {key[2]}")
    for place, (_, state, _, county) in enumerate(keys):
        if county is None or state is None:
            continue
        if county not in states:
            areas.wrong(place, f"County {county!r} is not known")
        elif states[county] != state:
            areas.wrong(place, f"County {county!r} is in {states[county]}, not in {state}")


def _check_rates(catalog: Catalog) -> None:
    """Lines by plan and rating area: known plans, each age once and none left out, an area for every county sold in."""
    rates, values = catalog.rates, catalog.rates.values
    keys = list(zip(values["BusinessYear"], values["PlanId"], values["RatingAreaId"], strict=True))
    ages = values["Age"]
    catalog.bands = [None] * len(keys)
    tables: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        tables[key].append(place)
    plan_place = {key: place for place, key in enumerate(catalog.plan_keys)}
    rule_values = catalog.rules.values
    ratings = dict(
        zip(
            zip(rule_values["BusinessYear"], rule_values["PlanId"], strict=True),
            rule_values["EnrolleeContractRateDeterminationRule"],
            strict=True,
        )
    )
    offered: dict[PlanKey, set[int]] = defaultdict(set)
    unreadable_ages = any(" Age " in f" {sentence}" for _, sentence in rates.problems)
    seen: dict[Any, Any] = {}
    for (year, plan_id, area), places in tables.items():
        if None in (year, plan_id, area):
            continue
        at = plan_place.get((year, plan_id))
        if at is None:
            for place in places:
                rates.wrong(place, f"plan {plan_id} of {year} is not in plans.csv")
            continue
        offered[year, plan_id].add(area)
        if unreadable_ages:
            continue
        rating, child_only = ratings.get((year, plan_id)), catalog.plans.values["ChildOnlyOffering"][at]
        listed = tuple(ages[place] for place in places)
        pattern = (listed, rating, child_only)
        if pattern not in seen:
            seen[pattern] = _bands_of(listed, rating, child_only)
        bands, problem = seen[pattern]
        if problem:
            for offset in problem.places:
                rates.wrong(places[offset], f"{problem} (plan {plan_id} of {year}, rating area {area})")
        else:
            for place, band in zip(places, bands, strict=True):
                catalog.bands[place] = band
    _check_amounts(catalog)
    _check_areas_sold_in(catalog, offered)


def _bands_of(
    listed: Sequence[tuple[int, int, bool] | None], rating: str | None, child_only: str | None
) -> tuple[Sequence[tuple[int, int] | None], BadBands | None]:
    try:
        if rating == Plan.Rating.FAMILY:
            if by_age := [place for place, band in enumerate(listed) if band is not None]:
                raise BadBands(by_age, 'the plan has rates for families: Age must be "Family Option"')
            if len(listed) > 1:
                raise BadBands(range(1, len(listed)), "the family rates stand here already")
            return [None], None
        if families := [place for place, band in enumerate(listed) if band is None]:
            raise BadBands(families, 'the plan charges each member: Age must not be "Family Option"')
        known = [band for band in listed if band is not None]
        return (
            covered_ages(
                known,
                from_birth=child_only != Plan.ChildOnly.ADULT,
                to_the_oldest=child_only != Plan.ChildOnly.CHILD,
            ),
            None,
        )
    except BadBands as problem:
        return [], problem


def _check_amounts(catalog: Catalog) -> None:
    rates, values = catalog.rates, catalog.rates.values
    if any(values["IndividualTobaccoRate"]):
        pairs = zip(values["IndividualRate"], values["IndividualTobaccoRate"], strict=True)
        for place, (rate, tobacco) in enumerate(pairs):
            if tobacco and rate and float(tobacco) < float(rate):
                rates.wrong(place, f"IndividualTobaccoRate {tobacco} is less than IndividualRate {rate}")
    for place, band in enumerate(values["Age"]):
        if band is None:
            for name in FAMILY_RATES:
                if values[name][place] == "":
                    rates.wrong(place, f"{name} must not be empty beside Family Option")


def _check_areas_sold_in(catalog: Catalog, offered: dict[PlanKey, set[int]]) -> None:
    """Every county that a plan is sold in lies in a rating area that has rates, on every day of the year."""
    dated = list(RatingArea.objects.values_list("county_id", "number", "first_day", "last_day"))
    wanted: dict[tuple[int, str, str], set[int]] = {}
    for (year, state, code), counties in catalog.counties_by_area.items():
        if year is None:
            continue
        begins, ends = date(year, 1, 1), date(year, 12, 31)
        wanted[year, state, code] = {
            number
            for county, number, first, last in dated
            if county in counties and first <= ends and (last is None or last >= begins)
        }
    values = catalog.plans.values
    for place, key in enumerate(catalog.plan_keys):
        area = key[0], values["StateCode"][place], values["ServiceAreaId"][place]
        missing = wanted.get(area, set()) - offered.get(key, set())
        if missing and None not in key:
            numbers = ", ".join(str(number) for number in sorted(missing))
            catalog.plans.wrong(
                place, f"plan {key[1]} of {key[0]} is sold in rating areas without rates in rates.csv: {numbers}"
            )


# Writing


@transaction.atomic
def write(
    catalog: Catalog,
    *,
    folder: str,
    now: datetime,
    imported_by: str,
    dry_run: bool = False,
) -> tuple[Outcome, CatalogImport | None]:
    """Bring the years of the files in line with them, all or nothing, and note the import. ``dry_run`` keeps nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    outcome = Outcome()
    areas = _write_service_areas(catalog, outcome)
    ids = _write_plans(catalog, areas, outcome, now)
    _write_rates(catalog, ids, outcome)
    _write_family_rates(catalog, ids, outcome)
    _remove_service_areas(catalog, outcome)
    if dry_run:
        transaction.set_rollback(True)
        return outcome, None
    noted = CatalogImport.objects.create(
        kind=CatalogImport.Kind.CATALOG,
        folder=folder[:255],
        digest=digest_of(catalog.files),
        plan_years=catalog.years,
        lines={file.name: len(file) for file in catalog.files},
        outcome=outcome.counts(),
        imported_by=imported_by[:150],
        imported_at=now,
    )
    if outcome.anything:
        audit.record(
            "catalog.imported",
            by=None,
            object_id=str(noted.pk),
            details={"plan_years": catalog.years, **outcome.counts()},
        )
    return outcome, noted


def refresh_statistics() -> None:
    """Have the database count rows anew, for good plans and index-only scans. Not inside a transaction."""
    with connection.cursor() as cursor:
        for model in (Plan, PlanRate, PlanFamilyRate, ServiceArea, ServiceArea.counties.through):
            cursor.execute(f'VACUUM (ANALYZE) "{model._meta.db_table}"')


def _write_service_areas(catalog: Catalog, outcome: Outcome) -> dict[tuple[int, str, str], int]:
    """Add areas and bring their counties in line; returns the row of each (year, state, code)."""
    rows = ServiceArea.objects.filter(plan_year__in=catalog.years)
    ids = {(area.plan_year, area.us_state, area.code): area.pk for area in rows}
    new = [
        ServiceArea(plan_year=year, us_state=state, code=code)
        for year, state, code in catalog.counties_by_area
        if (year, state, code) not in ids and year in catalog.years
    ]
    for area in ServiceArea.objects.bulk_create(new):
        ids[area.plan_year, area.us_state, area.code] = area.pk
    outcome.service_areas_added = len(new)
    through = ServiceArea.counties.through
    there: dict[int, set[str]] = defaultdict(set)
    rows_there = through.objects.filter(servicearea_id__in=ids.values())
    for row_id, county in rows_there.values_list("servicearea_id", "county_id"):
        there[row_id].add(county)
    added, added_areas = [], {area.pk for area in new}
    for key, counties in catalog.counties_by_area.items():
        area_id = ids.get(key)
        if area_id is None:
            continue
        if too_many := there[area_id] - counties:
            through.objects.filter(servicearea_id=area_id, county_id__in=too_many).delete()
        missing = counties - there[area_id]
        added += [through(servicearea_id=area_id, county_id=county) for county in sorted(missing)]
        outcome.service_areas_changed += bool((too_many or missing) and area_id not in added_areas)
    through.objects.bulk_create(added, batch_size=5_000)
    return ids


def _write_plans(
    catalog: Catalog, areas: dict[tuple[int, str, str], int], outcome: Outcome, now: datetime
) -> dict[PlanKey, int]:
    """Add, update, withdraw and remove plans; returns the row of each plan in the files."""
    there = {(plan.plan_year, plan.plan_id): plan for plan in Plan.objects.filter(plan_year__in=catalog.years)}
    new, changed = [], []
    for key, values in _plans_told(catalog, areas):
        plan = there.get(key)
        if plan is None:
            new.append(Plan(plan_year=key[0], plan_id=key[1], **values))
        elif any(getattr(plan, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(plan, name, value)
            changed.append(plan)
    created = Plan.objects.bulk_create(new, batch_size=500)
    names = [*PLAN_FIELDS.values(), *RULE_FIELDS.values(), "service_area", "withdrawn_at"]
    Plan.objects.bulk_update(changed, names, batch_size=200)
    outcome.plans_added, outcome.plans_changed = len(created), len(changed)
    told = set(catalog.plan_keys)
    _withdraw_or_remove([plan for key, plan in there.items() if key not in told], outcome, now)
    ids = {key: plan.pk for key, plan in there.items() if key in told}
    return ids | {(plan.plan_year, plan.plan_id): plan.pk for plan in created}


def _plans_told(catalog: Catalog, areas: dict[tuple[int, str, str], int]) -> Iterator[tuple[PlanKey, dict[str, Any]]]:
    rule_values = catalog.rules.values
    rule_place = {
        key: place for place, key in enumerate(zip(rule_values["BusinessYear"], rule_values["PlanId"], strict=True))
    }
    values = catalog.plans.values
    for place, key in enumerate(catalog.plan_keys):
        told = {name: values[column][place] for column, name in PLAN_FIELDS.items()}
        told |= {name: rule_values[column][rule_place[key]] for column, name in RULE_FIELDS.items()}
        told["service_area_id"] = areas[key[0], told["us_state"], values["ServiceAreaId"][place]]
        told["withdrawn_at"] = None
        yield key, told


def _withdraw_or_remove(gone: Sequence[Plan], outcome: Outcome, now: datetime) -> None:
    ids = [plan.pk for plan in gone]
    named = set(
        Plan.objects.filter(pk__in=ids)
        .filter(
            Q(Exists(QuotePlan.objects.filter(plan=OuterRef("pk"))))
            | Q(Exists(ApplicationPlan.objects.filter(plan=OuterRef("pk"))))
        )
        .values_list("pk", flat=True)
    )
    outcome.plans_withdrawn = Plan.objects.filter(pk__in=named, withdrawn_at__isnull=True).update(withdrawn_at=now)
    unnamed = [pk for pk in ids if pk not in named]
    outcome.plans_removed = len(unnamed)
    if unnamed:
        rates = PlanRate.objects.filter(plan_id__in=unnamed)
        outcome.rates_removed += int(rates._raw_delete(rates.db) or 0)
        outcome.rates_removed += PlanFamilyRate.objects.filter(plan_id__in=unnamed).delete()[0]
        Plan.objects.filter(pk__in=unnamed).delete()


def _write_rates(catalog: Catalog, ids: dict[PlanKey, int], outcome: Outcome) -> None:
    """Stage the lines by COPY and take over what differs."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {STAGING}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {STAGING} (plan_id bigint, rating_area smallint, first_age smallint, "
            "last_age smallint, rate numeric(9,2), tobacco_rate numeric(9,2)) ON COMMIT DROP"
        )
        cursor.copy_expert(f"COPY {STAGING} FROM STDIN", StringIO(_copy_text(catalog, ids)))
        table, plans = PlanRate._meta.db_table, list(ids.values())
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE plan_id = ANY(%s))", [plans])  # noqa: S608 - our own table
        if cursor.fetchone()[0]:
            # Two large sets are compared: never row by row, whatever the database thinks of tables that are just filled.
            cursor.execute("SET LOCAL enable_nestloop = off")
            same = "r.plan_id = s.plan_id AND r.rating_area = s.rating_area AND r.first_age = s.first_age"
            cursor.execute(
                f"DELETE FROM {table} r WHERE plan_id = ANY(%s) "  # noqa: S608 - our own tables
                f"AND NOT EXISTS (SELECT FROM {STAGING} s WHERE {same})",
                [plans],
            )
            outcome.rates_removed += cursor.rowcount
            cursor.execute(
                f"UPDATE {table} r SET last_age = s.last_age, rate = s.rate, "  # noqa: S608 - our own tables
                f"tobacco_rate = s.tobacco_rate FROM {STAGING} s WHERE {same} AND "
                "(r.last_age, r.rate, r.tobacco_rate) IS DISTINCT FROM (s.last_age, s.rate, s.tobacco_rate)"
            )
            outcome.rates_changed += cursor.rowcount
            missing = f"WHERE NOT EXISTS (SELECT FROM {table} r WHERE {same})"
        else:
            missing = ""
        cursor.execute(
            f"INSERT INTO {table} (plan_id, rating_area, first_age, last_age, rate, tobacco_rate) "  # noqa: S608 - our own tables
            f"SELECT plan_id, rating_area, first_age, last_age, rate, tobacco_rate FROM {STAGING} s {missing}"
        )
        outcome.rates_added += cursor.rowcount
        cursor.execute("SET LOCAL enable_nestloop = on")
        cursor.execute(f"DROP TABLE {STAGING}")


def _copy_text(catalog: Catalog, ids: dict[PlanKey, int]) -> str:
    values = catalog.rates.values
    beginnings = {key: f"{pk}\t" for key, pk in ids.items()}
    spans = {band: f"\t{band[0]}\t{band[1]}\t" for band in set(catalog.bands) if band}
    rows = zip(
        values["BusinessYear"],
        values["PlanId"],
        values["RatingAreaId"],
        catalog.bands,
        values["IndividualRate"],
        values["IndividualTobaccoRate"],
        strict=True,
    )
    return "".join(
        [
            f"{beginnings[year, plan_id]}{area}{spans[band]}{rate}\t{tobacco or NULL}\n"
            for year, plan_id, area, band, rate, tobacco in rows
            if band
        ]
    )


NULL = "\\N"


def _write_family_rates(catalog: Catalog, ids: dict[PlanKey, int], outcome: Outcome) -> None:
    values = catalog.rates.values
    told: dict[tuple[int, int], dict[str, Decimal]] = {}
    for place, band in enumerate(catalog.bands):
        if band is None:
            plan = ids[values["BusinessYear"][place], values["PlanId"][place]]
            told[plan, values["RatingAreaId"][place]] = {
                name: Decimal(values[column][place]).quantize(Decimal("0.01")) for column, name in FAMILY_RATES.items()
            }
    there = {(row.plan_id, row.rating_area): row for row in PlanFamilyRate.objects.filter(plan_id__in=ids.values())}
    gone = [row.pk for key, row in there.items() if key not in told]
    PlanFamilyRate.objects.filter(pk__in=gone).delete()
    changed, new = [], []
    for key, amounts in told.items():
        row = there.get(key)
        if row is None:
            new.append(PlanFamilyRate(plan_id=key[0], rating_area=key[1], **amounts))
        elif any(getattr(row, name) != value for name, value in amounts.items()):
            for name, value in amounts.items():
                setattr(row, name, value)
            changed.append(row)
    PlanFamilyRate.objects.bulk_create(new, batch_size=2_000)
    PlanFamilyRate.objects.bulk_update(changed, list(FAMILY_RATES.values()), batch_size=500)
    outcome.rates_removed += len(gone)
    outcome.rates_changed += len(changed)
    outcome.rates_added += len(new)


def _remove_service_areas(catalog: Catalog, outcome: Outcome) -> None:
    """Areas of these years that the files do not name go, unless a withdrawn plan keeps its own."""
    told = set(catalog.counties_by_area)
    unused = ServiceArea.objects.filter(plan_year__in=catalog.years, plans__isnull=True)
    gone = [area.pk for area in unused if (area.plan_year, area.us_state, area.code) not in told]
    outcome.service_areas_removed = len(gone)
    ServiceArea.objects.filter(pk__in=gone).delete()
