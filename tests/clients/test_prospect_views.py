"""Client leads as people use them: add, edit, search, delete, print, export."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import DelegateGrant
from clients.forms import prospects as forms
from clients.models import Member, Prospect
from clients.views import prospects as views
from portal.common import prospect_actions
from portal.common.access import Perm
from portal.common.models import AuditEvent
from portal.common.prospect_actions import ProspectAction
from tests.support import pages
from tests.support.factories import (
    ContactPointFactory,
    DelegateGrantFactory,
    MemberFactory,
    PolicyFactory,
    ProducerFactory,
    ProducerNumberFactory,
    ProspectFactory,
)

LIST, NEW = "/clients/prospects/", "/clients/prospects/new/"
PRINT, EXPORT, DELETE, RESTORE, DELETED = (
    f"{LIST}{name}/" for name in ("print", "export", "delete", "restore", "deleted")
)
ANN = {
    "first_name": "Ann",
    "last_name": "Leeward",
    "us_state": "IL",
    "zip": "60563",
    "form_key": "key-of-one-form-only",
}
FIELDS = [
    "First Name *",
    "MI",
    "Last Name *",
    "Address 1",
    "Address 2",
    "City",
    "State *",
    "Zip Code *",
    "Phone Number",
    "Cell Phone",
    "Email Address",
]


@pytest.fixture
def rita(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def agency(world, sign_in):
    return sign_in(world.principal)


def main(response):
    return pages.read(response).one("main")


def errors_of(response) -> str:
    """The error summary; the colon stands at the field's name."""
    return pages.read(response).one(class_="error-summary").text.replace(" :", ":")


def page_of(prospect) -> str:
    return f"{LIST}{prospect.pk}/"


def edited(prospect, **changes):
    """What a browser sends from the prospect's page."""
    values = {name: getattr(prospect, name) for name in forms.service.FIELDS}
    return {**values, "seen": forms.service.stamp(prospect), "form_key": "key-of-one-form-only", **changes}


def all_of(client):
    """The grid of Show All, and its address."""
    address = client.post(LIST, {"all": "1"})["Location"]
    return pages.grid(client.get(address)), address


def found_by(client, **typed):
    response = client.post(LIST, typed)
    assert response.status_code == 302, errors_of(response)
    return pages.grid(client.get(response["Location"]))


# --- Add New Prospect ---


@pytest.mark.feature("PRO_01")
@pytest.mark.feature("PRO_02")
def test_the_fields_have_the_guides_names_and_order(rita):
    page = main(rita.get(NEW))
    assert [label.text for label in page.all("label")] == FIELDS
    assert [heading.text for heading in page.all("h2")] == ["Prospect Data", "Agent Information"]
    assert "* Denotes a required field." in page.text
    assert [button.text for button in page.all("button")] == ["Save Prospect", "Save and Create Proposal"]


@pytest.mark.feature("PRO_01")
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("first_name", "First Name: Enter the first name."),
        ("last_name", "Last Name: Enter the last name."),
        ("us_state", "State: Choose the state."),
        ("zip", "Zip Code: Enter the ZIP code."),
    ],
)
@pytest.mark.parametrize("typed", ["", None, "  "])
@pytest.mark.sampled(5)
def test_each_required_field_that_is_missing_is_named(rita, missing, said, typed):
    sent = {**ANN, missing: typed, "city": "Elgin"}
    if typed is None or missing == "us_state":
        del sent[missing]
    response = rita.post(NEW, sent)
    assert said in errors_of(response)
    assert len(pages.read(response).one(class_="error-summary").all("li")) == 1
    assert pages.read(response).one("input", name="city").attrs["value"] == "Elgin"
    assert not Prospect.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("zip", "6056", "Five digits."),
        ("zip", "60563-1234", "Five digits."),
        ("zip", "6o563", "Five digits."),
        ("phone", "555-0142", "ten digits"),
        ("cell_phone", "112 555 0142", "ten digits"),
        ("email", "ann@people", "valid email address"),
        ("us_state", "CA", "Choose a state of the list."),
        ("first_name", "--", "Enter the first name."),
        ("first_name", "A" * 61, "60"),
        ("middle_initial", "QQ", "1 character"),
        ("last_name", "Lee\x00ward", "Null characters"),
    ],
)
@pytest.mark.sampled(6)
def test_what_cannot_be_saved_is_refused_beside_its_field_and_kept(rita, field, typed, said):
    response = rita.post(NEW, {**ANN, field: typed})
    assert said in errors_of(response)
    assert not Prospect.objects.exists()
    if field not in ("us_state", "last_name"):
        assert pages.read(response).one("input", name=field).attrs["value"] == typed


