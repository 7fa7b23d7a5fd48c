"""The daily digest: one email a person and day with the titles that wait for it (HOM_06).

Beat looks every few minutes whether the day's hour has come and owes one piece of work for each person; the outbox
does it. The key of that work is the person and the day, so two workers, or a beat that looks often, send one email.
A day on which nothing ran is made up for by the next: what waits goes on waiting.
"""

from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.common import outbox
from portal.common.dates import today_in
from portal.common.notifications import emails
from portal.common.notifications.models import Notification

TOPIC = "notifications.digest"
LISTED_AT_MOST = 50


def closes_at(day: date) -> datetime:
    """The moment from which the digest of ``day`` goes out; what is told from then on waits for the next day's."""
    return datetime.combine(day, time(settings.NOTIFICATIONS_DIGEST_HOUR), tzinfo=timezone.get_default_timezone())


def owe_digests(*, at: datetime) -> int:
    """Owe the digest of the day of ``at`` to everybody for whom something waits; before its hour, to nobody.

    Returns for how many people there is something. For all people; on nobody's behalf.
    """
    day = today_in(now=at)
    if at < closes_at(day):
        return 0
    waiting = Notification.objects.filter(digest_due=True, created_at__lt=closes_at(day))
    people = list(waiting.order_by("recipient_id").values_list("recipient_id", flat=True).distinct())
    for pk in people:
        outbox.add(TOPIC, dedupe_key=f"digest:{day}:{pk}", payload={"user_pk": pk, "day": day.isoformat()})
    return len(people)


@outbox.handler(TOPIC)
def send(payload: dict[str, Any]) -> None:
    """Turn what waits for one person into one email. Done twice, the second time finds nothing waiting.

    Nothing is sent to people whose login is no longer active, or who have no address.
    """
    closes = closes_at(date.fromisoformat(payload["day"]))
    with transaction.atomic():
        waiting = list(
            Notification.objects.select_for_update(of=("self",))
            .select_related("recipient")
            .filter(recipient_id=payload["user_pk"], digest_due=True, created_at__lt=closes)
            .order_by("-id")
        )
        if not waiting:
            return
        recipient: Any = waiting[0].recipient
        reachable = recipient.is_active and recipient.security_email
        if reachable:
            emails.send_digest(
                recipient, waiting[:LISTED_AT_MOST], more=max(0, len(waiting) - LISTED_AT_MOST), day=closes.date()
            )
        Notification.objects.filter(pk__in=[one.pk for one in waiting]).update(
            digest_due=False, emailed_at=timezone.now() if reachable else None
        )
