"""What documents and e-questions tell a household's timeline, to those who may write to the carrier for its producer."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from ecomm.models import DocumentSubmission, EQuestion
from ecomm.selectors import documents, questions
from portal.common.timeline import ROWS_AT_MOST, Entry, Household


def document_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest documents linked to the household, without those this person took off the list."""
    rows = documents.history(user).filter(account=household.account).select_related("document_type")
    newest = rows.order_by("-submitted_at", "-id")[:ROWS_AT_MOST]
    return [entry for row in newest for entry in _of_document(row)]


def _of_document(row: DocumentSubmission) -> Iterator[Entry]:
    what = f"{row.document_type.label}, tracking number {row.tracking_number}"
    list_url = reverse("ecomm:documents")
    waits = " Waiting for the carrier." if row.status == DocumentSubmission.Status.RECEIVED else ""
    yield _document(row.submitted_at, "Document submitted", f"{what}.{waits}", list_url)
    if row.decided_at is not None:
        reason = f" {row.reason}" if row.reason else ""
        yield _document(row.decided_at, f"Document {row.get_status_display().lower()}", f"{what}.{reason}", list_url)


def question_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest e-questions about the household, without those this person deleted."""
    rows = questions.mine(user).filter(account=household.account)
    newest = rows.order_by("-submitted_at", "-id")[:ROWS_AT_MOST]
    return [entry for row in newest for entry in _of_question(row)]


def _of_question(row: EQuestion) -> Iterator[Entry]:
    what, url = f"{row.tracking_number}: {row.subject}", reverse("ecomm:question", args=[row.number])
    yield _question(row.submitted_at, "E-Question submitted", what, url)
    if row.responded_at is not None:
        yield _question(row.responded_at, "E-Question answered", what, url)


def _document(at: datetime, title: str, text: str, url: str) -> Entry:
    return Entry(at=at, kind="Document", title=title, text=text, url=url, icon="file-earmark-text")


def _question(at: datetime, title: str, text: str, url: str) -> Entry:
    return Entry(at=at, kind="E-Question", title=title, text=text, url=url, icon="chat-left-text")
