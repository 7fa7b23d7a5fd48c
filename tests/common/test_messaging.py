"""Emails and text messages: rows with the business change, delivered once by the outbox, read in the demo mailbox."""

import json
import uuid
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.files.store import keep
from portal.common.messaging.backends import MailboxSmsBackend, sms_backend
from portal.common.messaging.delivery import deliver_message
from portal.common.messaging.send import send_email, send_sms, sms_available
from portal.common.models import MailboxEntry, OutboundMessage, OutboxMessage
from tests.support.signing_in import kept_rows
from tests.support.uploads import checked_png

State = OutboundMessage.State
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def an_email(code: str = "ABCD2345", to: str = "rita@example.com") -> OutboundMessage:

    return send_email(
        to=to,
        kind="login_code",
        subject="Your verification code",
        context={"minutes": 10, "requested_at": timezone.now()},
        code=code,
    )


def owed() -> OutboxMessage:
    return OutboxMessage.objects.latest("id")


@pytest.mark.feature("ISS_06")
def test_an_email_is_a_row_until_it_is_delivered_and_loses_its_text_then():
    message = an_email()
    assert (message.state, message.sent_at) == (State.QUEUED, None)
    assert not MailboxEntry.objects.exists()
    outbox.sweep()
    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.sent_at is not None
    assert (message.body_text, message.body_html, message.code) == ("", "", "")
    entry = MailboxEntry.objects.get()
    assert (entry.channel, entry.to, entry.code) == ("email", "rita@example.com", "ABCD2345")
    assert "ABCD2345" in entry.body


def test_a_text_message_is_delivered_the_same_way():
    message = send_sms(to="3125550001", kind="login_code", text="Your code is ABCD2345.", code="ABCD2345")
    outbox.sweep()
    message.refresh_from_db()
    assert (message.state, message.body_text, message.code) == (State.SENT, "", "")
    entry = MailboxEntry.objects.get()
    assert (entry.channel, entry.to, entry.subject, entry.body) == ("sms", "3125550001", "", "Your code is ABCD2345.")


def test_texts_and_codes_are_encrypted_while_they_wait():
    an_email()
    assert kept_rows("ABCD2345") == set()
    assert kept_rows("finish logging in") == set()
    assert OutboundMessage.objects.get().code == "ABCD2345"


