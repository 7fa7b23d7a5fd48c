"""Links on a client's page that come from the apps above."""

import pytest

from portal.common import client_actions
from portal.common.access import Perm
from portal.common.client_actions import ClientAction, ClientLink

pytestmark = pytest.mark.no_db


class Person:
    def __init__(self, *perms: Perm) -> None:
        self.perms = perms

    def has_portal_perm(self, perm: Perm) -> bool:
        return perm in self.perms


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(client_actions, "_actions", {})
    for label, perm, order in (("Second", Perm.ENROLL, 20), ("First", Perm.CARRIER_CONTACT, 10)):
        client_actions.register(
            ClientAction(label=label, url=lambda number, label=label: f"/{label}/{number}/", perm=perm, order=order)
        )


def test_links_stand_in_their_order():
    links = client_actions.links_for(Person(Perm.ENROLL, Perm.CARRIER_CONTACT), "730000001")
    assert links == [ClientLink("First", "/First/730000001/"), ClientLink("Second", "/Second/730000001/")]


def test_only_those_the_person_may_follow():
    assert [link.label for link in client_actions.links_for(Person(Perm.ENROLL), "730000001")] == ["Second"]
    assert client_actions.links_for(Person(), "730000001") == []


def test_none_for_a_household_without_a_number():
    assert client_actions.links_for(Person(Perm.ENROLL), "") == []


def test_registering_again_replaces():
    client_actions.register(ClientAction(label="Second", url=lambda number: "/new/", perm=Perm.ENROLL, order=1))
    assert [link.url for link in client_actions.links_for(Person(Perm.ENROLL), "1")] == ["/new/"]
