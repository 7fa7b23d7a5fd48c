"""A quote from the household to the list: plans filtered, compared, reviewed and saved, with and without scripts."""

import pytest
import time_machine
from playwright.sync_api import expect

from enrollment.models import Quote, QuotePlan
from tests.browser.conftest import PHONE
from tests.support.catalog import build_small
from tests.support.quotes import NOW
from tests.support.sep import load_sep_tables


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def catalog(november, world):
    load_sep_tables()
    build_small()


def fill_in(page) -> None:
    page.get_by_label("First Name").first.fill("Nadia")
    page.get_by_label("Last Name").first.fill("Brandt")
    page.get_by_label("Date of Birth").first.fill("04/12/1988")
    page.get_by_label("Sex").first.select_option("F")
    page.get_by_label("Tobacco Use").first.select_option("no")


@pytest.mark.feature("QUO_01")
@pytest.mark.feature("QUO_02")
@pytest.mark.feature("QUO_03")
@pytest.mark.feature("QUO_04")
@pytest.mark.feature("QUO_07")
def test_a_quote_is_made_filtered_compared_reviewed_saved_and_listed(
    catalog, world, sign_in_as, new_context, assert_accessible
):
    page = sign_in_as(world.producer, on=new_context().new_page())
    page.get_by_role("link", name="Quote & Enroll").first.click()
    page.get_by_role("link", name="View saved quotes").click()
    page.get_by_text("No quotes yet").wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Quote & Enroll").first.click()
    assert_accessible(page)
    page.get_by_role("link", name="Generate a new quote for a prospective client").click()

    fill_in(page)
    # The county is asked for as soon as the ZIP code is there, and so are the days of the state.
    page.get_by_label("Zip Code").fill("60120")
    page.keyboard.press("Tab")
    page.get_by_label("County").wait_for()
    page.get_by_text("apply by 12/15/2026").first.wait_for()
    page.get_by_label("County").select_option(label="Cook, IL")
    page.get_by_role("button", name="Add Household Member").click()
    page.locator("#id_person-1-relation:focus").wait_for()
    page.get_by_label("Relationship").select_option("child")
    page.locator("#id_person-1-date_of_birth").fill("03/03/2015")
    page.locator("#id_person-1-tobacco").select_option("no")
    assert_accessible(page)
    page.get_by_label("01/01/2027, Open Enrollment").check()
    page.get_by_role("button", name="View Plans").last.click()

    page.get_by_role("heading", name="View Plans").wait_for()
    assert_accessible(page)
    page.evaluate("window.stayed = true")
    page.get_by_label("On Exchange for Advantage Plus Silver HMO 104").check()
    page.get_by_text("1 plan selected").first.wait_for()
    page.get_by_role("checkbox", name="Gold", exact=True).check()
    page.get_by_role("heading", name="2 of ").wait_for()
    page.get_by_text("Also selected, not in the list above: Advantage Plus Silver HMO 104").wait_for()
    page.locator("input[name=plan]").last.check()
    page.get_by_text("2 plans selected").first.wait_for()
    assert page.evaluate("window.stayed") is True
    assert "metal=Gold" in page.url
    assert_accessible(page)

    page.get_by_role("button", name="Compare").first.click()
    page.get_by_role("heading", name="Compare Plans").wait_for()
    assert page.locator("thead th").count() == 1 + 2
    assert_accessible(page)
    page.get_by_role("link", name="Review Selected Plans").click()
    page.get_by_text("Select only one medical plan. 2 are selected.").wait_for()
    expect(page.get_by_role("button", name="Enroll in Selected Plans")).to_be_disabled()
    assert_accessible(page)
    page.locator("input[name=plan]").first.uncheck()
    page.get_by_text("Total of the ticked plans a month").wait_for()
    expect(page.get_by_role("button", name="Enroll in Selected Plans")).to_be_enabled()

    page.get_by_role("button", name="Save Quote").click()
    page.get_by_label("Quote Name").fill("Brandt, gold")
    assert_accessible(page)
    page.get_by_role("button", name="Save Quote").click()
    page.get_by_text("Your quote was saved. It can be used through 12/15/2026.").wait_for()
    page.get_by_role("link", name="Quotes", exact=True).first.click()
    page.locator("tbody tr", has_text="Brandt, gold").get_by_text("Saved").wait_for()
    assert_accessible(page)
    assert Quote.objects.get().people.count() == 2
    assert QuotePlan.objects.filter(chosen=True).count() == 1


@pytest.mark.feature("QUO_03")
@pytest.mark.feature("QUO_04")
@pytest.mark.long
def test_a_quote_is_made_and_plans_selected_without_scripts(catalog, world, sign_in_as, new_context):
    page = sign_in_as(
        world.producer, on=new_context(java_script_enabled=False, viewport=PHONE).new_page(), at="/enroll/quotes/new/"
    )
    fill_in(page)
    page.get_by_role("button", name="Add Household Member").click()
    page.get_by_label("Relationship").select_option("spouse")
    page.locator("#id_person-1-date_of_birth").fill("01/01/1986")
    page.locator("#id_person-1-tobacco").select_option("yes")
    page.get_by_label("Zip Code").fill("60120")
    page.get_by_label("01/01/2027, Open Enrollment").check()
    page.get_by_role("button", name="View Plans").last.click()
    page.get_by_label("County").select_option(label="Kane, IL")
    page.get_by_role("button", name="View Plans").last.click()
    page.get_by_role("heading", name="View Plans").wait_for()
    page.locator("input[name=plan]").first.check()
    page.get_by_role("button", name="Review Selected Plans").first.click()
    page.get_by_role("heading", name="Review Selected Plans").wait_for()
    page.locator("input[name=plan]").first.uncheck()
    page.get_by_role("button", name="Update").click()
    page.get_by_text("Select one medical plan, one dental plan, or one of each.").wait_for()
    quote = Quote.objects.get()
    assert (quote.county.name, quote.plans.get().chosen) == ("Kane", False)
