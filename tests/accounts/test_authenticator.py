"""Authenticator app and recovery codes: set-up, signing in, limits (RFC 6238, ASVS 6.5; figure D4)."""

import base64
import math
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from accounts.models import AuthenticatorDevice, LoginAttempt, OneTimeCode, Producer, RecoveryCode, User
from accounts.services import authenticator, one_time_codes, sign_in, support_resets
from accounts.services.authenticator import AlreadySetUp, NotStarted, WrongCode
from accounts.services.one_time_codes import ALPHABET, Verdict
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.throttle import TooOften
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory
from tests.support.signing_in import give_password, half_signed_in, kept_rows, newest_code

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7", producer=ProducerFactory(record_email="rita@record.example"))


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def code_at(user: User, moment: datetime) -> str:
    key = base64.b32decode(AuthenticatorDevice.objects.get(user=user).secret)
    return f"{totp(key, t0=0, drift=int(moment.timestamp()) // 30 - totp_now()):06d}"


def totp_now() -> int:
    import time

    return int(time.time()) // 30


def set_up(user: User) -> list[str]:
    """Set up ten minutes before noon, so that the step of noon is unused."""
    at = NOON - timedelta(minutes=10)
    authenticator.start(user=user, at=at)
    return authenticator.confirm(user=user, typed=code_at(user, at), at=at)


def check(user: User, typed: str, at: datetime = NOON, method: str = "totp", left: int | None = 4):
    return authenticator.check(user=user, method=method, typed=typed, tries_left=left, at=at).verdict


# Set-up


