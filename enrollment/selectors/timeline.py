"""What quotes and applications tell a household's timeline, to those who may quote and enroll for its producer."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application, EvidenceItem, Payment, Quote, Submission
from enrollment.selectors.applications import WITH_SUBMISSIONS
from portal.common.access import Perm
from portal.common.dates import as_text
from portal.common.timeline import ROWS_AT_MOST, Entry, Household

ICON = "clipboard-check"


def quote_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest quotes that were saved for somebody of the household."""
    rows = Quote.objects.for_user(user, perm=Perm.ENROLL).filter(
        member__account=household.account, deleted_at=None, saved_at__isnull=False
    )
    newest = rows.annotate(plan_count=Count("plans")).order_by("-saved_at", "-id")[:ROWS_AT_MOST]
    return [_of_quote(row, row.plan_count) for row in newest]


def _of_quote(row: Quote, count: int) -> Entry:
    plans = "1 plan" if count == 1 else f"{count} plans"
    return Entry(
        at=row.saved_at or row.updated_at,
        kind="Quote",
        title="Quote saved",
        text=f"{plans}, coverage from {as_text(row.effective_date)}",
        url=reverse("enrollment:quote-review", args=[row.pk]),
        icon=ICON,
    )


def application_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest applications for somebody of the household, and what became of each time they were submitted."""
    of_household = (
        Q(quote__member__account=household.account)
        | Q(member__account=household.account)
        | Q(submissions__submitted_policies__policy__account=household.account)
    )
    mine = Application.objects.for_user(user, perm=Perm.ENROLL)
    rows = mine.filter(pk__in=mine.filter(of_household).values("pk")).prefetch_related(WITH_SUBMISSIONS)
    newest = rows.order_by("-created_at", "-id")[:ROWS_AT_MOST]
    return [entry for row in newest for entry in _of_application(row)]


def _of_application(row: Application) -> Iterator[Entry]:
    url = reverse("enrollment:application", args=[row.record_number])
    yield Entry(
        at=row.created_at, kind="Application", title="Application begun", text=row.record_number, url=url, icon=ICON
    )
    for one in row.submissions.all():
        outcome = Submission.Outcome(one.outcome)
        yield _of_submission(row, one.submitted_at, "Application submitted", url)
        if one.settled_at is not None and outcome in SETTLED:
            yield _of_submission(row, one.settled_at, SETTLED[outcome], url)
    if row.withdrawn_at is not None:
        yield Entry(
            at=row.withdrawn_at,
            kind="Application",
            title="Application withdrawn",
            text=row.record_number,
            url=url,
            icon=ICON,
        )


SETTLED = {
    Submission.Outcome.ACCEPTED: "Application accepted",
    Submission.Outcome.FAILED: "Application failed",
}


def _of_submission(row: Application, at: datetime, title: str, url: str) -> Entry:
    return Entry(at=at, kind="Application", title=title, text=row.record_number, url=url, icon=ICON)


EVIDENCE_TITLES = {
    EvidenceItem.Status.SENT: "Papers sent with the application",
    EvidenceItem.Status.ACCEPTED: "Papers of the application accepted",
    EvidenceItem.Status.REJECTED: "Papers of the application rejected",
    EvidenceItem.Status.WAIVED: "Papers of the application waived",
}


def evidence_entries(user: User, household: Household) -> Sequence[Entry]:
    """What became of papers sent with the household's applications, and by when others are due; which papers is not told.

    Several slots of one application that changed at the same time are one entry.
    """
    of_household = Q(application__member__account=household.account) | Q(
        application__quote__member__account=household.account
    )
    rows = EvidenceItem.objects.for_user(user, perm=Perm.ENROLL).filter(of_household, dropped=False)
    newest = rows.select_related("application", "kind").order_by("-changed_at", "-id")[:ROWS_AT_MOST]
    found: dict[tuple[object, ...], Entry] = {}
    for row in newest:
        entry = _of_evidence(row)
        if entry is not None:
            found.setdefault((row.application_id, entry.at, entry.title), entry)
    return list(found.values())


def _of_evidence(row: EvidenceItem) -> Entry | None:
    number = row.application.record_number
    url = reverse("enrollment:application-evidence", args=[number])
    if row.state in EVIDENCE_TITLES:
        title = "Attestation entered" if row.attested_at else EVIDENCE_TITLES[EvidenceItem.Status(row.state)]
        return Entry(at=row.changed_at, kind="Application", title=title, text=number, url=url, icon=ICON)
    if row.due_on is None or not row.kind.required or row.application.status != Application.Status.COMPLETED:
        return None
    return Entry(
        at=row.due_on, kind="Application", title="Papers of the application due", text=number, url=url, icon=ICON
    )


PAYMENT_TITLES = {
    Payment.State.STARTED: "Payment Portal opened",
    Payment.State.EXPIRED: "Payment not completed",
    Payment.State.HELD: "Payment held until the application is accepted",
    Payment.State.SCHEDULED: "Payment scheduled",
    Payment.State.CANCELLED: "Payment cancelled",
    Payment.State.SUBMITTED: "Payment submitted",
    Payment.State.FAILED: "Payment failed",
    Payment.State.SETTLED: "Payment successful",
    Payment.State.RETURNED: "Payment returned",
}


def payment_entries(user: User, household: Household) -> Sequence[Entry]:
    """The newest payments of the household's policies and applications, with where they have got to."""
    of_household = Q(policy__account=household.account) | Q(
        application__submissions__submitted_policies__policy__account=household.account
    )
    mine = Payment.objects.for_user(user, perm=Perm.ENROLL)
    rows = mine.filter(pk__in=mine.filter(of_household).values("pk")).select_related("application")
    return [
        Entry(
            at=row.changed_at,
            kind="Payment",
            title=PAYMENT_TITLES[Payment.State(row.state)],
            text=f"{row.number}, {row.amount_text}",
            icon="send",
        )
        for row in rows.order_by("-changed_at", "-id")[:ROWS_AT_MOST]
    ]
