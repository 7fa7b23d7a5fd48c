"""Telling people that a certification is about to expire (ISS_08)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from portal.common.content.models import TrainingCompletion
from portal.common.content.rules.certification import REMINDERS, reminder_due
from portal.common.dates import as_text, today_in
from portal.common.notifications.notify import notify

EXPIRING = "training.expiring"


def remind(*, at: datetime) -> int:
    """Tell everybody whose certification ends within 30 days, and again within 7. Returns how many were told.

    On nobody's behalf. Once per completion and reminder, however often it runs. Whoever took the course again, with a
    later end or none, is not told; nor is anybody about a course that is no longer offered. Days are the carrier's.
    """
    today = today_in(now=at)
    later = TrainingCompletion.objects.filter(
        Q(expires_on__isnull=True) | Q(expires_on__gt=OuterRef("expires_on")),
        course=OuterRef("course"),
        user=OuterRef("user"),
        completed_on__lte=today,
    )
    ending = (
        TrainingCompletion.objects.filter(
            expires_on__gte=today, completed_on__lte=today, course__active=True, user__is_active=True
        )
        .filter(expires_on__lte=today + timedelta(days=max(REMINDERS)))
        .exclude(Exists(later))
        .select_related("course", "user")
        .order_by("pk")
    )
    return sum(_tell(completion, at) for completion in ending.iterator(chunk_size=500))


@transaction.atomic
def _tell(completion: TrainingCompletion, at: datetime) -> bool:
    assert completion.expires_on is not None  # noqa: S101 - those without an end were left out
    due = reminder_due(completion.expires_on, on=today_in(now=at))
    if due is None:
        return False
    told = notify(
        recipient=completion.user,
        kind=EXPIRING,
        title=f"Your certification {completion.course.title} expires on {as_text(completion.expires_on)}",
        text="Take the course again to stay certified.",
        url=f"/training/{completion.course.code}/",
        fact=f"training-expiring:{completion.pk}:{due}",
        at=at,
    )
    return told is not None
