import sys
import time
from types import SimpleNamespace

import psycopg2
import pytest
from django.db import OperationalError, ProgrammingError, connection
from psycopg2 import extensions

from portal.common import database_limits
from portal.common.views import errors


@pytest.fixture
def limited(monkeypatch, django_db_blocker):
    """A connection of one's own, made under the limit; the callback is the whole process's, so it goes at the end."""
    monkeypatch.setenv("PGOPTIONS", "")
    database_limits.limit(0.3)
    with django_db_blocker.unblock():
        own = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
    yield own
    own.close()
    database_limits.limit(0)


def test_who_waits_too_long_stops_waiting_and_the_connection_is_given_up(limited):
    began = time.monotonic()
    with pytest.raises(database_limits.NoAnswer), limited.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    assert time.monotonic() - began < 2
    assert limited.closed


def test_who_is_answered_in_time_notices_nothing(limited):
    with limited.cursor() as cursor:
        for _ in range(3):
            cursor.execute("SELECT generate_series(1, 5000) FROM pg_sleep(0.02)")
            assert len(cursor.fetchall()) == 5000


def test_the_server_ends_a_slow_statement_before_the_client_gives_up(monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "")  # so that what is set below goes away again
    monkeypatch.delenv("PGOPTIONS")
    database_limits.limit(2)
    try:
        assert database_limits.os.environ["PGOPTIONS"].startswith("-c statement_timeout=1800 ")
    finally:
        database_limits.limit(0)
    assert extensions.get_wait_callback() is None


@pytest.mark.parametrize(("fault", "status"), [(OperationalError, 503), (ProgrammingError, 500), (KeyError, 500)])
def test_a_database_that_is_away_is_told_from_a_fault_of_ours(fault, status):
    try:
        raise fault("password=secret host=db.internal")
    except fault:
        assert sys.exc_info()[1] is not None
        answer = errors.server_error(SimpleNamespace(COOKIES={}))
    assert answer.status_code == status
    assert b"secret" not in answer.content
    assert answer.has_header("Retry-After") == (status == 503)


def test_these_tests_leave_no_limit_behind():
    """Whatever order they run in: other tests of the process would be ended by it."""
    assert "-c statement_timeout" not in database_limits.os.environ.get("PGOPTIONS", "")