def test_an_app_counts_only_after_its_first_code(rita):
    authenticator.start(user=rita, at=NOON)
    assert authenticator.methods_of(rita, at=NOON) == []
    assert check(rita, code_at(rita, NOON)) is Verdict.NOT_SENT
    codes = authenticator.confirm(user=rita, typed=code_at(rita, NOON), at=NOON)
    assert authenticator.methods_of(rita, at=NOON) == ["totp", "recovery"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[A-HJKMNP-Z2-9]{5}-[A-HJKMNP-Z2-9]{5}", code) for code in codes)
    assert AuditEvent.objects.get(action="authenticator.set_up").actor_username == "rsolberg7"
    assert OutboundMessage.objects.get().kind == "authenticator_changed"


def test_a_wrong_first_code_sets_nothing_up(rita):
    authenticator.start(user=rita, at=NOON)
    with pytest.raises(WrongCode):
        authenticator.confirm(user=rita, typed="000000", at=NOON + 40 * STEP)
    assert authenticator.device_of(rita) is None
    assert not RecoveryCode.objects.exists()


def test_a_second_app_is_not_set_up_beside_the_first(rita):
    set_up(rita)
    with pytest.raises(AlreadySetUp):
        authenticator.start(user=rita, at=NOON)
    with pytest.raises(NotStarted):
        authenticator.confirm(user=rita, typed="123456", at=NOON)


def test_first_codes_are_limited(rita, settings):
    settings.AUTHENTICATOR_TRIES_PER_HOUR = 2
    authenticator.start(user=rita, at=NOON)
    for refusal in (WrongCode, WrongCode, TooOften):
        with pytest.raises(refusal):
            authenticator.confirm(user=rita, typed="x", at=NOON)


def test_neither_secret_nor_recovery_codes_can_be_read_in_the_database(rita):
    codes = set_up(rita)
    assert kept_rows(AuthenticatorDevice.objects.get().secret) == set()
    for code in codes[:2]:
        assert kept_rows(code) == kept_rows(code.replace("-", "")) == set()


@pytest.mark.django_db(transaction=True)
def test_if_the_set_up_cannot_be_written_down_nothing_is_set_up(monkeypatch):
    rita = UserFactory()
    authenticator.start(user=rita, at=NOON)
    code = code_at(rita, NOON)

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    with monkeypatch.context() as patch:
        patch.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            authenticator.confirm(user=rita, typed=code, at=NOON)
    assert authenticator.device_of(rita) is None
    assert not RecoveryCode.objects.exists()


# Codes of the app


@pytest.mark.parametrize(("steps", "verdict"), [(-2, "WRONG"), (-1, "RIGHT"), (0, "RIGHT"), (1, "WRONG"), (2, "WRONG")])
def test_a_code_is_good_in_its_own_step_and_in_the_next(rita, steps, verdict):
    set_up(rita)
    assert check(rita, code_at(rita, NOON + steps * STEP)) is Verdict[verdict]


@pytest.mark.parametrize(("steps", "learnt"), [(-10, -10), (-2, -2), (-1, 0), (0, 0), (1, 1), (10, 10)])
def test_the_first_code_says_how_far_off_the_clock_of_the_phone_is(rita, steps, learnt):
    authenticator.start(user=rita, at=NOON)
    authenticator.confirm(user=rita, typed=code_at(rita, NOON + steps * STEP), at=NOON)
    assert AuthenticatorDevice.objects.get().drift == learnt
    later = NOON + 20 * STEP
    assert check(rita, code_at(rita, later + learnt * STEP), later) is Verdict.RIGHT


@pytest.mark.parametrize("steps", [-11, 11])
def test_a_clock_more_than_five_minutes_off_has_to_be_set_first(rita, steps):
    authenticator.start(user=rita, at=NOON)
    with pytest.raises(WrongCode):
        authenticator.confirm(user=rita, typed=code_at(rita, NOON + steps * STEP), at=NOON)


@pytest.mark.parametrize("off", [-10, -4, 1, 10])
def test_a_clock_that_went_astray_is_believed_after_two_codes_in_a_row(rita, off):
    set_up(rita)
    assert check(rita, code_at(rita, NOON + off * STEP)) is Verdict.WRONG
    after = NOON + STEP
    assert check(rita, code_at(rita, after + off * STEP), after) is Verdict.RIGHT
    assert AuthenticatorDevice.objects.get().drift == off
    later = NOON + 40 * STEP
    assert check(rita, code_at(rita, later + off * STEP), later) is Verdict.RIGHT
    # Set right again, it is believed the same way.
    right_again = NOON + 80 * STEP
    assert check(rita, code_at(rita, right_again), right_again) is (Verdict.RIGHT if off == 1 else Verdict.WRONG)
    assert check(rita, code_at(rita, right_again + STEP), right_again + STEP) is Verdict.RIGHT


def test_two_codes_that_do_not_belong_together_are_two_wrong_ones(rita):
    set_up(rita)
    early, late, after = code_at(rita, NOON + 5 * STEP), code_at(rita, NOON - 4 * STEP), NOON + STEP
    assert check(rita, early) is Verdict.WRONG
    assert check(rita, early) is Verdict.WRONG  # the same one again
    assert check(rita, late, after) is Verdict.WRONG  # off by something else
    assert check(rita, code_at(rita, NOON + 5 * STEP), after) is Verdict.WRONG
    assert check(rita, "000000", after) is Verdict.WRONG  # a wrong one between the two
    assert check(rita, code_at(rita, NOON + 6 * STEP), after) is Verdict.WRONG
    far = NOON + 6 * STEP  # four steps later the next one is none of a row
    assert check(rita, code_at(rita, far + 4 * STEP), far) is Verdict.WRONG


def test_a_time_step_is_accepted_once_and_no_older_one_after_it(rita):
    set_up(rita)
    code, older = code_at(rita, NOON), code_at(rita, NOON - STEP)
    assert check(rita, code) is Verdict.RIGHT
    assert check(rita, code) is Verdict.WRONG
    assert check(rita, older) is Verdict.WRONG
    assert check(rita, code_at(rita, NOON + STEP), NOON + STEP) is Verdict.RIGHT


# Odds of a guess (figure D4)


@pytest.mark.feature("LOG_14")
@pytest.mark.no_db
def test_the_odds_of_guessing_a_code_are_what_the_documents_say(settings):
    per_login = settings.ONE_TIME_CODE_TRIES
    codes_in_fifteen_minutes = settings.ONE_TIME_CODE_SENDS_PER_HOUR
    assert per_login * codes_in_fifteen_minutes / len(ALPHABET) ** one_time_codes.LENGTH < 1e-10
    assert per_login * 10 / len(ALPHABET) ** authenticator.RECOVERY_CODE_LENGTH < 1e-12
    # Six digits: figure D4 cannot hold, so the number of guesses is what is limited (adr/0009).
    a_guess = authenticator.WINDOW / 10**authenticator.DIGITS
    assert a_guess * per_login == pytest.approx(1e-5)
    assert a_guess * settings.AUTHENTICATOR_WRONG_PER_DAY == pytest.approx(2e-5)
    guesses_in_a_year = settings.AUTHENTICATOR_WRONG_PER_MONTH * math.ceil(366 / authenticator.MONTH.days)
    assert a_guess * guesses_in_a_year < 1 / 1900


def type_code(user: User, typed: str, at: datetime, left: int | None = 4) -> Verdict:
    """As the page does: what is wrong is written down with the answer."""
    visitor = sign_in.Visitor("203.0.113.9", "Browser")
    return sign_in.finish_with_authenticator(
        user=user, method="totp", typed=typed, tries_left=left, visitor=visitor, at=at
    ).verdict


def wrong_codes(user: User, times: int, at: datetime = NOON) -> datetime:
    """Type this many wrong codes, each as soon as it is looked at; return the moment of the last one."""
    for _ in range(times):
        at = authenticator.standing(user, at=at).wait_until or at
        assert type_code(user, "x", at) in (Verdict.WRONG, Verdict.USED_UP)
    return at


def test_each_wrong_code_after_the_second_makes_the_next_wait_twice_as_long(rita):
    set_up(rita)
    at, waits = NOON, []
    for _ in range(9):
        type_code(rita, "x", at)
        until = authenticator.standing(rita, at=at).wait_until
        waits.append(int((until - at).total_seconds()) if until else 0)
        at = until or at
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920]


