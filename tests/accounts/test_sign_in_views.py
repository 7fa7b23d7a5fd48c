"""Signing in and out through the pages."""

import logging
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts import sessions
from accounts.models import LoginAttempt, OneTimeCode, User
from portal.common import outbox
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.signing_in import ask_for_code, give_password, half_signed_in, kept_rows, newest_code

WRONG = "We're sorry, this Username/Password combination does not match your account information. Please try again."
Outcome = LoginAttempt.Outcome


@pytest.fixture
def rita() -> User:
    record = ProducerFactory(record_email="rita.solberg@example.com", record_mobile="3125550001")
    return UserFactory(username="rsolberg7", producer=record)


@pytest.fixture
def half(rita) -> Client:
    return half_signed_in(rita)


def text_of(response) -> str:
    return unescape(response.content.decode())


def submit(client: Client, code: str, **fields: str):
    return client.post("/accounts/verify/", {"code": code, **fields})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def deliver_everything() -> None:
    outbox.sweep()


# Step one


@pytest.mark.feature("LOG_01")
def test_the_login_page_has_labelled_fields_made_for_password_managers(client):
    page = text_of(client.get("/accounts/login/"))
    for name, autocomplete in (("username", "username"), ("password", "current-password")):
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page).group()
        assert f'autocomplete="{autocomplete}"' in field
        assert re.search(rf'<label[^>]*for="id_{name}"', page)
    assert "Log In</button>" in page
    assert page.count("<li>") >= 3
    for address in re.findall(r'href="(/[^"?#]*)', page):
        if not address.startswith("/static/"):
            resolve(address)  # no link leads nowhere


@pytest.mark.feature("LOG_02")
def test_after_the_right_password_nobody_is_signed_in(rita, client):
    response = give_password(client, rita)
    assert (response.status_code, response.url) == (302, "/accounts/verify/")
    assert not is_signed_in(client)
    for url in ("/", "/clients/", "/reports/new/", "/admin/", "/admin/accounts/user/"):
        response = client.get(url)
        assert response.status_code == 302, url
        assert response.url.startswith(("/accounts/login/", "/admin/login/")), url
    rita.refresh_from_db()
    assert rita.last_login is None


def test_the_session_of_the_first_step_holds_the_pending_sign_in_only(rita, half):
    assert set(half.session.keys()) == {sessions.PENDING_KEY}
    assert half.session[sessions.PENDING_KEY]["user_id"] == rita.pk


def test_the_session_key_changes_with_each_step(rita, client):
    client.get("/accounts/verify/", follow=True)  # leaves a notice, so a session exists before the password
    keys = [client.session.session_key]
    give_password(client, rita)
    keys.append(client.session.session_key)
    ask_for_code(client)
    submit(client, newest_code(rita))
    keys.append(client.session.session_key)
    assert len(set(keys)) == 3
    assert not Session.objects.filter(session_key__in=keys[:2]).exists()


def without_what_always_differs(response) -> str:
    return re.sub(r"[A-Za-z0-9]{64}", "", text_of(response)).replace(response.context["form"]["username"].value(), "")


@pytest.mark.parametrize("who", ["wrong password", "inactive", "inactive and wrong", "unconfirmed"])
def test_unknown_names_and_closed_logins_are_answered_like_a_wrong_password(who):
    traits = {"inactive": {"is_active": False}, "unconfirmed": {"email_confirmed_at": None}}.get(
        who.split(" and ")[0], {}
    )
    UserFactory(username="rsolberg7", **traits)
    typed = "not the one" if "wrong" in who else PASSWORD
    known = Client().post("/accounts/login/", {"username": "rsolberg7", "password": typed})
    unknown = Client().post("/accounts/login/", {"username": "nobody42", "password": typed})
    assert WRONG in text_of(known)
    assert known.status_code == unknown.status_code == 200
    assert without_what_always_differs(known) == without_what_always_differs(unknown)
    assert known.headers.keys() == unknown.headers.keys()


def test_after_a_wrong_password_the_name_is_kept_and_the_password_is_not(rita, client):
    page = text_of(give_password(client, rita, password="Wrong#Kite58"))
    assert 'value="rsolberg7"' in page
    assert "Wrong#Kite58" not in page


