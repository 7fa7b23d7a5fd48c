"""Documents sent before the demo begins: accepted, rejected with a reason, and waiting for the carrier's staff."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageDraw

from accounts.models import DelegateGrant, User
from clients.models import Policy
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.rules.rejection_reasons import COMMON_REASONS
from ecomm.services.documents import REJECTED, SEQUENCE
from portal.common.files.store import keep
from portal.common.files.uploads import CheckedFile
from portal.common.notifications.models import Notification
from portal.common.numbers import next_number
from portal.demo_data.papers import Part, pdf

Status = DocumentSubmission.Status
NEW, DEPENDENTS, HIPAA, OTHER = (
    "new-business-application",
    "add-dependents",
    "hipaa-authorization-forms",
    "other-documents",
)
CHANGE, PAYMENT, LIFE_EVENT = "change-form", "payment", "proof-of-life-event"
PRINCIPAL = "prairieagency"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A document of the demo: sent so many days ago at that hour; ``client`` counts into the producer's book."""

    by: str
    days: int
    hour: int
    kind: str
    file: str
    client: int | None = None
    by_eapp: bool = False
    status: Status = Status.RECEIVED
    reason: str = ""


UNREADABLE, MISSING, UNSIGNED, OUTDATED, _, LATE = COMMON_REASONS
DOCUMENTS = (
    Sent(
        by="rsolberg7",
        days=84,
        hour=15,
        kind=NEW,
        file="application.pdf",
        client=0,
        by_eapp=True,
        status=Status.ACCEPTED,
    ),
    Sent(
        by="rsolberg7",
        days=71,
        hour=12,
        kind=DEPENDENTS,
        file="birth-certificate.jpg",
        client=1,
        status=Status.ACCEPTED,
    ),
    Sent(by="dkeller22", days=62, hour=9, kind=HIPAA, file="hipaa-authorization.pdf", client=2, status=Status.ACCEPTED),
    Sent(by="rsolberg7", days=55, hour=13, kind=OTHER, file="letter.tif", status=Status.ACCEPTED),
    Sent(by=PRINCIPAL, days=48, hour=10, kind=OTHER, file="agency-w9.pdf", status=Status.ACCEPTED),
    Sent(
        by="rsolberg7",
        days=41,
        hour=16,
        kind=LIFE_EVENT,
        file="lease.jpg",
        client=3,
        status=Status.REJECTED,
        reason=LATE,
    ),
    Sent(by="rsolberg7", days=37, hour=11, kind=LIFE_EVENT, file="lease-signed.pdf", client=3, status=Status.ACCEPTED),
    Sent(
        by="dkeller22",
        days=30,
        hour=14,
        kind=CHANGE,
        file="change-of-address.png",
        client=4,
        status=Status.REJECTED,
        reason=UNSIGNED,
    ),
    Sent(
        by="dkeller22", days=29, hour=9, kind=CHANGE, file="change-of-address-2.pdf", client=4, status=Status.ACCEPTED
    ),
    Sent(by="rsolberg7", days=22, hour=15, kind=PAYMENT, file="check-copy.png", client=5, status=Status.ACCEPTED),
    Sent(by="outsider9", days=20, hour=10, kind=NEW, file="application.pdf", client=0, status=Status.ACCEPTED),
    Sent(
        by="rsolberg7",
        days=16,
        hour=9,
        kind=NEW,
        file="application-page-1.pdf",
        client=6,
        by_eapp=True,
        status=Status.REJECTED,
        reason=MISSING,
    ),
    Sent(
        by="rsolberg7",
        days=15,
        hour=10,
        kind=NEW,
        file="application-complete.pdf",
        client=6,
        by_eapp=True,
        status=Status.ACCEPTED,
    ),
    Sent(by="rsolberg7", days=9, hour=14, kind=HIPAA, file="hipaa-authorization.pdf", client=7, status=Status.ACCEPTED),
    Sent(
        by="rsolberg7",
        days=4,
        hour=11,
        kind=DEPENDENTS,
        file="birth-certificate.jpg",
        client=8,
        status=Status.REJECTED,
        reason=UNREADABLE,
    ),
    Sent(by=PRINCIPAL, days=3, hour=9, kind=OTHER, file="letter-of-broker-of-record.pdf"),
    Sent(by="rsolberg7", days=3, hour=16, kind=DEPENDENTS, file="birth-certificate-new-scan.pdf", client=8),
    Sent(by="dkeller22", days=2, hour=10, kind=LIFE_EVENT, file="marriage-certificate.png", client=9),
    Sent(by="rsolberg7", days=1, hour=9, kind=NEW, file="application.pdf", client=10, by_eapp=True),
    Sent(by="rsolberg7", days=1, hour=15, kind=OTHER, file="power-of-attorney.tif", client=11),
)
TITLES = {
    NEW: "Application for Individual Coverage",
    DEPENDENTS: "Certificate of Birth",
    HIPAA: "Authorization to Disclose Health Information",
    OTHER: "Letter",
    CHANGE: "Change of Address",
    PAYMENT: "Copy of a Check",
    LIFE_EVENT: "Proof of a Life Event",
}


