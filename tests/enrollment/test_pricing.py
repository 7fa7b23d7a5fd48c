"""Prices of a household's area: county and rating area, markets, refusals, one query for the rates."""

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from enrollment.models import Plan, PlanFamilyRate, PlanRate, RatingArea
from enrollment.rules.rating import CannotPrice, Refusal
from enrollment.selectors.pricing import counties_of_zip, county_for, price_area, price_plan
from enrollment.services import catalog_import, geography_import
from tests.support.catalog import (
    BRONZE_PPO,
    COOK,
    DENTAL,
    DENTAL_FAMILY,
    DENTAL_KIDS,
    DUPAGE,
    GALVESTON,
    GOLD_POS,
    GOLD_PPO,
    HARRIS,
    SECURITY_HMO,
    SILVER_HMO,
    SMALL,
    TEXAS_PLATINUM_PPO,
    TEXAS_SILVER_HMO,
    WALLER,
    WHOLE,
    household,
    import_whole_catalog,
    person,
    plan,
)

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "data" / "vectors" / "premium.csv"
REFERENCE = ROOT.parent / "shared" / "data" / "catalog-2014"
ONE = person("self", "1985-07-04")


def check(file: Path) -> list[str]:
    said = StringIO()
    call_command("check_vectors", "premium", str(file), stdout=said)
    return said.getvalue().splitlines()


def refused(*args: object, **facts: object) -> Refusal:
    with pytest.raises(CannotPrice) as why:
        price_plan(*args, **facts)  # type: ignore[arg-type]
    assert str(why.value).endswith(".")
    return why.value.refusal


# --- Places ---


def test_a_zip_code_leads_to_its_counties_by_name(catalog):
    assert [county.name for county in counties_of_zip("77447")] == ["Harris", "Montgomery", "Waller"]
    assert [county.fips for county in counties_of_zip("60601")] == [COOK]
    assert counties_of_zip("99999") == []


@pytest.mark.parametrize(
    ("zip_code", "fips", "refusal"),
    [
        ("60601", None, None),
        ("60601", "", None),
        ("60601", COOK, None),
        ("77447", HARRIS, None),
        ("77447", None, Refusal.COUNTY_CHOICE_REQUIRED),
        ("60174", None, Refusal.COUNTY_CHOICE_REQUIRED),  # both in rating area 3, but plans are sold by county
        ("60601", DUPAGE, Refusal.COUNTY_CHOICE_REQUIRED),
        ("77447", "00000", Refusal.COUNTY_CHOICE_REQUIRED),
        ("99999", None, Refusal.UNKNOWN_ZIP),
        ("99999", COOK, Refusal.UNKNOWN_ZIP),
    ],
)
def test_a_home_has_one_county(catalog, zip_code, fips, refusal):
    if refusal is None:
        assert county_for(zip_code, fips).fips == (fips or COOK)
        return
    with pytest.raises(CannotPrice) as why:
        county_for(zip_code, fips)
    assert why.value.refusal is refusal
    assert zip_code in str(why.value)


def test_rating_areas_are_dated(catalog):
    """Cook County is moved from area 1 to area 3 in the middle of the year; both days are inclusive."""
    RatingArea.objects.filter(county=COOK).update(last_day=date(2027, 6, 30))
    RatingArea.objects.create(county_id=COOK, number=3, first_day=date(2027, 7, 1), last_day=date(2027, 12, 31))
    filed = {rate.rating_area: rate.rate for rate in PlanRate.objects.filter(plan=plan(), first_age=41)}
    for day, area in ((date(2027, 6, 30), 1), (date(2027, 7, 1), 3), (date(2027, 12, 31), 3)):
        born = person("self", "1986-01-01")
        assert price_plan(plan(), household(born, day=day), market="OFF").total == filed[area]
    assert filed[1] != filed[3]


# --- Prices ---


def test_all_plans_of_the_county_are_priced_medical_first_each_by_price(catalog):
    area = price_area(household())
    ids = [one.plan.plan_id for one in area.offered]
    assert ids == [SILVER_HMO, BRONZE_PPO, GOLD_POS, GOLD_PPO, DENTAL_FAMILY, DENTAL]
    for line in ("MEDICAL", "DENTAL"):
        totals = [one.premium.total for one in area.offered if one.plan.line == line]
        assert totals == sorted(totals)
    assert [(one.plan.plan_id, one.reason.split()[0]) for one in area.not_offered] == [
        (SECURITY_HMO, "Catastrophic"),
        (DENTAL_KIDS, "This"),
    ]
    for one in area.offered:
        for market in one.markets:
            assert price_plan(one.plan, household(), market=market) == one.premium


def test_two_queries_for_all_plans_and_their_rates(catalog, django_assert_num_queries):
    with django_assert_num_queries(2):
        price_area(household())


