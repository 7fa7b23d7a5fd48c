"""Contact Info Change as people use it: form, confirmation, Finish, and what stands in the way."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import DelegateGrant
from clients.membersystem.outcomes import outcomes_of
from clients.models import Account, ContactPoint, MemberChange, Policy
from clients.rules import contact as rules
from clients.selectors import contact as selectors
from clients.services import contact as service
from clients.services import member_changes
from clients.views import contact as views
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import ContactPointFactory, DelegateGrantFactory, MemberFactory, PolicyFactory

VERIFY = (
    'Please verify the changes made. If the information is correct, select "Finish" to complete the workflow and save the '
    'changes made. If the information is not correct, please select "Back" to make changes.'
)


@pytest.fixture
def tanya(world):
    """The primary insured, with a home number and an email address on record."""
    member = world.policy.account.members.get()
    ContactPointFactory(member=member, kind="HOME", value="3125550142", extension="7")
    ContactPointFactory(member=member, kind="EMAIL", value="tanya@home.example")
    return member


@pytest.fixture
def url(world) -> str:
    return f"/clients/{world.account_number}/contact/"


@pytest.fixture
def rita(world, tanya, sign_in):
    return sign_in(world.producer)


def filled(response) -> dict[str, str]:
    """What the page's form would send, hidden fields with it."""
    (form,) = (
        form
        for form in pages.read(response).one("main").all("form", method="post")
        if any(field.attrs.get("name") == "seen" for field in form.all("input"))
    )
    sent = {
        field.attrs["name"]: field.attrs.get("value", "")
        for field in form.all("input")
        if field.attrs["name"] != "csrfmiddlewaretoken"
    }
    for select in form.all("select"):
        chosen = [option.attrs["value"] for option in select.all("option") if "selected" in option.attrs]
        sent[select.attrs["name"]] = chosen[0] if chosen else select.all("option")[0].attrs["value"]
    return sent


def errors(response) -> dict[str, str]:
    """What is said beside each field."""
    return {
        said.attrs["id"].removeprefix("error_1_id_").removeprefix("id_").removesuffix("_error"): said.text
        for said in pages.read(response).all(class_="invalid-feedback")
    }


def failure(response) -> list[str]:
    """The lines of the failure dialog; empty without one."""
    found = pages.read(response).all("dialog", id="contact-failure")
    return [part.text for part in found[0].all() if part.tag in ("h2", "li", "p")] if found else []


def side(response, name: str) -> list[list[str]]:
    """The numbers on one side of the confirmation, then the email address."""
    panel = pages.read(response).one("section", aria_labelledby=f"side-{name}")
    rows = [[cell.text for cell in row.all("td")] for row in panel.all("tr")[1:]]
    return [*rows, [pair.text for pair in panel.all("dd")]]


def confirm(client, url, **changes):
    return client.post(url, {**filled(client.get(url)), "step": "next", **changes})


def finish(client, url, **changes):
    """Through all three pages, as a person goes."""
    return client.post(url, {**filled(confirm(client, url, **changes)), "step": "finish"})


# --- the form ---


@pytest.mark.feature("CON_04")
@pytest.mark.feature("CON_06")
def test_the_form_shows_what_is_on_record_with_a_line_for_every_type(rita, url, world):
    ContactPointFactory(member=world.policy.account.members.get(), kind="CELL", value="6305550102", send_text=True)
    response = rita.get(url)
    page = pages.read(response)
    assert page.one("h1").text == "Contact Info Change"
    assert page.one(class_="page-lead").text == "Name: Tanya Washington (Primary)"
    sent = filled(response)
    lines = [[sent[f"{part}_{place}"] for part in ("type", "number", "extension", "send_text")] for place in range(4)]
    assert lines == [
        ["HOME", "(312) 555-0142", "7", "no"],
        ["CELL", "(630) 555-0102", "", "yes"],
        ["", "", "", "no"],
        ["", "", "", "no"],
    ]
    assert sent["email"] == "tanya@home.example"
    types = [option.text for option in page.one("select", name="type_0").all("option")]
    assert types == ["Select", "Home Phone Number", "Cellular Phone Number", "Work Phone Number", "Fax Number"]
    labels = [label.text for label in page.all("fieldset", class_="phone-row")[0].all("label")]
    assert labels == ["Type", "Phone Number", "Extension", "Send Text"]
    assert [option.text for option in page.one("select", name="send_text_0").all("option")] == ["No", "Yes"]