@pytest.mark.feature("PRO_02")
@pytest.mark.feature("PRO_04")
def test_a_saved_prospect_is_shown_with_a_confirmation_closed_with_ok(world, rita):
    response = rita.post(
        NEW,
        {
            **ANN,
            "middle_initial": "q",
            "address_1": "1489 E Ogden Ave",
            "address_2": "Apt 4",
            "city": "Naperville",
            "phone": "(312) 555-0142",
            "cell_phone": "1-630-555-0142",
            "email": "ann@people.example",
        },
    )
    saved = Prospect.objects.get()
    assert response["Location"] == page_of(saved)
    assert (saved.middle_initial, saved.phone, saved.cell_phone) == ("Q", "3125550142", "6305550142")
    assert saved.producer == world.producer.producer
    dialog = pages.read(rita.get(page_of(saved))).one("dialog", id="prospect-saved")
    assert "The prospect has been successfully saved." in dialog.text
    assert dialog.one("form").attrs["method"] == "dialog"
    assert dialog.one("button").text == "OK"
    assert not pages.read(rita.get(page_of(saved))).all("dialog", id="prospect-saved"), "it is said once"


def test_a_form_sent_five_times_is_one_prospect(rita):
    assert len({rita.post(NEW, ANN)["Location"] for _ in range(5)}) == 1
    assert Prospect.objects.count() == 1


def test_a_form_sent_again_after_its_prospect_was_deleted_says_so(world, rita):
    rita.post(NEW, ANN)
    Prospect.objects.update(deleted_at=timezone.now(), deleted_by=world.producer)
    assert "was saved before" in pages.messages(rita.post(NEW, ANN, follow=True))[0]
    assert Prospect.objects.count() == 1


def test_the_state_is_proposed_where_there_is_only_one(world, rita):
    def selected():
        options = pages.read(rita.get(NEW)).one("select", name="us_state").all("option")
        return [option.attrs["value"] for option in options if "selected" in option.attrs]

    assert selected() == ["IL"]
    ProducerNumberFactory(producer=world.producer.producer, us_state="TX")
    assert selected() == [""]


# --- Agent Information ---


@pytest.mark.feature("REP_14")
def test_a_new_prospect_is_filled_in_with_a_member_and_is_of_the_policys_producer(world, agency):
    child = MemberFactory(account=world.policy.account, role="CHILD", first_name="Mia", last_name="Leeward")
    ContactPointFactory(member=child, kind="CELL", value="3125550177")
    ContactPointFactory(member=Member.objects.get(account=world.policy.account, role="PRIMARY"), kind="HOME")
    page = main(agency.get(f"{NEW}?member={child.pk}"))
    shown = {name: page.one("input", name=name).attrs.get("value", "") for name in ("first_name", "last_name", "zip")}
    assert shown == {"first_name": "Mia", "last_name": "Leeward", "zip": world.policy.account.zip}
    assert page.one("input", name="cell_phone").attrs["value"] == "(312) 555-0177"
    assert not page.one("input", name="phone").attrs.get("value")
    sent = {**ANN, "first_name": "Mia", "agent": world.producer.producer.npn}
    agency.post(f"{NEW}?member={child.pk}", sent)
    assert Prospect.objects.get().producer == world.producer.producer
    assert page.one("select", name="agent").one("option", selected="").attrs["value"] == world.producer.producer.npn


@pytest.mark.parametrize("who", ["outsider", "sibling", "delegate_with_enroll"])
@pytest.mark.parametrize("member", ["its own", "999999999", "x", "%00", "9" * 30])
@pytest.mark.sampled(6)
def test_nobody_is_filled_in_whose_book_one_may_not_enroll_for(world, sign_in, who, member):
    mine = Member.objects.get(account=world.policy.account, role="PRIMARY").pk if member == "its own" else member
    allowed = member == "its own" and who == "delegate_with_enroll"
    assert sign_in(getattr(world, who)).get(f"{NEW}?member={mine}").status_code == (200 if allowed else 404)


@pytest.mark.feature("PRO_03")
def test_the_agents_box_names_the_owner_and_offers_the_own_hierarchy(world, rita, agency):
    own = main(rita.get(NEW))
    assert pages.facts(own)["Agent"] == world.producer.producer.name
    assert not own.all("details"), "with nobody below there is nobody to assign to"
    box = main(agency.get(NEW))
    assert pages.facts(box) == {
        "Agent": "Prairie Agency",
        "Agency": "Harbor Benefits",
        "National Producer Number": world.principal.producer.npn,
    }
    assert box.one("summary").text == "Assign an Agent"
    offered = {option.attrs["value"] for option in box.one("select", name="agent").all("option")}
    below = {user.producer.npn for user in (world.principal, world.producer, world.sibling)}
    assert offered == below | {""}
    assert "open" not in box.one("details").attrs


