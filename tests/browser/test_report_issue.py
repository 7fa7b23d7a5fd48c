"""Reporting an issue from a client's page, with a screenshot from the clipboard; the Messages page and its menu."""

import base64

import pytest
from playwright.sync_api import Page, expect

from ecomm.models import IssueReport
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import IssueReportFactory
from tests.support.uploads import png

PASTE = """b64 => {
  const bytes = Uint8Array.from(atob(b64), sign => sign.charCodeAt(0));
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
  document.querySelector('[name=steps]').dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    settings.UPLOADS_ROOT = tmp_path / "uploads"
    settings.UPLOADS_SCANNER = ""


def start_from_client(page: Page, account_number: str) -> None:
    page.goto(f"/clients/{account_number}/")
    page.get_by_text("Account menu.").locator("xpath=ancestor::summary").click()
    page.locator(".menu-panel").get_by_role("link", name="Report an Issue").click()
    page.get_by_role("heading", name="Report an Issue").wait_for()


def fill(page: Page) -> None:
    page.get_by_label("Detailed Description of Issue/Error Message").fill("Something went wrong on our side.")
    page.get_by_label("Steps taken prior to receiving the error").fill("Opened the client's page.")
    page.get_by_label("Client/Contact Name").fill("Tanya Washington")
    page.get_by_label("Product Type").select_option("ACA Medical")


@pytest.mark.feature("ISS_01")
@with_and_without_scripts
def test_from_a_clients_page_to_the_support_mailbox(world, sign_in_as, new_context, settings, scripts):
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())
    start_from_client(page, world.account_number)
    assert page.get_by_label("Page").input_value() == f"/clients/{world.account_number}/"
    assert page.get_by_label("Record number").input_value() == world.account_number
    assert page.get_by_label("State").input_value() == "IL"
    fill(page)
    picture = png("screenshot.png").read()
    if scripts:
        page.wait_for_load_state()
        page.evaluate(PASTE, base64.b64encode(picture).decode())
        page.get_by_text("Pasted: screenshot.png").first.wait_for()
    else:
        page.get_by_label("Full Screen Screenshot").set_input_files(
            {"name": "screenshot.png", "mimeType": "image/png", "buffer": picture}
        )
    page.get_by_role("button", name="Send Report").click()
    page.get_by_text("Thank you. Your report has been sent. Its number is").wait_for()
    report = IssueReport.objects.get()
    page.get_by_role("heading", name=f"Report {report.number}").wait_for()
    outbox.sweep()
    email = MailboxEntry.objects.filter(to=settings.SUPPORT_EMAIL).get()
    assert email.attachments == ["screenshot.png"]
    for said in (str(report.number), "Tanya Washington", f"/clients/{world.account_number}/", "ACA Medical"):
        assert said in email.body


@pytest.mark.feature("EQ_08")
@pytest.mark.feature("HOM_03")
def test_the_messages_page_and_its_menu_on_a_desk_and_on_a_phone(world, sign_in_as, page):
    sign_in_as(world.producer)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Messages").click()
    menu = page.get_by_role("navigation", name="Messages")
    for name in ("New E-Question", "View My E-Questions", "Document Submission", "View Submitted Documents"):
        expect(menu.get_by_role("link", name=name, exact=True)).to_be_visible()
        expect(page.get_by_role("main").get_by_role("link", name=name, exact=True)).to_be_visible()
    menu.get_by_text("Show less").click()
    expect(menu.get_by_role("link", name="New E-Question")).to_be_hidden()
    page.goto("/clients/")
    clients = page.get_by_role("navigation", name="Clients")
    expect(clients.get_by_role("link", name="Client Search")).to_be_hidden()
    clients.get_by_text("Show more").click()
    expect(clients.get_by_role("link", name="Client Search")).to_be_visible()
    page.set_viewport_size(PHONE)
    page.goto("/messages/")
    expect(page.get_by_role("navigation", name="Messages")).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    drawer = page.locator("#site-nav")
    drawer.get_by_role("link", name="Report an Issue").click()
    page.get_by_role("heading", name="Report an Issue").wait_for()


@pytest.mark.drill
def test_the_pages_are_accessible(world, sign_in_as, page, assert_accessible):
    IssueReportFactory(reported_by=world.producer, number=2001, closed=True)
    IssueReportFactory(reported_by=world.producer, number=2002)
    sign_in_as(world.producer)
    for address in (
        "/messages/",
        "/messages/report-an-issue/",
        "/messages/report-an-issue/mine/",
        "/messages/report-an-issue/2001/",
        "/nowhere/",
    ):
        page.goto(address)
        assert_accessible(page)
    page.goto("/messages/report-an-issue/")
    page.get_by_role("button", name="Send Report").click()
    page.get_by_text("Please check what you entered").wait_for()
    assert_accessible(page)
