"""Proof of life events: asked for, sent or attested, and decided about by the carrier's staff.

A paper is a document like any other (``ecomm.services.documents``): stored, scanned, numbered and decided about there, and
only linked to its slot here. A slot's state follows its papers, so accepting a document in the queue of documents and
accepting the slot are the same act. What was sent stays with the application, whatever becomes of its life events.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.services import documents
from enrollment.models import Application, EvidenceItem, EvidenceKind, EvidencePaper
from enrollment.rules.evidence import MET, Asks, Paper, State, due_on, state_of
from enrollment.selectors import evidence as selector
from portal.common import audit
from portal.common.access import Perm
from portal.common.dates import today_in
from portal.common.files.uploads import CheckedFile
from portal.common.notifications.notify import notify_all

DOCUMENT_TYPE = ("proof-of-life-event", "Proof of Life Event")
REJECTED_NOTICE = "evidence.rejected"
Received = DocumentSubmission.Status.RECEIVED


class CannotSend(Exception):
    """The slot, or the application, takes nothing more; the text is fit to show."""


class CannotDecide(Exception):
    """There is nothing to decide about, or it was decided already; the text is fit to show."""


# --- sent and said, by those who work on the application ---


@transaction.atomic
def send(
    *,
    application: Application,
    event_code: str,
    code: str,
    files: Sequence[CheckedFile],
    by: User,
    at: datetime,
    form_key: str,
) -> list[DocumentSubmission]:
    """Send papers for a slot of an application that ``by`` may work on, and return them with their tracking numbers.

    However often one form arrives it is one set. All or nothing: raises ``CannotSend`` for a slot that is not asked for or
    settled already, ``TooOften`` from the 51st file within an hour, ``UploadRefused`` when there is no room.
    """
    locked, kind = _open_slot(application, event_code, code, at=at)
    if kind.asks != Asks.PAPER:
        raise CannotSend("No papers are asked for here.")
    item = _item(locked, kind, at)
    account = locked.member.account if locked.member else None
    document_type, _ = DocumentType.objects.get_or_create(code=DOCUMENT_TYPE[0], defaults={"label": DOCUMENT_TYPE[1]})
    sent = documents.submit_with_record(
        files=files,
        document_type=document_type,
        producer=locked.producer_number.producer,
        by=by,
        at=at,
        form_key=form_key,
        record=f"{locked.record_number} {event_code} {code}",
        account=account,
    )
    known = set(EvidencePaper.objects.filter(document__in=sent).values_list("document_id", flat=True))
    new = [document for document in sent if document.pk not in known]
    if not new:
        return sent
    if item.state in MET:
        raise CannotSend(f"“{kind.label}” is settled: nothing more is asked for.")
    EvidencePaper.objects.bulk_create(EvidencePaper(item=item, document=document) for document in new)
    _settle(item, at)
    _record("evidence.sent", locked, by, slot=code, files=len(new))
    return sent


@transaction.atomic
def attest(*, application: Application, event_code: str, code: str, by: User, at: datetime) -> EvidenceItem:
    """Keep that the applicant attests to the slot's words, as ``by`` says; once is enough. Raises ``CannotSend``.

    An attestation needs no decision of the carrier's (45 CFR 155.420(d)(10) asks for no documents).
    """
    locked, kind = _open_slot(application, event_code, code, at=at)
    if kind.asks != Asks.ATTESTATION:
        raise CannotSend("Papers are asked for here, not an attestation.")
    item = _item(locked, kind, at)
    if item.attested_at is None and item.state not in MET:
        item.attested_at, item.attested_by, item.attested_text = at, by, kind.note
        item.state, item.reason, item.changed_at = State.ACCEPTED, "", at
        item.save()
        _record("evidence.attested", locked, by, slot=code)
    return item


def _open_slot(
    application: Application, event_code: str, code: str, *, at: datetime
) -> tuple[Application, EvidenceKind]:
    """The application, locked, and the slot as it is asked for now. Raises ``CannotSend``."""
    rows = Application.objects.select_for_update(of=("self",))
    locked = rows.select_related("producer_number__producer", "member__account").get(pk=application.pk)
    if why := selector.why_closed(locked, today=today_in(locked.us_state, now=at)):
        raise CannotSend(why)
    kinds = {kind.as_slot().key: kind for kind in selector.kinds_asked(locked, now=at)}
    kind = kinds.get((event_code, code))
    if kind is None:
        raise CannotSend("This is not asked for any more: the life events of the application have changed.")
    return locked, kind


def _item(application: Application, kind: EvidenceKind, at: datetime) -> EvidenceItem:
    """The slot's row; the application is locked, so there is one."""
    item, _ = EvidenceItem.objects.get_or_create(
        application=application,
        event_code=kind.event_code,
        code=kind.code,
        defaults={"kind": kind, "changed_at": at},
    )
    return item


# --- asked for, with the submission ---


@transaction.atomic
def ask(*, application: Application, submitted_at: datetime) -> None:
    """With a submission: give every slot its row and its due day, counted from that day in the applicant's state.

    Submitted once more, what is still open gets the later due day. Slots of life events that are gone are marked as no
    longer asked for; their papers stay. Must be called in the submission's transaction, once the application is completed.
    """
    rows = {(row.event_code, row.code): row for row in _locked_items(application=application)}
    submitted_on = today_in(application.us_state, now=submitted_at)
    for kind in selector.kinds_asked(application, now=submitted_at):
        row = rows.pop((kind.event_code, kind.code), None)
        if row is None:
            row = EvidenceItem(application=application, event_code=kind.event_code, code=kind.code)
            row.kind, row.changed_at = kind, submitted_at
        due = due_on(submitted_on, kind.due_days or settings.EVIDENCE_DUE_DAYS)
        row.due_on, row.dropped = max(row.due_on or due, due), False
        row.save()
    for row in rows.values():
        row.dropped = True
        row.save(update_fields=["dropped"])


