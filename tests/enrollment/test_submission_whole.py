"""From the last step of an application with every answer to the client in the book; nothing of it is stood in for."""

import pytest
from django.utils import timezone

from clients.membersystem.sweep import sweep
from clients.models import Policy
from enrollment.models import Application
from enrollment.wizard.completeness import missing_of
from enrollment.wizard.sections import WizardContext
from portal.demo_data import submissions
from tests.support import pages
from tests.support.applications import MEDICAL_TOTAL, ready_application
from tests.support.wizard import load_tables

PAGE = "/enroll/applications/A-0701/"


@pytest.fixture
def ready(world) -> Application:
    return ready_application(world.number, world.producer)


def press_submit(client):
    form = pages.read(client.get(f"{PAGE}signatures/")).one("form", id="wizard-form")
    sent = {
        field.attrs["name"]: field.attrs.get("value", "")
        for field in form.all("input")
        if field.attrs.get("type") not in ("radio", "checkbox") and "name" in field.attrs
    }
    sections = [field.attrs["value"] for field in form.all("input", name="sections")]
    return client.post(
        f"{PAGE}signatures/", {**sent, "sections": sections, "payment-payment_choice": "LATER", "act": "submit"}
    )


@pytest.mark.feature("LST_01")
def test_the_last_button_of_a_complete_application_makes_a_client(world, ready, sign_in):
    assert missing_of(WizardContext(ready, world.producer, timezone.now())) == []
    client = sign_in(world.producer)
    response = press_submit(client)
    assert response.url == PAGE, response.content[:400]
    for _plan in range(2):
        sweep(now=timezone.now())
    eapp_number = Application.objects.get().eapp_number
    assert pages.read(client.get(PAGE)).all(class_="pill")[0].text == "Accepted"
    medical = Policy.objects.for_user(world.producer).get(eapp_number=eapp_number, line="MEDICAL")
    assert medical.monthly_premium == MEDICAL_TOTAL
    found = client.get(f"/clients/{medical.account.number}/")
    assert "Ann Q Leeward" in pages.read(found).text
    link = pages.read(client.get(PAGE)).one(id="submission-state").one("a")
    assert link.attrs["href"] == f"/clients/{medical.account.number}/"


def test_an_answer_that_was_taken_away_stops_it_and_is_named(world, ready, sign_in):
    Application.objects.update(phone="")
    response = press_submit(sign_in(world.producer))
    page = pages.read(sign_in(world.producer).get(response.url))
    assert "phone" in page.one("section", aria_labelledby="missing").text.lower()
    assert Application.objects.get().status == "INCOMPLETE"


def test_the_demo_has_submitted_applications_at_every_point_of_their_way(world, catalog):
    load_tables()
    assert submissions.add_submissions(by=world.producer, now=timezone.now()) == 4
    outcomes = [
        [one.outcome for one in application.submissions.order_by("number")]
        for application in Application.objects.filter(submitted_at__isnull=False).prefetch_related("submissions")
    ]
    assert sorted(outcomes) == [["ACCEPTED"], ["FAILED"], ["FAILED", "ACCEPTED"], ["WAITING"]]
    mine = Policy.objects.for_user(world.producer)
    accepted = Application.objects.filter(submissions__outcome="ACCEPTED").values("eapp_number")
    assert mine.filter(eapp_number__in=accepted).count() == 4
    waiting = Application.objects.get(submissions__outcome="WAITING")
    assert not mine.filter(eapp_number=waiting.eapp_number).exists()
