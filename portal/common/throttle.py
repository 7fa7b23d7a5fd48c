"""How often is too often: counters in the database, so that a restart of anything else forgets nothing.

Anonymous forms count by address and by what was typed (account, mailbox); signed-in ones by user. The counting is exact
under concurrency: one row a window, raised by one statement.
"""

import logging
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from portal.common.models import ThrottleWindow

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """At most ``times`` within a window of ``per`` (windows start at fixed moments, not at the first try)."""

    scope: str
    times: int
    per: timedelta


class TooOften(Exception):
    """The limit is used up; ``wait_minutes`` says, rounded up, when the next window starts."""

    def __init__(self, wait_minutes: int) -> None:
        self.wait_minutes = wait_minutes
        wait = "a minute" if wait_minutes == 1 else f"{wait_minutes} minutes"
        super().__init__(f"This was tried too often. Please wait {wait} and try again.")


def count(limit: Limit, key: str, *, at: datetime) -> int:
    """Count one try of ``key`` at the moment ``at`` and return which try of the window it is, from 1.

    Raises ``TooOften`` from try ``times`` + 1 on.

    The count is committed with the caller's transaction; call it outside of one that a refusal would roll back.
    """
    starts_at, key_hash = _window(limit, key, at)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO common_throttlewindow (scope, key_hash, starts_at, count) VALUES (%s, %s, %s, 1)
            ON CONFLICT (scope, key_hash, starts_at) DO UPDATE SET count = common_throttlewindow.count + 1
            RETURNING count
            """,
            [limit.scope, key_hash, starts_at],
        )
        tried: int = cursor.fetchone()[0]
    if tried > limit.times:
        logger.warning("limit reached", extra={"scope": limit.scope, "tried": tried, "limit": limit.times})
        left = starts_at + limit.per - at
        raise TooOften(max(1, math.ceil(left.total_seconds() / 60)))
    return tried


def used(limit: Limit, key: str, *, at: datetime) -> int:
    """How many tries of ``key`` were counted in the window of ``at``, without counting one."""
    starts_at, key_hash = _window(limit, key, at)
    windows = ThrottleWindow.objects.filter(scope=limit.scope, key_hash=key_hash, starts_at=starts_at)
    return windows.values_list("count", flat=True).first() or 0


def _window(limit: Limit, key: str, at: datetime) -> tuple[datetime, str]:
    """When the window of ``at`` started, and what the key is stored as."""
    seconds = int(limit.per.total_seconds())
    starts_at = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=UTC)
    return starts_at, salted_hmac("portal.throttle", f"{limit.scope}:{key}", algorithm="sha256").hexdigest()


@transaction.atomic
def purge(*, before: datetime) -> int:
    """Forget windows that started before ``before``; return how many."""
    deleted, _ = ThrottleWindow.objects.filter(starts_at__lt=before).delete()
    return deleted