@pytest.mark.feature("PRO_03")
def test_an_agency_assigns_within_its_hierarchy_only(world, agency):
    refused = agency.post(NEW, {**ANN, "agent": world.outsider.producer.npn})
    assert "in your hierarchy" in errors_of(refused)
    assert "open" in main(refused).one("details").attrs
    assert not Prospect.objects.exists()
    agency.post(NEW, {**ANN, "agent": world.sibling.producer.npn})
    assert Prospect.objects.get().producer == world.sibling.producer


@pytest.mark.feature("PRO_03")
def test_an_agent_in_the_form_of_somebody_who_can_assign_to_nobody_changes_nothing(world, rita):
    rita.post(NEW, {**ANN, "agent": world.outsider.producer.npn})
    assert Prospect.objects.get().producer == world.producer.producer


@pytest.mark.feature("PRO_03")
def test_a_prospect_is_assigned_to_another_agent_later_on(world, agency):
    prospect = ProspectFactory(created_by=world.producer)
    assert pages.facts(main(agency.get(page_of(prospect))))["Agent"] == world.producer.producer.name
    agency.post(page_of(prospect), edited(prospect, agent=world.sibling.producer.npn))
    prospect.refresh_from_db()
    assert prospect.producer == world.sibling.producer
    refused = agency.post(page_of(prospect), edited(prospect, agent=world.outsider.producer.npn))
    assert "in your hierarchy" in errors_of(refused)


@pytest.mark.feature("PRO_03")
def test_of_very_many_agents_one_is_named_by_number(world, agency, monkeypatch):
    monkeypatch.setattr(forms, "MOST_IN_A_LIST", 2)
    box = main(agency.get(NEW))
    assert not box.all("select", name="agent")
    assert box.one("input", name="agent").attrs["inputmode"] == "numeric"
    assert "hierarchy" in errors_of(agency.post(NEW, {**ANN, "agent": world.outsider.producer.npn}))
    agency.post(NEW, {**ANN, "agent": f" {world.sibling.producer.npn} "})
    assert Prospect.objects.get().producer == world.sibling.producer
    agency.post(NEW, {**ANN, "first_name": "Bob", "agent": ""})
    assert Prospect.objects.get(first_name="Bob").producer == world.principal.producer


@pytest.mark.feature("PRO_03")
def test_a_delegate_of_several_producers_says_for_whom(world, sign_in):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate_with_enroll, scopes=["ENROLL"])
    client = sign_in(world.delegate_with_enroll)
    box = main(client.get(NEW))
    assert "Choose the producer for whom you add the prospect." in box.text
    assert "open" in box.one("details").attrs
    assert "Choose the agent." in errors_of(client.post(NEW, ANN))
    client.post(NEW, {**ANN, "agent": world.producer.producer.npn})
    assert Prospect.objects.get().producer == world.producer.producer


def test_who_may_add_but_not_look_is_told_on_the_empty_form(world, sign_in):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.former_delegate, scopes=["ENROLL"])
    client = sign_in(world.former_delegate)
    response = client.post(NEW, ANN)
    assert response["Location"] == NEW
    page = pages.read(client.get(NEW))
    assert page.one("dialog", id="prospect-saved")
    assert "Back to Search for Prospects" not in page.text


# --- Save and Create Proposal: the button another app brings ---


def test_a_button_of_another_app_saves_and_leads_on(world, rita, monkeypatch):
    monkeypatch.setattr(prospect_actions, "_actions", {})
    prospect_actions.register(
        ProspectAction(
            name="proposal",
            label="Save and Create Proposal",
            url=lambda prospect_id: f"/quotes/new/{prospect_id}/",
            perm=Perm.ENROLL,
            order=10,
        )
    )
    buttons = [button.text for button in main(rita.get(NEW)).all("button")]
    assert buttons == ["Save Prospect", "Save and Create Proposal"]
    assert "Enter the ZIP code." in errors_of(rita.post(NEW, {**ANN, "zip": "", "then": "proposal"}))
    response = rita.post(NEW, {**ANN, "then": "proposal"})
    saved = Prospect.objects.get()
    assert response["Location"] == f"/quotes/new/{saved.pk}/"
    assert rita.post(page_of(saved), edited(saved, then="proposal"))["Location"] == f"/quotes/new/{saved.pk}/"
    assert rita.post(page_of(saved), edited(saved, then="elsewhere"))["Location"] == page_of(saved)


# --- duplicates ---


def test_somebody_known_is_hinted_and_saved_all_the_same_when_asked_again(world, rita):
    known = ProspectFactory(created_by=world.producer, first_name="Ann", last_name="Leeward", zip="60563")
    hinted = rita.post(NEW, ANN)
    box = pages.read(hinted).one(class_="alert-warning")
    assert box.one("a").attrs["href"] == page_of(known)
    assert "same name and ZIP code" in box.text
    assert Prospect.objects.count() == 1
    page = main(hinted)
    assert "Save Anyway" in [button.text for button in page.all("button")]
    told = page.one("input", name="told").attrs["value"]
    key = page.one("input", name="form_key").attrs["value"]
    assert key == ANN["form_key"], "it is still the same form"
    assert rita.post(NEW, {**ANN, "told": told}).status_code == 302
    assert Prospect.objects.count() == 2


