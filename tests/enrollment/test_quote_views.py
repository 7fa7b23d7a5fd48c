"""Quotes as people use them: tiles, New Quote, View Plans, the comparison, Review Selected Plans, the list."""

import io
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import DelegateGrant
from enrollment.forms.quotes import CHOOSE_COUNTY, UNKNOWN_ZIP
from enrollment.models import PlanRate, Quote, QuotePlan
from enrollment.selectors import quotes as selector
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.catalog import BRONZE_PPO, DENTAL, GOLD_PPO, SECURITY_HMO, SILVER_HMO, THE_CATALOG
from tests.support.factories import DelegateGrantFactory, ProducerFactory, ProducerNumberFactory
from tests.support.quotes import CHILD, NADIA, NOW, SPOUSE, quote_of
from tests.support.sep import load_sep_tables

HOME, LIST, NEW = "/enroll/", "/enroll/quotes/", "/enroll/quotes/new/"
OEP_JANUARY = "OEP:2027-01-01"
TYPED = {
    "person-0-first_name": "Nadia",
    "person-0-last_name": "Brandt",
    "person-0-date_of_birth": "4/12/1988",
    "person-0-sex": "F",
    "person-0-tobacco": "no",
    "zip": "60601",
    "market": "BOTH",
    "period": OEP_JANUARY,
    "people": "1",
    "form_key": "key-of-one-form-only",
}
SPOUSE_TYPED = {
    "person-1-relation": "spouse",
    "person-1-date_of_birth": "01/01/1986",
    "person-1-tobacco": "yes",
    "people": "2",
}


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def catalog(november, world):
    load_sep_tables()
    THE_CATALOG.again()


