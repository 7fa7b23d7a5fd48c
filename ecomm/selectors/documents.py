"""What pages about documents read, always starting from the producers the user may write to the carrier for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import Producer, User
from accounts.scoping import ProducerScopedQuerySet
from clients.models import Account, Policy
from ecomm.models import DocumentSubmission, DocumentType
from portal.common.access import Perm

STATUS_PILLS = {
    DocumentSubmission.Status.RECEIVED: "info",
    DocumentSubmission.Status.ACCEPTED: "success",
    DocumentSubmission.Status.REJECTED: "danger",
}


def everything_of(user: User) -> ProducerScopedQuerySet[DocumentSubmission]:
    """Every document of the producers the user may write to the carrier for, deleted from the list or not."""
    rows: ProducerScopedQuerySet[DocumentSubmission] = DocumentSubmission.objects.for_user(
        user, perm=Perm.CARRIER_CONTACT
    )
    return rows


def history(user: User) -> Any:
    """The person's list: what was sent, without what the person has deleted from it (DOC_08)."""
    return everything_of(user).exclude(hidden_for=user)


def named(user: User, tracking_numbers: list[str]) -> list[DocumentSubmission]:
    """The documents with these numbers as far as they are the user's, newest first; anything else is left out."""
    wanted = [int(number) for number in tracking_numbers if number.isascii() and number.isdigit() and len(number) < 19]
    rows = everything_of(user).filter(tracking_number__in=wanted)
    return list(rows.select_related("document_type", "producer").order_by("-tracking_number"))


def choosable_types() -> list[DocumentType]:
    """The types on offer, in their order (DOC_04)."""
    return list(DocumentType.objects.filter(active=True).order_by("order", "label"))


def types_of(user: User) -> list[DocumentType]:
    """The types to filter the user's list by: those on offer, and those switched off that stand in the list."""
    wanted = Q(active=True) | Q(pk__in=history(user).order_by().values("document_type_id"))
    return list(DocumentType.objects.filter(wanted).order_by("order", "label"))


@dataclass(frozen=True)
class SentDocument:
    """One line of the confirmation."""

    file_name: str
    tracking_number: int


def sent_together(user: User, sent_key: str) -> list[SentDocument]:
    """What the user sent with one form, as long as it is the user's; empty otherwise (DOC_05)."""
    rows = everything_of(user).filter(submitted_by=user, form_key__startswith=f"{sent_key}-").select_related("file")
    return [SentDocument(row.file.name, row.tracking_number) for row in rows.order_by("tracking_number")]


def household_of(user: User, *, producer: Producer, account_number: str, eapp_number: str) -> Account | None:
    """The household the numbers name, when it is in the books the sender may work on for ``producer``.

    ``None`` for unknown numbers, for other people's, and when the two numbers name different households.
    """
    policies = Policy.objects.for_user(user, perm=Perm.CARRIER_CONTACT)
    if user.role == User.Role.DELEGATE:
        policies = policies.filter(producer_number__producer=producer)
    conditions = [
        {field: number}
        for field, number in (("account__number", account_number), ("eapp_number", eapp_number))
        if number
    ]
    found = {
        policy.account
        for condition in conditions
        for policy in policies.filter(**condition).select_related("account")[:2]
    }
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class DocumentLine:
    """A document as a client's page tells it: finished values, nothing that opens the file."""

    submitted_at: datetime
    tracking_number: int
    document_type: str
    status: str
    status_pill: str
    reason: str
    sent_by: str


def for_account(user: User, account: Account) -> list[DocumentLine]:
    """What was sent about one household, newest first, without what the user has deleted from the list."""
    rows = history(user).filter(account=account).select_related("document_type", "submitted_by")
    return [
        DocumentLine(
            submitted_at=row.submitted_at,
            tracking_number=row.tracking_number,
            document_type=row.document_type.label,
            status=row.get_status_display(),
            status_pill=STATUS_PILLS[DocumentSubmission.Status(row.status)],
            reason=row.reason,
            sent_by=row.submitted_by.get_full_name() or row.submitted_by.get_username(),
        )
        for row in rows.order_by("-submitted_at", "-id")
    ]
