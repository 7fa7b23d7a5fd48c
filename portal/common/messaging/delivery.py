"""Handing a message to the mail or text service, once the outbox says so."""

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from portal.common import outbox
from portal.common.messaging.backends import sms_backend
from portal.common.messaging.send import TOPIC
from portal.common.models import OutboundMessage


def _mark_failed(payload: dict[str, Any]) -> None:
    OutboundMessage.objects.filter(pk=payload["message_pk"], state=OutboundMessage.State.QUEUED).update(
        state=OutboundMessage.State.FAILED, body_text="", body_html="", code=""
    )


@outbox.handler(TOPIC, on_dead=_mark_failed)
def deliver_message(payload: dict[str, Any]) -> None:
    """Send the message and forget its text. A message that is no longer queued is left alone.

    The same Message-ID goes out on every attempt, so a receiver can tell a repeat after a crash.
    """
    message = OutboundMessage.objects.filter(pk=payload["message_pk"], state=OutboundMessage.State.QUEUED).first()
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
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body_text,
        to=[message.to],
        headers={"Message-ID": f"<{message.message_id}@portal>", "Auto-Submitted": "auto-generated"},
    )
    if message.body_html:
        email.attach_alternative(message.body_html, "text/html")
    # Attributes, not headers: the demo mailbox reads them, a real mail server never sees them.
    email.portal_message_id = message.message_id  # type: ignore[attr-defined]
    email.portal_code = message.code  # type: ignore[attr-defined]
    email.send()
