"""What changed since the last run: the rows of a run as keys and keyed hashes of what was shown, never the values (REP_16)."""

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from portal.common.tables import Column, Table
from reporting.tables import CONTACT_KEYS

# Of so many rows the keys are kept, so that they can be listed; the counts are exact in any case.
KEYS_KEPT = 5_000
_PAIR = struct.Struct("<qQ")
Rows = Mapping[int, int]


@lru_cache(maxsize=1)
def _key(secret: str) -> bytes:
    return hashlib.sha256(f"report-rows:{secret}".encode()).digest()


class Watcher:
    """Remembers the rows of one run as they pass by; phone and email do not count as a change of the report's subject."""

    def __init__(self, table: Table[Any]) -> None:
        self._columns: list[Column] = [column for column in table.columns if column.key not in CONTACT_KEYS]
        self._secret = _key(settings.SEARCH_DIGEST_KEY)
        self.rows: dict[int, int] = {}

    def see(self, row: Any) -> None:
        shown = "\x1f".join([column.shown_text(row) for column in self._columns])
        made = hashlib.blake2b(shown.encode(), digest_size=8, key=self._secret).digest()
        self.rows[row.pk] = int.from_bytes(made, "little")


def pack(rows: Rows) -> bytes:
    return zlib.compress(b"".join(_PAIR.pack(key, shown) for key, shown in rows.items()), 1)


def unpack(kept: bytes | memoryview) -> dict[int, int]:
    return dict(_PAIR.iter_unpack(zlib.decompress(kept)))


@dataclass(frozen=True)
class Changes:
    """Keys of rows that are new, gone, or show something else than before."""

    new: list[int]
    gone: list[int]
    changed: list[int]

    def as_data(self) -> dict[str, list[int]]:
        return {name: keys[:KEYS_KEPT] for name, keys in vars(self).items()}


def compare(before: Rows, now: Rows) -> Changes:
    """What is different in ``now``; each list in the order of the run it is from."""
    return Changes(
        new=[key for key in now if key not in before],
        gone=[key for key in before if key not in now],
        changed=[key for key, shown in now.items() if before.get(key, shown) != shown],
    )
