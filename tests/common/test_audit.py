import pytest
from django.db import DatabaseError, connection, transaction

from portal.common import audit, request_context
from portal.common.models import AuditEvent
from portal.common.request_context import RequestFacts
from tests.support.factories import UserFactory


@pytest.fixture
def event():
    return audit.record("client.viewed", by=None, object_type="account", object_id="730000001")


CHANGES = ["UPDATE common_auditevent SET action = 'nothing.happened'", "DELETE FROM common_auditevent"]


@pytest.mark.parametrize("sql", CHANGES)
def test_the_database_refuses_to_change_or_delete_an_event(event, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEvent.objects.get(pk=event.pk).action == "client.viewed"


def test_the_orm_is_refused_too(event):
    event.action = "nothing.happened"
    for change in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_an_event_says_who_did_what_on_whose_book():
    person = UserFactory(username="rsolberg7")
    found = audit.record(
        "report.exported",
        by=person,
        for_producer="7000001",
        object_type="report",
        details={"format": "xlsx", "rows": 3},
    )
    found.refresh_from_db()
    assert (found.actor_id, found.actor_username, found.for_producer) == (person.pk, "rsolberg7", "7000001")
    assert found.details == {"format": "xlsx", "rows": 3}


def test_an_event_carries_the_request_it_happened_in():
    facts = RequestFacts(request_id="0b8e2f5c-0000-4000-8000-000000000001", ip_address="192.0.2.7")
    request_context.enter(facts)
    try:
        inside = audit.record("client.viewed", by=None)
    finally:
        request_context.enter(None)
    outside = audit.record("client.viewed", by=None)
    assert (inside.request_id, inside.ip_address) == (facts.request_id, facts.ip_address)
    assert (outside.request_id, outside.ip_address) == ("", None)


def test_the_event_goes_with_its_transaction():
    @transaction.atomic
    def change_that_fails():
        audit.record("client.viewed", by=None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        change_that_fails()
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_recording_outside_any_transaction_is_kept_at_once():
    audit.record("client.viewed", by=None)
    connection.close()
    assert AuditEvent.objects.count() == 1


def test_an_event_outlives_the_person_it_speaks_of():
    person = UserFactory()
    audit.record("client.viewed", by=person)
    person.delete()
    assert AuditEvent.objects.get().actor_username == person.username