@pytest.fixture
def rita(catalog, world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def quote(catalog, world):
    return quote_of(world.producer, world.number, NADIA, SPOUSE, CHILD, plans=[(SILVER_HMO, "OFF"), (DENTAL, "OFF")])


def main(response):
    assert response.status_code == 200, response
    return pages.read(response).one("main")


def errors_of(response) -> dict[str, str]:
    """What the error summary says of each field."""
    lines = main(response).one(class_="error-summary").all("li")
    return {line.one("a").text: line.text.partition(" : ")[2] for line in lines}


def page_of(quote, name="") -> str:
    return f"{LIST}{quote.pk}/{name}"


def key_of(plan_id: str, market: str = "OFF", year: int = 2027) -> str:
    area = selector.priced(Quote.objects.first()).area
    return next(selector.key_of(one.plan.pk, market) for one in area.offered if one.plan.plan_id == plan_id)


# --- tiles ---


@pytest.mark.feature("QUO_01")
def test_quote_and_enroll_leads_to_quotes_new_quote_and_enroll(rita):
    tiles = {tile.one(class_="tile-label").text: tile for tile in main(rita.get(HOME)).all("a", class_="tile")}
    assert (tiles["Quotes"].attrs["href"], tiles["New Quote"].attrs["href"]) == (LIST, NEW)
    assert list(tiles) == ["Quotes", "New Quote", "Enroll"]
    assert tiles["Enroll"].attrs["href"] == "/enroll/applications/"
    assert "Enroll a client in an insurance plan" in tiles["Enroll"].text
    assert "View saved quotes" in tiles["Quotes"].text
    assert "Generate a new quote for a prospective client" in tiles["New Quote"].text
    assert "Quote & Enroll" in pages.read(rita.get("/")).one("nav", aria_label="Main").text


@pytest.mark.feature("QUO_02")
def test_without_quotes_the_list_points_to_new_quote(rita):
    page = main(rita.get(LIST))
    assert page.one(class_="empty-title").text == "No quotes yet"
    assert [link.attrs["href"] for link in page.all("a", class_="btn-primary")] == [NEW]
    assert "No quotes yet" in main(rita.get(HOME)).text


# --- New Quote ---


@pytest.mark.feature("QUO_03")
def test_a_valid_form_leads_to_the_plans_of_the_household(rita, world):
    response = rita.post(NEW, {**TYPED, **SPOUSE_TYPED})
    quote = Quote.objects.get()
    assert (response.status_code, response["Location"]) == (302, page_of(quote))
    assert (quote.producer_number, quote.county_id) == (world.number, "17031")
    assert list(quote.people.values_list("relation", "tobacco")) == [("self", False), ("spouse", True)]
    assert [rita.post(NEW, {**TYPED, **SPOUSE_TYPED})["Location"] for _ in range(4)] == [page_of(quote)] * 4
    assert Quote.objects.count() == 1


@pytest.mark.feature("QUO_03")
@pytest.mark.parametrize(
    ("name", "value", "field", "said"),
    [
        ("person-0-first_name", " ", "First Name", "Enter the first name."),
        ("person-0-first_name", "--", "First Name", "Enter at least one letter."),
        ("person-0-first_name", "x" * 61, "First Name", "At most 60 characters."),
        ("person-0-last_name", "", "Last Name", "Enter the last name."),
        ("person-0-date_of_birth", "", "Date of Birth", "Enter the date of birth."),
        ("person-0-date_of_birth", "02/30/1988", "Date of Birth", "Enter the date of birth as mm/dd/yyyy."),
        ("person-0-date_of_birth", "11/21/2026", "Date of Birth", "The date of birth is in the future."),
        ("person-0-date_of_birth", "1/1/1899", "Date of Birth", "Enter a year from 1900 on."),
        ("person-0-sex", "", "Sex", "Choose the sex."),
        ("person-0-sex", "X", "Sex", "Choose one of the list."),
        ("person-0-tobacco", "", "Tobacco Use", "Choose Yes or No."),
        ("zip", "", "Zip Code", "Enter the ZIP code."),
        ("zip", "6060", "Zip Code", "Five digits."),
        ("zip", "00000", "Zip Code", UNKNOWN_ZIP),
        (
            "zip",
            "77002",
            "Zip Code",
            "You have no active writing number in Texas, so nothing can be quoted there. Check the ZIP code.",
        ),
        ("market", "MOON", "Market", "Choose a market of the list."),
        ("period", "", "Enrollment Period and Effective Date", "Choose the effective date."),
        (
            "period",
            "OEP:2026-12-01",
            "Enrollment Period and Effective Date",
            "This effective date is not offered. Choose one of these.",
        ),
    ],
)
@pytest.mark.sampled(9)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(rita, name, value, field, said):
    response = rita.post(NEW, {**TYPED, name: value})
    assert errors_of(response) == {field: said}
    page = main(response)
    kept = {
        one.attrs["name"]: one.attrs.get("value", "") for one in page.all("input") if one.attrs.get("type") == "text"
    }
    assert kept["person-0-last_name"] == (value if name == "person-0-last_name" else "Brandt")
    assert kept["zip"] == (value if name == "zip" else "60601")
    assert not Quote.objects.exists()


@pytest.mark.feature("QUO_03")
def test_every_required_field_that_is_missing_is_named(rita):
    assert list(errors_of(rita.post(NEW, {}))) == [
        "First Name",
        "Last Name",
        "Date of Birth",
        "Sex",
        "Tobacco Use",
        "Zip Code",
        "Market",
        "Enrollment Period and Effective Date",
    ]


@pytest.mark.feature("QUO_03")
def test_a_zip_code_of_several_counties_comes_back_with_the_choice(rita):
    response = rita.post(NEW, {**TYPED, "zip": "60120"})
    assert errors_of(response) == {"County": CHOOSE_COUNTY}
    choice = main(response).one("select", name="county")
    assert [option.text for option in choice.all("option")] == ["Select", "Cook, IL", "DuPage, IL", "Kane, IL"]
    assert errors_of(rita.post(NEW, {**TYPED, "zip": "60120", "county": "17001"})) == {
        "County": "Choose a county of the list."
    }
    assert rita.post(NEW, {**TYPED, "zip": "60120", "county": "17089"}).status_code == 302
    assert Quote.objects.get().county.name == "Kane"


@pytest.mark.feature("QUO_03")
def test_looking_up_a_zip_code_judges_nothing_yet(rita):
    page = main(rita.post(NEW, {"zip": "60120", "act": "look-up"}))
    assert not page.all(class_="error-summary")
    assert page.all("select", name="county")
    assert "Open enrollment: apply by 12/15/2026 for coverage from 01/01/2027." in page.text
    assert "Cook County, IL" in main(rita.post(NEW, {"zip": "60601", "act": "look-up"})).text
    assert not Quote.objects.exists()


@pytest.mark.feature("QUO_03")
def test_household_members_are_added_and_removed_without_scripts(rita):
    page = main(rita.post(NEW, {**TYPED, **SPOUSE_TYPED, "act": "add"}))
    assert not page.all(class_="error-summary")
    assert page.one("input", name="people").attrs["value"] == "3"
    assert page.one("input", name="person-1-date_of_birth").attrs["value"] == "01/01/1986"
    assert page.one("input", name="person-0-first_name").attrs["value"] == "Nadia"
    assert "selected" in page.one("select", name="person-1-relation").one("option", value="spouse").attrs
    three = {**TYPED, **SPOUSE_TYPED, "people": "3", "person-2-date_of_birth": "03/03/2015"}
    page = main(rita.post(NEW, {**three, "act": "remove-1"}))
    assert page.one("input", name="people").attrs["value"] == "2"
    assert page.one("input", name="person-1-date_of_birth").attrs["value"] == "03/03/2015"
    for act in ("remove-0", "remove-9", "remove-", "remove-x", "remove-٣", "remove-" + "9" * 5000, "dance"):
        assert main(rita.post(NEW, {**three, "act": act})).one("input", name="people").attrs["value"] == "3", act


@pytest.mark.feature("QUO_03")
@pytest.mark.long
def test_a_quote_holds_twenty_people(rita):
    page = main(rita.post(NEW, {**TYPED, "people": "20", "act": "add"}))
    assert page.one("input", name="people").attrs["value"] == "20"
    assert "A quote holds at most 20 people." in page.text
    assert main(rita.post(NEW, {**TYPED, "people": "999"})).one("input", name="people").attrs["value"] == "20"
    for people in ("21", "1000", "99999999999", "-1", "0", "x", "٣"):
        shown = main(rita.post(NEW, {**TYPED, "people": people, "act": "look-up"})).one("input", name="people")
        assert 1 <= int(shown.attrs["value"]) <= 20, people


@pytest.mark.feature("QUO_03")
def test_a_household_has_one_spouse(rita):
    second = {name.replace("-1-", "-2-"): value for name, value in SPOUSE_TYPED.items()}
    response = rita.post(NEW, {**TYPED, **SPOUSE_TYPED, **second, "people": "3"})
    assert errors_of(response) == {"Household member 2, Relationship": "A household has one spouse."}


@pytest.mark.feature("QUO_03")
def test_a_single_number_of_the_state_is_preset_and_several_are_a_choice(rita, world):
    assert not main(rita.get(NEW)).all("select", name="writing_number")
    assert f"{world.number.number}, {world.producer.producer.name}" in main(rita.get(NEW)).text
    other = ProducerNumberFactory(producer=world.producer.producer, us_state="IL")
    texas = ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    choice = main(rita.post(NEW, {**TYPED, "act": "look-up"})).one("select", name="writing_number")
    assert [option.attrs["value"] for option in choice.all("option")] == ["", world.number.number, other.number]
    assert errors_of(rita.post(NEW, TYPED)) == {"Writing Number": "Choose the writing number."}
    for number in (texas.number, "123", "\x00"):
        said = errors_of(rita.post(NEW, {**TYPED, "writing_number": number}))
        assert said["Writing Number"].startswith("Choose a number"), number
    rita.post(NEW, {**TYPED, "writing_number": other.number})
    assert Quote.objects.get().producer_number == other


@pytest.mark.feature("QUO_03")
def test_a_delegate_quotes_under_the_numbers_of_those_who_granted_it(catalog, world, sign_in):
    other = ProducerFactory(first_name="Olga", last_name="Ostrander")
    number = ProducerNumberFactory(producer=other, us_state="IL")
    DelegateGrantFactory(producer=other, delegate=world.delegate_with_enroll, scopes=["VIEW", "ENROLL"])
    third = ProducerNumberFactory(us_state="IL")
    DelegateGrantFactory(producer=third.producer, delegate=world.delegate_with_enroll, scopes=["VIEW"])
    dana = sign_in(world.delegate_with_enroll)
    choice = main(dana.post(NEW, {**TYPED, "act": "look-up"})).one("select", name="writing_number")
    assert {option.attrs["value"] for option in choice.all("option")} == {"", world.number.number, number.number}
    assert "Olga Ostrander" in choice.text
    assert dana.post(NEW, {**TYPED, "writing_number": number.number}).status_code == 302
    DelegateGrant.objects.filter(producer=other).delete()
    assert dana.get(page_of(Quote.objects.get())).status_code == 404


@pytest.mark.feature("QUO_03")
def test_the_upline_has_no_numbers_of_the_downline(catalog, world, sign_in):
    agency = sign_in(world.principal)
    world.principal.producer.numbers.all().delete()
    assert "You have no active writing number" in main(agency.get(NEW)).text
    assert "Zip Code" in errors_of(agency.post(NEW, TYPED))


HOSTILE = [
    "\x00",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "x" * 5000,
    "\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16"),
    "‮1",
]