def test_the_password_is_not_trimmed(client):
    rita = UserFactory(password=" Harbor#Kite58 ")
    assert give_password(client, rita, password="Harbor#Kite58").status_code == 200
    assert give_password(client, rita, password=" Harbor#Kite58 ").status_code == 302


@pytest.mark.parametrize("typed", ["", "x" * 151, "nul\x00byte"])
def test_a_name_that_cannot_exist_is_answered_with_the_form(client, typed):
    response = client.post("/accounts/login/", {"username": typed, "password": PASSWORD})
    assert response.status_code == 200
    assert not LoginAttempt.objects.exists()


def test_a_form_from_elsewhere_is_refused(rita):
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/", {"username": rita.username, "password": PASSWORD})
    assert response.status_code == 403


def test_where_a_try_came_from_is_recorded(rita, client):
    client.post(
        "/accounts/login/",
        {"username": "rsolberg7", "password": "wrong"},
        headers={"user-agent": "Firefox\x1b[0m 140"},
        REMOTE_ADDR="203.0.113.7",
    )
    attempt = LoginAttempt.objects.get()
    assert (attempt.ip_address, attempt.browser) == ("203.0.113.7", "Firefox[0m 140")


def test_people_who_are_signed_in_are_sent_home(rita, sign_in):
    client = sign_in(rita)
    for url in ("/accounts/login/", "/accounts/verify/"):
        assert client.get(url).url == "/"
        assert client.post(url, {"username": "x", "password": "y", "code": "ABCDEFGH"}).url == "/"
    assert client.get("/accounts/login/?next=/clients/").url == "/clients/"


