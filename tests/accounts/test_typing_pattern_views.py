"""The typing page before "Verify your Account" and as a way to verify, My Information, the notice, the reset by staff."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import HeldTypingPattern, LoginAttempt, TrustedDevice, TypingProfile, User
from accounts.services import typing_patterns
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.factories import ProducerFactory, UserFactory
from tests.support.key_events import SENTENCE, SENTENCE_CODE, WHILE, day_of, enrol, posted, with_typo
from tests.support.signing_in import ask_for_code, give_password, half_signed_in, newest_code
from tests.support.typists import Typist

PAGE = "/accounts/typing-pattern/"
VERIFY_PAGE = "/accounts/verify/"
Choice = User.TypingChoice


@pytest.fixture(autouse=True)
def one_sentence(monkeypatch):
    monkeypatch.setattr(typing_patterns, "sentence_for", lambda _number: SENTENCE_CODE)


@pytest.fixture
def owner() -> Typist:
    return Typist(3, SENTENCE)


@pytest.fixture
def new() -> User:
    record = ProducerFactory(record_email="rita@record.example", record_mobile="3125550001")
    return UserFactory(username="rsolberg7", producer=record, typing_choice=Choice.ASK)


@pytest.fixture
def rita(new, owner) -> User:
    enrol(new, owner, at=timezone.now() - timedelta(days=10))
    return new


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def text_of(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def nonce_in(response) -> str:
    return re.search(r'name="nonce" value="([^"]+)"', response.content.decode()).group(1)


def choose_typing(user: User) -> Client:
    """A browser on the page that asks for the sentence, as a way to verify."""
    client = half_signed_in(user)
    response = client.post(VERIFY_PAGE, {"method": "typing"})
    assert (response.status_code, response.url) == (302, PAGE)
    return client


def send(client: Client, clock, lines: list, **fields: str):
    """Type on the page and submit it."""
    nonce = nonce_in(client.get(PAGE))
    clock.shift(WHILE)
    return client.post(PAGE, posted(nonce, lines, **fields))


def finish_with_code(client: Client, user: User):
    ask_for_code(client)
    return client.post(VERIFY_PAGE, {"code": newest_code(user)})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# The first login


@pytest.mark.feature("LOG_03")
def test_the_very_first_login_asks_for_the_pattern_with_notice_and_consent_and_can_be_skipped(new, client):
    assert give_password(client, new).url == PAGE
    page = client.get(PAGE)
    text = text_of(page)
    assert SENTENCE in text
    assert "biometric information" in text
    assert "was not used for 365 days" in text
    assert re.search(r'<input type="checkbox"[^>]*name="consent"[^>]*required', page.content.decode())
    assert "Practice line (not recorded)" in text
    assert [f"Line {number} of 3" in text for number in (1, 2, 3)] == [True] * 3
    assert text.count(f'<a href="{VERIFY_PAGE}">Skip for now</a>') == 2  # with and without scripts
    assert page.headers["Cache-Control"].count("no-store")


@pytest.mark.feature("LOG_03")
@pytest.mark.feature("LOG_04")
@pytest.mark.feature("LOG_05")
@pytest.mark.feature("LOG_08")
def test_submit_goes_on_to_verify_and_the_second_login_offers_the_pattern(new, owner, client, clock):
    give_password(client, new)
    response = send(client, clock, day_of(owner), consent="on")
    assert (response.status_code, response.url) == (302, VERIFY_PAGE)
    assert not TypingProfile.objects.exists()
    assert 'value="typing"' not in text_of(client.get(VERIFY_PAGE))
    assert finish_with_code(client, new).url == "/"
    assert TypingProfile.objects.get().user == new
    second = Client()
    assert give_password(second, new).url == VERIFY_PAGE
    text = text_of(second.get(VERIFY_PAGE))
    ways = re.findall(r'name="method"[^>]*value="(\w+)"|value="(\w+)"[^>]*name="method"', text)
    assert [first or then for first, then in ways] == ["email", "sms", "typing"]
    assert "Prompt me for personalized keyboard typing pattern" in text
    assert "Next</button>" in text


@pytest.mark.feature("LOG_03")
def test_skipping_is_remembered_once_the_login_is_finished(new, client):
    give_password(client, new)
    client.get(VERIFY_PAGE)
    assert give_password(Client(), new).url == PAGE  # a password alone decides nothing
    finish_with_code(client, new)
    assert give_password(Client(), new).url == VERIFY_PAGE
    assert AuditEvent.objects.filter(action="typing_pattern.skipped").count() == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Tick the box if you agree"),
        ({"consent": "on", "typed": ""}, "The three lines did not arrive."),
        ({"consent": "on", "typed": "{]"}, "The three lines did not arrive."),
        ({"consent": "on", "typed": "[" * 100_000}, "The three lines did not arrive."),
        ({"consent": "on", "typed": '{"a": 1}'}, "The three lines did not arrive."),
        ({"consent": "on", "typed": "[1, 2, 3]"}, "Line 1: The typing of this line did not arrive completely."),
        ({"consent": "on", "nonce": "x"}, "does not belong to your login any more"),
    ],
)
def test_what_cannot_be_taken_is_said_on_the_page_and_nothing_is_held(new, owner, client, clock, fields, said):
    give_password(client, new)
    nonce = nonce_in(client.get(PAGE))
    clock.shift(WHILE)
    response = client.post(PAGE, {**posted(nonce, day_of(owner)), **fields})
    assert response.status_code == 200
    assert said in text_of(response)
    assert SENTENCE in text_of(response)
    assert not HeldTypingPattern.objects.exists()


def test_people_of_every_role_are_asked(client):
    for traits in ({"delegate": True}, {"carrier_admin": True}, {}):
        assert give_password(Client(), UserFactory(typing_choice=Choice.ASK, **traits)).url == PAGE


def test_switched_off_nobody_is_asked_and_nothing_is_shown(new, client, settings, sign_in):
    settings.TYPING_PATTERN = False
    assert give_password(client, new).url == VERIFY_PAGE
    assert client.get(PAGE).url == VERIFY_PAGE
    assert finish_with_code(client, new).url == "/"
    new.refresh_from_db()
    assert new.typing_choice == Choice.ASK
    assert "Typing Pattern</h2>" not in text_of(client.get("/accounts/my-information/"))


# A way to verify


@pytest.mark.feature("LOG_11")
def test_typing_the_sentence_three_times_signs_in(rita, owner, clock):
    client = choose_typing(rita)
    assert client.get(VERIFY_PAGE).url == PAGE
    page = text_of(client.get(PAGE))
    assert "<mark>" + SENTENCE in page
    assert "contact the Service Desk" in page
    assert f'href="{VERIFY_PAGE}?choose=1"' in page
    response = send(client, clock, day_of(owner), remember="on")
    assert (response.status_code, response.url) == (302, "/")
    assert is_signed_in(client)
    assert "remembered_device" in response.cookies
    attempt = LoginAttempt.objects.latest("id")
    assert (attempt.outcome, attempt.method) == (LoginAttempt.Outcome.SIGNED_IN, "typing")
    assert "Typing pattern" in text_of(client.get("/accounts/my-information/"))


def test_next_is_followed(rita, owner, clock):
    client = Client()
    give_password(client, rita, next="/clients/")
    client.post(VERIFY_PAGE, {"method": "typing"})
    assert send(client, clock, day_of(owner)).url == "/clients/"


@pytest.mark.feature("LOG_11")
def test_a_typo_is_refused_naming_the_line(rita, owner, clock):
    client = choose_typing(rita)
    first, second, third = day_of(owner)
    page = text_of(send(client, clock, [first, with_typo(second), third]))
    assert "Line 2: This line is not the sentence exactly as it appears." in page
    assert not is_signed_in(client)


@pytest.mark.feature("LOG_11")
@pytest.mark.feature("LOG_12")
def test_another_typist_and_pasting_are_refused_and_after_five_times_codes_are_left(rita, clock):
    client, stranger = choose_typing(rita), Typist(23, SENTENCE)
    assert "You have 4 tries left." in text_of(send(client, clock, day_of(stranger)))
    pasted = text_of(send(client, clock, [[], [], []], pasted="1"))
    assert "Pasting is not typing, so this try was counted. You have 3 tries left." in pasted
    for _ in range(2):
        send(client, clock, day_of(stranger))
    last = send(client, clock, day_of(stranger))
    assert last.url == f"{VERIFY_PAGE}?choose=1"
    page = text_of(client.get(last.url))
    assert "refused too often" in page
    assert 'value="typing"' not in page
    assert not is_signed_in(client)
    assert finish_with_code(client, rita).url == "/"
    assert 'value="typing"' in text_of(half_signed_in(rita).get(VERIFY_PAGE))


def test_typing_sent_twice_signs_in_once(rita, owner, clock):
    client, other = choose_typing(rita), Client()
    nonce, lines = nonce_in(client.get(PAGE)), day_of(owner)
    other.cookies.update(client.cookies)
    clock.shift(WHILE)
    assert client.post(PAGE, posted(nonce, lines)).url == "/"
    assert other.post(PAGE, posted(nonce, lines)).status_code == 302
    assert not is_signed_in(other)


def test_a_page_of_another_login_is_refused(rita, owner, clock):
    client, other = choose_typing(rita), choose_typing(rita)
    nonce = nonce_in(other.get(PAGE))
    clock.shift(WHILE)
    page = text_of(client.post(PAGE, posted(nonce, day_of(owner))))
    assert "does not belong to your login any more" in page
    assert not is_signed_in(client)


def test_somebody_without_a_pattern_cannot_choose_it(client):
    person = UserFactory()
    half = half_signed_in(person)
    assert "This way to receive a code is not available" in text_of(half.post(VERIFY_PAGE, {"method": "typing"}))
    assert half.get(PAGE).url == VERIFY_PAGE


def test_who_has_not_given_the_password_or_is_signed_in_already_is_led_away(rita, sign_in):
    assert Client().get(PAGE, follow=True).redirect_chain == [("/accounts/login/", 302)]
    assert sign_in(rita).get(PAGE).url == "/"


def test_a_pattern_that_is_gone_meanwhile_leads_back_to_the_choice(rita, owner, clock):
    client = choose_typing(rita)
    nonce = nonce_in(client.get(PAGE))
    typing_patterns.withdraw(user=rita, at=timezone.now())
    clock.shift(WHILE)
    assert client.get(PAGE).url == f"{VERIFY_PAGE}?choose=1"
    assert client.post(PAGE, posted(nonce, day_of(owner))).url == f"{VERIFY_PAGE}?choose=1"
    assert "Send Code" in text_of(client.get(f"{VERIFY_PAGE}?choose=1"))
    assert not is_signed_in(client)


def test_too_many_attempts_in_an_hour_are_not_looked_at(rita, owner, clock, settings):
    settings.TYPING_PATTERN_TRIES_PER_HOUR = 1
    clock.move_to(timezone.now().replace(minute=0, second=0) + timedelta(minutes=5))
    client = choose_typing(rita)
    send(client, clock, [])
    response = send(client, clock, day_of(owner))
    assert response.status_code == 429
    assert "This was tried too often." in text_of(response)
    assert not is_signed_in(client)


def test_where_a_remembered_device_is_demanded_it_no_longer_excuses_and_the_pattern_stays_on_it(
    rita, owner, clock, settings
):
    settings.TYPING_PATTERN_NEEDS_DEVICE = True
    client = Client()
    give_password(client, rita)
    assert 'value="typing"' not in text_of(client.get(VERIFY_PAGE))
    ask_for_code(client)
    client.post(VERIFY_PAGE, {"code": newest_code(rita), "remember": "on"})
    client.post("/accounts/logout/")
    assert give_password(client, rita).url == VERIFY_PAGE
    client.post(VERIFY_PAGE, {"method": "typing"})
    assert send(client, clock, day_of(owner)).url == "/"
    assert 'value="typing"' not in text_of(half_signed_in(rita).get(VERIFY_PAGE))
    TrustedDevice.objects.update(revoked_at=timezone.now())
    client.post("/accounts/logout/")
    give_password(client, rita)
    assert 'value="typing"' not in text_of(client.get(VERIFY_PAGE))


# What is kept, and ending it


@pytest.mark.feature("LOG_13")
def test_my_information_shows_what_is_kept_and_withdrawing_deletes_it(rita, sign_in):
    client = sign_in(rita)
    page = text_of(client.get("/accounts/my-information/"))
    assert "Kept" in page
    assert "not used yet" in page
    assert "You agreed to version 1.0 of the notice" in page
    assert client.get("/accounts/my-information/typing-pattern/withdraw/").status_code == 405
    client.post("/accounts/my-information/typing-pattern/withdraw/")
    assert not TypingProfile.objects.exists()
    page = text_of(client.get("/accounts/my-information/"))
    assert "You withdrew your consent, and the pattern was deleted." in page
    client.post("/accounts/my-information/typing-pattern/ask/")
    assert give_password(Client(), rita).url == VERIFY_PAGE
    for _ in range(2):  # twice is once
        client.post("/accounts/my-information/typing-pattern/withdraw/")
    assert AuditEvent.objects.filter(action="typing_pattern.withdrawn").count() == 1


def test_nobody_withdraws_for_somebody_else(rita, sign_in):
    for other in (UserFactory(delegate=True), UserFactory(carrier_admin=True)):
        sign_in(other).post("/accounts/my-information/typing-pattern/withdraw/")
    assert TypingProfile.objects.get().user == rita


def test_who_skipped_is_asked_at_the_next_login_if_wished(sign_in):
    person = UserFactory()
    client = sign_in(person)
    assert "Set Up at My Next Login" in text_of(client.get("/accounts/my-information/"))
    client.post("/accounts/my-information/typing-pattern/ask/")
    assert "At your next login" in text_of(client.get("/accounts/my-information/"))
    assert give_password(Client(), person).url == PAGE


@pytest.mark.feature("LOG_13")
def test_no_address_lets_a_person_reset_the_pattern(rita, sign_in):
    names = {name for name in get_resolver("accounts.urls").reverse_dict if isinstance(name, str)}
    typing = {name for name in names if "typing" in name}
    assert typing == {"typing-pattern", "typing-pattern-withdraw", "typing-pattern-ask"}
    client = sign_in(rita)
    client.post("/accounts/my-information/typing-pattern/ask/")
    assert TypingProfile.objects.exists()
    assert give_password(Client(), rita).url == VERIFY_PAGE


@pytest.mark.feature("LOG_13")
def test_staff_reset_it_with_ticket_and_reason_and_the_next_login_asks_anew(rita, owner, sign_in, clock):
    staff = sign_in(UserFactory(carrier_admin=True))
    users = reverse("admin:accounts_user_changelist")
    act = {"action": "reset_typing_pattern", "_selected_action": [rita.pk]}
    assert "Ticket number" in staff.post(users, act).text
    staff.post(users, {**act, "confirmed": "yes", "ticket": "INC-4711", "reason": ""})
    assert TypingProfile.objects.exists()
    OutboundMessage.objects.all().delete()
    staff.post(users, {**act, "confirmed": "yes", "ticket": "INC-4711", "reason": "Called from the number on record."})
    assert not TypingProfile.objects.exists()
    assert AuditEvent.objects.get(action="typing_pattern.reset").details["ticket"] == "INC-4711"
    assert OutboundMessage.objects.get().to == "rita@record.example"
    client = Client()
    assert give_password(client, rita).url == PAGE
    send(client, clock, day_of(owner), consent="on")
    finish_with_code(client, rita)
    assert TypingProfile.objects.exists()
    listing = staff.get(reverse("admin:accounts_typingprofile_changelist"))
    assert "rsolberg7" in listing.text


def test_the_notice_is_for_everybody_to_read(client):
    page = text_of(client.get("/legal/typing-pattern/"))
    assert "Version 1.0" in page
    assert "It is biometric information." in page
    assert "/legal/typing-pattern/" in text_of(client.get("/legal/privacy/"))


def test_typed_lines_stand_in_no_session_and_no_log(rita, owner, clock, caplog):
    client = choose_typing(rita)
    lines = day_of(Typist(23, SENTENCE))
    send(client, clock, lines)
    times = json.dumps(lines[0][9][3])
    assert times not in json.dumps(dict(client.session))
    assert times not in caplog.text
