"""A new application by a delegate, from the writing number to the accepted terms, with and without scripts."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from enrollment.models import Application
from portal.common.dates import as_text, today_in
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.wizard import load_tables


@pytest.mark.feature("HOM_12")
@pytest.mark.feature("WIZ_02")
@pytest.mark.feature("AUT_05")
@with_and_without_scripts
@pytest.mark.long
def test_a_delegate_starts_an_application_and_confirms_the_terms(
    world, sign_in_as, new_context, assert_accessible, scripts
):
    load_tables()
    page = sign_in_as(
        world.delegate_with_enroll, on=new_context(java_script_enabled=scripts).new_page(), at="/enroll/applications/"
    )
    page.get_by_role("link", name="Start New Application").click()
    page.get_by_label("Writing Producer Number").fill(world.number.number)
    page.keyboard.press("Tab")
    if scripts:
        page.get_by_text(world.number.company_name, exact=True).wait_for()
        assert_accessible(page)
    page.get_by_role("button", name="Start New Application").click()
    page.wait_for_url("**/general/")
    page.get_by_role("button", name="Add Life Event").click()
    page.wait_for_url("**/life-events/new/")
    page.locator("#id_life-events-code").select_option("MARRIAGE")
    if not scripts:
        page.get_by_role("button", name="Save").click()
    page.locator("#id_life-events-event_date").fill(as_text(today_in("IL") - timedelta(days=2)))
    # The question comes with the life event; what is ticked while the page saves itself stays.
    page.get_by_label("Yes", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Calculate Effective Date").click()
    page.get_by_text("How this date was found").wait_for()
    header = page.locator("#wizard-header")
    row = Application.objects.get()
    assert as_text(row.effective_date) in header.inner_text()
    if scripts:
        page.set_viewport_size({"width": 320, "height": PHONE["height"]})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert_accessible(page)
        page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Next", exact=True).click()
    page.wait_for_url("**/applicant/")
    page.locator("#id_form-type-form_type").select_option("DENTAL")
    page.get_by_label("I confirm/attest that I am assisting my client in person.").check()
    agree = page.get_by_label("I agree to the terms and conditions outlined above")
    if scripts:
        page.get_by_role("dialog").wait_for()
        expect(page.get_by_role("button", name="Continue")).to_be_disabled()
        assert_accessible(page)
    else:
        page.get_by_role("link", name="Terms and Agreements").click()
        page.wait_for_url("**/terms/")
    agree.check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("accepted on").wait_for()
    row.refresh_from_db()
    assert (row.authorization, row.terms.us_state) == ("IN_PERSON", row.us_state)
    assert row.form_type == ("DENTAL" if scripts else "")
