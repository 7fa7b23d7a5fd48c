"""Handing a stored file out: always as a download, never shown by the browser, never kept by a cache (ASVS 5.4)."""

from django.http import FileResponse

from portal.common.files.models import StoredFile
from portal.common.files.store import open_file

# Should a browser show the bytes all the same, they may do nothing at all.
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def as_attachment(stored: StoredFile) -> FileResponse:
    """The file as a download under its safe name. Raises ``NotReleased``. Who may have it is the caller's to check."""
    response = FileResponse(
        open_file(stored), as_attachment=True, filename=stored.name, content_type=stored.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
