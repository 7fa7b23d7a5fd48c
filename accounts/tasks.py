"""What beat does for the accounts. On nobody's behalf: it only forgets what has ended."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.services import lockout, open_sessions, retention, typing_patterns
from portal.common import throttle

# So late that whoever comes back after a break is still told why they were logged out.
FORGET_AFTER = timedelta(days=1)
LONGEST_WINDOW = timedelta(days=2)
# Anybody can write these rows by typing names; four wrong passwords a month ago say nothing any more.
FORGET_WRONG_PASSWORDS_AFTER = timedelta(days=30)


@shared_task(name="accounts.forget_what_ended", ignore_result=True)
def forget_what_ended(**_kwargs: Any) -> None:
    """Drop sessions that ended a day ago, windows in which tries were counted, old counts of wrong passwords, typing patterns,
    codes, links, remembered devices, invitations and sign-in attempts whose days are over.
    """
    now = timezone.now()
    open_sessions.purge(at=now - FORGET_AFTER)
    throttle.purge(before=now - LONGEST_WINDOW)
    lockout.purge(before=now - FORGET_WRONG_PASSWORDS_AFTER)
    typing_patterns.purge(at=now)
    retention.forget(at=now)
    # Those of people who never signed in; the others are known to ``open_sessions``.
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
