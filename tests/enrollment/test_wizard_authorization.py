"""Application Form Type, Authorization, and the texts that are agreed to (AUT_01..07)."""

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from enrollment.application_texts import digest, shipped
from enrollment.models import Application, ApplicationText
from enrollment.selectors.texts import blocks_of, text_in_force, words_of
from enrollment.services import texts
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.steps import step_of
from portal.common.dates import today_in
from portal.common.models import AuditEvent
from tests.support import pages, wizard
from tests.support.factories import ApplicationFactory, PlanFactory, QuoteFactory

URL = "/enroll/applications/A-0638/applicant/"
TERMS = "/enroll/applications/A-0638/terms/"
CHOOSE = {"sections": "authorization", "authorization-authorization": "IN_PERSON"}


@pytest.fixture(autouse=True)
def tables(db):
    wizard.load_tables()


@pytest.fixture
def draft(world):
    plans = [PlanFactory(name="Gold PPO 1"), PlanFactory(dental=True, name="Dental 2")]
    return ApplicationFactory(
        record_number="A-0638", producer_number=world.number, created_by=world.producer, contents=plans
    )


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def fresh():
    return Application.objects.get(record_number="A-0638")


def lacking(draft):
    found = missing_on(step_of("applicant"), WizardContext(fresh(), draft.created_by, timezone.now()))
    return [one.sentence for one in found if one.section in ("form-type", "authorization")]


@pytest.mark.feature("AUT_01")
def test_the_form_type_is_chosen_and_dental_leaves_no_medical_plan(draft, client):
    page = pages.read(client.get(URL)).one("select", name="form-type-form_type")
    assert [one.text for one in page.all("option")] == ["Select", "Medical/Dental Application", "Dental Application"]
    assert lacking(draft)[0] == "Choose the application form type."
    client.post(URL, {"sections": "form-type", "form-type-form_type": "DENTAL", "act": "exit"})
    assert fresh().form_type == "DENTAL"
    assert [one.line for one in fresh().plans.all()] == ["DENTAL"]


@pytest.mark.feature("AUT_02")
def test_from_a_quote_the_form_type_is_fixed(draft, client, world):
    quote = QuoteFactory(producer_number=world.number, created_by=world.producer)
    Application.objects.update(quote=quote, form_type="MEDICAL_DENTAL")
    assert "start a new quote" in pages.read(client.get(URL)).one(id="section-form-type").text
    client.post(URL, {"sections": "form-type", "form-type-form_type": "DENTAL", "act": "exit"})
    assert fresh().form_type == "MEDICAL_DENTAL"
    assert fresh().plans.count() == 2


@pytest.mark.feature("AUT_03")
def test_exactly_one_of_two_authorizations_is_chosen(draft, client):
    assert "Choose one of the two authorizations." in lacking(draft)
    client.post(URL, {"sections": "authorization", "authorization-authorization": "BOTH", "act": "exit"})
    assert fresh().authorization == ""
    client.post(URL, {"sections": "authorization", "authorization-authorization": "PAPER", "act": "exit"})
    assert (fresh().authorization, lacking(draft)) == ("PAPER", ["Choose the application form type."])


@pytest.mark.feature("AUT_05")
@pytest.mark.feature("AUT_06")
def test_in_person_the_terms_are_accepted_with_their_version_by_whom_and_when(draft, client, world):
    client.post(URL, {**CHOOSE, "act": "refresh"})
    assert "Confirm that the client accepts the Terms and Agreements." in lacking(draft)
    page = pages.read(client.get(TERMS))
    sent = {one.attrs["name"]: one.attrs.get("value", "") for one in page.all("input") if one.attrs["type"] == "hidden"}
    terms = {**CHOOSE, "terms": sent["terms"]}
    assert client.post(URL, {**terms, "act": "do:authorization:agree"}).status_code == 302
    assert fresh().terms is None
    for _ in range(2):
        client.post(URL, {**terms, "agree": "on", "act": "do:authorization:agree"})
    row = fresh()
    assert (row.terms.us_state, row.terms_agreed_by, row.authorization) == ("IL", world.producer, "IN_PERSON")
    event = AuditEvent.objects.get(action="application.terms_agreed")
    assert event.details["sha256"] == row.terms.sha256 == digest(row.terms.body)
    assert "accepted on" in client.get(URL).text
    client.post(URL, {"sections": "authorization", "authorization-authorization": "PAPER", "act": "exit"})
    assert (fresh().terms, fresh().terms_agreed_by) == (None, None)


