"""What beat does for the accounts. On nobody's behalf: it only forgets what has ended."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.services import open_sessions
from portal.common import throttle

# So late that whoever comes back after a break is still told why they were logged out.
FORGET_AFTER = timedelta(days=1)
LONGEST_WINDOW = timedelta(days=2)


@shared_task(name="accounts.forget_what_ended", ignore_result=True)
def forget_what_ended(**_kwargs: Any) -> None:
    """Drop sessions that ended a day ago and windows in which tries were counted."""
    now = timezone.now()
    open_sessions.purge(at=now - FORGET_AFTER)
    throttle.purge(before=now - LONGEST_WINDOW)
