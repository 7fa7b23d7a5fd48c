"""The ID card pages as producer, delegate with and without SERVICE, outsider and admin meet them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.idcards import bundles, rendering
from clients.models import (
    Coverage,
    IdCardOrder,
    IdCardRequest,
    MedicalGroup,
    Member,
    MemberChange,
    PcpAssignment,
    Policy,
)
from clients.services import id_cards
from clients.views.id_cards import NOTHING_TO_STOP
from portal.common import outbox
from portal.common.models import AuditEvent
from tests.support.cards import load_card_data
from tests.support.factories import MemberFactory, PolicyFactory
from tests.support.pages import messages, read

KEY = "a-form-key-of-the-tests"


@pytest.fixture
def hmo(world) -> Policy:
    """A family of four in an HMO of the producer's book: the child has left, the spouse has no PCP yet."""
    policy = PolicyFactory(
        producer_number=world.number,
        network_type=Policy.Network.HMO,
        requires_pcp=True,
        plan_id="00017IL0100005",
        product_name="Advantage Plus Silver HMO 104",
    )
    primary = Member.objects.get(account=policy.account)
    today = timezone.localdate()
    group = MedicalGroup.objects.create(number="203", name="Lakeside", us_state="IL", effective_date=today)
    PcpAssignment.objects.create(
        member=primary, policy=policy, medical_group=group, effective_date=policy.effective_date, received_on=today
    )
    for role, name, left in (("SPOUSE", "Sam", None), ("CHILD", "Charlie", today - timedelta(days=1))):
        member = MemberFactory(account=policy.account, role=role, first_name=name)
        Coverage.objects.create(policy=policy, member=member, effective_date=policy.effective_date, term_date=left)
    load_card_data()
    return policy


