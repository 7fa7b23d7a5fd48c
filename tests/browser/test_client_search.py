"""Finding a client by keyboard, from any page, with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from clients.services import surnames
from tests.browser.conftest import PHONE
from tests.support.factories import MemberFactory, PolicyFactory


@pytest.fixture
def book(world) -> None:
    for first, last in (("Ada", "Hanson"), ("Bea", "Hanson"), ("Cyd", "Quillington")):
        PolicyFactory(primary=MemberFactory(first_name=first, last_name=last), producer_number=world.number)
    surnames.learn_all()


def head_line(page: Page, text: str) -> None:
    page.locator(".grid-head-line", has_text=text).wait_for()


@pytest.mark.feature("SRC_07")
@pytest.mark.feature("SRC_09")
@pytest.mark.feature("SRC_17")
@pytest.mark.feature("SRC_19")
def test_a_client_is_found_from_any_page_by_keyboard_alone(world, book, sign_in_as, assert_accessible):
    page = sign_in_as(world.producer, at="/resources/")
    page.keyboard.press("/")
    expect(page.locator("#header-search")).to_be_focused()
    page.keyboard.type("hanson")
    page.keyboard.press("Enter")
    head_line(page, "1 - 2 of 2 Search Results")
    assert "anson" not in page.url
    assert_accessible(page)

    result = page.url
    page.reload()
    head_line(page, "1 - 2 of 2 Search Results")
    page.get_by_role("link", name=re.compile("^73")).first.click()
    page.get_by_role("heading", level=1, name="Ada Hanson").wait_for()
    page.get_by_role("link", name="Back to Search Results").click()
    head_line(page, "1 - 2 of 2 Search Results")
    assert page.url == result

    page.keyboard.press("/")
    page.keyboard.type("Quilington")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody is called exactly what you typed.").wait_for()
    head_line(page, "1 - 1 of 1 Search Results")

    page.get_by_role("link", name="Change Search").click()
    page.get_by_text("provides the best results").wait_for()
    page.get_by_label("Client Last Name").fill("hans")
    page.keyboard.press("Enter")
    head_line(page, "1 - 2 of 2 Search Results")
    page.go_back()
    page.get_by_role("link", name="Clear All").click()
    assert page.get_by_label("Client Last Name").input_value() == ""
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_text("Fill in at least one field.").wait_for()
    assert_accessible(page)
    page.set_viewport_size(PHONE)
    assert_accessible(page)

    page.goto("/")
    page.get_by_role("button", name="Grace Period", exact=True).click()
    head_line(page, "Search Results")
    assert_accessible(page)


@pytest.mark.long
def test_the_searches_work_without_scripts(world, book, new_context, sign_in_as):
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=False).new_page())
    page.locator("#header-search").fill("Hanson")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".grid-head-line")).to_have_text("1 - 2 of 2 Search Results")
    page.get_by_role("link", name="Change Search").click()
    page.get_by_label("Client First Name").fill("Bea")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".grid-head-line")).to_have_text("1 - 1 of 1 Search Results")
