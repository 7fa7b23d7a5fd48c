"""Handing a stored file out: always as a download, never shown by the browser, never kept by a cache (ASVS 5.4)."""

import structlog
from django.http import FileResponse

from portal.common.files.encryption import Tampered
from portal.common.files.models import StoredFile
from portal.common.files.store import NotReleased, open_file

logger = structlog.get_logger(__name__)

# Should a browser show the bytes all the same, they may do nothing at all.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def as_attachment(stored: StoredFile) -> FileResponse:
    """The file as a download under its safe name. Who may have it is the caller's to check.

    Raises ``NotReleased``, also when the bytes on the disk are not those that were stored.
    """
    try:
        source = open_file(stored)
    except Tampered:
        logger.error("stored bytes were changed", file_id=stored.pk)
        raise NotReleased("This file cannot be opened: it was changed on the disk since it was stored.") from None
    response = FileResponse(source, as_attachment=True, filename=stored.name, content_type=stored.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
