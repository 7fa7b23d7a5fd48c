"""Adding, changing, assigning, deleting and bringing back prospects."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import DelegateGrant, Producer
from clients.models import Prospect
from clients.services import prospects as service
from portal.common import audit
from portal.common.models import AuditEvent
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, ProspectFactory

KEY = "key-of-one-form-only"
VALUES = {
    "first_name": "Ann",
    "middle_initial": "Q",
    "last_name": "Lee",
    "address_1": "1489 E Ogden Ave",
    "address_2": "Apt 4",
    "city": "Naperville",
    "us_state": "IL",
    "zip": "60563",
    "phone": "3125550142",
    "cell_phone": "6305550142",
    "email": "ann@people.example",
}


def add(user, *, agent=None, form_key=KEY, told="", **changes):
    return service.add(
        values={**VALUES, **changes},
        agent=agent or user.producer,
        by=user,
        at=timezone.now(),
        form_key=form_key,
        told=told,
    )


def change(prospect, user, *, agent=None, seen=None, told="", **changes):
    values = {name: getattr(prospect, name) for name in service.FIELDS}
    return service.change(
        prospect=prospect,
        values={**values, **changes},
        agent=agent or prospect.producer,
        seen=service.stamp(prospect) if seen is None else seen,
        by=user,
        told=told,
    )


def acts(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("id"))


@pytest.fixture
def second_write_fails(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no audit row")

    monkeypatch.setattr(audit, "record", fail)


# --- adding ---


@pytest.mark.feature("PRO_02")
def test_everything_that_was_given_is_kept(world):
    saved = Prospect.objects.get(pk=add(world.producer).pk)
    assert {name: getattr(saved, name) for name in service.FIELDS} == VALUES
    assert (saved.producer, saved.created_by) == (world.producer.producer, world.producer)


def test_the_audit_row_names_fields_and_the_book_and_nothing_typed(world):
    saved = add(world.producer, middle_initial="")
    (event,) = acts("prospect.added")
    assert (event.object_type, event.object_id) == ("prospect", str(saved.pk))
    assert event.for_producer == world.producer.producer.npn
    assert "middle_initial" not in event.details["fields"]
    assert not {value for value in VALUES.values() if value and len(value) > 2} & set(str(event.details).split("'"))


def test_the_same_form_twice_is_one_prospect(world):
    assert add(world.producer).pk == add(world.producer).pk
    assert Prospect.objects.count() == 1
    assert len(acts("prospect.added")) == 1


@pytest.mark.django_db(transaction=True)
def test_five_clicks_at_the_same_moment_are_one_prospect(world):
    saved = at_once(*[lambda: add(world.producer).pk] * 5)
    assert len(set(saved)) == 1
    assert Prospect.objects.count() == 1


def test_the_same_form_with_other_content_is_another_prospect(world):
    add(world.producer)
    add(world.producer, first_name="Bob", phone="", cell_phone="", email="")
    assert sorted(Prospect.objects.values_list("first_name", flat=True)) == ["Ann", "Bob"]


def test_the_same_content_in_another_form_is_asked_about_and_then_another_prospect(world):
    add(world.producer)
    with pytest.raises(service.LikeSomebody) as hint:
        add(world.producer, form_key="key-of-another-form")
    assert Prospect.objects.count() == 1
    add(world.producer, form_key="key-of-another-form", told=hint.value.likenesses.seen)
    assert Prospect.objects.count() == 2


def test_two_people_may_send_forms_with_the_same_key(world):
    add(world.producer)
    add(world.outsider)
    assert Prospect.objects.count() == 2


def test_a_form_sent_again_after_its_prospect_was_deleted_brings_nothing_back(world):
    service.delete(prospects=[add(world.producer)], by=world.producer, at=timezone.now())
    with pytest.raises(service.SavedBefore):
        add(world.producer)
    assert Prospect.objects.count() == 1


def test_when_the_audit_row_cannot_be_written_nothing_is_kept(world, second_write_fails, monkeypatch):
    with pytest.raises(RuntimeError):
        add(world.producer)
    assert not Prospect.objects.exists()
    monkeypatch.undo()
    add(world.producer)
    assert Prospect.objects.count() == 1


# --- whose it is ---


@pytest.mark.feature("PRO_03")
def test_an_agency_adds_for_an_agent_below_it(world):
    assert add(world.principal, agent=world.producer.producer).producer == world.producer.producer


@pytest.mark.feature("PRO_03")
@pytest.mark.parametrize("who", ["outsider", "sibling", "principal"])
def test_nobody_adds_for_an_agent_outside_the_own_hierarchy(world, who):
    with pytest.raises(service.NotYourAgent, match="not in your hierarchy"):
        add(world.producer, agent=getattr(world, who).producer)
    assert not Prospect.objects.exists()


@pytest.mark.feature("PRO_03")
def test_nobody_adds_for_an_agent_whose_contract_has_ended(world):
    gone = ProducerFactory(parent=world.principal.producer, status=Producer.Status.TERMINATED)
    with pytest.raises(service.NotYourAgent):
        add(world.principal, agent=gone)


@pytest.mark.feature("PRO_03")
def test_a_delegate_adds_for_those_who_granted_it_while_they_do(world):
    saved = add(world.delegate_with_enroll, agent=world.producer.producer)
    assert saved.created_by == world.delegate_with_enroll
    assert acts("prospect.added")[0].for_producer == world.producer.producer.npn
    DelegateGrant.objects.filter(delegate=world.delegate_with_enroll).update(
        last_day=timezone.localdate() - timedelta(days=1)
    )
    world.delegate_with_enroll.refresh_from_db()
    with pytest.raises(service.NotYourAgent):
        add(world.delegate_with_enroll, agent=world.producer.producer, form_key="key-of-another-form")


@pytest.mark.parametrize("who", ["delegate", "delegate_with_service", "former_delegate", "admin"])
def test_those_without_the_right_to_quote_add_nothing(world, who):
    with pytest.raises(service.NotYourAgent):
        add(getattr(world, who), agent=world.producer.producer)


@pytest.mark.feature("PRO_03")
def test_an_agency_assigns_a_prospect_to_an_agent_below_it(world):
    prospect = ProspectFactory(created_by=world.principal)
    assert change(prospect, world.principal, agent=world.producer.producer)
    prospect.refresh_from_db()
    assert prospect.producer == world.producer.producer
    (event,) = acts("prospect.assigned")
    assert event.details == {"before": world.principal.producer.npn, "after": world.producer.producer.npn}
    assert not acts("prospect.changed")


@pytest.mark.feature("PRO_03")
def test_nobody_assigns_a_prospect_out_of_the_own_hierarchy(world):
    prospect = ProspectFactory(created_by=world.producer)
    with pytest.raises(service.NotYourAgent):
        change(prospect, world.producer, agent=world.outsider.producer, city="Elgin")
    prospect.refresh_from_db()
    assert (prospect.producer, prospect.city) == (world.producer.producer, "Naperville")


# --- changing ---


def test_changed_fields_are_saved_and_named(world):
    prospect = ProspectFactory(created_by=world.producer)
    assert change(prospect, world.producer, city="Elgin", zip="60120")
    prospect.refresh_from_db()
    assert (prospect.city, prospect.zip) == ("Elgin", "60120")
    assert acts("prospect.changed")[0].details == {"fields": ["city", "zip"]}


def test_what_stands_there_already_is_saved_once(world):
    prospect = ProspectFactory(created_by=world.producer)
    seen = service.stamp(prospect)
    assert change(prospect, world.producer, seen=seen, city="Elgin")
    assert not change(prospect, world.producer, seen=seen, city="Elgin")
    assert len(acts("prospect.changed")) == 1


def test_of_two_windows_the_second_is_told_what_the_first_has_saved(world):
    prospect = ProspectFactory(created_by=world.producer)
    seen = service.stamp(prospect)
    change(prospect, world.producer, city="Elgin")
    with pytest.raises(service.ChangedMeanwhile) as told:
        change(prospect, world.producer, seen=seen, city="Aurora")
    assert told.value.saved.city == "Elgin"
    prospect.refresh_from_db()
    assert prospect.city == "Elgin"


def test_what_was_deleted_meanwhile_is_not_changed(world):
    prospect = ProspectFactory(created_by=world.producer)
    service.delete(prospects=[prospect], by=world.producer, at=timezone.now())
    with pytest.raises(service.Gone):
        change(prospect, world.producer, city="Elgin")


def test_when_the_audit_row_of_a_change_cannot_be_written_nothing_is_changed(world, second_write_fails):
    prospect = ProspectFactory(created_by=world.producer)
    with pytest.raises(RuntimeError):
        change(prospect, world.producer, city="Elgin")
    prospect.refresh_from_db()
    assert prospect.city == "Naperville"


def test_a_change_that_makes_people_alike_is_asked_about(world):
    ProspectFactory(created_by=world.producer, phone="3125550142")
    prospect = ProspectFactory(created_by=world.producer)
    with pytest.raises(service.LikeSomebody) as hint:
        change(prospect, world.producer, phone="3125550142")
    assert change(prospect, world.producer, phone="3125550142", told=hint.value.likenesses.seen)
    prospect.refresh_from_db()
    assert change(prospect, world.producer, city="Elgin"), "alike already: no question"


# --- deleting and bringing back ---


@pytest.mark.feature("PRO_08")
def test_deleted_prospects_can_be_brought_back(world):
    rows = ProspectFactory.create_batch(2, created_by=world.producer)
    now = timezone.now()
    assert service.delete(prospects=rows, by=world.producer, at=now) == [row.pk for row in rows]
    assert set(Prospect.objects.values_list("deleted_at", "deleted_by")) == {(now, world.producer.pk)}
    assert service.restore(prospects=rows, by=world.principal) == [row.pk for row in rows]
    assert set(Prospect.objects.values_list("deleted_at", "deleted_by")) == {(None, None)}
    assert [event.object_id for event in acts("prospect.deleted")] == [str(row.pk) for row in rows]
    assert {event.actor_id for event in acts("prospect.restored")} == {world.principal.pk}


@pytest.mark.django_db(transaction=True)
def test_deleting_twice_is_deleting_once(world):
    row = ProspectFactory(created_by=world.producer)
    done = at_once(*[lambda: service.delete(prospects=[row], by=world.producer, at=timezone.now())] * 3)
    assert sorted(done) == [[], [], [row.pk]]
    assert len(acts("prospect.deleted")) == 1


def test_when_the_audit_row_of_a_deletion_cannot_be_written_nothing_is_deleted(world, monkeypatch):
    rows = ProspectFactory.create_batch(2, created_by=world.producer)
    record, told = audit.record, []

    def fails_the_second_time(*args, **kwargs):
        told.append(args)
        if len(told) == 2:
            raise RuntimeError("no audit row")
        return record(*args, **kwargs)

    monkeypatch.setattr(audit, "record", fails_the_second_time)
    with pytest.raises(RuntimeError):
        service.delete(prospects=rows, by=world.producer, at=timezone.now())
    assert not Prospect.objects.filter(deleted_at__isnull=False).exists()