FILTERS = ("line", "metal", "type", "hsa", "at", "deductible", "low", "high", "sort", "plan", "shown", "act")


def assert_nothing_breaks(rita, quote, value: str, *, fields: list[str], filters: list[str]) -> None:
    for name in fields:
        answer = rita.post(NEW, {**TYPED, name: value})
        assert answer.status_code in (200, 302), name
        assert "<script>alert" not in answer.content.decode()
    for name in filters:
        assert rita.get(page_of(quote), {name: value}).status_code == 200, name
        assert rita.post(page_of(quote), {"shown": "1", name: value}).status_code == 302, name
    for path in ("review/", "save/", "copy/", "edit/"):
        assert rita.post(page_of(quote, path), {"plan": value, "name": value, "form_key": value}).status_code in (
            200,
            302,
        )
    for path in ("delete/", "restore/", "copy/", "rename/"):
        assert rita.post(f"{LIST}{path}", {"row": value}).status_code == 302


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.sampled(2)
def test_hostile_values_break_nothing(rita, quote, value):
    """Each in every other field, so that each field gets three of them."""
    first = HOSTILE.index(value) % 2
    assert_nothing_breaks(rita, quote, value, fields=[*TYPED][first::2], filters=[*FILTERS][first::2])


@pytest.mark.drill
@pytest.mark.parametrize("value", HOSTILE)
def test_no_hostile_value_breaks_any_field(rita, quote, value):
    assert_nothing_breaks(rita, quote, value, fields=[*TYPED], filters=[*FILTERS])


