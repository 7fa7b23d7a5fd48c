"""What pages say while something is late, and how seldom they ask (figures F4, F9)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.common import delays, outbox
from portal.common.messaging.send import send_email, send_sms
from portal.common.models import OutboxMessage


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(delays, "_seen", [])
    monkeypatch.setattr(delays, "_look_again_at", 0.0)


def an_email(**fields):
    return send_email(
        to="a@example.com",
        kind="login_code",
        subject="x",
        context={"minutes": 1, "requested_at": timezone.now()},
        **fields,
    )


def refusing(*_args, **_kwargs):
    raise ConnectionRefusedError


def test_every_page_says_what_is_late_while_nobody_works(world, sign_in, client, settings):
    settings.DELAYS_LOOK_SECONDS = 15
    an_email()
    OutboxMessage.objects.update(not_before=timezone.now() - delays.LATE_AFTER - timedelta(seconds=1))
    said = "Some things are taking longer than usual right now"
    assert said in sign_in(world.producer).get("/").content.decode()
    assert said in client.get("/accounts/login/").content.decode()
    delays._look_again_at = 0.0
    outbox.sweep()
    assert said not in client.get("/accounts/login/").content.decode()


def test_a_row_that_waits_for_its_next_try_is_no_news():
    an_email()
    OutboxMessage.objects.update(not_before=timezone.now() - timedelta(hours=1), attempts=1, last_error="KeyError")
    assert delays.look() == []


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_service_that_is_away_is_named(channel, monkeypatch):
    if channel == "email":
        an_email()
        monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refusing)
    else:
        send_sms(to="3125550123", kind="login_code", text="x")
        monkeypatch.setattr("portal.common.messaging.backends.MailboxSmsBackend.send", refusing)
    outbox.sweep()
    assert delays.look() == [delays.SERVICE_AWAY[channel]]
    monkeypatch.undo()


def test_a_process_looks_once_for_many_pages(client, settings, django_assert_num_queries):
    settings.DELAYS_LOOK_SECONDS = 15
    delays.current()
    with django_assert_num_queries(0):
        for _ in range(5):
            assert delays.current() == []


def test_what_cannot_be_told_is_not_said(settings, monkeypatch):
    settings.DELAYS_LOOK_SECONDS = 15
    monkeypatch.setattr(delays, "_seen", ["late"])
    monkeypatch.setattr(delays.connection, "errors_occurred", True)
    assert delays.current() == ["late"]  # what was seen last, without asking a database that has just failed
