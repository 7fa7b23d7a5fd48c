"""What can be done for a client, and why not: the registry behind the drop-down of the client's page."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from portal.common import client_actions
from portal.common.access import Perm
from portal.common.client_actions import NOT_YOURS, NOT_YOURS_HERE, ClientAction, ClientInHand, known_numbers

pytestmark = [pytest.mark.no_db, pytest.mark.feature("DET_04")]
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)


class Person:
    def __init__(self, *perms: Perm) -> None:
        self.perms = perms

    def has_portal_perm(self, perm: Perm) -> bool:
        return perm in self.perms


def policy(**facts) -> SimpleNamespace:
    return SimpleNamespace(
        **{"status": "ACTIVE", "requires_pcp": True, "on_exchange": False, "submitted_at": NOW, **facts}
    )


def in_hand(*policies: SimpleNamespace, number: str = "730000001") -> ClientInHand:
    return ClientInHand(
        account=None,
        account_number=number,
        eapp_number="0100000551",
        policies=policies or (policy(),),
        page="/clients/1/",
        today=date(2026, 11, 21),
        now=NOW,
    )


def choices(person: Person, client: ClientInHand, under=None) -> list[tuple[str, str, str]]:
    found = client_actions.choices_for(person, client, policies_under=under or (lambda _perm: client.policies))
    return [(choice.label, choice.reason, choice.url) for choice in found]


# Actions as other parts of the portal bring them, with the reasons of the guide.


def no_card_yet(client: ClientInHand) -> str:
    waiting = [p for p in client.policies if p.on_exchange and client.now < p.submitted_at + timedelta(hours=24)]
    return "ID cards for Marketplace policies are ready 24 hours after submission." if waiting else ""


def no_pcp(client: ClientInHand) -> str:
    if all(p.status == "TERMED" for p in client.policies):
        return "Every policy is termed."
    return "" if any(p.requires_pcp for p in client.policies) else "None of the plans has a PCP."


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(client_actions, "_actions", {})
    client_actions.register(
        ClientAction(
            code="pcp",
            label="Change PCP",
            url=lambda client: f"/clients/{client.number}/pcp/",
            perm=Perm.CLIENT_SERVICE,
            order=20,
            why_not=no_pcp,
        ),
        ClientAction(
            code="cards",
            label="Generate ID Cards",
            url=lambda client: f"/clients/{client.number}/id-cards/",
            perm=Perm.CLIENT_SERVICE,
            order=10,
            why_not=no_card_yet,
        ),
    )


SERVICE = Person(Perm.CLIENT_SERVICE)


@pytest.mark.feature("DET_03")
def test_what_is_possible_stands_in_its_order_with_its_address():
    assert choices(SERVICE, in_hand()) == [
        ("Generate ID Cards", "", "/clients/730000001/id-cards/"),
        ("Change PCP", "", "/clients/730000001/pcp/"),
    ]


@pytest.mark.parametrize(
    ("facts", "label", "reason"),
    [
        ({"requires_pcp": False}, "Change PCP", "None of the plans has a PCP."),
        ({"status": "TERMED"}, "Change PCP", "Every policy is termed."),
        (
            {"on_exchange": True, "submitted_at": NOW - timedelta(hours=23, minutes=59)},
            "Generate ID Cards",
            "ID cards for Marketplace policies are ready 24 hours after submission.",
        ),
    ],
)
def test_what_is_not_possible_now_stays_in_the_list_with_its_reason_and_without_an_address(facts, label, reason):
    assert (label, reason, "") in choices(SERVICE, in_hand(policy(**facts)))


def test_the_wait_is_over_after_24_hours():
    ready = policy(on_exchange=True, submitted_at=NOW - timedelta(hours=24))
    assert [reason for _, reason, _ in choices(SERVICE, in_hand(ready))] == ["", ""]


def test_a_right_one_does_not_hold_is_the_reason():
    assert {reason for _, reason, _ in choices(Person(), in_hand())} == {NOT_YOURS}


def test_a_right_held_for_other_books_only_is_the_reason():
    assert {reason for _, reason, _ in choices(SERVICE, in_hand(), under=lambda _perm: [])} == {NOT_YOURS_HERE}


def test_an_action_is_asked_about_the_policies_under_its_right_only():
    """A PCP plan of a book that the person may only look at makes no PCP change possible."""
    mine, seen = policy(requires_pcp=False), policy()
    found = choices(SERVICE, in_hand(mine, seen), under=lambda _perm: [mine])
    assert ("Change PCP", "None of the plans has a PCP.", "") in found


def test_registering_again_replaces():
    client_actions.register(
        ClientAction(code="pcp", label="Change Doctor", url=lambda _: "/new/", perm=Perm.CLIENT_SERVICE, order=1)
    )
    assert choices(SERVICE, in_hand())[0] == ("Change Doctor", "", "/new/")
    assert len(choices(SERVICE, in_hand())) == 2


def test_before_there_is_an_account_number_the_e_app_number_names_the_client():
    assert known_numbers(in_hand()) == {"account": "730000001"}
    early = in_hand(number="")
    assert (known_numbers(early), early.number) == ({"eapp": "0100000551"}, "0100000551")