@pytest.mark.feature("QUO_03")
def test_an_edited_quote_shows_what_it_holds_and_is_priced_anew(rita, quote):
    page = main(rita.get(page_of(quote, "edit/")))
    assert page.one("input", name="person-0-date_of_birth").attrs["value"] == "04/12/1988"
    assert page.one("input", name="people").attrs["value"] == "3"
    assert "checked" in page.one("input", value=OEP_JANUARY).attrs
    seen = page.one("input", name="seen").attrs["value"]
    response = rita.post(page_of(quote, "edit/"), {**TYPED, "market": "ON", "seen": seen}, follow=True)
    assert response.redirect_chain == [(page_of(quote), 302)]
    assert any("No longer selected" in text for text in pages.messages(response))
    stale = rita.post(page_of(quote, "edit/"), {**TYPED, "seen": seen})
    assert "Somebody has changed this quote" in main(stale).one(class_="error-summary").text
    again = main(stale).one("input", name="seen").attrs["value"]
    assert rita.post(page_of(quote, "edit/"), {**TYPED, "seen": again}).status_code == 302
    quote.refresh_from_db()
    assert (quote.market, quote.people.count()) == ("BOTH", 1)


# --- View Plans ---


@pytest.mark.feature("QUO_04")
def test_every_plan_of_the_county_stands_with_its_price_and_those_not_sold_with_the_reason(rita, quote):
    page = main(rita.get(page_of(quote)))
    priced = selector.priced(quote)
    rows = page.one("table", class_="plan-table").one("tbody").all("tr")
    assert len(rows) == len(priced.area.offered) > 4
    silver = next(row for row in rows if SILVER_HMO in row.text)
    total = next(plan for plan in priced.selected if plan.row.plan.plan_id == SILVER_HMO).premium.total
    assert f"${total:,.2f}" in silver.text
    assert "Nadia (38)" in silver.text
    assert "Tom (41)" in silver.text
    assert "Dependent 1 (11)" in silver.text
    ticked = [box.attrs["value"] for box in page.all("input", name="plan") if "checked" in box.attrs]
    assert ticked == [key_of(SILVER_HMO), key_of(DENTAL)]
    reasons = page.all("details", class_="panel-fold")[-1]
    assert "cannot be sold to this household" in reasons.text
    assert SECURITY_HMO not in page.one("table", class_="plan-table").text
    assert "under 30" in reasons.text
    chart = page.one("svg", role="img")
    assert chart.attrs["aria-labelledby"] == "chart-title chart-summary"
    assert page.all(id="chart-summary")


