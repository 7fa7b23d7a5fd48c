"""Life events and calendars: drafts are written, published in force, and replaced; what was published stays (ADR 0019)."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from enrollment.models import LifeEventKind, OpenEnrollmentPeriod
from enrollment.models.published import Published
from enrollment.rules.open_enrollment import BOTH, CalendarRow, Channel, calendar_problems
from portal.common import audit
from portal.common.audit import Actor
from portal.common.dates import as_text

# Two people who publish at once would each cut off the row before without seeing the other's.
PUBLISHING_LOCK = 7_301_019
_NOT_CONTENT = ("id", "published_at", "published_by", "withdrawn_at")

Row = TypeVar("Row", bound=Published)


class CannotDraft(Exception):
    """There is a draft already, or the row is none to draft from. The text is fit to show."""


class CannotPublish(Exception):
    """The drafts would not make a table to go by, or are not what was read. The text is fit to show."""


def fingerprint(drafts: Iterable[Published]) -> str:
    """Tells whether drafts still say what was read before pressing Publish."""
    told = sorted(
        [str(row.pk), str(row.published_at), *(f"{k}={v}" for k, v in contents(row).items())] for row in drafts
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def contents(row: Published) -> dict[str, object]:
    """What a row says, by column: without its number and who published it when."""
    return {field.name: field.value_from_object(row) for field in row._meta.fields if field.name not in _NOT_CONTENT}


# --- drafts ---


@transaction.atomic
def draft_life_event(kind: LifeEventKind, *, by: Actor, today: date) -> LifeEventKind:
    """A draft that says what the published row says, in force from ``today`` on until it is edited. Raises ``CannotDraft``."""
    _lock()
    if kind.published_at is None:
        raise CannotDraft(f"{kind} is a draft itself.")
    if LifeEventKind.objects.drafts().filter(code=kind.code, us_state=kind.us_state).exists():
        raise CannotDraft(f"There is a draft of {kind} already.")
    draft = _copied(kind)
    draft.first_day, draft.last_day = today, None
    draft.save(force_insert=True)
    _record("life_event.drafted", str(draft), by)
    return draft


@transaction.atomic
def draft_calendar(row: OpenEnrollmentPeriod, *, by: Actor) -> list[OpenEnrollmentPeriod]:
    """Drafts of the whole calendar ``row`` belongs to: its state, plan year and channel. Raises ``CannotDraft``."""
    _lock()
    same = {"us_state": row.us_state, "plan_year": row.plan_year, "channel": row.channel}
    if OpenEnrollmentPeriod.objects.drafts().filter(**same).exists():
        raise CannotDraft(f"There are drafts for {_calendar_name(row)} already.")
    drafts = [_copied(one) for one in OpenEnrollmentPeriod.objects.published().filter(**same)]
    if not drafts:
        raise CannotDraft(f"Nothing is published for {_calendar_name(row)}.")
    OpenEnrollmentPeriod.objects.bulk_create(drafts)
    _record("open_enrollment.drafted", f"{row.us_state} {row.plan_year}", by, rows=len(drafts))
    return drafts


def _copied(row: Row) -> Row:
    draft = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.fields})
    draft.pk, draft.published_at, draft.published_by, draft.withdrawn_at = None, None, None, None
    draft._state.adding = True
    return draft


# --- publishing ---


@transaction.atomic
def publish_life_event(draft: LifeEventKind, *, seen: str, by: Actor, at: datetime, today: date) -> LifeEventKind:
    """Put a draft in force from its first day on, and end the rows it takes the place of.

    A row in force before that day stays in force through the day before, one that would have begun later is replaced. After a
    draft that has a last day the row it interrupts goes on. ``seen`` is the ``fingerprint`` of what was read. Raises
    ``CannotPublish``; of two people who publish it at once, one does.
    """
    _lock()
    (draft,) = _as_read(LifeEventKind, [draft], seen)
    if draft.first_day < today:
        raise CannotPublish(
            f"{draft} would begin on {as_text(draft.first_day)}, which is past. Applications were decided on that day; "
            f"choose {as_text(today)} or later."
        )
    try:
        draft.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as exc:
        raise CannotPublish(f"{draft}: {' '.join(exc.messages)}") from exc
    _make_room(draft, by, at)
    _publish([draft], by, at)
    _record("life_event.published", str(draft), by)
    return draft


def _make_room(draft: LifeEventKind, by: Actor, at: datetime) -> None:
    """End, replace and continue the published rows that overlap the draft's days."""
    last = draft.last_day or date.max
    for row in LifeEventKind.objects.published().filter(code=draft.code, us_state=draft.us_state, first_day__lte=last):
        ends = row.last_day or date.max
        if ends < draft.first_day:
            continue
        goes_on = _copied(row) if ends > last else None
        if row.first_day < draft.first_day:
            row.last_day = draft.first_day - timedelta(days=1)
        else:
            row.withdrawn_at = at
        row.save(update_fields=["last_day", "withdrawn_at"])
        if goes_on is not None:
            goes_on.first_day, goes_on.published_at, goes_on.published_by_id = last + timedelta(days=1), at, by.pk
            goes_on.save(force_insert=True)


