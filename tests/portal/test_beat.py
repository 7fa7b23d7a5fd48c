"""The schedule goes on at its pace, whatever is done to the clock (figure F13)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.beat import SteadyScheduler
from portal.celery import app

pytestmark = pytest.mark.no_db
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
EVERY = 5.0


class Counting(SteadyScheduler):
    def __init__(self, path) -> None:
        self.sent: list[str] = []
        super().__init__(app, schedule_filename=str(path))

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self._store["entries"].clear()
        self.update_from_dict({"sweep": {"task": "portal.common.sweep_outbox", "schedule": EVERY}})

    def apply_entry(self, entry, producer=None) -> None:
        self.sent.append(entry.name)

    @property
    def producer(self) -> None:
        return None


def run(beat: Counting, traveller, seconds: float) -> int:
    """Let beat do its ticks for so many seconds of a clock that is only read; how often it has sent the task."""
    before, passed = len(beat.sent), 0.0
    while passed < seconds:
        wait = max(beat.tick(), 0.01)
        traveller.shift(min(wait, seconds - passed) + 0.001)
        passed += wait
    return len(beat.sent) - before


@pytest.mark.parametrize(
    "jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=90), timedelta(days=-90), timedelta(seconds=-3)]
)
def test_the_schedule_neither_stops_nor_doubles_when_the_clock_is_set(tmp_path, jump):
    with time_machine.travel(NOON, tick=False) as traveller:
        beat = Counting(tmp_path / "schedule")
        assert 11 <= run(beat, traveller, 60) <= 13
        traveller.shift(jump)
        assert 11 <= run(beat, traveller, 60) <= 14
        beat.close()


def test_moments_kept_in_the_file_do_not_stop_a_beat_that_starts_behind_them(tmp_path):
    with time_machine.travel(NOON, tick=False) as traveller:
        beat = Counting(tmp_path / "schedule")
        run(beat, traveller, 30)
        beat.sync()
        traveller.shift(timedelta(hours=-1))
        beat._heap = None
        assert 11 <= run(beat, traveller, 60) <= 14
        beat.close()


def test_no_message_of_beat_expires_within_a_clocks_hour():
    from django.conf import settings

    assert min(one["options"]["expires"] for one in settings.CELERY_BEAT_SCHEDULE.values()) >= 2 * 60 * 60
    assert app.conf.beat_scheduler == "portal.beat.SteadyScheduler"