@pytest.mark.feature("QUO_04")
def test_the_list_asks_the_database_as_often_for_one_person_as_for_many(rita, world, quote):
    single = quote_of(world.producer, world.number, key="another-form")
    counts = []
    for one in (single, quote):
        rita.get(page_of(one))
        with CaptureQueriesContext(connection) as queries:
            rita.get(page_of(one))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


@pytest.mark.feature("QUO_04")
def test_filters_stand_in_the_address_and_ticks_are_kept(rita, quote):
    gold = key_of(GOLD_PPO, "ON")
    posted = {
        "shown": [gold, key_of(DENTAL)],
        "plan": [gold],
        "metal": "Gold",
        "sort": "deductible",
        "deductible": "ten",
    }
    response = rita.post(page_of(quote), posted)
    assert response["Location"] == f"{page_of(quote)}?metal=Gold&deductible=ten&sort=deductible"
    page = main(rita.get(response["Location"]))
    assert all("Gold" in row.text for row in page.one("table", class_="plan-table").one("tbody").all("tr"))
    assert "Enter an amount in dollars" in page.one(id="f-deductible-error").text
    assert "Also selected, not in the list above: " in page.text
    kept = {(row.plan.plan_id, row.market) for row in QuotePlan.objects.select_related("plan")}
    assert kept == {(GOLD_PPO, "ON"), (SILVER_HMO, "OFF")}
    assert rita.post(page_of(quote), {**posted, "clear": "1"})["Location"] == page_of(quote)


@pytest.mark.feature("QUO_04")
@pytest.mark.parametrize("act", ["review", "compare", "save"])
@pytest.mark.sampled(2)
def test_the_buttons_keep_the_ticks_and_lead_on(rita, quote, act):
    response = rita.post(page_of(quote), {"shown": key_of(DENTAL), "act": act})
    assert response["Location"] == page_of(quote, f"{act}/")
    assert QuotePlan.objects.count() == 1


@pytest.mark.feature("QUO_04")
def test_a_price_that_has_changed_is_said_plainly(rita, quote):
    was = QuotePlan.objects.get(plan__plan_id=SILVER_HMO).monthly_premium
    PlanRate.objects.filter(plan__plan_id=SILVER_HMO).update(rate=Decimal("500.00"))
    for path in ("", "review/"):
        text = main(rita.get(page_of(quote, path))).text
        assert f"was ${was:,.2f} when you selected it" in text
        assert "Premiums of selected plans have changed:" in text
    rita.post(page_of(quote, "save/"), {"name": "Brandt"})
    assert "was $" not in main(rita.get(page_of(quote))).text
    PlanRate.objects.filter(plan__plan_id=SILVER_HMO).update(rate=Decimal("600.00"))
    assert "when you saved it" in main(rita.get(page_of(quote, "review/"))).text