def test_what_a_member_pays_is_the_filed_rate_of_the_area(catalog):
    price = price_plan(plan(SILVER_HMO, 2026), household(ONE, day=date(2026, 1, 1)), market="OFF")
    assert (price.total, price.ages, price.members) == (Decimal("504.52"), (40,), (Decimal("504.52"),))
    texan = plan(TEXAS_SILVER_HMO)
    prices = {
        county: price_plan(texan, household(ONE, county=county), market="ON").total for county in (HARRIS, WALLER)
    }
    assert prices[HARRIS] == PlanRate.objects.get(plan=texan, rating_area=10, first_age=41).rate
    assert prices[WALLER] == PlanRate.objects.get(plan=texan, rating_area=26, first_age=41).rate
    assert prices[HARRIS] != prices[WALLER]


def test_the_plans_are_those_of_the_effective_dates_year(catalog):
    of_2026 = price_area(household(day=date(2026, 12, 1)))
    of_2027 = price_area(household(day=date(2027, 1, 1)))
    assert {one.plan.plan_year for one in of_2026.offered} == {2026}
    assert {one.plan.plan_year for one in of_2027.offered} == {2027}
    assert of_2026.offered[0].premium.total != of_2027.offered[0].premium.total
    assert price_area(household(day=date(2031, 1, 1))).offered == ()


def test_markets_choose_what_is_listed_and_where_it_is_sold(catalog):
    on = price_area(household(county=HARRIS), markets=["ON"])
    off = price_area(household(county=HARRIS), markets=["OFF"])
    assert TEXAS_PLATINUM_PPO not in {one.plan.plan_id for one in on.offered}
    assert "00048TX0300001" not in {one.plan.plan_id for one in off.offered}
    assert {one.markets for one in on.offered} == {("ON",)}
    both = {one.plan.plan_id: one.markets for one in price_area(household(county=HARRIS)).offered}
    assert both[TEXAS_SILVER_HMO] == ("ON", "OFF")
    assert both[TEXAS_PLATINUM_PPO] == ("OFF",)
    assert not [one for one in (*on.not_offered, *off.not_offered) if "exchange" in one.reason]


def test_a_plan_is_refused_elsewhere_on_the_other_market_in_another_year_and_when_withdrawn(catalog):
    people = [ONE]
    texan = plan(TEXAS_SILVER_HMO)
    assert refused(texan, household(*people), market="ON") is Refusal.NOT_IN_SERVICE_AREA
    assert refused(plan("00048TX0300001"), household(ONE, county=GALVESTON), market="ON") is Refusal.NOT_IN_SERVICE_AREA
    platinum = plan(TEXAS_PLATINUM_PPO)
    assert refused(platinum, household(ONE, county=HARRIS), market="ON") is Refusal.NOT_SOLD_ON_CHANNEL
    assert refused(plan(GOLD_POS), household(ONE), market="OFF") is Refusal.NOT_SOLD_ON_CHANNEL
    assert refused(plan(SECURITY_HMO), household(ONE), market="OFF") is Refusal.CATASTROPHIC_AGE
    assert refused(plan(DENTAL_KIDS), household(ONE), market="OFF") is Refusal.CHILD_ONLY_PLAN
    assert refused(plan(SILVER_HMO, 2026), household(ONE), market="OFF") is Refusal.NOT_SOLD_THEN
    withdrawn = plan()
    withdrawn.withdrawn_at = timezone.now()
    withdrawn.save()
    assert refused(withdrawn, household(ONE), market="OFF") is Refusal.NOT_SOLD_THEN
    assert SILVER_HMO not in {one.plan.plan_id for one in price_area(household()).offered}


def test_of_chosen_plans_each_is_answered_for(catalog):
    chosen = [plan(), plan(SILVER_HMO, 2026), plan(TEXAS_SILVER_HMO), plan(GOLD_POS), plan(SECURITY_HMO)]
    area = price_area(household(), markets=["OFF"], plan_ids=[one.pk for one in chosen])
    assert [one.plan for one in area.offered] == [plan()]
    assert {one.plan.plan_id: one.reason for one in area.not_offered if one.plan.plan_year == 2027} == {
        TEXAS_SILVER_HMO: "This plan is not sold in this county.",
        GOLD_POS: "This plan is not sold off the exchange.",
        SECURITY_HMO: "Catastrophic plans are for people under 30 on the first day of the year, "
        "or with a hardship exemption.",
    }
    assert "This is a plan of 2026; coverage would begin in 2027." in {one.reason for one in area.not_offered}
    assert price_area(household(), plan_ids=[]).offered == ()


def test_without_a_rate_a_plan_is_not_offered(catalog):
    PlanRate.objects.filter(plan=plan(), first_age=40).delete()
    PlanFamilyRate.objects.filter(plan=plan(DENTAL_FAMILY)).delete()
    area = price_area(household())
    reasons = {one.plan.plan_id: one.reason for one in area.not_offered}
    assert (
        reasons[SILVER_HMO]
        == reasons[DENTAL_FAMILY]
        == ("The carrier has filed no rate of this plan for this household here.")
    )
    RatingArea.objects.filter(county=COOK).delete()
    assert price_area(household()).offered == ()


def test_a_household_that_a_plan_for_children_takes(catalog):
    children = household(person("self", "2012-05-05"), person("child", "2015-05-05"))
    offered = {one.plan.plan_id for one in price_area(children).offered}
    assert DENTAL_KIDS in offered
    assert DENTAL_FAMILY not in offered
    assert SECURITY_HMO in offered


