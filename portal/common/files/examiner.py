"""Opening a file in a process of its own. (The process itself is ``examine.py``.)"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import structlog

from portal.common.files.kinds import FileKind, UploadPolicy
from portal.common.files.refusals import SENTENCES, UploadRefused

logger = structlog.get_logger(__name__)

SCRIPT = Path(__file__).with_name("examine.py")
# More at once would be more memory than a web process should answer for; the next one waits.
AT_ONCE = threading.BoundedSemaphore(2)
WAIT_SECONDS = 15.0
SECONDS = 9.0  # by the clock; the process also limits its own processor time


def examine(source: IO[bytes], *, kind: FileKind, policy: UploadPolicy) -> None:
    """Open the file from its beginning as ``kind``. Raises ``UploadRefused`` when it should not be taken."""
    if not AT_ONCE.acquire(timeout=WAIT_SECONDS):
        raise UploadRefused("not_checked")
    try:
        done = _run(source, kind)
    except subprocess.TimeoutExpired:
        raise UploadRefused("too_complex") from None
    except OSError as exc:
        logger.error("upload not examined", error=type(exc).__name__)
        raise UploadRefused("not_checked") from None
    finally:
        AT_ONCE.release()
    try:
        answer = json.loads(done.stdout)
        code, facts = answer["code"], answer["facts"]
    except (ValueError, KeyError, TypeError):
        # It died: out of memory or of processor time, or a decoder crashed. All of that is the file's doing.
        logger.warning("upload examination died", kind=kind.code, returncode=done.returncode)
        raise UploadRefused("too_complex") from None
    if code == "ok":
        return
    if code not in SENTENCES:
        raise UploadRefused("too_complex")
    raise UploadRefused(code, **{"types": policy.types, **facts})


def _run(source: IO[bytes], kind: FileKind) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(  # noqa: S603 - our own script, by its path
        [sys.executable, "-I", str(SCRIPT), kind.code],
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        close_fds=True,
        cwd="/",
        # No secrets of the portal's environment in a process that opens strangers' files.
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        check=False,
    )
