"""Marking notifications as read. What is read leaves the bell and the next digest."""

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.common import audit
from portal.common.notifications.models import Notification


@transaction.atomic
def mark_read(*, notification: Notification, by: Any, at: datetime) -> bool:
    """Mark one as read. Returns ``False`` when it was read before."""
    changed = Notification.objects.for_user(by).unread().filter(pk=notification.pk).update(read_at=at, digest_due=False)
    if changed:
        audit.record("notification.read", by=by, object_type="notification", object_id=str(notification.pk))
    return bool(changed)


@transaction.atomic
def mark_unread(*, notification: Notification, by: Any) -> bool:
    """Put one back among the unread: the undo of a press too many. It goes into no digest again. ``False``: it was unread."""
    mine = Notification.objects.for_user(by).filter(pk=notification.pk, read_at__isnull=False)
    changed = mine.update(read_at=None)
    if changed:
        audit.record("notification.unread", by=by, object_type="notification", object_id=str(notification.pk))
    return bool(changed)


@transaction.atomic
def mark_all_read(*, by: Any, up_to: int, at: datetime) -> int:
    """Mark everything up to the notification with the id ``up_to``, inclusive, as read; returns how many.

    Newer ones stay unread: they came while the person was looking at the list.
    """
    changed = Notification.objects.for_user(by).unread().filter(pk__lte=up_to).update(read_at=at, digest_due=False)
    if changed:
        audit.record(
            "notification.all_read", by=by, object_type="user", object_id=str(by.pk), details={"count": changed}
        )
    return changed
