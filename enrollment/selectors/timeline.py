"""What quotes and applications tell a household's timeline, to those who may quote and enroll for its producer."""

from collections.abc import Iterator, Sequence

from django.db.models import Count
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application, Quote
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
    """The newest applications that began with a quote for somebody of the household."""
    rows = Application.objects.for_user(user, perm=Perm.ENROLL).filter(quote__member__account=household.account)
    newest = rows.order_by("-created_at", "-id")[:ROWS_AT_MOST]
    return [entry for row in newest for entry in _of_application(row)]


def _of_application(row: Application) -> Iterator[Entry]:
    url = reverse("enrollment:application", args=[row.record_number])
    yield Entry(
        at=row.created_at, kind="Application", title="Application begun", text=row.record_number, url=url, icon=ICON
    )
    if row.withdrawn_at is not None:
        yield Entry(
            at=row.withdrawn_at,
            kind="Application",
            title="Application withdrawn",
            text=row.record_number,
            url=url,
            icon=ICON,
        )