@transaction.atomic
def publish_calendar(
    drafts: Sequence[OpenEnrollmentPeriod], *, seen: str, by: Actor, at: datetime
) -> list[OpenEnrollmentPeriod]:
    """Put drafts in force together as the calendar of their state and plan year; the calendar before is replaced at once.

    Raises ``CannotPublish`` when the rows make no calendar, when a channel would be left without one, or when they are not
    what was read (``seen``).
    """
    _lock()
    rows = _as_read(OpenEnrollmentPeriod, drafts, seen)
    problems = calendar_problems([as_calendar_row(row) for row in rows])
    if problems:
        raise CannotPublish(" ".join(problems))
    taken = _channels(rows)
    standing = [
        row
        for row in OpenEnrollmentPeriod.objects.published().filter(
            us_state=rows[0].us_state, plan_year=rows[0].plan_year
        )
        if _channels([row]) & taken
    ]
    left_alone = _channels(standing) - taken
    if left_alone:
        words = " and ".join(sorted(OpenEnrollmentPeriod.Channel(channel).label for channel in left_alone))
        raise CannotPublish(f"{words} would be left without a calendar. Draft its rows too and publish all together.")
    OpenEnrollmentPeriod.objects.filter(pk__in=[row.pk for row in standing]).update(withdrawn_at=at)
    _publish(rows, by, at)
    _record(
        "open_enrollment.published",
        f"{rows[0].us_state} {rows[0].plan_year}",
        by,
        rows=len(rows),
        replaced=len(standing),
    )
    return rows


def as_calendar_row(row: OpenEnrollmentPeriod) -> CalendarRow:
    """The row as the rules take it."""
    return CalendarRow(**{name: getattr(row, name) for name in CalendarRow.__dataclass_fields__})


def _as_read(model: type[Row], drafts: Iterable[Row], seen: str) -> list[Row]:
    ids = [draft.pk for draft in drafts]
    rows: list[Row] = list(
        model._default_manager.select_for_update(of=("self",))
        .filter(pk__in=ids, published_at__isnull=True)
        .order_by("pk")
    )
    if not rows or len(rows) != len(ids):
        raise CannotPublish("Only drafts can be published, and each once. Please look at the list again.")
    if fingerprint(rows) != seen:
        raise CannotPublish("Somebody has changed the draft while it was read. Please read it again.")
    return rows


def _publish(rows: Sequence[Published], by: Actor, at: datetime) -> None:
    model = type(rows[0])
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(published_at=at, published_by=by)
    for row in rows:
        row.published_at = at
        row.published_by_id = by.pk


def _channels(rows: Iterable[OpenEnrollmentPeriod]) -> set[str]:
    named = {str(row.channel) for row in rows}
    return {str(channel) for channel in Channel} if BOTH in named else named


def _calendar_name(row: OpenEnrollmentPeriod) -> str:
    return f"{row.us_state} {row.plan_year} {row.get_channel_display()}"


def _record(action: str, name: str, by: Actor, **details: int) -> None:
    kind = LifeEventKind if action.startswith("life_event") else OpenEnrollmentPeriod
    audit.record(action, by=by, object_type=str(kind._meta.model_name), object_id=name, details=details)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISHING_LOCK])
