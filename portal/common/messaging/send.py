"""Saying something to a person: a row in the caller's transaction, delivered by the outbox."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.languages import ENGLISH, written_in
from portal.common.models import OutboundMessage

TOPIC = "common.message.deliver"


def sms_available() -> bool:
    """Can this portal send text messages at all?"""
    return bool(settings.SMS_BACKEND)


@transaction.atomic
def send_email(
    *,
    to: str,
    kind: str,
    subject: str,
    context: dict[str, Any],
    code: str = "",
    attachment: StoredFile | None = None,
    language: str = ENGLISH,
) -> OutboundMessage:
    """Owe an email rendered from ``templates/email/<kind>.txt`` and ``.html``. No health data may stand in it.

    ``language`` is the reader's, "en" or "es"; ``subject`` and ``context`` come in it.

    ``code`` names the one-time code in the text, so that the demo mailbox can show it apart. With an ``attachment``
    the email waits until the file is released by the malware scan; a file that is not goes unattached, and the email
    says so. Only mailboxes of the carrier's own may be sent one, and clients the proposal they asked for (ADR 0020).
    """
    context = {
        "portal_name": settings.PORTAL_NAME,
        "carrier_name": settings.CARRIER_NAME,
        "support_phone": settings.SUPPORT_PHONE,
        "carrier_entity_line": settings.CARRIER_ENTITY_LINE,
        "carrier_address": settings.CARRIER_ADDRESS,
        "legal_url": f"{settings.PORTAL_URL.rstrip('/')}{reverse('content:privacy')}",
        "code": code,
        "subject": subject,
        "language": language,
        **context,
    }
    with written_in(language):
        text, html = (render_to_string(f"email/{kind}.{suffix}", context) for suffix in ("txt", "html"))
    return _owe(
        OutboundMessage(
            channel=OutboundMessage.Channel.EMAIL,
            kind=kind,
            to=to,
            subject=subject,
            body_text=text,
            body_html=html,
            code=code,
            attachment=attachment,
        )
    )


@transaction.atomic
def send_sms(*, to: str, kind: str, text: str, code: str = "") -> OutboundMessage:
    """Owe a text message. No health data may stand in it."""
    return _owe(OutboundMessage(channel=OutboundMessage.Channel.SMS, kind=kind, to=to, body_text=text, code=code))


def _owe(message: OutboundMessage) -> OutboundMessage:
    message.save(force_insert=True)
    outbox.add(TOPIC, dedupe_key=dedupe_key(message), payload={"message_pk": message.pk})
    return message


def dedupe_key(message: OutboundMessage) -> str:
    """Under which key the delivery of this message is owed."""
    return f"message:{message.message_id}"