@pytest.mark.feature("CON_03")
def test_the_form_says_how_long_a_change_takes(rita, url, settings):
    settings.SYNC_DELAY = timedelta(hours=4)
    assert "updated in the member system in approximately 4 hours" in pages.read(rita.get(url)).text


@pytest.mark.feature("CON_02")
def test_the_others_on_the_policy_are_told_apart_and_cannot_be_changed(rita, url, world):
    today = timezone.localdate()
    account = world.policy.account
    for role, name, years in (("SPOUSE", "Sam", 41), ("CHILD", "Kim", 9), ("CHILD", "Max", 19)):
        member = MemberFactory(
            account=account, role=role, first_name=name, date_of_birth=today - timedelta(days=years * 366)
        )
        world.policy.coverages.create(member=member, effective_date=world.policy.effective_date)
    MemberFactory(account=account, role="CHILD", first_name="Notcovered")
    page = pages.read(rita.get(url))
    panel = page.one("section", aria_labelledby="others-on-policy")
    assert [item.text for item in panel.all("li")] == [
        f"Sam Washington (Spouse) {rules.CHANGES_OWN}",
        f"Max Washington (Child) {rules.CHANGES_OWN}",
        f"Kim Washington (Child) {rules.USES_PRIMARYS}",
    ]
    assert "A dependent under the age of 18 is required to use the telephone number" in panel.text
    assert "customer service, whose number is on the back of their member ID cards." in panel.text


@pytest.mark.feature("CON_02")
def test_a_minors_contact_is_the_primary_insureds(world, tanya):
    today = timezone.localdate()
    kim = MemberFactory(account=tanya.account, role="CHILD", date_of_birth=today - timedelta(days=9 * 366))
    sam = MemberFactory(account=tanya.account, role="SPOUSE")
    assert selectors.reached_by(kim, primary=tanya, today=today) == tanya
    assert selectors.reached_by(sam, primary=tanya, today=today) == sam


def test_every_look_is_written_down_and_names_the_household_only(rita, url, world):
    rita.get(url)
    event = AuditEvent.objects.get(action="client.contact_opened")
    assert (event.object_id, event.for_producer, event.details) == (
        world.account_number,
        world.producer.producer.npn,
        {},
    )


# --- what is wrong is said beside its field ---


@pytest.mark.feature("CON_05")
@pytest.mark.feature("CON_10")
def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(rita, url):
    typed = {
        "number_0": "130 555",
        "extension_0": "12a",
        "send_text_0": "yes",
        "number_1": "(630) 555-0101",
        "type_2": "FAX",
        "extension_2": "1234567",
        "type_3": "HOME",
        "number_3": "(630) 555-0103",
        "email": "tanya@home",
    }
    response = confirm(rita, url, **typed)
    assert errors(response) == {
        "number_0": "Enter a US phone number with ten digits, area code first.",
        "extension_0": "An extension has digits only.",
        "send_text_0": rules.TEXTS_TO_CELL_ONLY,
        "type_1": rules.TYPE_FOR_NEW,
        "number_2": rules.NUMBER_MISSING,
        "extension_2": "At most 6 digits.",
        "type_3": rules.SAME_TYPE,
        "email": "Please enter a valid email address.",
    }
    assert filled(response) | typed == filled(response)
    assert not MemberChange.objects.exists()


