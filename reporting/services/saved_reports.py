"""Custom reports: saved, changed, run, scheduled, deleted and brought back (REP_16). Only their owner changes them."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from portal.common import audit
from portal.common.access import Perm
from portal.common.dates import today_in
from reporting.criteria import Criteria
from reporting.models import ReportRun, SavedReport
from reporting.rules.schedules import next_run
from reporting.services import runs
from reporting.services.runs import Asked

NAME_TAKEN = "You have a custom report of this name already."
MOST_REPORTS = 100
TOO_MANY = f"You have {MOST_REPORTS} custom reports. Delete one that you no longer need first."


class NameTaken(Exception):
    """The owner has another report of this name, whatever its case; the text is fit to show."""


class TooMany(Exception):
    """The owner has as many reports as one person may keep; the text is fit to show."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What is chosen about a custom report: ``period`` empty for the days as they were entered."""

    name: str
    period: str = ""
    shared: bool = False
    schedule: str = ""
    schedule_day: int = 0


def criteria_of(saved: SavedReport) -> Criteria:
    """What it asks for; its period is not worked out yet."""
    return Criteria.from_data(json.loads(saved.criteria))


def _values(choices: Choices, criteria: Criteria, *, today: date) -> dict[str, Any]:
    first = next_run(choices.schedule, choices.schedule_day, after=today) if choices.schedule else None
    return {
        "name": choices.name,
        "criteria": json.dumps(replace(criteria, period=choices.period).as_data()),
        "shared": choices.shared,
        "schedule": choices.schedule,
        "schedule_day": choices.schedule_day if choices.schedule else 0,
        "next_run_on": first,
    }


@transaction.atomic
def save(*, criteria: Criteria, choices: Choices, by: User, now: datetime, form_key: str) -> SavedReport:
    """Save a report under a name. The same ``form_key`` again returns the row that exists.

    Raises ``NameTaken`` and ``TooMany``; then nothing is saved.
    """
    made = SavedReport.objects.filter(form_key=form_key).first()
    if made is not None:
        return made
    if SavedReport.objects.filter(owner=by, deleted_at=None).count() >= MOST_REPORTS:
        raise TooMany(TOO_MANY)
    values = _values(choices, criteria, today=today_in(now=now))
    try:
        with transaction.atomic():
            saved = SavedReport.objects.create(form_key=form_key, owner=by, created_at=now, **values)
    except IntegrityError:
        made = SavedReport.objects.filter(form_key=form_key).first()
        if made is not None:  # the same form, sent twice at the same moment
            return made
        raise NameTaken(NAME_TAKEN) from None
    _record("report.saved", saved, by)
    return saved


@transaction.atomic
def change(*, saved: SavedReport, choices: Choices, by: User, now: datetime) -> SavedReport:
    """Rename, share or schedule it, or let its days move. Raises ``NameTaken``; then nothing is changed."""
    saved = SavedReport.objects.select_for_update().get(pk=saved.pk)
    values = _values(choices, criteria_of(saved), today=today_in(now=now))
    if (saved.schedule, saved.schedule_day) == (values["schedule"], values["schedule_day"]):
        values["next_run_on"] = saved.next_run_on
    for name, value in values.items():
        setattr(saved, name, value)
    try:
        with transaction.atomic():
            saved.save(update_fields=list(values))
    except IntegrityError:
        raise NameTaken(NAME_TAKEN) from None
    _record("report.changed", saved, by)
    return saved


@transaction.atomic
def delete(*, saved: SavedReport, by: User, now: datetime) -> bool:
    """Take it off the list; it can be brought back. Returns whether it was there."""
    if not SavedReport.objects.filter(pk=saved.pk, deleted_at=None).update(deleted_at=now):
        return False
    _record("report.deleted", saved, by)
    return True


@transaction.atomic
def restore(*, saved: SavedReport, by: User) -> bool:
    """Bring it back, with a number behind its name where another has it now. Returns whether it was deleted."""
    saved = SavedReport.objects.select_for_update().get(pk=saved.pk)
    if saved.deleted_at is None:
        return False
    taken = {
        name.casefold()
        for name in SavedReport.objects.filter(owner=saved.owner_id, deleted_at=None).values_list("name", flat=True)
    }
    name, number = saved.name, 2
    while name.casefold() in taken:
        name, number = f"{saved.name[:74]} ({number})", number + 1
    saved.name, saved.deleted_at = name, None
    saved.save(update_fields=["name", "deleted_at"])
    _record("report.restored", saved, by)
    return True


def run(*, saved: SavedReport, by: User, now: datetime, form_key: str) -> ReportRun:
    """Run it for ``by``, at once where the result is small and by a worker where it is big."""
    today = today_in(now=now)
    asked = Asked(criteria=criteria_of(saved))
    rows = runs.table_of(by, asked, today=today).filtered_rows.count()
    if runs.is_big(rows):
        return runs.request(asked=asked, by=by, now=now, today=today, form_key=form_key, saved_report=saved)
    return runs.run_at_once(saved_report=saved, asked=asked, by=by, now=now, today=today, form_key=form_key)


def owe_scheduled(*, now: datetime) -> int:
    """Record the runs that are due today, and when each report runs next. On behalf of the owners. Returns how many.

    Nothing before ``REPORT_SCHEDULE_HOUR`` by the carrier's clock. A day that was missed is made up for once.
    """
    if timezone.localtime(now).hour < settings.REPORT_SCHEDULE_HOUR:
        return 0
    today, count = today_in(now=now), 0
    due = SavedReport.objects.filter(next_run_on__lte=today, deleted_at=None).exclude(schedule="")
    for saved_id in list(due.order_by("next_run_on", "id").values_list("pk", flat=True)):
        count += _owe_one(saved_id, now=now, today=today)
    return count


@transaction.atomic
def _owe_one(saved_id: int, *, now: datetime, today: date) -> bool:
    saved = (
        SavedReport.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=saved_id, next_run_on__lte=today, deleted_at=None)
        .select_related("owner__producer")
        .first()
    )
    if saved is None:
        return False
    due_on, saved.next_run_on = saved.next_run_on, next_run(saved.schedule, saved.schedule_day, after=today)
    saved.save(update_fields=["next_run_on"])
    if not saved.owner.is_open or not saved.owner.has_portal_perm(Perm.REPORT_RUN):
        return False
    runs.request(
        asked=Asked(criteria=criteria_of(saved)),
        by=saved.owner,
        now=now,
        today=today,
        form_key=f"schedule:{saved.pk}:{due_on}",
        saved_report=saved,
        trigger=ReportRun.Trigger.SCHEDULED,
    )
    return True


def _record(action: str, saved: SavedReport, by: User) -> None:
    details = {"shared": saved.shared, "schedule": saved.schedule}
    audit.record(action, by=by, object_type="custom report", object_id=str(saved.pk), details=details)
