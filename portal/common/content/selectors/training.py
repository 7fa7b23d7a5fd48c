"""Courses and what a person's completions of them are worth (ISS_08)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.common.access import Perm
from portal.common.content.models import TrainingCompletion, TrainingCourse
from portal.common.content.rules.certification import Standing, best_end, standing
from portal.common.content.selectors.library import states_as_text
from portal.common.dates import as_text

TONES = {
    Standing.CERTIFIED: "success",
    Standing.EXPIRING: "warning",
    Standing.EXPIRED: "danger",
    Standing.NOT_COMPLETED: "secondary",
}


@dataclass(frozen=True)
class Certification:
    """A person's standing in one course, in words; ``tone`` is the pill's."""

    label: str
    tone: str
    note: str = ""


@dataclass(frozen=True)
class CourseLine:
    """One course of the list. ``certification`` is ``None`` for people who are not certified at all (carrier staff)."""

    code: str
    title: str
    description: str
    facts: list[str]
    required: bool
    certification: Certification | None


@dataclass(frozen=True)
class CompletionLine:
    completed_on: str
    expires_on: str


def is_certified_at_all(user: Any) -> bool:
    """Producers and their delegates take courses; the carrier's staff only look at them."""
    return not user.has_portal_perm(Perm.CARRIER_ADMIN)


def courses(user: Any, *, states: Collection[str], on: date) -> list[CourseLine]:
    """Courses offered in ``states`` (all states when empty), and those the person completed: required ones first.

    Two queries.
    """
    ends = _ends_by_course(user, on)
    offered = TrainingCourse.objects.filter(active=True).for_states(states)
    rows = (offered | TrainingCourse.objects.filter(pk__in=list(ends))).defer("body", "search")
    return [_line(row, user, ends.get(row.pk, []), on) for row in rows.order_by("-required", "title", "pk")]


def certifications(user: Any, *, states: Collection[str], on: date) -> list[CourseLine]:
    """What My Information shows: required courses of the person's states and everything completed."""
    if not is_certified_at_all(user):
        return []
    return [
        line
        for line in courses(user, states=states, on=on)
        if line.required or (line.certification and line.certification.label != "Not completed")
    ]


def course_line(course: TrainingCourse, user: Any, *, on: date) -> CourseLine:
    return _line(course, user, _ends_by_course(user, on, course=course).get(course.pk, []), on)


def completions(course: TrainingCourse, user: Any, *, on: date) -> list[CompletionLine]:
    """When the person completed the course, the last time first."""
    rows = TrainingCompletion.objects.filter(course=course, user_id=user.pk, completed_on__lte=on)
    return [CompletionLine(as_text(row.completed_on), as_text(row.expires_on) or "Does not expire") for row in rows]


def _ends_by_course(user: Any, on: date, course: TrainingCourse | None = None) -> dict[int, list[date | None]]:
    rows = TrainingCompletion.objects.filter(user_id=user.pk, completed_on__lte=on)
    if course is not None:
        rows = rows.filter(course=course)
    found: dict[int, list[date | None]] = {}
    for course_id, end in rows.values_list("course_id", "expires_on"):
        found.setdefault(course_id, []).append(end)
    return found


def _line(row: TrainingCourse, user: Any, ends: list[date | None], on: date) -> CourseLine:
    needed = row.required and row.active
    return CourseLine(
        code=row.code,
        title=row.title,
        description=row.description,
        facts=_facts(row),
        required=needed,
        certification=certification(ends, required=needed, on=on) if is_certified_at_all(user) else None,
    )


def _facts(row: TrainingCourse) -> list[str]:
    return [
        states_as_text(row.states),
        *([f"Plan year {row.plan_year}"] if row.plan_year else []),
        *([f"About {row.minutes} minutes"] if row.minutes else []),
        *([] if row.active else ["No longer offered"]),
    ]


def certification(ends: Iterable[date | None], *, required: bool, on: date) -> Certification:
    """Completions with these last days, in words, on the day ``on``."""
    days = list(ends)
    worth = standing(days, on=on)
    if worth is Standing.NOT_COMPLETED:
        return Certification("Required", "danger", "Not completed") if required else _certified("Not completed", worth)
    end = best_end(days)
    if end is None:
        return _certified("Certified", worth, "Does not expire")
    if worth is Standing.CERTIFIED:
        return _certified(f"Certified until {as_text(end)}", worth)
    if worth is Standing.EXPIRED:
        return _certified(f"Expired on {as_text(end)}", worth, "Required" if required else "")
    return _certified(_days_left((end - on).days), worth, f"Certified until {as_text(end)}")


def _certified(label: str, worth: Standing, note: str = "") -> Certification:
    return Certification(label, TONES[worth], note)


def _days_left(days: int) -> str:
    """The last day itself counts, so on it nothing has expired yet."""
    if days == 0:
        return "Expires today"
    return "Expires in 1 day" if days == 1 else f"Expires in {days} days"
