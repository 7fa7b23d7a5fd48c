"""The migrated database of the tests, made once: every worker, and every later run, copies it.

Migrating takes a worker ten seconds and more, copying half a second. The copy's name holds a fingerprint of the portal's
code and data; where one letter of them changes, the first worker migrates again and the old copy goes away.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection

PREFIX = "ready_portal_"  # tests/support/embedded.py leaves these alone
LOCK = 834_001  # one worker at a time looks, makes or copies
APPS = ("accounts", "clients", "enrollment", "ecomm", "reporting", "portal")


def fingerprint(base: Path | None = None) -> str:
    """Of every file of the portal's apps: migrations run code of theirs and read their data."""
    root = base or Path(settings.BASE_DIR)
    files = [
        path for app in APPS for path in (root / app).rglob("*") if "__pycache__" not in path.parts and path.is_file()
    ]
    digest = hashlib.sha256(repr((django.VERSION, settings.INSTALLED_APPS, str(settings.SHIPPED_CATALOG_DIR))).encode())
    for path in sorted(files):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


@contextmanager
def copied_if_ready() -> Iterator[Callable[[], None]]:
    """Django makes its test database inside: out of the copy that is there, or by migrating.

    The function given is called once that has gone well: it keeps a copy for the next, whose turn it is then.
    """
    name = PREFIX + fingerprint()
    # A connection of its own, with a database that is surely there; the lock ends with it.
    with closing(connection.get_new_connection({**connection.get_connection_params(), "dbname": "postgres"})) as own:
        own.autocommit = True
        cursor = own.cursor()
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        ready = cursor.fetchone() is not None
        if ready:
            connection.settings_dict["TEST"].update(TEMPLATE=name, MIGRATE=False)

        def made() -> None:
            if not ready:
                _keep(cursor, name)
            own.close()

        yield made


def _keep(cursor: Any, name: str) -> None:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    for (old,) in cursor.fetchall():
        cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
    migrated = connection.settings_dict["NAME"]
    connection.close()  # a database that somebody is connected with cannot be copied
    cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"')
