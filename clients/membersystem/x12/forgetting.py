"""Raw 834s, acknowledgements and what was put aside hold members' data: their bytes go after their days. On nobody's behalf."""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction

from clients.membersystem.x12 import folders
from clients.models import X12File
from portal.common import audit

logger = structlog.get_logger(__name__)

CHUNK = 500


def forget(*, now: datetime) -> int:
    """Delete archived copies X12_ARCHIVE_KEEP_DAYS after their file was settled, their rows stay; and files in quarantine
    with their rows, X12_QUARANTINE_KEEP_DAYS after they were put aside. Returns how many.

    Nothing that waits for an answer is touched. A file that cannot be deleted is left for the next time.
    """
    return _archived(now) + _quarantined(now)


def _archived(now: datetime) -> int:
    before = now - timedelta(days=settings.X12_ARCHIVE_KEEP_DAYS)
    old = X12File.objects.filter(state__in=X12File.FOLDERS["archive"], settled_at__lt=before).exclude(
        data_key__isnull=True
    )
    count = 0
    for file in old.order_by("pk")[:CHUNK]:
        try:
            folders.forget_archived(file)
        except OSError as exc:
            logger.error("archived file not deleted", file=file.pk, error=type(exc).__name__)
            continue
        # Without its key the row says that nothing was kept.
        count += X12File.objects.filter(pk=file.pk).update(data_key=None)
    return count


def _quarantined(now: datetime) -> int:
    before = now - timedelta(days=settings.X12_QUARANTINE_KEEP_DAYS)
    old = X12File.objects.filter(state=X12File.State.QUARANTINED, settled_at__lt=before)
    count = 0
    for file in old.order_by("pk")[:CHUNK]:
        try:
            with suppress(FileNotFoundError):
                folders.in_quarantine(file).unlink()
        except OSError as exc:
            logger.error("file in quarantine not deleted", file=file.pk, error=type(exc).__name__)
            continue
        with transaction.atomic():
            audit.record("x12_file.forgotten", by=None, object_type="x12 file", object_id=str(file.pk))
            file.delete()
        count += 1
    return count
