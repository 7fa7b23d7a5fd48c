"""Doing several things at the same moment, each on a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Start the acts together and return what each returned or raised, in the order in which they ended.

    Only for tests with ``django_db(transaction=True)``: other connections do not see an open transaction's rows.
    """
    barrier = threading.Barrier(len(acts))
    results: list[Any] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results.append(act())
        except Exception as exc:  # noqa: BLE001 - the test reads it
            results.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
