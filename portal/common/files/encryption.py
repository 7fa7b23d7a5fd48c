"""Files on the disk, encrypted in pieces: any length, bounded memory, any place readable without the rest.

Each file has a random key of its own, kept in its row under ``FIELD_ENCRYPTION_KEYS``; turning those keys over re-wraps
the small keys and leaves the files alone. The pieces are AES-256-GCM in the STREAM construction: the nonce counts the
pieces and marks the last one, so that none can be changed, swapped, dropped or put behind the end unnoticed; the file's
random name is authenticated with each, so that two files cannot change places.
"""

import io
import secrets
from collections.abc import Iterable, Iterator
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER = b"PORTALF1"
PIECE = 64 * 1024
TAG = 16


class Tampered(OSError):
    """The bytes on the disk are not those that were written."""


def new_key() -> bytes:
    return secrets.token_bytes(32)


def _nonce(index: int, *, last: bool) -> bytes:
    # The key is used for one file only, so counting from zero never repeats a nonce.
    return index.to_bytes(11, "big") + (b"\1" if last else b"\0")


def encrypt(pieces: Iterable[bytes], *, key: bytes, context: bytes) -> Iterator[bytes]:
    """``pieces`` of any size, encrypted; ``context`` must be given again to read them."""
    cipher = AESGCM(key)
    yield HEADER
    index, waiting = 0, bytearray()
    for piece in pieces:
        waiting += piece
        # One byte more than a piece must be there before it is known not to be the last.
        while len(waiting) > PIECE:
            yield cipher.encrypt(_nonce(index, last=False), bytes(waiting[:PIECE]), context)
            del waiting[:PIECE]
            index += 1
    yield cipher.encrypt(_nonce(index, last=True), bytes(waiting), context)


class DecryptedFile(io.RawIOBase):
    """Read-only, seekable view of an encrypted file; one piece is in memory at a time."""

    def __init__(self, source: IO[bytes], *, key: bytes, context: bytes) -> None:
        super().__init__()
        self._source = source
        self._cipher = AESGCM(key)
        self._context = context
        self._at = 0
        self._piece_index = -1
        self._piece = b""
        body = source.seek(0, io.SEEK_END) - len(HEADER)
        source.seek(0)
        if source.read(len(HEADER)) != HEADER or body < TAG:
            raise Tampered("Not an encrypted file of the portal.")
        self._last = (body - 1) // (PIECE + TAG)
        self._size = body - (self._last + 1) * TAG
        if self._size < 0 or (self._size == 0) != (body == TAG):
            raise Tampered("The encrypted file was cut.")
        # The end is proved before anything is handed out.
        self._load(self._last)

    def _load(self, index: int) -> None:
        if index == self._piece_index:
            return
        self._source.seek(len(HEADER) + index * (PIECE + TAG))
        sealed = self._source.read(PIECE + TAG)
        try:
            self._piece = self._cipher.decrypt(_nonce(index, last=index == self._last), sealed, self._context)
        except InvalidTag:
            raise Tampered("The encrypted file was changed.") from None
        self._piece_index = index

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size or not len(buffer):
            return 0
        index, offset = divmod(self._at, PIECE)
        self._load(index)
        part = self._piece[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()
