"""Somebody who cannot get in finds whom to call, and what the carrier does with data, without logging in."""

import pytest
from playwright.sync_api import Page

from accounts.models import TermsVersion
from portal.common.content.models import PrivacyStatement
from portal.demo_data import contacts
from portal.demo_data.logins import TERMS_BODY
from tests.browser.conftest import PHONE


@pytest.fixture
def published() -> None:
    contacts.add_contact_lines()
    for document, body in ((TermsVersion, TERMS_BODY), (PrivacyStatement, contacts.PRIVACY_BODY)):
        document.objects.create(version="1.0", body=body, published_at="2026-01-05T12:00:00Z")


@pytest.mark.feature("REGL_08")
@pytest.mark.feature("ISS_03")
@pytest.mark.feature("ISS_07")
def test_from_the_menu_of_the_login_page_to_the_numbers_of_ones_state(published, page: Page, assert_accessible):
    page.goto("/accounts/login/")
    page.get_by_role("banner").get_by_text("Menu", exact=True).click()
    page.get_by_role("banner").get_by_role("link", name="Contact Us").click()
    table = page.get_by_role("table", name="Telephone numbers by product and state")
    table.get_by_role("row", name="Major Medical").get_by_role("link", name="(800) 555-0151").wait_for()
    assert table.get_by_role("columnheader").count() == 6
    assert_accessible(page, contrast=True)
    page.get_by_label("State", exact=True).select_option("Texas")
    page.get_by_role("heading", name="Producer Services, Texas").wait_for()
    assert table.get_by_role("columnheader").count() == 2
    page.get_by_role("contentinfo").get_by_role("link", name="Legal and Privacy").click()
    page.get_by_role("heading", name="Privacy Statement", level=1).wait_for()
    assert_accessible(page)
    page.get_by_role("main").get_by_role("link", name="Terms of Use").click()
    page.get_by_role("heading", name="Terms of Use", level=1).wait_for()
    assert_accessible(page)


@pytest.mark.drill
@pytest.mark.feature("ISS_03")
def test_on_a_phone_and_without_scripts_the_numbers_stand_below_each_other(published, new_context):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto("/accounts/forgot-username/")
    page.get_by_role("link", name="(844) 555-0181").wait_for()
    first, second = (
        page.get_by_role("link", name=name).first.bounding_box() for name in ("(800) 555-0151", "(800) 555-0153")
    )
    assert first["x"] == second["x"]
    assert first["y"] < second["y"]
    page.goto("/contact/")
    page.get_by_label("State", exact=True).select_option("Montana")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="Producer Services, Montana").wait_for()