@pytest.mark.feature("CON_10")
def test_texts_need_to_be_said_who_agreed_and_how(rita, url):
    response = confirm(rita, url, type_1="CELL", number_1="6305550101", send_text_1="yes")
    assert errors(response) == {"consent_by": rules.WHO_SAID_SO, "consent_how": rules.HOW_WAS_IT_SAID}
    response = confirm(rita, url, type_1="PAGER", number_1="6305550101", send_text_1="perhaps", consent_how="By owl")
    assert errors(response)["type_1"] == "Select a type of the list."
    assert errors(response)["send_text_1"] == "Select Yes or No."
    assert errors(response)["consent_how"] == "Select one of the list."


@pytest.mark.feature("CON_05")
def test_a_number_without_a_type_must_get_one_on_next(rita, url, tanya):
    ContactPointFactory(member=tanya, kind="UNTYPED", value="6305550103")
    response = confirm(rita, url, email="new@home.example")
    assert errors(response) == {"type_1": rules.TYPE_FOR_EXISTING}
    done = rita.post(url, {**filled(response), "type_1": "WORK"})
    assert side(done, "updated")[:3] == [
        ["Home Phone Number", "(312) 555-0142", "7", "No"],
        ["Work Phone Number New", "(630) 555-0103", "", "No"],
        ["Phone Number without a type Removed", "(630) 555-0103", "", "No"],
    ]


def test_a_number_that_nobody_can_dial_may_stay_on_record(rita, url, tanya):
    ContactPointFactory(member=tanya, kind="WORK", value="1231236677")
    assert finish(rita, url, email="new@home.example").status_code == 302
    assert set(MemberChange.objects.get().payload["after"]) == {"EMAIL"}


# --- the confirmation ---


@pytest.mark.feature("CON_07")
def test_the_confirmation_shows_current_and_updated_side_by_side(rita, url):
    response = confirm(
        rita, url, number_0="", type_1="CELL", number_1="630.555.0102", send_text_1="yes", consent_by="Tanya",
        consent_how="By phone", email="Tanya@NEW.example",
    )  # fmt: skip
    page = pages.read(response)
    assert page.one("h1").text == "Contact Info Change Confirmation"
    assert side(response, "current") == [
        ["Home Phone Number", "(312) 555-0142", "7", "No"],
        ["tanya@home.example"],
    ]
    assert side(response, "updated") == [
        ["Home Phone Number Removed", "(312) 555-0142", "7", "No"],
        ["Cellular Phone Number New", "(630) 555-0102", "", "Yes"],
        ["Tanya@new.example Changed", "Wants text messages: said by Tanya, by phone."],
    ]
    assert VERIFY in page.text
    form = page.one("form", id="contact-confirm")
    assert [part.text for part in form.one(class_="form-actions").all() if part.tag in ("a", "button")] == [
        "Cancel",
        "Back",
        "Finish",
    ]
    assert not MemberChange.objects.exists()


@pytest.mark.feature("CON_07")
def test_back_keeps_everything_that_was_entered_and_cancel_leads_to_the_client(rita, url, world):
    response = confirm(rita, url, type_1="WORK", number_1="630.555.0102", extension_1="12")
    cancel = next(link for link in pages.read(response).all("a") if link.text == "Cancel")
    assert cancel.attrs["href"] == f"/clients/{world.account_number}/"
    back = rita.post(url, {**filled(response), "step": "back"})
    assert pages.read(back).one("h1").text == "Contact Info Change"
    sent = filled(back)
    assert (sent["type_1"], sent["number_1"], sent["extension_1"]) == ("WORK", "630.555.0102", "12")
    assert not MemberChange.objects.exists()


# --- Finish ---


