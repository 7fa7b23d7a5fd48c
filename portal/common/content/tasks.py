"""What beat does for the content pages. On nobody's behalf."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.common.content.services import reminders


@shared_task(name="content.remind_of_expiring_training", ignore_result=True)
def remind_of_expiring_training(**_kwargs: Any) -> None:
    reminders.remind(at=timezone.now())
