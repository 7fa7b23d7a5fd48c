"""Emptying the tables after a test that committed rows.

Django truncates every table and makes content types and permissions anew. Truncating a hundred tables, nearly all of them
empty, gives the database a thousand new files to make and costs a second; deleting the rows that are there costs a
hundredth of it. Large tables are truncated, so that nothing dead stays behind.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase

MADE_BY_MIGRATE = {ContentType._meta.db_table, Permission._meta.db_table}  # the same after every test
LARGE_BYTES = 1_000_000


def empty_tables(test: TransactionTestCase) -> None:
    """Takes the place of ``TransactionTestCase._fixture_teardown``."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - MADE_BY_MIGRATE
    with connection.cursor() as cursor:
        filled = _filled(cursor, sorted(tables))
        if not filled:
            return
        # No trigger and no foreign key stands in the way: everything goes.
        cursor.execute("SET session_replication_role = replica")
        large = [f'"{table}"' for table, size in filled if size > LARGE_BYTES]
        statements = [f'DELETE FROM "{table}"' for table, size in filled if size <= LARGE_BYTES]  # noqa: S608 - our own names
        if large:
            statements.append(f"TRUNCATE {', '.join(large)} CASCADE")
        cursor.execute("; ".join(statements))
        cursor.execute("SET session_replication_role = DEFAULT")


def _filled(cursor: Any, tables: list[str]) -> list[tuple[str, int]]:
    """The tables that hold a row, with their sizes in bytes."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}', pg_relation_size('\"{table}\"') WHERE EXISTS (SELECT FROM \"{table}\")"  # noqa: S608 - our own names
        for table in tables
    )
    cursor.execute(asked)
    return list(cursor.fetchall())
