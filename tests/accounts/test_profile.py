"""Edit Profile: the service, the pages, the account menu."""

from datetime import UTC, datetime

import pytest

from accounts.forms.contact_fields import ADDRESS_STATES, PhoneField
from accounts.models import ProducerNumber, User
from accounts.services import profile
from accounts.services.profile import ChangedMeanwhile
from portal.common.models import AuditEvent, OutboundMessage
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory
from tests.support.signing_in import ask_for_code, half_signed_in

NOON = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
URL, UPDATED = "/accounts/profile/", "/accounts/profile/updated/"
CONTACT = {
    "company_name": "Harbor Benefits",
    "address_1": "1489 E Ogden Ave",
    "address_2": "",
    "city": "Naperville",
    "address_state": "IL",
    "zip": "60563",
    "phone": "3125550142",
    "email": "office@harbor.example",
}


@pytest.fixture
def rita() -> User:
    record = ProducerFactory(npn="7654321", record_email="rita.solberg@agency.example")
    return UserFactory(username="rsolberg7", producer=record)


@pytest.fixture
def number(rita) -> ProducerNumber:
    return ProducerNumberFactory(producer=rita.producer, number="100200300", us_state="IL", **CONTACT)


def page_form(client, number: str = "") -> dict[str, str]:
    """The fields of the form as the page filled them in."""
    page = pages.read(client.get(URL, {"number": number} if number else {}))
    form = next(form for form in page.all("form") if "Update Profile" in form.text)
    fields = {field.attrs["name"]: field.attrs.get("value", "") for field in form.all("input")}
    chosen = [option.attrs["value"] for option in form.one("select").all("option") if "selected" in option.attrs]
    return fields | {"address_state": chosen[0] if chosen else ""}


# The service


@pytest.mark.feature("PRF_02")
@pytest.mark.parametrize("field", profile.EDITABLE)
def test_each_field_is_saved_and_audited_without_its_value(rita, number, field):
    new = {"address_state": "TX", "zip": "75001", "phone": "2145550100", "email": "new@harbor.example"}.get(field, "Xy")
    saved = profile.update(number=number, contact={**CONTACT, field: new}, seen=profile.stamp(number), by=rita, at=NOON)
    number.refresh_from_db()
    assert getattr(number, field) == new
    assert saved.changed == (field,)
    event = AuditEvent.objects.get(action="profile.updated")
    assert (event.actor_id, event.for_producer, event.object_id) == (rita.pk, "7654321", "100200300")
    assert event.details == {"fields": [field]}


@pytest.mark.feature("PRF_05")
def test_a_new_email_address_is_told_to_the_old_one(rita, number):
    saved = profile.update(
        number=number,
        contact={**CONTACT, "email": "thief@elsewhere.example"},
        seen=profile.stamp(number),
        by=rita,
        at=NOON,
    )
    assert saved.notified == "office@harbor.example"
    mail = OutboundMessage.objects.get()
    assert (mail.to, mail.kind) == ("office@harbor.example", "profile_email_changed")
    for body in (mail.body_text, mail.body_html):
        assert "12:10 PM CST" in body
        assert "100200300" in body
        assert "thief@elsewhere.example" not in body
        assert "xxxef@elsewhere.example" in body


@pytest.mark.feature("PRF_05")
def test_without_an_old_address_the_record_is_told(rita, number):
    ProducerNumber.objects.update(email="")
    number.refresh_from_db()
    profile.update(number=number, contact=CONTACT, seen=profile.stamp(number), by=rita, at=NOON)
    assert OutboundMessage.objects.get().to == "rita.solberg@agency.example"


def test_other_changes_tell_nobody(rita, number):
    profile.update(number=number, contact={**CONTACT, "city": "Aurora"}, seen=profile.stamp(number), by=rita, at=NOON)
    assert not OutboundMessage.objects.exists()


