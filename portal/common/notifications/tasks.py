"""What beat does for notifications, on nobody's behalf."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.common.notifications import digest, retention


@shared_task(name="notifications.owe_digests", ignore_result=True)
def owe_digests(**_kwargs: Any) -> None:
    """Owe the daily digests once their hour has come."""
    digest.owe_digests(at=timezone.now())


@shared_task(name="notifications.forget_old", ignore_result=True)
def forget_old(**_kwargs: Any) -> None:
    """Delete notifications that were kept long enough."""
    retention.forget_old(at=timezone.now())
