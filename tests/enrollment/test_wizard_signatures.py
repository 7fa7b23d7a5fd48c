"""Signatures and Payment, and what is missing before Submit Application."""

from datetime import date

import pytest
from django.utils import timezone

from enrollment.models import Applicant, Application, ApplicationText, Signature
from enrollment.services.unasked import drop_unasked
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.signatures import ATTEST, CHOOSE_PAYMENT
from enrollment.wizard.steps import step_of
from tests.support import pages, wizard
from tests.support.factories import ApplicationFactory, PlanFactory

URL = "/enroll/applications/A-0638/signatures/"


@pytest.fixture
def draft(world):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


def fresh(draft):
    return Application.objects.get(pk=draft.pk)


def sentences(draft, world):
    context = WizardContext(fresh(draft), world.producer, timezone.now())
    return [one.sentence for one in missing_on(step_of("signatures"), context)]


def texas(draft, *, flagged):
    plan = PlanFactory(us_state="TX", name="Advantage Gold HMO 207", network_type="HMO", consumer_choice=flagged)
    draft.plans.update(plan=plan)
    Application.objects.filter(pk=draft.pk).update(us_state="TX", payment_choice="LATER")


@pytest.mark.feature("SIG_03")
@pytest.mark.parametrize(
    ("us_state", "flagged", "shown"), [("TX", True, True), ("TX", False, False), ("IL", True, False)]
)
def test_texas_attests_to_the_disclosure_of_a_consumer_choice_plan(draft, client, world, us_state, flagged, shown):
    texas(draft, flagged=flagged)
    Application.objects.filter(pk=draft.pk).update(us_state=us_state)
    assert bool(pages.read(client.get(URL)).all(id="title-consumer-choice")) is shown
    assert sentences(draft, world) == ([ATTEST] if shown else [])


@pytest.mark.feature("SIG_03")
def test_the_accepted_disclosure_is_kept_and_another_version_is_asked_anew(draft, client, world):
    texas(draft, flagged=True)
    sent = {"sections": "consumer-choice", "consumer-choice-agreed": "on", "act": "exit"}
    client.post(URL, sent)
    row = draft.signatures.get()
    assert (row.role, row.text.kind, row.attested_by) == ("CONSUMER_CHOICE", "CONSUMER_CHOICE", world.producer)
    assert row.attested_at is not None
    assert sentences(draft, world) == []
    client.post(URL, sent)
    assert draft.signatures.get().attested_at == row.attested_at
    newer = ApplicationText.objects.create(
        kind="CONSUMER_CHOICE", us_state="TX", version="later", body="x", sha256="y", published_at=timezone.now()
    )
    assert sentences(draft, world) == [ATTEST]
    client.post(URL, sent)
    assert draft.signatures.get().text == newer
    client.post(URL, {**sent, "consumer-choice-agreed": ""})
    assert not draft.signatures.exists()


@pytest.mark.feature("SIG_02")
def test_a_guardian_signs_for_a_child_alone(draft, client, world):
    Application.objects.filter(pk=draft.pk).update(payment_choice="LATER")
    assert "Parent/Legal Guardian" not in client.get(URL).text
    draft.applicants.update(date_of_birth=date(draft.effective_date.year - 18, 1, 2))
    page = pages.read(client.get(URL))
    assert page.one(id="title-guardian").text == "Parent/Legal Guardian Information"
    assert sentences(draft, world) == [
        "Enter the first name.",
        "Enter the last name.",
        "Enter the relationship to the applicant.",
    ]
    names = {"guardian-first_name": "Gail", "guardian-middle_initial": "", "guardian-last_name": "Leeward"}
    client.post(URL, {"sections": "guardian", **names, "guardian-relationship": "Mother", "act": "exit"})
    row = draft.signatures.get()
    assert (row.role, row.first_name, row.relationship, row.attested_by) == (
        "GUARDIAN",
        "Gail",
        "Mother",
        world.producer,
    )
    assert sentences(draft, world) == []
    Applicant.objects.create(application=draft, position=1, relation="child", date_of_birth=date(1990, 1, 1))
    assert "Parent/Legal Guardian" not in client.get(URL).text
    drop_unasked(fresh(draft))
    assert not draft.signatures.exists()


