"""A form is sent once, however often it arrives: for rows that keep no form key of their own.

Every form that is shown carries a key; the first transaction in which it arrives does the work. Keys are remembered for a
day at least, as keyed hashes beside the throttle's counters, and forgotten with them.
"""

import re
import secrets
from datetime import datetime, timedelta

from django.db import connection

from portal.common import throttle
from portal.common.throttle import Limit

SHAPE = re.compile(r"[A-Za-z0-9_-]{16,40}")
REMEMBERED_FOR = timedelta(days=1)
UNLIMITED = 1_000_000_000


def new_key() -> str:
    """Names one form that is shown."""
    return secrets.token_urlsafe(18)


def readable(key: str) -> str:
    """The key as it was sent, or a new one when it is none."""
    return key if SHAPE.fullmatch(key) else new_key()


def first_time(scope: str, key: str, *, at: datetime) -> bool:
    """Does the form named ``key`` arrive for the first time? Must be called in the transaction that does its work.

    Of several at the same moment one is told ``True``; the others wait for its transaction and are told ``False``, or
    ``True`` in their turn when it was rolled back. ``key`` names the person as well as the form.
    """
    limit = Limit(f"form:{scope}"[:60], UNLIMITED, REMEMBERED_FOR)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{limit.scope}:{key}"])
    # Windows begin at fixed moments; one of two arrivals may lie just before such a moment, and be the second to get here.
    elsewhere = sum(throttle.used(limit, key, at=at + step) for step in (-REMEMBERED_FOR, REMEMBERED_FOR))
    return throttle.count(limit, key, at=at) == 1 and elsewhere == 0
