"""Documents on their way to the carrier: sent, hidden from a list, accepted or rejected (DOC_01..09, HOM_08).

Each act is one transaction. File names stand with the document only: no email, notification, log line or audit row
repeats them.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Producer, User
from accounts.scoping import producers_acted_for
from clients.models import Account
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.rules.rejection_reasons import MALWARE
from ecomm.selectors.documents import household_of
from portal.common import audit, dates
from portal.common.access import Perm
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.throttle import count_uploads
from portal.common.files.uploads import CheckedFile
from portal.common.notifications.notify import notify_all
from portal.common.numbers import next_number

SEQUENCE = "ecomm_document_tracking"
ACCEPTED, REJECTED = "document.accepted", "document.rejected"

Follower = Callable[[DocumentSubmission], bool]
_followers: list[Follower] = []


def when_decided(follower: Follower) -> Follower:
    """Call ``follower`` with each document that was accepted or rejected, in the transaction that records it.

    Apps whose records documents belong to register here from their ``registrations.py``. A follower answers whether it has
    told the people concerned itself, and does nothing for documents that are not its own.
    """
    if follower not in _followers:
        _followers.append(follower)
    return follower


class NotForThisProducer(Exception):
    """The sender may not send documents for this producer (any more); the text is fit to show."""


class AlreadyDecided(Exception):
    """Somebody else was quicker; the text says what became of the document."""


class NotScannedYet(Exception):
    """What nobody can have read cannot be accepted; the text says so."""


def submit(
    *,
    files: Sequence[CheckedFile],
    document_type: DocumentType,
    producer: Producer,
    by: User,
    at: datetime,
    form_key: str,
    account_number: str = "",
    eapp_number: str = "",
) -> str:
    """Send files to the carrier, each with a tracking number of its own, and return the key of the set (DOC_05).

    The numbers are kept as typed; the household they name is linked only when the sender may see it. The same form with
    the same content is one set however often it arrives; ``selectors.documents.sent_together`` reads it.

    All or nothing. Raises ``NotForThisProducer``, ``TooOften`` from the 51st file within an hour, and ``UploadRefused``
    when there is no room to store a file.
    """
    sent_key = _key_of_set(files, document_type, producer, by, form_key, account_number, eapp_number)
    with transaction.atomic():
        if _sent_before(sent_key):
            return sent_key
        if producer not in producers_acted_for(by, Perm.CARRIER_CONTACT):
            raise NotForThisProducer("You can no longer send documents for this producer.")
        household = household_of(by, producer=producer, account_number=account_number, eapp_number=eapp_number)
        numbers = {"account_number": account_number, "eapp_number": eapp_number}
        _keep(files, sent_key, document_type, producer, by, at, account=household, **numbers)
    return sent_key


@transaction.atomic
def submit_with_record(
    *,
    files: Sequence[CheckedFile],
    document_type: DocumentType,
    producer: Producer,
    by: User,
    at: datetime,
    form_key: str,
    record: str,
    account: Account | None = None,
) -> list[DocumentSubmission]:
    """Send files that belong to a record of the portal, such as an application, and return them with their numbers.

    Whoever calls it has checked that ``by`` may work on the record, which is of ``producer``'s book, and that ``account``
    is its household. ``record`` names record and place in it: the same form with the same content is one set however often
    it arrives. Raises ``TooOften`` and ``UploadRefused`` like ``submit``.
    """
    sent_key = _key_of_set(files, document_type, producer, by, form_key, record)
    if not _sent_before(sent_key):
        _keep(files, sent_key, document_type, producer, by, at, account=account)
    return list(DocumentSubmission.objects.filter(form_key__startswith=f"{sent_key}-").order_by("tracking_number"))


def _sent_before(sent_key: str) -> bool:
    """Of five clicks at the same moment four wait here, then find what the first one has done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [sent_key])
    return DocumentSubmission.objects.filter(form_key=f"{sent_key}-1").exists()


def _keep(
    files: Sequence[CheckedFile],
    sent_key: str,
    document_type: DocumentType,
    producer: Producer,
    by: User,
    at: datetime,
    *,
    account: Account | None,
    **numbers: str,
) -> None:
    # Only files that were sent count, so the count belongs to this transaction.
    count_uploads(by, len(files), at)
    for place, file in enumerate(files, start=1):
        document = DocumentSubmission.objects.create(
            tracking_number=next_number(SEQUENCE),
            document_type=document_type,
            account=account,
            producer=producer,
            submitted_by=by,
            submitted_at=at,
            file=store.keep(file, by=by, at=at),
            form_key=f"{sent_key}-{place}",
            **numbers,
        )
        _record("document.submitted", document, by=by, type=document_type.code, linked=account is not None)


def _key_of_set(files: Sequence[CheckedFile], *facts: Any) -> str:
    """Names the form with what is in it, of this person: the same form with another file is another set."""
    named = [str(getattr(fact, "pk", fact)) for fact in facts] + [f"{file.sha256}{file.name}" for file in files]
    return hashlib.sha256("\x00".join(named).encode()).hexdigest()[:40]


def take_off_list(*, documents: Iterable[DocumentSubmission], by: User) -> int:
    """Delete documents from this person's own list; the carrier's copy and everybody else's list keep them (DOC_08)."""
    return _change_list(documents, "document.deleted", hide=True, by=by)


