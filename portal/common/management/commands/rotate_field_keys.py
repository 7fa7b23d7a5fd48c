"""Re-encrypt every encrypted field under the newest key, so that older keys can be dropped."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction
from tqdm import tqdm

from portal.common import crypto

CHUNK = 500


def encrypted_columns() -> Iterator[tuple[type[models.Model], crypto.EncryptedTextField]]:
    """Every encrypted field of every installed model."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, crypto.EncryptedTextField):
                yield model, field


class Command(BaseCommand):
    help = (
        "Re-encrypts all encrypted fields under the first of FIELD_ENCRYPTION_KEYS, or of the setting a field names. "
        "Put a new key first, run this, then drop the old key. Safe to run again and while the portal works."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only check that every value can be decrypted.")

    def handle(self, *args: Any, **options: Any) -> None:
        for model, field in encrypted_columns():
            count = self._rotate(model, field, dry_run=options["dry_run"])
            self.stdout.write(f"{model._meta.label}.{field.name}: {count:,} values")

    def _rotate(self, model: type[models.Model], field: crypto.EncryptedTextField, *, dry_run: bool) -> int:
        quote = connection.ops.quote_name
        table, column = quote(model._meta.db_table), quote(str(field.column))
        pk_field = model._meta.pk
        assert pk_field is not None  # noqa: S101 - every model has a primary key; this tells the type checker
        key = quote(str(pk_field.column))
        last: Any = None
        count = 0
        with tqdm(desc=model._meta.label, unit=" rows", disable=None, leave=False) as progress:
            while True:
                with transaction.atomic(), connection.cursor() as cursor:
                    # Values are read raw: the field itself would show them decrypted. Names come from the models.
                    cursor.execute(
                        f"SELECT {key}, {column} FROM {table} WHERE {column} <> ''"  # noqa: S608 - names out of the models
                        + (f" AND {key} > %s" if last is not None else "")
                        + f" ORDER BY {key} LIMIT {CHUNK} FOR UPDATE",
                        [last] if last is not None else [],
                    )
                    rows = cursor.fetchall()
                    if not rows:
                        return count
                    try:
                        fresh = [(crypto.rotate(token, keys=field.keys), pk) for pk, token in rows]
                    except crypto.CannotDecrypt as exc:
                        raise CommandError(
                            f"{model._meta.label}.{field.name} holds a value no configured key opens. Nothing is lost: "
                            f"add the missing key to {field.keys} and run this again."
                        ) from exc
                    if not dry_run:
                        cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", fresh)  # noqa: S608 - names out of the models
                last = rows[-1][0]
                count += len(rows)
                progress.update(len(rows))
