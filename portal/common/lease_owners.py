"""Who holds a lease: an id from which a neighbour can tell that its process is gone, without waiting for the lease (F2).

Sixteen bytes: eight name the machine as its processes see it (this start of the kernel, this space of process numbers, so
that two containers are never taken for one), four the process, four are random. Where the system tells no such thing, the
first eight are random too, and nobody is ever thought to be gone.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import UUID

PLACE, PROCESS = 8, 4


@cache
def _place() -> bytes:
    """The machine as this process sees it; empty where that cannot be told."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return hashlib.sha256(f"{boot} {os.readlink('/proc/self/ns/pid')}".encode()).digest()[:PLACE]
    return b""


def new_owner() -> UUID:
    """An owner of one lease, held by this process."""
    place = _place() or secrets.token_bytes(PLACE)
    return UUID(bytes=place + os.getpid().to_bytes(PROCESS, "big") + secrets.token_bytes(16 - PLACE - PROCESS))


def is_gone(owner: UUID) -> bool:
    """Did this lease belong to a process of this machine that runs no more? In doubt, no: the lease ends by itself."""
    place = _place()
    if not place or owner.bytes[:PLACE] != place:
        return False
    try:
        os.kill(int.from_bytes(owner.bytes[PLACE : PLACE + PROCESS], "big"), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
