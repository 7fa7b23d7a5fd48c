"""Start New Application, Producer Information, Special Enrollment Information (WIZ_01..16, HOM_12, HOM_13)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import number_labels
from accounts.models import ProducerNumber
from enrollment.models import Application, ApplicationLifeEvent
from enrollment.selectors.effective_dates import explanation_of
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.steps import step_of
from portal.common.dates import as_text, today_in
from tests.support import pages, wizard
from tests.support.factories import ApplicationFactory, DelegateGrantFactory, ProducerNumberFactory, QuoteFactory

NEW = "/enroll/applications/new/"
URL = "/enroll/applications/A-0638/general/"
SPECIAL = {"sections": "special"}
# 9 November 2026, noon in Chicago: in open enrollment for 2027; 9 June is outside of any.
IN_OPEN_ENROLLMENT = datetime(2026, 11, 9, 18, tzinfo=UTC)
OUTSIDE = datetime(2026, 6, 9, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tables(db):
    wizard.load_tables()


@pytest.fixture
def draft(world):
    row = ApplicationFactory(
        record_number="A-0638", producer_number=world.number, created_by=world.producer, effective_date=None
    )
    row.plans.all().delete()
    return row


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def at(monkeypatch):
    """The portal's clock for the views of the steps."""

    def set_to(moment):
        monkeypatch.setattr("enrollment.views.wizard.timezone.now", lambda: moment)

    return set_to


def fresh():
    return Application.objects.get(record_number="A-0638")


def event(draft, code="LOSS_MEC", days=-3, **more):
    day = today_in("IL") + timedelta(days=days)
    return ApplicationLifeEvent.objects.create(application=draft, code=code, event_date=day, **more)


def calculate(client):
    return client.post(URL, {"sections": ["special", "effective"], "act": "do:effective:calculate"})


# --- Start New Application ---


@pytest.mark.feature("WIZ_01")
@pytest.mark.feature("WIZ_05")
@pytest.mark.feature("WIZ_06")
def test_a_producer_chooses_the_state_with_an_entry_for_every_number(world, client):
    second = ProducerNumberFactory(
        producer=world.producer.producer, us_state=world.number.us_state, company_name="Solberg Insurance LLC"
    )
    ProducerNumberFactory(producer=world.producer.producer, us_state="TX", status=ProducerNumber.Status.INACTIVE)
    listing = pages.read(client.get("/enroll/applications/"))
    assert [one.attrs["href"] for one in listing.all("a") if one.text == "Start New Application"] == [NEW]
    page = pages.read(client.get(NEW))
    options = [one.text for one in page.one("select", name="number").all("option")]
    assert len(options) == 3
    assert f"Illinois · {second.number} · Solberg Insurance LLC" in options
    looked = pages.read(client.post(NEW, {"number": second.number, "act": "look-up"}))
    assert "Company Name Solberg Insurance LLC" in looked.one(id="number-facts").text
    key = page.one("input", name="form_key").attrs["value"]
    urls = {client.post(NEW, {"number": second.number, "form_key": key}).url for _ in range(3)}
    row = Application.objects.get()
    assert urls == {f"/enroll/applications/{row.record_number}/general/"}
    assert (row.producer_number, row.us_state, row.special_enrollment, row.effective_date) == (second, "IL", True, None)
    assert row.applicants.get().relation == "self"


@pytest.mark.feature("HOM_12")
def test_a_delegate_types_a_number_of_those_who_delegated(world, sign_in):
    client = sign_in(world.delegate_with_enroll)
    page = pages.read(client.get(NEW))
    assert [one.attrs["value"] for one in page.one("datalist").all("option")] == [world.number.number]
    foreign = world.outsider_policy.producer_number.number
    for typed, status in ((foreign, 200), ("", 200), ("9" * 25, 200), (f" {world.number.number} ", 302)):
        assert client.post(NEW, {"number": typed}).status_code == status
    assert Application.objects.get().producer_number == world.number


@pytest.mark.feature("HOM_12")
def test_numbers_of_several_producers_are_told_apart_by_name(world):
    second = ProducerNumberFactory(producer=world.sibling.producer, us_state="TX", company_name="Sibling LLC")
    (alone,) = number_labels.choices([world.number])
    assert world.number.producer.name not in alone[1]
    both = dict(number_labels.choices([world.number, second]))
    assert both[world.number.number].endswith(f" · {world.number.producer.name}")
    assert both[second.number] == f"Texas · {second.number} · Sibling LLC · {second.producer.name}"


def test_a_view_only_grant_opens_no_number(world, sign_in):
    delegate = world.delegate_with_enroll
    other = world.sibling.producer
    DelegateGrantFactory(producer=other, delegate=delegate)
    page = pages.read(sign_in(delegate).get(NEW))
    assert [one.attrs["value"] for one in page.one("datalist").all("option")] == [world.number.number]