@pytest.fixture
def producer(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def quick_pdf(monkeypatch):
    monkeypatch.setattr(rendering, "render", lambda cards, **_: b"%PDF-1.7 " + cards[0].member_name.encode())
    monkeypatch.setattr(bundles, "merged", lambda pdfs: b"%PDF-1.7 all")


def page(name: str, policy: Policy, *args: str) -> str:
    return reverse(f"clients:{name}", args=[policy.account.number, *args])


def person(policy: Policy, role: str) -> Member:
    return Member.objects.get(account=policy.account, role=role)


def refusals(found) -> str:
    return " ".join(alert.text for alert in found.all("div", class_="alert-danger"))


def make_order(policy: Policy, by, *, roles=("PRIMARY", "SPOUSE"), bundle="PDF") -> IdCardOrder:
    asked = [id_cards.CardAsked(policy=policy, member=person(policy, role)) for role in roles]
    return id_cards.request_temporary(
        asked=asked, account=policy.account, bundle=bundle, by=by, now=timezone.now(), form_key=KEY
    )


# --- choosing ---


@pytest.mark.feature("IDC_01")
def test_next_asks_for_the_kind_and_leads_on_cancel_leaves(hmo, producer):
    response = producer.get(page("id-cards", hmo))
    found = read(response)
    assert found.one("h1").text == "Policy Fulfillment Request"
    assert [label.text for label in found.all("label", class_="form-check-label")] == [
        "Temporary ID Cards",
        "Permanent ID Cards",
    ]
    cancel = next(link for link in found.all("a") if link.text == "Cancel")
    assert cancel.attrs["href"] == page("detail", hmo)
    missing = producer.get(page("id-cards", hmo), {"next": "1"})
    assert (
        "Choose Temporary ID Cards or Permanent ID Cards." in read(missing).one("fieldset", class_="card-choices").text
    )
    for kind in ("temporary", "permanent"):
        assert producer.get(page("id-cards", hmo), {"next": "1", "kind": kind}).url == page(
            "id-cards-choose", hmo, kind
        )


@pytest.mark.feature("IDC_03")
def test_the_list_has_every_policy_with_its_dates_and_says_why_one_has_no_cards(world, hmo, producer):
    primary, now = person(hmo, "PRIMARY"), timezone.now()
    shared = {"producer_number": world.number, "account": hmo.account, "primary": primary}
    PolicyFactory(**shared, dental=True, plan_id="00017IL0800001", product_name="Dental Family High PPO")
    PolicyFactory(**shared, termed=True, product_name="Choice Gold PPO 203")
    PolicyFactory(
        **shared,
        future=True,
        market=Policy.Market.ON,
        application_submitted_at=now,
        product_name="Choice Silver PPO 202",
        plan_id="00017IL0200002",
    )
    found = read(producer.get(page("id-cards-choose", hmo, "temporary")))
    lines = {line.all("label")[0].text: line for line in found.all("div", class_="card-choice")}
    assert set(lines) == {
        "Dental Family High PPO",
        "Choice Gold PPO 203",
        "Choice Silver PPO 202",
        "Advantage Plus Silver HMO 104",
        "The whole household: all 3 ID cards",
    }
    assert f"Effective Date {hmo.effective_date:%m/%d/%Y} Termination Date 12/31/9999" in lines[hmo.product_name].text
    assert "disabled" in lines["Choice Gold PPO 203"].one("input").attrs
    assert "This policy is Termed." in lines["Choice Gold PPO 203"].text
    assert "available 24 hours after" in lines["Choice Silver PPO 202"].text
    assert "disabled" not in lines["Dental Family High PPO"].one("input").attrs


@pytest.mark.feature("IDC_04")
@pytest.mark.feature("IDC_05")
def test_members_are_offered_for_plans_with_pcp_alone_and_not_those_who_have_left(world, hmo, producer):
    shared = {"producer_number": world.number, "account": hmo.account, "primary": person(hmo, "PRIMARY")}
    ppo = PolicyFactory(**shared, plan_id="00017IL0200002")
    found = read(producer.get(page("id-cards-choose", hmo, "temporary")))
    (members,) = found.all("fieldset", class_="card-members")
    assert [label.text for label in members.all("label")] == [
        "Tanya Washington (Primary)",
        "Sam Washington (Spouse)",
        "Select All",
    ]
    assert members.attrs["data-members"] == f"policy-{hmo.pk}"
    assert "PCP: to be assigned" in members.text
    assert ppo.product_name in found.text


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "Select a policy."),
        ({"policy": "999999"}, "That policy is no longer in the list."),
        ({"policy": "hmo"}, "Select at least one member who needs a card."),
        ({"policy": "hmo", "member": "child"}, "Select at least one member who needs a card."),
        ({"policy": "hmo", "member": "\u0663"}, "Select at least one member who needs a card."),
        ({"policy": "hmo", "member": "spouse"}, "Sam Washington has no PCP yet."),
        ({"policy": "hmo", "everybody": "hmo"}, "Sam Washington has no PCP yet."),
        ({"policy": "all"}, "That policy is no longer in the list."),
    ],
)
@pytest.mark.sampled(4)
def test_a_choice_that_cannot_be_is_said_beside_the_list_and_kept(hmo, producer, sent, error):
    ids = {"hmo": str(hmo.pk), "child": str(person(hmo, "CHILD").pk), "spouse": str(person(hmo, "SPOUSE").pk)}
    sent = {name: ids.get(value, value) for name, value in sent.items()}
    response = producer.get(page("id-cards-confirm", hmo, "permanent"), sent)
    assert response.status_code == 200
    found = read(response)
    assert error in refusals(found)
    checked = [box.attrs["value"] for box in found.all("input") if "checked" in box.attrs]
    assert set(checked) == {value for value in sent.values() if value in {ids["hmo"], ids["spouse"]}}


