"""Plans, rates and places in the carrier administration: found, read an area at a time, corrected with a trail."""

from datetime import date

import pytest
from django.forms import CheckboxInput
from django.test import Client
from django.urls import reverse

from enrollment.models import CatalogImport, County, Plan, PlanFamilyRate, PlanRate, RatingArea, ServiceArea, ZipCounty
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.catalog import (
    COOK,
    DENTAL_FAMILY,
    DUPAGE,
    GOLD_POS,
    HARRIS,
    SILVER_HMO,
    TEXAS_PLATINUM_PPO,
    TEXAS_SILVER_HMO,
    plan,
)

pytestmark = pytest.mark.usefixtures("catalog")
OVERWRITTEN = "The next import of 2027 overwrites what is corrected here"


@pytest.fixture
def staff(world, sign_in) -> Client:
    return sign_in(world.admin)


def list_of(model: type) -> str:
    return reverse(f"admin:enrollment_{model.__name__.lower()}_changelist")


def page_of(row: object) -> str:
    return reverse(f"admin:enrollment_{type(row).__name__.lower()}_change", args=[row.pk])


def posted(client: Client, row: object, **changes: object) -> dict[str, object]:
    """What the form holds, with changes."""
    form = client.get(page_of(row)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields} | changes
    ticked = {name for name in form.fields if isinstance(form.fields[name].widget, CheckboxInput)}
    return {name: value for name, value in values.items() if value is not None and not (name in ticked and not value)}


def correct(client: Client, row: object, **changes: object):
    return client.post(page_of(row), posted(client, row, **changes), follow=True)


def link_to(page: pages.Element, text: str) -> str:
    return next(str(link.attrs["href"]) for link in page.all("a") if link.text == text)


def last_correction() -> AuditEvent:
    return AuditEvent.objects.filter(action="catalog.corrected").latest("pk")


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("?year=2026&us_state__exact=IL", SILVER_HMO, TEXAS_SILVER_HMO),
        ("?line__exact=DENTAL&year=2027", DENTAL_FAMILY, SILVER_HMO),
        ("?metal_level__exact=Platinum", TEXAS_PLATINUM_PPO, SILVER_HMO),
        ("?market=ON", GOLD_POS, TEXAS_PLATINUM_PPO),
        ("?market=OFF", TEXAS_PLATINUM_PPO, GOLD_POS),
        (f"?q={SILVER_HMO}", SILVER_HMO, GOLD_POS),
        ("?q=Select Gold", GOLD_POS, SILVER_HMO),
        ("?withdrawn_at__isempty=1", SILVER_HMO, "nothing is left out"),
    ],
)
@pytest.mark.sampled(4)
def test_plans_are_filtered_and_found(staff, query, there, not_there):
    table = pages.read(staff.get(list_of(Plan) + query)).one("table", id="result_list").text
    assert there in table
    assert not_there not in table


def test_filters_that_nobody_offers_do_not_break_the_list(staff):
    for query in ("?year=x", "?year=99999", "?market=UP"):
        assert staff.get(list_of(Plan) + query).status_code == 200
    for query in ("?area=x", "?area=99999", "?plan__id__exact=1&area=1", "?year=2027"):
        assert staff.get(list_of(PlanRate) + query).status_code == 200


def test_a_plan_leads_to_its_rates_an_area_at_a_time(staff, django_assert_max_num_queries):
    silver = plan()
    page = pages.read(staff.get(page_of(silver)))
    link = link_to(page, "Area 3")
    with django_assert_max_num_queries(20):
        table = pages.read(staff.get(link)).one("table", id="result_list")
    assert len(table.all("tr")) == 52  # one head, 51 ages; another area's are not read
    assert "0 to 14" in table.text
    assert "64 and over" in table.text
    family = link_to(pages.read(staff.get(page_of(plan(DENTAL_FAMILY)))), "Area 1")
    assert family.startswith(list_of(PlanFamilyRate))
    assert staff.get(family).status_code == 200


