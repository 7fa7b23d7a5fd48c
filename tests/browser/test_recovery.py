"""Getting back in without username or password, and keeping the own profile."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import LoginGuard, Producer
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.browser.conftest import PHONE
from tests.support.factories import ProducerNumberFactory
from tests.support.world import World

NEW = "Cobalt*Wharf93"
ADDRESS = {"address_1": "1 Main St", "city": "Dallas", "address_state": "TX", "zip": "75201", "phone": "2145550100"}


@pytest.fixture
def mailbox(world) -> str:
    """The address on the record of the producer."""
    Producer.objects.filter(pk=world.producer.producer_id).update(
        record_email="rita.solberg@agency.example", record_mobile="3125550001"
    )
    return "rita.solberg@agency.example"


def newest_code() -> str:
    outbox.sweep()
    return MailboxEntry.objects.exclude(code="").latest("id").code


def step(page: Page, label: str) -> None:
    page.locator(".steps [aria-current=step]", has_text=label).wait_for()


def recover(page: Page, world: World) -> None:
    """The four steps, from the login page back to it."""
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot Password").click()
    step(page, "Find Account")
    page.get_by_label("Username").fill(world.producer.username)
    page.get_by_role("button", name="Find Account").click()
    step(page, "Get Verification Code")
    page.get_by_label("Send me a text message to xxxxxx0001").check()
    page.get_by_role("button", name="Send Code").click()
    step(page, "Enter Verification Code")
    page.get_by_role("textbox", name="Verification code").fill("WRONGONE")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("This code is not right. You have 4 tries left.").first.wait_for()
    page.get_by_role("textbox", name="Verification code").fill(newest_code())
    page.get_by_role("button", name="Continue").click()
    step(page, "Create New Password")
    page.locator("#id_new_password").fill("cobalt")
    page.get_by_label("Confirm New Password").fill("cobalt")
    page.get_by_role("button", name="Update Password").click()
    page.get_by_text("Use 8 to 40 characters.").first.wait_for()
    page.locator("#id_new_password").fill(NEW)
    page.get_by_label("Confirm New Password").fill(NEW)
    page.get_by_role("button", name="Update Password").click()
    page.get_by_text("Your password has been updated. Please log in with your new password.").wait_for()


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log In").click()
    page.get_by_label("email").first.check()
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    page.locator("[name=code]").fill(newest_code())
    page.get_by_role("button", name="Submit").click()


@pytest.mark.feature("FPW_01")
@pytest.mark.feature("FPW_05")
@pytest.mark.feature("FPW_08")
@pytest.mark.feature("LCK_03")
def test_a_locked_producer_recovers_and_gets_home_with_the_new_password(world, mailbox, page):
    page.goto("/accounts/login/")
    for _ in range(5):
        page.get_by_label("Username").fill(world.producer.username)
        page.get_by_label("Password").fill("wrong#Word1")
        page.get_by_role("button", name="Log In").click()
        page.get_by_role("alert").first.wait_for()
    assert LoginGuard.objects.get(username_key=world.producer.username).locked_until is not None
    recover(page, world)
    log_in(page, world.producer.username, NEW)
    page.get_by_role("heading", name="Welcome, Rita Solberg").wait_for()


@pytest.mark.drill
@pytest.mark.feature("FPW_05")
def test_recovery_and_profile_work_without_javascript(world, mailbox, new_context):
    page = new_context(java_script_enabled=False).new_page()
    recover(page, world)
    log_in(page, world.producer.username, NEW)
    page.get_by_role("heading", name="Welcome, Rita Solberg").wait_for()
    page.goto("/accounts/profile/")
    for label, value in (("Address 1", "1489 E Ogden Ave"), ("City", "Naperville"), ("Zip Code", "60563")):
        page.get_by_label(label).fill(value)
    page.get_by_label("State", exact=False).last.select_option("IL")
    page.get_by_label("Phone").fill("312-555-0142")
    page.get_by_label("E-mail Address").fill("office@harbor.example")
    page.get_by_role("button", name="Update Profile").click()
    page.get_by_text("Your profile has been updated.").wait_for()


@pytest.mark.feature("FUN_02")
@pytest.mark.feature("FUN_04")
@pytest.mark.feature("FUN_05")
def test_a_forgotten_username_comes_by_email(world, mailbox, page, settings):
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot Username").click()
    page.get_by_label("Email Address").fill("rita")
    page.get_by_role("button", name="Send Email").click()
    page.get_by_text("Please enter a valid email address.").first.wait_for()
    page.get_by_label("Email Address").fill(mailbox)
    page.get_by_role("button", name="Send Email").click()
    page.get_by_text(f"If an account exists for {mailbox}").wait_for()
    page.get_by_role("main").get_by_role("link", name=settings.SUPPORT_PHONE).wait_for()
    page.get_by_role("button", name="Resend Email").click()
    page.get_by_text("We have sent the email again").wait_for()
    outbox.sweep()
    letters = MailboxEntry.objects.filter(to=mailbox)
    assert [world.producer.username in letter.body for letter in letters] == [True, True]
    page.get_by_role("link", name="OK", exact=True).click()
    page.get_by_role("button", name="Log In").wait_for()


@pytest.mark.feature("PRF_01")
@pytest.mark.feature("PRF_04")
@pytest.mark.feature("PRF_09")
@pytest.mark.long
def test_a_producer_of_two_states_edits_one_profile_after_the_other(world, sign_in_as):
    ProducerNumberFactory(
        producer=world.producer.producer, number="300200100", us_state="TX", company_name="Gulf Cover", **ADDRESS
    )
    page = sign_in_as(world.producer)
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("link", name="Edit Profile").click()
    page.get_by_label("State and producer number").select_option("300200100")
    page.get_by_role("heading", name="Business Contact: Texas - 300200100 - Gulf Cover").wait_for()
    page.get_by_label("Company Name").fill("Gulf Cover LLC")
    page.get_by_label("E-mail Address").fill("office@gulf.example")
    page.get_by_role("button", name="Update Profile").click()
    page.get_by_text("Your profile has been updated.").wait_for()
    page.get_by_role("link", name="Back to Profile Page").click()
    page.get_by_role("heading", name="Business Contact: Texas - 300200100 - Gulf Cover LLC").wait_for()


@pytest.mark.feature("PRF_06")
@pytest.mark.feature("PRF_07")
@pytest.mark.long
def test_after_a_change_of_password_one_logs_in_again(world, sign_in_as):
    page = sign_in_as(world.producer, at="/accounts/profile/")
    page.get_by_role("link", name="Change Password").click()
    page.get_by_label("Current Password").fill("Harbor#Kite58")
    page.locator("#id_new_password").fill(NEW)
    page.locator(".password-rules [data-state=broken]").first.wait_for(state="detached")
    page.get_by_label("Confirm New Password").fill(NEW)
    page.get_by_role("button", name="Update Password").click()
    page.get_by_text("Your password has been updated.").wait_for()
    page.goto("/")
    page.get_by_role("button", name="Log In").wait_for()


@pytest.mark.drill
def test_every_page_of_recovery_is_accessible(world, mailbox, page, assert_accessible):
    page.goto("/accounts/forgot-username/")
    assert_accessible(page)
    page.get_by_role("button", name="Send Email").click()
    page.get_by_text("Enter the email address").first.wait_for()
    assert_accessible(page)
    page.get_by_label("Email Address").fill(mailbox)
    page.get_by_role("button", name="Send Email").click()
    page.get_by_text("If an account exists").wait_for()
    assert_accessible(page)
    page.goto("/accounts/forgot-password/")
    assert_accessible(page)
    page.get_by_label("Username").fill(world.producer.username)
    page.get_by_role("button", name="Find Account").click()
    step(page, "Get Verification Code")
    assert_accessible(page)
    page.get_by_role("button", name="Send Code").click()
    step(page, "Enter Verification Code")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Enter the code we sent you.").last.wait_for()
    assert_accessible(page)
    page.get_by_role("textbox", name="Verification code").fill(newest_code())
    page.get_by_role("button", name="Continue").click()
    step(page, "Create New Password")
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_accessible(page)


@pytest.mark.drill
def test_the_unlock_page_is_accessible(world, mailbox, page, assert_accessible):
    now = timezone.now()
    LoginGuard.objects.create(
        username_key=world.producer.username, failures=5, last_failure_at=now, locked_until=now + timedelta(minutes=30)
    )
    page.goto("/accounts/forgot-username/")
    page.get_by_label("Email Address").fill(mailbox)
    page.get_by_role("button", name="Send Email").click()
    page.get_by_text("If an account exists").wait_for()
    outbox.sweep()
    body = MailboxEntry.objects.latest("id").body
    page.goto(next(word for word in body.split() if "/unlock/" in word))
    assert_accessible(page)
    page.get_by_role("button", name="Unlock").click()
    page.get_by_text("Your account is unlocked.").wait_for()


@pytest.mark.drill
def test_the_profile_pages_are_accessible(world, sign_in_as, assert_accessible):
    ProducerNumberFactory(producer=world.producer.producer, number="300200100", us_state="TX", **ADDRESS)
    page = sign_in_as(world.producer, at="/accounts/profile/?number=300200100")
    assert_accessible(page)
    page.get_by_role("button", name="Update Profile").click()
    page.get_by_text("Enter an email address.").first.wait_for()
    assert_accessible(page)
    page.get_by_label("E-mail Address").fill("office@gulf.example")
    page.get_by_role("button", name="Update Profile").click()
    page.get_by_text("Your profile has been updated.").wait_for()
    assert_accessible(page)
    page.goto("/accounts/profile/password/")
    page.locator("#id_new_password").fill("cobalt")
    page.get_by_role("button", name="Update Password").click()
    page.get_by_text("Enter your current password.").first.wait_for()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_accessible(page)