def test_saying_save_anyway_to_one_hint_is_no_answer_to_another(world, rita):
    ProspectFactory(created_by=world.producer, first_name="Ann", last_name="Leeward", zip="60563")
    told = main(rita.post(NEW, ANN)).one("input", name="told").attrs["value"]
    other = ProspectFactory(created_by=world.producer, email="ann@people.example")
    again = rita.post(NEW, {**ANN, "told": told, "email": "ann@people.example"})
    assert again.status_code == 200
    assert page_of(other) in again.content.decode()
    assert Prospect.objects.count() == 2


def test_a_client_of_the_own_book_is_hinted(world, rita):
    member = MemberFactory(first_name="Ann", last_name="Leeward")
    PolicyFactory(producer_number=world.number, primary=member)
    link = pages.read(rita.post(NEW, ANN)).one(class_="alert-warning").one("a")
    assert link.attrs["href"] == reverse("clients:detail", args=[member.account.number])


def test_other_peoples_prospects_and_clients_are_never_hinted(world, rita):
    ProspectFactory(created_by=world.outsider, first_name="Ann", last_name="Leeward", zip="60563")
    PolicyFactory(
        producer_number=world.outsider_policy.producer_number,
        primary=MemberFactory(first_name="Ann", last_name="Leeward"),
    )
    assert rita.post(NEW, ANN).status_code == 302


def test_an_edit_asks_only_when_it_makes_people_alike(world, rita):
    ProspectFactory(created_by=world.producer, phone="3125550142")
    prospect = ProspectFactory(created_by=world.producer, phone="3125550142")
    assert rita.post(page_of(prospect), edited(prospect, city="Elgin")).status_code == 302
    other = ProspectFactory(created_by=world.producer)
    hinted = rita.post(page_of(other), edited(other, phone="(312) 555-0142"))
    assert len(pages.read(hinted).one(class_="alert-warning").all("li")) == 2


# --- one prospect ---


def test_a_prospect_is_edited_on_its_page(world, rita):
    prospect = ProspectFactory(created_by=world.producer, phone="3125550142")
    page = main(rita.get(page_of(prospect)))
    assert page.one("h1").text == f"Ann {prospect.last_name}"
    assert page.one("input", name="phone").attrs["value"] == "(312) 555-0142"
    response = rita.post(page_of(prospect), edited(prospect, city="Elgin", zip="60120"))
    assert response["Location"] == page_of(prospect)
    prospect.refresh_from_db()
    assert (prospect.city, prospect.zip) == ("Elgin", "60120")
    assert pages.read(rita.get(page_of(prospect))).one("dialog", id="prospect-saved")


def test_the_second_of_two_windows_sees_what_the_first_has_saved(world, rita):
    prospect = ProspectFactory(created_by=world.producer, phone="3125550142")
    second = edited(prospect, city="Aurora", phone="")
    rita.post(page_of(prospect), edited(prospect, city="Elgin", phone="3125550143"))
    response = rita.post(page_of(prospect), second)
    assert "Somebody has changed this prospect" in errors_of(response)
    assert "City: Saved meanwhile: Elgin" in errors_of(response)
    assert "Saved meanwhile: (312) 555-0143" in errors_of(response)
    seen = pages.read(response).one("input", name="seen").attrs["value"]
    assert rita.post(page_of(prospect), {**second, "seen": seen}).status_code == 302
    prospect.refresh_from_db()
    assert (prospect.city, prospect.phone) == ("Aurora", "")


@pytest.mark.parametrize("how", ["get", "post"])
def test_a_deleted_prospect_and_one_of_somebody_else_do_not_exist(world, rita, how):
    gone = ProspectFactory(created_by=world.producer, deleted=True)
    foreign = ProspectFactory(created_by=world.outsider)
    answers = [getattr(rita, how)(page_of(row)) for row in (gone, foreign)]
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("who", ["delegate", "admin"])
def test_who_may_only_look_reads_and_cannot_change(world, sign_in, who):
    prospect = ProspectFactory(created_by=world.producer, phone="3125550142")
    client = sign_in(getattr(world, who))
    page = main(client.get(page_of(prospect)))
    assert pages.facts(page)["Phone Number"] == "(312) 555-0142"
    assert not page.all("form")
    assert client.post(page_of(prospect), edited(prospect, city="Elgin")).status_code == 403
    prospect.refresh_from_db()
    assert prospect.city == "Naperville"