@pytest.mark.feature("AUT_05")
def test_cancel_takes_the_choice_back(draft, client):
    client.post(URL, {**CHOOSE, "act": "refresh"})
    client.post(URL, {**CHOOSE, "act": "do:authorization:cancel"})
    assert fresh().authorization == ""


def test_terms_that_were_renewed_meanwhile_are_read_once_more(draft, client):
    old = text_in_force("TERMS", "IL", today_in())
    newer = ApplicationText.objects.create(
        kind="TERMS", us_state="IL", version="2", body="NEW\n\nOther words.", sha256="x"
    )
    texts.publish(newer, by=draft.created_by, at=timezone.now())
    response = client.post(
        URL, {**CHOOSE, "terms": old.pk, "agree": "on", "act": "do:authorization:agree"}, follow=True
    )
    assert "were renewed while you read them" in response.text
    assert fresh().terms is None


@pytest.mark.feature("AUT_06")
@pytest.mark.feature("AUT_07")
def test_each_state_has_its_own_company_and_the_parts_of_the_guide():
    for state, company in (("IL", "Prairie Summit of Illinois"), ("TX", "Prairie Summit of Texas")):
        text = text_in_force("TERMS", state, today_in())
        assert company in words_of(text)
        headings = [one.text for one in blocks_of(text) if one.kind == "heading"]
        assert headings == [
            "TERMS AND AGREEMENTS",
            "ACKNOWLEDGMENTS",
            "WARNING",
            "THIRD PARTY PAYMENT RULES",
            "KNOW YOUR RIGHTS WHEN YOU REPLACE COVERAGE",
        ]
    with pytest.raises(ApplicationText.DoesNotExist):
        text_in_force("CONSUMER_CHOICE", "IL", today_in())


@pytest.mark.no_db
def test_every_shipped_text_is_hashed_as_it_stands():
    found = list(shipped())
    assert len({(one.kind, one.us_state) for one in found}) == len(found) == 11
    assert all(len(one.sha256) == 64 and "{COMPANY}" not in one.body for one in found)


@pytest.mark.feature("AUT_07")
@pytest.mark.parametrize(
    ("kind", "status"),
    [("proxy", 200), ("rights", 200), ("terms", 200), ("text-messages", 200), ("consumer-choice", 404), ("x", 404)],
)
def test_texts_open_by_link(draft, client, kind, status):
    assert client.get(f"/enroll/applications/A-0638/texts/{kind}/").status_code == status


@pytest.mark.feature("AUT_06")
def test_a_published_text_never_changes():
    text = text_in_force("PROXY", "IL", today_in())
    for change in (lambda: ApplicationText.objects.filter(pk=text.pk).update(body="x"), text.delete):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    with pytest.raises(texts.CannotPublish):
        texts.publish(text, by=None, at=timezone.now())


def test_staff_draft_and_publish_a_text_after_a_last_look(world, sign_in):
    client = sign_in(world.admin)
    page = "/admin/enrollment/applicationtext/"
    client.post(f"{page}add/", {"kind": "PROXY", "us_state": "", "version": "3", "body": "ONE\r\n\r\nTwo."})
    draft = ApplicationText.objects.get(version="3")
    assert draft.sha256 == digest("ONE\n\nTwo.")
    ask = {"action": "publish", "_selected_action": draft.pk}
    looked = client.post(page, ask)
    seen = pages.read(looked).one("input", name="seen").attrs["value"]
    client.post(page, {**ask, "seen": seen})
    assert text_in_force("PROXY", "TX", today_in()) == draft
    assert AuditEvent.objects.filter(action="application_text.published").count() == 1
