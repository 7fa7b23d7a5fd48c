"""Handing a message to the mail or text service, once the outbox says so."""

from datetime import timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.files.store import open_file
from portal.common.messaging.backends import sms_backend
from portal.common.messaging.send import TOPIC
from portal.common.models import OutboundMessage

SCAN_WAIT = timedelta(seconds=30)
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
    if message.channel == OutboundMessage.Channel.EMAIL:
        _send_email(message)
    else:
        sms_backend().send(to=message.to, text=message.body_text, message_id=message.message_id, code=message.code)
    with transaction.atomic():
        OutboundMessage.objects.filter(pk=message.pk, state=OutboundMessage.State.QUEUED).update(
            state=OutboundMessage.State.SENT, sent_at=timezone.now(), body_text="", body_html="", code=""
        )


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
    email.send()


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
