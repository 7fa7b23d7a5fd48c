"""Rows that thousands of tests begin with: made through the models once, put back as they were for every later test.

Each test has rows and objects of its own and may change both. The rows' numbers are the same in all tests. No other row
gets them: sequences do not go back when a test is rolled back or its tables are emptied, and where one was set back
(``load_demo`` does), it is set past the rows again.
"""

import pickle
from collections.abc import Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone

Made = TypeVar("Made")
GOOD_FOR = timedelta(minutes=5)  # the rows hold moments that mean "just now"


class MadeOnce(Generic[Made]):
    def __init__(self, make: Callable[[], Made]) -> None:
        self.make = make
        self.circumstances: Hashable = None
        self.made_at = timezone.now()
        self.objects = b""
        self.inserts = ""

    def again(self) -> Made:
        age = timezone.now() - self.made_at
        if self.circumstances != _circumstances() or not timedelta(0) <= age < GOOD_FOR:
            return self._make_and_keep()
        with connection.cursor() as cursor:
            cursor.execute(self.inserts)
        return pickle.loads(self.objects)  # noqa: S301 - our own

    def _make_and_keep(self) -> Made:
        self.circumstances, self.made_at = _circumstances(), timezone.now()
        models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
        before = {model: _keys(model) for model in models}
        made = self.make()
        self.inserts = ";".join(_insert(model, new) for model in models if (new := _keys(model) - before[model]))
        self.objects = pickle.dumps(made)
        return made


def _circumstances() -> Hashable:
    """What the rows depend on besides their factories."""
    keys = (settings.SEARCH_DIGEST_KEY, *settings.FIELD_ENCRYPTION_KEYS)
    return timezone.localdate(), *keys, *settings.PASSWORD_HASHERS


def _keys(model: type[Model]) -> set[object]:
    return set(model._base_manager.values_list("pk", flat=True).iterator()) if not model._meta.proxy else set()


def _insert(model: type[Model], keys: set[object]) -> str:
    """Statements with the rows as the database holds them; the literals find their types by themselves."""
    quote = connection.ops.quote_name
    columns = [quote(field.column) for field in model._meta.concrete_fields if not field.generated]
    table, key = quote(model._meta.db_table), quote(model._meta.pk.column)
    as_text = ", ".join(f"{column}::text" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {as_text} FROM {table} WHERE {key} = ANY(%s) ORDER BY {key}", [list(keys)])  # noqa: S608 - names out of the models
        one = f"({', '.join(['%s'] * len(columns))})"
        rows = ", ".join(cursor.cursor.mogrify(one, row).decode() for row in cursor.fetchall())
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, model._meta.pk.column])
        sequence = cursor.fetchone()[0]
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows}"  # noqa: S608 - names out of the models
    if sequence is None:
        return insert
    return f"{insert};SELECT setval('{sequence}', greatest({max(keys)}, pg_sequence_last_value('{sequence}')))"
