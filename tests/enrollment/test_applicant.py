"""Applicant Information: Client Search, Personal Information, Home Address, Mailing Address, Contact Information (APP)."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import DelegateGrant
from clients.models import ContactPoint
from enrollment import address_search
from enrollment.address_search import Suggestion, Unavailable
from enrollment.models import Application, ApplicationText
from enrollment.rules import household, ssn
from enrollment.selectors import contact_texts
from enrollment.wizard import applicant, people
from portal.common.dates import as_text, today_in
from portal.common.models import AuditEvent
from tests.support import pages, wizard
from tests.support.catalog import COOK, DUPAGE, HARRIS
from tests.support.factories import (
    ApplicationFactory,
    ContactPointFactory,
    MemberFactory,
    PolicyFactory,
    ProducerNumberFactory,
    QuoteFactory,
)
from tests.support.sections import lacking, primary, save, wizard_of

URL = "/enroll/applications/A-0638/applicant/"
SSN = "123-45-6789"
NAPERVILLE = [f"12 Lake St, Naperville, IL {zip_code}" for zip_code in ("60563", "60564", "60564")]


@pytest.fixture
def draft(world, catalog):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def user(world):
    return world.producer


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def known(world):
    """A client of the producer, with a cellular phone and an email address."""
    member = MemberFactory(
        first_name="Zora", last_name="Quillfeather", middle_initial="B", ssn="219451234", account__zip="60601"
    )
    PolicyFactory(producer_number=world.number, primary=member)
    ContactPointFactory(member=member, kind=ContactPoint.Kind.CELL, value="3125550199")
    ContactPointFactory(member=member, kind=ContactPoint.Kind.EMAIL, value="zora@example.com")
    return member


# --- Client Search ---


@pytest.mark.feature("APP_01")
def test_a_client_is_found_and_taken_over_without_scripts(draft, client, known):
    there = client.post(URL, {"sections": "client", "client-text": "quillf", "act": "do:client:search"})
    page = pages.read(client.get(there.url.partition("#")[0]))
    button = page.one("button", class_="found-line")
    assert "Zora B Quillfeather" in button.text
    client.post(URL, {"sections": "client", "act": button.attrs["value"]})
    draft.refresh_from_db()
    person = primary(draft)
    assert (person.first_name, person.middle_initial, person.last_name) == ("Zora", "B", "Quillfeather")
    assert (person.date_of_birth, person.sex, person.ssn) == (known.date_of_birth, known.sex, "219451234")
    assert (draft.member_id, draft.address_1, draft.city, draft.zip) == (
        known.pk,
        known.account.address_1,
        known.account.city,
        "60601",
    )
    assert (draft.county_id, draft.phone, draft.phone_type) == (COOK, "3125550199", "MOBILE")
    assert draft.email == "zora@example.com"
    page = client.get(URL)
    assert "219451234" not in page.text
    assert "found-line" not in page.text
    client.post(URL, {"sections": "personal", "personal-first_name": "Zorah", "act": "exit"})
    assert primary(draft).first_name == "Zorah"
    assert AuditEvent.objects.get(action="application.client_taken_over").object_id == "A-0638"


@pytest.mark.feature("APP_01")
@pytest.mark.feature("APP_05")
@pytest.mark.parametrize(("name", "text"), [("client-text", "quillf"), ("home-search", "Naperville")])
def test_enter_in_a_search_box_searches_without_scripts_and_goes_on_once_it_has(draft, client, known, name, text):
    sent = {"sections": ["client", "home"], name: text}
    first = pages.read(client.get(URL)).one("form", id="wizard-form").all("button")[0]
    assert (first.attrs["name"], first.attrs["value"]) == ("act", "enter")
    there = client.post(URL, {**sent, "act": "enter"}).url
    assert there == f"{URL}#section-{name.partition('-')[0]}"
    page = pages.read(client.get(URL))
    assert page.all("button", class_="found-line")
    assert page.one(id=f"id_{name}").attrs["value"] == text
    # The text still stands in its box: Enter in another field goes on, and so says what is missing.
    assert "Please check what you entered" in client.post(URL, {**sent, "act": "enter"}).text


@pytest.mark.feature("APP_01")
def test_the_search_while_typing_finds_only_clients_of_the_own_books(draft, client, known, world, sign_in):
    address = "/enroll/applications/A-0638/client-search/"
    foreign = MemberFactory(first_name="Zora", last_name="Quillfeather")
    PolicyFactory(producer_number=ProducerNumberFactory(producer=world.outsider.producer), primary=foreign)
    found = pages.read(client.post(address, {"client-text": "quillfeather zora"}))
    assert [one.attrs["value"] for one in found.all("button")] == [f"do:client:take:{known.pk}"]
    assert "Enter the applicant below." in client.post(address, {"client-text": "Nobodyhasthis"}).text
    assert client.post(address, {"client-text": "q"}).content == b""
    assert client.get(address).status_code == 405
    assert sign_in(world.outsider).post(address, {"client-text": "quillfeather"}).status_code == 404
    event = AuditEvent.objects.filter(action="application.clients_searched").latest("pk")
    assert "quill" not in json.dumps(event.details).lower()


@pytest.mark.parametrize("pk", ["foreign", "0", "9" * 25, "x", ""])
@pytest.mark.feature("APP_01")
def test_nobody_elses_client_can_be_taken_over(draft, user, world, pk):
    if pk == "foreign":
        pk = str(world.outsider_policy.account.members.get(role="PRIMARY").pk)
    done = save(draft, user, "applicant", "client", do=f"take:{pk}").done
    assert done.message == applicant.NOT_YOURS
    assert (draft.member_id, primary(draft).first_name) == (None, "Ann")


@pytest.mark.feature("APP_01")
def test_a_client_of_another_state_comes_without_the_address(draft, user, known):
    known.account.us_state, known.account.zip = "TX", "77002"
    known.account.save()
    done = save(draft, user, "applicant", "client", do=f"take:{known.pk}").done
    assert "it is in Texas" in done.message
    assert (draft.zip, draft.us_state, draft.address_1, draft.member_id) == ("60563", "IL", "", known.pk)
    save(draft, user, "applicant", "client", do="unlink")
    assert (draft.member_id, primary(draft).first_name) == (None, "Zora")


@pytest.mark.feature("APP_01")
def test_a_delegate_without_the_right_to_view_clients_has_no_search(draft, world, sign_in, known):
    grant = DelegateGrant.objects.get(delegate=world.delegate_with_enroll)
    grant.scopes = ["ENROLL"]
    grant.save()
    client = sign_in(world.delegate_with_enroll)
    assert "title-client" not in client.get(URL).text
    answer = client.post("/enroll/applications/A-0638/client-search/", {"client-text": "quillfeather"})
    assert answer.content == b""


# --- Personal Information ---


@pytest.mark.feature("APP_02")
@pytest.mark.feature("APP_09")
def test_a_quotes_facts_are_filled_in_and_the_rest_has_to_be_completed(world, user, catalog):
    wizard.load_tables()
    quote = QuoteFactory(producer_number=world.number, created_by=user, member=world.policy.account.members.get())
    draft = Application.objects.create(
        record_number="A-0639",
        producer_number=world.number,
        quote=quote,
        us_state="IL",
        created_by=user,
        form_key="x",
        expires_on=today_in() + timedelta(days=9),
    )
    draft.applicants.create(position=0, relation="self", first_name="Nadia", last_name="Brandt", tobacco_use=False)
    assert lacking(draft, user, "applicant", "personal") == {
        "date_of_birth": "Enter the date of birth.",
        "sex": "Choose the sex.",
    }
    save(draft, user, "applicant", "personal", first_name="Nadja", date_of_birth="4/12/1988", sex="F")
    assert lacking(draft, user, "applicant", "personal") == {}
    assert (primary(draft).first_name, primary(draft).last_name) == ("Nadja", "Brandt")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("first_name", "=" * 3, "Enter at least one letter."),
        ("first_name", "A" * 61, "At most 60 characters."),
        ("first_name", "An\x07n", people.NO_SIGNS),
        ("last_name", "Ng\u202e", people.NO_SIGNS),
        ("middle_initial", "QQ", "One letter."),
        ("middle_initial", "4", "Enter at least one letter."),
        ("date_of_birth", "13/1/1990", "Enter the date as mm/dd/yyyy."),
        ("date_of_birth", "12/31/9999", household.FUTURE_BIRTH),
        ("date_of_birth", "01/01/0001", household.LONG_AGO),
        ("ssn", "12345678", ssn.NINE_DIGITS),
        ("sex", "X", "Choose one of the answers."),
        ("tobacco_use", "perhaps", "Choose one of the answers."),
    ],
)
@pytest.mark.feature("APP_02")
@pytest.mark.sampled(6)
def test_what_cannot_be_kept_says_why_and_keeps_the_rest(draft, user, field, typed, said):
    before = getattr(primary(draft), field)
    values = {"first_name": "Anna", "last_name": "Lee", "sex": "M"} | {field: typed}
    save(draft, user, "applicant", "personal", **values)
    assert lacking(draft, user, "applicant", "personal")[field] == said
    assert getattr(primary(draft), field) == before
    assert json.loads(draft.typed)["personal"] == {field: typed.replace("\x00", "")}


@pytest.mark.feature("APP_02")
def test_an_ssn_is_masked_and_replaced_only_when_typed_anew(draft, user, client):
    save(draft, user, "applicant", "personal", ssn=SSN)
    assert primary(draft).ssn == "123456789"
    page = client.get(URL)
    assert "•••-••-6789" in page.text
    for shown in ("123-45-6789", "123456789", "12345"):
        assert shown not in page.text
    save(draft, user, "applicant", "personal", ssn="", first_name="Anna")
    assert primary(draft).ssn == "123456789"
    save(draft, user, "applicant", "personal", ssn="219-45-123")
    assert (primary(draft).ssn, "219-45" in client.get(URL).text) == ("123456789", False)
    assert lacking(draft, user, "applicant", "personal")["ssn"] == ssn.NINE_DIGITS
    save(draft, user, "applicant", "personal", ssn="219451234")
    assert primary(draft).ssn == "219451234"
    save(draft, user, "applicant", "personal", ssn="", ssn_remove="on")
    assert primary(draft).ssn is None
    draft.applicants.create(position=1, relation="spouse", ssn="123456789")
    save(draft, user, "applicant", "personal", ssn=SSN)
    assert lacking(draft, user, "applicant", "personal")["ssn"] == people.SAME_SSN


@pytest.mark.feature("APP_03")
def test_tobacco_asks_for_the_last_use_and_questions_an_old_one(draft, user, client):
    assert lacking(draft, user, "applicant", "personal") == {"tobacco_use": "Answer Yes or No."}
    save(draft, user, "applicant", "personal", tobacco_use="yes", tobacco_last_used="")
    assert lacking(draft, user, "applicant", "personal") == {"tobacco_last_used": "Enter the date of last use."}
    save(draft, user, "applicant", "personal", tobacco_use="yes", tobacco_last_used="12/31/9999")
    assert lacking(draft, user, "applicant", "personal") == {"tobacco_last_used": household.FUTURE_USE}
    today = today_in("IL")
    save(draft, user, "applicant", "personal", tobacco_use="yes", tobacco_last_used=as_text(today))
    assert lacking(draft, user, "applicant", "personal") == {}
    assert household.LONG_SINCE not in client.get(URL).text
    old = as_text(today - timedelta(days=200))
    answer = client.post(
        URL,
        {
            "sections": "personal",
            "personal-tobacco_use": "yes",
            "personal-tobacco_last_used": old,
            "autosave": "personal",
        },
        headers={"HX-Request": "true"},
    )
    assert household.LONG_SINCE in answer.text
    assert lacking(draft, user, "applicant", "personal") == {}
    save(draft, user, "applicant", "personal", tobacco_use="no", tobacco_last_used="nonsense")
    assert (primary(draft).tobacco_use, primary(draft).tobacco_last_used) == (False, None)
    assert lacking(draft, user, "applicant", "personal") == {}


def test_only_a_search_that_shows_clients_is_audited(draft, known, client):
    searched = AuditEvent.objects.filter(action="application.clients_searched")
    for text in ("nobody of that name", "q"):
        client.post("/enroll/applications/A-0638/client-search/", {"client-text": text})
    assert not searched.exists()
    client.post("/enroll/applications/A-0638/client-search/", {"client-text": "quillfeather"})
    assert searched.count() == 1


# --- Home Address ---


@pytest.mark.feature("APP_04")
def test_the_county_that_is_kept_stays_chosen_while_the_zip_is_typed(draft, user, client):
    save(draft, user, "applicant", "home", zip="60120", county=COOK)
    # What no database takes is left out.
    found = pages.read(client.post("/enroll/applications/A-0638/county/", {"home-zip": "\x0060120"}))
    assert [one.attrs["value"] for one in found.all("option") if "selected" in one.attrs] == [COOK]


@pytest.mark.feature("APP_04")
def test_a_zip_of_several_counties_asks_which(draft, user, client):
    save(draft, user, "applicant", "home", zip="60120", county=HARRIS)
    assert (draft.zip, draft.county) == ("60120", None)
    assert lacking(draft, user, "applicant", "home")["county"] == applicant.CHOOSE_COUNTY
    found = pages.read(client.post("/enroll/applications/A-0638/county/", {"home-zip": "60120"}))
    assert len(found.all("option")) > 2
    assert "several counties" in found.text
    save(draft, user, "applicant", "home", zip="60120", county=COOK)
    assert draft.county_id == COOK
    save(draft, user, "applicant", "home", zip="60563", county=COOK)
    assert draft.county_id == DUPAGE
    assert lacking(draft, user, "applicant", "home") == {
        "address_1": "Enter the address.",
        "city": "Enter the city.",
    }


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("us_state", "TX", "The home address must be in Illinois"),
        ("us_state", "ZZ", "Choose a state of the list."),
        ("zip", "77002", "ZIP code 77002 is in Texas."),
        ("zip", "00000", "This ZIP code is not in Illinois."),
        ("zip", "6056", "Five digits."),
        ("address_1", "A" * 121, "At most 120 characters."),
    ],
)
@pytest.mark.feature("APP_04")
@pytest.mark.feature("HOM_13")
@pytest.mark.sampled(3)
def test_the_home_is_in_the_state_of_the_writing_number(draft, user, field, typed, said):
    save(draft, user, "applicant", "home", **{field: typed})
    assert lacking(draft, user, "applicant", "home")[field].startswith(said)
    assert (draft.us_state, draft.zip, draft.address_1) == ("IL", "60563", "")


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("60563", ["Naperville, IL 60563"]),
        ("12 Lake St, 60563", ["12 Lake St, Naperville, IL 60563"]),
        ("12 Lake St Naperville IL 60563", ["12 Lake St, Naperville, IL 60563"]),
        ("12 Lake St, Naperville", NAPERVILLE),
        ("12 Lake St Naperville, Illinois", NAPERVILLE),
        ("12 Lake St, Naperv", NAPERVILLE),
        ("77002", []),
        ("nowhere at all", []),
        ("%_%", []),
        ("\x00", []),
    ],
)
@pytest.mark.feature("APP_05")
@pytest.mark.sampled(5)
def test_the_offline_search_knows_zip_codes_and_cities(catalog, text, labels):
    answer = address_search.suggest(text, us_state="IL")
    assert answer.available
    assert [one.label for one in answer.suggestions] == labels


class Broken:
    def suggest(self, text, *, us_state):
        raise ZeroDivisionError


class Away:
    def suggest(self, text, *, us_state):
        raise Unavailable


class Streets:
    def suggest(self, text, *, us_state):
        known = {"street": "12 LAKE ST", "city": "NAPERVILLE", "zip": "60563"}
        return [Suggestion(us_state="IL", **known), Suggestion(us_state="TX", **known)]


@pytest.mark.parametrize("provider", ["", "Broken", "Away", "missing"])
@pytest.mark.feature("APP_05")
@pytest.mark.sampled(2)
def test_a_search_that_is_off_or_fails_stops_nobody(draft, client, settings, provider):
    settings.ADDRESS_SEARCH_PROVIDER = f"{__name__}.{provider}" if provider else ""
    answer = client.post("/enroll/applications/A-0638/address-search/", {"home-search": "12 Lake St"})
    assert applicant.SEARCH_OFF in answer.text
    page = pages.read(client.get(URL))
    assert page.one(id="id_home-address_1")
    sent = {"sections": "home", "home-address_1": "12 Lake St", "home-city": "Naperville", "home-zip": "60563"}
    client.post(URL, {**sent, "home-us_state": "IL", "act": "exit"})
    draft.refresh_from_db()
    assert (draft.address_1, draft.city, draft.county_id) == ("12 Lake St", "Naperville", DUPAGE)


@pytest.mark.feature("APP_05")
def test_another_provider_gives_streets_of_the_state_only(settings):
    settings.ADDRESS_SEARCH_PROVIDER = f"{__name__}.Streets"
    answer = address_search.suggest("12 lake", us_state="IL")
    assert [one.label for one in answer.suggestions] == ["12 LAKE ST, NAPERVILLE, IL 60563"]


@pytest.mark.feature("APP_05")
def test_an_address_of_the_list_is_filled_in_without_scripts(draft, client):
    sent = {"sections": "home", "home-search": "9 Elm Ct, 60601", "home-zip": "6056", "act": "do:home:search"}
    page = pages.read(client.get(client.post(URL, sent).url.partition("#")[0]))
    client.post(URL, {"sections": "home", "act": page.one("button", class_="found-line").attrs["value"]})
    draft.refresh_from_db()
    assert (draft.address_1, draft.zip, draft.county_id, draft.typed) == ("9 Elm Ct", "60601", COOK, None)
    assert draft.city == "Chicago"
    client.post(URL, {"sections": "home", "home-zip": "60563", "home-city": "", "act": "do:home:look-up"})
    draft.refresh_from_db()
    assert draft.city == "Naperville"


@pytest.mark.parametrize("value", ["zip=77002", "zip=60563&street=" + "x" * 200, "%00", "a=b", "&" * 50, ""])
@pytest.mark.feature("APP_05")
@pytest.mark.sampled(3)
def test_an_address_that_was_made_up_is_not_taken(draft, user, value):
    assert save(draft, user, "applicant", "home", do=f"use:{value}").done.message == applicant.NO_SUCH_ADDRESS
    assert (draft.zip, draft.address_1) == ("60563", "")


# --- Mailing Address and Contact Information ---


@pytest.mark.feature("APP_06")
def test_another_mailing_address_is_asked_for_and_forgotten_with_no(draft, user):
    assert lacking(draft, user, "applicant", "mailing") == {"mailing_differs": "Answer Yes or No."}
    save(draft, user, "applicant", "mailing", mailing_differs="yes")
    assert set(lacking(draft, user, "applicant", "mailing")) == set(applicant.MailingAddress.NEEDED)
    values = {"mailing_address_1": "PO Box 7", "mailing_city": "Gary", "mailing_state": "IN", "mailing_zip": "46402"}
    save(draft, user, "applicant", "mailing", mailing_differs="yes", **values)
    assert lacking(draft, user, "applicant", "mailing") == {}
    assert (draft.mailing_differs, draft.mailing_state) == (True, "IN")
    save(draft, user, "applicant", "mailing", mailing_differs="no", **{**values, "mailing_zip": "x"})
    assert (draft.mailing_differs, draft.mailing_address_1, draft.mailing_zip) == (False, "", "")
    assert lacking(draft, user, "applicant", "mailing") == {}


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("phone", "555", "Enter a US phone number with ten digits, area code first."),
        ("phone", "9" * 31, "Enter a US phone number with ten digits, area code first."),
        ("phone_type", "FAX", "Choose one of the answers."),
        ("email", "ann@", "Please enter a valid email address."),
    ],
)
@pytest.mark.feature("APP_07")
@pytest.mark.sampled(2)
def test_phone_and_type_are_needed_and_an_email_address_is_not(draft, user, field, typed, said):
    assert set(lacking(draft, user, "applicant", "contact")) == {"phone", "phone_type"}
    values = {"phone": "(630) 555-0142", "phone_type": "LANDLINE", "email": ""}
    save(draft, user, "applicant", "contact", **values)
    assert (draft.phone, draft.phone_type) == ("6305550142", "LANDLINE")
    assert lacking(draft, user, "applicant", "contact") == {}
    save(draft, user, "applicant", "contact", **{**values, field: typed})
    assert lacking(draft, user, "applicant", "contact") == {field: said}


@pytest.mark.feature("APP_08")
def test_the_wordings_that_stood_beside_the_fields_are_kept_by_version(draft, user, client):
    page = client.get(URL)
    assert "Agreeing is not a condition of buying or enrolling" in page.text
    shown = pages.read(page).one(id="id_contact-wordings").attrs["value"]
    values = {"phone": "6305550142", "phone_type": "MOBILE", "email": "ann@EXAMPLE.com", "wordings": shown}
    save(draft, user, "applicant", "contact", **values)
    kinds = ApplicationText.Kind
    assert draft.email == "ann@example.com"
    assert {text.kind for text in draft.contact_texts.all()} == {kinds.TEXT_MESSAGES, kinds.ELECTRONIC_DELIVERY}
    before = draft.contact_texts.get(kind=kinds.ELECTRONIC_DELIVERY)
    newer = ApplicationText.objects.create(
        kind=kinds.ELECTRONIC_DELIVERY, version="next", body="New.", sha256="1" * 64, published_at=timezone.now()
    )
    # The page was drawn before: what it showed is what counts.
    save(draft, user, "applicant", "contact", **values)
    assert draft.contact_texts.get(kind=kinds.ELECTRONIC_DELIVERY) == before
    assert str(newer.pk) in contact_texts.wordings(wizard_of(draft, user)).ids
    save(draft, user, "applicant", "contact", **{**values, "wordings": f"{newer.pk},x,{'9' * 30}"})
    assert draft.contact_texts.get(kind=kinds.ELECTRONIC_DELIVERY) == newer
    save(draft, user, "applicant", "contact", **{**values, "phone_type": "LANDLINE", "email": ""})
    assert not draft.contact_texts.exists()