# --- decided by the carrier's staff ---


@transaction.atomic
def accept(*, item: EvidenceItem, by: User, at: datetime) -> None:
    """Accept every paper of the slot that waits. Raises ``CannotDecide``, ``AlreadyDecided`` and ``NotScannedYet``."""
    for document in _waiting(item):
        documents.accept(document=document, by=by, at=at)


@transaction.atomic
def reject(*, item: EvidenceItem, reason: str, by: User, at: datetime) -> None:
    """Reject every paper of the slot that waits; those who sent it are told. Raises ``CannotDecide``, ``AlreadyDecided``."""
    for document in _waiting(item):
        documents.reject(document=document, reason=reason, by=by, at=at)


@transaction.atomic
def waive(*, item: EvidenceItem, reason: str, by: User, at: datetime) -> None:
    """Say that nothing needs to be sent any more, and why. Raises ``CannotDecide`` for what is accepted or waived."""
    row = _lock(item)
    if row.state in MET:
        raise CannotDecide(f"“{row.kind.label}” of {row.application} is {row.get_state_display().lower()} already.")
    row.state, row.reason = State.WAIVED, reason
    row.decided_by, row.decided_at, row.changed_at = by, at, at
    row.save()
    _record("evidence.waived", row.application, by, slot=row.code)


@transaction.atomic
def ask_after_all(*, item: EvidenceItem, by: User, at: datetime) -> None:
    """Take a waiver back: the slot is what its papers make it. Raises ``CannotDecide`` for what is not waived."""
    row = _lock(item)
    if row.state != State.WAIVED:
        raise CannotDecide(f"“{row.kind.label}” of {row.application} is not waived.")
    row.state, row.reason, row.decided_by, row.decided_at = State.WANTED, "", None, None
    _settle(row, at)
    _record("evidence.asked_after_all", row.application, by, slot=row.code)


def follow(document: DocumentSubmission) -> bool:
    """What a decision about a document means for its slot; ``True`` when those concerned were told here.

    Registered with ``documents.when_decided``; runs in the transaction of the decision, also of a malware scan's.
    """
    paper = EvidencePaper.objects.filter(document=document).first()
    if paper is None or document.decided_at is None:
        return False
    item = _lock(paper.item_id)
    _settle(item, document.decided_at, by=document.decided_by)
    rejected = document.status == DocumentSubmission.Status.REJECTED
    _record(
        "evidence.rejected" if rejected else "evidence.accepted", item.application, document.decided_by, slot=item.code
    )
    if rejected:
        _tell_rejected(document, item.application)
    return rejected


def _tell_rejected(document: DocumentSubmission, application: Application) -> None:
    """The sender, while still entitled to the application, and the producer: by number, without the life event."""
    recipients = list(User.objects.filter(producer_id=application.producer_number.producer_id, is_active=True))
    sender = document.submitted_by
    if Application.objects.for_user(sender, perm=Perm.ENROLL).filter(pk=application.pk).exists():
        recipients.append(sender)
    notify_all(
        recipients=recipients,
        kind=REJECTED_NOTICE,
        title=f"A paper of application {application.record_number} was rejected",
        text=f"The reason stands with the papers of the application; tracking number {document.tracking_number}.",
        url=reverse("enrollment:application-evidence", args=[application.record_number]),
        fact=f"{REJECTED_NOTICE} {document.tracking_number}",
        at=document.decided_at or document.submitted_at,
    )


def _settle(item: EvidenceItem, at: datetime, *, by: User | None = None) -> None:
    """Give the row the state its papers make; a waiver stays until it is taken back."""
    if item.state == State.WAIVED:
        return
    rows = DocumentSubmission.objects.filter(evidence__item=item).order_by("submitted_at", "pk")
    papers = [Paper(row.submitted_at, row.status, row.reason) for row in rows]
    state, reason = state_of(papers)
    item.state, item.reason, item.changed_at = state, reason, at
    decided = state in (State.ACCEPTED, State.REJECTED)
    item.decided_at, item.decided_by = (at, by) if decided else (None, None)
    item.save()


def _waiting(item: EvidenceItem) -> list[DocumentSubmission]:
    """The slot's papers to decide about. Raises ``CannotDecide`` when there are none.

    Not under a lock of the slot: a decision locks the document first, here as in the queue of documents.
    """
    found = list(DocumentSubmission.objects.filter(evidence__item=item, status=Received).order_by("pk"))
    if not found:
        raise CannotDecide(f"No paper of “{item.kind.label}” of {item.application} waits for a decision.")
    return found


def _lock(item: EvidenceItem | int) -> EvidenceItem:
    pk = item if isinstance(item, int) else item.pk
    return _locked_items(pk=pk).get()


def _locked_items(**wanted: Any) -> Any:
    rows = EvidenceItem.objects.select_for_update(of=("self",)).filter(**wanted)
    return rows.select_related("kind", "application__producer_number__producer").order_by("pk")


def _record(action: str, application: Application, by: User | None, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        for_producer=application.producer_number.producer.npn,
        object_type="application",
        object_id=application.record_number,
        details=details,
    )