@pytest.mark.feature("WIZ_05")
@pytest.mark.feature("HOM_13")
def test_another_number_brings_its_state_and_undoes_what_hangs_on_the_old_one(world, draft, client):
    texas = ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    event(draft)
    calculate(client)
    assert fresh().effective_date is not None
    client.post(URL, {"sections": "producer", "producer-number": texas.number, "act": "exit"})
    row = fresh()
    assert (row.producer_number, row.us_state, row.county, row.effective_date) == (texas, "TX", None, None)
    client.post(URL, {"sections": "producer", "producer-number": "000000000", "act": "exit"})
    assert fresh().producer_number == texas
    assert "Choose one of your active writing numbers." in client.get(URL).text


@pytest.mark.feature("WIZ_03")
@pytest.mark.feature("WIZ_04")
def test_from_a_quote_the_producer_is_locked(world, draft, client):
    Application.objects.update(quote=QuoteFactory(producer_number=world.number, created_by=world.producer))
    texas = ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    page = pages.read(client.get(URL))
    assert not page.all("select", name="producer-number")
    assert f"Writing Producer Number {world.number.number}" in page.one(id="section-producer").text
    client.post(URL, {"sections": "producer", "producer-number": texas.number, "act": "exit"})
    assert fresh().producer_number == world.number


# --- the header ---


@pytest.mark.feature("WIZ_02")
def test_the_header_says_what_is_known_so_far(draft, client):
    def header():
        facts = pages.read(client.get(URL)).one(id="wizard-header").one("dl").all("div")
        return {one.one("dt").text: one.one("dd").text for one in facts}

    assert header() == {
        "Applicant Name": "Ann Leeward",
        "Effective Date": "-",
        "Total Monthly Premium": "-",
        "Medical Plan": "-",
        "Dental Plan": "-",
    }
    event(draft)
    calculate(client)
    assert header()["Effective Date"] == as_text(fresh().effective_date)


# --- Special Enrollment Information ---


@pytest.mark.feature("WIZ_09")
@pytest.mark.parametrize(("moment", "kept"), [(IN_OPEN_ENROLLMENT, False), (OUTSIDE, True)])
def test_no_can_be_answered_during_open_enrollment_only(draft, client, at, moment, kept):
    at(moment)
    Application.objects.update(expires_on=date(2026, 12, 31))
    radios = pages.read(client.get(URL)).all("input", name="special-special_enrollment")
    assert len(radios) == (0 if kept else 2)
    client.post(URL, {**SPECIAL, "special-special_enrollment": "no", "act": "refresh"})
    assert fresh().special_enrollment is kept
    page = pages.read(client.get(URL))
    assert ("Open enrollment is not on. An application needs a life event: answer Yes." in page.text) is kept
    if not kept:
        calculate(client)
        assert fresh().effective_date == date(2027, 1, 1)
        assert client.post(URL, {**SPECIAL, "act": "next"}).status_code == 302


@pytest.mark.feature("WIZ_10")
@pytest.mark.feature("WIZ_12")
@pytest.mark.feature("WIZ_16")
def test_next_needs_a_life_event_and_its_date(draft, client):
    response = client.post(URL, {**SPECIAL, "act": "next"})
    assert "Add at least one life event with its date." in response.text
    add = client.post(URL, {**SPECIAL, "act": "open:life-events:new"}).url
    page = pages.read(client.get(add))
    assert [one.text for one in page.one("div", class_="wizard-buttons").all("button")] == ["Cancel", "Save"]
    assert "If you do not see your circumstance listed above" in page.text
    yesterday = as_text(today_in("IL") - timedelta(days=1))
    answers = {"life-events-code": "LOSS_MEC", "life-events-event_date": yesterday, "act": "save"}
    fields = wizard.sent(wizard.fields_of(page), "save")
    for _ in range(2):
        assert client.post(add, {**fields, **answers}).status_code == 302
    assert draft.life_events.count() == 1
    response = client.post(URL, {**SPECIAL, "act": "next"})
    assert "Press Calculate Effective Date." in response.text
    assert calculate(client).url == f"{URL}#section-effective"
    assert client.post(URL, {**SPECIAL, "act": "next"}).url == "/enroll/applications/A-0638/applicant/"


