"""The portal with the keyboard alone: Tab, Enter, Space and the arrows, and the whole of an enrollment without scripts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from playwright.sync_api import Locator, Page, expect

from clients.models import MedicalGroup
from ecomm.models import DocumentSubmission, DocumentType
from enrollment.models import Application
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.support import catalog as small
from tests.support.documents import image_bytes
from tests.support.factories import PASSWORD
from tests.support.quotes import NOW
from tests.support.registering import NPN, NUMBER, ZIP, publish_terms, rita
from tests.support.wizard import load_tables

STOPS_AT_MOST = 200
GROUP = "124"


@dataclass
class Hands:
    """Somebody who has no mouse: what cannot be reached with Tab cannot be used."""

    page: Page

    def go_to(self, target: Locator) -> None:
        """Press Tab until the focus is there."""
        target.wait_for()
        self.page.wait_for_load_state("load")
        for _ in range(STOPS_AT_MOST):
            if target.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    def press(self, target: Locator) -> None:
        """Follow a link or press a button."""
        self.go_to(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self.go_to(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tick(self, target: Locator) -> None:
        self.go_to(target)
        if not target.is_checked():
            self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def choose(self, target: Locator, label: str) -> None:
        """An option of a list: by its first letters, as people do."""
        self.go_to(target)
        self.page.keyboard.type(label)
        expect(target.locator("option:checked")).to_have_text(re.compile(f"^{re.escape(label)}"))

    def pick(self, target: Locator) -> None:
        """One of several round buttons: Tab reaches the group, the arrows the button."""
        target.wait_for()
        name = target.get_attribute("name")
        for _ in range(STOPS_AT_MOST):
            if self.page.evaluate("document.activeElement.name") == name:
                break
            self.page.keyboard.press("Tab")
        for _ in range(20):
            if self.page.evaluate("document.activeElement.value") == target.get_attribute("value"):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first

    def field(self, name: str) -> Locator:
        return self.page.locator(f'[name="{name}"]').first


def newest_code() -> str:
    outbox.sweep()
    return MailboxEntry.objects.exclude(code="").latest("id").code


@pytest.mark.feature("LOG_02")
@pytest.mark.feature("SRC_01")
@pytest.mark.feature("DOC_05")
def test_from_the_login_to_a_client_and_a_document_sent(world, page):
    DocumentType.objects.get_or_create(code="other-documents", defaults={"label": "Other Documents"})
    hands = Hands(page)
    page.goto("/accounts/login/")
    hands.write(page.get_by_label("Username"), world.producer.username)
    hands.write(page.get_by_label("Password"), PASSWORD)
    hands.press(hands.button("Log In"))
    hands.press(hands.button("Send Code"))
    page.locator("[name=code]").wait_for()
    hands.write(page.locator("[name=code]"), newest_code())
    hands.press(hands.button("Submit"))
    page.get_by_role("heading", name="Welcome, Rita Solberg").wait_for()

    # The first stop of every page leads past the header.
    page.wait_for_load_state("load")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    hands.write(page.get_by_label("Number"), world.account_number)
    page.keyboard.press("Enter")
    hands.press(page.get_by_role("link", name=world.account_number))
    page.get_by_role("heading", name="Tanya Washington").wait_for()

    hands.press(page.get_by_role("navigation", name="Main").get_by_role("link", name="Messages"))
    hands.press(page.get_by_role("navigation", name="Messages").get_by_role("link", name="Document Submission"))
    page.get_by_role("heading", name="Document Submission").wait_for()
    hands.write(page.get_by_label("Account Number"), world.account_number)
    hands.choose(page.get_by_label("Document Type"), "Other Documents")
    hands.go_to(page.get_by_label("Location and Filename"))
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Space")
    choosing.value.set_files({"name": "letter.png", "mimeType": "image/png", "buffer": image_bytes()})
    hands.press(hands.button("Submit"))
    page.get_by_role("heading", name="Document Submission Confirmation").wait_for()
    assert DocumentSubmission.objects.get().file.name == "letter.png"


@pytest.mark.drill
@pytest.mark.feature("REG_01")
def test_registering(page):
    publish_terms()
    rita()
    hands = Hands(page)
    page.goto("/accounts/login/")
    hands.press(page.get_by_role("link", name="New User? Register Here"))
    page.get_by_role("heading", name="Terms of Use").wait_for()
    hands.press(hands.button("Accept"))
    hands.write(hands.field("producer_number"), NUMBER)
    hands.write(hands.field("npn"), NPN)
    hands.write(hands.field("zip"), ZIP)
    hands.press(hands.button("Continue"))
    page.get_by_role("heading", name="Create Your Secure Login.").wait_for()
    hands.write(hands.field("username"), "rsolberg7")
    hands.write(hands.field("password"), PASSWORD)
    hands.press(hands.button("Create Login"))
    page.get_by_text("xxxlberg@record.example").wait_for()
    outbox.sweep()
    body = MailboxEntry.objects.latest("id").body
    page.goto(next(line for line in body.splitlines() if "/register/confirm/" in line).strip())
    hands.press(hands.button("Confirm Your Email Address"))
    page.get_by_role("link", name="Return to Log In").wait_for()


@pytest.fixture
def catalog(world) -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        load_tables()
        small.build_small()
        MedicalGroup.objects.create(number=GROUP, us_state="IL", name="Lakeside Group", effective_date=NOW.date())
        yield


@pytest.mark.drill
@pytest.mark.feature("QUO_01")
@pytest.mark.feature("WIZ_04")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_household_to_the_submitted_application(catalog, world, sign_in_as, new_context, scripts):
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page(), at="/enroll/quotes/new/")
    hands = Hands(page)
    hands.write(page.get_by_label("First Name").first, "Nadia")
    hands.write(page.get_by_label("Last Name").first, "Brandt")
    hands.write(page.get_by_label("Date of Birth").first, "04/12/1988")
    hands.choose(page.get_by_label("Sex").first, "Female")
    hands.choose(page.get_by_label("Tobacco Use").first, "No")
    hands.write(page.get_by_label("ZIP Code"), "60601")
    page.keyboard.press("Tab")
    if scripts:  # the days of the state come in
        page.get_by_text("apply by 12/15/2026").first.wait_for()
    hands.pick(page.get_by_label("01/01/2027, Open Enrollment"))
    hands.press(hands.button("View Plans"))
    page.get_by_role("heading", name="View Plans").wait_for()
    hands.tick(page.get_by_label("Off Exchange for Advantage Plus Silver HMO 104"))
    if scripts:
        page.get_by_text("1 plan selected").first.wait_for()
    hands.press(hands.button("Review Selected Plans"))
    page.get_by_role("heading", name="Review Selected Plans").wait_for()
    hands.press(hands.button("Enroll in Selected Plans"))
    page.wait_for_url("**/general/")

    def go_on(leads_to: str) -> None:
        hands.press(hands.button("Next"))
        page.wait_for_url(f"**/{leads_to}/")

    hands.pick(page.locator('[name="special-special_enrollment"][value="no"]'))
    hands.press(hands.button("Calculate Effective Date"))
    page.get_by_text("The effective date is 01/01/2027.").wait_for()
    go_on("applicant")
    hands.pick(page.locator('[name="authorization-authorization"][value="PAPER"]'))
    hands.write(hands.field("personal-ssn"), "212-55-0001")
    if scripts:
        hands.tick(page.get_by_label("Enter in address manually"))
    hands.write(hands.field("home-address_1"), "12 Lake St")
    hands.write(hands.field("home-city"), "Chicago")
    hands.write(hands.field("home-zip"), "60601")
    hands.pick(page.locator('[name="mailing-mailing_differs"][value="no"]'))
    hands.write(hands.field("contact-phone"), "6305550142")
    hands.pick(page.locator('[name="contact-phone_type"][value="MOBILE"]'))
    hands.write(hands.field("contact-email"), "nadia@mail.example")
    go_on("household")
    go_on("plans")
    hands.tick(page.get_by_label("I/we already have coverage for pediatric dental"))
    hands.write(page.get_by_label("Primary (Nadia Brandt)"), GROUP)
    go_on("coverage")
    go_on("signatures")
    hands.pick(page.locator('[name="payment-payment_choice"][value="LATER"]'))
    hands.press(hands.button("Submit Application"))
    if not scripts:
        page.wait_for_load_state()
    page.get_by_text("With the member system").first.wait_for()
    assert Application.objects.get().submissions.count() == 1
