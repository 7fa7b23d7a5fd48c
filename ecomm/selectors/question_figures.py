"""How quickly e-questions are answered, and how many wait: numbers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Min, Q, QuerySet

from accounts.models import User
from ecomm.models import EQuestion

PERIODS_DAYS = (30, 90)
ALL_KINDS = "All"


class Percentile(Aggregate):
    """The value under which ``share`` of the rows lie, between two rows where it falls between them."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, *, share: float) -> None:
        super().__init__(expression, share=share, output_field=DurationField())


@dataclass(frozen=True)
class ResponseTimes:
    """First answers within a period; hours with one decimal, ``None`` where nothing was answered."""

    kind: str
    answered: int
    median_hours: float | None
    ninetieth_hours: float | None


@dataclass(frozen=True)
class Waiting:
    """What has no answer yet. Hours count from when it was asked, or asked again."""

    kind: str
    count: int
    overdue: int
    oldest_hours: float | None


@dataclass(frozen=True)
class Figures:
    target_hours: int
    waiting: list[Waiting]
    periods: list[tuple[int, list[ResponseTimes]]]


def overdue_before(at: datetime) -> datetime:
    """Questions that have waited since before this moment are overdue at ``at``."""
    return at - timedelta(hours=settings.QUESTION_TARGET_HOURS)


def figures(user: User, *, at: datetime) -> Figures:
    """Response times of the last 30 and 90 days, by the moment of the first answer, and the queue at ``at``."""
    questions = EQuestion.objects.for_user(user)
    return Figures(
        target_hours=settings.QUESTION_TARGET_HOURS,
        waiting=_waiting(questions, at),
        periods=[
            (days, _response_times(questions.filter(first_responded_at__gt=at - timedelta(days=days))))
            for days in PERIODS_DAYS
        ],
    )


def _waiting(questions: "QuerySet[EQuestion]", at: datetime) -> list[Waiting]:
    open_ones = questions.filter(status=EQuestion.Status.IN_PROGRESS).order_by()
    counts = {
        "count": Count("id"),
        "overdue": Count("id", filter=Q(last_opened_at__lt=overdue_before(at))),
        "oldest": Min("last_opened_at"),
    }
    rows = _by_kind(open_ones, counts)
    return [
        Waiting(
            kind=label,
            count=row["count"],
            overdue=row["overdue"],
            oldest_hours=_hours(at - row["oldest"]) if row["oldest"] else None,
        )
        for label, row in rows
    ]


def _response_times(answered: "QuerySet[EQuestion]") -> list[ResponseTimes]:
    took = ExpressionWrapper(F("first_responded_at") - F("submitted_at"), output_field=DurationField())
    measures = {
        "count": Count("id"),
        "median": Percentile(took, share=0.5),
        "ninetieth": Percentile(took, share=0.9),
    }
    return [
        ResponseTimes(
            kind=label,
            answered=row["count"],
            median_hours=_hours(row["median"]),
            ninetieth_hours=_hours(row["ninetieth"]),
        )
        for label, row in _by_kind(answered.order_by(), measures)
    ]


def _by_kind(rows: "QuerySet[EQuestion]", measures: dict[str, Any]) -> Sequence[tuple[str, dict[str, Any]]]:
    """One line for each kind, also for one without rows, and one for all."""
    found: dict[str, dict[str, Any]] = {row["kind"]: dict(row) for row in rows.values("kind").annotate(**measures)}
    none: dict[str, Any] = dict.fromkeys(measures) | {"count": 0, "overdue": 0}
    lines = [(str(kind.label), found.get(kind.value, none)) for kind in EQuestion.Kind]
    return [*lines, (ALL_KINDS, rows.aggregate(**measures))]


def _hours(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds() / 3600, 1)
