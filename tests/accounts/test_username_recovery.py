"""Telling a forgotten username to the mailbox on record, below the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing

from accounts.models import LoginGuard, User
from accounts.services import username_recovery
from accounts.services.username_recovery import UNLOCK_SALT, UnlockLinkIsDead
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from portal.common.throttle import TooOften
from portal.demo_data import contacts
from tests.support.concurrency import at_once
from tests.support.factories import DelegateGrantFactory, ProducerFactory, ProducerNumberFactory, UserFactory

NOON = datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
MAILBOX = "rita.solberg@agency.example"


@pytest.fixture
def rita() -> User:
    return UserFactory(username="rsolberg7", producer=ProducerFactory(record_email=MAILBOX))


def send(email=MAILBOX, *, number="", at=NOON):
    username_recovery.send_usernames(
        email=email,
        producer_number=number,
        ip_address="203.0.113.9",
        login_url="https://portal.example/login/",
        unlock_url=lambda token: f"https://portal.example/unlock/{token}/",
        at=at,
    )


def mails() -> list[OutboundMessage]:
    return list(OutboundMessage.objects.filter(kind="username_reminder").order_by("id"))


def lock(username="rsolberg7", *, until=NOON + timedelta(minutes=30)) -> LoginGuard:
    return LoginGuard.objects.create(username_key=username, failures=5, last_failure_at=NOON, locked_until=until)


def token_in(mail: OutboundMessage) -> str:
    return mail.body_text.partition("https://portal.example/unlock/")[2].partition("/")[0]


def is_locked(username="rsolberg7") -> bool:
    return LoginGuard.objects.filter(username_key=username, locked_until__gt=NOON).exists()


@pytest.mark.feature("FUN_03")
def test_the_email_names_the_username_and_goes_to_the_record(rita):
    send("Rita.Solberg@AGENCY.example")
    (mail,) = mails()
    assert mail.to == MAILBOX
    for body in (mail.body_text, mail.body_html):
        assert "rsolberg7" in body


@pytest.mark.feature("FUN_03")
def test_two_logins_on_one_mailbox_are_named_in_one_message(rita):
    UserFactory(username="helper77", delegate=True, email=MAILBOX)
    send()
    (mail,) = mails()
    assert "Usernames linked to your email address" in mail.body_text
    assert mail.body_text.index("helper77") < mail.body_text.index("rsolberg7")


@pytest.mark.feature("FUN_07")
def test_the_email_says_why_it_came_and_what_to_do(rita, settings):
    settings.SUPPORT_PHONES_BY_STATE = {"IL": "1-800-555-0101"}
    send()
    (mail,) = mails()
    for body in (mail.body_text, mail.body_html):
        words = " ".join(body.split())
        assert "Somebody asked at 12:10 PM CST on 11/20/2026 for the username" in words
        assert "If you did not ask for this" in words
        assert "clear its history and cache" in words
        assert "https://portal.example/login/" in words
        assert "IL: 1-800-555-0101" in words
        assert f"TX: {settings.SUPPORT_PHONE}" in words
        assert "do not reply to this email" in words
        assert "locked" not in words


@pytest.mark.feature("FUN_07")
@pytest.mark.feature("ISS_03")
def test_the_email_names_the_numbers_the_carrier_keeps(rita):
    contacts.add_contact_lines()
    send()
    (mail,) = mails()
    for body in (mail.body_text, mail.body_html):
        assert "IL: (800) 555-0151" in body
        assert "MT: (800) 555-0152" in body
        assert "Lantern Farm agents only: (844) 555-0181" in body


@pytest.mark.feature("FUN_02")
@pytest.mark.parametrize("email", ["nobody@agency.example", "rita.solberg@agency.example.evil.example"])
def test_for_an_unknown_mailbox_nothing_is_sent_or_kept(rita, email):
    send(email)
    assert mails() == []
    assert not OutboxMessage.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_contact_data_of_a_profile_are_no_mailbox_on_record(rita):
    ProducerNumberFactory(producer=rita.producer, email="business@agency.example")
    User.objects.filter(pk=rita.pk).update(email="login@agency.example")
    send("business@agency.example")
    send("login@agency.example")
    assert mails() == []


def test_closed_logins_are_not_named(rita):
    UserFactory(username="closed77", is_active=False, delegate=True, email=MAILBOX)
    send()
    assert "closed77" not in mails()[0].body_text


@pytest.mark.feature("FUN_04")
@pytest.mark.parametrize("email", [MAILBOX, "nobody@agency.example"])
def test_emails_are_limited_by_mailbox_and_by_address(rita, settings, email):
    settings.RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR = 2
    settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR = 4
    send(email)
    send(email.upper())
    with pytest.raises(TooOften):
        send(email)
    send("another@agency.example")
    with pytest.raises(TooOften):
        send("yet.another@agency.example")
    assert len(mails()) == (2 if email == MAILBOX else 0)


# The older rule


@pytest.mark.feature("FUN_06")
@pytest.mark.parametrize(
    ("number", "told"),
    [("100200300", ["helper77", "rsolberg7"]), ("100200301", ["rsolberg7"]), ("999888777", []), ("", [])],
)
def test_with_the_older_rule_number_and_mailbox_belong_together(rita, settings, number, told):
    settings.FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER = True
    ProducerNumberFactory(producer=rita.producer, number="100200301")
    ProducerNumberFactory(number="999888777")
    boss = ProducerNumberFactory(producer=rita.producer, number="100200300").producer
    helper = UserFactory(username="helper77", delegate=True, email=MAILBOX)
    if number != "100200301":
        DelegateGrantFactory(producer=boss, delegate=helper, first_day=NOON.date())
    send(number=number)
    named = [name for name in ("helper77", "rsolberg7") if mails() and name in mails()[0].body_text]
    assert named == told


def test_without_the_older_rule_the_number_is_not_asked(rita):
    send(number="999888777")
    assert len(mails()) == 1


# Unlocking through the mailbox


@pytest.mark.feature("LCK_03")
def test_the_email_of_a_locked_login_unlocks_it_once(rita):
    lock()
    send()
    token = token_in(mails()[0])
    assert token in mails()[0].body_html
    assert is_locked()
    assert username_recovery.locked_logins(token, at=NOON) == [rita]
    assert is_locked()
    assert username_recovery.unlock_by_link(token, at=NOON) == [rita]
    assert not is_locked()
    with pytest.raises(UnlockLinkIsDead):
        username_recovery.unlock_by_link(token, at=NOON)


@pytest.mark.feature("LCK_03")
def test_a_link_is_for_the_lock_it_was_sent_for(rita):
    guard = lock()
    send()
    token = token_in(mails()[0])
    guard.locked_until += timedelta(minutes=10)
    guard.save()
    with pytest.raises(UnlockLinkIsDead):
        username_recovery.unlock_by_link(token, at=NOON)
    assert is_locked()


def test_a_link_works_for_thirty_minutes(rita):
    lock(until=NOON + timedelta(hours=5))
    send()
    token = token_in(mails()[0])
    with pytest.raises(UnlockLinkIsDead):
        username_recovery.unlock_by_link(token, at=NOON + timedelta(minutes=30))
    assert username_recovery.unlock_by_link(token, at=NOON + timedelta(minutes=29, seconds=59)) == [rita]


@pytest.mark.parametrize("token", ["", "nonsense", "a:b:c"])
def test_a_made_up_link_opens_nothing(rita, token):
    guard = lock()
    forged = signing.dumps(
        {"locks": [[rita.pk, guard.locked_until.isoformat()]], "until": "2030-01-01T00:00:00+00:00"}, salt="other"
    )
    for made_up in (token, forged):
        with pytest.raises(UnlockLinkIsDead):
            username_recovery.unlock_by_link(made_up, at=NOON)
    assert UNLOCK_SALT != "other"
    assert is_locked()


def test_only_the_locked_ones_of_a_mailbox_are_unlocked(rita):
    UserFactory(username="helper77", delegate=True, email=MAILBOX)
    lock()
    lock("other777")
    send()
    token = token_in(mails()[0])
    lock("helper77")
    assert username_recovery.unlock_by_link(token, at=NOON) == [rita]
    assert is_locked("helper77")
    assert is_locked("other777")


@pytest.mark.django_db(transaction=True)
def test_the_unlock_form_sent_twice_at_once_unlocks_once(rita):
    lock()
    send()
    token = token_in(mails()[0])
    results = at_once(*[lambda: username_recovery.unlock_by_link(token, at=NOON)] * 2)
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [UnlockLinkIsDead]
    assert [rita] in results
