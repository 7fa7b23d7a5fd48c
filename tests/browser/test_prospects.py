"""From a new prospect to the list, paper, Excel, deletion and back, with and without scripts."""

import openpyxl
import pytest

from clients.models import Prospect
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import ProspectFactory

QUESTION = "Are you sure you want to delete the selected row/s?"


@pytest.mark.feature("PRO_01")
@pytest.mark.feature("PRO_04")
@with_and_without_scripts
@pytest.mark.long
def test_a_prospect_is_added_and_the_confirmation_closed_with_ok(
    world, sign_in_as, new_context, assert_accessible, scripts
):
    ProspectFactory(created_by=world.producer, first_name="Ann", last_name="Lee", zip="60563")
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page(), at="/clients/")
    page.get_by_role("link", name="Add New Prospect").first.click()
    if scripts:
        assert_accessible(page)
    page.get_by_label("First Name").fill("Ann")
    page.get_by_label("Last Name").fill("Lee")
    page.get_by_role("button", name="Save Prospect").click()
    page.get_by_text("Please check what you entered").wait_for()
    page.get_by_label("Zip Code").fill("60563")
    page.get_by_role("button", name="Save Prospect").click()
    page.get_by_text("This may be somebody you have already").wait_for()
    assert page.get_by_label("First Name").input_value() == "Ann"
    if scripts:
        assert_accessible(page)
    assert Prospect.objects.count() == 1
    page.get_by_role("button", name="Save Anyway").click()
    dialog = page.get_by_role("dialog", name="Prospect saved")
    dialog.wait_for()
    if scripts:
        dialog.locator("button:focus", has_text="OK").wait_for()
        assert_accessible(page)
    dialog.get_by_role("button", name="OK").click()
    dialog.wait_for(state="hidden")
    assert Prospect.objects.count() == 2


@pytest.mark.feature("PRO_06")
@pytest.mark.feature("PRO_07")
@pytest.mark.feature("PRO_08")
@pytest.mark.feature("PRO_09")
@pytest.mark.feature("PRO_10")
def test_rows_are_found_printed_exported_deleted_and_brought_back(
    world, sign_in_as, new_context, assert_accessible, tmp_path
):
    for name, city in (("Aster", "Elgin"), ("Birch", "Elgin"), ("Cedar", "Aurora")):
        ProspectFactory(created_by=world.producer, last_name=name, city=city)
    page = sign_in_as(world.producer, on=new_context().new_page(), at="/clients/prospects/")
    assert_accessible(page, contrast=True)
    form = page.locator("#main form").first
    form.get_by_label("City").fill("aurora")
    form.get_by_role("button", name="Submit").click()
    page.locator(".grid-head-line").wait_for()
    assert page.locator("tbody tr").count() == 1
    assert "urora" not in page.url
    page.get_by_role("button", name="Show All").click()
    page.locator(".grid-head-line", has_text="1 - 3 of 3 Search Results").wait_for()
    assert_accessible(page)

    def rows_of(download) -> list[str]:
        target = tmp_path / download.suggested_filename
        download.save_as(target)
        return [row[0] for row in openpyxl.load_workbook(target).active.iter_rows(values_only=True)][1:]

    # The list is filtered without a page load; what is printed and exported is the list as it stands.
    page.evaluate("window.stayed = true")
    page.get_by_label("Filter City").fill("elgin")
    page.get_by_role("button", name="Apply filters").click()
    page.locator(".grid-head-line", has_text="1 - 2 of 2 Search Results").wait_for()
    assert page.evaluate("window.stayed") is True
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export All").click()
    assert rows_of(downloading.value) == ["Aster", "Birch"]
    page.get_by_label("Select Ann Birch").check()
    page.get_by_text("1 selected").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export Selected Rows").click()
    assert rows_of(downloading.value) == ["Birch"]

    page.wait_for_timeout(4100)  # a form is not sent twice within four seconds
    with page.context.expect_page() as opening:
        page.get_by_role("button", name="Print Selected Rows").click()
    paper = opening.value
    paper.get_by_role("heading", name="Prospects").wait_for()
    assert paper.locator("tbody tr").all_inner_texts()[0].startswith("Birch")
    assert paper.locator("tbody tr").count() == 1
    assert_accessible(paper)
    paper.close()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Print All").click()
    opening.value.get_by_role("heading", name="Prospects").wait_for()
    assert opening.value.locator("tbody tr").count() == 2
    opening.value.close()

    page.wait_for_timeout(4100)
    page.get_by_role("button", name="Delete Selected Rows").click()
    page.get_by_text(QUESTION).wait_for()
    assert "/delete/" not in page.url
    page.get_by_role("button", name="OK").click()
    page.get_by_text("1 prospect deleted.").wait_for()
    assert page.locator("tbody tr").count() == 1
    assert_accessible(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 prospect was restored.").wait_for()
    assert page.locator("tbody tr").count() == 2


@pytest.mark.drill
@pytest.mark.feature("PRO_08")
def test_without_scripts_the_question_has_a_page_of_its_own(world, sign_in_as, new_context):
    ProspectFactory(created_by=world.producer, last_name="Aster")
    page = sign_in_as(
        world.producer, on=new_context(java_script_enabled=False, viewport=PHONE).new_page(), at="/clients/prospects/"
    )
    page.get_by_role("button", name="Show All").click()
    page.get_by_label("Select Ann Aster").check()
    page.get_by_role("button", name="Delete Selected Rows").click()
    page.get_by_text(QUESTION).wait_for()
    page.get_by_role("button", name="OK").click()
    page.get_by_text("1 prospect deleted.").wait_for()
    page.get_by_role("link", name="Deleted Prospects").click()
    page.get_by_label("Select Ann Aster").check()
    page.get_by_role("button", name="Restore Selected Rows").click()
    page.get_by_role("button", name="OK").click()
    page.get_by_text("1 prospect was restored.").wait_for()
    assert not Prospect.objects.filter(deleted_at__isnull=False).exists()