@pytest.mark.feature("CON_08")
@pytest.mark.feature("CON_03")
def test_finish_says_so_and_the_old_values_stay_with_a_pending_mark(rita, url, world, tanya, settings):
    settings.SYNC_DELAY = timedelta(hours=4)
    response = finish(rita, url, number_0="(630) 555-0101", email="new@home.example")
    assert response.url == f"/clients/{world.account_number}/"
    page = pages.read(rita.get(response.url))
    assert page.all(class_="alert-body")[0].text == "Your updates were successfully saved."
    lines = [line.text for line in page.one("section", aria_label="Changes on their way").all("p")]
    assert len(lines) == 2
    since = r"change pending since \d\d/\d\d/\d{4} \d+:\d\d [AP]M, will reach the member system by .*\d+:\d\d [AP]M"
    assert re.fullmatch(f"Home Phone Number: {since}", lines[0])
    assert re.fullmatch(f"Email Address: {since}", lines[1])
    facts = pages.facts(page)
    assert facts["Home Phone"] == "(312) 555-0142 ext. 7 Change pending"
    assert facts["E-mail Address"] == "tanya@home.example Change pending"
    assert facts["Cell Phone"] == "—"
    outcomes_of("CONTACT").accepted(MemberChange.objects.get(), timezone.now())
    MemberChange.objects.update(status="ACKED")
    page = pages.read(rita.get(response.url))
    assert pages.facts(page)["Home Phone"] == "(630) 555-0101 ext. 7"
    assert not page.all("section", aria_label="Changes on their way")


@pytest.mark.feature("CON_10")
def test_who_agreed_to_texts_when_and_how_is_kept(rita, url, tanya):
    finish(
        rita, url, type_1="CELL", number_1="6305550102", send_text_1="yes", consent_by="Tanya Washington",
        consent_how="In person",
    )  # fmt: skip
    after = MemberChange.objects.get().payload["after"]["CELL"]
    assert (after["text_consent_by"], after["text_consent_how"]) == ("Tanya Washington", "In person")
    assert after["text_consent_at"]


def test_a_double_click_on_finish_is_one_change_and_both_are_told_it_was_saved(rita, url, world):
    data = {**filled(confirm(rita, url, number_0="6305550101")), "step": "finish"}
    answers = [rita.post(url, data).url for _ in range(2)]
    assert answers == [f"/clients/{world.account_number}/"] * 2
    assert MemberChange.objects.count() == 1


@pytest.mark.feature("CON_09")
@pytest.mark.parametrize("step", ["next", "finish"])
def test_nothing_changed_is_unsuccessful_and_queues_nothing(rita, url, world, step):
    response = rita.post(url, {**filled(rita.get(url)), "step": step})
    phone = selectors.help_desk_phone("IL")
    assert failure(response) == [
        "Your request was unsuccessful.",
        "Error(s) from the member service:",
        "Tanya Washington (Primary): No change to the existing record",
        f"Please contact IT Help Desk {phone}.",
        "Click OK to continue.",
    ]
    assert phone
    assert pages.read(response).one("dialog", id="contact-failure").one("button").text == "OK"
    assert pages.read(response).one("h1").text == "Contact Info Change"
    assert not MemberChange.objects.exists()


@pytest.mark.feature("CON_09")
def test_a_failing_service_keeps_nothing_and_offers_to_try_again(rita, url, monkeypatch):
    def fail(**_anything):
        raise DatabaseError("the queue is gone")

    data = filled(confirm(rita, url, number_0="6305550101"))
    with monkeypatch.context() as broken:
        broken.setattr(member_changes, "queue", fail)
        response = rita.post(url, {**data, "step": "finish"})
    assert failure(response)[2] == f"Tanya Washington (Primary): {service.NOT_SAVED}"
    retry = pages.read(response).one("dialog", id="contact-failure").one("button", value="finish")
    assert (retry.text, retry.attrs["form"], retry.attrs["name"]) == ("Try again", "contact-confirm", "step")
    assert not AuditEvent.objects.filter(action="client.contact_changed").exists()
    assert rita.post(url, {**filled(response), "step": "finish"}).status_code == 302
    assert MemberChange.objects.count() == 1


# --- what was not accepted ---


