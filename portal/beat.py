"""Beat with a clock that may be set: a schedule goes on at its pace, whatever the clock does (figure F13).

Celery remembers when each task was last sent and counts on from there. With the clock set back by an hour that moment lies
in the future, and nothing would be sent for an hour, also after a restart, because the moments are kept in a file.
"""

from datetime import timedelta
from typing import Any

import structlog
from celery.beat import PersistentScheduler

logger = structlog.get_logger(__name__)

TOLERATED = timedelta(seconds=1)


class SteadyScheduler(PersistentScheduler):
    """Counts on from now where the last time lies in the future. A clock set forward sends each task once, as ever."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if self._count_on_from_now():
            self._heap = None  # its moments are of the clock before; made anew from the entries
        wait: float = super().tick(*args, **kwargs)
        return wait

    def _count_on_from_now(self) -> bool:
        entries: list[Any] = list(self.schedule.values())
        ahead = [entry for entry in entries if entry.last_run_at > entry.default_now() + TOLERATED]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            logger.warning("the clock was set back, the schedule counts on from now", entries=len(ahead))
        return bool(ahead)