def put_back(*, documents: Iterable[DocumentSubmission], by: User) -> int:
    """Show deleted documents on this person's list again."""
    return _change_list(documents, "document.restored", hide=False, by=by)


@transaction.atomic
def _change_list(documents: Iterable[DocumentSubmission], action: str, *, hide: bool, by: User) -> int:
    chosen = list(documents)
    hidden = set(by.documents_hidden.filter(pk__in=[document.pk for document in chosen]).values_list("pk", flat=True))
    changed = [document for document in chosen if (document.pk in hidden) != hide]
    if hide:
        by.documents_hidden.add(*changed)
    else:
        by.documents_hidden.remove(*changed)
    for document in changed:
        _record(action, document, by=by)
    return len(changed)


@transaction.atomic
def assign(*, document: DocumentSubmission, to: User, by: User) -> bool:
    """Say who of the carrier's staff looks through it. Returns ``False`` when it was so before.

    Raises ``AlreadyDecided``.
    """
    document = _lock_waiting(document)
    if document.assigned_to_id == to.pk:
        return False
    before, document.assigned_to = document.assigned_to_id, to
    document.save(update_fields=["assigned_to"])
    _record("document.assigned", document, by=by, before=before, after=to.pk)
    return True


@transaction.atomic
def accept(*, document: DocumentSubmission, by: User, at: datetime) -> DocumentSubmission:
    """Take the document over; the sender is told. Raises ``AlreadyDecided``, and ``NotScannedYet`` before its release."""
    document = _lock_waiting(document)
    if not document.file.may_be_opened:
        raise NotScannedYet(f"Document {document} waits for its malware scan and cannot be accepted yet.")
    return _decide(document, DocumentSubmission.Status.ACCEPTED, reason="", by=by, at=at)


@transaction.atomic
def reject(*, document: DocumentSubmission, reason: str, by: User, at: datetime) -> DocumentSubmission:
    """Refuse the document with a reason; the sender is told to look it up (HOM_08). Raises ``AlreadyDecided``."""
    return _decide(_lock_waiting(document), DocumentSubmission.Status.REJECTED, reason=reason, by=by, at=at)


def reject_infected(stored: StoredFile) -> None:
    """Refuse the document whose file has malware in it, on nobody's behalf. Other files are none of its business."""
    rows = DocumentSubmission.objects.select_for_update(of=("self",)).select_related("producer", "submitted_by")
    document = rows.filter(file=stored).exclude(status=DocumentSubmission.Status.REJECTED).first()
    if document is not None:
        # Found late, by a scanner set up afterwards, it undoes an acceptance: nobody can open that file any more.
        at = stored.scanned_at or timezone.now()
        _decide(document, DocumentSubmission.Status.REJECTED, reason=MALWARE, by=None, at=at)


def record_opened(document: DocumentSubmission, *, by: User) -> None:
    """Every document that staff take out is written down (DOC_07)."""
    _record("document.opened", document, by=by)


def _decide(
    document: DocumentSubmission,
    status: DocumentSubmission.Status,
    *,
    reason: str,
    by: User | None,
    at: datetime,
) -> DocumentSubmission:
    document.status, document.reason = status, reason
    document.decided_by, document.decided_at = by, at
    document.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    rejected = status == DocumentSubmission.Status.REJECTED
    kind = REJECTED if rejected else ACCEPTED
    told = [follower(document) for follower in _followers]
    recipients = _to_be_told(document)
    if rejected:
        # A rejection nobody can find on the list would be no answer.
        document.hidden_for.remove(*recipients)
    if not any(told):
        notify_all(
            recipients=recipients,
            kind=kind,
            title=f"Document {document} was {'rejected' if rejected else 'accepted'}",
            text="The reason stands in the list of submitted documents." if rejected else "",
            url=reverse("ecomm:documents"),
            fact=f"{kind} {document.tracking_number}",
            at=at,
        )
    _record(kind, document, by=by, malware=rejected and by is None)
    return document


def _to_be_told(document: DocumentSubmission) -> list[User]:
    """The sender, while still entitled to the list; otherwise the producer for whom it was sent."""
    sender: User = document.submitted_by
    if DocumentSubmission.objects.for_user(sender, perm=Perm.CARRIER_CONTACT).filter(pk=document.pk).exists():
        return [sender]
    return list(User.objects.filter(producer_id=document.producer_id, is_active=True))


def _lock_waiting(document: DocumentSubmission) -> DocumentSubmission:
    """The row, locked and as it is now. Raises ``AlreadyDecided`` once it is accepted or rejected."""
    locked = DocumentSubmission.objects.select_for_update(of=("self",))
    row = locked.select_related("producer", "submitted_by", "file", "decided_by").get(pk=document.pk)
    if row.status != DocumentSubmission.Status.RECEIVED and row.decided_at is not None:
        who = row.decided_by.get_username() if row.decided_by else "the malware scan"
        when = dates.moment_as_text(row.decided_at)
        raise AlreadyDecided(f"Document {row} was {row.get_status_display().lower()} by {who} on {when}.")
    return row


def _record(action: str, document: DocumentSubmission, *, by: User | None, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=document.producer.npn,
        object_type="documentsubmission",
        object_id=str(document.tracking_number),
        details=details,
    )
