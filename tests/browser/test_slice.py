"""The main job: sign in with a code, find a client, open the page, run the Grace Period report to Excel."""

import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page

from tests.browser.conftest import PHONE


def head_line(page: Page, text: str) -> None:
    page.locator(".grid-head-line", has_text=text).wait_for()


@pytest.mark.feature("HOM_04")
@pytest.mark.feature("HOM_05")
@pytest.mark.feature("DET_01")
@pytest.mark.feature("REP_17")
def test_from_sign_in_to_the_grace_report_in_excel(world, log_in_as):
    page = log_in_as(world.producer)
    assert page.get_by_role("heading", level=1).inner_text() == "Welcome, Rita Solberg"

    page.keyboard.press("/")
    page.keyboard.type(world.account_number)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Tanya Washington").wait_for()
    page.get_by_role("link", name="Back to Search Results").click()
    head_line(page, "1 - 1 of 1 Search Results")

    page.get_by_role("link", name="Reporting", exact=True).first.click()
    page.get_by_role("link", name="Create Report").first.click()
    page.get_by_label("Policy Status", exact=True).select_option("Grace Period")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("heading", name="Policy Status: Grace Period").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export to Excel").click()
    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["Last Name", "Washington"]
    assert rows[1][8] == "Grace Period"


def test_filters_work_by_keyboard_and_back_returns_to_the_view_before(world, sign_in_as):
    page = sign_in_as(world.principal, at="/reports/new/")
    page.get_by_label("Policy Status", exact=True).select_option("All")
    page.get_by_role("button", name="Submit", exact=True).click()
    head_line(page, "1 - 2 of 2 Search Results")
    page.get_by_label("Filter Status").fill("grace")
    page.keyboard.press("Enter")
    head_line(page, "1 - 1 of 1 Search Results")
    assert "grace" not in page.url
    page.go_back()
    head_line(page, "1 - 2 of 2 Search Results")


@pytest.mark.drill
def test_every_page_of_the_slice_is_accessible(world, sign_in_as, page, assert_accessible):
    page.goto("/accounts/login/")
    assert_accessible(page)
    page.get_by_label("Username").fill("nobody123")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log In").click()
    assert_accessible(page)
    sign_in_as(world.producer)
    assert_accessible(page)
    page.goto("/clients/")
    assert_accessible(page)
    page.get_by_role("textbox", name="Number", exact=True).fill("12")
    page.get_by_label("Last 4 of SSN#").check()
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_text("Enter exactly four digits").first.wait_for()
    assert_accessible(page)
    page.goto(f"/clients/{world.account_number}/")
    assert_accessible(page)
    page.goto("/reports/new/")
    page.get_by_label("Policy Status", exact=True).select_option("All")
    page.get_by_role("button", name="Submit", exact=True).click()
    head_line(page, "1 - 1 of 1 Search Results")
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_accessible(page)
    for address in ("/nowhere/", "/demo/mailbox/"):
        page.goto(address)
        assert_accessible(page)


def test_the_whole_job_works_without_javascript(world, new_context, log_in_as):
    page = new_context(java_script_enabled=False).new_page()
    log_in_as(world.producer, on=page)
    page.get_by_label("Number").fill(world.account_number)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("link", name=world.account_number).click()
    assert page.get_by_role("heading", level=1).inner_text() == "Tanya Washington"
    page.get_by_role("link", name="Reporting", exact=True).first.click()
    page.get_by_role("link", name="Create Report").first.click()
    page.get_by_label("Policy Status", exact=True).select_option("All")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_label("Filter Status").fill("termed")
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_text("No row matches the filters").wait_for()
    page.get_by_role("button", name="Clear filters").click()
    head_line(page, "1 - 1 of 1 Search Results")
