"""Pay Now in a new tab on the payment portal's own origin, and back with the Payment Status (PAY_01..10)."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer
from clients.models import MemberChange
from enrollment.models import Payment
from enrollment.services import submission
from portal.common import outbox
from tests.browser.conftest import PHONE
from tests.support.applications import ready_application
from tests.support.payment_process import everything_kept, numbers_kept, payment_portal
from tests.support.payment_service import SECRET

CARD, DECLINED, ACCOUNT = "4111111111111111", "4000000000000002", "000123456789"


@pytest.fixture
def service(settings, live_server, tmp_path):
    with payment_portal(tmp_path) as running:
        settings.PAYMENT_GATEWAY = "simulated"
        settings.PAYMENT_SERVICE_URL = running.url
        settings.PAYMENT_SERVICE_SECRET = SECRET
        settings.PAYMENT_CALLBACK_URL = ""
        settings.PORTAL_URL = live_server.url
        yield running


@pytest.fixture
def application(world, service, monkeypatch):
    monkeypatch.setattr(submission, "missing_of", lambda wizard: [])
    row = ready_application(world.number, world.producer, payment_choice="NOW")
    submission.submit(application=row, by=world.producer, at=timezone.now(), form_key="submit-key-0123456789")
    return row


def open_portal(page: Page, application) -> Page:
    """From Application Details over Pay Now to the payment portal in a new tab."""
    page.goto(f"/enroll/applications/{application.record_number}/")
    page.get_by_role("link", name="Pay Now").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the Payment Portal").click()
    tab = opened.value
    tab.wait_for_url("**/pay/pay_*/")
    return tab


def enter_card(tab: Page, digits: str) -> None:
    tab.get_by_label("Card Number").fill(digits)
    tab.get_by_label("Expiration Month").select_option("12")
    tab.get_by_label("Expiration Year").select_option(str(datetime.now(UTC).year + 3))
    tab.get_by_label("Security Code (CVV)").fill("737")
    tab.get_by_label("I understand and accept").check()
    tab.get_by_role("button", name="Review Payment Details").click()
    tab.get_by_role("heading", name="Review Payment Details").wait_for()


def submit(tab: Page) -> None:
    tab.get_by_label("I agree payments may be taken").check()
    tab.get_by_role("button", name="Submit Payment and Proceed").click()


def until(state: str) -> Payment:
    """The payment, once the payment portal has told the portal so."""
    deadline = time.monotonic() + 30
    while (payment := Payment.objects.latest("id")).state != state:
        assert time.monotonic() < deadline, f"{payment.state} and not {state}"
        outbox.sweep()
        time.sleep(0.1)
    return payment


def accept() -> None:
    for change in MemberChange.objects.filter(kind="ENROLL", status="PENDING").order_by("id"):
        settle.take_answer(change.pk, Answer(accepted=True, reference="X-1"), now=timezone.now())


@pytest.mark.feature("PAY_01")
@pytest.mark.feature("PAY_04")
@pytest.mark.feature("PAY_05")
@pytest.mark.feature("PAY_07")
@pytest.mark.feature("PAY_09")
@pytest.mark.feature("PAY_10")
@pytest.mark.long
def test_a_card_pays_first_a_bank_account_later_and_nobody_keeps_a_number(
    world, application, service, sign_in_as, assert_accessible, caplog
):
    caplog.set_level("DEBUG")
    page = sign_in_as(world.producer)
    tab = open_portal(page, application)
    assert tab.url.startswith(service.url)
    assert {cookie["name"] for cookie in tab.context.cookies(tab.url)} == {
        "payment_access",
        "payment_csrf",
        "payment_language",
    }
    assert_accessible(tab)

    tab.get_by_role("button", name="Español").click()
    tab.get_by_role("heading", name="Hacer un pago").wait_for()
    tab.get_by_role("button", name="English").click()
    tab.get_by_role("heading", name="Make a Payment").wait_for()
    expect(tab.get_by_label("Card Number")).to_be_hidden()
    tab.get_by_label("Payment Method").select_option("New Card")
    tab.get_by_label("Set up Autopay").check()
    tab.get_by_label("Checking").locator("visible=true").check()
    for label, digits in (
        ("Routing Number", "110000000"),
        ("Account Number", ACCOUNT),
        ("Confirm Account Number", ACCOUNT),
    ):
        tab.get_by_label(label, exact=True).locator("visible=true").or_(
            tab.get_by_label(f"{label}*", exact=True).locator("visible=true")
        ).fill(digits)
    tab.get_by_label("I agree to the Autopay agreement.").check()
    assert_accessible(tab)
    enter_card(tab, CARD)
    assert_accessible(tab)
    tab.get_by_text("Visa ending in 1111").wait_for()
    confirmation = tab.locator("dt", has_text="Payment Confirmation Number").locator("+ dd").inner_text()
    assert Payment.objects.latest("id").state == "STARTED", "a confirmation number is no payment"
    tab.get_by_role("link", name="Cancel").click()
    tab.get_by_role("heading", name="Are you sure you want to cancel?").wait_for()
    assert_accessible(tab)
    tab.get_by_role("button", name="No, Don't Cancel").click()

    submit(tab)
    tab.wait_for_url(f"**/enroll/applications/{application.record_number}/")
    assert until("HELD").confirmation == confirmation
    tab.get_by_text("It is taken once the application has been accepted.").wait_for()
    accept()
    settled = until("SETTLED")
    assert (settled.method_kind, settled.method_last4) == ("card", "1111")
    tab.reload()
    tab.get_by_text("The payment was successful.").wait_for()
    tab.get_by_text("Autopay is on, from the bank account ending in 6789").wait_for()
    assert_accessible(tab)

    logs = [("log of the portal", caplog.text), ("log of the payment portal", service.log.read_text())]
    kept = [*everything_kept(service.folder, Path(portal_settings.UPLOADS_ROOT)), *logs]
    tables = {where for where, _text in kept}
    assert {"enrollment_payment", "common_auditevent", "common_mailboxentry", "common_outboxmessage"} <= tables
    assert "1111" in "".join(text for _where, text in kept), "the search would find it"
    assert numbers_kept(kept, [CARD, ACCOUNT]) == []


@pytest.mark.drill
@pytest.mark.feature("PAY_02")
@pytest.mark.feature("PAY_08")
def test_without_scripts_a_declined_card_is_told_and_cancelling_leaves_the_bill(
    world, application, service, sign_in_as, new_context
):
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=False, viewport=PHONE).new_page())
    tab = open_portal(page, application)
    tab.get_by_label("Payment Method").select_option("New Card")
    tab.get_by_role("button", name="Review Payment Details").click()
    tab.get_by_role("link", name="Enter the card number: 13 to 19 digits.").wait_for()
    enter_card(tab, DECLINED)
    submit(tab)
    tab.get_by_text("The card was declined. Nothing was charged.").wait_for()
    assert tab.get_by_label("Card Number").input_value() == ""
    tab.get_by_role("link", name="Cancel").click()
    tab.wait_for_url("**/cancel/")
    tab.get_by_role("button", name="Yes, Cancel").click()
    tab.wait_for_url(f"**/enroll/applications/{application.record_number}/")
    until("CANCELLED")
    tab.reload()
    tab.get_by_text("The payment was cancelled. The application is not; the client is billed by mail.").wait_for()
    application.refresh_from_db()
    assert application.status == "COMPLETED"
