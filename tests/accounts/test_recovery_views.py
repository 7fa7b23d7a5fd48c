"""Forgot Username and Forgot Password through the pages."""

import logging
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import LoginGuard, OneTimeCode, User, UserSession
from portal.common.models import OutboundMessage
from portal.demo_data import contacts
from tests.support import pages
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.probing import ask_all
from tests.support.signing_in import give_password, kept_rows, newest_code

NEW = "Cobalt*Wharf93"
MAILBOX = "rita.solberg@agency.example"
FIND, METHOD, CODE, NEW_PASSWORD = (
    f"/accounts/forgot-password/{step}" for step in ("", "method/", "code/", "new-password/")
)
USERNAME, SENT, RESEND = (f"/accounts/forgot-username/{step}" for step in ("", "sent/", "resend/"))


@pytest.fixture
def rita() -> User:
    record = ProducerFactory(record_email=MAILBOX, record_mobile="3125550001")
    return UserFactory(username="rsolberg7", producer=record)


def text_of(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def find(client: Client, username: str = "rsolberg7") -> HttpResponse:
    return client.post(FIND, {"username": username})


def send(client: Client, method: str = "email") -> HttpResponse:
    return client.post(METHOD, {"method": method})


def type_code(client: Client, code: str) -> HttpResponse:
    return client.post(CODE, {"code": code})


def choose(client: Client, new: str = NEW, confirm: str | None = None) -> HttpResponse:
    return client.post(NEW_PASSWORD, {"new_password": new, "confirm_password": new if confirm is None else confirm})


def proven(user: User) -> Client:
    client = Client()
    find(client, user.username)
    send(client)
    assert type_code(client, newest_code(user)).url == NEW_PASSWORD
    return client


def current_step(response: HttpResponse) -> tuple[str, str]:
    page = pages.read(response)
    return page.one("ol", class_="steps").one("li", aria_current="step").text, page.one("h1").text


# Forgot Username


@pytest.mark.feature("FUN_01")
@pytest.mark.parametrize("typed", ["rita", "rita@", "@agency.example", "rita solberg@agency.example", "a@b", "x" * 400])
def test_a_malformed_address_is_said_beside_the_field(client, typed):
    response = client.post(USERNAME, {"email": typed})
    errors = [error.text for error in pages.read(response).all(class_="invalid-feedback")]
    assert errors == ["Please enter a valid email address."]
    assert pages.read(response).one("input", name="email").attrs["value"] == typed
    assert not OutboundMessage.objects.exists()


@pytest.mark.feature("FUN_05")
@pytest.mark.feature("ISS_03")
@pytest.mark.feature("ISS_09")
def test_forgot_username_lists_producer_services_by_product_and_state(client, settings):
    contacts.add_contact_lines()
    page = pages.read(client.get(USERNAME)).one("main")
    assert "If you need assistance, please contact Producer Services at:" in page.text
    rows = {row.one("th").text: [cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")}
    assert rows["Medicare Supplement (Legacy)"][0] == "(800) 555-0161 prior to May 1, 2019"
    assert rows["Lantern Farm agents only"] == ["(844) 555-0181 every state"]
    assert settings.SUPPORT_PHONE in page.text
    assert "/contact/" in [link.attrs["href"] for link in page.all("a")]


@pytest.mark.feature("FUN_02")
@pytest.mark.feature("FUN_05")
@pytest.mark.feature("FUN_07")
def test_the_answer_names_the_help_desk_and_the_spam_folder(rita, client, settings):
    response = client.post(USERNAME, {"email": MAILBOX}, follow=True)
    assert response.redirect_chain == [(SENT, 302)]
    page = text_of(response)
    assert f"If an account exists for <strong>{MAILBOX}</strong>, an email with your username has been sent" in page
    assert "check your spam or junk folder" in page
    assert settings.SUPPORT_PHONE in page
    assert settings.SUPPORT_PHONES_BY_STATE["MT"] in page
    ok = next(link for link in pages.read(response).all("a") if link.text == "OK")
    assert ok.attrs["href"] == "/accounts/login/"
    assert OutboundMessage.objects.get().to == MAILBOX


@pytest.mark.feature("FUN_07")
def test_the_email_leads_back_to_this_portal(rita, client):
    client.post(USERNAME, {"email": MAILBOX})
    assert "http://testserver/accounts/login/" in OutboundMessage.objects.get().body_text


@pytest.mark.feature("FUN_04")
def test_resend_email_sends_again_until_the_limit(rita, client, settings):
    client.post(USERNAME, {"email": MAILBOX})
    for _ in range(settings.RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR - 1):
        response = client.post(RESEND, follow=True)
        assert pages.messages(response) == ["We have sent the email again, if an account exists for this address."]
    assert "This was tried too often" in pages.messages(client.post(RESEND, follow=True))[0]
    assert OutboundMessage.objects.count() == settings.RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR
    refused = Client().post(USERNAME, {"email": MAILBOX})
    assert (refused.status_code, "This was tried too often" in text_of(refused)) == (429, True)


def test_without_an_address_there_is_nothing_to_send_again(client):
    assert client.get(SENT).url == USERNAME
    assert client.post(RESEND).url == USERNAME
    assert client.get(RESEND).status_code == 405


@pytest.mark.feature("FUN_06")
def test_the_older_rule_asks_for_the_producer_number_too(rita, client, settings):
    assert not pages.read(client.get(USERNAME)).all("input", name="producer_number")
    settings.FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER = True
    assert pages.read(client.get(USERNAME)).one("input", name="producer_number")
    assert "Enter your producer number." in text_of(client.post(USERNAME, {"email": MAILBOX}))
    short = client.post(USERNAME, {"email": MAILBOX, "producer_number": "12345678"})
    assert "put zeros in front of a shorter one" in text_of(short)
    wrong = client.post(USERNAME, {"email": MAILBOX, "producer_number": "999888777"}, follow=True)
    assert "If an account exists for" in text_of(wrong)
    assert not OutboundMessage.objects.exists()


@pytest.mark.feature("LCK_03")
def test_opening_the_pages_unlocks_nothing_and_the_button_in_the_link_does(rita, client):
    until = timezone.now() + timedelta(minutes=30)
    LoginGuard.objects.create(username_key="rsolberg7", failures=5, last_failure_at=timezone.now(), locked_until=until)
    client.get(USERNAME)
    client.get(FIND)
    client.post(USERNAME, {"email": MAILBOX})
    link = re.search(
        r"http://testserver(/accounts/forgot-username/unlock/\S+)", OutboundMessage.objects.get().body_text
    )
    page = Client().get(link.group(1))
    assert "Unlock</button>" in text_of(page)
    assert LoginGuard.objects.filter(locked_until__gt=timezone.now()).exists()
    done = Client().post(link.group(1), follow=True)
    assert done.redirect_chain == [("/accounts/login/", 302)]
    assert pages.messages(done) == ["Your account is unlocked. You can log in now."]
    assert not LoginGuard.objects.filter(locked_until__gt=timezone.now()).exists()
    for again in (Client().get, Client().post):
        assert "This link no longer works" in pages.messages(again(link.group(1), follow=True))[0]


# Forgot Password


@pytest.mark.feature("LOG_01")
def test_the_login_page_leads_to_both_recoveries(client):
    links = {link.text: link.attrs["href"] for link in pages.read(client.get("/accounts/login/")).all("a")}
    assert (links["Forgot Username"], links["Forgot Password"]) == (USERNAME, FIND)


@pytest.mark.feature("FPW_01")
@pytest.mark.feature("FPW_03")
@pytest.mark.feature("FPW_05")
@pytest.mark.feature("FPW_07")
@pytest.mark.feature("FPW_08")
def test_four_steps_lead_to_a_new_password_and_the_login_page(rita, client):
    page = client.get(FIND)
    assert current_step(page) == ("Find Account", "Forgot Password")
    assert "Step 1 of 4" in text_of(page)
    assert "Find Account</button>" in text_of(page)
    assert find(client, "RSolberg7").url == METHOD

    page = client.get(METHOD)
    assert current_step(page)[0] == "Get Verification Code"
    assert "Send an email to xxxlberg@xxx" in text_of(page)
    assert "Send me a text message to xxxxxx0001" in text_of(page)
    assert "Send Code</button>" in text_of(page)
    assert send(client).url == CODE

    page = client.get(CODE)
    assert current_step(page)[0] == "Enter Verification Code"
    assert "an email to xxxlberg@xxx" in text_of(page)
    assert "Continue</button>" in text_of(page)
    assert "This code is not right. You have 4 tries left." in text_of(type_code(client, "WRONGONE"))
    assert type_code(client, newest_code(rita)).url == NEW_PASSWORD

    page = client.get(NEW_PASSWORD)
    assert current_step(page)[0] == "Create New Password"
    assert "Step 4 of 4" in text_of(page)
    assert "Update Password</button>" in text_of(page)
    response = choose(client)
    assert response.url == "/accounts/login/"
    assert pages.messages(client.get("/accounts/login/")) == [
        "Your password has been updated. Please log in with your new password."
    ]
    assert OutboundMessage.objects.filter(kind="password_changed", to=MAILBOX).count() == 1


def test_after_a_reset_the_second_step_is_still_asked(rita):
    client = proven(rita)
    choose(client)
    assert "_auth_user_id" not in client.session
    assert give_password(client, rita, PASSWORD).status_code == 200
    assert give_password(client, rita, NEW).url == "/accounts/verify/"
    assert client.get("/").status_code == 302


@pytest.mark.feature("FPW_08")
def test_a_reset_ends_every_session(rita, sign_in):
    elsewhere = sign_in(rita)
    assert elsewhere.get("/accounts/profile/").status_code == 200
    choose(proven(rita))
    assert not UserSession.objects.filter(user=rita).exists()
    assert elsewhere.get("/accounts/profile/").status_code == 302


@pytest.mark.feature("FPW_06")
def test_resend_code_uses_the_method_chosen_before_and_ends_the_earlier_code(rita, client):
    find(client)
    send(client, "sms")
    earlier = newest_code(rita)
    button = pages.read(client.get(CODE)).one("input", name="method")
    assert button.attrs["value"] == "sms"
    response = client.post(METHOD, {"method": button.attrs["value"]}, follow=True)
    assert pages.messages(response) == ["We are sending you a new code. The one before no longer works."]
    assert list(OutboundMessage.objects.values_list("to", flat=True)) == ["3125550001"] * 2
    assert type_code(client, earlier).status_code == 200
    assert type_code(client, newest_code(rita)).url == NEW_PASSWORD


@pytest.mark.feature("FPW_05")
def test_old_and_used_up_codes_say_what_to_do(rita, client):
    find(client)
    send(client)
    said = [text_of(type_code(client, "WRONGONE")) for _ in range(6)]
    assert "You have 1 try left." in said[3]
    assert "too many wrong tries, so this code no longer works. Resend the code." in said[4]
    assert "too many wrong tries" in said[5]
    session = client.session
    session["password_recovery"] |= {"sent_at": (timezone.now() - timedelta(minutes=10)).isoformat()}
    session.save()
    assert "a code works for 10 minutes. Resend the code." in text_of(type_code(client, newest_code(rita)))


@pytest.mark.feature("FPW_07")
@pytest.mark.feature("PWD_11")
def test_each_mistake_in_the_new_password_is_said_beside_its_field(rita):
    client = proven(rita)
    page = pages.read(client.get(NEW_PASSWORD))
    assert {heading.text for heading in page.all("h2")} >= {"Password Must Have", "Password Cannot Have"}
    differ = text_of(choose(client, NEW, "Another*Wharf93"))
    assert "The two new passwords are not the same." in differ
    broken = text_of(choose(client, "cobalt"))
    assert "Use 8 to 40 characters." in broken
    assert "Add an uppercase letter" in broken
    used = text_of(choose(client, PASSWORD))
    assert "You have used this password before." in used
    for page_text in (differ, broken, used):
        assert "Cobalt*Wharf93" not in page_text
        assert PASSWORD not in page_text
    assert choose(client).url == "/accounts/login/"


def test_the_form_with_the_new_password_sent_again_lands_on_the_login_page(rita):
    client = proven(rita)
    assert choose(client).url == "/accounts/login/"
    assert choose(client).url == "/accounts/login/"
    assert OutboundMessage.objects.filter(kind="password_changed").count() == 1


def test_the_form_with_the_code_sent_again_lands_on_the_next_step(rita, client):
    find(client)
    send(client)
    code = newest_code(rita)
    twin = Client()
    twin.cookies = client.cookies.copy()
    assert type_code(client, code).url == NEW_PASSWORD
    # The second of two requests found the session as it was before the first.
    OneTimeCode.objects.get()
    assert type_code(twin, code).url == NEW_PASSWORD
    assert twin.get(NEW_PASSWORD).status_code == 200


def test_code_and_session_are_written_in_one_transaction(rita, client, monkeypatch):
    """Else a request with the same code, waiting for the first one, would find the session as it was."""
    find(client)
    send(client)
    monkeypatch.setattr(SessionMiddleware, "process_response", lambda _self, _request, response: response)
    type_code(client, newest_code(rita))
    assert client.session["password_recovery"]["proven_at"]


@pytest.mark.parametrize(
    ("done", "asked", "led_to"),
    [
        (0, METHOD, FIND),
        (0, CODE, FIND),
        (0, NEW_PASSWORD, FIND),
        (1, CODE, METHOD),
        (1, NEW_PASSWORD, CODE),
        (2, NEW_PASSWORD, CODE),
        (3, METHOD, NEW_PASSWORD),
        (3, CODE, NEW_PASSWORD),
    ],
)
def test_no_step_can_be_skipped_or_repeated(rita, client, done, asked, led_to):
    for step in (find, send, lambda browser: type_code(browser, newest_code(rita)))[:done]:
        step(client)
    assert client.get(asked).url == led_to
    answer = client.post(asked, {"code": "ABCDEFGH", "method": "email", "new_password": NEW, "confirm_password": NEW})
    assert answer.url == led_to
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)


@pytest.mark.parametrize("url", [METHOD, CODE, NEW_PASSWORD])
def test_when_the_time_is_over_one_starts_again(rita, url):
    client = proven(rita)
    session = client.session
    long_ago = (timezone.now() - timedelta(minutes=31)).isoformat()
    session["password_recovery"] |= {"started_at": long_ago, "proven_at": long_ago}
    session.save()
    for ask in (client.get, client.post):
        session.save()
        response = ask(url, {"new_password": NEW, "confirm_password": NEW}, follow=True)
        assert response.redirect_chain[-1][0] == FIND
        assert "Please start again" in pages.messages(response)[0]


def test_another_browser_cannot_go_on(rita):
    proven(rita)
    assert Client().get(NEW_PASSWORD).url == FIND


def test_a_session_known_before_is_worth_nothing(rita, client):
    client.get(METHOD, follow=True)  # leaves a notice, so a session exists
    before = client.session.session_key
    find(client)
    assert client.session.session_key != before


def test_an_empty_or_impossible_name_is_answered_with_the_form(client):
    for typed in ("", "x" * 151, "nul\x00byte"):
        assert client.post(FIND, {"username": typed}).status_code == 200
    assert "Enter your username." in text_of(client.post(FIND, {}))


def test_a_way_that_was_not_offered_is_refused(rita, client):
    rita.producer.record_mobile = ""
    rita.producer.save()
    find(client)
    for method in ("sms", "pigeon", ""):
        assert send(client, method).status_code == 200
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("url", [USERNAME, FIND])
def test_people_who_are_signed_in_are_sent_home(rita, sign_in, url):
    assert sign_in(rita).get(url).url == "/"


@pytest.mark.parametrize("url", [USERNAME, SENT, FIND, METHOD, CODE, NEW_PASSWORD])
@pytest.mark.sampled(3)
def test_no_page_of_a_recovery_is_kept_by_a_cache(rita, url):
    client = proven(rita)
    client.post(USERNAME, {"email": MAILBOX})
    assert "no-store" in client.get(url).headers["Cache-Control"]


@pytest.mark.parametrize("url", [USERNAME, RESEND, FIND, METHOD, CODE, NEW_PASSWORD])
def test_forms_from_elsewhere_are_refused(url):
    assert Client(enforce_csrf_checks=True).post(url, {}).status_code == 403


@pytest.mark.feature("FPW_09")
def test_no_message_and_no_table_ever_holds_a_password(rita, caplog):
    with caplog.at_level(logging.DEBUG):
        client = proven(rita)
        choose(client, "cobalt*wharf93")
        choose(client)
    for message in OutboundMessage.objects.all():
        assert "wharf93" not in (message.body_text + message.body_html + message.subject).lower()
        assert PASSWORD not in message.body_text + message.body_html
    assert "temporary password" not in "".join(OutboundMessage.objects.get(kind="password_changed").body_text.lower())
    assert kept_rows("wharf93") == set()
    assert "wharf93" not in caplog.text.lower()


# Who exists is nobody's business (ASVS 6.3.8)

PROBES = 6
NOISE = re.compile(r"[A-Za-z0-9]{64}|xxx[a-z0-9]*@xxx|xxxxxx[0-9]{4}|\b[a-z]+\d+(@agency\.example)?")


def seen(response: HttpResponse) -> tuple[int, str, tuple[str, ...], str]:
    """An answer without names, masks and tokens, and without the second way, which some of either kind have."""
    text = re.sub(r"\b\d{1,2}:\d\d [AP]M C[SD]T", "TIME", text_of(response))
    return (
        response.status_code,
        response.headers.get("Location", ""),
        tuple(sorted(response.headers)),
        NOISE.sub("*", text),
    )


@pytest.mark.feature("FUN_02")
@pytest.mark.feature("FPW_02")
@pytest.mark.django_db(transaction=True)
def test_known_and_unknown_are_answered_alike_in_text_and_status_after_as_many_statements(settings):
    """The times are compared by a drill (test_answer_times)."""
    settings.SMS_BACKEND = ""  # who has a mobile is made up for unknown names; the pages are compared without it
    settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR = 10_000
    steps = [
        lambda browser, name: browser.post(USERNAME, {"email": f"{name}@agency.example"}),
        lambda browser, name: browser.get(SENT),
        lambda browser, name: browser.post(RESEND),
        lambda browser, name: find(browser, name),
        lambda browser, name: browser.get(METHOD),
        lambda browser, name: send(browser),
        lambda browser, name: browser.get(CODE),
        lambda browser, name: send(browser),
        *[lambda browser, name: type_code(browser, "WRONGONE")] * 6,
        lambda browser, name: browser.get(NEW_PASSWORD),
    ]
    sixth_try = len(steps) - 2
    ask_all(steps, ["warm1"])
    known, unknown = ([f"{kind}{100 + n}" for n in range(PROBES)] for kind in ("known", "strange"))
    for name in known:
        UserFactory(username=name, producer=ProducerFactory(record_email=f"{name}@agency.example"))
    answers, asked, _ = ask_all(steps, [name for pair in zip(known, unknown, strict=True) for name in pair])
    for number in range(len(steps)):
        assert len({seen(answers[name, number]) for name in (*known, *unknown)}) == 1, number
        counts = {asked[name, number] for name in (*known, *unknown)}
        # A used-up code is not counted any further, a decoy's try is.
        assert max(counts) - min(counts) <= (1 if number == sixth_try else 0), (number, counts)
    assert OutboundMessage.objects.count() == PROBES * 4


@pytest.mark.feature("FPW_02")
def test_limits_are_met_alike(rita, settings):
    settings.RECOVERY_TRIES_PER_USERNAME_PER_HOUR = 2
    settings.ONE_TIME_CODE_SENDS_PER_HOUR = 4
    answers = {}
    for name in ("rsolberg7", "strange7"):
        browser = Client()
        answers[name] = [seen(act) for act in (find(browser, name), send(browser), send(browser), send(browser))]
        answers[name] += [seen(find(browser, name)), seen(find(browser, name))]
        assert [status for status, *_ in answers[name]] == [302, 302, 302, 429, 302, 429]
    assert re.sub("Send me.*?</label>", "", str(answers["rsolberg7"])) == re.sub(
        "Send me.*?</label>", "", str(answers["strange7"])
    )
