"""The guided tour as a new producer meets it: by keyboard, ended by Escape, not in the way (ADR 0033)."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.support.factories import UserFactory

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
@pytest.mark.sampled(1)
def test_a_new_producer_walks_through_it_by_keyboard(db, page, sign_in_as, assert_accessible, size):
    person = UserFactory(tour=User.Tour.TO_OFFER)
    if size:
        page.set_viewport_size(size)
    sign_in_as(person)
    page.wait_for_load_state("load")
    card = page.locator("[data-tour]")
    expect(card).to_contain_text("New here?")
    assert page.evaluate("document.activeElement === document.body")  # it takes nobody's focus
    page.get_by_role("link", name="Take the tour").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("status")).to_have_text("Step 1 of 5")
    expect(card.get_by_role("heading", name="Find a client")).to_be_focused()
    expect(page.locator(".tour-here")).to_be_visible()
    assert_accessible(page)
    # What somebody types meanwhile is theirs, Escape included.
    page.locator("#header-search").fill("Okafor")
    page.keyboard.press("Escape")
    expect(card).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).press("Enter")
    expect(card.get_by_role("heading", name="Quote & Enroll")).to_be_focused()
    expect(page.locator(".tour-here")).to_have_attribute(*(("aria-label", "Menu") if size else ("href", "/enroll/")))
    with page.expect_response("**/accounts/tour/end/") as told:
        page.keyboard.press("Escape")
    assert told.value.status == 204
    expect(card).to_have_count(0)
    expect(page.locator(".tour-here")).to_have_count(0)
    expect(page.locator("#live-region")).to_contain_text("Guided Tour")
    page.reload()
    expect(page.locator("h1")).to_be_visible()
    expect(card).to_have_count(0)
    person.refresh_from_db()
    assert person.tour == User.Tour.SKIPPED


def test_it_is_started_again_from_the_account_menu_and_finished(db, page, sign_in_as):
    person = UserFactory(tour=User.Tour.SKIPPED)
    sign_in_as(person)
    page.wait_for_load_state("load")
    page.locator(".account-name").click()
    page.get_by_role("link", name="Guided Tour").click()
    page.get_by_role("link", name="Show me on Home").click()
    card = page.locator("[data-tour]")
    expect(card.get_by_role("status")).to_have_text("Step 1 of 5")
    for _step in range(4):
        page.get_by_role("button", name="Next", exact=True).click()
    with page.expect_response("**/accounts/tour/end/"):
        page.get_by_role("button", name="Finish").click()
    expect(card).to_have_count(0)
    person.refresh_from_db()
    assert person.tour == User.Tour.FINISHED
