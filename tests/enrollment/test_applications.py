"""Applications as lists and pages; withdrawing a draft."""

from datetime import timedelta

import pytest
from django.utils import timezone

from enrollment.models import Application
from enrollment.services import applications as service
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import ApplicationFactory, PlanFactory, QuoteFactory

LISTS = "/enroll/applications/"


@pytest.fixture
def draft(world):
    plans = [PlanFactory(name="Gold PPO 1"), PlanFactory(dental=True, name="Dental 2")]
    quote = QuoteFactory(producer_number=world.number, created_by=world.producer, name="The Leewards")
    return ApplicationFactory(
        record_number="A-0638", producer_number=world.number, created_by=world.producer, quote=quote, contents=plans
    )


def page_of(draft):
    return f"{LISTS}{draft.record_number}/"


# --- lists ---


@pytest.mark.feature("LST_04")
def test_each_list_has_its_applications_and_the_record_number_leads_to_the_page(world, draft, sign_in):
    ApplicationFactory(
        producer_number=world.number, created_by=world.producer, status="COMPLETED", record_number="A-0639"
    )
    ApplicationFactory(producer_number=world.number, created_by=world.producer, status="FAILED", record_number="A-0640")
    client = sign_in(world.producer)
    found = {tab: pages.grid(client.get(LISTS, {"tab": tab})) for tab in ("completed", "incomplete", "failed", "")}
    numbers = {tab: grid.column("Record Number") for tab, grid in found.items()}
    assert numbers == {"completed": ["A-0639"], "incomplete": ["A-0638"], "failed": ["A-0640"], "": ["A-0638"]}
    tabs = pages.read(client.get(LISTS)).one("ul", class_="legal-tabs").all("a")
    assert [tab.text for tab in tabs] == ["Completed Applications", "Incomplete Applications", "Failed Applications"]
    assert client.get(found["completed"].links[0]["Record Number"]).status_code == 200


def test_the_list_says_applicant_plans_premium_and_days(world, draft, sign_in):
    (row,) = pages.grid(sign_in(world.producer).get(LISTS)).rows
    assert row["Applicant Name"] == "Ann Leeward"
    assert row["Product Name"] == "Gold PPO 1, Dental 2"
    assert row["Monthly Premium"] == "$600.00"
    assert row["Producer Number"] == world.number.number
    assert row["Expiration Date"] == f"{draft.expires_on:%m/%d/%Y}"


@pytest.mark.parametrize(
    ("column", "typed"), [("applicant", "leew"), ("record_number", "A-0638"), ("producer_number", "1")]
)
def test_a_list_is_filtered_under_its_headings(world, draft, sign_in, column, typed):
    client = sign_in(world.producer)
    for text, count in ((typed, 1), ("zzz", 0)):
        response = client.post(f"{LISTS}?tab=incomplete", {"grid": "filters", f"f_{column}": text})
        assert "zzz" not in response.url
        assert len(pages.grid(client.get(response.url)).rows) == count
    assert client.get(f"{LISTS}?r=gone&tab=failed").url == f"{LISTS}?tab=failed"
    assert client.post(f"{LISTS}?tab=failed").url == f"{LISTS}?tab=failed"


@pytest.mark.feature("LST_04")
def test_what_is_withdrawn_expired_or_foreign_is_on_no_list(world, draft, sign_in):
    today = timezone.localdate()
    last_day = ApplicationFactory(producer_number=world.number, created_by=world.producer, expires_on=today)
    ApplicationFactory(producer_number=world.number, created_by=world.producer, expires_on=today - timedelta(days=2))
    ApplicationFactory(producer_number=world.outsider_policy.producer_number, created_by=world.outsider)
    service.withdraw(application=draft, by=world.producer, at=timezone.now())
    assert pages.grid(sign_in(world.producer).get(LISTS)).column("Record Number") == [last_day.record_number]


