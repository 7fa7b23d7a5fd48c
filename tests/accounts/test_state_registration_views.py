"""The older style of registering and "Register for Another State", through the pages."""

import pytest
from django.test import Client

from accounts.models import RegistrationRequest, StateRegistration, User
from accounts.registration_drafts import REGISTRATION_KEY
from accounts.services import state_registrations
from portal.common.dates import as_text
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import ProducerNumberFactory, UserFactory
from tests.support.registering import (
    APPLICANT,
    NUMBER,
    accept_terms,
    apply,
    block_of,
    publish_terms,
    rita,
    text_of,
)
from tests.support.signing_in import give_password, kept_rows
from tests.support.world import World

DETAILS, REVIEW = "/accounts/register/details/", "/accounts/register/review/"
STATE, STATE_REVIEW = "/accounts/register/state/", "/accounts/register/state/review/"


@pytest.fixture
def older_style(settings, db) -> None:
    settings.REGISTRATION_STYLE = "per_state"
    publish_terms()


@pytest.fixture
def accepted(client, older_style) -> Client:
    assert accept_terms(client).url == "/accounts/register/"
    assert client.get("/accounts/register/").url == DETAILS
    return client


def problems(response) -> list[str]:
    summary = pages.read(response).one("div", class_="error-summary")
    return [item.text.replace(" : ", ": ") for item in summary.all("li")]


# The older style


@pytest.mark.feature("REGL_01")
@pytest.mark.feature("REGL_02")
@pytest.mark.feature("REGL_03")
def test_the_form_has_the_fields_of_the_guide_in_its_order(accepted):
    page = pages.read(accepted.get(DETAILS)).one("main")
    labels = [label.text for label in page.all("label")]
    assert [label for label in labels if label != "Show what is typed"][:5] == [
        "First Name *",
        "Last Name *",
        "User Name *",
        "Password *",
        "Confirm Password *",
    ]
    assert [label.replace("Register for ", "") for label in labels if label.startswith("Register for ")] == [
        "Illinois",
        "Montana",
        "New Mexico",
        "Oklahoma",
        "Texas",
    ]
    texas = [label.text for label in page.all("label") if label.attrs["for"].startswith("id_TX-")]
    assert texas == [
        "Company Name",
        "Address 1 *",
        "Address 2",
        "City *",
        "State *",
        "Zip Code *",
        "Agent Unique ID *",
        "Phone *",
        "E-mail Address *",
    ]
    assert "* Denotes a required field." in page.text


@pytest.mark.feature("REGL_04")
def test_the_agent_unique_id_says_where_it_came_from(accepted):
    page = text_of(accepted.get(DETAILS))
    assert (
        "the 9 digit identification number you were provided at the time of licensing by Producer Administration"
        in page
    )


@pytest.mark.feature("REGL_06")
@pytest.mark.feature("REGL_09")
def test_the_notes_stand_before_the_form_with_contact_us_at_the_top(accepted):
    page = pages.read(accepted.get(DETAILS)).one("main")
    assert "it can take up to 24 HOURS on a regular business day, and longer on the weekend" in page.text
    assert "If you register on Monday at 3:00 PM, you should receive access by 3:00 PM on Tuesday." in page.text
    assert "Please do NOT register more than one time." in page.text
    contact = page.one("div", class_="page-actions").one("a")
    assert (contact.text, contact.attrs["href"]) == ("Contact Us", "/contact/")
    for name in ("username", "password"):
        assert page.one("input", name=name).attrs["aria-describedby"]


@pytest.mark.feature("REGL_01")
def test_the_two_passwords_must_be_the_same(accepted):
    response = apply(accepted, block_of("IL"), confirm_password="Harbor#Kite59")
    assert problems(response) == ["Confirm Password: The two passwords are not the same. Enter them again."]
    assert "Harbor#Kite5" not in text_of(response)


@pytest.mark.feature("REGL_02")
def test_at_least_one_state_is_chosen(accepted):
    assert problems(apply(accepted)) == ["Choose at least one state."]


