"""Who completed which course: recorded by the carrier, one by one or from a file (ISS_08)."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.functions import Lower

from portal.common import audit
from portal.common.content.models import TrainingCompletion, TrainingCourse
from portal.common.content.rules.certification import expires_on
from portal.common.dates import parse_us_date
from portal.common.one_by_one import one_by_one

COLUMNS = ("username", "course", "completed_on")
MOST_ROWS = 2_000
LONGEST_FILE = 1024 * 1024  # bytes
ERRORS_SHOWN = 20


class AlreadyRecorded(Exception):
    """This person's completion of this course on this day is there."""


class UnusableFile(Exception):
    """Nothing was recorded; ``errors`` names what is wrong, by line, fit to show."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors))


@dataclass(frozen=True)
class Imported:
    recorded: int
    known: int


@dataclass(frozen=True)
class _Line:
    number: int
    username: str
    course: str
    completed_on: str


@transaction.atomic
def record(*, course: TrainingCourse, user: Any, completed_on: date, by: audit.Actor) -> TrainingCompletion:
    """Write down that ``user`` completed ``course`` on that calendar day; it counts for the course's months from then.

    Raises ``AlreadyRecorded`` when the same is there, also when two people record it at once.
    """
    completion, is_new = TrainingCompletion.objects.get_or_create(
        course=course,
        user=user,
        completed_on=completed_on,
        defaults={"expires_on": expires_on(completed_on, course.valid_months)},
    )
    if not is_new:
        raise AlreadyRecorded
    audit.record(
        "training.completion_recorded",
        by=by,
        object_type="trainingcompletion",
        object_id=str(completion.pk),
        details={"course": course.code},
    )
    return completion


@transaction.atomic
def record_file(content: bytes, *, by: audit.Actor, today: date) -> Imported:
    """Record every completion of a CSV file with the columns username, course and completed_on.

    Usernames are compared without case, courses are named by code, days are MM/DD/YYYY or YYYY-MM-DD and not after
    ``today``. What is recorded already is counted and left alone. All or nothing: raises ``UnusableFile``.
    """
    lines = list(_lines(content))
    users, courses = _users(lines), {course.code: course for course in TrainingCourse.objects.defer("search")}
    errors: list[str] = []
    ready = []
    for line in lines:
        user, course = users.get(line.username.lower()), courses.get(line.course)
        if user is None:
            errors.append(f"Line {line.number}: there is no login with this username.")
        if course is None:
            errors.append(f"Line {line.number}: there is no course with this code.")
        try:
            day = _day(line.completed_on)
        except ValueError:
            errors.append(f"Line {line.number}: completed_on must be a day as MM/DD/YYYY.")
            continue
        if day > today:
            errors.append(f"Line {line.number}: completed_on is in the future.")
        ready.append((course, user, day))
    if errors:
        raise UnusableFile(_first(errors))
    recorded = 0
    with one_by_one():
        for course, user, day in ready:
            assert course is not None  # noqa: S101 - an unknown one is an error above
            try:
                record(course=course, user=user, completed_on=day, by=by)
                recorded += 1
            except AlreadyRecorded:
                pass
    audit.record("training.completions_imported", by=by, details={"recorded": recorded, "known": len(ready) - recorded})
    return Imported(recorded=recorded, known=len(ready) - recorded)


def _lines(content: bytes) -> Iterator[_Line]:
    if len(content) > LONGEST_FILE:
        raise UnusableFile(["The file is larger than 1 MB. Divide it."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFile(["The file is not UTF-8 text. Save it as CSV UTF-8."]) from None
    if "\0" in text:
        raise UnusableFile(["The file is not text. Save it as CSV UTF-8."])
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        if any(names.count(column) != 1 for column in COLUMNS):
            raise UnusableFile([f"The first line must name the columns {', '.join(COLUMNS)}."])
        reader.fieldnames = names
        count = 0
        for row in reader:
            count += 1
            if count > MOST_ROWS:
                raise UnusableFile([f"The file has more than {MOST_ROWS:,} lines. Divide it."])
            cells = {column: str(row.get(column) or "").strip() for column in COLUMNS}
            if any(cells.values()):
                yield _Line(number=reader.line_num, **cells)
    except csv.Error:
        raise UnusableFile([f"Line {reader.line_num + 1} cannot be read as CSV."]) from None
    if not count:
        raise UnusableFile(["The file has no line below the column names."])


def _users(lines: list[_Line]) -> dict[str, Any]:
    """Logins by lower-case username, in one query."""
    names = {line.username.lower() for line in lines}
    people = get_user_model()._default_manager.annotate(name_key=Lower("username")).filter(name_key__in=names)
    found = people if names else []
    return {user.get_username().lower(): user for user in found}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return parse_us_date(text)


def _first(errors: list[str]) -> list[str]:
    rest = len(errors) - ERRORS_SHOWN
    return [*errors[:ERRORS_SHOWN], f"... and {rest} more."] if rest > 0 else errors
