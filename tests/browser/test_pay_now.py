"""Pay Now in a browser: a new tab after a successful submit only, and the Payment Status when the payer is back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.models import Application, Payment
from enrollment.services import payments
from enrollment.services import submission as submitting
from tests.support import payments as fake
from tests.support.applications import ready_application

PAGE = "/enroll/applications/A-0701/"
# A browser lets a page open a tab for some five seconds after a click. A busy machine may take longer to answer, and the page
# then goes to the Payment Portal itself; which is right, and not what is tested here.
JUST_CLICKED = "Object.defineProperty(navigator, 'userActivation', { value: { isActive: true } })"


@pytest.fixture
def service():
    return fake.reset()


@pytest.fixture
def ready(world, service, monkeypatch) -> Application:
    monkeypatch.setattr(submitting, "missing_of", lambda wizard: [])
    return ready_application(world.number, world.producer, payment_choice="NOW")


@pytest.mark.feature("SIG_05")
@pytest.mark.feature("PAY_01")
@pytest.mark.feature("PAY_09")
def test_the_payment_portal_opens_after_a_submit_that_succeeded_and_leads_back(
    ready, service, page, world, sign_in_as, assert_accessible
):
    page.context.route(
        "https://pay.example.com/**",
        lambda route: route.fulfill(content_type="text/html", body="<title>Elsewhere</title><h1>Payment Portal</h1>"),
    )
    sign_in_as(world.producer)
    tabs = len(page.context.pages)
    # Refused by the rules: no tab.
    ready.life_events.update(event_date="2020-01-01")
    page.goto(f"{PAGE}submit/")
    page.get_by_role("button", name="Submit Application").click()
    page.get_by_role("heading", name="Submission Failed").wait_for()
    # The script that opens the tab comes after what is to be seen.
    page.wait_for_load_state("load")
    assert len(page.context.pages) == tabs
    assert not Payment.objects.exists()
    # Put right: one tab, however often the button is pressed.
    ready.life_events.update(event_date=timezone.localdate() - timedelta(days=10))
    page.evaluate(JUST_CLICKED)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Resubmit").dblclick()
    portal = opened.value
    portal.wait_for_url("https://pay.example.com/s/S-1")
    page.wait_for_url(f"**{PAGE}")
    page.get_by_text("nothing is paid yet").wait_for()
    assert len(page.context.pages) == tabs + 1
    assert_accessible(page)
    page.goto(f"{PAGE}pay/")
    page.get_by_role("button", name="Open the Payment Portal").wait_for()
    assert_accessible(page)
    # The payer submits there and is led back by the signed link, in the new tab.
    payment = Payment.objects.get()
    service.tell("S-1", "scheduled")
    portal.goto(payments.return_path(payment))
    portal.wait_for_url(f"**{PAGE}")
    portal.get_by_text("Held until the application is accepted").first.wait_for()
    portal.close()