@pytest.mark.feature("CON_09")
def test_try_again_shows_why_and_fills_in_what_was_asked_for(rita, url, world, tanya):
    finish(rita, url, type_1="WORK", number_1="6305550102")
    MemberChange.objects.update(status="REJECTED", last_error="Member is being changed elsewhere")
    page = pages.read(rita.get(f"/clients/{world.account_number}/"))
    (link,) = (link for link in page.all("a") if link.text == "Try again")
    response = rita.get(link.attrs["href"])
    assert failure(response)[2] == "Tanya Washington (Primary): Member is being changed elsewhere"
    sent = filled(response)
    assert (sent["type_1"], sent["number_1"]) == ("WORK", "(630) 555-0102")
    saved = rita.post(url, {**filled(rita.post(url, {**sent, "step": "next"})), "step": "finish"})
    assert saved.status_code == 302
    page = pages.read(rita.get(saved.url))
    assert [link for link in page.all("a") if link.text == "Try again"] == []


def test_what_is_not_a_refused_change_of_this_client_is_no_matter(rita, url, world):
    finish(rita, url, number_0="6305550101")
    pending = MemberChange.objects.get()
    for again in ("999999999", "x", "", "9" * 30, str(pending.pk)):
        response = rita.get(url, {"again": again})
        assert (response.status_code, failure(response)) == (200, [])
    MemberChange.objects.update(status="DEAD")
    assert failure(rita.get(url, {"again": pending.pk}))
    other = f"/clients/{PolicyFactory(producer_number=world.number).account.number}/contact/"
    assert failure(rita.get(other, {"again": pending.pk})) == []


# --- two people, two tabs ---


def test_another_tabs_values_are_shown_beside_and_nothing_typed_is_lost(rita, url, tanya):
    first, second = filled(rita.get(url)), filled(rita.get(url))
    rita.post(
        url,
        {**first, "number_0": "6305550101", "type_1": "WORK", "number_1": "6305550104", "step": "finish"},
    )
    typed = {"number_0": "(630) 555-0199", "type_1": "CELL", "number_1": "(630) 555-0102", "email": "t2@home.example"}
    response = rita.post(url, {**second, **typed, "step": "finish"})
    said = errors(response)
    assert said["number_0"] == "What is there now: Home Phone Number (630) 555-0101 ext. 7"
    assert said["number_1"] == "What is there now: nothing"
    assert said["number_2"] == "What is there now: Work Phone Number (630) 555-0104"
    assert said["email"] == "What is there now: tanya@home.example"
    assert "Nothing of yours was saved yet" in pages.read(response).text
    sent = filled(response)
    assert {name: sent[name] for name in typed} == typed
    assert (sent["type_2"], sent["number_2"]) == ("WORK", "(630) 555-0104")  # not lost either
    assert MemberChange.objects.count() == 1
    again = rita.post(url, {**sent, "step": "next"})
    assert rita.post(url, {**filled(again), "step": "finish"}).status_code == 302
    assert set(MemberChange.objects.latest("id").payload["after"]) == {"HOME", "CELL", "EMAIL"}


def test_next_already_says_what_somebody_else_has_saved(rita, url, world, sign_in):
    mine = filled(rita.get(url))
    finish(sign_in(world.delegate_with_service), url, number_0="6305550101")
    response = rita.post(url, {**mine, "number_0": "6305550199", "step": "next"})
    assert errors(response)["number_0"] == "What is there now: Home Phone Number (630) 555-0101 ext. 7"


# --- pending values ---


@pytest.mark.feature("CON_03")
def test_a_second_change_starts_from_what_is_on_its_way_and_says_so(rita, url, world):
    finish(rita, url, number_0="6305550101")
    response = rita.get(url)
    assert filled(response)["number_0"] == "(630) 555-0101"
    page = pages.read(response)
    assert "The form starts from the values that are on their way" in page.text
    assert "Home Phone Number: on record (312) 555-0142 ext. 7, on its way (630) 555-0101 ext. 7" in page.text
    assert len(page.one("section", aria_label="Changes on their way").all("p")) == 1
    taken_back = finish(rita, url, number_0="3125550142")
    page = pages.read(rita.get(taken_back.url))
    assert not page.all("section", aria_label="Changes on their way")


# --- who, and for whom ---


