"""What the Messages page shows: the latest few of everything, in words (EQ_08)."""

from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User
from ecomm.selectors import documents, questions
from ecomm.selectors.issues import my_reports
from portal.common.access import Perm
from portal.common.dates import moment_as_text
from portal.common.notifications.bell import Bell, bell_of
from portal.common.notifications.models import Notification

SHOWN = 3
FOR_DELEGATES = (
    "E-questions and documents are not part of what you may do at present: whoever you work for can add servicing to "
    "your rights under My Delegates."
)
FOR_STAFF = "What producers ask and send is in the carrier administration, under Messages and documents."


@dataclass(frozen=True)
class Line:
    """One item: a link (or only words, without ``url``), its state as a pill and when it came."""

    text: str
    url: str
    status: str
    pill: str
    when: str


@dataclass(frozen=True)
class Hub:
    """``missing`` says why the boxes for the carrier are not there; empty where they are."""

    missing: str
    questions: list[Line]
    documents: list[Line]
    bell: Bell
    notices: list[Line]
    reports: list[Line]


def hub_of(user: User) -> Hub:
    """Read it in a fixed number of queries, however much there is."""
    may_write = user.has_portal_perm(Perm.CARRIER_CONTACT)
    return Hub(
        missing="" if may_write else _why_not(user),
        questions=_questions(user) if may_write else [],
        documents=_documents(user) if may_write else [],
        bell=bell_of(user),
        notices=_notices(user),
        reports=_reports(user),
    )


def _why_not(user: User) -> str:
    return FOR_STAFF if user.role == User.Role.CARRIER_ADMIN else FOR_DELEGATES


def _questions(user: User) -> list[Line]:
    return [
        Line(
            text=f"{row.tracking_number} {row.subject}",
            url=reverse("ecomm:question", args=[row.tracking_number]),
            status=row.get_status_display(),
            pill=questions.STATUS_PILLS[row.status],
            when=moment_as_text(row.submitted_at),
        )
        for row in questions.mine(user).order_by("-submitted_at", "-id")[:SHOWN]
    ]


def _documents(user: User) -> list[Line]:
    rows = documents.history(user).select_related("document_type")
    return [
        Line(
            text=f"{row.tracking_number} {row.document_type.label}",
            url="",
            status=row.get_status_display(),
            pill=documents.STATUS_PILLS[row.status],
            when=moment_as_text(row.submitted_at),
        )
        for row in rows.order_by("-submitted_at", "-id")[:SHOWN]
    ]


def _notices(user: User) -> list[Line]:
    return [
        Line(
            text=row.title,
            url="",
            status="" if row.read_at else "New",
            pill="info",
            when=moment_as_text(row.created_at),
        )
        for row in Notification.objects.for_user(user).order_by("-id")[:SHOWN]
    ]


def _reports(user: User) -> list[Line]:
    return [
        Line(
            text=f"Report {report.number}: {report.about}",
            url=reverse("ecomm:issue", args=[report.number]),
            status=report.status,
            pill=report.pill,
            when=report.reported_at,
        )
        for report in my_reports(user, at_most=SHOWN)
    ]