def test_a_rate_is_corrected_with_its_values_before_and_after(staff):
    rate = PlanRate.objects.get(plan=plan(), rating_area=1, first_age=40)
    before = f"{rate.rate}"
    assert OVERWRITTEN in staff.get(page_of(rate)).content.decode()
    page = correct(staff, rate, rate="500.00", tobacco_rate="600.00").content.decode()
    assert "The next import of 2027 overwrites what was corrected here." in page
    rate.refresh_from_db()
    assert (str(rate.rate), str(rate.tobacco_rate), rate.first_age) == ("500.00", "600.00", 40)
    event = last_correction()
    assert (event.actor_username, event.object_type) == ("carrieradmin", "planrate")
    assert event.object_id == f"{SILVER_HMO} 2027 area 1 age 40"
    assert event.details == {
        "values": {"rate": {"before": before, "after": "500.00"}, "tobacco_rate": {"before": None, "after": "600.00"}}
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": "0"}, "A rate is more than 0."),
        ({"rate": "500.00", "tobacco_rate": "499.99"}, "Tobacco users do not pay less"),
        ({"rate": "5.001"}, "no more than 2 decimal places"),
        ({"rate": ""}, "This field is required"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(staff, changes, said):
    rate = PlanRate.objects.get(plan=plan(), rating_area=1, first_age=40)
    assert said in correct(staff, rate, **changes).content.decode()
    assert not AuditEvent.objects.filter(action="catalog.corrected").exists()


def test_a_plan_is_corrected_but_never_moved_to_another_year_or_state(staff):
    silver = plan()
    correct(staff, silver, primary_care="$40", most_children_two_parents="2", plan_year="2031", us_state="TX")
    silver.refresh_from_db()
    assert (silver.primary_care, silver.most_children_two_parents) == ("$40", 2)
    assert (silver.plan_year, silver.us_state) == (2027, "IL")
    assert last_correction().details["values"] == {
        "primary_care": {"before": "$30", "after": "$40"},
        "most_children_two_parents": {"before": 3, "after": 2},
    }
    refused = correct(staff, silver, on_exchange=None, off_exchange=None).content.decode()
    assert "A plan is sold on the exchange, off the exchange, or both." in refused


def test_saving_without_a_change_leaves_no_correction(staff):
    correct(staff, plan())
    assert not AuditEvent.objects.filter(action="catalog.corrected").exists()


def test_the_counties_of_a_service_area_are_ticked_among_its_states_own(staff):
    area = plan().service_area
    assert "DuPage" in staff.get(page_of(area)).content.decode()
    assert "Harris" not in staff.get(page_of(area)).content.decode()
    assert "Select a valid choice" in correct(staff, area, counties=[COOK, HARRIS]).content.decode()
    correct(staff, area, counties=[COOK])
    assert [county.pk for county in area.counties.all()] == [COOK]
    values = last_correction().details["values"]["counties"]
    assert (DUPAGE in values["before"], values["after"]) == (True, [COOK])
    assert SILVER_HMO in pages.read(staff.get(page_of(area))).text


def test_zip_codes_are_added_corrected_and_deleted(staff):
    add = reverse("admin:enrollment_zipcounty_add")
    staff.post(add, {"zip": "60699", "county": COOK, "city": "Chicago"})
    row = ZipCounty.objects.get(zip="60699")
    correct(staff, row, city="Evanston")
    assert last_correction().details["values"] == {"city": {"before": "Chicago", "after": "Evanston"}}
    staff.post(reverse("admin:enrollment_zipcounty_delete", args=[row.pk]), {"post": "yes"})
    assert not ZipCounty.objects.filter(zip="60699").exists()
    assert AuditEvent.objects.filter(action="admin.deleted", object_id=f"60699 {COOK}").exists()


def test_a_rating_area_is_redrawn_by_ending_one_row_and_adding_the_next(staff):
    old = RatingArea.objects.get(county=COOK)
    add = reverse("admin:enrollment_ratingarea_add")
    new = {"county": COOK, "number": "2", "first_day": "2028-01-01"}
    said = staff.post(add, new).content.decode()
    assert "Overlaps area 1 from 01/01/2014. End that one the day before." in said
    assert "must not be before the first" in correct(staff, old, last_day="2013-12-31").content.decode()
    correct(staff, old, last_day="2027-12-31")
    staff.post(add, new)
    assert RatingArea.objects.get(county=COOK, number=2).first_day == date(2028, 1, 1)


def test_a_county_shows_its_zip_codes_and_areas_and_a_name_can_be_mended(staff):
    county = County.objects.get(pk=DUPAGE)
    text = pages.read(staff.get(page_of(county))).text
    for told in ("60563", "3 from 01/01/2014", "ILS01 (2027)"):
        assert told in text
    correct(staff, county, name="Du Page")
    assert County.objects.get(pk=DUPAGE).name == "Du Page"
    assert County.objects.count() == 17


def test_imports_are_listed_with_who_and_what(staff):
    text = pages.read(staff.get(list_of(CatalogImport))).text
    for told in ("Plans and rates", "Places", "tests", "2026, 2027", "2,376 rates added", "17 counties added"):
        assert told in text
    row = CatalogImport.objects.first()
    assert row.digest in staff.get(page_of(row)).content.decode()


def test_people_without_the_administrations_right_do_not_get_there(world, sign_in):
    silver = plan()
    for user in (world.producer, world.delegate_with_enroll, world.outsider):
        response = sign_in(user).post(page_of(silver), {"name": "Mine"})
        assert response.status_code in (302, 403)
    assert plan().name == "Advantage Plus Silver HMO 104"
    assert ServiceArea.objects.count() == 12