def test_opening_a_prospect_is_written_down_without_a_name(world, rita):
    prospect = ProspectFactory(created_by=world.producer, last_name="Unusual")
    rita.get(page_of(prospect))
    event = AuditEvent.objects.get(action="prospect.viewed")
    assert (event.object_id, event.for_producer) == (str(prospect.pk), world.producer.producer.npn)
    assert not AuditEvent.objects.filter(details__icontains="Unusual").exists()


# --- Search for Prospects ---


@pytest.mark.feature("PRO_06")
def test_the_search_has_seven_fields_and_two_buttons(rita):
    page = main(rita.get(LIST))
    assert [label.text for label in page.all("label")] == [
        "First Name",
        "Last Name",
        "City",
        "State",
        "Zip Code",
        "Phone Number",
        "Email Address",
    ]
    assert [button.text for button in page.all("button")] == ["Submit", "Show All"]
    assert not page.all("section", class_="grid")


@pytest.mark.feature("PRO_06")
@pytest.mark.parametrize(
    "typed",
    [
        {"first_name": "zoe"},
        {"last_name": "O'Quill"},
        {"city": "elgin"},
        {"us_state": "OK"},
        {"zip": "731"},
        {"phone": "405.555.0142"},
        {"email": "ZOE@"},
        {"first_name": "Zoe", "us_state": "OK", "zip": "73102", "phone": "(405) 555-0142"},
    ],
)
@pytest.mark.sampled(4)
def test_any_of_the_fields_finds_and_nothing_typed_stands_in_the_address(world, rita, typed):
    ProspectFactory(created_by=world.producer)
    ProspectFactory(
        created_by=world.producer,
        first_name="Zoë",
        last_name="O’Quill",
        city="Elgin",
        us_state="OK",
        zip="73102",
        phone="",
        cell_phone="4055550142",
        email="zoe@people.example",
    )
    response = rita.post(LIST, typed)
    assert re.fullmatch(rf"{LIST}\?r=[\w-]+", response["Location"])
    page = rita.get(response["Location"])
    assert pages.grid(page).column("First Name") == ["Zoë"]
    form = main(page).all("form")[0]
    for name, value in typed.items():
        shown = form.all("input", name=name)
        assert not shown or shown[0].attrs["value"].startswith(("(405) 555-0142", value))
    event = AuditEvent.objects.get(action="prospect.searched")
    assert event.details == {"by": sorted(typed)}


@pytest.mark.feature("PRO_06")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Enter any piece of information in one of the fields, or press Show All."),
        ({"first_name": "  "}, "press Show All"),
        ({"last_name": "-'"}, "Enter at least one letter."),
        ({"zip": "6o1"}, "digits only"),
        ({"phone": "555-0142"}, "ten digits"),
        ({"us_state": "XX"}, "Choose a state of the list."),
        ({"email": "a\x00b"}, "Null characters"),
    ],
)
def test_what_cannot_be_searched_is_said_beside_its_field(rita, typed, said):
    response = rita.post(LIST, typed)
    assert response.status_code == 200
    assert said in errors_of(response)


@pytest.mark.feature("PRO_07")
def test_show_all_lists_all_own_prospects_below_the_form(world, rita, agency, sign_in):
    ProspectFactory(created_by=world.producer, last_name="Mine")
    ProspectFactory(created_by=world.principal, last_name="Agencys")
    ProspectFactory(created_by=world.outsider, last_name="Foreign")
    ProspectFactory(created_by=world.producer, last_name="Gone", deleted=True)
    grid, address = all_of(rita)
    assert grid.column("Last Name") == ["Mine"]
    text = rita.get(address).content.decode()
    assert text.index("Show All") < text.index('class="grid"')
    assert all_of(agency)[0].column("Last Name") == ["Agencys", "Mine"]
    assert all_of(sign_in(world.delegate))[0].column("Last Name") == ["Mine"]
    assert all_of(sign_in(world.sibling))[0].rows == []


@pytest.mark.feature("PRO_07")
def test_show_all_wins_over_fields_that_cannot_be_read(world, rita):
    ProspectFactory(created_by=world.producer)
    assert rita.post(LIST, {"all": "1", "zip": "nonsense"}).status_code == 302


def test_the_agent_is_a_column_for_those_who_see_several(world, rita, agency, sign_in):
    ProspectFactory(created_by=world.producer)
    assert "Agent" not in all_of(rita)[0].headers
    assert all_of(agency)[0].column("Agent") == [world.producer.producer.name]
    assert "Agent" in all_of(sign_in(world.admin))[0].headers


