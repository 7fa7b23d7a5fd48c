"""Forgetting old notifications: the audit trail and the things themselves say what happened, the bell need not."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from portal.common.notifications.models import Notification

BATCH = 5_000


def forget_old(*, at: datetime) -> int:
    """Delete what was read, or went out by email alone, NOTIFICATIONS_KEEP_READ_DAYS before ``at``, and what nobody has
    read for NOTIFICATIONS_KEEP_UNREAD_DAYS. Returns how many. What waits for a digest stays.
    """
    read_before = at - timedelta(days=settings.NOTIFICATIONS_KEEP_READ_DAYS)
    told_before = at - timedelta(days=settings.NOTIFICATIONS_KEEP_UNREAD_DAYS)
    old = Notification.objects.filter(digest_due=False).filter(
        Q(read_at__lt=read_before) | Q(in_app=False, created_at__lt=read_before) | Q(created_at__lt=told_before)
    )
    deleted = 0
    # In pieces, so that no statement holds locks for long however many have gathered.
    while ids := list(old.order_by("id").values_list("id", flat=True)[:BATCH]):
        deleted += Notification.objects.filter(id__in=ids).delete()[0]
    return deleted