def test_while_it_waits_even_a_right_code_is_not_looked_at_and_nothing_is_counted(rita):
    set_up(rita)
    wrong_codes(rita, 3)
    early, due = NOON + timedelta(seconds=29), NOON + timedelta(seconds=30)
    assert type_code(rita, code_at(rita, early), early) is Verdict.WAIT
    assert LoginAttempt.objects.latest("id").outcome == LoginAttempt.Outcome.REFUSED
    assert authenticator.standing(rita, at=early).wrong_today == 3
    assert type_code(rita, code_at(rita, due), due) is Verdict.RIGHT


def test_a_right_code_does_not_set_the_count_back(rita):
    set_up(rita)
    wrong_codes(rita, 2)
    assert type_code(rita, code_at(rita, NOON), NOON) is Verdict.RIGHT
    assert authenticator.standing(rita, at=NOON).wrong_today == 2


def test_wrong_codes_of_every_sign_in_count_together_and_the_tenth_in_a_day_closes_the_app(rita):
    set_up(rita)
    last = wrong_codes(rita, 9)
    assert last < NOON + timedelta(hours=1)
    assert authenticator.methods_of(rita, at=last) == ["totp", "recovery"]
    last = wrong_codes(rita, 1, last)
    assert authenticator.methods_of(rita, at=last) == ["recovery"]
    later = last + timedelta(days=3)
    assert type_code(rita, code_at(rita, later), later) is Verdict.CLOSED
    assert AuditEvent.objects.filter(action="authenticator.closed").count() == 1
    told = OutboundMessage.objects.get(kind="authenticator_closed")
    assert told.to == "rita@record.example"
    assert "somebody knows your password" in told.body_text


def test_a_day_later_the_wrong_codes_of_the_day_before_make_nobody_wait(rita):
    set_up(rita)
    last = wrong_codes(rita, 9)
    before, after = last + timedelta(hours=23), last + timedelta(hours=24)
    assert authenticator.standing(rita, at=before).wrong_today > 0
    assert authenticator.standing(rita, at=after).wrong_today == 0
    assert type_code(rita, code_at(rita, after), after) is Verdict.RIGHT


