"""Where the bytes of stored files lie: under ``UPLOADS_ROOT``, outside of everything that is served (ASVS 5.3.1).

A row and its bytes come and go together. The bytes are written before the row's transaction ends and removed when it
rolls back; what a killed process leaves behind, the hourly sweep finds (``upkeep``).
"""

import base64
import errno
import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from portal.common import outbox
from portal.common.files import encryption
from portal.common.files.models import StoredFile
from portal.common.files.refusals import UploadRefused
from portal.common.files.uploads import CheckedFile

logger = structlog.get_logger(__name__)

SCAN_TOPIC = "files.scan"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NotReleased(Exception):
    """Nobody may have the bytes: not scanned yet, malware in them, or deleted. ``str()`` is fit to show."""


def root() -> Path:
    return Path(settings.UPLOADS_ROOT)


def path_of(key: UUID, *, infected: bool = False) -> Path:
    """Where the bytes of a file lie: two folders deep by its random name, those with malware in a tree of their own."""
    name = key.hex
    return root() / ("quarantine" if infected else "files") / name[:2] / name[2:4] / name


@transaction.atomic
def keep(checked: CheckedFile, *, by: Any, at: datetime) -> StoredFile:
    """Store a checked file, in the caller's transaction, and owe its malware scan.

    The bytes vanish if the transaction (or the savepoint) rolls back. Raises ``UploadRefused`` (code ``no_room``) when
    the disk is full; then nothing is stored.
    """
    scanned = bool(settings.UPLOADS_SCANNER)
    stored = StoredFile(
        name=checked.name,
        content_type=checked.content_type,
        size=checked.size,
        sha256=checked.sha256,
        encrypted=settings.UPLOADS_ENCRYPTED,
        scan=StoredFile.Scan.PENDING if scanned else StoredFile.Scan.NOT_SCANNED,
        stored_at=at,
        stored_by=by,
    )
    pieces: Iterable[bytes] = _verified(checked)
    if stored.encrypted:
        key = encryption.new_key()
        stored.data_key = base64.b64encode(key).decode()
        pieces = encryption.encrypt(pieces, key=key, context=stored.key.bytes)
    path = path_of(stored.key)
    _remove_unless_committed(path)
    _write(path, pieces)
    stored.save(force_insert=True)
    if scanned:
        owe_scan(stored)
    return stored


def owe_scan(stored: StoredFile, *, again_at: datetime | None = None) -> None:
    """Owe the scan of a file; owing it twice is owing it once, unless it is owed ``again_at`` a later moment."""
    key = f"file-scan:{stored.pk}" + (f":{again_at.isoformat()}" if again_at else "")
    outbox.add(SCAN_TOPIC, dedupe_key=key, payload={"file_id": stored.pk})


def open_file(stored: StoredFile) -> BinaryIO:
    """The bytes as they were sent. Raises ``NotReleased`` before the scan, with malware, or after deletion."""
    if not stored.may_be_opened:
        raise NotReleased(f"This file cannot be opened: {stored.get_scan_display().lower()}.")
    return open_unreleased(stored)


def open_unreleased(stored: StoredFile) -> BinaryIO:
    """The bytes whatever the scan says: for the scanner alone. Raises ``NotReleased`` when they are not there."""
    try:
        source = path_of(stored.key).open("rb")
    except FileNotFoundError:
        raise NotReleased("This file is missing from the store.") from None
    if not stored.encrypted:
        return source
    try:
        raw = encryption.DecryptedFile(source, key=base64.b64decode(stored.data_key or ""), context=stored.key.bytes)
    except BaseException:
        source.close()
        raise
    return io.BufferedReader(raw, encryption.PIECE)


def set_apart(key: UUID) -> None:
    """Move the bytes of an infected file out of the reach of everything here. Doing it again does nothing."""
    target = path_of(key, infected=True)
    _make_folders(target)
    with suppress(FileNotFoundError):
        os.rename(path_of(key), target)


def remove(stored: StoredFile, *, at: datetime) -> None:
    """Delete the bytes of a file once the caller's transaction commits; the row stays and says when."""
    StoredFile.objects.filter(pk=stored.pk, removed_at=None).update(removed_at=at)
    stored.removed_at = stored.removed_at or at
    for infected in (False, True):
        transaction.on_commit(partial(_unlink, path_of(stored.key, infected=infected)))


def _verified(checked: CheckedFile) -> Iterator[bytes]:
    """The pieces of a checked file; a change since the check stops the storing."""
    digest = hashlib.sha256()
    for piece in checked.pieces():
        digest.update(piece)
        yield piece
    if digest.hexdigest() != checked.sha256:
        raise UploadRefused("incomplete")


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write to a temporary name, make sure it is on the disk, then give it its name: never half a file."""
    temporary = ""
    try:
        _make_folders(path)
        handle, temporary = tempfile.mkstemp(dir=root() / "tmp")  # 0600
        with os.fdopen(handle, "wb") as target:
            for piece in pieces:
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        os.rename(temporary, path)
        temporary = ""
        _sync_folder(path.parent)
    except OSError as exc:
        logger.error("file not stored", error=errno.errorcode.get(exc.errno or 0, type(exc).__name__))
        if exc.errno in NO_ROOM:
            raise UploadRefused("no_room") from exc
        raise
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _make_folders(path: Path) -> None:
    """The folders of ``path``, open to the portal's own user only (``parents=True`` would not see to that)."""
    root().mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (root() / "tmp", path.parents[2], path.parents[1], path.parents[0]):
        folder.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _UntilCommit:
    """Called when the transaction commits; thrown away, and with it the bytes, when it rolls back.

    Django tells nobody of a rollback, but it drops the callbacks that were to run after the commit, those of a savepoint
    too. Nothing else holds this object, so its end is the rollback.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = weakref.finalize(self, _unlink, path)
        # A process that ends in the middle leaves the bytes to the sweep: at its exit it may be a copy of the one that
        # holds the transaction.
        self._bytes.atexit = False

    def __call__(self) -> None:
        self._bytes.detach()


def _remove_unless_committed(path: Path) -> None:
    transaction.on_commit(_UntilCommit(path))


def _unlink(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
