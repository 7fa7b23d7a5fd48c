"""Finding a form, reading the news and looking up one's certification, in a browser."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.support.factories import (
    NewsItemFactory,
    ResourceFactory,
    TrainingCompletionFactory,
    TrainingCourseFactory,
)


@pytest.fixture
def library(world) -> None:
    ResourceFactory(with_file=True, title="Change of Address", form_number="PS-1010")
    ResourceFactory(title="Exchange of Oklahoma", states=["OK"])
    NewsItemFactory(title="New addresses", slug="new-addresses", body="## When\n\nFrom **June** on.")
    course = TrainingCourseFactory(
        title="Compliance", code="compliance", required=True, url="https://training.example/", body="# About\n\nWords."
    )
    today = timezone.localdate()
    TrainingCompletionFactory(
        course=course,
        user=world.producer,
        completed_on=today - timedelta(days=9),
        expires_on=today + timedelta(days=12),
    )


@pytest.mark.feature("ISS_04")
@pytest.mark.feature("ISS_08")
def test_from_the_login_page_to_a_form_the_news_and_a_course(world, library, sign_in_as, assert_accessible):
    page = sign_in_as(world.producer)
    page.get_by_role("link", name="Resources").click()
    expect(page.get_by_role("heading", name="Resources", level=1)).to_be_visible()
    page.get_by_label("Search resources, news and training").fill("address")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change of Address")).to_be_visible()
    expect(page.get_by_text("1 found")).to_be_visible()
    assert "address" not in page.url
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Change of Address").click()
    assert download.value.suggested_filename == "Change of Address.pdf"
    page.get_by_role("link", name="New addresses").click()
    expect(page.get_by_role("heading", name="When", level=2)).to_be_visible()
    page.get_by_role("link", name="Resources").first.click()
    page.get_by_role("link", name="Training", exact=True).click()
    expect(page.get_by_text("Expires in 12 days")).to_be_visible()
    page.get_by_role("link", name="Compliance").click()
    expect(page.get_by_role("link", name="Take This Course")).to_be_visible()


@pytest.mark.drill
def test_every_page_of_the_library_is_accessible(world, library, sign_in_as, page, assert_accessible):
    sign_in_as(world.producer)
    for address in (
        "/",
        "/resources/",
        "/resources/?state=ALL",
        "/news/",
        "/news/new-addresses/",
        "/training/",
        "/training/compliance/",
    ):
        page.goto(address)
        assert_accessible(page)
    page.set_viewport_size(PHONE)
    page.goto("/resources/")
    assert_accessible(page)