@pytest.mark.feature("IDC_07")
def test_the_detail_screen_repeats_plan_member_role_number_and_member_id(hmo, producer):
    primary = person(hmo, "PRIMARY")
    response = producer.get(page("id-cards-confirm", hmo, "permanent"), {"policy": hmo.pk, "member": primary.pk})
    found = read(response)
    assert found.one("h1").text == "Policy Fulfillment Request Detail"
    assert f"Member ID: {primary.member_id}" in found.text
    (line,) = found.one("ul", class_="card-lines").all("li")
    assert line.text == (
        f"{hmo.product_name} Washington, Tanya (Primary) Number of Id cards requested: 1 Member ID: {primary.member_id}"
    )
    assert "Permanent Replacement ID Card" in found.text


# --- ordering ---


@pytest.mark.feature("IDC_06")
def test_the_number_of_cards_is_checked_and_what_was_sent_is_kept(world, producer):
    policy = world.policy
    Policy.objects.filter(pk=policy.pk).update(market=Policy.Market.OFF)
    url = page("id-cards-confirm", policy, "permanent")
    sent = {"policy": policy.pk, "quantity": "9", "form_key": KEY}
    response = producer.post(url, sent)
    assert "Enter a number from 1 to 5." in read(response).one("p", class_="invalid-feedback").text
    assert not IdCardOrder.objects.exists()
    answer = producer.post(url, {**sent, "quantity": "4"})
    order = IdCardOrder.objects.get()
    assert answer.url == reverse("clients:id-card-order", args=[order.key])
    assert producer.post(url, {**sent, "quantity": "4"}).url == answer.url
    assert [request.quantity for request in IdCardRequest.objects.all()] == [4]
    assert "Pending since" in read(producer.get(answer.url)).text


def test_a_policy_that_ends_between_the_pages_is_refused_with_the_reason(hmo, producer):
    url = page("id-cards-confirm", hmo, "permanent")
    Policy.objects.filter(pk=hmo.pk).update(status=Policy.Status.TERMED)
    response = producer.post(url, {"policy": hmo.pk, "member": person(hmo, "PRIMARY").pk, "form_key": KEY})
    assert "This policy is Termed." in refusals(read(response))
    assert not MemberChange.objects.exists()


@pytest.mark.feature("IDC_09")
def test_temporary_cards_show_how_far_they_are_and_then_a_link_for_each_member(hmo, producer, quick_pdf):
    url = page("id-cards-confirm", hmo, "temporary")
    sent = {"policy": hmo.pk, "everybody": hmo.pk, "form_key": KEY, "bundle": "PDF"}
    assert "Tanya" in read(producer.get(url, sent)).text
    order_url = producer.post(url, sent).url
    order = IdCardOrder.objects.get()
    found = read(producer.get(order_url))
    panel = found.one("section", id="id-card-order")
    assert panel.attrs["data-hx-get"] == reverse("clients:id-card-order-state", args=[order.key])
    assert "0 of 2" in panel.text
    assert not [link for link in panel.all("a") if "download" in link.attrs]
    request = order.requests.order_by("id").first()
    id_cards_state = producer.get(panel.attrs["data-hx-get"])
    assert "data-hx-get" in read(id_cards_state).one("section").attrs
    outbox.sweep()
    panel = read(producer.get(order_url)).one("section", id="id-card-order")
    links = [link.attrs["href"] for link in panel.all("a") if "download" in link.attrs]
    assert reverse("clients:id-card-file", args=[order.key, request.pk]) in links
    assert panel.text.count("Ready") >= 2


@pytest.mark.feature("IDC_10")
def test_a_card_is_handed_out_without_being_kept_anywhere_and_audited(world, hmo, producer, quick_pdf):
    order = make_order(hmo, world.producer, roles=["PRIMARY"])
    outbox.sweep()
    card = order.requests.get()
    response = producer.get(reverse("clients:id-card-file", args=[order.key, card.pk]))
    assert b"".join(response.streaming_content) == b"%PDF-1.7 Tanya Washington"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Disposition"].startswith('attachment; filename="temporary-id-card-')
    assert "Washington" not in response["Content-Disposition"]
    shown = producer.get(reverse("clients:id-card-file", args=[order.key, card.pk]), {"print": "1"})
    assert shown["Content-Disposition"].startswith("inline")
    assert shown["Cache-Control"] == "private, no-store"
    assert AuditEvent.objects.filter(action="id_card.downloaded", object_id=hmo.account.number).count() == 2


