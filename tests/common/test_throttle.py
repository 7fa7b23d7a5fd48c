from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from portal.common import throttle
from portal.common.models import ThrottleWindow

LIMIT = throttle.Limit(scope="test", times=3, per=timedelta(hours=1))
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_try_after_the_last_allowed_one_is_refused_with_the_wait():
    for minute in (0, 10, 20):
        throttle.count(LIMIT, "10.0.0.1", at=NOON + timedelta(minutes=minute))
    with pytest.raises(throttle.TooOften, match="wait 30 minutes"):
        throttle.count(LIMIT, "10.0.0.1", at=NOON + timedelta(minutes=30))


def test_another_key_and_the_next_window_have_counts_of_their_own():
    for _ in range(3):
        throttle.count(LIMIT, "10.0.0.1", at=NOON)
    throttle.count(LIMIT, "10.0.0.2", at=NOON)
    throttle.count(LIMIT, "10.0.0.1", at=NOON + timedelta(hours=1))


def test_what_is_counted_is_not_kept():
    throttle.count(LIMIT, "rita@record.example", at=NOON)
    assert "rita" not in str(ThrottleWindow.objects.values())


def test_old_windows_are_forgotten():
    throttle.count(LIMIT, "a", at=NOON)
    throttle.count(LIMIT, "a", at=NOON + timedelta(hours=5))
    assert throttle.purge(before=NOON + timedelta(hours=1)) == 1
    assert ThrottleWindow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_tries_at_once_count_exactly():
    def attempt(_number):
        try:
            throttle.count(LIMIT, "10.0.0.1", at=NOON)
        except throttle.TooOften:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as pool:
        let_in = sum(pool.map(attempt, range(20)))
    assert let_in == 3
    assert ThrottleWindow.objects.get().count == 20


def test_a_limit_that_is_reached_is_written_to_the_log_without_whom_it_counts(caplog):
    for _ in range(3):
        throttle.count(LIMIT, "rita@record.example", at=NOON)
    assert not caplog.records
    with pytest.raises(throttle.TooOften):
        throttle.count(LIMIT, "rita@record.example", at=NOON)
    (record,) = caplog.records
    assert (record.getMessage(), record.scope, record.tried, record.limit) == ("limit reached", "test", 4, 3)
    assert "rita" not in str(vars(record))
