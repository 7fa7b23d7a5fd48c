"""Sending documents and deleting one from the list, with and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from ecomm.models import DocumentSubmission
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.documents import document_type, image_bytes, pdf_bytes, sent

QUESTION = "Are you sure you want to delete the selected row/s?"


@pytest.fixture(autouse=True)
def uploads_apart(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


@pytest.fixture(autouse=True)
def types():
    document_type("new-business-application", "New Business Application")


def file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def delete_the_first(page: Page, *, scripts: bool) -> None:
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="Delete Selected Rows").click()
    page.get_by_text(QUESTION).wait_for()
    assert ("/delete/" in page.url) is not scripts
    page.get_by_role("button", name="OK").click()
    page.get_by_text("1 row deleted from your list").wait_for()


@pytest.mark.feature("DOC_05")
@pytest.mark.feature("DOC_08")
@with_and_without_scripts
def test_two_files_are_sent_and_one_is_deleted_from_the_list(
    world, sign_in_as, new_context, assert_accessible, scripts
):
    page = sign_in_as(
        world.producer,
        on=new_context(java_script_enabled=scripts).new_page(),
        at=f"/messages/documents/new/?account={world.account_number}",
    )
    assert page.get_by_label("Account Number").input_value() == world.account_number
    page.get_by_label("Document Type").select_option("New Business Application")
    files = page.get_by_label("Location and Filename")
    both = [file("application.pdf", pdf_bytes()), file("license.png", image_bytes())]
    if scripts:
        files.set_input_files(both[0])
        files.set_input_files(both[1])
        assert page.locator(".upload-list li").count() == 2, "a second choice adds to the first"
        assert_accessible(page)
    else:
        files.set_input_files(both)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("heading", name="Document Submission Confirmation").wait_for()
    sent = DocumentSubmission.objects.order_by("tracking_number")
    assert [document.file.name for document in sent] == ["application.pdf", "license.png"]
    for document in sent:
        expect(page.get_by_role("row", name=f"{document.file.name} {document.tracking_number}")).to_be_visible()
    if scripts:
        assert_accessible(page)

    page.get_by_role("link", name="OK").click()
    page.wait_for_url("**/messages/documents/")
    assert page.locator("tbody tr").count() == 2
    delete_the_first(page, scripts=scripts)
    assert page.locator("tbody tr").count() == 1
    if scripts:
        assert_accessible(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("1 row is on your list again.").wait_for()
    assert page.locator("tbody tr").count() == 2


@pytest.mark.feature("DOC_02")
@pytest.mark.feature("DOC_09")
@pytest.mark.long
def test_what_cannot_be_sent_is_said_before_it_travels(world, sign_in_as, new_context, assert_accessible):
    page = sign_in_as(world.producer, on=new_context(viewport=PHONE).new_page(), at="/messages/documents/new/")
    files = page.get_by_label("Location and Filename")
    files.set_input_files(
        [file("huge.bmp", bytes(10_485_761)), file("letter.docx", b"PK"), file("good.png", image_bytes())]
    )
    problem = page.locator(".upload-problem")
    assert "“huge.bmp” was not added." in problem.inner_text()
    assert "scan it at a lower resolution" in problem.inner_text()
    assert [line.split("”")[0] for line in problem.locator("p").all_inner_texts()] == ["“huge.bmp", "“letter.docx"]
    assert page.locator(".upload-list li").all_inner_texts()[0].startswith("good.png")
    page.get_by_role("button", name="Remove good.png").click()
    assert page.locator(".upload-list li").count() == 0
    assert page.evaluate("document.querySelector('[data-upload]').files.length") == 0

    # A program that calls itself a picture is found out by the server; the form comes back without a page load.
    files.set_input_files([file("program.png", b"MZ" + bytes(500))])
    page.get_by_label("E-App Number").fill("0101000001")
    page.get_by_label("Document Type").select_option("New Business Application")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.locator(".error-summary").wait_for()
    assert "program.png" in page.locator(".error-summary").inner_text()
    assert page.evaluate("window.stayed") is True
    assert page.get_by_label("E-App Number").input_value() == "0101000001"
    assert_accessible(page)

    # The form that came back works like the first one.
    page.get_by_label("Location and Filename").set_input_files([file("good.png", image_bytes())])
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("heading", name="Document Submission Confirmation").wait_for()
    assert DocumentSubmission.objects.get().eapp_number == "0101000001"


def test_a_page_that_is_out_of_date_says_so_and_not_to_submit_again(world, sign_in_as, new_context):
    page = sign_in_as(world.producer, on=new_context().new_page(), at="/messages/documents/new/")
    page.get_by_label("Document Type").select_option("New Business Application")
    page.get_by_label("Location and Filename").set_input_files([file("good.png", image_bytes())])
    page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'x'.repeat(64)")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_text("Reload it, then choose your files again.").wait_for()
    assert "still chosen" not in page.locator(".upload-problem").inner_text()
    assert not DocumentSubmission.objects.exists()


@pytest.mark.feature("DOC_07")
@pytest.mark.feature("HOM_08")
@pytest.mark.long
def test_staff_open_a_document_and_reject_it_with_a_reason(world, sign_in_as, assert_accessible):
    (document,) = sent(world.producer, names=("a-name-that-does-not-end-" * 5 + ".png",))
    page = sign_in_as(world.admin, at="/admin/ecomm/documentsubmission/")
    assert_accessible(page)
    room = "(() => { const e = document.querySelector('#changelist-form .results'); return e.scrollWidth - e.clientWidth })()"
    assert page.evaluate(room) <= 0, "who is on it and how long it waits is seen without scrolling sideways"
    page.get_by_role("link", name=str(document.tracking_number), exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Open the file").click()
    assert download.value.suggested_filename == document.file.name
    page.get_by_role("button", name="Reject with a reason").click()
    assert_accessible(page)
    page.get_by_role("button", name="Reject documents").click()
    page.get_by_text("Choose a common reason or say why").wait_for()
    page.get_by_label("Pages are missing. Please send the whole document.").check()
    page.get_by_role("button", name="Reject documents").click()
    page.get_by_text("1 document rejected; the sender is told.").wait_for()
    document.refresh_from_db()
    assert document.reason == "Pages are missing. Please send the whole document."


def test_when_the_connection_breaks_the_files_stay_chosen(world, sign_in_as, new_context):
    context = new_context()
    page = sign_in_as(world.producer, on=context.new_page(), at="/messages/documents/new/")
    page.get_by_label("Document Type").select_option("New Business Application")
    page.get_by_label("Location and Filename").set_input_files([file("good.png", image_bytes())])
    page.route("**/messages/documents/new/", lambda route: route.fulfill(status=413, body="too large"))
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_text("Your files are still chosen.").wait_for()
    page.unroute("**/messages/documents/new/")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("heading", name="Document Submission Confirmation").wait_for()
    assert DocumentSubmission.objects.count() == 1
