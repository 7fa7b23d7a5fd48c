"""Where the files lie. They hold member data: folders are made for the portal's own user only, and none is ever served.

``outbound`` and ``inbound`` are what the carrier's transfer program sees, plain. The archive keeps a copy of every file
that was sent or read, encrypted. ``quarantine`` holds what could not be read, as it came.
"""

import base64
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from clients.models import X12File
from portal.common.files import encryption

# What transfer programs call a file that is still coming in.
_UNFINISHED = re.compile(r"(?i)\A\.|\.(?:tmp|part|filepart|partial|writing)\Z")
_HARMLESS_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,199}")
SHOWN = 4 * 1024 * 1024  # bytes; a file longer than that is not opened in the administration


class NotHere(Exception):
    """The bytes of a file cannot be shown. ``str()`` says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file in the inbound folder. ``name`` is fit to show and to store, ``path`` is where it really lies."""

    path: Path
    name: str
    size: int
    modified_at: float
    regular: bool

    @property
    def harmless(self) -> bool:
        return self.regular and self.path.name == self.name


def outbound() -> Path:
    return Path(settings.X12_OUTBOUND_DIR)


def inbound() -> Path:
    return Path(settings.X12_INBOUND_DIR)


def count(folder: Path) -> int | None:
    """How many files lie in a folder, what is being written left out; None where it cannot be told."""
    try:
        with os.scandir(folder) as entries:
            return sum(not _UNFINISHED.search(one.name) and not one.is_dir(follow_symlinks=False) for one in entries)
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def put_out(name: str, data: bytes) -> None:
    """Write a file for the member system: complete under its name, or not there at all. Raises ``OSError``.

    A file of that name is never overwritten (``FileExistsError``).
    """
    _write(outbound(), name, data)


def take_back(name: str) -> None:
    """Remove an answered file from the outbound folder, if the transfer program has left it there."""
    with suppress(OSError):
        (outbound() / name).unlink(missing_ok=True)


def come_in() -> Iterator[Found]:
    """Files in the inbound folder, oldest first. Folders and what is still being written are passed over."""
    _make(inbound())
    found = []
    with os.scandir(inbound()) as entries:
        for entry in entries:
            if _UNFINISHED.search(entry.name) or entry.is_dir(follow_symlinks=False):
                continue
            with suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                found.append(
                    Found(
                        path=Path(entry.path),
                        name=_shown(entry.name),
                        size=facts.st_size,
                        modified_at=facts.st_mtime,
                        regular=stat.S_ISREG(facts.st_mode),
                    )
                )
    yield from sorted(found, key=lambda one: (one.modified_at, one.name))


def read(path: Path, *, at_most: int) -> bytes:
    """Up to ``at_most`` bytes of a regular file; a link is not followed. Raises ``OSError``."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as source:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a regular file")
        return source.read(at_most)


def set_apart(file: X12File, path: Path) -> None:
    """Move a file that cannot be read out of the inbound folder. One that is gone already is gone."""
    target = in_quarantine(file)
    _make(target.parent)
    with suppress(FileNotFoundError):
        shutil.move(path, target)


def put_back(file: X12File) -> None:
    """Move a file from the quarantine to the inbound folder. Raises ``NotHere``, also when one of that name is there."""
    target = inbound() / file.name
    _make(inbound())
    if os.path.lexists(target):
        raise NotHere("A file of this name lies in the inbound folder.")
    try:
        shutil.move(in_quarantine(file), target)
    except OSError:
        raise NotHere("This file is not in the quarantine folder any more.") from None


def in_quarantine(file: X12File) -> Path:
    return Path(settings.X12_QUARANTINE_DIR) / f"{file.pk}-{file.name}"


def archive(file: X12File, data: bytes) -> None:
    """Keep an encrypted copy; the caller saves ``file.data_key``. Raises ``OSError``."""
    key = encryption.new_key()
    file.data_key = base64.b64encode(key).decode()
    sealed = b"".join(encryption.encrypt([data], key=key, context=file.archive_key.bytes))
    path = _in_archive(file)
    _make(path.parent.parent)
    _write(path.parent, path.name, sealed, instead=True)


def forget_archived(file: X12File) -> None:
    """Delete the copy in the archive; one that is gone is gone. Raises ``OSError``."""
    _in_archive(file).unlink(missing_ok=True)


def content(file: X12File) -> bytes:
    """The bytes of a file wherever it lies now. Raises ``NotHere``."""
    try:
        if file.state == X12File.State.QUARANTINED:
            return _bounded(read(in_quarantine(file), at_most=SHOWN + 1))
        if file.data_key:
            with _in_archive(file).open("rb") as source:
                kept = encryption.DecryptedFile(
                    source, key=base64.b64decode(file.data_key), context=file.archive_key.bytes
                )
                return _bounded(kept.read(SHOWN + 1) or b"")
        if file.direction == X12File.Direction.IN and file.state != X12File.State.PUT_BACK:
            return _bounded(read(inbound() / file.name, at_most=SHOWN + 1))
    except encryption.Tampered:
        raise NotHere("This file cannot be shown: it was changed on the disk since it was stored.") from None
    except OSError:
        raise NotHere("This file is missing from its folder, or is none that can be shown.") from None
    raise NotHere("Nothing of this file was kept.")


def _bounded(data: bytes) -> bytes:
    if len(data) > SHOWN:
        raise NotHere(f"This file has more than {SHOWN // 1024 // 1024} MB and is not opened here.")
    return data


def _in_archive(file: X12File) -> Path:
    name = file.archive_key.hex
    return Path(settings.X12_ARCHIVE_DIR) / name[:2] / name


def _shown(name: str) -> str:
    if _HARMLESS_NAME.fullmatch(name):
        return name
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".-")[:200] or "unnamed"


def _write(folder: Path, name: str, data: bytes, *, instead: bool = False) -> None:
    _make(folder)
    target = folder / name
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".writing")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not instead and os.path.lexists(target):
            raise FileExistsError(f"{name} is there already")
        os.rename(temporary, target)
        temporary = ""
        _sync(folder)
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _make(folder: Path) -> None:
    """A folder for the portal's own user only; one that is there keeps the rights its owner gave it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
