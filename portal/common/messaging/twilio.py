"""Text messages through Twilio's REST API (2010-04-01, Messages). SMS_BACKEND names this class; README lists its settings."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.common.messaging.backends import ServiceAway
from portal.common.outbox import GiveUp

TIMEOUT_SECONDS = 10
# 400: this message will never be taken (no such number, not a mobile, opted out). 401 and 403 are ours to repair and
# 429 and 5xx pass, so those are tried again.
NEVER = (400, 404)


class TextNotTaken(Exception):
    """The service did not take the message; says what it answered, never the number or the text."""


class NotReached(TextNotTaken, ServiceAway):
    """The service did not answer: the message waits for it."""


class TwilioSmsBackend:
    """Hands one message to Twilio. A repeat after a crash can arrive twice: this API has no key to tell repeats by."""

    def __init__(self) -> None:
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
            if not getattr(settings, name):
                raise ImproperlyConfigured(f"{name} must be set for text messages through Twilio.")

    def send(self, *, to: str, text: str, message_id: uuid.UUID, code: str) -> None:
        """``to`` is ten digits of a number in the United States. Raises ``GiveUp``, ``TextNotTaken`` or ``NotReached``."""
        sender = settings.TWILIO_FROM
        fields = {"To": f"+1{to}", "Body": text}
        fields["MessagingServiceSid" if sender.startswith("MG") else "From"] = sender
        account = f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}"
        request = urllib.request.Request(  # noqa: S310 - the address is a setting
            f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages.json",
            data=urlencode(fields).encode(),
            headers={"Authorization": f"Basic {base64.b64encode(account.encode()).decode()}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
                answer.read()
        except urllib.error.HTTPError as exc:
            said = f"Twilio answered {exc.code}, code {_code_of(exc)}."
            raise (GiveUp(said) if exc.code in NEVER else TextNotTaken(said)) from None
        except (urllib.error.URLError, TimeoutError, ConnectionError) as exc:
            raise NotReached(f"Twilio was not reached: {type(exc).__name__}.") from None


def _code_of(error: urllib.error.HTTPError) -> str:
    """Twilio's own number of the fault. Its sentence would name the telephone number."""
    try:
        return str(int(json.loads(error.read())["code"]))
    except (ValueError, KeyError, TypeError, OSError):
        return "unknown"