def test_of_two_windows_the_second_is_told_and_saves_nothing(rita, number):
    seen = profile.stamp(number)
    profile.update(number=number, contact={**CONTACT, "city": "Aurora"}, seen=seen, by=rita, at=NOON)
    with pytest.raises(ChangedMeanwhile) as told:
        profile.update(number=number, contact={**CONTACT, "phone": "2145550100"}, seen=seen, by=rita, at=NOON)
    assert told.value.saved.city == "Aurora"
    number.refresh_from_db()
    assert (number.city, number.phone) == ("Aurora", "3125550142")


def test_the_stamp_tells_apart_what_stands_in_which_field(number):
    before = profile.stamp(number)
    number.address_1, number.address_2 = "1489 E Ogden", " Ave"
    assert profile.stamp(number) != before
    other = ProducerNumberFactory(**CONTACT)
    assert profile.stamp(other) != before


@pytest.mark.django_db(transaction=True)
def test_the_form_sent_twice_at_once_is_one_change(rita, number):
    seen, contact = profile.stamp(number), {**CONTACT, "email": "new@harbor.example"}
    results = at_once(*[lambda: profile.update(number=number, contact=contact, seen=seen, by=rita, at=NOON)] * 3)
    assert sorted(len(saved.changed) for saved in results) == [0, 0, 1]
    assert OutboundMessage.objects.count() == 1
    assert AuditEvent.objects.filter(action="profile.updated").count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_notice_cannot_be_written_nothing_is_saved(rita, number, monkeypatch):
    monkeypatch.setattr(profile, "send_email", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        profile.update(
            number=number, contact={**CONTACT, "email": "new@h.example"}, seen=profile.stamp(number), by=rita, at=NOON
        )
    number.refresh_from_db()
    assert number.email == "office@harbor.example"
    assert not AuditEvent.objects.filter(action="profile.updated").exists()


# Fields


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("3125550142", "3125550142"),
        ("(312) 555-0142", "3125550142"),
        ("312.555.0142", "3125550142"),
        ("+1 312-555-0142", "3125550142"),
        ("1 312 555 0142", "3125550142"),
    ],
)
def test_a_phone_number_may_be_typed_as_people_write_it(typed, kept):
    assert PhoneField().clean(typed) == kept


@pytest.mark.no_db
@pytest.mark.parametrize(
    "typed", ["555-0142", "0125550142", "3120550142", "31255501422", "312555014x", "٣١٢٥٥٥٠١٤٢", "+49 312 555 0142"]
)
def test_other_phone_numbers_are_refused(typed):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="ten digits"):
        PhoneField().clean(typed)


@pytest.mark.no_db
def test_addresses_may_lie_in_any_state_or_territory():
    assert len(set(ADDRESS_STATES)) == len(ADDRESS_STATES) == 50 + 1 + 5


# The pages


@pytest.mark.feature("PRF_01")
@pytest.mark.parametrize("who", ["producer", "delegate", "delegate_without_view", "former_delegate", "admin"])
def test_everybody_finds_edit_profile_and_logout_in_the_account_menu(world, sign_in, who):
    client = sign_in(getattr(world, who))
    menu = next(menu for menu in pages.read(client.get("/")).all("ul", class_="menu-panel") if "Logout" in menu.text)
    labels = [item.text for item in menu.all(class_="menu-item")]
    assert "Edit Profile" in labels
    assert labels[-1] == "Logout"
    link = next(item for item in menu.all("a") if item.text == "Edit Profile")
    assert client.get(link.attrs["href"]).status_code == 200


@pytest.mark.feature("PRF_02")
@pytest.mark.feature("PRF_04")
def test_update_profile_shows_a_confirmation_that_leads_back(rita, number, sign_in):
    client = sign_in(rita)
    fields = page_form(client)
    assert fields["phone"] == "(312) 555-0142"
    response = client.post(f"{URL}?number=100200300", {**fields, "city": "Aurora"}, follow=True)
    assert response.redirect_chain == [(f"{UPDATED}?number=100200300", 302)]
    page = pages.read(response)
    assert "Your profile has been updated." in page.one("main").text
    back = next(link for link in page.all("a") if link.text == "Back to Profile Page")
    assert page_form(client)["seen"] == page_form(client, "100200300")["seen"]
    assert back.attrs["href"] == f"{URL}?number=100200300"
    assert page_form(client)["city"] == "Aurora"


