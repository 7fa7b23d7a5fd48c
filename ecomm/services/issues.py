"""Reporting that something does not work, and answering it (ISS_01).

A report is a row first: it stands in the carrier's queue whatever becomes of the email. The email to the support mailbox
carries the screenshot, so it waits for the malware scan; it can be sent again at any time, made anew from the row.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from ecomm.models import IssueReport
from portal.common import audit, throttle
from portal.common.dates import moment_as_text
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.throttle import count_uploads
from portal.common.files.uploads import CheckedFile
from portal.common.messaging.send import send_email
from portal.common.models import OutboundMessage
from portal.common.notifications.emails import absolute
from portal.common.notifications.notify import notify
from portal.common.numbers import next_number
from portal.common.throttle import Limit

SEQUENCE = "ecomm_issue_number"
ANSWERED = "issue.answered"
REPORTS = Limit("ecomm.issue_reports", times=20, per=timedelta(hours=1))

Status = IssueReport.Status


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What the form asks for, in the guide's order; ``happened_at`` is a moment, ``page`` a path without its query."""

    email: str
    description: str
    steps: str
    client_name: str
    agent: str
    product: str
    us_state: str
    happened_at: datetime
    page: str
    record: str
    browser: str


class AlreadyClosed(Exception):
    """Somebody has closed the report meanwhile."""


class CannotSendAgain(Exception):
    """The email is still on its way, or there is no mailbox to send it to; the text says which."""


def report(*, reported: Reported, screenshot: CheckedFile | None, form_key: str, by: User, at: datetime) -> IssueReport:
    """Keep the report, owe the email to the support mailbox and return the row with its number (ISS_01).

    However often one form arrives (``form_key``), it is one report; later arrivals get the first one's row. Raises
    ``TooOften`` from the 21st report of a person within an hour, or from the 51st file, and ``UploadRefused`` when the
    screenshot cannot be stored; then nothing is kept.
    """
    # The person is part of the key: nobody gets somebody else's row by sending their key.
    key = f"{by.pk}:{form_key}"
    sent_before = IssueReport.objects.for_user(by).filter(form_key=key).first()
    if sent_before is not None:
        return sent_before
    throttle.count(REPORTS, str(by.pk), at=at)
    if screenshot is not None:
        count_uploads(by, 1, at)
    return _keep(reported, screenshot, key, by, at)


@transaction.atomic
def _keep(reported: Reported, screenshot: CheckedFile | None, key: str, by: User, at: datetime) -> IssueReport:
    first: dict[str, Any] = {
        **asdict(reported),
        "number": lambda: next_number(SEQUENCE),
        "reported_by": by,
        "reported_at": at,
    }
    row, is_new = IssueReport.objects.get_or_create(form_key=key, defaults=first)
    if not is_new:
        return row
    if screenshot is not None:
        row.screenshot = store.keep(screenshot, by=by, at=at)
        row.save(update_fields=["screenshot"])
    _tell_support(row)
    _record("issue.reported", row, by, product=row.product, state=row.us_state, screenshot=screenshot is not None)
    return row


@transaction.atomic
def take_up(*, report: IssueReport, by: User) -> bool:
    """Say that somebody looks into it. Returns ``False`` when it was not new any more."""
    row = _lock(report)
    if row.status != Status.NEW:
        return False
    row.status = Status.IN_PROGRESS
    row.save(update_fields=["status"])
    _record("issue.in_progress", row, by)
    return True


@transaction.atomic
def close(*, report: IssueReport, answer: str, by: User, at: datetime) -> None:
    """Close the report with an answer and tell the reporter, in the portal and by an email that does not repeat it.

    Raises ``AlreadyClosed``.
    """
    row = _lock(report)
    if row.status == Status.CLOSED:
        raise AlreadyClosed(f"Report {row.number} is closed already.")
    row.status, row.answer, row.closed_at, row.closed_by = Status.CLOSED, answer, at, by
    row.save(update_fields=["status", "answer", "closed_at", "closed_by"])
    url = reverse("ecomm:issue", args=[row.number])
    title = f"Your issue report {row.number} has been answered"
    notify(recipient=row.reported_by, kind=ANSWERED, title=title, url=url, fact=f"issue {row.number} answered", at=at)
    send_email(
        to=row.email,
        kind="issue_answered",
        subject=title,
        context={"number": row.number, "reported_at": moment_as_text(row.reported_at), "url": absolute(url)},
    )
    _record("issue.closed", row, by)


@transaction.atomic
def send_again(*, report: IssueReport, by: User) -> None:
    """Owe the email to the support mailbox once more, made anew from the report. Raises ``CannotSendAgain``."""
    row = _lock(report)
    if row.support_message is not None and row.support_message.state == OutboundMessage.State.QUEUED:
        raise CannotSendAgain(f"The email about report {row.number} is still on its way.")
    if not settings.SUPPORT_EMAIL:
        raise CannotSendAgain("No support mailbox is set up (SUPPORT_EMAIL).")
    _tell_support(row)
    _record("issue.sent_again", row, by)


def _lock(report: IssueReport) -> IssueReport:
    locked = IssueReport.objects.select_for_update(of=("self",))
    return locked.select_related("reported_by__producer", "support_message", "screenshot").get(pk=report.pk)


def _tell_support(row: IssueReport) -> None:
    """Owe the email to the carrier's own mailbox. How much of the report stands in it is the carrier's choice."""
    if not settings.SUPPORT_EMAIL:
        return
    in_full = settings.ISSUE_EMAIL_INCLUDES_REPORT
    attached: StoredFile | None = row.screenshot if settings.ISSUE_EMAIL_ATTACHES_SCREENSHOT else None
    facts = [
        ("Email address", row.email if in_full else ""),
        ("Client/Contact name", row.client_name if in_full else ""),
        ("Agent name/Producer ID", row.agent),
        ("Product type", row.get_product_display()),
        ("State", row.get_us_state_display()),
        ("Date/time issue was observed", moment_as_text(row.happened_at)),
        ("Page", row.page if in_full else ""),
        ("Record", row.record if in_full else ""),
        ("Browser", row.browser if in_full else ""),
    ]
    row.support_message = send_email(
        to=settings.SUPPORT_EMAIL,
        kind="issue_report",
        subject=f"Issue {row.number}: {row.get_product_display()}, {row.us_state}",
        context={
            "number": row.number,
            "reporter": row.reported_by.get_username(),
            "reported_at": moment_as_text(row.reported_at),
            "facts": [(label, value) for label, value in facts if value],
            "description": row.description if in_full else "",
            "steps": row.steps if in_full else "",
            "screenshot": _about_screenshot(row, attached),
            "url": absolute(reverse("admin:ecomm_issuereport_change", args=[row.pk])),
        },
        attachment=attached,
    )
    row.save(update_fields=["support_message"])


def _about_screenshot(row: IssueReport, attached: StoredFile | None) -> str:
    if row.screenshot is None:
        return "None was sent."
    return row.screenshot.name if attached else "In the carrier administration."


def _record(action: str, row: IssueReport, by: User, **details: object) -> None:
    audit.record(
        action,
        by=by,
        for_producer=by.npn_worked_for(None),
        object_type="issuereport",
        object_id=str(row.number),
        details=details,
    )
