"""Keeping rows and bytes together: what a killed process left half done is finished here, every hour."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from portal.common import outbox
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.models import OutboxMessage

logger = structlog.get_logger(__name__)

# Longer than any transaction: younger bytes may belong to a row that is not committed yet.
OLD_ENOUGH_SECONDS = 60 * 60
CHUNK = 500
# More orphans than a few crashes leave mean that this is the wrong database, or an older one: then nothing is deleted.
FEW = 20
SHARE = 0.05


@dataclass(kw_only=True)
class Upkeep:
    """What one round found and did."""

    files: int = 0
    orphans: int = 0
    removed: int = 0
    set_apart: int = 0
    scans_retried: int = 0
    missing: int = 0
    held_back: bool = False


def tidy(*, dry_run: bool = False, force: bool = False) -> Upkeep:
    """Remove bytes that no row knows, finish what was to be set apart or removed, clear old temporary files.

    Only bytes older than an hour are touched. When more than 5% of them (and more than 20) are orphans nothing is
    deleted unless ``force``: the portal is then looking at a database these files do not belong to.
    """
    done = Upkeep()
    orphans: list[Path] = []
    for paths in _chunks(_paths()):
        rows = {
            row.key: row
            for row in StoredFile.objects.filter(key__in=[UUID(path.name) for path in paths]).only(
                "key", "scan", "removed_at"
            )
        }
        for path in paths:
            done.files += 1
            row = rows.get(UUID(path.name))
            if row is None or row.removed_at is not None:
                orphans.append(path)
            elif row.scan == StoredFile.Scan.INFECTED and path == store.path_of(row.key):
                done.set_apart += 1
                if not dry_run:
                    store.set_apart(row.key)
    done.orphans = len(orphans)
    done.held_back = not force and done.orphans > max(FEW, done.files * SHARE)
    if done.held_back:
        logger.error("too many stored files without a row; none was removed", orphans=done.orphans, files=done.files)
    elif not dry_run:
        for path in orphans:
            with suppress(FileNotFoundError):
                path.unlink()
                done.removed += 1
    if not dry_run:
        _clear_temporary()
    return done


def forget_infected(*, at: datetime) -> int:
    """Delete the bytes of files with malware in them UPLOADS_QUARANTINE_KEEP_DAYS after they came; the rows stay."""
    before = at - timedelta(days=settings.UPLOADS_QUARANTINE_KEEP_DAYS)
    old = StoredFile.objects.filter(scan=StoredFile.Scan.INFECTED, removed_at=None, stored_at__lt=before)
    count = 0
    for row in old.order_by("pk")[:CHUNK]:
        with transaction.atomic():
            store.remove(row, at=at)
        count += 1
    return count


def retry_scans() -> int:
    """Put scans that were given up back in the queue while their files still wait: the scanner may be up again."""
    if not settings.UPLOADS_SCANNER:
        return 0
    given_up = OutboxMessage.objects.filter(topic=store.SCAN_TOPIC, status=OutboxMessage.Status.DEAD, closed_note="")
    waiting = StoredFile.objects.filter(scan=StoredFile.Scan.PENDING, removed_at=None)
    ids = set(waiting.values_list("pk", flat=True))
    return sum(outbox.retry(message) for message in given_up if message.payload.get("file_id") in ids)


def missing() -> Iterator[StoredFile]:
    """Rows whose bytes should be there and are not: a backup was restored in part, or a disk was lost."""
    for row in StoredFile.objects.filter(removed_at=None).order_by("pk").iterator(chunk_size=CHUNK):
        if not any(store.path_of(row.key, infected=infected).exists() for infected in (False, True)):
            yield row


def _paths() -> Iterator[Path]:
    """Stored bytes older than an hour."""
    newest = time.time() - OLD_ENOUGH_SECONDS
    for tree in ("files", "quarantine"):
        for folder, _, names in os.walk(store.root() / tree):
            for name in names:
                path = Path(folder, name)
                with suppress(ValueError, FileNotFoundError):
                    if UUID(name).hex == name and path.stat().st_mtime < newest:
                        yield path


def _chunks(paths: Iterator[Path]) -> Iterator[list[Path]]:
    chunk: list[Path] = []
    for path in paths:
        chunk.append(path)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _clear_temporary() -> None:
    newest = time.time() - OLD_ENOUGH_SECONDS
    for path in (store.root() / "tmp").glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < newest:
                path.unlink()