@pytest.mark.feature("PRF_05")
def test_the_confirmation_says_that_the_old_address_was_told(rita, number, sign_in):
    client = sign_in(rita)
    response = client.post(URL, {**page_form(client), "email": "new@harbor.example"}, follow=True)
    assert "we have told the address before" in pages.read(response).one("main").text


@pytest.mark.feature("PRF_05")
def test_codes_still_go_to_the_record_after_a_new_profile_address(rita, number, sign_in):
    client = sign_in(rita)
    client.post(URL, {**page_form(client), "email": "new@harbor.example", "record_email": "thief@elsewhere.example"})
    ask_for_code(half_signed_in(rita))
    assert OutboundMessage.objects.get(kind="login_code").to == "rita.solberg@agency.example"


@pytest.mark.feature("PRF_03")
def test_name_and_number_are_shown_and_never_saved(rita, number, sign_in):
    client = sign_in(rita)
    facts = pages.facts(pages.read(client.get(URL)))
    assert facts == {"Name": "Rita Solberg", "Username": "rsolberg7", "National Producer Number": "7654321"}
    assert "100200300" in pages.read(client.get(URL)).one("main").text
    extra = {
        "number": "999999999",
        "us_state": "TX",
        "first_name": "Eve",
        "last_name": "Other",
        "username": "evil7777",
        "status": "INACTIVE",
        "producer": "1",
        "npn": "1",
    }
    client.post(URL, {**page_form(client), **extra, "city": "Aurora"})
    number.refresh_from_db()
    rita.refresh_from_db()
    assert (number.number, number.us_state, number.status, number.city) == ("100200300", "IL", "ACTIVE", "Aurora")
    assert (rita.first_name, rita.last_name, rita.username) == ("Rita", "Solberg", "rsolberg7")
    assert rita.producer.npn == "7654321"


@pytest.mark.feature("PRF_09")
def test_a_producer_with_several_numbers_chooses_state_and_number(rita, number, sign_in):
    ProducerNumberFactory(producer=rita.producer, number="100200399", us_state="IL", **CONTACT)
    ProducerNumberFactory(producer=rita.producer, number="300200100", us_state="TX", company_name="Gulf Cover")
    client = sign_in(rita)
    page = pages.read(client.get(URL))
    options = {option.attrs["value"]: option.text for option in page.one("select", name="number").all("option")}
    assert options == {
        "100200300": "Illinois - 100200300 - Harbor Benefits",
        "100200399": "Illinois - 100200399 - Harbor Benefits",
        "300200100": "Texas - 300200100 - Gulf Cover",
    }
    assert page_form(client, "300200100")["company_name"] == "Gulf Cover"
    client.post(
        f"{URL}?number=300200100", {**CONTACT, "seen": page_form(client, "300200100")["seen"], "city": "Houston"}
    )
    cities = dict(ProducerNumber.objects.filter(producer=rita.producer).values_list("number", "city"))
    assert cities == {"100200300": "Naperville", "100200399": "Naperville", "300200100": "Houston"}


@pytest.mark.feature("PRF_09")
def test_with_one_number_there_is_nothing_to_choose(rita, number, sign_in):
    assert not pages.read(sign_in(rita).get(URL)).all("select", name="number")


@pytest.mark.parametrize("who", ["outsider", "principal", "sibling", "delegate", "former_delegate", "admin"])
@pytest.mark.sampled(3)
def test_the_profile_of_somebody_else_does_not_exist(world, sign_in, who):
    client = sign_in(getattr(world, who))
    theirs = world.number.number
    assert sign_in(world.producer).get(URL, {"number": theirs}).status_code == 200
    assert client.get(URL, {"number": theirs}).status_code == 404
    assert client.post(f"{URL}?number={theirs}", {**CONTACT, "seen": profile.stamp(world.number)}).status_code == 404
    assert client.get(UPDATED, {"number": theirs}).status_code == 404
    assert client.get(URL, {"number": "999999999"}).status_code == 404
    world.number.refresh_from_db()
    assert world.number.city == ""


