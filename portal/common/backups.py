"""The whole portal in one folder, and back: database, uploaded files, exchanged 834s (figure F15).

A backup is a folder with a dump of PostgreSQL's own, archives of the folders, and a manifest that says what has to be there
after a restore: rows of each table, the end of the audit chain, sizes and hashes. Counting and dumping look at one snapshot.
Keys are not in it (figure F15, ASVS 13.3): without FIELD_ENCRYPTION_KEYS of its time a backup opens no identity data.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from portal.common import audit_chain, crypto
from portal.common.management.commands.rotate_field_keys import encrypted_columns
from portal.common.models import AuditLink
from portal.embedded import binaries
from portal.embedded.errors import EmbeddedPostgresError

MANIFEST, DUMP = "manifest.json", "database.dump"
FORMAT = 1


class BackupProblem(Exception):
    """A backup or a restore that cannot be made, or that is not whole; the text is fit to show."""


@dataclass(frozen=True)
class Made:
    """A finished backup: where it is, how many rows and bytes are in it."""

    folder: Path
    rows: int
    size: int


def folders() -> dict[str, Path]:
    """The folders that belong to a backup, by the name of their archive."""
    return {"uploads.tar": Path(settings.UPLOADS_ROOT), "x12-archive.tar": Path(settings.X12_ARCHIVE_DIR)}


def make(target: Path, *, now: datetime) -> Made:
    """Make a backup in a new folder below ``target``, named by the moment; until it is whole its name ends in ``.part``.

    Raises ``BackupProblem``; nothing half-made is left under the final name.
    """
    folder = target / f"portal-{now:%Y%m%dT%H%M%SZ}"
    part = folder.with_name(f"{folder.name}.part")
    try:
        part.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise BackupProblem(f"{part} is there already: another backup runs, or one was broken off.") from None
    except OSError as exc:
        raise BackupProblem(f"{target} cannot be written to: {exc.strerror}.") from exc
    try:
        manifest = _filled(part, now)
        part.rename(folder)
    except OSError as exc:
        raise BackupProblem(f"The backup could not be written: {exc.strerror}.") from exc
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(path.stat().st_size for path in folder.iterdir())
    return Made(folder=folder, rows=sum(manifest["rows"].values()), size=size)


def _filled(part: Path, now: datetime) -> dict[str, Any]:
    """Write everything into ``part``; the files after the dump, so that no row names a file that the copy lacks."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        last = AuditLink.objects.order_by("-position").first()
        rows = _counted()
        _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={part / DUMP}")
    for name, source in folders().items():
        if source.is_dir():
            with tarfile.open(part / name, "w") as archive:
                archive.add(source, arcname=".")
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "rows": rows,
        "audit": {"position": last.position, "sha256": last.sha256} if last else None,
        "files": {path.name: _fingerprint(path) for path in sorted(part.iterdir())},
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    with (part / MANIFEST).open("w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    return manifest


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose files are all there as they were written. Raises ``BackupProblem``."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        wanted, known = manifest["files"], manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise BackupProblem(f"{folder} is no backup: {MANIFEST} is missing or cannot be read.") from exc
    if not known:
        raise BackupProblem(f"{folder} was made by another version of this command.")
    for name, fingerprint in wanted.items():
        path = folder / Path(name).name
        if not path.is_file() or _fingerprint(path) != fingerprint:
            raise BackupProblem(f"{name} is missing or is not what was written: this backup is not whole.")
    if DUMP not in wanted:
        raise BackupProblem(f"{folder} holds no database.")
    return manifest


def restore(folder: Path, *, replace: bool, now: datetime) -> dict[str, Any]:
    """Bring a backup back, and compare what is there with what the manifest says. Returns the manifest.

    The database has to be empty and the folders, too, unless ``replace``: then the tables go, and the folders are moved
    aside. The database is restored in one transaction. Everybody has to sign in anew. Raises ``BackupProblem``.
    """
    manifest = check(folder)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        tables = cursor.fetchone()[0]
    filled = [path for name, path in folders().items() if name in manifest["files"] and _has_files(path)]
    if not replace and (tables or filled):
        what = ["the database holds tables"] * bool(tables) + [f"{path} holds files" for path in filled]
        raise BackupProblem(f"There is something already: {', '.join(what)}. Say --replace to give it up.")
    if tables:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    _run(
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-acl",
        f"--dbname={connection.settings_dict['NAME']}",
        str(folder / DUMP),
    )
    for path in filled:
        path.rename(path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}"))
    for name, path in folders().items():
        if name in manifest["files"]:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tarfile.open(folder / name) as archive:
                archive.extractall(path, filter="data")
    _compare(manifest)
    Session.objects.all().delete()
    return manifest


def opens_with_these_keys() -> bool:
    """Can what is encrypted in the database be read? Asked of one value of each encrypted field."""
    for model, field in encrypted_columns():
        with connection.cursor() as cursor:
            # Read raw: the field itself cannot be asked for values that are not empty.
            column, table = (
                connection.ops.quote_name(str(field.column)),
                connection.ops.quote_name(model._meta.db_table),
            )
            cursor.execute(f"SELECT {column} FROM {table} WHERE {column} <> '' LIMIT 1")  # noqa: S608 - our own names
            found = cursor.fetchone()
        try:
            field.from_db_value(found[0] if found else None, None, connection)
        except crypto.CannotDecrypt:
            return False
    return True


def _compare(manifest: Mapping[str, Any]) -> None:
    found = _counted()
    other = [table for table, count in manifest["rows"].items() if found.get(table) != count]
    if other:
        raise BackupProblem(f"Not all rows came back: {', '.join(sorted(other))}.")
    kept = manifest["audit"]
    audit_chain.verify(anchors={kept["position"]: kept["sha256"]} if kept else {}, late_is_broken=False)


def _counted() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and not model._meta.proxy:
                cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')  # noqa: S608 - our own names
                found[model._meta.db_table] = int(cursor.fetchone()[0])
    return found


def _fingerprint(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(handle, "sha256").hexdigest()}


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on the portal's database. Raises ``BackupProblem``.

    Whom to ask is told in the environment: arguments can be read by everybody on the machine.
    """
    told = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    environment = {**os.environ, **{names[key]: str(value) for key, value in told.items() if key in names and value}}
    environment.pop("PGOPTIONS", None)
    command = [str(next(_found(program))), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603 - our own words
    if done.returncode:
        raise BackupProblem(f"{program} ended with an error: {done.stderr.strip().splitlines()[-1:] or 'no word'}")


def _found(program: str) -> Iterator[Path]:
    """Where the program is: PG_BIN and the portal's own server, then the PATH. Raises ``BackupProblem``."""
    try:
        path = binaries.find()[program]
        if path.exists():
            yield path
    except EmbeddedPostgresError:
        pass
    on_path = shutil.which(program)
    if on_path:
        yield Path(on_path)
    raise BackupProblem(f"{program} was not found: install PostgreSQL's client programs, or say where with PG_BIN.")
