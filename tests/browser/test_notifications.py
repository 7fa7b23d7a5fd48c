"""The bell: what is unread shows in the header, also while the page stays open; opening and marking empties it."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import UserSession
from portal.common.notifications.models import Notification
from portal.common.notifications.notify import notify
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts


def tell(
    person, fact: str, *, title: str = "Dana Keller is now your delegate", url: str = "/accounts/delegates/"
) -> None:
    notify(recipient=person, kind="delegate.added", title=title, url=url, fact=fact, at=timezone.now())


def ask_now(page: Page) -> None:
    """What the page does by itself every minute and whenever somebody comes back to its window."""
    page.clock.fast_forward(60_000)


@pytest.mark.feature("HOM_06")
@with_and_without_scripts
def test_two_unread_ones_are_opened_and_marked_and_the_badge_is_gone(world, sign_in_as, new_context, scripts):
    tell(world.producer, "one")
    tell(world.producer, "two", title="You changed what Dana Keller may do for you", url="")
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())
    bell = page.locator("#bell")
    expect(bell.locator(".bell-badge")).to_have_text("2")
    bell.click()
    page.get_by_role("heading", name="Notifications", exact=True).wait_for()
    page.get_by_role("button", name="Dana Keller is now your delegate", exact=True).click()
    page.get_by_role("heading", name="My Delegates").wait_for()
    expect(bell.locator(".bell-badge")).to_have_text("1")
    bell.click()
    page.get_by_role("button", name="Mark as Read").click()
    page.get_by_text("Marked as read.").wait_for()
    expect(bell.locator(".bell-badge")).to_have_count(0)
    assert not Notification.objects.unread().exists()


@pytest.mark.feature("HOM_06")
def test_the_badge_changes_while_the_page_stays_open(world, sign_in_as, new_context):
    page = new_context(alone=True).new_page()
    page.clock.install()
    sign_in_as(world.producer, on=page)
    page.evaluate("window.stayed = true")
    bell, said = page.locator("#bell"), page.locator("#live-region")
    expect(bell.locator(".bell-badge")).to_have_count(0)
    bell.focus()
    with page.expect_response("**/notifications/bell/**") as answer:
        ask_now(page)
    assert answer.value.status == 204
    expect(said).to_be_empty()
    tell(world.producer, "one")
    ask_now(page)
    expect(bell.locator(".bell-badge")).to_have_text("1")
    expect(said).to_have_text("Notifications, 1 unread")
    expect(bell).to_be_focused()
    Notification.objects.update(read_at=timezone.now())
    ask_now(page)
    expect(bell.locator(".bell-badge")).to_have_count(0)
    expect(said).to_have_text("Notifications, 1 unread")  # fewer is no news
    assert page.evaluate("window.stayed") is True


def test_after_the_session_ended_elsewhere_the_window_goes_to_the_login_page(world, sign_in_as, new_context):
    page = new_context(alone=True).new_page()
    page.clock.install()
    sign_in_as(world.producer, on=page, at="/accounts/my-information/")
    UserSession.objects.all().delete()
    ask_now(page)
    page.wait_for_url("**/accounts/login/?next=%2Faccounts%2Fmy-information%2F")
    assert page.locator("#bell").count() == 0


def test_a_page_nobody_looks_at_does_not_ask(world, sign_in_as, new_context):
    page = new_context(alone=True).new_page()
    page.clock.install()
    page.add_init_script(
        "Object.defineProperty(document, 'visibilityState', {get: () => window.hiddenNow ? 'hidden' : 'visible'})"
    )
    sign_in_as(world.producer, on=page)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/notifications/bell/" in request.url else None)
    page.evaluate("window.hiddenNow = true")
    ask_now(page)
    ask_now(page)
    page.wait_for_timeout(300)
    assert asked == []
    page.evaluate("window.hiddenNow = false; document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_response("**/notifications/bell/**"):
        ask_now(page)
    assert asked != []


@pytest.mark.drill
def test_both_pages_are_accessible(world, sign_in_as, assert_accessible):
    tell(world.producer, "one")
    tell(world.producer, "two", title="You changed what Dana Keller may do for you", url="")
    Notification.objects.filter(dedupe_key__startswith="two").update(read_at=timezone.now())
    page = sign_in_as(world.producer)
    for address in ("/messages/notifications/", "/messages/notifications/preferences/"):
        page.goto(address)
        assert_accessible(page)
    page.set_viewport_size(PHONE)
    page.goto("/messages/notifications/")
    assert_accessible(page)