def test_filters_sort_and_back_to_the_same_list(world, rita):
    for last_name, city in (("Aster", "Elgin"), ("Birch", "Aurora"), ("Cedar", "Elgin")):
        ProspectFactory(created_by=world.producer, last_name=last_name, city=city)
    grid, address = all_of(rita)
    response = rita.post(f"{address}&sort=-last_name", {"grid": "filters", "f_city": "elg"})
    filtered = rita.get(response["Location"])
    assert pages.grid(filtered).column("Last Name") == ["Cedar", "Aster"]
    link = pages.grid(filtered).links[0]["Last Name"]
    page = pages.read(rita.get(link))
    back = page.one("a", class_="back-link")
    assert back.text == "Back to Search for Prospects"
    assert pages.grid(rita.get(back.attrs["href"])).column("Last Name") == ["Cedar", "Aster"]
    saved = rita.post(link, edited(Prospect.objects.get(last_name="Cedar"), address_1="1 Oak St"))
    assert saved["Location"] == link, "saving keeps the way back"


def test_phone_columns_are_filtered_by_digits(world, rita):
    ProspectFactory(created_by=world.producer, last_name="Aster", phone="3125550142")
    ProspectFactory(created_by=world.producer, last_name="Birch", phone="3125550143")
    _, address = all_of(rita)
    one = rita.post(address, {"grid": "filters", "f_phone": "(312) 555-0143"})
    assert pages.grid(rita.get(one["Location"])).column("Last Name") == ["Birch"]
    bad = rita.post(address, {"grid": "filters", "f_phone": "x"})
    assert pages.grid(rita.get(bad["Location"])).filter_errors == {"Phone Number": "Enter digits of the phone number."}


@pytest.mark.parametrize("address", [f"{LIST}?r=unknown", f"{PRINT}?r=unknown", f"{EXPORT}?r=unknown", PRINT, EXPORT])
def test_a_result_that_is_no_longer_kept_asks_to_search_again(rita, address):
    assert "search again" in pages.messages(rita.get(address, follow=True))[0]


def test_a_result_of_somebody_else_opens_nothing(world, rita, sign_in):
    _, address = all_of(rita)
    ProspectFactory(created_by=world.producer, last_name="Mine")
    response = sign_in(world.outsider).get(address, follow=True)
    assert "Mine" not in response.content.decode()


def test_a_hundred_rows_cost_as_many_queries_as_one(world, rita, django_assert_max_num_queries):
    ProspectFactory.create_batch(60, created_by=world.producer)
    _, address = all_of(rita)
    with django_assert_max_num_queries(12):
        rita.get(f"{address}&size=100")


# --- Delete Selected Rows ---


@pytest.mark.feature("PRO_08")
def test_deleting_asks_first_and_can_be_undone(world, rita):
    rows = ProspectFactory.create_batch(3, created_by=world.producer)
    _, address = all_of(rita)
    query = address.removeprefix(LIST)
    ticked = {"row": [str(row.pk) for row in rows[:2]]}
    asked = rita.post(DELETE + query, ticked)
    assert "Are you sure you want to delete the selected row/s?" in main(asked).text
    assert Prospect.objects.filter(deleted_at__isnull=True).count() == 3
    done = rita.post(DELETE + query, {**ticked, "confirmed": "1"})
    assert done["Location"] == address
    page = rita.get(address)
    assert pages.grid(page).column("Last Name") == [rows[2].last_name]
    undo = pages.read(page).one("form", class_="undo")
    assert "2 prospects deleted. Undo is possible for 30 days" in undo.text
    sent = {"undo": "1", "row": [field.attrs["value"] for field in undo.all("input", name="row")]}
    assert rita.post(undo.attrs["action"], sent)["Location"] == address
    page = rita.get(address)
    assert pages.messages(page)[0] == "2 prospects were restored."
    assert len(pages.grid(page).rows) == 3
    assert not pages.read(page).all("form", class_="undo")


@pytest.mark.feature("PRO_08")
def test_foreign_ids_among_the_ticked_ones_are_ignored(world, rita):
    mine, foreign = ProspectFactory(created_by=world.producer), ProspectFactory(created_by=world.outsider)
    asked = rita.post(DELETE, {"row": [str(mine.pk), str(foreign.pk)]})
    assert foreign.last_name not in asked.content.decode()
    rita.post(DELETE, {"row": [str(mine.pk), str(foreign.pk), "x"], "confirmed": "1"})
    assert set(Prospect.objects.filter(deleted_at__isnull=False)) == {mine}
    rita.post(DELETE, {"row": [str(foreign.pk)], "confirmed": "1"})
    foreign.refresh_from_db()
    assert foreign.deleted_at is None


@pytest.mark.feature("PRO_08")
@pytest.mark.parametrize("who", ["delegate", "delegate_with_service", "admin", "former_delegate"])
@pytest.mark.sampled(2)
def test_who_may_not_change_prospects_deletes_none_and_sees_no_button(world, sign_in, who):
    row = ProspectFactory(created_by=world.producer)
    client = sign_in(getattr(world, who))
    assert client.post(DELETE, {"row": [str(row.pk)], "confirmed": "1"}).status_code == 403
    row.refresh_from_db()
    assert row.deleted_at is None
    if who != "former_delegate":
        grid_page = client.get(client.post(LIST, {"all": "1"})["Location"])
        assert "Delete Selected Rows" not in grid_page.content.decode()
        assert "Print Selected Rows" in grid_page.content.decode()


