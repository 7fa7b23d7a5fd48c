"""The malware scan: owed by ``keep``, done by the outbox, the only way by which a waiting file is released (ASVS 5.4.3).

A scanner that is down, hangs or talks nonsense releases nothing: the file stays PENDING and is tried again.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.common import audit, outbox
from portal.common.files import store
from portal.common.files.encryption import Tampered
from portal.common.files.models import StoredFile
from portal.common.models import OutboxMessage

logger = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
# After the scanner failed once, other owed work goes first for a while: a hung scanner costs each try its whole timeout.
REST_SECONDS = 20.0

Receiver = Callable[[StoredFile], None]
_receivers: list[Receiver] = []
_rests_until = 0.0


class ScannerUnavailable(Exception):
    """The scanner did not say whether the file is clean."""


def when_infected(receiver: Receiver) -> Receiver:
    """Call ``receiver`` with each file in which malware is found, in the transaction that records the find.

    Apps that use files register here from their ``registrations.py``; registering twice is registering once. A receiver
    must do its work by rows only, and nothing for files that are not its own.
    """
    if receiver not in _receivers:
        _receivers.append(receiver)
    return receiver


@outbox.handler(store.SCAN_TOPIC, lease=LEASE)
def scan_file(payload: dict[str, Any]) -> None:
    """Scan one waiting file and record what was found. Works for nobody in particular: the file was taken already."""
    stored = StoredFile.objects.filter(pk=payload["file_id"], scan=StoredFile.Scan.PENDING, removed_at=None).first()
    if stored is None:
        return
    signature = _find_malware(stored)
    record_verdict(stored.pk, signature=signature, at=timezone.now())


def _find_malware(stored: StoredFile) -> str:
    """The scanner's name for what it found, empty when the file is clean. Raises ``ScannerUnavailable``, ``GiveUp``."""
    global _rests_until
    if settings.UPLOADS_SCANNER != "clamd":
        raise outbox.GiveUp("No scanner is set up (UPLOADS_SCANNER).")
    if time.monotonic() < _rests_until:
        raise ScannerUnavailable
    try:
        with store.open_unreleased(stored) as source:
            answer = _clamd().instream(source).get("stream")
    except (store.NotReleased, Tampered):
        raise outbox.GiveUp("The bytes are missing or were changed.") from None
    except (ClamdError, OSError, ValueError) as exc:
        _rests_until = time.monotonic() + REST_SECONDS
        logger.warning("scanner did not answer", file_id=stored.pk, error=type(exc).__name__)
        raise ScannerUnavailable from exc
    match answer:
        case ("OK", _):
            return ""
        case ("FOUND", signature):
            return str(signature or "unnamed")
    raise ScannerUnavailable


def _clamd() -> ClamdNetworkSocket:
    timeout = settings.CLAMD_TIMEOUT_SECONDS
    if settings.CLAMD_SOCKET:
        return _UnixSocket(settings.CLAMD_SOCKET, timeout=timeout)
    return ClamdNetworkSocket(settings.CLAMD_HOST, settings.CLAMD_PORT, timeout=timeout)


class _UnixSocket(ClamdUnixSocket):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__(path)
        self.timeout = timeout  # seconds may have a fraction


@transaction.atomic
def record_verdict(file_id: int, *, signature: str, at: datetime) -> StoredFile:
    """Release the file, or mark it as infected and tell the apps that use it; a verdict once given stays."""
    stored = StoredFile.objects.select_for_update().get(pk=file_id)
    if stored.scan != StoredFile.Scan.PENDING:
        return stored
    stored.scan = StoredFile.Scan.INFECTED if signature else StoredFile.Scan.CLEAN
    stored.scanned_at = at
    stored.signature = signature[:120]
    stored.save(update_fields=["scan", "scanned_at", "signature"])
    if signature:
        audit.record(
            "file.infected",
            by=None,
            object_type="storedfile",
            object_id=str(stored.pk),
            details={"signature": stored.signature},
        )
        for receiver in _receivers:
            receiver(stored)
        transaction.on_commit(lambda: store.set_apart(stored.key))
        logger.error("malware in an upload", file_id=stored.pk, signature=stored.signature)
    return stored


@transaction.atomic
def scan_again(stored: StoredFile, *, at: datetime) -> bool:
    """Owe the scan of a file that waits, or that came in while no scanner was set up. Returns whether it is owed now."""
    stored = StoredFile.objects.select_for_update().get(pk=stored.pk)
    waits = stored.scan in (StoredFile.Scan.PENDING, StoredFile.Scan.NOT_SCANNED)
    if not settings.UPLOADS_SCANNER or not waits or stored.removed_at:
        return False
    if stored.scan != StoredFile.Scan.PENDING:
        stored.scan = StoredFile.Scan.PENDING
        stored.save(update_fields=["scan"])
    owed = owed_scan(stored)
    if owed is None or owed.status == OutboxMessage.Status.DONE:
        store.owe_scan(stored, again_at=at if owed else None)
    elif owed.status == OutboxMessage.Status.DEAD:
        outbox.retry(owed)
    else:
        OutboxMessage.objects.filter(pk=owed.pk, lease_until=None).update(not_before=at)
    return True


def owed_scan(stored: StoredFile) -> OutboxMessage | None:
    """The newest row that owes the scan of this file: how often it was tried, and what went wrong."""
    key = f"file-scan:{stored.pk}"
    owed = OutboxMessage.objects.filter(Q(dedupe_key=key) | Q(dedupe_key__startswith=f"{key}:"))
    return owed.order_by("-id").first()
