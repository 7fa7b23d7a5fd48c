"""Documents and e-questions on the timeline of the household they are about."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Account
from ecomm.selectors import timeline as selectors
from ecomm.services import documents
from portal.common.dates import today_in
from portal.common.timeline import Household, timeline_of
from tests.support import pages
from tests.support.documents import sent
from tests.support.factories import DelegateGrantFactory, EQuestionFactory

pytestmark = pytest.mark.feature("DET_01")
NOW = timezone.now()


@pytest.fixture
def household(world) -> Household:
    return Household(account=world.policy.account, today=today_in("IL"))


@pytest.fixture
def document(world):
    return sent(world.producer, at=NOW - timedelta(days=3), account_number=world.account_number)[0]


@pytest.fixture
def question(world):
    return EQuestionFactory(
        asked_by=world.producer, of_member=True, subject="New address", account=world.policy.account, answered=True
    )


def told(entries) -> list[tuple[str, str, str]]:
    return [(entry.title, entry.text, entry.url) for entry in entries]


def test_a_document_is_told_when_it_is_sent_and_when_it_is_decided(world, household, document):
    number = document.tracking_number
    what = f"{document.document_type.label}, tracking number {number}."
    list_url = "/messages/documents/"
    assert told(selectors.document_entries(world.producer, household)) == [
        ("Document submitted", f"{what} Waiting for the carrier.", list_url)
    ]
    documents.reject(document=document, reason="Not legible.", by=world.admin, at=NOW)
    assert told(selectors.document_entries(world.producer, household)) == [
        ("Document submitted", what, list_url),
        ("Document rejected", f"{what} Not legible.", list_url),
    ]


def test_a_document_taken_off_the_list_is_off_the_timeline_too(world, household, document):
    documents.take_off_list(documents=[document], by=world.producer)
    assert selectors.document_entries(world.producer, household) == []
    assert selectors.document_entries(world.principal, household) != []


def test_a_question_is_told_when_it_is_asked_and_when_it_is_answered(world, household, question):
    what, url = f"{question.tracking_number}: New address", f"/messages/questions/{question.tracking_number}/"
    assert told(selectors.question_entries(world.producer, household)) == [
        ("E-Question submitted", what, url),
        ("E-Question answered", what, url),
    ]
    question.hidden_for.add(world.producer)
    assert selectors.question_entries(world.producer, household) == []


def test_only_those_who_may_write_to_the_carrier_for_its_producer_are_told(world, sign_in, document, question):
    seen = {
        "producer": True,
        "principal": True,
        "delegate_with_service": True,
        "delegate": False,
        "delegate_with_enroll": False,
        "admin": False,
    }
    for who, expected in seen.items():
        page = sign_in(getattr(world, who)).get(f"/clients/{world.account_number}/")
        panel = pages.read(page).one("section", aria_labelledby="timeline").text
        assert ("Document submitted" in panel) is expected, who
        assert ("New address" in panel) is expected, who


def test_what_was_sent_for_another_producer_of_the_household_is_not_told(world, household, document, question):
    """The delegate may write for the sibling, and only look at this household."""
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=["VIEW", "SERVICE"])
    assert selectors.document_entries(world.delegate, household) == []
    assert selectors.question_entries(world.delegate, household) == []
    for who in (world.outsider, world.sibling):
        assert timeline_of(who, household).is_empty


def test_what_is_about_others_is_not_told(world, document, question):
    other = Household(account=Account.objects.get(pk=world.sibling_policy.account_id), today=today_in("IL"))
    assert selectors.document_entries(world.principal, other) == []
    assert selectors.question_entries(world.principal, other) == []


def test_each_source_reads_a_bounded_number_of_rows_in_one_query(world, household, monkeypatch):
    monkeypatch.setattr(selectors, "ROWS_AT_MOST", 2)
    for days in (5, 4, 3):
        sent(world.producer, at=NOW - timedelta(days=days), account_number=world.account_number)
        EQuestionFactory(asked_by=world.producer, account=household.account, submitted_at=NOW - timedelta(days=days))
    for source in (selectors.document_entries, selectors.question_entries):
        with CaptureQueriesContext(connection) as captured:
            entries = source(world.producer, household)
        assert len(captured) == 2  # the books and the rows
        assert [entry.at for entry in entries] == [NOW - timedelta(days=days) for days in (3, 4)]
