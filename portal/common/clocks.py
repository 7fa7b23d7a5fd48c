"""Whose clock counts. Web and workers run on several machines; what they share is the database, and so its clock (figure F13).

A process whose clock is wrong must not open a lock early or take over work that another one holds. What a rule or a page
is about goes by the caller's ``at``; only what one process decides about another's row asks here.
"""

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

# Farther apart than this, and somebody should look at the time service: one-time codes live for minutes.
FAR_APART_SECONDS = 60


def shared_now() -> datetime:
    """The database's time at this moment; this process's own where SHARED_CLOCK is off (tests move the clock)."""
    if not settings.SHARED_CLOCK:
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def earlier_of(at: datetime) -> datetime:
    """``at``, or the database's time where this process's clock is ahead of it: for what must not end early."""
    return min(at, shared_now()) if settings.SHARED_CLOCK else at


def later_of(at: datetime) -> datetime:
    """``at``, or the database's time where this process's clock is behind it: for what begins now and must last."""
    return max(at, shared_now()) if settings.SHARED_CLOCK else at


def seconds_ahead() -> float:
    """How far this process's clock is ahead of the database's; negative when it is behind."""
    return (timezone.now() - shared_now()).total_seconds()