@pytest.mark.feature("QUO_04")
def test_up_to_four_plans_stand_side_by_side(rita, quote):
    page = main(rita.get(page_of(quote, "compare/")))
    lines = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")}
    assert {"Monthly premium", "Primary care", "Premium for Nadia"} <= lines.keys()
    assert lines["Deductible, individual / family"] == ["$5,000 / $10,000", "$50 / $150"]
    keys = [box.attrs["value"] for box in main(rita.get(page_of(quote))).all("input", name="plan")]
    rita.post(page_of(quote), {"shown": keys, "plan": keys})
    page = main(rita.get(page_of(quote, "compare/")))
    assert len(page.one("thead").all("th")) == 1 + 4
    assert "Up to 4 plans can be compared at a time." in page.text
    rita.post(page_of(quote), {"shown": keys, "plan": keys[:1]})
    assert "Select at least two plans" in main(rita.get(page_of(quote, "compare/"))).text


# --- Review Selected Plans ---


@pytest.mark.feature("QUO_05")
def test_the_button_is_enabled_with_the_right_plans_only(rita, quote):
    def button_and_reason():
        page = main(rita.get(page_of(quote, "review/")))
        button = next(one for one in page.all("button") if one.text == "Enroll in Selected Plans")
        return "disabled" in button.attrs, " ".join(one.text for one in page.all(id="why-not-enroll"))

    assert button_and_reason()[1] == ""
    gold = key_of(GOLD_PPO)
    rita.post(page_of(quote), {"shown": gold, "plan": gold})
    assert button_and_reason() == (True, "Select only one medical plan. 2 are selected.")
    response = rita.post(page_of(quote, "review/"), {"plan": [gold, key_of(DENTAL)]})
    assert response["Location"] == page_of(quote, "review/")
    assert button_and_reason()[1] == ""
    page = main(rita.get(page_of(quote, "review/")))
    ticked = [box.attrs["value"] for box in page.all("input", name="plan") if "checked" in box.attrs]
    assert sorted(ticked) == sorted([gold, key_of(DENTAL)])
    rita.post(page_of(quote, "review/"), {})
    assert button_and_reason() == (True, "Select one medical plan, one dental plan, or one of each.")


@pytest.mark.feature("QUO_05")
def test_without_a_selected_plan_review_points_back(rita, world, catalog):
    quote = quote_of(world.producer, world.number)
    assert "No plan is selected yet" in main(rita.get(page_of(quote, "review/"))).text


@pytest.mark.feature("HOM_11")
def test_a_delegate_reads_why_an_on_exchange_plan_cannot_be_enrolled_in(catalog, world, sign_in):
    quote = quote_of(world.producer, world.number, plans=[(BRONZE_PPO, "ON")])
    page = main(sign_in(world.delegate_with_enroll).get(page_of(quote, "review/")))
    assert page.one(id="why-not-enroll").text == selector.ON_EXCHANGE_NOT_YOURS
    assert not main(sign_in(world.producer).get(page_of(quote, "review/"))).all(id="why-not-enroll")


# --- Save, copy, expiry ---


@pytest.mark.feature("QUO_07")
def test_a_quote_is_saved_under_a_name_and_renamed(rita, quote):
    page = main(rita.get(page_of(quote, "save/")))
    assert page.one("input", name="name").attrs["value"] == "Nadia Brandt, 01/01/2027"
    for name in ("", "  ", "--", "x" * 81):
        assert main(rita.post(page_of(quote, "save/"), {"name": name})).all(class_="error-summary"), name
    response = rita.post(page_of(quote, "save/"), {"name": "Brandt family"}, follow=True)
    assert response.redirect_chain == [(page_of(quote, "review/"), 302)]
    assert pages.messages(response)[0].startswith("Your quote was saved. It can be used through 12/15/2026.")
    assert rita.post(page_of(quote, "save/?to_list=1"), {"name": "Brandts"})["Location"] == LIST
    assert "Brandts" in main(rita.get(page_of(quote))).text