@pytest.mark.feature("REGL_03")
def test_every_starred_field_is_required_and_the_others_are_not(accepted):
    response = accepted.post(DETAILS, {"states": "TX"})
    named = {problem.partition(":")[0] for problem in problems(response)}
    assert named == {
        *("First Name", "Last Name", "User Name", "Password", "Confirm Password"),
        *(f"Texas, {name}" for name in ("Address 1", "City", "State", "Zip Code", "Agent Unique ID", "Phone")),
        "Texas, E-mail Address",
    }
    assert apply(accepted, block_of("TX", company_name="", address_2="")).url == REVIEW


@pytest.mark.feature("REGL_04")
def test_the_same_number_in_two_states_is_refused(accepted):
    response = apply(accepted, block_of("IL"), block_of("TX"))
    assert problems(response) == [
        "Texas, Agent Unique ID: Each state has an Agent Unique ID of its own: this one is entered for Illinois, too."
    ]


@pytest.mark.feature("REGL_04")
def test_a_number_of_eight_digits_is_refused(accepted):
    (problem,) = problems(apply(accepted, block_of("IL", producer_number="41270100")))
    assert "Put zeros in front of a shorter one" in problem


def test_what_is_wrong_is_said_in_one_place_and_beside_its_field(accepted):
    response = apply(accepted, block_of("OK", phone="12", zip="abc", email="x"), username="short", password="abc")
    page = pages.read(response)
    assert len(problems(response)) > 6
    for field in ("OK-phone", "OK-zip", "OK-email", "username", "password"):
        shown = page.one("input", name=field)
        assert shown.attrs["aria-invalid"] == "true"
        assert f"id_{field}_error" in shown.attrs["aria-describedby"]


def test_blocks_that_are_not_chosen_keep_what_was_typed(accepted):
    response = accepted.post(DETAILS, {**APPLICANT, "states": "IL", **block_of("TX", city="Austin")})
    assert pages.read(response).one("input", name="TX-city").attrs["value"] == "Austin"
    assert "checked" not in pages.read(response).one("input", id="states_TX").attrs


@pytest.mark.feature("REGL_05")
def test_the_confirmation_page_shows_everything_and_edit_brings_it_back(accepted):
    apply(accepted, block_of("IL"), block_of("TX", producer_number="000845210", city="Austin"))
    response = accepted.get(REVIEW)
    page = pages.read(response).one("main")
    shown = pages.facts(page)
    assert (shown["User Name"], shown["First Name"], shown["Last Name"]) == ("jessicacamp", "Jessica", "Camp")
    assert "Print this page for your records." in page.text
    assert [heading.text for heading in page.all("h2")] == [
        "Your Name",
        "Confirm Illinois Registration Information",
        "Confirm Texas Registration Information",
    ]
    assert "Harbor#Kite58" not in text_of(response)
    edit = next(a for a in page.all("a") if a.text == "Edit")
    form = pages.read(accepted.get(edit.attrs["href"])).one("main")
    assert form.one("input", name="TX-city").attrs["value"] == "Austin"
    assert form.one("input", name="first_name").attrs["value"] == "Jessica"
    assert "checked" in form.one("input", id="states_TX").attrs
    assert "checked" not in form.one("input", id="states_OK").attrs
    assert "value" not in form.one("input", name="password").attrs


def test_nothing_is_written_before_submit_registration(accepted):
    apply(accepted, block_of("IL"))
    assert not RegistrationRequest.objects.exists()
    assert kept_rows("jessicacamp") == kept_rows("Testville") == set()


@pytest.mark.feature("REGL_06")
def test_after_submitting_the_promised_day_is_shown(accepted):
    apply(accepted, block_of("IL"))
    response = accepted.post(REVIEW, follow=True)
    request = RegistrationRequest.objects.get()
    page = pages.read(response).one("main")
    promised = as_text(state_registrations.promised_on(request.submitted_at))
    assert f"within 1 business day: by the end of {promised}" in page.text
    assert page.one("a", class_="btn-primary").text == "Back to Login Page"
    assert page.one("a", class_="btn-primary").attrs["href"] == "/accounts/login/"