@pytest.mark.feature("PRO_08")
def test_a_delegate_deletes_only_in_the_books_where_that_was_granted(world, sign_in):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate_with_enroll, scopes=["VIEW"])
    client = sign_in(world.delegate_with_enroll)
    row = ProspectFactory(created_by=world.sibling)
    response = client.post(DELETE, {"row": [str(row.pk)], "confirmed": "1"}, follow=True)
    assert "does not let you change" in pages.messages(response)[0]
    row.refresh_from_db()
    assert row.deleted_at is None


@pytest.mark.parametrize("address", [DELETE, PRINT, EXPORT, RESTORE])
def test_with_nothing_ticked_the_page_says_what_to_do(rita, address):
    assert pages.messages(rita.post(address, follow=True))[0] == "Tick the box beside at least one row first."


@pytest.mark.feature("PRO_08")
def test_deleted_prospects_are_listed_and_restored_for_thirty_days(world, rita):
    now = timezone.now()
    late = ProspectFactory(created_by=world.producer, deleted=True, deleted_at=now - timedelta(days=31))
    row = ProspectFactory(created_by=world.producer, deleted=True, deleted_at=now - timedelta(days=29))
    foreign = ProspectFactory(created_by=world.outsider, deleted=True)
    assert pages.grid(rita.get(DELETED)).column("Last Name") == [row.last_name]
    sent = {"row": [str(late.pk), str(row.pk), str(foreign.pk)]}
    assert "Restore the selected row/s?" in main(rita.post(RESTORE, sent)).text
    done = rita.post(RESTORE, {**sent, "confirmed": "1"}, follow=True)
    assert pages.messages(done)[0] == "1 prospect was restored."
    assert set(Prospect.objects.filter(deleted_at__isnull=True)) == {row}
    again = rita.post(RESTORE, {**sent, "confirmed": "1"}, follow=True)
    assert "cannot be restored any more" in pages.messages(again)[0]


def test_the_list_of_deleted_prospects_is_filtered_like_others(world, rita):
    for last_name in ("Aster", "Birch"):
        ProspectFactory(created_by=world.producer, last_name=last_name, deleted=True)
    response = rita.post(DELETED, {"grid": "filters", "f_last_name": "bir"})
    assert pages.grid(rita.get(response["Location"])).column("Last Name") == ["Birch"]
    assert "no longer kept" in pages.messages(rita.get(f"{DELETED}?r=unknown", follow=True))[0]
    assert rita.post(DELETED)["Location"] == DELETED


# --- print and export ---


def printed(response) -> list[str]:
    return [row.all("td")[0].text for row in main(response).one("tbody").all("tr")]


@pytest.mark.feature("PRO_09")
def test_the_printed_page_holds_exactly_the_chosen_rows(world, rita):
    rows = [ProspectFactory(created_by=world.producer, last_name=name) for name in ("Cedar", "Aster", "Birch")]
    foreign = ProspectFactory(created_by=world.outsider, last_name="Foreign")
    _, address = all_of(rita)
    query = address.removeprefix(LIST)
    ticked = {"row": [str(row.pk) for row in (*rows[:2], foreign)]}
    response = rita.post(PRINT + query, ticked)
    assert printed(response) == ["Aster", "Cedar"]
    assert "2 prospects" in main(response).text
    assert printed(rita.get(PRINT + query)) == ["Aster", "Birch", "Cedar"]
    assert printed(rita.get(f"{PRINT}{query}&sort=-last_name")) == ["Cedar", "Birch", "Aster"]
    only = rita.get(f"{PRINT}{query}&col=zip&col=last_name")
    assert [cell.text for cell in main(only).all("th")] == ["Last Name", "Zip Code"]
    assert [
        event.details["rows"] for event in AuditEvent.objects.filter(action="prospect.list_printed").order_by("id")
    ] == [2, 3, 3, 3]


@pytest.mark.feature("PRO_09")
def test_print_all_prints_what_the_filters_show(world, rita):
    for name in ("Aster", "Birch"):
        ProspectFactory(created_by=world.producer, last_name=name)
    _, address = all_of(rita)
    filtered = rita.post(address, {"grid": "filters", "f_last_name": "birch"})["Location"]
    page = main(rita.get(filtered))
    print_all = next(link.attrs["href"] for link in page.all("a") if link.text == "Print All")
    assert printed(rita.get(print_all)) == ["Birch"]


@pytest.mark.feature("PRO_09")
def test_more_than_fits_on_paper_is_not_printed(world, rita, monkeypatch):
    monkeypatch.setattr(views, "MOST_ON_PAPER", 1)
    ProspectFactory.create_batch(2, created_by=world.producer)
    _, address = all_of(rita)
    response = rita.get(PRINT + address.removeprefix(LIST), follow=True)
    assert "2 prospects are too many to print" in pages.messages(response)[0]


