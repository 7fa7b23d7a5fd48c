"""Registering through the pages: terms of use and three steps."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import EmailConfirmation, Producer, ProducerNumber, TermsAcceptance, User
from accounts.registration_drafts import REGISTRATION_KEY
from portal.common import outbox
from portal.common.models import AuditEvent, OutboundMessage
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory
from tests.support.registering import (
    FACTS,
    LOGIN,
    NUMBER,
    accept_terms,
    create_login,
    give_facts,
    newest_link,
    publish_terms,
    register,
    rita,
    text_of,
)
from tests.support.signing_in import give_password, kept_rows

NO_MATCH = "We could not match what you entered to a producer record."


@pytest.fixture(autouse=True)
def terms(db):
    return publish_terms()


@pytest.fixture
def producer() -> Producer:
    return rita()


def errors_of(response) -> dict[str, list[str]]:
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


# Terms of use


@pytest.mark.feature("REG_01")
def test_the_login_page_leads_to_the_terms_of_use(client):
    link = next(a for a in pages.read(client.get("/accounts/login/")).all("a") if a.text == "New User? Register Here")
    assert link.attrs["href"] == "/accounts/register/"
    assert pages.read(client.get(link.attrs["href"])).one("h1").text == "Terms of Use"


@pytest.mark.feature("REG_02")
def test_the_newest_published_wording_is_shown_and_its_acceptance_is_kept(client, producer):
    second = publish_terms("2.0")
    page = text_of(client.get("/accounts/register/"))
    assert "First of 2.0." in page
    assert "First of 1.0." not in page
    before = timezone.now()
    register(client)
    accepted = TermsAcceptance.objects.get()
    assert (accepted.terms, accepted.user.producer, accepted.ip_address) == (second, producer, "127.0.0.1")
    assert before <= accepted.accepted_at <= timezone.now()


@pytest.mark.feature("REG_02")
def test_nothing_of_the_registration_opens_before_the_terms_are_accepted(client, producer):
    for url, data in (("", FACTS), ("create-login/", LOGIN)):
        response = client.post(f"/accounts/register/{url}", data)
        assert (response.status_code, response.url) == (302, "/accounts/register/")
    assert client.get("/accounts/register/").templates[0].name == "accounts/register_terms.html"
    assert not User.objects.exists()


@pytest.mark.feature("REG_02")
@pytest.mark.parametrize("decision", ["", "perhaps"])
def test_one_must_press_one_of_the_two(client, terms, decision):
    page = text_of(client.post("/accounts/register/", {"decision": decision, "terms": terms.pk}))
    assert "Press Accept to go on, or Reject" in page


def test_terms_renewed_while_one_was_reading_are_shown_again(client, terms):
    client.get("/accounts/register/")
    publish_terms("2.0")
    page = text_of(client.post("/accounts/register/", {"decision": "accept", "terms": terms.pk}))
    assert "have just been renewed" in page
    assert "First of 2.0." in page


def test_terms_renewed_during_the_registration_are_accepted_first(client, producer):
    accept_terms(client)
    publish_terms("2.0")
    assert "First of 2.0." in text_of(client.get("/accounts/register/"))


@pytest.mark.feature("REG_03")
def test_reject_cancels_and_leaves_nothing(client, producer):
    accept_terms(client)
    give_facts(client)
    response = client.post("/accounts/register/", {"decision": "reject"}, follow=True)
    assert response.redirect_chain == [("/accounts/login/", 302)]
    assert "Your registration was cancelled. Nothing was kept." in text_of(response)
    assert REGISTRATION_KEY not in client.session
    assert not User.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_without_published_terms_nobody_registers(client, terms):
    before = terms.published_at - timedelta(seconds=1)
    with patch("accounts.views.registration.timezone.now", return_value=before):
        page = text_of(client.get("/accounts/register/"))
        assert client.post("/accounts/register/", {"decision": "accept"}).status_code == 200
    assert "Registration is not open" in page


def test_the_terms_must_have_been_accepted_within_the_hour(client, producer):
    accept_terms(client)
    late = timezone.now() + timedelta(minutes=60, seconds=1)
    with patch("accounts.views.registration.timezone.now", return_value=late):
        assert client.get("/accounts/register/").templates[0].name == "accounts/register_terms.html"
        response = client.post("/accounts/register/", FACTS, follow=True)
    assert "must be finished within an hour" in text_of(response)


# Step 1 of 3


@pytest.fixture
def accepted(client) -> Client:
    accept_terms(client)
    return client


@pytest.mark.feature("REG_04")
def test_step_1_asks_exactly_three_things(accepted):
    page = pages.read(accepted.get("/accounts/register/"))
    main = page.one("main")
    shown = [field.attrs["name"] for field in main.all("input") if field.attrs.get("type") != "hidden"]
    assert shown == ["producer_number", "npn", "zip"]
    assert [label.text for label in main.all("label")] == [
        "Producer Number *",
        "National Producer Number *",
        "Zip Code *",
    ]
    assert main.one("button", class_="btn-primary").text == "Continue"
    assert "Step 1 of 3" in main.text
    assert [step.text for step in main.one("ol", class_="steps").all("li")] == [
        "Enter Producer Information",
        "Create Login",
        "Verify Your Email",
    ]


@pytest.mark.feature("REG_04")
def test_each_empty_field_has_its_own_error(accepted):
    assert errors_of(accepted.post("/accounts/register/", {})) == {
        "producer_number": ["Enter your producer number."],
        "npn": ["Enter your National Producer Number."],
        "zip": ["Enter the ZIP code."],
    }


@pytest.mark.feature("REG_05")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12345678", "Put zeros in front of a shorter one"),
        ("1", "Put zeros in front of a shorter one"),
        ("1234567890", "has 9 digits and nothing else"),
        ("ABCDEFGHI", "has 9 digits and nothing else"),
        ("00041270A", "has 9 digits and nothing else"),
        ("\u0660\u0660\u0660412701", "has 9 digits and nothing else"),
    ],
)
def test_a_producer_number_has_nine_digits(accepted, producer, typed, said):
    errors = errors_of(give_facts(accepted, producer_number=typed))
    assert list(errors) == ["producer_number"]
    assert said in errors["producer_number"][0]


@pytest.mark.feature("REG_05")
def test_nine_digits_with_zeros_in_front_are_taken(accepted, producer):
    assert "prefix it with 0" in text_of(accepted.get("/accounts/register/"))
    ProducerNumberFactory(producer=producer, number="012345678", zip="60601")
    assert give_facts(accepted, producer_number="012345678").status_code == 302


@pytest.mark.feature("REG_06")
def test_one_of_several_numbers_is_enough_and_all_belong_to_the_login(client, producer):
    for number in ("000845210", "000300415"):
        ProducerNumberFactory(producer=producer, number=number, zip="99999")
    register(client)
    user = User.objects.get()
    assert {number.number for number in user.producer.numbers.all()} == {NUMBER, "000845210", "000300415"}


@pytest.mark.feature("REG_07")
def test_the_npn_must_belong_to_the_same_record(accepted, producer):
    other = ProducerFactory(npn="1704416")
    ProducerNumberFactory(producer=other, number="000410001", zip="60601")
    assert NO_MATCH in text_of(give_facts(accepted, npn="1704416"))
    assert give_facts(accepted).status_code == 302


@pytest.mark.feature("REG_08")
@pytest.mark.parametrize(
    ("record_zip", "business_zip", "typed", "matches"),
    [
        ("62701", "60601", "62701", True),
        ("62701", "60601", "60601", True),
        ("62701", "60601", "75001", False),
        ("", "60601", "60601", True),
        ("62701", "", "62701", True),
    ],
)
def test_the_zip_is_that_of_the_older_account_or_of_the_business(accepted, record_zip, business_zip, typed, matches):
    producer = rita(record_zip=record_zip)
    producer.numbers.update(zip=business_zip)
    response = give_facts(accepted, zip=typed)
    assert (response.status_code == 302) is matches


@pytest.mark.feature("REG_08")
def test_the_business_address_of_another_number_does_not_count(accepted, producer):
    ProducerNumberFactory(producer=producer, number="000845210", zip="75001")
    assert NO_MATCH in text_of(give_facts(accepted, zip="75001"))


MISMATCHES = {
    "unknown number": {"producer_number": "999999999"},
    "wrong NPN": {"npn": "1234567"},
    "wrong ZIP": {"zip": "99999"},
    "everything wrong": {"producer_number": "999999999", "npn": "7654321", "zip": "99999"},
}
STATES = {
    "onboarding": {"status": Producer.Status.ONBOARDING},
    "terminated": {"status": Producer.Status.TERMINATED},
    "no mailbox": {"record_email": ""},
}


@pytest.mark.feature("REG_09")
@pytest.mark.feature("REG_11")
def test_every_mismatch_is_answered_alike_to_the_byte(producer):
    def answer(**facts: str) -> tuple:
        client = Client()
        accept_terms(client)
        response = give_facts(client, **facts)
        status, headers, body = pages.same_but_for_tokens(response)
        for name in FACTS:  # what was typed stands in the fields again, and only there
            body = body.replace(f'value="{facts.get(name, FACTS[name])}"', "")
        return status, headers, body

    answers = [answer(**facts) for facts in MISMATCHES.values()]
    for change in STATES.values():
        Producer.objects.filter(pk=producer.pk).update(**{"status": Producer.Status.ACTIVE, **change})
        answers.append(answer())
        Producer.objects.filter(pk=producer.pk).update(record_email="rita@record.example")
    Producer.objects.filter(pk=producer.pk).update(status=Producer.Status.ACTIVE)
    ProducerNumber.objects.update(status=ProducerNumber.Status.INACTIVE)
    answers.append(answer())
    UserFactory(producer=producer)
    answers.append(answer(zip="99999"))
    assert NO_MATCH in answers[0][2]
    assert all(one == answers[0] for one in answers)


@pytest.mark.feature("REG_09")
def test_a_mismatch_asks_the_database_as_little_as_a_match(producer, django_assert_max_num_queries):
    for facts in ({}, *MISMATCHES.values()):
        client = Client()
        accept_terms(client)
        with django_assert_max_num_queries(16):
            give_facts(client, **facts)


@pytest.mark.feature("REG_09")
def test_tries_are_limited_by_number_and_by_address(accepted, producer, settings):
    settings.REGISTRATION_TRIES_PER_NUMBER_PER_HOUR = 3
    assert [give_facts(accepted, npn=str(guess)).status_code for guess in range(1, 5)] == [200, 200, 200, 429]
    refused = give_facts(accepted)
    assert refused.status_code == 429
    assert "This was tried too often." in text_of(refused)
    assert give_facts(accepted, producer_number="999999999").status_code == 200
    settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = 6  # as many as there were above
    assert give_facts(accepted, producer_number="999999997").status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    accept_terms(elsewhere)
    assert give_facts(elsewhere, producer_number="999999997").status_code == 200


def test_numbers_that_do_not_exist_are_limited_as_well(accepted, settings):
    settings.REGISTRATION_TRIES_PER_NUMBER_PER_HOUR = 2
    statuses = [give_facts(accepted, producer_number="999999999").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.feature("REG_10")
def test_somebody_already_registered_is_sent_to_forgot_username(client, producer):
    UserFactory(producer=producer)
    accept_terms(client)
    page = pages.read(give_facts(client)).one("main")
    assert page.one("h1").text == "You are registered already"
    assert {a.text: a.attrs["href"] for a in page.all("a", class_="btn")} == {
        "Forgot Username": "/accounts/forgot-username/",
        "Return to Log In": "/accounts/login/",
    }
    assert client.get("/accounts/register/create-login/").url == "/accounts/register/"
    assert User.objects.count() == 1


@pytest.mark.feature("REG_10")
def test_a_second_registration_makes_no_second_login_and_offers_the_email_again(client, producer):
    register(client)
    again = Client()
    accept_terms(again)
    page = pages.read(give_facts(again)).one("main")
    assert [a.text for a in page.all("a", class_="btn")] == ["Verify Your Email", "Forgot Username"]
    assert "xxxlberg@record.example" in text_of(again.get("/accounts/register/verify-email/"))
    assert User.objects.count() == 1


# Step 2 of 3


@pytest.fixture
def matched(accepted, producer) -> Client:
    assert give_facts(accepted).url == "/accounts/register/create-login/"
    return accepted


@pytest.mark.feature("REG_12")
def test_back_keeps_what_was_entered_in_step_1(matched):
    page = pages.read(matched.get("/accounts/register/create-login/")).one("main")
    assert "Step 2 of 3" in page.text
    assert page.one("li", **{"aria-current": "step"}).text == "Create Login"
    back = next(a for a in page.all("a") if a.text == "< Back")
    step_1 = pages.read(matched.get(back.attrs["href"])).one("main")
    assert {field.attrs["name"]: field.attrs["value"] for field in step_1.all("input", class_="form-control")} == FACTS


def test_step_1_is_kept_encrypted(matched):
    assert kept_rows(NUMBER) == {"accounts_producernumber"}
    assert NUMBER not in str(dict(matched.session))


@pytest.mark.feature("REG_13")
@pytest.mark.parametrize("username", ["abc123", "abc.1234", "abc 1234", "\u00e1bc1234"])
def test_a_username_of_the_wrong_shape_is_refused_beside_its_field(matched, username):
    errors = errors_of(create_login(matched, username=username))
    assert list(errors) == ["username"]
    assert not User.objects.exists()


@pytest.mark.feature("REG_13")
def test_a_username_somebody_has_is_refused_whatever_the_case(matched):
    UserFactory(username="RSolberg7")
    assert errors_of(create_login(matched, username="rsolberg7")) == {
        "username": ["This username is taken. Choose another one."]
    }


def test_every_broken_rule_of_the_password_is_said_and_the_password_is_not_repeated(matched):
    response = create_login(matched, password="abc_new")
    assert len(errors_of(response)["password"]) == 7
    page = text_of(response)
    assert "abc_new" not in page
    assert 'value="rsolberg7"' in page
    states = {
        rule.attrs["data-rule"]: rule.attrs["data-state"]
        for rule in pages.read(response).all("li")
        if "data-rule" in rule.attrs
    }
    assert states["length"] == states["sequence"] == states["refused_character"] == "broken"
    assert states["lowercase"] == states["month"] == "met"
    assert not User.objects.exists()


def test_a_password_made_of_the_producers_own_name_is_refused(matched):
    assert errors_of(create_login(matched, password="Solberg#5812")) == {
        "password": ["Choose a password without your name, username, email address or one of your numbers in it."]
    }


@pytest.mark.feature("REG_14")
def test_create_login_makes_a_login_that_is_not_confirmed_and_cannot_log_in(matched, producer):
    response = create_login(matched)
    assert (response.status_code, response.url) == (302, "/accounts/register/verify-email/")
    user = User.objects.get()
    assert (user.username, user.producer, user.role) == ("rsolberg7", producer, User.Role.PRODUCER)
    assert user.email_confirmed_at is None
    assert user.password_history.get().password == user.password
    assert give_password(Client(), user).status_code == 200
    event = AuditEvent.objects.get(action="registration.login_created")
    assert (event.actor_id, event.for_producer) == (user.pk, producer.npn)


@pytest.mark.feature("REG_15")
def test_the_email_goes_to_the_record_whatever_is_posted(matched, producer):
    create_login(matched, email="thief@elsewhere.example", record_email="thief@elsewhere.example")
    assert OutboundMessage.objects.get().to == "rita.solberg@record.example"
    assert User.objects.get().email == "rita.solberg@record.example"


def test_create_login_pressed_twice_makes_one_login_and_lands_in_the_same_place(matched):
    first, second = create_login(matched), create_login(matched)
    assert first.url == second.url == "/accounts/register/verify-email/"
    assert User.objects.count() == OutboundMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_at_once_make_one_login_and_land_in_the_same_place():
    publish_terms("3.0")
    rita()
    browser = Client()
    accept_terms(browser)
    give_facts(browser)

    def press():
        client = Client()
        client.cookies = browser.cookies.copy()
        return create_login(client)

    answers = at_once(*[press] * 5)
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/accounts/register/verify-email/")}
    assert User.objects.count() == EmailConfirmation.objects.count() == OutboundMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_who_register_one_producer_at_once_get_one_login():
    publish_terms("3.0")
    rita()
    browsers = [Client(), Client()]
    for browser in browsers:
        accept_terms(browser)
        give_facts(browser)
    answers = at_once(
        lambda: create_login(browsers[0], username="firstone7"),
        lambda: create_login(browsers[1], username="secondone7"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert User.objects.count() == 1
    loser = next(answer for answer in answers if answer.status_code == 200)
    assert "registered already" in text_of(loser)


@pytest.mark.django_db(transaction=True)
def test_two_producers_who_want_one_username_at_once_do_not_both_get_it():
    publish_terms("3.0")
    rita()
    ProducerNumberFactory(producer=ProducerFactory(npn="1704416", last_name="Outwell"), number="000410001", zip="60601")
    browsers = [Client(), Client()]
    for browser, facts in zip(browsers, ({}, {"producer_number": "000410001", "npn": "1704416"}), strict=True):
        accept_terms(browser)
        give_facts(browser, **facts)
    answers = at_once(
        lambda: create_login(browsers[0], username="kitemoss58"),
        lambda: create_login(browsers[1], username="KiteMoss58"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    loser = next(answer for answer in answers if answer.status_code == 200)
    assert errors_of(loser) == {"username": ["This username is taken. Choose another one."]}


# Step 3 of 3


@pytest.fixture
def registered(matched) -> Client:
    create_login(matched)
    return matched


@pytest.mark.feature("REG_16")
def test_step_3_says_where_the_email_went_and_how_long_the_link_works(registered):
    page = pages.read(registered.get("/accounts/register/verify-email/")).one("main")
    assert "Step 3 of 3" in page.text
    assert "xxxlberg@record.example" in page.text
    assert "once and for 7 days" in page.text
    assert page.one("button", class_="btn-secondary").text == "Resend Email Link"
    assert page.one("a", class_="btn-primary").text == "Return to Log In"


def test_step_3_of_nobody_leads_to_the_beginning(client):
    assert client.get("/accounts/register/verify-email/").url == "/accounts/register/"
    assert client.post("/accounts/register/verify-email/").url == "/accounts/register/"


@pytest.mark.feature("REG_16")
@pytest.mark.feature("REG_18")
def test_opening_the_link_changes_nothing_and_the_button_confirms(registered):
    user, link = User.objects.get(), newest_link()
    elsewhere = Client()
    page = pages.read(elsewhere.get(link)).one("main")
    assert "rsolberg7" in page.text
    assert page.one("button", class_="btn-primary").text == "Confirm Your Email Address"
    elsewhere.head(link)
    user.refresh_from_db()
    assert user.email_confirmed_at is None
    response = elsewhere.post(link, follow=True)
    user.refresh_from_db()
    assert user.email_confirmed_at is not None
    done = pages.read(response).one("main")
    assert done.one("h1").text == "Email Address Confirmed"
    assert done.one("a", class_="btn-primary").attrs["href"] == "/accounts/login/"
    assert give_password(Client(), user).url == "/accounts/typing-pattern/"
    assert AuditEvent.objects.filter(action="registration.confirmed").count() == 1


@pytest.mark.feature("REG_16")
@pytest.mark.parametrize(
    ("after", "works"),
    [(timedelta(days=6, hours=23), True), (timedelta(days=7), False), (timedelta(days=7, seconds=1), False)],
)
def test_the_link_works_for_seven_days(registered, after, works):
    created = EmailConfirmation.objects.get().created_at
    with patch("accounts.views.registration.timezone.now", return_value=created + after):
        response = Client().post(newest_link(), follow=True)
    assert (User.objects.get().email_confirmed_at is not None) is works
    assert ("This link has expired" in text_of(response)) is not works


@pytest.mark.feature("REG_16")
def test_a_second_click_is_refused_and_shown_the_way_on(registered):
    link = newest_link()
    Client().post(link)
    confirmed_at = User.objects.get().email_confirmed_at
    page = text_of(Client().post(link, follow=True))
    assert "works only once" in page
    assert "Return to Log In" in page
    assert "You can log in now." not in page
    assert User.objects.get().email_confirmed_at == confirmed_at


def test_an_expired_link_offers_a_fresh_one_to_the_same_mailbox(registered):
    link = newest_link()
    EmailConfirmation.objects.update(expires_at=timezone.now())
    elsewhere = Client()
    page = pages.read(elsewhere.get(link)).one("main")
    assert page.one("button", class_="btn-primary").text == "Resend Email Link"
    response = elsewhere.post(link, {"resend": "1"}, follow=True)
    assert response.redirect_chain == [("/accounts/register/verify-email/", 302)]
    assert newest_link() != link
    Client().post(newest_link())
    assert User.objects.get().email_confirmed_at is not None


def test_a_link_we_never_sent_says_so_and_helps_on(client):
    page = pages.read(client.get("/accounts/register/confirm/made-up/")).one("main")
    assert "not one of ours" in page.text
    assert [a.text for a in page.all("a", class_="btn")] == ["Register", "Return to Log In"]
    assert client.post("/accounts/register/confirm/made-up/").status_code == 302
    assert client.post("/accounts/register/confirm/made-up/", {"resend": "1"}).url == "/accounts/register/"


@pytest.mark.parametrize("token", ["%00", "x" * 3000, "%F0%9F%99%82", "..%2F"])
def test_no_link_breaks_the_portal(client, token):
    assert client.get(f"/accounts/register/confirm/{token}/").status_code in (200, 404)


@pytest.mark.feature("REG_17")
def test_resending_ends_the_earlier_link(registered):
    first = newest_link()
    response = registered.post("/accounts/register/verify-email/", follow=True)
    assert "The link in the earlier one no longer works." in text_of(response)
    assert "a newer one was sent" in text_of(Client().post(first, follow=True))
    assert User.objects.get().email_confirmed_at is None
    Client().post(newest_link())
    assert User.objects.get().email_confirmed_at is not None
    assert "a newer one was used" in text_of(Client().get(first))


@pytest.mark.feature("REG_17")
def test_the_sixth_resend_within_an_hour_is_refused(registered):
    url = "/accounts/register/verify-email/"
    said = [text_of(registered.post(url, follow=True)) for _ in range(6)]
    assert all("We are sending you another email." in page for page in said[:5])
    assert "You have asked for too many emails within an hour." in said[5]
    assert OutboundMessage.objects.count() == 6
    EmailConfirmation.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert "We are sending you another email." in text_of(registered.post(url, follow=True))


@pytest.mark.feature("REG_17")
def test_after_confirming_nothing_is_resent(registered):
    Client().post(newest_link())
    page = registered.post("/accounts/register/verify-email/", follow=True)
    assert "confirmed already" in text_of(page)
    assert OutboundMessage.objects.count() == 1
    assert "You can log in now." in text_of(registered.get("/accounts/register/verify-email/"))


def test_the_link_stands_readable_nowhere_but_in_the_mailbox(registered):
    token = newest_link().rstrip("/").rpartition("/")[2]
    assert kept_rows(token) == set()
    outbox.sweep()  # delivered: only the demo's mailbox has it now
    assert kept_rows(token) == {"common_mailboxentry"}


@pytest.mark.django_db(transaction=True)
def test_a_link_used_twice_at_once_is_used_once():
    publish_terms("3.0")
    rita()
    register(Client())
    link = newest_link()
    at_once(lambda: Client().post(link), lambda: Client().post(link))
    assert AuditEvent.objects.filter(action="registration.confirmed").count() == 1


def test_a_record_closed_meanwhile_leads_back_to_step_1(matched):
    Producer.objects.update(status=Producer.Status.TERMINATED)
    response = create_login(matched)
    assert response.url == "/accounts/register/"
    assert NO_MATCH in text_of(matched.get(response.url))


def test_creating_and_confirming_are_limited_by_address(matched, settings):
    settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = 0
    refused = create_login(matched)
    assert refused.status_code == 429
    assert "This was tried too often." in text_of(refused)
    assert not User.objects.exists()
    settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = 30
    create_login(matched)
    settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR = 0
    for page in (newest_link(), "/accounts/register/verify-email/"):
        assert "This was tried too often." in text_of(matched.post(page, follow=True))
    assert User.objects.get().email_confirmed_at is None
    assert OutboundMessage.objects.count() == 1


def test_the_link_opens_beside_somebody_who_is_signed_in(registered, sign_in):
    for user in (UserFactory(), UserFactory(delegate=True)):
        assert "rsolberg7" in text_of(sign_in(user).get(newest_link()))


def test_a_draft_under_a_lost_key_is_no_draft(matched):
    session = matched.session
    session[REGISTRATION_KEY] = "not ours"
    session.save()
    assert matched.get("/accounts/register/").templates[0].name == "accounts/register_terms.html"


def test_people_who_are_signed_in_are_sent_home(sign_in):
    client = sign_in(UserFactory())
    for page in ("", "create-login/", "verify-email/"):
        assert client.get(f"/accounts/register/{page}").url == "/"


def test_a_form_from_elsewhere_is_refused(terms):
    strict = Client(enforce_csrf_checks=True)
    for page in ("", "create-login/", "verify-email/", "confirm/x/"):
        assert strict.post(f"/accounts/register/{page}", {"decision": "accept"}).status_code == 403


def test_no_page_of_the_registration_is_cached(registered):
    for page in ("", "create-login/", "verify-email/", "confirm/x/"):
        assert "no-store" in Client().get(f"/accounts/register/{page}")["Cache-Control"]


# The email


@pytest.mark.feature("REG_19")
def test_the_email_says_what_the_guide_says_with_phone_and_brand_from_the_settings(matched, settings):
    settings.SUPPORT_PHONE = "1-800-555-0177"
    settings.PORTAL_NAME = "Prairie Portal"
    create_login(matched)
    sent = OutboundMessage.objects.get()
    assert sent.subject == "Prairie Portal: Your Account Information"
    for body in (" ".join(sent.body_text.split()), " ".join(sent.body_html.split()).replace("&#x27;", "'")):
        for part in (
            "Hello,",
            "Thank you for starting the registration process for Prairie Portal",
            "Confirm Your Email Address",
            "Generate online quotes and process enrollments",
            "Access commission statements",
            "news and regulatory updates",
            "do not share your user ID or password with anyone",
            "DO NOT REPLY TO THIS EMAIL",
            "1-800-555-0177",
        ):
            assert part in body, part
        assert "create a new password" not in body
        assert LOGIN["password"] not in body
    assert newest_link() in sent.body_html


@pytest.mark.feature("REG_19")
def test_no_template_of_the_email_holds_a_phone(settings):
    for name in ("registration_confirm", "registration_activated", "registration_refused", "password_changed"):
        for ending in ("txt", "html"):
            source = (settings.BASE_DIR / "templates" / "email" / f"{name}.{ending}").read_text()
            assert not any(character.isdigit() for character in source.partition("%}{% block")[2].replace("REG", ""))