@pytest.mark.feature("REGL_07")
def test_the_login_is_refused_until_the_carrier_activates_it(accepted):
    producer, admin = rita(), UserFactory(username="carrieradmin", carrier_admin=True)
    apply(accepted, block_of("IL"))
    accepted.post(REVIEW)
    person = User(username="jessicacamp")
    assert give_password(Client(), person).status_code == 200
    state_registrations.activate(
        RegistrationRequest.objects.get(), by=admin, at=RegistrationRequest.objects.get().submitted_at
    )
    assert give_password(Client(), person).url == "/accounts/typing-pattern/"
    assert User.objects.get(username="jessicacamp").producer == producer


@pytest.mark.feature("REGL_08")
def test_after_two_business_days_without_an_email_people_are_sent_to_contact_us(accepted):
    apply(accepted, block_of("IL"))
    page = pages.read(accepted.post(REVIEW, follow=True)).one("main")
    assert "If it does not come within two business days, use Contact Us" in page.text
    assert "also in the Menu of the login page" in page.text
    assert "/contact/" in [link.attrs["href"] for link in page.all("a")]


def test_submit_registration_pressed_twice_makes_one_request(accepted):
    apply(accepted, block_of("IL"))
    first, second = accepted.post(REVIEW), accepted.post(REVIEW)
    assert first.url == second.url == "/accounts/register/submitted/"
    assert RegistrationRequest.objects.count() == 1
    assert REGISTRATION_KEY not in accepted.session  # nothing of the form, the password's hash above all, stays behind


@pytest.mark.django_db(transaction=True)
def test_five_submits_at_once_make_one_request(settings):
    settings.REGISTRATION_STYLE = "per_state"
    publish_terms("3.0")
    browser = Client()
    accept_terms(browser)
    apply(browser, block_of("IL"))

    def press():
        client = Client()
        client.cookies = browser.cookies.copy()
        return client.post(REVIEW)

    answers = at_once(*[press] * 5)
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/accounts/register/submitted/")}
    assert RegistrationRequest.objects.count() == StateRegistration.objects.count() == 1


def test_a_username_that_is_taken_is_said_at_once_and_on_submitting(accepted):
    UserFactory(username="JessicaCamp")
    assert problems(apply(accepted, block_of("IL"))) == ["User Name: This username is taken. Choose another one."]
    apply(accepted, block_of("IL"), username="kestrel77")
    UserFactory(username="Kestrel77")
    response = accepted.post(REVIEW, follow=True)
    assert response.redirect_chain == [(DETAILS, 302)]
    assert "This username is taken." in text_of(response)
    assert not RegistrationRequest.objects.exists()


def test_submits_are_limited_by_address(accepted, settings):
    settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = 0
    apply(accepted, block_of("IL"))
    assert "This was tried too often." in text_of(accepted.post(REVIEW, follow=True))
    assert not RegistrationRequest.objects.exists()


def test_steps_out_of_order_lead_to_the_beginning(client, older_style):
    for url in (DETAILS, REVIEW, "/accounts/register/submitted/"):
        assert client.get(url).url == "/accounts/register/"
    assert client.post(REVIEW).url == "/accounts/register/"
    accept_terms(client)
    assert client.get(REVIEW).url == DETAILS
    assert client.post(REVIEW).url == DETAILS


def test_only_the_style_of_the_settings_is_open(client, settings):
    publish_terms()
    settings.REGISTRATION_STYLE = "producer_record"
    accept_terms(client)
    for url in (DETAILS, REVIEW):
        assert client.get(url).url == "/accounts/register/"
    settings.REGISTRATION_STYLE = "per_state"
    assert client.get("/accounts/register/create-login/").url == "/accounts/register/"


# Another state


@pytest.fixture
def jessica(db) -> User:
    """Registered in Illinois, Montana and Oklahoma."""
    producer = rita(first_name="Jessica", last_name="Camp")
    for us_state in ("MT", "OK"):
        ProducerNumberFactory(producer=producer, us_state=us_state)
    return UserFactory(producer=producer, username="jessicacamp")


@pytest.fixture
def browser(jessica, sign_in) -> Client:
    return sign_in(jessica)


def ask_for(client: Client, *states: dict[str, str]):
    data: dict[str, object] = {"states": [next(iter(block)).partition("-")[0] for block in states]}
    for block in states:
        data |= block
    return client.post(STATE, data)