def workbook(response) -> list[list[str]]:
    sheet = openpyxl.load_workbook(io.BytesIO(response.getvalue())).active
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.feature("PRO_10")
def test_export_gives_an_excel_file_with_the_rows_and_headings_of_the_list(world, rita):
    rows = [ProspectFactory(created_by=world.producer, last_name=name) for name in ("Birch", "Aster")]
    foreign = ProspectFactory(created_by=world.outsider)
    grid, address = all_of(rita)
    query = address.removeprefix(LIST)
    response = rita.get(EXPORT + query)
    assert re.fullmatch(r'attachment; filename="prospects-[\d-]+\.xlsx"', response["Content-Disposition"])
    heading, *lines = workbook(response)
    assert heading == grid.headers[1:]
    assert lines == [[row[label] or None for label in heading] for row in grid.rows]
    selected = workbook(rita.post(EXPORT + query, {"row": [str(rows[0].pk), str(foreign.pk)]}))
    assert [line[0] for line in selected] == ["Last Name", "Birch"]
    events = AuditEvent.objects.filter(action="prospect.list_exported").order_by("id")
    assert [event.details for event in events] == [{"format": "xlsx", "rows": 2}, {"format": "xlsx", "rows": 1}]


@pytest.mark.feature("PRO_10")
@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_an_export_is_a_formula(world, rita, start):
    ProspectFactory(created_by=world.producer, first_name=f"{start}cmd|' /C calc'!A0", address_1=f"{start}1+1")
    _, address = all_of(rita)
    response = rita.get(f"{EXPORT}{address.removeprefix(LIST)}&col=first_name&col=address_1")
    cells = openpyxl.load_workbook(io.BytesIO(response.getvalue())).active[2]
    assert [cell.data_type for cell in cells] == ["s", "s"]
    assert cells[0].value.endswith("calc'!A0")


def test_the_list_prints_and_exports_with_the_guides_buttons_only(world, rita):
    ProspectFactory(created_by=world.producer)
    page = main(rita.get(all_of(rita)[1]))
    names = [element.text for element in (*page.all("button"), *page.all("a"))]
    for name in ("Delete Selected Rows", "Print Selected Rows", "Print All", "Export Selected Rows", "Export All"):
        assert names.count(name) == 1, name
    assert "Print" not in names
    assert "Export to Excel" not in names


# --- getting there, and what others see of it ---


def test_client_leads_stand_in_the_clients_menu(world, rita, sign_in):
    def menu(client):
        return [link.text for link in pages.read(client.get(LIST)).all("a") if "rospect" in link.text]

    assert {"Add New Prospect", "Search for Prospects"} <= set(menu(rita))
    assert "Add New Prospect" not in menu(sign_in(world.delegate))


def test_a_producer_reads_what_a_delegate_did_with_prospects(world, sign_in, rita):
    helper = sign_in(world.delegate_with_enroll)
    helper.post(NEW, ANN)
    saved = Prospect.objects.get()
    helper.post(page_of(saved), edited(saved, city="Elgin"))
    helper.post(DELETE, {"row": [str(saved.pk)], "confirmed": "1"})
    grant = DelegateGrant.objects.get(delegate=world.delegate_with_enroll)
    text = main(rita.get(reverse("accounts:delegate-activity", args=[grant.pk]))).text
    for sentence in ("Added a prospect", "Changed a prospect", "Deleted a prospect"):
        assert sentence in text
    assert "Leeward" not in text


def test_staff_look_prospects_up_and_change_nothing(world, sign_in):
    staff = sign_in(world.admin)
    prospect = ProspectFactory(created_by=world.producer)
    listed = staff.get(f"/admin/clients/prospect/?q={prospect.zip}")
    assert prospect.last_name in listed.content.decode()
    address = f"/admin/clients/prospect/{prospect.pk}/change/"
    assert staff.get(address).status_code == 200
    assert staff.post(address, {"first_name": "Other"}).status_code == 403
    assert staff.get("/admin/clients/prospect/add/").status_code == 403
    assert staff.post(f"/admin/clients/prospect/{prospect.pk}/delete/").status_code == 403
    event = AuditEvent.objects.get(action="admin.viewed")
    assert (event.object_id, event.for_producer) == (str(prospect.pk), world.producer.producer.npn)


def test_an_agency_of_two_hundred_agents_is_read_in_one_query(world, agency, django_assert_max_num_queries):
    for _ in range(30):
        ProducerFactory(parent=world.principal.producer)
    with django_assert_max_num_queries(12):
        agency.get(NEW)


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 40])
def test_a_number_no_prospect_can_have_is_not_found(rita, number):
    assert rita.get(f"{LIST}{number}/").status_code == 404