@pytest.mark.parametrize(("method", "opens"), [("email", True), ("sms", True), ("recovery", False)])
def test_a_code_by_message_opens_a_closed_app_and_a_recovery_code_does_not(rita, method, opens):
    Producer.objects.update(record_mobile="3125550001")
    codes = set_up(rita)
    last = wrong_codes(User.objects.get(), 10)
    visitor = sign_in.Visitor("203.0.113.9", "Browser")
    user = User.objects.select_related("producer").get()
    if method == "recovery":
        check(user, codes[0], last, method)
    else:
        pending = sign_in.start(user=user, next_url="", at=last)
        login = OneTimeCode.Purpose.LOGIN
        one_time_codes.send(user=user, purpose=login, method=method, attempt_secret=pending.secret, at=last)
        wrong = sign_in.finish(pending=pending, user=user, typed="x", visitor=visitor, at=last)
        assert wrong.verdict is Verdict.WRONG
        assert authenticator.standing(user, at=last).closed
        sign_in.finish(pending=pending, user=user, typed=newest_code(user), visitor=visitor, at=last)
    assert authenticator.standing(user, at=last).closed is not opens
    assert AuditEvent.objects.filter(action="authenticator.reopened").count() == opens
    if opens:
        assert authenticator.standing(user, at=last).wrong_today == 0
        assert type_code(user, code_at(user, last), last) is Verdict.RIGHT


def test_twenty_wrong_codes_in_thirty_days_close_the_app_until_they_are_old(rita):
    set_up(rita)
    first = NOON
    last = wrong_codes(rita, 10, first)
    assert authenticator.reopen(user=rita, at=last + timedelta(seconds=1))
    last = wrong_codes(rita, 10, last + timedelta(days=1))
    assert authenticator.reopen(user=rita, at=last + timedelta(seconds=1))
    still = last + timedelta(hours=1)
    assert type_code(rita, code_at(rita, still), still) is Verdict.CLOSED
    until = first + timedelta(days=30)
    assert authenticator.standing(rita, at=still).closed_until == until
    assert "closed until 04/01/2026 1:00 PM" in authenticator.standing(rita, at=still).why_closed
    almost = until - timedelta(seconds=1)
    assert type_code(rita, code_at(rita, almost), almost) is Verdict.CLOSED
    assert type_code(rita, code_at(rita, until), until) is Verdict.RIGHT


def test_producer_support_and_a_new_set_up_begin_anew(rita):
    set_up(rita)
    last = wrong_codes(rita, 10)
    support_resets.reset_second_factors(
        user=rita, ticket="T-1", reason="Phone lost", by=UserFactory(carrier_admin=True), at=last
    )
    authenticator.start(user=rita, at=last)
    authenticator.confirm(user=rita, typed=code_at(rita, last), at=last)
    assert authenticator.standing(rita, at=last) == authenticator.Standing()


def test_a_code_that_came_a_moment_earlier_and_waited_for_the_row_counts_the_ones_before_it(rita):
    """The moment is read before the row is locked: who gets the lock first need not have come first."""
    set_up(rita)
    for later in (3, 2, 1):
        type_code(rita, "x", NOON + timedelta(milliseconds=later))
    assert authenticator.standing(rita, at=NOON).wrong_today == 3
    assert type_code(rita, code_at(rita, NOON), NOON) is Verdict.WAIT


