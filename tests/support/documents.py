"""Files as people send them, and documents that were sent."""

import io
import time
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.services import documents
from portal.common.files.uploads import CheckedFile, check


def image_bytes(shade: int = 200, kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """A small image that opens; another shade makes other bytes."""
    target = io.BytesIO()
    # A PDF says when it was made; the same bytes each time is what tests of double clicks need.
    moment = {"creationDate": time.gmtime(0), "modDate": time.gmtime(0)} if kind == "PDF" else {}
    Image.new("L", size, shade).save(target, kind, **moment)
    return target.getvalue()


def pdf_bytes(shade: int = 200) -> bytes:
    """A PDF of one page."""
    return image_bytes(shade, kind="PDF")


def upload(name: str = "form.png", content: bytes | None = None, *, shade: int = 200) -> SimpleUploadedFile:
    """A file as it arrives with a form; without ``content`` a good one of the kind its name ends in."""
    if content is None:
        content = pdf_bytes(shade) if name.endswith(".pdf") else image_bytes(shade)
    return SimpleUploadedFile(name, content)


def checked(name: str = "form.png", *, shade: int = 200) -> CheckedFile:
    return check(upload(name, shade=shade))


def document_type(code: str = "other-documents", label: str = "Other Documents") -> DocumentType:
    """One of the types; tests that commit empty the table the migration has filled."""
    found, _ = DocumentType.objects.get_or_create(code=code, defaults={"label": label})
    return found


def sent(
    by: User, *, names: tuple[str, ...] = ("form.png",), at: datetime | None = None, **facts: Any
) -> list[DocumentSubmission]:
    """Documents that ``by`` has sent for the own record, or for ``producer``."""
    key = documents.submit(
        files=[checked(name) for name in names],
        document_type=facts.pop("document_type", None) or document_type(),
        producer=facts.pop("producer", None) or by.producer,
        by=by,
        at=at or timezone.now(),
        form_key=facts.pop("form_key", None) or f"key-of-a-form-{DocumentSubmission.objects.count():04}",
        **facts,
    )
    return list(DocumentSubmission.objects.filter(form_key__startswith=f"{key}-").order_by("tracking_number"))
