"""Handing a message to the mail or text service, once the outbox says so.

A service that does not answer is nobody's fault and no attempt: messages wait for it as long as they are worth something,
and go out once when it is back (figure F9). While it rests, the others are not held up by trying it.
"""

import smtplib
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.files.store import open_file
from portal.common.messaging.backends import ServiceAway, sms_backend
from portal.common.messaging.send import TOPIC, dedupe_key
from portal.common.models import OutboundMessage, OutboxMessage

SCAN_WAIT = timedelta(seconds=30)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=20), timedelta(minutes=10)
REST_SECONDS = 10.0  # after a service did not answer, this process leaves it alone for a moment
TEMPORARY = range(400, 500)  # what a mail server answers that is busy or not ready (RFC 5321 4.2.1)
AWAY = "The {service} does not answer."
SERVICES = {
    OutboundMessage.Channel.EMAIL.value: "mail service",
    OutboundMessage.Channel.SMS.value: "text message service",
}
LEFT_OUT = "The attached file is left out: it did not pass the malware scan. File: {name}"


def _mark_failed(payload: dict[str, Any]) -> None:
    OutboundMessage.objects.filter(pk=payload["message_pk"], state=OutboundMessage.State.QUEUED).update(
        state=OutboundMessage.State.FAILED, body_text="", body_html="", code=""
    )


@outbox.handler(TOPIC, on_dead=_mark_failed)
def deliver_message(payload: dict[str, Any]) -> None:
    """Send the message and forget its text. A message that is no longer queued is left alone.

    The same Message-ID goes out on every attempt, so a receiver can tell a repeat after a crash.
    """
    message = (
        OutboundMessage.objects.filter(pk=payload["message_pk"], state=OutboundMessage.State.QUEUED)
        .select_related("attachment")
        .first()
    )
    if message is None:
        return
    _hand_over(message)
    with transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk, state=OutboundMessage.State.QUEUED).update(
            state=OutboundMessage.State.SENT, sent_at=timezone.now(), body_text="", body_html="", code=""
        )


def is_held_up(message: OutboundMessage | None) -> bool:
    """Has handing this message over failed already, and is it still to be tried again? Then another way is quicker."""
    if message is None or message.state != OutboundMessage.State.QUEUED:
        return False
    owed = OutboxMessage.objects.filter(topic=TOPIC, dedupe_key=dedupe_key(message))
    return owed.exclude(last_error="").exists()


_rests_until: dict[str, float] = {}


def _hand_over(message: OutboundMessage) -> None:
    """Raises ``NotYet`` when the service does not answer, ``GiveUp`` when the message has waited for it long enough."""
    try:
        if time.monotonic() < _rests_until.get(message.channel, 0.0):
            raise ServiceAway
        if message.channel == OutboundMessage.Channel.EMAIL:
            _send_email(message)
        else:
            _send_text(message)
    except ServiceAway:
        if time.monotonic() >= _rests_until.get(message.channel, 0.0):
            _rests_until[message.channel] = time.monotonic() + REST_SECONDS
        _wait_for_service(message, timezone.now())


def _send_text(message: OutboundMessage) -> None:
    try:
        sms_backend().send(to=message.to, text=message.body_text, message_id=message.message_id, code=message.code)
    except OSError as exc:
        raise ServiceAway from exc


def _service_is_away(exc: OSError) -> bool:
    """Not reached, cut off or not ready, as opposed to: it looked at the message and said no."""
    if isinstance(exc, smtplib.SMTPServerDisconnected):
        return True
    if isinstance(exc, smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return exc.smtp_code in TEMPORARY or exc.smtp_code < 0
    return not isinstance(exc, smtplib.SMTPException)


def _wait_for_service(message: OutboundMessage, now: datetime) -> None:
    """A code is worth nothing after its minutes; everything else waits MESSAGES_WAIT_HOURS."""
    away = AWAY.format(service=SERVICES[message.channel])
    waited = max(timedelta(), now - message.created_at)
    worth = (
        timedelta(minutes=settings.ONE_TIME_CODE_MINUTES)
        if message.code
        else timedelta(hours=settings.MESSAGES_WAIT_HOURS)
    )
    if waited >= worth:
        raise outbox.GiveUp(away)
    raise outbox.NotYet(away, wait=min(max(waited / 4, SHORTEST_WAIT), LONGEST_WAIT))


def _send_email(message: OutboundMessage) -> None:
    attachment, left_out = _released(message.attachment), ""
    if message.attachment is not None and attachment is None:
        left_out = LEFT_OUT.format(name=message.attachment.name)
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=f"{left_out}\n\n{message.body_text}" if left_out else message.body_text,
        to=[message.to],
        headers={"Message-ID": f"<{message.message_id}@portal>", "Auto-Submitted": "auto-generated"},
    )
    if message.body_html:
        email.attach_alternative(_with_note(message.body_html, left_out), "text/html")
    if attachment is not None:
        with open_file(attachment) as content:
            email.attach(attachment.name, content.read(), attachment.content_type)
    # Attributes, not headers: the demo mailbox reads them, a real mail server never sees them.
    email.portal_message_id = message.message_id  # type: ignore[attr-defined]
    email.portal_code = message.code  # type: ignore[attr-defined]
    try:
        email.send()
    except OSError as exc:
        if _service_is_away(exc):
            raise ServiceAway from exc
        raise


def _released(file: StoredFile | None) -> StoredFile | None:
    """The file, if it may go out. Raises ``NotYet`` while its scan is still to come."""
    if file is not None and file.scan == StoredFile.Scan.PENDING and file.removed_at is None:
        raise outbox.NotYet("Waits for the malware scan of the attachment.", wait=SCAN_WAIT)
    return file if file is not None and file.may_be_opened else None


def _with_note(body_html: str, note: str) -> str:
    """The note in front of everything else the email says."""
    if not note:
        return body_html
    start, tag, rest = body_html.partition("<body>")
    return f"{start}{tag}<p>{escape(note)}</p>{rest}"
