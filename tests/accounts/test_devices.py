"""Remembered devices: thirty days, one person, one browser, and everything that ends them (DEV_01..04, figure D5)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import LoginAttempt, TrustedDevice, User
from accounts.services import devices, lockout, passwords, support_resets
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.signing_in import ask_for_code, give_password, kept_rows, newest_code

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
COOKIE = "remembered_device"


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7", producer=ProducerFactory(record_email="rita@record.example"))


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def go_through(client: Client, user: User, *, remember: bool = True) -> None:
    give_password(client, user)
    ask_for_code(client)
    ticked = {"remember": "on"} if remember else {}
    client.post("/accounts/verify/", {"code": newest_code(user), **ticked})
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")


def is_asked(client: Client, user: User, password: str = PASSWORD) -> bool:
    landed = give_password(client, user, password).url
    if landed == "/":
        client.post("/accounts/logout/")
    return landed == "/accounts/verify/"


@pytest.fixture
def browser(rita, clock) -> Client:
    client = Client(headers={"user-agent": FIREFOX})
    go_through(client, rita)
    return client


@pytest.mark.feature("DEV_01")
def test_a_remembered_device_goes_straight_home_and_that_is_recorded(rita, browser):
    response = give_password(browser, rita)
    assert response.url == "/"
    assert browser.get("/").status_code == 200
    attempt = LoginAttempt.objects.latest("id")
    assert (attempt.outcome, attempt.method) == (LoginAttempt.Outcome.SIGNED_IN, "device")
    assert AuditEvent.objects.filter(action="sign_in.completed").latest("id").details == {"method": "device"}
    assert TrustedDevice.objects.get().last_used_at == NOON


@pytest.mark.feature("DEV_01")
def test_without_the_tick_the_next_login_asks(rita, clock):
    client = Client()
    go_through(client, rita, remember=False)
    assert not TrustedDevice.objects.exists()
    assert is_asked(client, rita)


def test_the_password_is_still_needed(rita, browser):
    assert give_password(browser, rita, "wrong").status_code == 200


@pytest.mark.feature("DEV_02")
def test_it_is_remembered_for_thirty_days_to_the_second(rita, browser, clock):
    for later, asked in ((29 * DAY, False), (30 * DAY - SECOND, False), (30 * DAY, True), (30 * DAY + SECOND, True)):
        clock.move_to(NOON + later)
        assert devices.recognise(user=rita, tokens=tokens(browser), browser=FIREFOX, at=NOON + later) is not asked
    clock.move_to(NOON + 30 * DAY + SECOND)
    assert is_asked(browser, rita)


@pytest.mark.feature("DEV_02")
def test_at_day_twenty_nine_the_page_does_not_ask(rita, browser, clock):
    clock.move_to(NOON + 29 * DAY)
    assert not is_asked(browser, rita)


def tokens(client: Client) -> list[str]:
    return client.cookies[COOKIE].value.split("~")


@pytest.mark.feature("DEV_04")
def test_the_cookie_is_for_this_host_and_no_script_and_the_token_is_stored_nowhere(rita, browser):
    cookie = browser.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert cookie["max-age"] == 30 * 24 * 60 * 60
    assert kept_rows(tokens(browser)[0]) == set()


def test_in_production_the_cookie_is_bound_to_the_host_and_secure(rita, clock, settings):
    settings.REMEMBERED_DEVICE_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-remembered_device", True
    client = Client(headers={"user-agent": FIREFOX})
    give_password(client, rita)
    ask_for_code(client)
    client.post("/accounts/verify/", {"code": newest_code(rita), "remember": "on"}, secure=True)
    cookie = client.cookies["__Host-remembered_device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.feature("DEV_04")
def test_the_token_of_one_person_is_worth_nothing_for_another(rita, browser):
    other = UserFactory(username="outsider9")
    assert is_asked(browser, other)
    assert not devices.recognise(user=other, tokens=tokens(browser), browser=FIREFOX, at=NOON)


@pytest.mark.feature("DEV_04")
def test_a_stolen_token_is_worth_nothing_in_another_browser_but_survives_an_update(rita, browser):
    thief = Client(headers={"user-agent": CHROME})
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert is_asked(thief, rita)
    updated = Client(headers={"user-agent": FIREFOX.replace("140", "141")})
    updated.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert not is_asked(updated, rita)


def test_two_people_can_be_remembered_in_one_browser(rita, browser):
    other = UserFactory(username="outsider9")
    go_through(browser, other)
    assert not is_asked(browser, rita)
    assert not is_asked(browser, other)


@pytest.mark.feature("DEV_04")
def test_a_changed_password_a_lock_and_a_reset_end_it(rita, browser):
    admin = UserFactory(carrier_admin=True)

    def password() -> None:
        passwords.set_password(user=rita, new_password="Window%Heron82", by=rita, at=NOON)

    def lock() -> None:
        for _ in range(5):
            give_password(Client(), rita, "wrong")
        lockout.unlock(username=rita.username, at=NOON, reason="ticket")

    def reset() -> None:
        support_resets.reset_second_factors(user=rita, ticket="T-1", reason="lost", by=admin, at=NOON)

    for end in (reset, lock, password):
        TrustedDevice.objects.update(revoked_at=None)
        assert devices.recognise(user=rita, tokens=tokens(browser), browser=FIREFOX, at=NOON)
        end()
        assert not devices.recognise(user=rita, tokens=tokens(browser), browser=FIREFOX, at=NOON), end
    rita.refresh_from_db()
    assert is_asked(browser, rita, "Window%Heron82")


@pytest.mark.feature("DEV_04")
def test_devices_are_listed_and_forgotten_one_by_one_or_all(rita, browser):
    give_password(browser, rita)
    for url in ("/accounts/devices/", "/accounts/my-information/"):
        assert "Firefox on Windows" in browser.get(url).text
    device = TrustedDevice.objects.get()
    for _ in range(2):
        assert browser.post(f"/accounts/devices/{device.pk}/revoke/").url == "/accounts/devices/"
    assert "No device is remembered" in browser.get("/accounts/devices/").text
    browser.post("/accounts/logout/")
    assert is_asked(browser, rita)
    TrustedDevice.objects.update(revoked_at=None)
    give_password(browser, rita)
    browser.post("/accounts/devices/revoke-all/")
    browser.post("/accounts/logout/")
    assert is_asked(browser, rita)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"device.remembered", "device.revoked", "device.all_revoked"} <= actions


def test_somebody_elses_device_does_not_exist(rita, browser, sign_in):
    stranger = sign_in(UserFactory())
    device = TrustedDevice.objects.get()
    assert stranger.post(f"/accounts/devices/{device.pk}/revoke/").status_code == 404
    assert stranger.post("/accounts/devices/999999/revoke/").status_code == 404
    device.refresh_from_db()
    assert device.revoked_at is None


def test_the_owner_is_told_when_a_device_is_remembered(rita, browser):
    message = OutboundMessage.objects.get(kind="device_remembered")
    assert message.to == "rita@record.example"
    assert "Firefox on Windows" in message.body_text


@pytest.mark.parametrize("value", ["", "~~~", "x" * 5000, "a~b~c~d~e~f~g", "\x00"])
def test_a_strange_cookie_is_no_device(rita, clock, value):
    client = Client(headers={"user-agent": FIREFOX})
    client.cookies[COOKIE] = value
    assert is_asked(client, rita)


@pytest.mark.feature("DEV_03")
def test_the_checkbox_is_tied_to_its_explanation(rita, clock):
    client = Client()
    give_password(client, rita)
    page = ask_for_code(client).text
    assert "Remember this device for 30 days" in page
    assert 'aria-describedby="id_remember_tip"' in page
    assert 'role="tooltip" id="id_remember_tip"' in page


@pytest.mark.django_db(transaction=True)
def test_if_the_device_cannot_be_kept_nobody_is_signed_in_and_the_code_is_still_good(monkeypatch):
    rita = UserFactory()
    client = Client(raise_request_exception=False)
    give_password(client, rita)
    ask_for_code(client)
    code = newest_code(rita)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no mail, no trust")

    with monkeypatch.context() as patch:
        patch.setattr("accounts.services.devices.send_email", broken)
        assert client.post("/accounts/verify/", {"code": code, "remember": "on"}).status_code == 500
    assert not TrustedDevice.objects.exists()
    assert client.post("/accounts/verify/", {"code": code}).url == "/"