@pytest.mark.feature("WIZ_11")
@pytest.mark.feature("WIZ_12")
def test_an_event_is_edited_and_deleted_while_another_remains(draft, client):
    first = event(draft)
    calculate(client)
    card = pages.read(client.get(URL)).one(id="section-life-events")
    assert "Delete" not in " ".join(one.attrs.get("aria-label", "") for one in card.all("button"))
    assert client.get(f"{URL}life-events/{first.pk}/delete/").status_code == 302
    client.post(f"{URL}life-events/{first.pk}/delete/")
    assert draft.life_events.count() == 1
    edit = f"{URL}life-events/{first.pk}/"
    fields = wizard.sent(wizard.fields_of(pages.read(client.get(edit))), "save")
    client.post(edit, fields)
    assert fresh().effective_date is not None
    client.post(edit, {**fields, "life-events-event_date": as_text(today_in("IL") - timedelta(days=9))})
    assert (fresh().effective_date, fresh().decision) == (None, {})
    second = event(draft, "LOSS_AGE_26", -8)
    calculate(client)
    client.post(f"{URL}life-events/{second.pk}/delete/")
    assert (draft.life_events.count(), fresh().effective_date) == (1, None)


def test_the_question_about_earlier_coverage_comes_with_the_events_that_need_it(draft, client):
    add = f"{URL}life-events/new/"
    day = as_text(today_in("IL") - timedelta(days=2))
    answers = {"life-events-code": "MARRIAGE", "life-events-event_date": day, "act": "save"}
    page = pages.read(client.post(add, answers))
    assert "Answer the question." in page.text
    assert "at least one spouse" in page.text
    client.post(add, {**answers, "life-events-prior_coverage": "no"})
    assert draft.life_events.get().prior_coverage == "no"
    calculate(client)
    assert fresh().effective_date is None
    assert fresh().decision["error"] == "prior_coverage_required"
    client.post(add, {**answers, "life-events-prior_coverage": "yes", "life-events-code": "PERMANENT_MOVE"})
    calculate(client)
    assert fresh().effective_date is not None


@pytest.mark.parametrize(
    ("knew", "message"),
    [(-5, "This day lies before the event."), (5, "This day lies in the future."), (-1, "")],
)
def test_late_notice_lies_between_the_event_and_today(draft, client, knew, message):
    days = {name: as_text(today_in("IL") + timedelta(days=count)) for name, count in (("event", -3), ("knew", knew))}
    answers = {
        "life-events-code": "LOSS_MEC",
        "life-events-event_date": days["event"],
        "life-events-knew_on": days["knew"],
    }
    response = client.post(f"{URL}life-events/new/", {**answers, "act": "save"})
    assert response.status_code == (200 if message else 302)
    assert message in response.text


def test_the_same_event_on_the_same_day_is_entered_once(draft, client):
    one = event(draft)
    answers = {"life-events-code": one.code, "life-events-event_date": as_text(one.event_date), "act": "save"}
    assert "in the list already" in client.post(f"{URL}life-events/new/", answers).text


@pytest.mark.feature("WIZ_14")
@pytest.mark.feature("WIZ_15")
def test_a_birth_offers_its_own_day_and_the_month_after_with_the_rule(draft, client):
    born = event(draft, "BIRTH", -10)
    calculate(client)
    row = fresh()
    assert row.effective_date == born.event_date
    page = pages.read(client.get(URL)).one(id="section-effective")
    assert "R2" in page.text
    assert "45 CFR 155.420(b)(2)(i)" in page.text
    assert f"through {as_text(born.event_date + timedelta(days=60))}" in page.text
    offered = [one.attrs["value"] for one in page.all("input", name="effective-elected")]
    assert offered[0] == born.event_date.isoformat()
    assert len(offered) == 2
    for chosen in (offered[1], "2031-01-01", offered[1]):
        client.post(URL, {"sections": "effective", "effective-elected": chosen, "act": "refresh"})
        assert fresh().effective_date.isoformat() == offered[1]
    assert fresh().elected_date.isoformat() == offered[1]
    explained = explanation_of(fresh().decision)
    assert explained.effective_date == as_text(fresh().effective_date)
    assert missing_on(step_of("general"), WizardContext(fresh(), draft.created_by, timezone.now())) == []


def test_a_date_that_no_longer_holds_is_to_be_calculated_again(draft, client, at):
    event(draft)
    calculate(client)
    later = timezone.now() + timedelta(days=40)
    found = missing_on(step_of("general"), WizardContext(fresh(), draft.created_by, later))
    assert [one.section for one in found] == ["effective"]
    assert found[0].sentence.startswith("The effective date has moved from")


@pytest.mark.feature("WIZ_13")
def test_other_circumstances_lead_to_pre_sales_support(draft, client):
    assert "please contact our Pre-Sales Support team" in client.get(URL).text


@pytest.mark.parametrize("text", ["01/01/0001", "12/31/9999"])
def test_the_ends_of_the_calendar_are_no_dates_of_coverage(draft, client, text):
    answers = {"life-events-code": "BIRTH", "life-events-event_date": text, "act": "save"}
    assert client.post(f"{URL}life-events/new/", answers).status_code == 302
    assert calculate(client).status_code == 302
    assert client.get(URL).status_code == 200
    assert fresh().effective_date is None
