"""What every page says while work that comes after the saving is late: broker, workers or mail are away (figures F4, F9).

A page does not ask them; the rows that wait tell it. Each process looks once every DELAYS_LOOK_SECONDS, whatever the
number of its visitors. The sentences are the same for everybody and say nothing about anybody.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection

from portal.common import clocks, outbox
from portal.common.messaging.delivery import AWAY, SERVICES
from portal.common.messaging.send import TOPIC
from portal.common.models import OutboundMessage, OutboxMessage

# A beat or two of the sweep: what was owed just now is not late.
LATE_AFTER = timedelta(seconds=30)

WORK_WAITS = (
    "Some things are taking longer than usual right now: emails and codes, ID cards, proposals, report files and changes for "
    "the member system. Everything you submit is saved and goes out by itself."
)
SERVICE_AWAY = {
    OutboundMessage.Channel.EMAIL.value: "Emails are delayed right now. They go out by themselves as soon as possible; for a "
    "verification code use another way, if you have one.",
    OutboundMessage.Channel.SMS.value: "Text messages are delayed right now. For a verification code use another way.",
}

_seen: list[str] = []
_look_again_at = 0.0


def current() -> list[str]:
    """The sentences to show now; none when all goes as it should, or when that cannot be told."""
    global _seen, _look_again_at
    if not settings.DELAYS_LOOK_SECONDS:
        return []
    now = time.monotonic()
    # A page that has not needed the database, or that it has failed, does not wait for it on this account.
    if now >= _look_again_at and connection.connection is not None and not connection.errors_occurred:
        _look_again_at = now + settings.DELAYS_LOOK_SECONDS
        try:
            _seen = look()
        except Error:
            _seen = []
    return _seen


def look() -> list[str]:
    """The sentences that are true at this moment."""
    now = clocks.shared_now()
    oldest = outbox.untried_since(now)
    said = [WORK_WAITS] if oldest is not None and oldest < now - LATE_AFTER else []
    waiting = OutboxMessage.objects.filter(topic=TOPIC, status=OutboxMessage.Status.PENDING)
    for channel, sentence in SERVICE_AWAY.items():
        why = f"{outbox.NotYet.__name__}: {AWAY.format(service=SERVICES[channel])}"
        if waiting.filter(last_error=why).exists():
            said.append(sentence)
    return said
