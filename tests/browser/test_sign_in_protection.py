"""In a real browser: log in with an authenticator app, be remembered, be warned before the session ends."""

import base64
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from accounts.models import AuthenticatorDevice, User, UserSession
from portal.common import outbox
from portal.common.models import MailboxEntry
from tests.browser.conftest import PHONE
from tests.support.factories import PASSWORD


def app_code(user: User, *, steps: int = 0) -> str:
    key = base64.b32decode(AuthenticatorDevice.objects.get(user=user).secret)
    return f"{totp(key, drift=steps):06d}"


def give_password(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()


def log_out(page: Page) -> None:
    page.goto("/")
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("button", name="Logout").click()


@pytest.mark.feature("LOG_08")
@pytest.mark.long
def test_set_up_an_authenticator_app_and_log_in_with_it(world, sign_in_as, assert_accessible):
    page = sign_in_as(world.producer)
    page.locator("summary", has_text="Account menu").click()
    page.get_by_role("link", name="My Information").click()
    assert_accessible(page)
    page.get_by_role("link", name="Set Up Authenticator App").click()
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    assert_accessible(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Set Up").click()
    assert page.locator("svg.qr-code").bounding_box()["width"] > 150
    assert_accessible(page)
    page.get_by_label("Code the app shows now").fill(app_code(world.producer, steps=-1))
    page.get_by_role("button", name="Finish Set-Up").click()
    page.get_by_role("heading", name="Your Recovery Codes").wait_for()
    recovery_code = page.locator(".recovery-codes code").first.inner_text()
    assert_accessible(page)

    log_out(page)
    give_password(page, world.producer)
    expect(page.get_by_role("button", name="Send Code")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_label("Authenticator app").check()
    expect(page.get_by_role("button", name="Send Code")).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("button", name="Next").click()
    assert_accessible(page)
    page.get_by_label("Code of your authenticator app").fill(app_code(world.producer))
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Welcome, ").wait_for()

    log_out(page)
    give_password(page, world.producer)
    page.get_by_label("One of my recovery codes").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Recovery code").fill(recovery_code)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Welcome, ").wait_for()


@pytest.mark.feature("DEV_01")
@pytest.mark.feature("DEV_03")
@pytest.mark.feature("LOG_01")
def test_a_remembered_device_and_the_explanation_of_its_checkbox(world, page, assert_accessible):
    give_password(page, world.producer)
    page.get_by_role("button", name="Send Code").click()
    code = page.locator("[name=code]")
    code.wait_for()
    tip = page.get_by_role("tooltip")
    expect(tip).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Remember this device for 30 days")).to_be_focused()
    expect(tip).to_be_visible()
    assert_accessible(page)
    code.focus()
    expect(tip).to_be_hidden()
    page.get_by_text("Remember this device for 30 days").hover()
    expect(tip).to_be_visible()
    tip.hover()  # the pointer may go onto the explanation itself
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(0, 0)
    page.get_by_text("Remember this device for 30 days").hover()
    expect(tip).to_be_visible()
    page.get_by_label("Remember this device for 30 days").check()
    outbox.sweep()
    code.fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("heading", name="Welcome, ").wait_for()
    log_out(page)
    give_password(page, world.producer)
    page.get_by_role("heading", name="Welcome, ").wait_for()
    page.goto("/accounts/devices/")
    page.get_by_role("button", name=re.compile("^Forget .*, remembered")).click()
    page.get_by_text("No device is remembered").wait_for()
    assert_accessible(page)


def seen_ago(user: User, seconds: int) -> None:
    UserSession.objects.filter(user=user).update(last_seen_at=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.parametrize(("who", "where"), [("producer", "/clients/"), ("admin", "/admin/accounts/producer/")])
@pytest.mark.sampled(1)
def test_before_an_idle_session_ends_one_key_keeps_it(who, where, world, sign_in_as, assert_accessible, settings):
    settings.SESSION_WARNING_SECONDS = 898
    person = getattr(world, who)
    page = sign_in_as(person, at=where)
    seen_ago(person, 30)
    dialog = page.get_by_role("alertdialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    expect(page.get_by_role("button", name="Stay Logged In")).to_be_focused()
    expect(dialog).to_contain_text(re.compile(r"14:[0-3]\d"))
    assert_accessible(page)
    settings.SESSION_WARNING_SECONDS = 120
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert (timezone.now() - UserSession.objects.get().last_seen_at).total_seconds() < 10
    assert page.url.endswith(where)


def test_after_an_idle_session_ended_the_page_goes_to_the_login_and_comes_back(world, sign_in_as, settings):
    settings.SESSION_WARNING_SECONDS = 895
    page = sign_in_as(world.producer)
    page.set_viewport_size(PHONE)
    page.goto("/clients/")
    seen_ago(world.producer, 899)
    page.wait_for_url("**/accounts/login/?next=*", timeout=20_000)
    page.get_by_text("because nothing happened for 15 minutes").wait_for()
    settings.SESSION_WARNING_SECONDS = 120
    page.get_by_label("Username").fill(world.producer.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log In").click()
    page.get_by_role("button", name="Send Code").click()
    page.locator("[name=code]").wait_for()
    outbox.sweep()
    page.locator("[name=code]").fill(MailboxEntry.objects.latest("id").code)
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/clients/")