@pytest.mark.feature("SIG_01")
def test_the_representatives_tick_opens_who_it_is(draft, client, world):
    Application.objects.filter(pk=draft.pk).update(payment_choice="NOW")
    assert sentences(draft, world) == []
    tick = {"sections": "representative", "representative-by_representative": "on"}
    response = client.post(URL, {**tick, "autosave": "representative"}, headers={"HX-Request": "true"})
    page = pages.read(response)
    assert [one.text for one in page.one(id="section-representative-name").all("label")] == [
        "First Name *",
        "MI",
        "Last Name *",
        "Relationship to Applicant *",
    ]
    assert len(sentences(draft, world)) == 3
    name = {"first_name": "Rex", "middle_initial": "Q", "last_name": "Hale", "relationship": "Power of attorney"}
    sent = {f"representative-name-{key}": value for key, value in name.items()}
    client.post(URL, {**tick, "sections": ["representative", "representative-name"], **sent, "act": "exit"})
    row = draft.signatures.get(role="REPRESENTATIVE")
    assert {key: getattr(row, key) for key in name} == name
    assert sentences(draft, world) == []
    # Unticked by mistake: what was entered is there again.
    client.post(URL, {"sections": "representative", "act": "exit"})
    client.post(URL, {**tick, "act": "exit"})
    assert "Power of attorney" in client.get(URL).text
    client.post(URL, {"sections": "representative", "act": "exit"})
    drop_unasked(fresh(draft))
    assert not draft.signatures.exists()


@pytest.mark.feature("SIG_01")
def test_what_is_too_long_for_a_name_stays_with_its_message(draft, client):
    Application.objects.filter(pk=draft.pk).update(by_representative=True)
    sent = {"representative-name-middle_initial": "QQ", "representative-name-first_name": "Rex\x07 B"}
    page = pages.read(client.post(URL, {"sections": "representative-name", **sent, "act": "refresh"}, follow=True))
    assert page.one(id="id_representative-name-middle_initial").attrs["value"] == "QQ"
    assert "At most 1 characters." in page.text
    assert Signature.objects.get().first_name == "Rex B"


@pytest.mark.feature("SIG_04")
@pytest.mark.feature("SIG_05")
def test_a_way_of_paying_is_chosen_before_submitting(draft, client, world):
    page = pages.read(client.get(URL))
    assert "Payment will occur after the application has been submitted" in page.text
    assert "the Payment Portal opens in a new tab" in page.text
    assert "the applicant will receive a bill in the mail" in page.text
    assert sentences(draft, world) == [CHOOSE_PAYMENT]
    page = pages.read(client.post(URL, {"sections": "payment", "act": "submit"}))
    assert CHOOSE_PAYMENT in page.one(id="section-payment").text
    for choice in ("NOW", "LATER"):
        client.post(URL, {"sections": "payment", "payment-payment_choice": choice, "act": "exit"})
        assert (fresh(draft).payment_choice, sentences(draft, world)) == (choice, [])
    client.post(URL, {"sections": "payment", "payment-payment_choice": "SOMETIME", "act": "exit"})
    assert fresh(draft).payment_choice == "LATER"


@pytest.mark.feature("SIG_04")
def test_the_last_step_lists_everything_missing_with_a_way_to_it(draft, client):
    review = pages.read(client.get(URL)).one(id="section-review")
    lines = {one.text: one.attrs["href"] for one in review.all("a")}
    assert lines["Payment"] == f"{URL}?check=1#id_payment-payment_choice_0"
    assert CHOOSE_PAYMENT in review.text
    sent = {"sections": ["payment", "review"], "payment-payment_choice": "NOW", "autosave": "payment"}
    response = client.post(URL, sent, headers={"HX-Request": "true"})
    again = pages.read(response).one(id="section-review")
    assert CHOOSE_PAYMENT not in again.text


@pytest.mark.feature("SIG_04")
def test_what_is_not_asked_any_more_goes_and_the_rest_stays(draft):
    dental = PlanFactory(dental=True)
    draft.plans.create(plan=dental, line="DENTAL", monthly_premium="30.00")
    draft.applicants.update(pcp_number="124")
    drop_unasked(fresh(draft))
    assert list(draft.plans.values_list("line", flat=True)) == ["MEDICAL", "DENTAL"]
    assert draft.applicants.get().pcp_number == ""
    Application.objects.filter(pk=draft.pk).update(form_type="DENTAL")
    drop_unasked(fresh(draft))
    assert [one.line for one in draft.plans.all()] == ["DENTAL"]