def test_the_owed_work_names_the_row_and_nothing_else():
    message = an_email()
    assert owed().payload == {"message_pk": message.pk}
    assert "rita" not in json.dumps(owed().payload) + owed().dedupe_key


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_change_that_is_undone_is_never_sent():
    with transaction.atomic():
        an_email()
        transaction.set_rollback(True)
    assert not OutboundMessage.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_if_the_work_cannot_be_owed_there_is_no_message(monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("no outbox row, no message")

    monkeypatch.setattr("portal.common.outbox.add", broken)
    with pytest.raises(RuntimeError):
        an_email()
    assert not OutboundMessage.objects.exists()


def test_delivering_twice_sends_once(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    message = an_email()
    deliver_message({"message_pk": message.pk})
    deliver_message({"message_pk": message.pk})
    assert len(mail.outbox) == 1


def test_a_message_sent_twice_after_a_crash_arrives_once():
    message = an_email()
    body = message.body_text
    deliver_message({"message_pk": message.pk})
    # As if the process had died between the mail server's yes and the row that says so.
    OutboundMessage.objects.filter(pk=message.pk).update(state=State.QUEUED, sent_at=None)
    OutboundMessage.objects.filter(pk=message.pk).update(body_text=body)
    deliver_message({"message_pk": message.pk})
    assert MailboxEntry.objects.count() == 1


def test_mail_that_fails_is_tried_again_and_then_given_up_visibly(monkeypatch, settings):
    settings.OUTBOX_MAX_ATTEMPTS = 2
    message = an_email()
    monkeypatch.setattr("portal.common.messaging.delivery._send_email", lambda _message: 1 / 0)
    outbox.sweep()
    message.refresh_from_db()
    assert (message.state, owed().status, owed().attempts) == (State.QUEUED, OutboxMessage.Status.PENDING, 1)
    assert message.code == "ABCD2345"
    outbox.sweep(now=owed().not_before)
    message.refresh_from_db()
    assert (message.state, owed().status) == (State.FAILED, OutboxMessage.Status.DEAD)
    assert (message.body_text, message.body_html, message.code) == ("", "", "")
    assert owed().last_error == "ZeroDivisionError"


def test_a_real_mail_server_gets_the_message_id_and_no_header_with_the_code(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    message = an_email()
    outbox.sweep()
    sent = mail.outbox[0]
    assert (sent.to, sent.from_email) == (["rita@example.com"], settings.DEFAULT_FROM_EMAIL)
    assert sent.extra_headers["Message-ID"] == f"<{message.message_id}@portal>"
    raw_headers = sent.message().as_string().split("\n\n")[0]
    assert "ABCD2345" not in raw_headers
    assert [kind for _, kind in sent.alternatives] == ["text/html"]


@pytest.mark.feature("LOG_09")
def test_the_login_email_says_what_to_do_and_that_it_is_confidential(settings):
    settings.PORTAL_NAME = "Producers & Friends"
    message = an_email()
    assert "Producers & Friends" in message.body_text
    assert "Producers &amp; Friends" in message.body_html
    for body in (message.body_text, message.body_html):
        assert "ABCD2345" in body
        assert "10 minutes" in body
        assert settings.SUPPORT_PHONE in body
        assert "Confidentiality note" in body
        assert "{" not in body.split("</style>")[-1]
    assert "ABCD2345" not in message.subject
    # No picture is loaded from anywhere; the one link is that to the legal page.
    legal_page = f"{settings.PORTAL_URL}/legal/privacy/"
    assert message.body_html.count("http") == message.body_html.count(f'href="{legal_page}"') == 1
    assert message.body_text.startswith("Hello,")


def test_a_portal_without_a_provider_sends_no_text_messages(settings):
    assert sms_available()
    assert isinstance(sms_backend(), MailboxSmsBackend)
    settings.SMS_BACKEND = ""
    assert not sms_available()


# The demo mailbox page


def entry(minute: int, **fields) -> MailboxEntry:

    values = {"channel": "email", "to": "rita@example.com", "subject": "Code", "body": "Hello", "code": ""}
    sent_at = datetime(2026, 3, 2, 18, minute, tzinfo=UTC)
    return MailboxEntry.objects.create(message_id=uuid.uuid4(), sent_at=sent_at, **{**values, **fields})


def test_the_mailbox_lists_messages_newest_first_as_json():
    entry(1, code="AAAA2222")
    entry(3, channel="sms", to="3125550001", subject="", code="CCCC4444")
    entry(2, code="BBBB3333")
    listed = Client().get("/demo/mailbox/?format=json").json()
    assert [one["code"] for one in listed] == ["CCCC4444", "BBBB3333", "AAAA2222"]
    assert list(listed[0]) == ["channel", "to", "subject", "body", "code", "sent_at", "attachments"]


def test_the_mailbox_page_shows_codes_to_copy_and_refreshes_itself():
    page = Client().get("/demo/mailbox/").content.decode()
    assert "No messages yet" in page
    first = entry(1, code="AAAA2222", body="<b>not markup</b>")
    entry(2, code="BBBB3333")
    page = Client().get("/demo/mailbox/").content.decode()
    assert page.index("BBBB3333") < page.index("AAAA2222")
    assert 'data-copy="AAAA2222"' in page
    assert f'id="copy-{first.message_id}"' in page
    assert 'data-hx-trigger="every 3s"' in page
    assert "<b>not markup</b>" not in page


def test_the_mailbox_page_asks_the_database_once(django_assert_num_queries):
    for minute in range(5):
        entry(minute)
    with django_assert_num_queries(1):
        Client().get("/demo/mailbox/")


# Attachments


def with_a_file(**scan) -> OutboundMessage:
    stored = keep(checked_png("screen.png"), by=None, at=timezone.now())
    StoredFile.objects.filter(pk=stored.pk).update(**scan)
    return send_email(
        to="support@carrier.example",
        kind="login_code",
        subject="With a file",
        context={"minutes": 10, "requested_at": timezone.now()},
        attachment=stored,
    )


@pytest.fixture
def own_store(settings, tmp_path):
    settings.UPLOADS_ROOT, settings.UPLOADS_SCANNER = tmp_path / "uploads", ""


def test_a_released_file_goes_along_and_the_mailbox_names_it(own_store):
    with_a_file()
    outbox.sweep()
    assert MailboxEntry.objects.get().attachments == ["screen.png"]
    page = Client().get("/demo/mailbox/").content.decode()
    assert "screen.png" in page


def test_an_email_waits_for_the_scan_of_its_file_without_using_up_its_tries(own_store):
    message = with_a_file(scan="PENDING")
    outbox.sweep()
    assert not MailboxEntry.objects.exists()
    assert (owed().status, owed().attempts) == (OutboxMessage.Status.PENDING, 0)
    assert owed().not_before > timezone.now()
    StoredFile.objects.update(scan="CLEAN", scanned_at=timezone.now())
    outbox.sweep(now=owed().not_before)
    message.refresh_from_db()
    assert message.state == State.SENT
    assert MailboxEntry.objects.get().attachments == ["screen.png"]


@pytest.mark.parametrize("gone", [{"scan": "INFECTED", "scanned_at": NOON}, {"removed_at": NOON}])
def test_a_file_that_is_not_released_stays_behind_and_the_email_says_so(own_store, gone):
    with_a_file(**gone)
    outbox.sweep()
    entry = MailboxEntry.objects.get()
    assert entry.attachments == []
    assert entry.body.startswith("The attached file is left out")
    assert "screen.png" in entry.body


def test_a_file_that_is_missing_is_tried_again_and_never_dropped_silently(own_store, settings):
    message = with_a_file()
    for path in settings.UPLOADS_ROOT.rglob("*"):
        if path.is_file():
            path.unlink()
    outbox.sweep()
    message.refresh_from_db()
    assert (message.state, owed().status, owed().attempts) == (State.QUEUED, OutboxMessage.Status.PENDING, 1)
