"""A report built, narrowed, taken along and saved; a row of the desk worked on and put aside."""

from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clients.models import Policy
from reporting.models import Outreach, SavedReport
from tests.browser.conftest import PHONE
from tests.support.factories import MemberFactory, PolicyFactory


@pytest.fixture
def book(world) -> None:
    day = timezone.localdate()
    for n, (first, last) in enumerate((("Ada", "Hanson"), ("Bea", "Hanson"), ("Cyd", "Quillington"))):
        PolicyFactory(
            primary=MemberFactory(first_name=first, last_name=last),
            producer_number=world.number,
            in_grace=True,
            paid_to_date=day - timedelta(days=10 + n),
            grace_started_on=day - timedelta(days=10 + n),
        )


def head_line(page: Page, text: str) -> None:
    page.locator(".grid-head-line", has_text=text).wait_for()


@pytest.mark.feature("REP_01")
@pytest.mark.feature("REP_09")
@pytest.mark.feature("REP_16")
@pytest.mark.feature("REP_17")
def test_a_report_is_built_narrowed_taken_to_excel_and_saved(world, book, sign_in_as, assert_accessible):
    page = sign_in_as(world.producer)
    page.get_by_role("link", name="Reporting", exact=True).first.click()
    assert_accessible(page)
    page.get_by_role("navigation").get_by_role("link", name="Create Report").first.click()
    page.get_by_role("button", name="Submit").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a report, a policy status or an application status.")
    page.get_by_label("Help: Policy Status").click()
    expect(page.get_by_text("Needs no dates.")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Policy Status", exact=True).select_option("Grace Period")
    page.get_by_role("button", name="Submit").last.click()
    head_line(page, "1 - 4 of 4 Search Results")

    page.locator("#report").get_by_role("link", name="Last Name").click()
    expect(page.locator("#report tbody tr").first).to_contain_text("Ada")
    page.locator("[name=f_last_name]").fill("hans")
    page.get_by_role("button", name="Apply filters").click()
    head_line(page, "1 - 2 of 2 Search Results")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    with download.value.path().open("rb") as file:
        rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert [row[:2] for row in rows[1:]] == [("Hanson", "Ada"), ("Hanson", "Bea")]
    assert "hans" not in page.url
    assert_accessible(page)

    page.get_by_role("link", name="Save as Custom Report").click()
    page.get_by_label("Name").fill("My grace period")
    expect(page.get_by_label("Weekday (for every week)")).to_be_hidden()
    page.get_by_label("Run by itself").select_option("Every week")
    page.get_by_label("Weekday (for every week)").select_option("Monday")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Run My grace period").click()
    head_line(page, "1 - 4 of 4 Search Results")
    page.get_by_text("This is the first run.").wait_for()
    assert SavedReport.objects.get().schedule == "WEEKLY"


def test_a_row_of_the_desk_is_worked_on_and_put_aside_on_a_phone(world, book, sign_in_as, page, assert_accessible):
    page.set_viewport_size(PHONE)
    sign_in_as(world.producer)
    page.goto("/reports/desk/")
    assert_accessible(page)
    first = page.locator(".desk-table tbody tr").first
    name = first.locator("[data-label=Client] a").inner_text()
    # Everything that is needed for the call stands on the screen, not beside it.
    for part in ("Last Safe Day", "Amount Due", "Autopay", "Reach the Client"):
        box = first.locator(f'[data-label="{part}"]').bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
    first.get_by_role("link", name="Script, Log").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert_accessible(page)
    page.get_by_label("What came of it").select_option("Will pay")
    page.get_by_label("Note").fill("Pays on Friday.")
    page.get_by_label("Snooze until").fill(f"{timezone.localdate() + timedelta(days=1):%m/%d/%Y}")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Written down. The row is back on the list on").wait_for()
    expect(page.locator(".desk-table tbody tr")).to_have_count(Policy.objects.filter(status="GRACE").count() - 1)
    page.locator(".desk-tiles a", has_text="Snoozed").click()
    expect(page.locator(".desk-table tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    assert Outreach.objects.get().note == "Pays on Friday."