@pytest.mark.feature("QUO_07")
def test_an_expired_quote_can_be_read_and_copied(rita, world, quote, sign_in):
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        client = sign_in(world.producer)
        page = main(client.get(page_of(quote)))
        assert "This quote expired on 12/15/2026. Copy it with a new effective date to go on." in page.text
        assert all("disabled" in box.attrs for box in page.all("input", name="plan"))
        assert client.post(page_of(quote), {"shown": key_of(DENTAL), "act": "review"})["Location"] == page_of(quote)
        assert QuotePlan.objects.count() == 2
        review = main(client.get(page_of(quote, "review/")))
        assert review.one(id="why-not-enroll").text.startswith("This quote expired on 12/15/2026.")
        assert client.get(page_of(quote, "edit/"))["Location"] == page_of(quote)
        key = page.one("form", action=page_of(quote, "copy/")).one("input", name="form_key").attrs["value"]
        answers = [client.post(page_of(quote, "copy/"), {"form_key": key})["Location"] for _ in range(5)]
        made = Quote.objects.exclude(pk=quote.pk).get()
        assert set(answers) == {page_of(made, "edit/")}
        assert "checked" in main(client.get(answers[0])).one("input", value="SEP:2027-01-01").attrs
        assert pages.grid(client.get(LIST)).column("Status") == ["Draft", "Expired"]


# --- the list ---


@pytest.fixture
def three(world, catalog):
    """Saved, a draft of somebody else's household, and one in Texas."""
    texas = ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    return [
        quote_of(world.producer, world.number, name="Alder", plans=[(SILVER_HMO, "OFF")], key="a"),
        quote_of(world.producer, world.number, SPOUSE_AS_APPLICANT, key="b", at=NOW - timedelta(hours=1)),
        quote_of(
            world.producer, texas, name="Cedar", key="c", county="48201", zip="77002", at=NOW - timedelta(hours=2)
        ),
    ]


SPOUSE_AS_APPLICANT = NADIA.__class__(
    relation="self", first_name="Tomas", last_name="Reyes", date_of_birth=SPOUSE.date_of_birth, sex="M"
)


@pytest.mark.feature("QUO_07")
def test_the_list_is_searched_by_name_applicant_plan_state_and_status(rita, three):
    assert pages.grid(rita.get(LIST)).column("Quote Name") == ["Alder", "Not saved yet", "Cedar"]
    searches = [
        ({"f_name": "ced"}, ["Cedar"]),
        ({"f_applicant": "reyes tom"}, ["Not saved yet"]),
        ({"f_plans": "silver hmo"}, ["Alder"]),
        ({"f_us_state": "TX"}, ["Cedar"]),
        ({"f_status": "Draft"}, ["Not saved yet"]),
        ({"f_status": "Saved"}, ["Alder", "Cedar"]),
        ({"f_status": "Expired"}, []),
        ({"f_effective_date": "01/01/2027", "f_name": "a"}, ["Alder", "Cedar"]),
    ]
    for typed, found in searches:
        address = rita.post(LIST, {"grid": "filters", **typed})["Location"]
        assert not any(value in address for value in typed.values() if len(value) > 2), address
        assert pages.grid(rita.get(address)).column("Quote Name") == found, typed


