"""Buttons beside Save Prospect, brought by the apps above."""

import pytest

from portal.common import prospect_actions
from portal.common.access import Perm
from portal.common.prospect_actions import ProspectAction

pytestmark = pytest.mark.no_db


class Somebody:
    def __init__(self, *perms: Perm) -> None:
        self.perms = perms

    def has_portal_perm(self, perm: Perm) -> bool:
        return perm in self.perms


@pytest.fixture(autouse=True)
def no_other_actions(monkeypatch):
    monkeypatch.setattr(prospect_actions, "_actions", {})


@pytest.fixture
def proposal():
    action = ProspectAction(
        name="proposal",
        label="Save and Create Proposal",
        url=lambda prospect_id: f"/quotes/new/?prospect={prospect_id}",
        perm=Perm.ENROLL,
        order=10,
    )
    prospect_actions.register(action)
    return action


def test_an_action_is_offered_to_those_who_hold_its_right(proposal):
    assert prospect_actions.offered_to(Somebody(Perm.ENROLL)) == [proposal]
    assert prospect_actions.offered_to(Somebody(Perm.CLIENT_VIEW)) == []


def test_actions_come_in_their_order(proposal):
    earlier = ProspectAction(name="call", label="Save and Call", url=str, perm=Perm.ENROLL, order=5)
    prospect_actions.register(earlier)
    assert prospect_actions.offered_to(Somebody(Perm.ENROLL)) == [earlier, proposal]


def test_after_saving_the_pressed_button_leads_on(proposal):
    assert prospect_actions.url_after_saving(Somebody(Perm.ENROLL), "proposal", 7) == "/quotes/new/?prospect=7"
    assert prospect_actions.url_after_saving(Somebody(Perm.ENROLL), "", 7) == ""
    assert prospect_actions.url_after_saving(Somebody(Perm.ENROLL), "no such button", 7) == ""
    assert prospect_actions.url_after_saving(Somebody(Perm.CLIENT_VIEW), "proposal", 7) == ""


def test_without_an_action_there_is_no_button(proposal):
    prospect_actions.unregister("proposal")
    assert prospect_actions.offered_to(Somebody(Perm.ENROLL)) == []
