"""The mail server is away for an hour: codes say at once to use another way, other mails go out later, once (F9)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import OneTimeCode
from portal.common import delays, outbox
from portal.common.messaging import delivery
from portal.common.messaging.send import send_email
from portal.common.models import OutboundMessage, OutboxMessage
from tests.support.factories import ProducerFactory, UserFactory
from tests.support.installation import measured
from tests.support.mail_server import MailServer
from tests.support.proxy import BreakableNetwork
from tests.support.signing_in import ask_for_code, half_signed_in

STARTED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
State = OutboundMessage.State


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def network(mail_server, settings) -> Iterator[BreakableNetwork]:
    made = BreakableNetwork(mail_server.port)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", made.port, 0.3
    yield made
    made.close()


@pytest.fixture
def clock():
    with time_machine.travel(STARTED, tick=False) as traveller:
        yield traveller


def half_in() -> Client:
    user = UserFactory(username="rsolberg7", producer=ProducerFactory(record_email="rita@record.example"))
    return half_signed_in(user)


def news(number: int) -> OutboundMessage:
    return send_email(
        to=f"person{number}@people.example",
        kind="login_locked",
        subject="News",
        context={"locked_at": STARTED, "limit": 5, "minutes": 30},
    )


@pytest.mark.feature("ISS_06")
@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_code_that_cannot_be_sent_is_told_with_its_first_try(network, clock, how):
    browser = half_in()
    network.state = how
    ask_for_code(browser)
    outbox.sweep()
    page = browser.get("/accounts/verify/").content.decode()
    assert "The code could not be sent to x" in page
    assert "use another way to verify now, or call 1-800-" in page
    polled = browser.get("/accounts/verify/delivery/", {"shown": "pending"}, headers={"hx-request": "true"})
    assert "does not answer" in polled.content.decode()
    assert delays.look() == [delays.SERVICE_AWAY["email"]]


def test_no_try_counts_while_the_service_is_away_and_the_waits_grow(network, clock):
    message = news(1)
    network.state = "refuses"
    waits = []
    for _ in range(12):
        before = datetime.now(UTC)
        assert outbox.sweep() == 1
        row = OutboxMessage.objects.get()
        waits.append((row.not_before - before).total_seconds())
        clock.move_to(row.not_before)
    assert (row.attempts, row.status) == (0, "PENDING")
    assert waits == sorted(waits)
    assert waits[0] == 20
    message.refresh_from_db()
    assert message.body_text


@pytest.mark.parametrize(("kind", "worth"), [("code", timedelta(minutes=10)), ("news", timedelta(hours=72))])
def test_nothing_waits_longer_than_it_is_worth(network, clock, kind, worth):
    code = {"code": "ABCD2345"} if kind == "code" else {}
    context = {"locked_at": STARTED, "limit": 5, "minutes": 30}
    message = send_email(to="a@people.example", kind="login_locked", subject="x", context=context, **code)
    network.state = "refuses"
    for hours, waited, status in ((1, worth - timedelta(seconds=1), "PENDING"), (2, worth, "DEAD")):
        clock.move_to(STARTED + waited)
        outbox.sweep(now=STARTED + worth + timedelta(hours=hours))
        assert OutboxMessage.objects.get().status == status
    message.refresh_from_db()
    assert (message.state, message.body_text) == (State.FAILED, "")


def test_a_server_that_looked_and_said_no_is_a_try_that_counts(monkeypatch, clock):
    import smtplib

    def refused(_email) -> None:
        raise smtplib.SMTPRecipientsRefused({"a@people.example": (550, b"nobody here")})

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refused)
    news(1)
    outbox.sweep()
    assert OutboxMessage.objects.get().attempts == 1


def test_a_process_that_found_it_away_leaves_it_alone_for_a_moment(network, monkeypatch):
    monkeypatch.setattr(delivery, "REST_SECONDS", 60.0)
    network.state = "hangs"
    for number in range(20):
        news(number)
    began = time.monotonic()
    outbox.sweep()
    assert time.monotonic() - began < 5
    assert OutboxMessage.objects.filter(last_error__contains="does not answer").count() == 20


@pytest.mark.drill
def test_an_hour_without_the_mail_server(network, mail_server, clock):
    browser = half_in()
    for number in range(50):
        news(number)
    network.state = "refuses"
    ask_for_code(browser)
    outbox.sweep()
    assert "use another way to verify now" in browser.get("/accounts/verify/").content.decode()
    for minute in range(61):
        clock.move_to(STARTED + timedelta(minutes=minute))
        network.state = "hangs" if minute == 10 else "refuses"
        outbox.sweep()
        if minute == 30:
            for number in range(50, 100):
                news(number)
    assert mail_server.taken == []
    assert OneTimeCode.objects.get().message.state == State.FAILED  # worth nothing any more, so it never goes out
    network.state = "passes"
    minutes = 0
    while OutboxMessage.objects.filter(status="PENDING").exists():
        minutes += 1
        assert minutes <= 15, "the longest wait is over"
        clock.shift(timedelta(minutes=1))
        outbox.sweep()
    ids = [email["Message-ID"] for email in mail_server.taken]
    assert len(ids) == len(set(ids)) == 100
    assert {email["To"] for email in mail_server.taken} == {f"person{number}@people.example" for number in range(100)}
    assert not OutboundMessage.objects.filter(state=State.QUEUED).exists()
    measured(f"F9: an hour without mail, 100 of 100 emails once each within {minutes} minutes")