@pytest.mark.feature("QUO_07")
def test_the_list_is_sorted_and_exported(rita, three):
    sorts = {"name": ["Not saved yet", "Alder", "Cedar"], "-status": ["Alder", "Cedar", "Not saved yet"]}
    sorts["applicant"] = ["Alder", "Cedar", "Not saved yet"]
    for sort, names in sorts.items():
        found = pages.grid(rita.get(LIST, {"sort": sort})).column("Quote Name")
        assert sorted(found) == sorted(names)
        assert found[0 if sort != "applicant" else -1] == names[0 if sort != "applicant" else -1], sort
    response = rita.get(pages.grid(rita.get(LIST)).export_url("xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["Alder", "Not saved yet", "Cedar"]
    assert AuditEvent.objects.get(action="quote.list_exported").details == {"format": "xlsx", "rows": 3}


@pytest.mark.feature("QUO_07")
def test_one_row_of_the_list_is_copied_or_renamed(rita, three):
    first = three[0]
    assert rita.post(f"{LIST}rename/", {"row": first.pk})["Location"] == page_of(first, "save/?to_list=1")
    moved = rita.post(f"{LIST}copy/", {"row": first.pk, "form_key": "key-of-one-form-only"})["Location"]
    assert moved == page_of(Quote.objects.latest("id"), "edit/")
    for rows in ([], [one.pk for one in three], ["999999"]):
        response = rita.post(f"{LIST}copy/", {"row": rows}, follow=True)
        assert any("only one can be copied or renamed" in text for text in pages.messages(response))


@pytest.mark.feature("QUO_07")
def test_deleting_asks_first_and_can_be_undone(rita, world, three, sign_in):
    ids = [one.pk for one in three[:2]]
    assert "Are you sure" in main(rita.post(f"{LIST}delete/", {"row": ids})).text
    assert Quote.objects.filter(deleted_at=None).count() == 3
    # Ids of other people's quotes are ignored.
    sign_in(world.outsider).post(f"{LIST}delete/", {"row": ids, "confirmed": "1"})
    assert Quote.objects.filter(deleted_at=None).count() == 3
    page = main(rita.post(f"{LIST}delete/", {"row": ids, "confirmed": "1"}, follow=True))
    assert "2 quotes deleted." in page.text
    assert rita.get(page_of(three[0])).status_code == 404
    undo = page.one("form", class_="undo").all("input", name="row")
    sign_in(world.outsider).post(f"{LIST}restore/", {"row": ids})
    assert Quote.objects.filter(deleted_at=None).count() == 1
    response = rita.post(f"{LIST}restore/", {"row": [row.attrs["value"] for row in undo]}, follow=True)
    assert pages.messages(response)[0].startswith("2 quotes were restored.")
    assert Quote.objects.filter(deleted_at=None).count() == 3


# --- whose they are ---


@pytest.mark.feature("SRC_10")
@pytest.mark.parametrize("name", ["", "edit/", "compare/", "review/", "save/"])
@pytest.mark.sampled(3)
def test_a_foreign_quote_cannot_be_told_from_one_that_does_not_exist(catalog, world, sign_in, quote, name):
    for who in (world.outsider, world.sibling):
        client = sign_in(who)
        foreign, absent = client.get(page_of(quote, name)), client.get(f"{LIST}999999999/{name}")
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert pages.same_but_for_tokens(foreign) == pages.same_but_for_tokens(absent)
    assert sign_in(world.producer).get(f"{LIST}{'9' * 30}/{name}").status_code == 404


@pytest.mark.feature("SRC_10")
def test_a_foreign_quote_is_not_changed_by_a_post(catalog, world, sign_in, quote):
    client = sign_in(world.outsider)
    for name in ("", "edit/", "review/", "save/", "copy/"):
        assert client.post(page_of(quote, name), {**TYPED, "name": "Mine", "shown": "1"}).status_code == 404, name
    assert (Quote.objects.count(), QuotePlan.objects.count()) == (1, 2)


@pytest.mark.feature("HOM_14")
def test_a_delegates_work_on_a_quote_is_told_for_the_producer(catalog, world, sign_in, quote):
    sign_in(world.delegate_with_enroll).get(page_of(quote))
    row = AuditEvent.objects.filter(action="quote.viewed").latest("id")
    assert (row.actor_username, row.for_producer) == ("enrollhelp", world.producer.producer.npn)


@pytest.mark.feature("QUO_03")
def test_no_address_of_the_flow_names_anybody(rita):
    response = rita.post(NEW, TYPED)
    path = urlsplit(response["Location"])
    assert (path.query, path.path) == ("", page_of(Quote.objects.get()))


@pytest.mark.feature("QUO_03")
@pytest.mark.parametrize("query", ["prospect=999999", "member=999999", "prospect=x", "member=%00"])
def test_a_prospect_or_client_of_somebody_else_fills_in_nothing(rita, query):
    assert rita.get(f"{NEW}?{query}").status_code == 404


@pytest.mark.feature("QUO_02")
def test_the_home_page_shows_the_quotes_changed_last(rita, three):
    panel = pages.read(rita.get("/")).one("section", aria_labelledby="quotes-panel")
    assert [link.text for link in panel.all("a", class_="hub-text")] == ["Alder", "Tomas Reyes", "Cedar"]