@pytest.mark.django_db(transaction=True)
def test_of_twenty_wrong_codes_at_once_the_limit_is_looked_at_and_not_one_more(settings, monkeypatch):
    monkeypatch.setattr(authenticator, "FREE_WRONG_CODES", 99)  # the waits apart
    rita = UserFactory()
    set_up(rita)
    verdicts = at_once(*[lambda: type_code(rita, "x", NOON)] * 20)
    assert verdicts.count(Verdict.CLOSED) == 10
    assert authenticator.standing(rita, at=NOON).wrong_today == 10
    assert OutboundMessage.objects.filter(kind="authenticator_closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_if_the_closing_cannot_be_written_down_the_wrong_code_is_not_either(monkeypatch):
    rita = UserFactory()
    set_up(rita)
    last = wrong_codes(rita, 9)
    at = authenticator.standing(rita, at=last).wait_until

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    with monkeypatch.context() as patch:
        patch.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            type_code(rita, "x", at)
    stands = authenticator.standing(rita, at=at)
    assert (stands.wrong_today, stands.closed) == (9, False)


@pytest.mark.django_db(transaction=True)
def test_the_same_code_five_times_at_once_is_accepted_once():
    rita = UserFactory()
    set_up(rita)
    code = code_at(rita, NOON)
    assert at_once(*[lambda: check(rita, code)] * 5).count(Verdict.RIGHT) == 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12 34"])
def test_what_is_no_code_is_wrong(rita, typed):
    set_up(rita)
    assert check(rita, typed) is Verdict.WRONG


def test_blanks_in_a_code_are_forgiven(rita):
    set_up(rita)
    code = code_at(rita, NOON)
    assert check(rita, f" {code[:3]} {code[3:]} ") is Verdict.RIGHT


# Recovery codes


def test_a_recovery_code_works_once_in_any_spelling(rita):
    first, second, *_ = set_up(rita)
    assert check(rita, first.lower().replace("-", " "), method="recovery") is Verdict.RIGHT
    assert check(rita, first, method="recovery") is Verdict.WRONG
    assert check(rita, second, method="recovery") is Verdict.RIGHT
    assert authenticator.codes_left(rita) == 8


def test_new_recovery_codes_replace_the_old_ones(rita):
    old = set_up(rita)
    new = authenticator.renew_codes(user=rita, at=NOON)
    assert check(rita, old[0], method="recovery") is Verdict.WRONG
    assert check(rita, new[0], method="recovery") is Verdict.RIGHT


def test_a_recovery_code_of_somebody_else_is_wrong(rita):
    other = UserFactory()
    codes = set_up(other)
    set_up(rita)
    assert check(rita, codes[0], method="recovery") is Verdict.WRONG


# Signing in by the pages


@pytest.mark.feature("LOG_05")
@pytest.mark.feature("LOG_08")
def test_the_app_is_offered_with_next_and_signs_in(rita, clock):
    set_up(rita)
    half = half_signed_in(rita)
    page = half.get("/accounts/verify/").text
    assert 'value="totp"' in page
    assert "Authenticator app" in page
    assert re.search(r"way-send[^>]*>\s*Send Code|Send Code", page)
    assert re.search(r"way-next[^>]*>\s*Next|Next</button>", page)
    shown = half.post("/accounts/verify/", {"method": "totp"}, follow=True).text
    assert "Code of your authenticator app" in shown
    assert not OutboundMessage.objects.filter(kind="login_code").exists()
    assert half.post("/accounts/verify/", {"code": code_at(rita, NOON)}).url == "/"
    assert half.get("/").status_code == 200
    assert LoginAttempt.objects.latest("id").method == "totp"


def test_without_an_app_it_is_not_offered_and_refused(rita, clock):
    half = half_signed_in(rita)
    assert 'value="totp"' not in half.get("/accounts/verify/").text
    assert "not available for your account" in half.post("/accounts/verify/", {"method": "totp"}).text
    assert half.post("/accounts/verify/", {"method": "totp", "code": "123456"}).status_code == 200


def test_method_and_code_in_one_post_sign_in(rita, clock):
    codes = set_up(rita)
    assert half_signed_in(rita).post("/accounts/verify/", {"method": "totp", "code": code_at(rita, NOON)}).url == "/"
    assert half_signed_in(rita).post("/accounts/verify/", {"method": "recovery", "code": codes[0]}).url == "/"
    assert LoginAttempt.objects.latest("id").method == "recovery"


def test_five_wrong_tries_end_the_app_for_this_attempt(rita, clock):
    set_up(rita)
    half = half_signed_in(rita)
    pages = []
    for wait in (0, 0, 0, 30, 60):
        clock.shift(wait)
        pages.append(half.post("/accounts/verify/", {"method": "totp", "code": "000000"}).text)
    clock.shift(120)
    for page, left in zip(pages[:4], ("4 tries", "3 tries", "2 tries", "1 try"), strict=True):
        assert f"You have {left} left." in page
    assert "too many wrong tries" in pages[4]
    right = {"method": "totp", "code": code_at(rita, timezone.now())}
    assert "too many wrong tries" in half.post("/accounts/verify/", right).text
    assert half_signed_in(rita).post("/accounts/verify/", right).url == "/"


def test_the_page_says_how_long_to_wait_and_why_the_app_is_closed(rita, clock):
    set_up(rita)
    half = half_signed_in(rita)
    for _ in range(3):
        half.post("/accounts/verify/", {"method": "totp", "code": "000000"})
    typed = {"method": "totp", "code": code_at(rita, NOON)}
    assert "the next one is looked at in 30 seconds" in half.post("/accounts/verify/", typed).text
    clock.move_to(wrong_codes(rita, 7))
    half = half_signed_in(rita)
    choice = half.get("/accounts/verify/").text
    assert 'value="totp"' not in choice
    why = "opens again when you log in with a code by email or text message"
    assert why in choice
    assert why in half.post("/accounts/verify/", typed | {"code": code_at(rita, timezone.now())}).text
    half.post("/accounts/verify/", {"method": "email"})
    assert half.post("/accounts/verify/", {"code": newest_code(rita)}).url == "/"
    assert why not in half.get("/accounts/my-information/").text
    assert 'value="totp"' in half_signed_in(rita).get("/accounts/verify/").text


def test_my_information_says_that_the_app_is_closed(rita, clock, sign_in):
    set_up(rita)
    clock.move_to(wrong_codes(rita, 10))
    browser = sign_in(rita)
    confirm_identity(browser)
    for url in ("/accounts/my-information/", "/accounts/my-information/authenticator/"):
        assert "too many wrong codes of your authenticator app" in browser.get(url).text


def test_new_attempts_do_not_give_tries_without_end(rita, clock, settings):
    settings.AUTHENTICATOR_TRIES_PER_HOUR = 6
    set_up(rita)
    for _ in range(3):
        half = half_signed_in(rita)
        for _ in range(2):
            half.post("/accounts/verify/", {"method": "totp", "code": "000000"})
    refused = half_signed_in(rita).post("/accounts/verify/", {"method": "totp", "code": code_at(rita, NOON)})
    assert "too many wrong tries" in refused.text


def test_codes_typed_from_one_address_are_limited(rita, clock, settings):
    settings.VERIFY_TRIES_PER_ADDRESS_PER_HOUR = 2
    half = half_signed_in(rita)
    statuses = [half.post("/accounts/verify/", {"code": "ABCDEFGH"}).status_code for _ in range(3)]
    assert statuses[:2] == [200, 200]
    refused = half.post("/accounts/verify/", {"code": "ABCDEFGH"})
    assert "tried too often" in refused.text


# The pages of My Information


@pytest.fixture
def browser(rita, clock, sign_in) -> Client:
    return sign_in(rita)


def confirm_identity(client: Client) -> None:
    client.post("/accounts/my-information/confirm/", {"password": PASSWORD})


def test_the_password_is_asked_again_before_anything_of_the_app(browser, clock):
    for ask, url in (
        (browser.get, "authenticator/"),
        (browser.post, "authenticator/start/"),
        (browser.post, "authenticator/remove/"),
        (browser.post, "authenticator/recovery-codes/"),
    ):
        response = ask(f"/accounts/my-information/{url}")
        assert response.url.startswith("/accounts/my-information/confirm/?next="), url
    assert not AuthenticatorDevice.objects.exists()
    wrong = browser.post("/accounts/my-information/confirm/", {"password": "wrong"})
    assert "The password is not right." in wrong.text
    back = browser.post(
        "/accounts/my-information/confirm/", {"password": PASSWORD, "next": "/accounts/my-information/authenticator/"}
    )
    assert back.url == "/accounts/my-information/authenticator/"
    clock.move_to(NOON + timedelta(minutes=9, seconds=59))
    assert browser.get(back.url).status_code == 200
    clock.move_to(NOON + timedelta(minutes=10))
    assert browser.get(back.url).status_code == 302


def test_after_confirming_nobody_is_led_out_of_the_portal(browser):
    response = browser.post(
        "/accounts/my-information/confirm/", {"password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == "/accounts/my-information/"


def test_passwords_cannot_be_tried_without_end_in_an_open_browser(browser):
    for _ in range(10):
        browser.post("/accounts/my-information/confirm/", {"password": "wrong"})
    assert browser.post("/accounts/my-information/confirm/", {"password": PASSWORD}).status_code == 429


def test_set_up_codes_renewal_and_removal_by_the_pages(browser, rita):
    confirm_identity(browser)
    browser.post("/accounts/my-information/authenticator/start/")
    page = browser.get("/accounts/my-information/authenticator/").text
    assert "<svg" in page
    assert 'class="qr-code"' in page
    assert "style=" not in page[page.index("qr-frame") :]
    secret = AuthenticatorDevice.objects.get().secret
    assert secret in page.replace(" ", "")
    shown = browser.post("/accounts/my-information/authenticator/", {"code": code_at(rita, NOON)}).text
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", shown)
    assert len(codes) == 10
    again = browser.get("/accounts/my-information/authenticator/").text
    assert codes[0] not in again
    assert secret not in again.replace(" ", "")
    assert "10 of your recovery codes are unused" in again
    renewed = browser.post("/accounts/my-information/authenticator/recovery-codes/").text
    assert codes[0] not in renewed
    for _ in range(2):
        assert browser.post("/accounts/my-information/authenticator/remove/").url == "/accounts/my-information/"
    assert not AuthenticatorDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert AuditEvent.objects.filter(action="authenticator.removed").count() == 1


def test_looking_at_the_page_makes_no_secret(browser):
    confirm_identity(browser)
    browser.get("/accounts/my-information/authenticator/")
    assert not AuthenticatorDevice.objects.exists()


def test_the_address_in_the_qr_code_names_issuer_person_and_key(rita):
    device = authenticator.start(user=rita, at=NOON)
    assert authenticator.address_of(device, rita) == (
        f"otpauth://totp/Producer%20Portal%3Arsolberg7?secret={device.secret}&issuer=Producer%20Portal"
    )


def test_my_information_shows_what_is_ones_own(browser, rita):
    give_password(Client(), rita, "wrong")
    page = browser.get("/accounts/my-information/").text
    assert "xx" in page
    assert rita.producer.npn in page
    assert "rita@record.example" not in page
    assert "This one" in page
    assert "Wrong username or password" in page
    assert '<a class="menu-item" href="/accounts/my-information/">My Information</a>' in page


def test_support_sees_whether_codes_are_taken_and_never_the_secret(rita, clock, sign_in):
    set_up(rita)
    device = AuthenticatorDevice.objects.get()
    staff = sign_in(UserFactory(carrier_admin=True))

    def said() -> str:
        page = staff.get(f"/admin/accounts/authenticatordevice/{device.pk}/change/").content.decode()
        assert device.secret not in page
        return re.sub(r"<[^>]+>|\s+", " ", page)

    assert "Taken (0 wrong in 24 hours, 0 in 30 days)" in said()
    wrong_codes(rita, 3)
    assert "Taken again from 03/02/2026 12:00 PM (3 wrong in 24 hours, 3 in 30 days)" in said()
    last = wrong_codes(rita, 7, NOON + timedelta(seconds=30))
    clock.move_to(last + timedelta(minutes=1))
    staff = sign_in(UserFactory(carrier_admin=True))
    assert "Not taken until a code by email or text message was used (10 wrong in 24 hours, 10 in 30 days)" in said()
    authenticator.reopen(user=rita, at=last + timedelta(minutes=1))
    last = wrong_codes(rita, 10, last + timedelta(days=1))
    authenticator.reopen(user=rita, at=last + timedelta(seconds=1))
    clock.move_to(last + timedelta(minutes=1))
    staff = sign_in(UserFactory(carrier_admin=True))
    assert "Not taken until 04/01/2026 1:00 PM (" in said()
    assert "Closed at" in staff.get("/admin/accounts/authenticatordevice/").content.decode()