@pytest.mark.feature("IDC_11")
def test_finish_returns_to_the_client(world, hmo, producer, quick_pdf):
    order = make_order(hmo, world.producer, roles=["PRIMARY"])
    outbox.sweep()
    found = read(producer.get(reverse("clients:id-card-order", args=[order.key])))
    finish = next(link for link in found.all("a") if link.text == "Finish")
    assert finish.attrs["href"] == page("detail", hmo)


def test_cancel_and_try_again(world, hmo, producer, quick_pdf):
    order = make_order(hmo, world.producer)
    cancel = reverse("clients:id-card-order-cancel", args=[order.key])
    assert "Stopped" in read(producer.post(cancel, follow=True)).text
    assert messages(producer.post(cancel, follow=True)) == [NOTHING_TO_STOP]
    again = reverse("clients:id-card-order-retry", args=[order.key])
    assert "nothing to try again" in messages(producer.post(again, follow=True))[0]


def test_what_failed_is_told_with_its_reason_and_a_button(world, hmo, producer, monkeypatch):
    def cannot(_cards, **_):
        raise rendering.CannotRender(rendering.UNAVAILABLE)

    monkeypatch.setattr(rendering, "render", cannot)
    order = make_order(hmo, world.producer)
    outbox.sweep()
    found = read(producer.get(reverse("clients:id-card-order", args=[order.key])))
    assert "2 of 2 could not be made" in found.text
    assert rendering.UNAVAILABLE in found.text
    monkeypatch.setattr(rendering, "render", lambda cards, **_: b"%PDF-1.7 x")
    monkeypatch.setattr(bundles, "merged", lambda pdfs: b"%PDF-1.7 all")
    assert "Try Again" in [button.text for button in found.all("button")]
    producer.post(reverse("clients:id-card-order-retry", args=[order.key]))
    outbox.sweep()
    assert set(order.requests.values_list("state", flat=True)) == {"READY"}


def test_an_order_the_member_system_refused_can_be_sent_again(world, hmo, producer):
    order = id_cards.order_permanent(
        policy=hmo, members=[person(hmo, "PRIMARY")], quantity=1, by=world.producer, now=timezone.now(), form_key=KEY
    )
    change = MemberChange.objects.get()
    change.last_error = "Address not valid."
    id_cards.has_failed(change, timezone.now())
    url = reverse("clients:id-card-order", args=[order.key])
    assert "Address not valid." in read(producer.get(url)).text
    producer.post(reverse("clients:id-card-order-retry", args=[order.key]))
    assert MemberChange.objects.count() == 2
    id_cards.was_accepted(MemberChange.objects.order_by("id").last(), timezone.now())
    assert "The carrier mails the cards." in read(producer.get(url)).text


# --- whose cards they are ---


def test_who_may_ask_for_cards(world, hmo, sign_in):
    order = make_order(hmo, world.producer, roles=["PRIMARY"])
    outcomes = {}
    for who in (
        "producer",
        "principal",
        "delegate_with_service",
        "admin",
        "delegate",
        "delegate_without_view",
        "sibling",
        "outsider",
    ):
        client = sign_in(getattr(world, who))
        outcomes[who] = [
            client.get(url).status_code
            for url in (
                page("id-cards", hmo),
                page("id-cards-choose", hmo, "temporary"),
                page("id-cards-confirm", hmo, "temporary"),
                reverse("clients:id-card-order", args=[order.key]),
                reverse("clients:id-card-order-state", args=[order.key]),
            )
        ]
    assert outcomes == {
        "producer": [200] * 5,
        "principal": [200] * 5,
        "delegate_with_service": [200] * 5,
        "admin": [200] * 5,
        "delegate": [403] * 5,
        "delegate_without_view": [403] * 5,
        "sibling": [404] * 5,
        "outsider": [404] * 5,
    }


