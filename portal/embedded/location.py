"""Where the portal's own PostgreSQL keeps its data and its socket. Pure path arithmetic, so that settings can import it."""

import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_LIMIT = 90  # a Unix socket's path ends at 107 bytes; PostgreSQL adds "/.s.PGSQL.5432"


@dataclass(frozen=True)
class Place:
    """``data_dir`` holds the cluster, ``socket_dir`` is what DATABASES calls HOST, ``lock_file`` says who owns it."""

    data_dir: Path
    socket_dir: Path
    lock_file: Path


def traversable_by_others(path: Path) -> bool:
    """Can a user who owns none of the parent folders reach ``path``?"""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents if parent.exists())


def locate(wanted: Path) -> Place:
    """Return data and socket folders for a cluster that is wanted at ``wanted``.

    The answer depends on the path and on who asks, never on what is running. As root the server runs as an
    unprivileged user, so data below a closed home moves to the machine's folder for temporary files, keyed by the
    wanted path: two checkouts never share one. A path too long for a socket gets a short one there too.
    The folder that holds ``wanted`` is the portal's own: the server opens that one for passing through.
    """
    wanted = Path(os.path.realpath(wanted))
    key = f"{zlib.crc32(str(wanted).encode()):08x}"
    data = wanted
    if hasattr(os, "geteuid") and os.geteuid() == 0 and not traversable_by_others(wanted.parent):
        data = _shared_folder("/var/tmp") / f"portal-data-{key}"  # noqa: S108 - checked for links and owners at start
    socket = data
    if len(os.fsencode(socket)) > SOCKET_PATH_LIMIT:
        # Never by TMPDIR where it can be helped: two terminals with different values must find the same server.
        socket = _shared_folder("/tmp") / f"portal-pg-{key}"  # noqa: S108 - checked for links and owners at start
    return Place(data_dir=data, socket_dir=socket, lock_file=data.with_name(f"{data.name}.lock"))


def _shared_folder(usual: str) -> Path:
    return Path(usual) if Path(usual).is_dir() else Path(tempfile.gettempdir())
