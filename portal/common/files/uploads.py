"""Checking a file that somebody sends: name, size, what the bytes are, and whether they are safe to open.

``check`` is the one door. It reads the file in pieces, and leaves the opening of images and PDFs to a process of its own
with little memory and little time (``examine``), so that no file can take the portal down with it (ADR 0011).
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from portal.common.files import examiner
from portal.common.files.kinds import (
    DOCUMENTS,
    HEAD_BYTES,
    SCREENSHOTS,
    FileKind,
    UploadPolicy,
    describe,
    kind_of,
)
from portal.common.files.names import extension_of, safe_name
from portal.common.files.refusals import UploadRefused
from portal.common.files.upload_handlers import CutOff

__all__ = ["DOCUMENTS", "SCREENSHOTS", "CheckedFile", "UploadPolicy", "UploadRefused", "check"]

PIECE = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class CheckedFile:
    """A file that passed. ``keep`` (store.py) makes it last; until then it is the request's temporary file."""

    name: str
    content_type: str
    size: int
    sha256: str
    upload: UploadedFile = field(repr=False, compare=False)

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning, in pieces."""
        return pieces_of(self.upload)


def pieces_of(upload: UploadedFile) -> Iterator[bytes]:
    upload.seek(0)
    while piece := upload.read(PIECE):
        yield piece


def check(upload: UploadedFile, *, policy: UploadPolicy = DOCUMENTS) -> CheckedFile:
    """The file with its safe name and what its bytes are. Raises ``UploadRefused``.

    DOC_01, DOC_02; ASVS 5.2.1, 5.2.2, 5.2.6. The size limit is inclusive.
    """
    if isinstance(upload, CutOff):
        raise UploadRefused(upload.code, limit=policy.limit)
    if not upload.size:
        raise UploadRefused("empty")
    if upload.size > policy.max_bytes:
        raise UploadRefused("too_large", limit=policy.limit)
    size, digest, head = _read(upload, policy)
    kind = _kind(head, str(upload.name or ""), policy)
    with _on_disk(upload) as source:
        examiner.examine(source, kind=kind, policy=policy)
    upload.seek(0)
    name = safe_name(str(upload.name or ""), fallback=f"file.{kind.extensions[0]}")
    return CheckedFile(name=name, content_type=kind.content_type, size=size, sha256=digest, upload=upload)


def _read(upload: UploadedFile, policy: UploadPolicy) -> tuple[int, str, bytes]:
    size, digest, head = 0, hashlib.sha256(), b""
    for piece in pieces_of(upload):
        head = head or piece[:HEAD_BYTES]
        size += len(piece)
        if size > policy.max_bytes:
            raise UploadRefused("too_large", limit=policy.limit)
        digest.update(piece)
    if not size:
        raise UploadRefused("empty")
    return size, digest.hexdigest(), head


def _kind(head: bytes, sent_name: str, policy: UploadPolicy) -> FileKind:
    """The kind of the file, when its bytes and the end of its name agree and the policy takes it."""
    given = extension_of(safe_name(sent_name))
    kind = kind_of(head)
    if kind is None:
        if given in policy.extensions:
            raise UploadRefused("not_what_it_says", given=given, what=describe(head), types=policy.types)
        raise UploadRefused("type", what=describe(head), types=policy.types)
    if kind not in policy.kinds:
        raise UploadRefused("type", what=kind.what, types=policy.types)
    if given not in kind.extensions:
        if not given:
            raise UploadRefused("no_extension", what=kind.what, extension=kind.extensions[0])
        raise UploadRefused("extension", what=kind.what, given=given, extension=kind.extensions[0])
    return kind


@contextmanager
def _on_disk(upload: UploadedFile) -> Iterator[IO[bytes]]:
    """The upload as an open file of the operating system, for the process that examines it."""
    if isinstance(upload, TemporaryUploadedFile):
        # Opened anew: a place in the file that two processes share would move under the hands of this one.
        upload.flush()
        with open(upload.temporary_file_path(), "rb") as source:
            yield source
        return
    with tempfile.TemporaryFile() as copy:
        for piece in pieces_of(upload):
            copy.write(piece)
        copy.flush()
        copy.seek(0)
        yield copy
