"""From a prospect to a quote; from Review to the exchange in a new tab, or to the application begun before."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from enrollment.models import Application
from tests.browser.conftest import PHONE
from tests.support.browsing import with_and_without_scripts
from tests.support.factories import PlanFactory, QuoteFactory, QuotePlanFactory

ENROLL = "Enroll in Selected Plans"


def quote_of(world, *, market="OFF"):
    quote = QuoteFactory(producer_number=world.number, created_by=world.producer)
    QuotePlanFactory(quote=quote, plan=PlanFactory(), market=market, position=0, monthly_premium=Decimal("300.00"))
    return quote


@pytest.mark.feature("HOM_11")
@pytest.mark.feature("ONX_01")
@pytest.mark.feature("ONX_03")
def test_an_on_exchange_plan_opens_a_tab_of_its_own_and_this_one_goes_to_the_quotes(
    world, sign_in_as, new_context, assert_accessible, settings
):
    quote = quote_of(world, market="ON")
    context = new_context()
    asked = []

    def exchange(route):
        asked.append(route.request.all_headers())
        route.fulfill(body="<!doctype html><title>Exchange</title><p>Sign in</p>", content_type="text/html")

    context.route("https://exchange-il.example.com/**", exchange)
    page = sign_in_as(world.producer, on=context.new_page(), at=f"/enroll/quotes/{quote.pk}/review/")
    assert_accessible(page)
    with context.expect_page() as opened:
        page.get_by_role("button", name=ENROLL).click()
    opened.value.wait_for_url("https://exchange-il.example.com/**")
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]
    assert "referer" not in asked[0]
    page.wait_for_url("**/enroll/quotes/")
    # Without scripts the list has the link.
    page = sign_in_as(
        world.producer, on=new_context(java_script_enabled=False).new_page(), at=f"/enroll/quotes/{quote.pk}/review/"
    )
    page.get_by_role("button", name=ENROLL).click()
    page.wait_for_url("**/enroll/quotes/")
    link = page.get_by_role("link", name="opens in a new tab")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    page = sign_in_as(world.delegate_with_enroll, on=new_context().new_page(), at=f"/enroll/quotes/{quote.pk}/review/")
    expect(page.get_by_role("button", name=ENROLL)).to_be_disabled()
    page.get_by_text("Delegates cannot complete on-exchange enrollments.").wait_for()
    assert_accessible(page)


@pytest.mark.feature("PRO_05")
@pytest.mark.feature("QUO_06")
@with_and_without_scripts
def test_the_pop_up_leads_to_the_draft_or_makes_another(world, sign_in_as, new_context, assert_accessible, scripts):
    quote = quote_of(world)
    page = sign_in_as(world.producer, on=new_context(java_script_enabled=scripts).new_page())
    if scripts:
        page.goto("/clients/prospects/new/")
        for label, text in (("First Name", "Ann"), ("Last Name", "Lee"), ("Zip Code", "60563")):
            page.get_by_label(label).fill(text)
        page.get_by_role("button", name="Save and Create Proposal").click()
        page.wait_for_url("**/enroll/quotes/new/?prospect=*")
        assert page.get_by_label("Zip Code").input_value() == "60563"
        assert page.get_by_label("First Name").input_value() == "Ann"
    page.goto(f"/enroll/quotes/{quote.pk}/review/")
    page.get_by_role("button", name=ENROLL).click()
    page.wait_for_url("**/enroll/applications/A-*/general/")
    first = page.url
    for width in (320, 1280) if scripts else ():
        page.set_viewport_size({"width": width, "height": PHONE["height"]})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
    page.goto(f"/enroll/quotes/{quote.pk}/review/")
    page.get_by_role("button", name=ENROLL).click()
    page.get_by_role("heading", name="Enrollment has already been started").wait_for()
    if scripts:
        expect(page.get_by_role("dialog")).to_be_visible()
        assert_accessible(page)
    page.get_by_role("link", name="Go To Incomplete Application").click()
    page.wait_for_url(first)
    page.goto(f"/enroll/quotes/{quote.pk}/review/")
    page.get_by_role("button", name=ENROLL).click()
    page.get_by_role("button", name="Create New Application").click()
    page.wait_for_url(lambda url: "/enroll/applications/A-" in url and url != first)
    assert Application.objects.count() == 2