@pytest.mark.parametrize("who", ["delegate", "former_delegate", "admin"])
def test_people_without_a_producer_record_see_what_is_theirs(world, sign_in, who):
    user = getattr(world, who)
    client = sign_in(user)
    response = client.get(URL)
    facts = pages.facts(pages.read(response))
    assert (facts["Name"], facts["Email Address"]) == (user.get_full_name(), user.email)
    page = pages.read(response)
    assert "Update Profile" not in page.text
    assert any(link.text == "Change Password" for link in page.all("a"))
    assert client.post(URL, CONTACT).status_code == 200
    assert client.get(UPDATED).status_code == 404


def test_a_producer_without_a_number_is_told_so(rita, sign_in):
    assert "There is no producer number on your record." in pages.read(sign_in(rita).get(URL)).text


def test_strangers_are_asked_to_log_in(client, number):
    for url in (URL, UPDATED):
        assert client.get(url).url.startswith("/accounts/login/?next=")
        assert client.post(url, CONTACT).url.startswith("/accounts/login/?next=")


def test_each_missing_field_is_said_and_what_was_typed_is_kept(rita, number, sign_in):
    client = sign_in(rita)
    response = client.post(URL, {"city": "Aurora", "phone": "12", "zip": "6056", "email": "rita@", "seen": "x"})
    page = pages.read(response)
    said = page.one(class_="error-summary").text
    for text in (
        "Enter the street address.",
        "Choose the state of the address.",
        "Five digits.",
        "Enter a US phone number with ten digits, area code first.",
        "Please enter a valid email address.",
    ):
        assert text in said
    assert page.one("input", name="city").attrs["value"] == "Aurora"
    assert page.one("input", name="phone").attrs["value"] == "12"
    number.refresh_from_db()
    assert number.city == "Naperville"


def test_the_second_window_sees_both_values_loses_nothing_and_can_save(rita, number, sign_in):
    client = sign_in(rita)
    first, second = page_form(client), page_form(client)
    client.post(URL, {**first, "city": "Aurora", "phone": "(214) 555-0100"})
    response = client.post(URL, {**second, "city": "Joliet", "address_2": "Suite 9"})
    assert response.status_code == 200
    page = pages.read(response)
    said = page.one(class_="error-summary").text
    assert "Somebody has changed this profile while you were editing it" in said
    assert "Saved meanwhile: Aurora." in said
    assert "Saved meanwhile: (214) 555-0100." in said
    assert "Saved meanwhile: nothing." in said
    assert page.one("input", name="city").attrs["value"] == "Joliet"
    assert page.one("input", name="address_2").attrs["value"] == "Suite 9"
    number.refresh_from_db()
    assert (number.city, number.phone) == ("Aurora", "2145550100")
    again = {**second, "city": "Joliet", "address_2": "Suite 9", "seen": page.one("input", name="seen").attrs["value"]}
    assert client.post(URL, again).status_code == 302
    number.refresh_from_db()
    assert (number.city, number.phone, number.address_2) == ("Joliet", "3125550142", "Suite 9")


def test_the_same_form_sent_twice_is_one_change(rita, number, sign_in):
    client = sign_in(rita)
    fields = {**page_form(client), "email": "new@harbor.example"}
    assert client.post(URL, fields).status_code == client.post(URL, fields).status_code == 302
    assert OutboundMessage.objects.filter(kind="profile_email_changed").count() == 1
    assert AuditEvent.objects.filter(action="profile.updated").count() == 1


def test_codes_are_shown_masked_on_the_profile(rita, number, sign_in):
    text = pages.read(sign_in(rita).get(URL)).text
    assert "xxxlberg@agency.example" in text
    assert "rita.solberg@agency.example" not in text