def test_an_empty_list_says_how_an_application_begins(world, sign_in):
    assert "Enroll in Selected Plans" in pages.read(sign_in(world.producer).get(LISTS)).one(class_="empty-state").text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_is_exported_and_that_is_written_down(world, draft, sign_in, kind):
    response = sign_in(world.producer).get(LISTS, {"tab": "incomplete", "format": kind})
    content = b"".join(response.streaming_content)
    assert kind == "xlsx" or b"A-0638" in content
    assert AuditEvent.objects.get(action="application.list_exported").details["rows"] == 1


def test_a_list_of_many_asks_as_often_as_one_of_few(world, draft, sign_in, django_assert_max_num_queries):
    for _ in range(12):
        ApplicationFactory(producer_number=world.number, created_by=world.producer)
    client = sign_in(world.producer)
    client.get(LISTS)
    with django_assert_max_num_queries(20):
        assert len(pages.grid(client.get(LISTS)).rows) == 13


# --- one application ---


def test_the_page_has_general_and_producer_information_applicants_and_plans(world, draft, sign_in):
    page = pages.read(sign_in(world.producer).get(page_of(draft)))
    general = pages.facts(page.one("section", aria_labelledby="general-information"))
    assert list(general)[:5] == ["Applicant Name", "Effective Date", "Medical Plan", "Dental Plan", "Monthly Premium"]
    assert general["Applicant Name"] == "Ann Leeward"
    assert (general["Medical Plan"], general["Dental Plan"]) == ("Gold PPO 1", "Dental 2")
    assert general["Monthly Premium"] == "$600.00"
    producer = pages.facts(page.one("section", aria_labelledby="producer-information"))
    assert producer["Producer Number"] == world.number.number
    assert "03/14/1986" in page.one("section", aria_labelledby="applicants").text
    assert "The Leewards" in page.one("section", aria_labelledby="came-from").text
    assert AuditEvent.objects.get(action="application.viewed").object_id == "A-0638"


@pytest.mark.parametrize(
    ("changes", "pill"),
    [
        ({}, "Incomplete"),
        ({"expires_on": timezone.localdate() - timedelta(days=2)}, "Expired"),
        ({"status": "COMPLETED"}, "Completed"),
        ({"status": "FAILED"}, "Failed"),
    ],
)
def test_the_page_says_how_far_the_application_is(world, draft, sign_in, changes, pill):
    Application.objects.update(updated_at=timezone.now(), **changes)
    assert pages.read(sign_in(world.producer).get(page_of(draft))).all(class_="pill")[0].text == pill


def test_a_quote_that_was_deleted_is_not_linked(world, draft, sign_in):
    draft.quote.deleted_at, draft.quote.deleted_by = timezone.now(), world.producer
    draft.quote.save()
    assert not pages.read(sign_in(world.producer).get(page_of(draft))).all("section", aria_labelledby="came-from")


def test_a_draft_is_withdrawn_and_brought_back(world, draft, sign_in):
    client = sign_in(world.delegate_with_enroll)
    for step, words in (("withdraw", "has been withdrawn"), ("withdraw", "Only an incomplete"), ("restore", "again")):
        response = client.post(f"{page_of(draft)}{step}/", follow=True)
        assert words in pages.messages(response)[0]
        draft.refresh_from_db()
        assert (draft.withdrawn_by == world.delegate_with_enroll) is (step == "withdraw")
    actions = AuditEvent.objects.filter(
        object_id="A-0638", action__in=["application.withdrawn", "application.restored"]
    )
    assert actions.count() == 2
    with pytest.raises(service.NotADraft):
        service.restore(application=draft, by=world.producer)


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
def test_what_was_sent_cannot_be_withdrawn(world, draft, sign_in, status):
    Application.objects.update(status=status)
    client = sign_in(world.producer)
    assert "Withdraw" not in client.get(page_of(draft)).content.decode()
    client.post(f"{page_of(draft)}withdraw/")
    draft.refresh_from_db()
    assert draft.withdrawn_at is None


def test_foreign_applications_are_not_there(world, draft, sign_in):
    for person, status in ((world.outsider, 404), (world.sibling, 404), (world.admin, 403), (world.delegate, 403)):
        client = sign_in(person)
        assert client.get(page_of(draft)).status_code == status
        assert client.post(f"{page_of(draft)}withdraw/").status_code == status