@pytest.mark.feature("PRF_08")
def test_only_states_not_registered_yet_are_offered_and_the_name_is_read_only(browser):
    response = browser.get(STATE)
    page = pages.read(response).one("main")
    offered = [label.text for label in page.all("label") if label.text.startswith("Register for")]
    assert offered == ["Register for New Mexico", "Register for Texas"]
    shown = pages.facts(page)
    assert (shown["First Name"], shown["Last Name"]) == ("Jessica", "Camp")
    assert not page.all("input", name="first_name")
    assert page.one("input", name="TX-zip").attrs["value"] == "60601"  # as entered for Illinois


@pytest.mark.feature("PRF_08")
def test_the_whole_way_to_the_queue_and_back_to_the_profile(browser, jessica):
    assert ask_for(browser, block_of("TX", producer_number="000845210", city="Austin")).url == STATE_REVIEW
    review = browser.get(STATE_REVIEW)
    assert "Confirm Texas Registration Information" in text_of(review)
    assert pages.read(browser.get(STATE)).one("input", name="TX-city").attrs["value"] == "Austin"
    done = pages.read(browser.post(STATE_REVIEW, follow=True)).one("main")
    row = StateRegistration.objects.get()
    assert (row.producer, row.us_state, row.city, row.status) == (jessica.producer, "TX", "Austin", "PENDING")
    assert f"by the end of {as_text(row.promised_on)}" in done.text
    assert done.one("a", class_="btn-primary").text == "Back to Profile Page"
    assert done.one("a", class_="btn-primary").attrs["href"] == "/accounts/profile/"
    again = [label.text for label in pages.read(browser.get(STATE)).all("label")]
    assert "Register for Texas" not in again


def test_submitting_twice_asks_once(browser):
    ask_for(browser, block_of("TX", producer_number="000845210"))
    first, second = browser.post(STATE_REVIEW), browser.post(STATE_REVIEW)
    assert first.url == second.url == "/accounts/register/state/submitted/"
    assert StateRegistration.objects.count() == 1


def test_a_state_asked_for_in_another_window_meanwhile_is_said(browser, jessica, sign_in):
    ask_for(browser, block_of("TX", producer_number="000845210"))
    other = sign_in(jessica)
    ask_for(other, block_of("TX", producer_number="000845211"))
    other.post(STATE_REVIEW)
    assert "registered for Texas already, or wait for it" in text_of(browser.post(STATE_REVIEW, follow=True))


@pytest.mark.feature("PRF_08")
def test_a_state_that_is_not_offered_cannot_be_posted(browser):
    response = ask_for(browser, block_of("IL", producer_number="000999999"))
    assert problems(response) == ["Choose at least one state."]
    assert not StateRegistration.objects.exists()


def test_with_all_states_there_is_nothing_to_ask_for(browser, jessica):
    for us_state in ("NM", "TX"):
        ProducerNumberFactory(producer=jessica.producer, us_state=us_state)
    assert "You are registered in all states of this portal" in text_of(browser.get(STATE))


def test_a_producer_without_a_number_starts_with_empty_blocks(browser, jessica):
    jessica.producer.numbers.all().delete()
    page = pages.read(browser.get(STATE))
    assert "value" not in page.one("input", name="IL-zip").attrs


def test_pages_out_of_order_lead_to_the_form(browser):
    assert browser.get(STATE_REVIEW).url == STATE
    assert browser.post(STATE_REVIEW).url == STATE
    assert browser.get("/accounts/register/state/submitted/").url == STATE


@pytest.mark.parametrize("who", ["delegate", "admin"])
def test_only_producers_ask_for_states(world: World, sign_in, who):
    client = sign_in(getattr(world, who))
    for url in (STATE, STATE_REVIEW, "/accounts/register/state/submitted/"):
        assert client.get(url).status_code == 403


def test_strangers_are_sent_to_the_login_page(client):
    assert client.get(STATE).url.startswith("/accounts/login/")


def test_the_number_stands_encrypted_in_the_session(browser):
    ask_for(browser, block_of("TX", producer_number="000845999"))
    assert kept_rows("000845999") == set()
    assert NUMBER not in str(dict(browser.session))
