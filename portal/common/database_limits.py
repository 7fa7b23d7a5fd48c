"""How long a page waits for the database: a server that hangs must not hold every web process (figure F6).

Two limits for one thing. The server ends a statement that takes too long by itself; a server that says nothing at all can
end nothing, so the client stops waiting too, closes the connection, and the next request opens another one. Only web
processes are limited: imports, migrations and workers have work that takes its time, and copy rows in bulk, which psycopg2
does not do under a wait callback.
"""

import os
import select
import threading
import time
from functools import partial
from typing import Any

import psycopg2
from psycopg2 import extensions

HELD_SECONDS = 60
# Who has just waited in vain does not wait as long again, as Django does when it tries a new connection instead of a lost one.
AGAIN_SECONDS, JUST_NOW_SECONDS = 0.5, 1
EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}

_silent = threading.local()


class NoAnswer(psycopg2.OperationalError):
    """The database has not answered in time. The connection is of no use any more."""


def limit(seconds: float) -> None:
    """Let every statement of this process end within ``seconds``; 0 lifts the limit. To be called before it connects.

    A transaction that nobody goes on with is ended by the server after a minute. ``options`` of DATABASE_URL come first.
    """
    if not seconds:
        extensions.set_wait_callback(None)
        return
    if "PGOPTIONS" not in os.environ:
        # A little earlier than the client, so that a slow statement, unlike a silent server, leaves the connection whole.
        statement = int(seconds * 900)
        os.environ["PGOPTIONS"] = (
            f"-c statement_timeout={statement} -c idle_in_transaction_session_timeout={HELD_SECONDS * 1000}"
        )
    extensions.set_wait_callback(partial(_wait, seconds=seconds))


def _wait(connection: Any, *, seconds: float) -> None:
    """Wait for the socket as psycopg2 asks for it. Raises ``NoAnswer`` when the time is over."""
    began = time.monotonic()
    again = began - getattr(_silent, "at", -JUST_NOW_SECONDS) < JUST_NOW_SECONDS
    ends = began + (min(seconds, AGAIN_SECONDS) if again else seconds)
    while (state := connection.poll()) != extensions.POLL_OK:
        poller = select.poll()
        poller.register(connection.fileno(), EVENTS[state])
        left = ends - time.monotonic()
        if left <= 0 or not poller.poll(left * 1000):
            _silent.at = time.monotonic()
            raise NoAnswer("The database did not answer in time.")