def add_documents(*, now: datetime) -> int:
    """Add the documents of the demo's people with small real files; the clients must be there. Returns how many."""
    senders = {document.by for document in DOCUMENTS}
    people = {user.username: user for user in User.objects.filter(username__in=senders).select_related("producer")}
    staff = User.objects.filter(role=User.Role.CARRIER_ADMIN).order_by("pk").first()
    types = {
        code: DocumentType.objects.get_or_create(code=code, defaults={"label": title})[0]
        for code, title in TITLES.items()
    }
    # Whether a grant is in force is asked of the real day; the demo may be loaded for another one.
    grants = DelegateGrant.objects.filter(delegate__in=people.values()).select_related("producer").order_by("-pk")
    works_for = {grant.delegate_id: grant.producer for grant in grants}
    clients: dict[int, list[Policy]] = {}
    for document in DOCUMENTS:
        person = people[document.by]
        producer = person.producer or works_for[person.pk]
        if producer.pk not in clients:
            book = Policy.objects.filter(producer_number__producer=producer, account__number__isnull=False)
            clients[producer.pk] = list(
                book.exclude(eapp_number="").select_related("account").order_by("eapp_number")[:20]
            )
        book_of = clients[producer.pk]
        policy = book_of[document.client % len(book_of)] if document.client is not None and book_of else None
        at = now - timedelta(days=document.days) + timedelta(hours=document.hour, minutes=document.days % 50)
        decided = document.status != Status.RECEIVED
        row = DocumentSubmission.objects.create(
            tracking_number=next_number(SEQUENCE),
            document_type=types[document.kind],
            account_number=(policy.account.number or "") if policy and not document.by_eapp else "",
            eapp_number=policy.eapp_number if policy and document.by_eapp else "",
            account=policy.account if policy else None,
            producer=producer,
            submitted_by=person,
            submitted_at=at,
            file=keep(_file(document), by=person, at=at),
            form_key=f"demo-{document.by}-{document.days}-{document.hour}",
            status=document.status,
            decided_at=at + timedelta(hours=20) if decided else None,
            decided_by=staff if decided else None,
            reason=document.reason,
        )
        if document.status == Status.REJECTED:
            _tell(row, read=document.days > 10)
    return len(DOCUMENTS)


def _tell(row: DocumentSubmission, *, read: bool) -> None:
    """The notice in the portal. Its email was read long ago."""
    Notification.objects.create(
        recipient=row.submitted_by,
        kind=REJECTED,
        title=f"Document {row} was rejected",
        text="The reason stands in the list of submitted documents.",
        url=reverse("ecomm:documents"),
        dedupe_key=f"{REJECTED} {row.tracking_number}:{row.submitted_by_id}",
        created_at=row.decided_at or row.submitted_at,
        read_at=row.decided_at + timedelta(hours=2) if read and row.decided_at else None,
        emailed_at=row.decided_at,
    )


def _file(document: Sent) -> CheckedFile:
    """Made a moment ago by ourselves, so it is not sent through the examination of strangers' files."""
    ending = document.file.rpartition(".")[2]
    title = TITLES[document.kind]
    if ending == "pdf":
        content, content_type = pdf(carrier=settings.CARRIER_NAME, title=title, parts=(PAGE,)), "application/pdf"
    else:
        content, content_type = _scan(title, ending)
    return CheckedFile(
        name=document.file,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        upload=SimpleUploadedFile(document.file, content),
    )


PAGE = Part("Invented for the demonstration", paragraphs=("This page names nobody.",), boxes=("Signature", "Date"))


def _scan(title: str, ending: str) -> tuple[bytes, str]:
    """A grey page with a title and lines, as a scanner would make it at a low resolution."""
    page = Image.new("L", (425, 550), 246)
    draw = ImageDraw.Draw(page)
    draw.text((40, 40), title, fill=30)
    for line in range(120, 500, 24):
        draw.line((40, line, 385 - line % 60, line), fill=120)
    target = BytesIO()
    kind = {"jpg": "JPEG", "png": "PNG", "tif": "TIFF"}[ending]
    page.save(target, kind)
    return target.getvalue(), f"image/{kind.lower()}"
