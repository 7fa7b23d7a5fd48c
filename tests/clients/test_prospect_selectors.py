"""Which prospects are found, whose they may be, and who may be the same person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Producer
from clients.selectors import prospects as selector
from portal.common.access import DelegateScope
from tests.support.factories import (
    ContactPointFactory,
    DelegateGrantFactory,
    MemberFactory,
    PolicyFactory,
    ProducerFactory,
    ProspectFactory,
)


def names(rows) -> list[str]:
    return sorted(row.first_name for row in rows)


@pytest.fixture
def leads(world):
    ProspectFactory(
        created_by=world.producer,
        first_name="José-Luis",
        last_name="Muñoz",
        city="St. Charles",
        us_state="IL",
        zip="60174",
        phone="3125550142",
        cell_phone="",
        email="Jose.Luis@People.example",
    )
    ProspectFactory(
        created_by=world.producer,
        first_name="Maeve",
        last_name="O'Brien",
        city="Austin",
        us_state="TX",
        zip="78701",
        phone="",
        cell_phone="5125550143",
        email="",
    )
    ProspectFactory(created_by=world.producer, first_name="Gone", last_name="Muñoz", deleted=True)
    ProspectFactory(created_by=world.outsider, first_name="Foreign", last_name="Muñoz", phone="3125550142")


# --- searching ---


@pytest.mark.feature("PRO_06")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"first_name": "jose luis"}, ["José-Luis"]),
        ({"first_name": "LUIS"}, ["José-Luis"]),
        ({"last_name": "munoz"}, ["José-Luis"]),
        ({"last_name": "obrien"}, ["Maeve"]),
        ({"last_name": "O’Brien"}, ["Maeve"]),
        ({"city": "st charles"}, ["José-Luis"]),
        ({"us_state": "TX"}, ["Maeve"]),
        ({"zip": "60174"}, ["José-Luis"]),
        ({"zip": "787"}, ["Maeve"]),
        ({"zip": "0174"}, []),
        ({"phone": "3125550142"}, ["José-Luis"]),
        ({"phone": "5125550143"}, ["Maeve"]),
        ({"phone": "3125550143"}, []),
        ({"email": "jose.luis@people.example"}, ["José-Luis"]),
        ({"last_name": "Muñoz", "us_state": "IL", "zip": "60174"}, ["José-Luis"]),
        ({"last_name": "Muñoz", "us_state": "TX"}, []),
    ],
)
def test_each_field_finds_alone_and_together_with_others(world, leads, asked, expected):
    assert names(selector.found(world.producer, asked)) == expected


@pytest.mark.feature("PRO_07")
def test_without_a_field_all_own_prospects_are_found(world, leads):
    assert names(selector.found(world.producer, {})) == ["José-Luis", "Maeve"]
    assert names(selector.found(world.outsider, {})) == ["Foreign"]
    assert names(selector.found(world.principal, {})) == ["José-Luis", "Maeve"]
    assert names(selector.found(world.sibling, {})) == []
    assert names(selector.found(world.delegate, {})) == ["José-Luis", "Maeve"]
    assert names(selector.found(world.former_delegate, {})) == []
    assert names(selector.found(world.delegate_without_view, {})) == []
    assert names(selector.found(world.admin, {})) == ["Foreign", "José-Luis", "Maeve"]


@pytest.mark.feature("PRO_06")
def test_signs_that_mean_something_to_a_database_are_letters_like_others(world):
    ProspectFactory(created_by=world.producer, email="50%_off@people.example")
    ProspectFactory(created_by=world.producer, email="50 off@people.example")
    assert selector.found(world.producer, {"email": "50%_off"}).count() == 1


@pytest.mark.feature("PRO_08")
def test_ids_that_are_none_and_ids_of_others_are_left_out(world):
    mine, other = ProspectFactory(created_by=world.producer), ProspectFactory(created_by=world.outsider)
    sent = [str(mine.pk), str(other.pk), "", "x", "²", "-1", "9" * 30, f"{mine.pk} OR 1=1"]
    assert list(selector.named(selector.visible(world.producer), sent)) == [mine]


@pytest.mark.feature("PRO_08")
@pytest.mark.parametrize(
    ("ago", "there"), [(timedelta(0), True), (timedelta(days=30), True), (timedelta(days=31), False)]
)
def test_deleted_prospects_can_be_restored_for_thirty_days(world, ago, there):
    now = timezone.now()
    ProspectFactory(created_by=world.producer, deleted=True, deleted_at=now - ago)
    assert selector.deleted(world.producer, at=now).exists() is there
    assert not selector.deleted(world.outsider, at=now).exists()
    assert not selector.deleted(world.delegate, at=now).exists(), "a right to look is none to restore"


# --- agents ---


@pytest.mark.feature("PRO_03")
def test_agents_are_oneself_and_everybody_below_but_those_whose_contract_has_ended(world):
    ProducerFactory(parent=world.principal.producer, status=Producer.Status.TERMINATED)
    agents = selector.agents(world.principal)
    assert agents[0] == world.principal.producer
    assert set(agents[1:]) == {world.producer.producer, world.sibling.producer}
    assert selector.agents(world.producer) == [world.producer.producer]
    assert selector.agents(world.delegate) == []
    assert selector.agents(world.delegate_with_enroll) == [world.producer.producer]
    assert selector.agents(world.admin) == []


@pytest.mark.feature("PRO_03")
def test_the_agents_box_names_agent_and_agency(world):
    facts = dict(selector.agent_facts(world.producer.producer))
    assert facts == {
        "Agent": world.producer.producer.name,
        "Agency": "Harbor Benefits",
        "National Producer Number": world.producer.producer.npn,
    }


def test_a_delegate_changes_only_in_books_where_that_was_granted(world):
    DelegateGrantFactory(
        producer=world.sibling.producer,
        delegate=world.delegate,
        scopes=[DelegateScope.VIEW.value, DelegateScope.ENROLL.value],
    )
    world.delegate.refresh_from_db()
    mine, hers = ProspectFactory(created_by=world.producer), ProspectFactory(created_by=world.sibling)
    assert [selector.may_change(world.delegate, row) for row in (mine, hers)] == [False, True]
    assert [selector.may_change(world.principal, row) for row in (mine, hers)] == [True, True]
    assert not selector.may_change(world.admin, mine)


# --- who may be the same person ---

TYPED = {
    "first_name": "Ann",
    "last_name": "O'Hara",
    "zip": "60563",
    "phone": "3125550199",
    "cell_phone": "",
    "email": "ann.ohara@people.example",
}
NOBODY = {"first_name": "Zoe", "last_name": "Quill", "zip": "61000", "phone": "", "cell_phone": "", "email": ""}


def like(user, **typed):
    return selector.likenesses(user, {**NOBODY, **typed}).people


@pytest.mark.parametrize(
    ("known", "typed", "reason"),
    [
        ({"first_name": "Ann", "last_name": "O'Hara", "zip": "60563"}, {"first_name": "ANN", "last_name": "OHara", "zip": "60563"}, "same name and ZIP code"),
        ({"phone": "3125550199"}, {"phone": "3125550199"}, "same phone number"),
        ({"phone": "3125550199"}, {"cell_phone": "3125550199"}, "same phone number"),
        ({"cell_phone": "3125550199"}, {"phone": "3125550199"}, "same phone number"),
        ({"email": "Ann.OHara@people.example"}, {"email": "ann.ohara@PEOPLE.example"}, "same email address"),
    ],
)  # fmt: skip
def test_a_prospect_with_the_same_name_and_zip_or_phone_or_email_is_hinted(world, known, typed, reason):
    ProspectFactory(created_by=world.producer, **known)
    (one,) = like(world.producer, **typed)
    assert (one.kind, one.reasons) == ("Prospect", [reason])


def test_the_same_name_elsewhere_is_no_likeness(world):
    ProspectFactory(created_by=world.producer, first_name="Ann", last_name="Lee", zip="60563", phone="", email="")
    assert like(world.producer, first_name="Ann", last_name="Lee", zip="60564") == []
    assert like(world.producer, first_name="Bob", last_name="Lee", zip="60563") == []
    assert like(world.producer) == [], "empty phones and addresses are not the same ones"


def test_one_person_is_hinted_once_with_every_reason(world):
    ProspectFactory(created_by=world.producer, **TYPED)
    (one,) = like(world.producer, **TYPED)
    assert one.reasons == ["same name and ZIP code", "same phone number", "same email address"]
    assert one.place == "Naperville, IL 60563"


def test_a_client_of_the_own_book_is_hinted(world):
    member = MemberFactory(first_name="Ann", last_name="O'Hara")
    ContactPointFactory(member=member, kind="CELL", value="3125550199")
    ContactPointFactory(member=member, kind="EMAIL", value="ann.ohara@people.example")
    PolicyFactory(producer_number=world.number, primary=member)
    PolicyFactory(producer_number=world.number, primary=member, account=member.account, dental=True)
    (one,) = like(world.producer, **TYPED)
    assert (one.kind, one.name, one.url) == ("Client", "Ann O'Hara", f"/clients/{member.account.number}/")
    assert one.reasons == ["same name and ZIP code", "same phone number", "same email address"]


def test_a_household_without_an_account_number_is_hinted_by_its_eapp_number(world):
    policy = PolicyFactory(
        producer_number=world.number, primary=MemberFactory(first_name="Ann", last_name="O'Hara", account__number=None)
    )
    (one,) = like(world.producer, **TYPED)
    assert one.url == f"/clients/e-app/{policy.eapp_number}/"


@pytest.mark.parametrize("who", ["outsider", "sibling", "former_delegate"])
def test_nobody_hears_of_other_peoples_rows(world, who):
    """Neither who they are nor that there are any (PRO_07, SRC_10)."""
    ProspectFactory(created_by=world.producer, **TYPED)
    member = MemberFactory(first_name="Ann", last_name="O'Hara")
    ContactPointFactory(member=member, kind="HOME", value="3125550199")
    PolicyFactory(producer_number=world.number, primary=member)
    assert like(getattr(world, who), **TYPED) == []


def test_deleted_prospects_and_the_one_being_edited_are_not_hinted(world):
    ProspectFactory(created_by=world.producer, deleted=True, **TYPED)
    edited = ProspectFactory(created_by=world.producer, **TYPED)
    assert selector.likenesses(world.producer, {**NOBODY, **TYPED}, but=edited).people == []


def test_what_was_told_stands_for_exactly_these_people(world):
    first = ProspectFactory(created_by=world.producer, **TYPED)
    told = selector.likenesses(world.producer, {**NOBODY, **TYPED})
    again = selector.likenesses(world.producer, {**NOBODY, **TYPED, "last_name": "Hara"})
    assert told.seen == again.seen, f"still {first}"
    ProspectFactory(created_by=world.producer, **TYPED)
    assert told.seen != selector.likenesses(world.producer, {**NOBODY, **TYPED}).seen