# --- Tables of expected premiums ---


@pytest.fixture
def vectors(tmp_path) -> Path:
    """The rows that the small catalog can judge: it sells nothing in Dallas."""
    lines = [line for line in VECTORS.read_text().splitlines() if not line.startswith(("P035", "P036"))]
    file = tmp_path / "premium.csv"
    file.write_text("\n".join(lines))
    return file


def test_rows_of_plans_that_are_not_there_are_named_and_skipped(catalog, vectors):
    lines = check(vectors)
    assert lines[-1] == "12 passed, 0 failed, 13 skipped"
    assert "P017: skipped, plan 00040OK0100004 of 2026 is not in the database" in lines


@pytest.mark.long
def test_the_whole_catalog_gives_every_expected_premium():
    """The one test that loads all 70,000 rates."""
    import_whole_catalog()
    assert (Plan.objects.count(), PlanRate.objects.count(), PlanFamilyRate.objects.count()) == (160, 70_104, 108)
    assert check(VECTORS) == ["27 passed, 0 failed, 0 skipped"]
    catalog_again = catalog_import.read(WHOLE / "catalog")
    again, _ = catalog_import.write(catalog_again, folder="catalog", now=timezone.now(), imported_by="tests")
    assert again.counts() == {}


@pytest.mark.ref
@pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the premiums published for families in 2014 are not part of the project"
)
@pytest.mark.long
def test_real_plans_of_2014_have_the_premiums_that_were_published():
    geography = geography_import.read(WHOLE / "geography")
    geography_import.write(geography, folder="geography", now=timezone.now(), imported_by="tests")
    read = catalog_import.read(REFERENCE)
    catalog_import.write(read, folder="catalog-2014", now=timezone.now(), imported_by="tests")
    assert check(REFERENCE / "premium.csv") == ["12 passed, 0 failed, 0 skipped"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("504.52,,\"single", "504.53,,\"single", "P013: expected expected_total=504.53; got expected_total=504.52"),
        ("[40],\"[\"\"504.52\"\"]\",504.52,,\"single", "[41],\"[\"\"504.5\"\"]\",504.52,,\"single",
         "P013: expected ages=[41], member_premiums=[\"504.5\"]; got ages=[40], member_premiums=[\"504.52\"]"),
        ("UNKNOWN_ZIP", "NOT_IN_SERVICE_AREA",
         "P038: expected expected_error=NOT_IN_SERVICE_AREA; got expected_error=UNKNOWN_ZIP"),
    ],
)  # fmt: skip
def test_a_wrong_premium_is_named_with_what_came_out(catalog, vectors, old, new, said):
    text = vectors.read_text()
    assert text.count(old) == 1
    vectors.write_text(text.replace(old, new))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_vectors", "premium", str(vectors), stdout=out)
    assert said in out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ("{}", "is not a list of people"),
        ("[]", "is not a list of people"),
        ('[{"rel":"aunt","dob":"1985-01-01"}]', "needs rel (self, spouse or child) for everybody"),
        ('[{"rel":"self","dob":"01/01/1985"}]', "needs dob as YYYY-MM-DD for everybody"),
        ('[{"rel":"self","dob":"1985-01-01","tobacco":"Y"}]', "needs true or false for tobacco"),
        ('[{"rel":"self","dob":"1985-01-01","age":41}]', "names what is unknown here: age"),
        ('[{"rel":"child","dob":"1985-01-01"}]', "needs one self and at most one spouse"),
    ],
)
@pytest.mark.no_db
def test_people_that_cannot_be_read_are_refused(members, said):
    from portal.management.vectors.premium import as_people

    with pytest.raises(ValueError, match=said.replace("(", r"\(").replace(")", r"\)")):
        as_people(members)


def test_money_written_otherwise_is_the_same_money(catalog, vectors):
    vectors.write_text(vectors.read_text().replace('"[""504.52""]",504.52', '"[504.520]",504.520'))
    assert check(vectors)[-1] == "12 passed, 0 failed, 13 skipped"


# --- The demo's products ---


def test_every_product_of_the_demo_is_a_plan_of_the_shipped_catalog():
    from portal.demo_data.chance import table

    plans = {
        (plan_id, name)
        for plan_id, name in zip(*_columns(WHOLE / "catalog", "PlanId", "PlanMarketingName"), strict=True)
    }
    products = {(row["plan_id"], row["product_name"]) for row in table("products.csv")}
    assert products - plans == set()
    assert len(products) > 70


def _columns(folder: Path, *names: str) -> list[list[str]]:
    from enrollment.services.catalog_columns import COLUMNS
    from enrollment.services.import_files import read_file

    file = read_file(folder, "plans", COLUMNS["plans"])
    return [file.values[name] for name in names]


def test_the_small_catalog_is_cut_out_of_the_shipped_one():
    shipped = set(zip(*_columns(WHOLE / "catalog", "PlanId", "PlanMarketingName", "BusinessYear"), strict=True))
    small = set(zip(*_columns(SMALL / "catalog", "PlanId", "PlanMarketingName", "BusinessYear"), strict=True))
    assert small < shipped
