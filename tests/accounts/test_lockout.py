"""Wrong passwords in a row lock a login for a while; unknown names are treated alike (LCK_01..05, figures D1..D3)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client

from accounts.models import LoginAttempt, LoginGuard, TrustedDevice, User
from accounts.services import lockout, sign_in
from accounts.services.sign_in import Visitor
from accounts.tasks import forget_what_ended
from portal.common import outbox, throttle
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage
from tests.support.concurrency import at_once
from tests.support.factories import PASSWORD, ProducerFactory, UserFactory

NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
DESK = Visitor(ip_address="203.0.113.7", browser="Firefox 140")
WRONG = "not this one"
HALF_AN_HOUR = timedelta(minutes=30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def rita() -> User:
    return UserFactory(username="RSolberg7", producer=ProducerFactory(record_email="rita@record.example"))


def give(username: str, password: str = WRONG, at: datetime = NOON) -> User | None:
    return sign_in.check_password(username=username, password=password, visitor=DESK, at=at)


def lock(username: str, at: datetime = NOON) -> None:
    for _ in range(5):
        give(username, at=at)


def guard() -> LoginGuard:
    return LoginGuard.objects.get()


@pytest.mark.feature("LCK_01")
def test_the_fifth_wrong_password_locks(rita):
    for wrong in range(1, 5):
        give("rsolberg7")
        assert (guard().failures, guard().locked_until) == (wrong, None)
    give("rsolberg7")
    assert (guard().failures, guard().locked_until) == (5, NOON + HALF_AN_HOUR)
    assert give("rsolberg7", PASSWORD) is None


@pytest.mark.feature("LCK_01")
def test_four_wrong_passwords_do_not_lock(rita):
    for _ in range(4):
        give("rsolberg7")
    assert give("rsolberg7", PASSWORD) == rita


@pytest.mark.feature("LCK_02")
def test_it_opens_by_itself_after_half_an_hour_to_the_second(rita):
    lock("rsolberg7")
    assert give("rsolberg7", PASSWORD, NOON + HALF_AN_HOUR - SECOND) is None
    assert give("rsolberg7", PASSWORD, NOON + HALF_AN_HOUR) == rita


@pytest.mark.feature("LCK_02")
def test_a_try_while_locked_neither_counts_nor_starts_the_time_anew(rita):
    lock("rsolberg7")
    for minutes in (1, 15, 29):
        give("rsolberg7", at=NOON + timedelta(minutes=minutes))
        give("rsolberg7", PASSWORD, at=NOON + timedelta(minutes=minutes))
    assert (guard().failures, guard().locked_until) == (5, NOON + HALF_AN_HOUR)


def test_after_the_lock_there_are_five_new_tries(rita):
    lock("rsolberg7")
    later = NOON + HALF_AN_HOUR
    for _ in range(4):
        give("rsolberg7", at=later)
    assert (guard().failures, guard().locked_until) == (4, None)
    assert give("rsolberg7", PASSWORD, later) == rita


@pytest.mark.feature("LCK_04")
def test_a_success_sets_the_count_back(rita, settings):
    settings.LOCKOUT_LIMIT = 3
    for password in ("wrong", "wrong", PASSWORD, "wrong", "wrong"):
        give("rsolberg7", password)
    assert guard().locked_until is None
    assert give("rsolberg7", PASSWORD) == rita


@pytest.mark.feature("LCK_04")
def test_limit_and_minutes_are_settings(rita, settings):
    settings.LOCKOUT_LIMIT, settings.LOCKOUT_MINUTES = 3, 10
    for _ in range(3):
        give("rsolberg7")
    assert guard().locked_until == NOON + timedelta(minutes=10)


def test_the_ways_to_write_a_name_share_its_tries(rita):
    for name in ("rsolberg7", "RSOLBERG7", "rſolberg7", "RſOLBERG7", "rSolberg7"):
        assert User.objects.filter(username__iexact=name).exists(), name
        give(name)
    assert guard().locked_until is not None


@pytest.mark.parametrize("traits", [{"is_active": False}, {"email_confirmed_at": None}])
def test_the_right_password_of_a_closed_login_counts_like_a_wrong_one(traits):
    closed = UserFactory(**traits)
    for _ in range(5):
        give(closed.username, PASSWORD)
    assert guard().locked_until is not None


@pytest.mark.feature("LCK_01")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["rsolberg7", "nobody42"])
def test_twenty_wrong_passwords_at_once_count_exactly(name, settings):
    UserFactory(username="rsolberg7")
    settings.LOCKOUT_LIMIT = 100
    at_once(*[lambda: give(name)] * 20)
    assert (guard().failures, LoginAttempt.objects.count()) == (20, 20)


@pytest.mark.feature("LCK_01")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_five_count_and_the_login_is_locked_once():
    UserFactory(username="rsolberg7")
    at_once(*[lambda: give("rsolberg7")] * 20)
    assert (guard().failures, guard().locked_until) == (5, NOON + HALF_AN_HOUR)
    assert AuditEvent.objects.filter(action="sign_in.locked").count() == 1
    assert LoginAttempt.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_right_password_among_twenty_wrong_ones_never_gets_past_a_lock():
    rita = UserFactory(username="rsolberg7")
    results = at_once(*[lambda: give("rsolberg7")] * 20, lambda: give("rsolberg7", PASSWORD))
    assert results.count(rita) <= 1
    assert guard().failures == 5


@pytest.mark.django_db(transaction=True)
def test_if_the_lock_cannot_be_written_down_nothing_is(monkeypatch):
    UserFactory(username="rsolberg7")
    for _ in range(4):
        give("rsolberg7")

    def broken(*_args, **_kwargs):
        raise RuntimeError("no audit")

    with monkeypatch.context() as broken_audit:
        broken_audit.setattr("portal.common.audit.AuditEvent.objects.create", broken)
        with pytest.raises(RuntimeError):
            give("rsolberg7")
    assert (guard().failures, guard().locked_until) == (4, None)


# What follows a lock


def test_the_owner_is_told_at_the_address_on_record(rita):
    lock("rsolberg7")
    outbox.sweep()
    entry = MailboxEntry.objects.get()
    assert (entry.to, entry.subject) == ("rita@record.example", "Your Producer Portal account was locked")
    assert "5 wrong passwords" in entry.body
    assert "12:00 PM CST on 03/02/2026" in entry.body
    assert "30 minutes later" in entry.body


@pytest.mark.parametrize("case", ["unknown", "inactive", "without address"])
def test_where_nobody_is_to_be_told_nothing_is_sent(case):
    person = UserFactory(
        delegate=True, is_active=case != "inactive", email="" if case == "without address" else "a@b.c"
    )
    lock("nobody42" if case == "unknown" else person.username)
    outbox.sweep()
    assert not OutboundMessage.objects.exists()


def device_of(user: User) -> TrustedDevice:
    return TrustedDevice.objects.create(
        user=user, token_hash=f"{user.pk}", created_at=NOON, expires_at=NOON + timedelta(days=30)
    )


@pytest.mark.feature("DEV_04")
def test_a_lock_takes_the_trust_from_remembered_devices_of_this_person_only(rita):
    hers, other = device_of(rita), device_of(UserFactory())
    lock("rsolberg7")
    hers.refresh_from_db()
    other.refresh_from_db()
    assert (hers.revoked_at, other.revoked_at) == (NOON, None)


# Opening it earlier


@pytest.mark.feature("LCK_03")
def test_unlocking_opens_at_once_and_is_written_down(rita):
    lock("rsolberg7")
    assert lockout.unlock(username="RSolberg7", at=NOON, reason="forgot password", by=rita)
    assert give("rsolberg7", PASSWORD) == rita
    event = AuditEvent.objects.get(action="sign_in.unlocked")
    assert (event.actor_username, event.details) == ("RSolberg7", {"reason": "forgot password"})


@pytest.mark.parametrize("name", ["rsolberg7", "nobody99"])
def test_old_counts_are_forgotten_whether_or_not_the_name_exists(rita, name):
    give(name)
    month = timedelta(days=30)
    assert lockout.purge(before=NOON) == 0
    with time_machine.travel(NOON + month, tick=False):
        forget_what_ended()
        assert LoginGuard.objects.count() == 1
    with time_machine.travel(NOON + month + SECOND, tick=False):
        forget_what_ended()
        assert LoginGuard.objects.count() == 0


def test_a_lock_that_is_still_on_and_a_count_that_goes_on_are_kept(rita, settings):
    settings.LOCKOUT_MINUTES = 60 * 24 * 40
    lock("rsolberg7")
    give("nobody99", at=NOON + timedelta(days=20))
    assert lockout.purge(before=NOON + timedelta(days=1)) == 0
    assert lockout.purge(before=NOON + timedelta(days=40)) == 1
    assert LoginGuard.objects.get().username_key == "rsolberg7"
    assert lockout.purge(before=NOON + timedelta(days=41)) == 1


@pytest.mark.django_db(transaction=True)
def test_counting_while_old_counts_are_forgotten_breaks_nothing():
    at = NOON + timedelta(days=31)
    for _ in range(5):
        give("rsolberg7")
        steps = [lambda: give("rsolberg7", at=at), lambda: lockout.purge(before=NOON + timedelta(days=1))]
        at_once(*steps * 4)
        assert LoginGuard.objects.get().failures in (4, 5)
        LoginGuard.objects.all().delete()


def test_unlocking_what_is_not_locked_forgets_the_wrong_passwords_without_a_word(rita):
    give("rsolberg7")
    assert not lockout.unlock(username="rsolberg7", at=NOON, reason="ticket")
    assert not lockout.unlock(username="nobody42", at=NOON, reason="ticket")
    assert guard().failures == 0
    assert not AuditEvent.objects.filter(action="sign_in.unlocked").exists()


# What the page says


def said(username: str, password: str = WRONG, **extra: str) -> str:
    response = Client().post("/accounts/login/", {"username": username, "password": password}, **extra)
    return unescape(re.sub(r"[A-Za-z0-9]{64}|" + username, "", response.content.decode()))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


@pytest.mark.feature("LCK_05")
def test_what_is_said_at_the_first_the_last_but_one_and_the_last_try(rita):
    with time_machine.travel(NOON, tick=False):
        pages = [said("rsolberg7") for _ in range(5)]
    mismatch = "We're sorry, this Username/Password combination does not match your account information."
    after = "After 5 unsuccessful attempts, your account will be temporarily locked for your protection."
    for page in pages[:4]:
        assert f"{mismatch} Please try again. {after}" in plain(page)
    for page, warned in zip(pages, (False, False, False, True, False), strict=True):
        assert ("One more unsuccessful attempt will lock it." in plain(page)) is warned
    assert (
        "your account is now temporarily locked as a security precaution due to 5 unsuccessful login attempts. "
        "Please click Forgot Username and/or Forgot Password for help, or try again in 30 minutes."
    ) in plain(pages[4])
    for page in pages:
        summary = page[page.index("error-summary") :]
        assert '<a href="/accounts/forgot-username/">Forgot Username</a>' in summary
        assert '<a href="/accounts/forgot-password/">Forgot Password</a>' in summary


@pytest.mark.feature("LCK_05")
def test_the_number_of_tries_said_is_the_setting(rita, settings):
    settings.LOCKOUT_LIMIT = 3
    assert "After 3 unsuccessful attempts" in plain(said("rsolberg7"))


@pytest.mark.feature("LCK_05")
def test_unknown_names_are_answered_in_the_same_bytes_through_the_whole_lock(rita):
    with time_machine.travel(NOON, tick=False):
        for tried in range(12):
            assert said("rsolberg7") == said("nobody42"), tried
        assert said("rsolberg7", PASSWORD) == said("nobody42", PASSWORD)
    with time_machine.travel(NOON + HALF_AN_HOUR, tick=False):
        assert said("rsolberg7") == said("nobody42")


def test_known_and_unknown_names_cost_the_same_queries(rita, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _ in range(6):
        counts = []
        for name in ("rsolberg7", "nobody42"):
            with CaptureQueriesContext(connection) as captured:
                said(name)
            counts.append(len(captured))
        assert counts[0] == counts[1]


def test_what_is_typed_as_a_name_cannot_become_markup():
    assert "<script>alert" not in Client().post("/accounts/login/", {"username": "<script>alert", "password": "x"}).text


# Limits by address, and for the whole portal


def test_an_address_has_a_generous_number_of_tries(rita, settings):
    settings.LOGIN_TRIES_PER_ADDRESS_PER_HOUR = 3
    with time_machine.travel(NOON, tick=False):
        for name in ("a1", "a2", "a3"):
            said(name, REMOTE_ADDR="203.0.113.1")
        post = {"username": "RSolberg7", "password": PASSWORD}
        refused = Client().post("/accounts/login/", post, REMOTE_ADDR="203.0.113.1")
        assert refused.status_code == 429
        assert "This was tried too often. Please wait 60 minutes and try again." in refused.text
        assert Client().post("/accounts/login/", post, REMOTE_ADDR="203.0.113.2").status_code == 302


def guess_by_the_page(names: int, addresses: int, guesses: int) -> list[int]:
    """Guesses from many addresses over many names; the statuses of the answers."""
    return [
        Client()
        .post(
            "/accounts/login/",
            {"username": f"target{n % names}", "password": f"guess{n}"},
            REMOTE_ADDR=f"198.51.100.{n % addresses}",
        )
        .status_code
        for n in range(guesses)
    ]


def guess_behind_the_page(names: int, addresses: int, guesses: int) -> list[int]:
    """The same as the page does it, without drawing it ten thousand times."""
    statuses = []
    for n in range(guesses):
        visitor = Visitor(ip_address=f"198.51.100.{n % addresses}", browser="Browser")
        try:
            sign_in.count_try(ip_address=visitor.ip_address, at=NOON)
        except throttle.TooOften:
            statuses.append(429)
            continue
        sign_in.check_password(username=f"target{n % names}", password=f"guess{n}", visitor=visitor, at=NOON)
        sign_in.count_refusal(at=NOON)
        statuses.append(200)
    return statuses


def assert_guessing_gets_nowhere(guess: Callable[[int, int, int], list[int]], *figures: int) -> None:
    """``figures`` are how many names, addresses and guesses."""
    names, addresses, guesses = figures
    for n in range(0, names, 2):
        UserFactory(username=f"target{n}")
    honest = UserFactory(username="honest1")
    with time_machine.travel(NOON, tick=False):
        statuses = guess(names, addresses, guesses)
        assert LoginGuard.objects.filter(failures__gt=5).count() == 0
        assert LoginGuard.objects.count() <= names
        assert 429 in statuses
        post = {"username": honest.username, "password": PASSWORD}
        assert Client().post("/accounts/login/", post, REMOTE_ADDR="192.0.2.1").status_code == 302


@pytest.mark.long
def test_a_campaign_trips_the_limit_of_the_portal_and_an_honest_person_still_gets_in(settings):
    settings.LOGIN_WRONG_PER_SITE_PER_HOUR, settings.LOGIN_TRIES_PER_ADDRESS_UNDER_ATTACK = 60, 8
    assert_guessing_gets_nowhere(guess_by_the_page, 10, 10, 150)
    assert throttle.used(sign_in._site_limit(), "", at=NOON) >= 60


@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_ten_thousand_guesses_from_fifty_addresses_on_two_hundred_names():
    assert_guessing_gets_nowhere(guess_behind_the_page, 200, 50, 10_000)


@pytest.mark.feature("LCK_02")
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_process_whose_clock_is_off_neither_opens_early_nor_locks_for_less(rita, settings, hours):
    """What counts is the database's clock, which all processes share (figure F13)."""
    settings.SHARED_CLOCK = True
    off = timedelta(hours=hours)
    now = datetime.now(UTC)
    lock("rsolberg7", at=now if hours > 0 else now + off)  # locked by the right one, or by the one that is behind
    assert guard().locked_until > now + timedelta(minutes=29)
    assert give("rsolberg7", PASSWORD, at=now + abs(off)) is None
    page = Client().post("/accounts/login/", {"username": "rsolberg7", "password": PASSWORD}).content.decode()
    assert re.search(r"try again in \d+ minutes", page)