@pytest.mark.parametrize(
    ("wanted", "landed"),
    [
        ("/clients/?r=abc", "/clients/?r=abc"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_next_is_followed_after_the_second_step_only_within_the_portal(rita, client, wanted, landed):
    page = client.get("/accounts/login/", {"next": wanted})
    give_password(client, rita, next=page.context["form"]["next"].value() or wanted)
    ask_for_code(client)
    assert submit(client, newest_code(rita)).url == landed


# Step two: choosing a way


def test_the_second_step_without_the_first_leads_to_the_login_page(client):
    for ask in (client.get, client.post):
        response = ask("/accounts/verify/", follow=True)
        assert response.redirect_chain == [("/accounts/login/", 302)]
        assert "Please log in with your username and password" in text_of(response)


@pytest.mark.feature("LOG_05")
@pytest.mark.feature("LOG_07")
@pytest.mark.feature("LOG_08")
def test_email_and_text_message_are_offered_with_masked_destinations(half):
    page = text_of(half.get("/accounts/verify/"))
    assert re.search(r"<h1>\s*Verify your Account\s*</h1>", page)
    assert "Send verification code in an email to xxxlberg@example.com" in page
    assert "Send verification code in a text message to xxxxxx0001" in page
    assert re.findall(r'type="radio"[^>]*name="method"|name="method"[^>]*type="radio"', page)
    assert "Send Code</button>" in page
    code_page = text_of(ask_for_code(half, "sms"))
    for shown in (page, code_page):
        assert "rita.solberg" not in shown
        assert "3125550001" not in shown
        assert "312555" not in shown


@pytest.mark.feature("LOG_06")
@pytest.mark.parametrize("missing", ["mobile", "provider"])
def test_a_text_message_is_not_offered_without_mobile_or_provider(rita, half, settings, missing):
    offered = text_of(half.get("/accounts/verify/"))
    assert 'value="sms"' in offered
    assert "whoever takes over the number" in offered, "what is weak about text messages is said (ASVS 6.6.1)"
    if missing == "provider":
        settings.SMS_BACKEND = ""
    else:
        rita.producer.record_mobile = ""
        rita.producer.save()
    assert 'value="sms"' not in text_of(half.get("/accounts/verify/"))
    refused = ask_for_code(half, "sms")
    assert "This way to receive a code is not available for your account." in text_of(refused)
    assert not OneTimeCode.objects.exists()


def test_without_any_address_the_page_says_whom_to_call(settings):
    delegate = UserFactory(delegate=True, email="")
    page = text_of(half_signed_in(delegate).get("/accounts/verify/"))
    assert settings.SUPPORT_PHONE in page
    assert "Send Code" not in page


def test_no_method_chosen_is_said_beside_the_choice(half):
    page = text_of(half.post("/accounts/verify/", {}))
    assert "Choose how to receive your code." in page
    assert not OneTimeCode.objects.exists()


@pytest.mark.feature("LOG_09")
def test_sending_leads_to_a_field_for_the_code(rita, half):
    response = ask_for_code(half)
    assert response.redirect_chain == [("/accounts/verify/", 302)]
    page = text_of(response)
    field = re.search(r'<input[^>]*name="code"[^>]*>', page).group()
    assert 'autocomplete="one-time-code"' in field
    assert 'inputmode="text"' in field
    assert "Submit</button>" in page
    assert "Send a new code</button>" in page
    message = OutboundMessage.objects.get()
    assert (message.to, message.kind) == ("rita.solberg@example.com", "login_code")


@pytest.mark.feature("LOG_10")
def test_a_code_by_text_message_signs_in(rita, half):
    ask_for_code(half, "sms")
    assert OutboundMessage.objects.get().to == "3125550001"
    assert submit(half, newest_code(rita)).url == "/"
    assert LoginAttempt.objects.latest("id").method == "sms"


# Step two: the code


@pytest.mark.feature("LOG_09")
def test_the_right_code_signs_in(rita, half):
    ask_for_code(half)
    before = timezone.now()
    response = submit(half, newest_code(rita))
    assert (response.status_code, response.url) == (302, "/")
    assert half.get("/").status_code == 200
    assert sessions.PENDING_KEY not in half.session
    rita.refresh_from_db()
    assert rita.last_login >= before
    outcomes = list(LoginAttempt.objects.order_by("id").values_list("outcome", flat=True))
    assert outcomes == [Outcome.PASSWORD_RIGHT, Outcome.SIGNED_IN]
    event = AuditEvent.objects.get(action="sign_in.completed")
    assert (event.actor_id, event.ip_address) == (rita.pk, "127.0.0.1")


def test_method_and_code_in_one_post_count_as_the_code(rita, half):
    ask_for_code(half)
    assert submit(half, newest_code(rita), method="email").url == "/"
    assert OneTimeCode.objects.count() == 1


def test_method_with_an_empty_code_asks_for_a_code(rita, half):
    half.post("/accounts/verify/", {"method": "email", "code": ""})
    assert OneTimeCode.objects.count() == 1


def test_an_empty_code_is_said_beside_the_field(half):
    ask_for_code(half)
    page = text_of(half.post("/accounts/verify/", {"code": ""}))
    assert "Enter the code we sent you." in page
    assert OneTimeCode.objects.get().tries == 0


def test_a_code_before_one_was_sent_is_answered_with_the_choice(half):
    page = text_of(submit(half, "ABCDEFGH"))
    assert "No code has been sent yet" in page
    assert "Send Code" in page


@pytest.mark.feature("LOG_09")
@pytest.mark.feature("LOG_14")
def test_wrong_codes_count_down_and_end_the_code(rita, half):
    ask_for_code(half)
    code = newest_code(rita)
    said = [text_of(submit(half, "WRONGONE")) for _ in range(5)]
    for page, left in zip(said[:4], ("4 tries", "3 tries", "2 tries", "1 try"), strict=True):
        assert f"This code is not right. You have {left} left." in page
    assert "too many wrong tries" in said[4]
    assert "too many wrong tries" in text_of(submit(half, code))
    assert not is_signed_in(half)
    ask_for_code(half)
    assert submit(half, newest_code(rita)).url == "/"


@pytest.mark.feature("LOG_14")
def test_an_expired_code_says_so(rita, half):
    ask_for_code(half)
    code = newest_code(rita)
    OneTimeCode.objects.update(expires_at=timezone.now())
    page = text_of(submit(half, code))
    assert "This code has expired: a code works for 10 minutes. Send a new code." in page
    assert not is_signed_in(half)


def test_a_code_is_good_only_in_the_browser_it_was_sent_for(rita, half):
    ask_for_code(half)
    other = half_signed_in(rita)
    ask_for_code(other)
    assert submit(half, newest_code(rita)).status_code == 200
    assert not is_signed_in(half)
    assert submit(other, newest_code(rita)).url == "/"


def age_the_pending_sign_in(client: Client, by: timedelta) -> None:
    session = client.session
    session[sessions.PENDING_KEY]["started_at"] = (timezone.now() - by).isoformat()
    session.save()


@pytest.mark.parametrize("end", ["time", "password", "closed"])
def test_a_second_step_that_is_over_leads_back_to_the_login_page(rita, end):
    client = Client()
    give_password(client, rita, next="/clients/")
    ask_for_code(client)
    code = newest_code(rita)
    if end == "time":
        age_the_pending_sign_in(client, timedelta(minutes=15))
    elif end == "password":
        rita.set_password("Another#Kite58")
    else:
        rita.is_active = False
    rita.save()
    response = client.post("/accounts/verify/", {"code": code}, follow=True)
    assert response.redirect_chain == [("/accounts/login/?next=%2Fclients%2F", 302)]
    assert not is_signed_in(client)
    assert sessions.PENDING_KEY not in client.session


def test_just_before_fifteen_minutes_the_second_step_is_open(rita, half):
    ask_for_code(half)
    age_the_pending_sign_in(half, timedelta(minutes=14, seconds=30))
    assert submit(half, newest_code(rita)).url == "/"


def test_too_many_codes_are_refused_and_the_sent_one_still_works(rita, half, settings):
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 2
    ask_for_code(half)
    ask_for_code(half)
    page = text_of(ask_for_code(half))
    assert "You have asked for too many codes within an hour." in page
    assert 'name="code"' in page
    assert OneTimeCode.objects.count() == 2
    assert submit(half, newest_code(rita)).url == "/"


def test_another_way_can_be_chosen_after_a_code_was_sent(rita, half):
    assert "?choose=1" in text_of(ask_for_code(half))
    assert "Send Code" in text_of(half.get("/accounts/verify/?choose=1"))
    rita.producer.record_mobile = ""
    rita.producer.save()
    assert "?choose=1" not in text_of(half.get("/accounts/verify/"))


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_with_the_right_code_one_signs_in_and_none_breaks():
    rita = UserFactory()
    half = half_signed_in(rita)
    ask_for_code(half)
    code = newest_code(rita)

    def click():
        browser = Client()
        browser.cookies = half.cookies.copy()
        return submit(browser, code)

    statuses = sorted(response.status_code for response in at_once(click, click))
    # The slower one either still finds its pending sign-in (200, "already used") or none (302 to the login page).
    assert statuses in ([200, 302], [302, 302])
    assert LoginAttempt.objects.filter(outcome=Outcome.SIGNED_IN).count() == 1
    assert sum("_auth_user_id" in session.get_decoded() for session in Session.objects.all()) == 1


# Delivery


def delivery(client: Client, shown: str = ""):
    return client.get("/accounts/verify/delivery/", {"shown": shown}, headers={"hx-request": "true"})


@pytest.mark.feature("ISS_06")
def test_the_page_follows_the_delivery_until_it_is_final(half):
    page = text_of(ask_for_code(half))
    assert "The code is being sent to xxxlberg@example.com." in page
    assert 'data-hx-get="/accounts/verify/delivery/?shown=pending"' in page
    assert 'data-hx-trigger="every 2s"' in page
    assert 'aria-live="polite"' in page
    assert delivery(half, "pending").status_code == 204
    deliver_everything()
    part = text_of(delivery(half, "pending"))
    assert part.strip().startswith("<p")
    assert "The code was sent to xxxlberg@example.com. It works until" in part
    assert "data-hx-get" not in part
    whole = text_of(half.get("/accounts/verify/"))
    assert "The code was sent to xxxlberg@example.com." in whole
    assert "data-hx-trigger" not in whole


@pytest.mark.feature("ISS_06")
def test_a_message_that_could_not_be_sent_says_so_and_offers_a_new_one(rita, half, settings, monkeypatch):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    ask_for_code(half)
    with monkeypatch.context() as mail_is_down:
        mail_is_down.setattr("portal.common.messaging.delivery._send_email", lambda _message: 1 / 0)
        deliver_everything()
    part = text_of(delivery(half, "pending"))
    assert "The code could not be sent to xxxlberg@example.com. Send a new code." in part
    assert "data-hx-get" not in part
    assert "Send a new code</button>" in text_of(half.get("/accounts/verify/"))
    ask_for_code(half)
    deliver_everything()
    assert "The code was sent" in text_of(delivery(half))


@pytest.mark.feature("ISS_06")
def test_a_slow_delivery_says_that_it_takes_longer(half):
    ask_for_code(half)
    OneTimeCode.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    part = text_of(delivery(half, "pending"))
    assert "It is taking longer than usual" in part
    assert "?shown=slow" in part
    assert delivery(half, "slow").status_code == 204


def test_an_expired_or_used_up_code_says_so_on_reload(half):
    ask_for_code(half)
    OneTimeCode.objects.update(tries=5)
    assert "The code no longer works." in text_of(half.get("/accounts/verify/"))
    OneTimeCode.objects.update(tries=0, expires_at=timezone.now())
    assert "The code no longer works." in text_of(half.get("/accounts/verify/"))


def test_the_delivery_state_is_nobody_elses(rita, half, client):
    ask_for_code(half)
    answer = delivery(client)
    assert (answer.headers["HX-Redirect"], answer.content) == ("/accounts/verify/", b"")
    assert client.get("/accounts/verify/delivery/").url == "/accounts/verify/"
    # A second sign-in of the same person does not see the first one's message.
    assert "HX-Redirect" in delivery(half_signed_in(rita)).headers


# Afterwards


def test_a_session_ends_twelve_hours_after_signing_in_whatever_happens_in_it(rita, half, settings):
    ask_for_code(half)
    submit(half, newest_code(rita))
    settings.SESSION_COOKIE_AGE = 99 * 60 * 60
    session = half.session
    end = session.get_expiry_date()
    assert timedelta(hours=11, minutes=59) < end - timezone.now() <= timedelta(hours=12)
    session["something"] = "kept"
    session.save()
    assert Session.objects.get(session_key=session.session_key).expire_date == end
    Session.objects.update(expire_date=timezone.now())
    assert half.get("/").status_code == 302


def test_logging_out_ends_the_session_on_the_server(rita, sign_in):
    client = sign_in(rita)
    old_cookie = client.cookies.copy()
    response = client.post("/accounts/logout/", follow=True)
    assert response.redirect_chain == [("/accounts/login/", 302)]
    assert "You have been logged out." in text_of(response)
    assert AuditEvent.objects.filter(action="sign_in.ended", actor_id=rita.pk).count() == 1
    replay = Client()
    replay.cookies = old_cookie
    assert replay.get("/").status_code == 302
    assert client.get("/").status_code == 302


def test_logging_out_twice_or_by_get_does_no_harm(rita, sign_in):
    client = sign_in(rita)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.post("/accounts/logout/").url == "/accounts/login/"


def test_logging_out_ends_a_half_finished_sign_in_too(half):
    half.post("/accounts/logout/")
    assert half.get("/accounts/verify/").url == "/accounts/login/"


def test_closing_a_login_ends_its_sessions_with_the_next_request(rita, sign_in):
    client = sign_in(rita)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=rita.pk).update(is_active=False)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("url", ["/accounts/login/", "/accounts/verify/", "/accounts/verify/delivery/"])
def test_no_page_of_signing_in_is_kept_by_a_cache(half, url):
    ask_for_code(half)
    assert "no-store" in half.get(url).headers["Cache-Control"]


# The code stays where it belongs


def test_a_code_is_readable_nowhere_but_in_the_demo_mailbox(rita, half, caplog):
    with caplog.at_level(logging.DEBUG):
        ask_for_code(half)
        code = newest_code(rita)
        assert kept_rows(code) == set()
        deliver_everything()
        assert kept_rows(code) == {"common_mailboxentry"}
        submit(half, "WRONGONE")
        submit(half, code)
    assert is_signed_in(half)
    assert kept_rows(code) == {"common_mailboxentry"}
    assert code not in caplog.text
    message = OutboundMessage.objects.get()
    assert (message.body_text, message.body_html, message.code) == ("", "", "")
    assert OutboxMessage.objects.get().status == OutboxMessage.Status.DONE


def test_a_password_is_kept_nowhere(rita, client, caplog):
    with caplog.at_level(logging.DEBUG):
        give_password(client, rita)
        give_password(client, rita, password="Wrong#Kite58")
    assert kept_rows("Kite58") == set()
    assert "Kite58" not in caplog.text