def test_another_households_member_is_as_if_not_sent_and_a_foreign_file_is_not_there(
    world, hmo, producer, sign_in, quick_pdf
):
    stranger = Member.objects.get(account=world.outsider_policy.account)
    sent = {"policy": hmo.pk, "member": stranger.pk, "form_key": KEY}
    assert producer.post(page("id-cards-confirm", hmo, "temporary"), sent).status_code == 200
    assert not IdCardRequest.objects.exists()
    assert producer.get(page("id-cards", world.outsider_policy)).status_code == 404
    order = make_order(hmo, world.producer)
    outbox.sweep()
    card = order.requests.first()
    outsider = sign_in(world.outsider)
    for name, args in (("id-card-file", [order.key, card.pk]), ("id-card-bundle", [order.key])):
        assert outsider.get(reverse(f"clients:{name}", args=args)).status_code == 404
    for name in ("id-card-order-cancel", "id-card-order-retry"):
        assert outsider.post(reverse(f"clients:{name}", args=[order.key])).status_code == 404
    assert producer.get(reverse("clients:id-card-file", args=[order.key, card.pk + 1000])).status_code == 404


def test_unknown_kinds_and_methods_are_refused(hmo, producer):
    assert producer.get(page("id-cards-choose", hmo, "plastic")).status_code == 404
    assert producer.post(page("id-cards-choose", hmo, "temporary")).status_code == 405
    assert producer.get(reverse("clients:id-cards-of-list")).status_code == 405


# --- from the client's page and from a list ---


@pytest.mark.feature("IDC_02")
def test_the_action_says_why_there_are_no_cards(world, producer):
    Policy.objects.filter(pk=world.policy.pk).update(
        market=Policy.Market.ON, application_submitted_at=timezone.now(), status=Policy.Status.ACTIVE
    )
    found = read(producer.get(page("detail", world.policy)))
    assert "ID cards for Marketplace policies are available 24 hours after" in found.one(id="client-impossible").text
    Policy.objects.filter(pk=world.policy.pk).update(application_submitted_at=timezone.now() - timedelta(hours=24))
    assert producer.get(page("act", world.policy), {"action": "id-cards"}).url == page("id-cards", world.policy)


def test_cards_of_ticked_clients_come_in_one_file_and_the_others_are_named(world, hmo, producer, quick_pdf):
    result = producer.post(reverse("clients:search"), {"by": "account", "value": hmo.account.number})
    found = read(producer.get(f"{result.url}&cards=1"))
    boxes = [box.attrs["value"] for box in found.all("input", name="row")]
    assert boxes == [str(hmo.pk)]
    assert read(producer.get(result.url)).all("input", name="row") == []
    termed = PolicyFactory(producer_number=world.number, termed=True)
    sent = {"row": [hmo.pk, termed.pk, world.outsider_policy.pk]}
    asked = read(producer.post(reverse("clients:id-cards-of-list"), sent))
    assert asked.one("h2", id="question").text == "2 temporary ID cards"
    assert "This policy is Termed." in asked.text
    assert [field.attrs["value"] for field in asked.all("input", name="row")] == [str(hmo.pk), str(termed.pk)]
    assert not IdCardOrder.objects.exists()
    confirmed = {**sent, "confirmed": "1", "bundle": "ZIP", "form_key": KEY}
    order_url = producer.post(reverse("clients:id-cards-of-list"), confirmed).url
    assert producer.post(reverse("clients:id-cards-of-list"), confirmed).url == order_url
    outbox.sweep()
    order = IdCardOrder.objects.get()
    assert order.file is not None
    page_text = read(producer.get(order_url)).text
    assert "Ready to print or download" in page_text
    assert "1 chosen policy has no card." in page_text
    nothing = producer.post(reverse("clients:id-cards-of-list"), {"row": world.outsider_policy.pk})
    assert nothing.url == reverse("clients:search")
