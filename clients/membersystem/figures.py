"""How the sync is doing, in numbers: for the health page, the metrics and the administration. Nobody's data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from clients.membersystem.answers import overdue_after, unanswered
from clients.models import MemberChange, X12File
from portal.common.monitoring import Metric

Status = MemberChange.Status
# Each has an index of its own; counting what is done would read the whole table.
COUNTED = (Status.PENDING, Status.SENT, Status.REJECTED, Status.DEAD)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """``oldest_pending`` is the age of the oldest change that was not sent, ``None`` when none waits."""

    by_status: dict[str, int]
    oldest_pending: timedelta | None
    unanswered: int

    @property
    def overdue(self) -> bool:
        return self.oldest_pending is not None and self.oldest_pending > overdue_after()


def figures(now: datetime) -> Figures:
    rows = MemberChange.objects.filter(status__in=COUNTED).order_by()
    counts = dict(rows.values_list("status").annotate(Count("id")))
    return Figures(
        by_status={status.value: counts.get(status.value, 0) for status in COUNTED},
        oldest_pending=oldest_pending(now),
        unanswered=unanswered(now).count(),
    )


def oldest_pending(now: datetime) -> timedelta | None:
    """The age of the oldest change that was not sent."""
    rows = MemberChange.objects.filter(status=Status.PENDING).order_by("created_at")
    oldest = rows.values_list("created_at", flat=True).first()
    return None if oldest is None else max(now - oldest, timedelta())


def problems() -> Iterator[str]:
    """What makes the portal's health degraded, as codes."""
    now = timezone.now()
    age = oldest_pending(now)
    if age is not None and age > overdue_after():
        yield "member_changes_overdue"
    if MemberChange.objects.filter(status=Status.DEAD).exists():
        yield "member_changes_given_up"
    if unanswered(now).exists():
        yield "member_changes_unanswered"
    if _quarantined().exists():
        yield "x12_files_in_quarantine"


def _quarantined() -> "QuerySet[X12File]":
    return X12File.objects.filter(state=X12File.State.QUARANTINED).order_by()


def metrics() -> Iterator[Metric]:
    """The same for a metrics collector."""
    found = figures(timezone.now())
    yield Metric(
        name="portal_member_changes",
        help="Changes for the member system that are not settled, by status.",
        samples={(("status", status.lower()),): count for status, count in found.by_status.items()},
    )
    oldest = found.oldest_pending
    yield Metric(
        name="portal_member_changes_oldest_pending_seconds",
        help="Age of the oldest change that was not sent; 0 when none waits.",
        samples={(): oldest.total_seconds() if oldest else 0.0},
    )
    yield Metric(
        name="portal_member_changes_overdue_after_seconds",
        help="Age from which a change that was not sent is overdue.",
        samples={(): overdue_after().total_seconds()},
    )
    yield Metric(
        name="portal_member_changes_unanswered",
        help="Changes sent a day ago or earlier that were not answered.",
        samples={(): found.unanswered},
    )
    yield Metric(
        name="portal_x12_files_in_quarantine",
        help="Files of the member system that could not be read.",
        samples={(): _quarantined().count()},
    )
