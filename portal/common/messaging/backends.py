"""Mail and text services. Production uses Django's SMTP backend and an SMS adapter; demo and tests use the mailbox."""

import uuid
from collections.abc import Sequence
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from portal.common.models import MailboxEntry, OutboundMessage


class ServiceAway(Exception):
    """The service was not reached: the message waits for it, and the try does not count. An ``OSError`` says the same."""


class SmsBackend(Protocol):
    def send(self, *, to: str, text: str, message_id: uuid.UUID, code: str) -> None:
        """Hand one text message over. Raises when the service did not take it, ``ServiceAway`` when it was not reached."""


def sms_backend() -> SmsBackend:
    """The configured SMS adapter. Raises ``ImproperlyConfigured`` when there is none."""
    if not settings.SMS_BACKEND:
        raise ImproperlyConfigured("SMS_BACKEND is empty: this portal sends no text messages.")
    backend: SmsBackend = import_string(settings.SMS_BACKEND)()
    return backend


def _keep(
    *, message_id: uuid.UUID, channel: str, to: str, subject: str, body: str, code: str, attachments: Sequence[str] = ()
) -> None:
    MailboxEntry.objects.get_or_create(
        message_id=message_id,
        defaults={
            "channel": channel,
            "to": to,
            "subject": subject,
            "body": body,
            "code": code,
            "attachments": list(attachments),
        },
    )


class MailboxSmsBackend:
    """Keeps text messages for /demo/mailbox/."""

    def send(self, *, to: str, text: str, message_id: uuid.UUID, code: str) -> None:
        _keep(message_id=message_id, channel=OutboundMessage.Channel.SMS, to=to, subject="", body=text, code=code)


class MailboxEmailBackend(BaseEmailBackend):
    """Keeps emails for /demo/mailbox/, each Message-ID once."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for email in email_messages:
            _keep(
                message_id=getattr(email, "portal_message_id", None) or uuid.uuid4(),
                channel=OutboundMessage.Channel.EMAIL,
                to=", ".join(email.to),
                subject=str(email.subject),
                body=str(email.body),
                code=getattr(email, "portal_code", ""),
                attachments=[attached[0] for attached in email.attachments],
            )
        return len(email_messages)