@pytest.mark.feature("CON_01")
@pytest.mark.parametrize("step", ["next", "back", "finish"])
def test_a_dependents_id_is_refused(rita, url, world, step):
    people = [MemberFactory(account=world.policy.account, role=role) for role in ("SPOUSE", "CHILD")]
    people += [world.outsider_policy.account.members.get()]
    data = {**filled(rita.get(url)), "number_0": "6305550101", "step": step}
    for member in (*(str(one.pk) for one in people), "x", ""):
        assert rita.post(url, {**data, "member": member}).status_code == 403
    assert not MemberChange.objects.exists()


def test_who_may_open_and_send_the_form(world, tanya, url, sign_in):
    data = {**filled(sign_in(world.producer).get(url)), "number_0": "6305550101", "step": "finish"}
    for who, code in (
        ("delegate", 403),
        ("delegate_with_enroll", 403),
        ("former_delegate", 403),
        ("sibling", 404),
        ("outsider", 404),
    ):
        client = sign_in(getattr(world, who))
        assert (client.get(url).status_code, client.post(url, data).status_code) == (code, code), who
    assert not MemberChange.objects.exists()
    for place, who in enumerate(("producer", "principal", "delegate_with_service", "admin")):
        sent = finish(sign_in(getattr(world, who)), url, number_0=f"630555010{place}")
        assert (sent.status_code, MemberChange.objects.count()) == (302, place + 1), who


def test_a_delegate_who_services_another_book_only_looks_here(world, tanya, url, sign_in):
    DelegateGrantFactory(producer=world.sibling.producer, delegate=world.delegate, scopes=["VIEW", "SERVICE"])
    client = sign_in(world.delegate)
    assert client.get(url).status_code == 403
    assert client.get(f"/clients/{world.sibling_policy.account.number}/contact/").status_code == 200


def test_a_grant_that_ended_while_the_form_was_open_saves_nothing(world, tanya, url, sign_in):
    client = sign_in(world.delegate_with_service)
    data = {**filled(client.get(url)), "number_0": "6305550101", "step": "finish"}
    DelegateGrant.objects.filter(delegate=world.delegate_with_service).update(
        last_day=timezone.localdate() - timedelta(days=1)
    )
    assert client.post(url, data).status_code == 403
    assert not MemberChange.objects.exists()


def test_without_coverage_the_page_says_why_and_leads_back(rita, url, world):
    data = filled(rita.get(url))
    Policy.objects.filter(pk=world.policy.pk).update(status="TERMED")
    for response in (rita.get(url, follow=True), rita.post(url, {**data, "step": "finish"}, follow=True)):
        assert response.redirect_chain == [(f"/clients/{world.account_number}/", 302)]
        assert pages.messages(response)[0] == f"{views.LABEL}: {rules.NO_COVERAGE}"


def test_the_change_goes_under_a_policy_in_force(rita, url, world, tanya):
    ended = PolicyFactory(primary=tanya, producer_number=world.number, status="TERMED", us_state="IL")
    Policy.objects.filter(pk=ended.pk).update(effective_date=timezone.localdate())
    finish(rita, url, number_0="6305550101")
    assert MemberChange.objects.get().policy == world.policy


@pytest.mark.feature("DET_04")
def test_the_drop_down_offers_it_or_says_why_not(rita, world, url):
    page = f"/clients/{world.account_number}/"
    assert rita.get(f"{page}go/", {"action": "contact"}).url == url
    Account.objects.filter(pk=world.policy.account_id).update(number=None)
    response = rita.get(f"/clients/e-app/{world.policy.eapp_number}/")
    impossible = [item.text for item in pages.read(response).one(class_="client-impossible").all("li")]
    assert f"Contact Info Change : {rules.NO_ACCOUNT_NUMBER}" in impossible


def test_nothing_about_the_client_stands_in_an_address(rita, url):
    for response in (confirm(rita, url, number_0="6305550101"), rita.post(url, {**filled(rita.get(url))})):
        links = [link.attrs["href"] for link in pages.read(response).one("main").all("a")]
        assert not [link for link in links if "555" in link or "Tanya" in link or "@" in link]
    assert ContactPoint.objects.filter(value="3125550142").exists()
