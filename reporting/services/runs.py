"""Runs of reports: asked for, made by a worker or at once, cancelled, tried again, forgotten (REP_16, REP_17, ADR 0026).

A run is made with the rights its maker has at that moment, whoever started the worker. One press of a button makes one run.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO, Any

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from accounts.scoping import producer_number_ids
from portal.common import audit, exports, outbox
from portal.common.access import Perm
from portal.common.dates import as_text
from portal.common.files import store
from portal.common.files.models import StoredFile
from portal.common.files.uploads import CheckedFile
from portal.common.notifications.notify import notify
from portal.common.tables import GridState, Table
from reporting import reports, snapshots
from reporting.criteria import Criteria
from reporting.models import ReportRun, SavedReport
from reporting.snapshots import Watcher

logger = structlog.get_logger(__name__)

TOPIC = "reporting.run"
SCHEDULED_NOTICE, FILE_NOTICE = "report.scheduled", "report.file"
# Longer than Celery lets a task live: nobody else takes a run over that is still being made.
LEASE = timedelta(minutes=20)
STEP = 1_000  # rows between two looks at whether it was cancelled
AGAIN = "It has not worked yet. It is being tried again by itself."
GIVEN_UP = "The report could not be made. Nothing of it was kept."
NOT_ALLOWED = "Your account no longer includes reports on these clients."
NO_SUCH_REPORT = "This kind of report is no longer offered."
CHUNK = 200
State, Trigger, FileFormat = ReportRun.State, ReportRun.Trigger, ReportRun.FileFormat


class NothingToRetry(Exception):
    """Somebody was quicker, or it has worked by itself in the meantime."""


class _Stopped(Exception):
    """The run was cancelled while it was being made."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run is of: the report, and how its grid was looked at. ``sort`` and ``columns`` are keys of columns."""

    criteria: Criteria
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    columns: Sequence[str] = ()

    def as_json(self) -> str:
        data = {"criteria": self.criteria.as_data(), "filters": dict(self.filters)}
        return json.dumps({**data, "sort": self.sort, "columns": list(self.columns)})

    @classmethod
    def from_json(cls, text: str) -> "Asked":
        data = json.loads(text)
        return cls(
            criteria=Criteria.from_data(data["criteria"]),
            filters=data["filters"],
            sort=data["sort"],
            columns=data["columns"],
        )


def is_big(rows: int) -> bool:
    """Whether a result of so many rows is made by a worker; small ones are answered at once."""
    return rows > settings.REPORT_ROWS_AT_ONCE


def table_of(user: User, asked: Asked, *, today: date) -> Table[Any]:
    """The grid a run reads. Raises ``KeyError`` for a report that is no longer offered."""
    state = GridState(sort=asked.sort, columns=list(asked.columns), filters=dict(asked.filters))
    criteria = asked.criteria.on(today)
    return reports.get(criteria.report).make_table(user, criteria, state, today=today, action="")


def title_of(criteria: Criteria) -> str:
    """The kind of the report and its days, as they stand above its rows; they name nobody."""
    return reports.get(criteria.report).title(criteria)[:160]


@transaction.atomic
def request(
    *,
    asked: Asked,
    by: User,
    now: datetime,
    today: date,
    form_key: str,
    file_format: str = FileFormat.XLSX,
    saved_report: SavedReport | None = None,
    trigger: str = Trigger.PRESSED,
) -> ReportRun:
    """Record a run and owe its making to a worker. The same ``form_key`` again returns the run that exists."""
    run, is_new = _record(
        asked, by=by, now=now, today=today, form_key=form_key, saved_report=saved_report, trigger=trigger,
        file_format=file_format,
    )  # fmt: skip
    if is_new:
        _owe(run)
    return run


def _record(
    asked: Asked,
    *,
    by: User,
    now: datetime,
    today: date,
    form_key: str,
    saved_report: SavedReport | None,
    **values: Any,
) -> tuple[ReportRun, bool]:
    criteria = asked.criteria.on(today)
    run, is_new = ReportRun.objects.get_or_create(
        form_key=form_key[:80],
        defaults={
            "saved_report": saved_report,
            "requested_by": by,
            "requested_at": now,
            "working_for_id": by.working_for_id,
            "title": title_of(criteria),
            "asked": asked.as_json(),
            "run_on": today,
            **values,
        },
    )
    if is_new:
        audit.record(
            "report.requested",
            by=by,
            for_producer=by.npn_worked_for(Perm.REPORT_RUN),
            object_type="report run",
            object_id=str(run.pk),
            details={"report": criteria.report or "policy_status", "trigger": run.trigger, "format": run.file_format},
        )
    return run, is_new


def _owe(run: ReportRun) -> None:
    payload = {"run_id": run.pk, "attempt": run.attempt}
    outbox.add(TOPIC, dedupe_key=f"report-run:{run.pk}:{run.attempt}", payload=payload)


@transaction.atomic
def run_at_once(
    *, saved_report: SavedReport, asked: Asked, by: User, now: datetime, today: date, form_key: str
) -> ReportRun:
    """Run a custom report whose result is small: what changed is known when this returns, and no file is made."""
    run, is_new = _record(
        asked, by=by, now=now, today=today, form_key=form_key, saved_report=saved_report, trigger=Trigger.PRESSED
    )
    if is_new:
        table = table_of(by, asked, today=today)
        watcher = Watcher(table)
        for row in table.all_rows():
            watcher.see(row)
        run.rows_total = len(watcher.rows)
        _finish(run, watcher, by=by, now=now, rows=len(watcher.rows))
    return run


# --- made by a worker ---


@outbox.handler(TOPIC, on_dead=lambda payload: _given_up(payload), lease=LEASE)
def make(payload: dict[str, Any]) -> None:
    """Make the file of a run and find out what changed, unless it was cancelled or made meanwhile. May run twice."""
    run = (
        ReportRun.objects.filter(
            pk=payload["run_id"], attempt=payload["attempt"], state__in=[State.WAITING, State.RUNNING]
        )
        .select_related("saved_report")
        .first()
    )
    if run is None:
        return
    user = User.objects.select_related("producer").get(pk=run.requested_by_id)
    user.work_for(run.working_for_id)
    if not user.is_open or not user.has_portal_perm(Perm.REPORT_RUN):
        _fail(run, NOT_ALLOWED)
        return
    try:
        table = table_of(user, Asked.from_json(run.asked), today=run.run_on)
    except KeyError:
        _fail(run, NO_SUCH_REPORT)
        return
    try:
        _make(run, table, user)
    except _Stopped:
        logger.info("report run stopped", run_id=run.pk)
    except Exception:
        ReportRun.objects.filter(pk=run.pk, state=State.RUNNING).update(failure=AGAIN)
        raise


def _make(run: ReportRun, table: Table[Any], user: User) -> None:
    total = table.filtered_rows.count()
    _progress(run, rows_total=total, rows_done=0, failure="", state=State.RUNNING)
    watcher = Watcher(table) if run.saved_report else None
    with tempfile.TemporaryFile() as target:
        rows = _write(target, table, run, watcher)
        with transaction.atomic():
            locked = ReportRun.objects.select_for_update(of=("self",)).filter(pk=run.pk, state=State.RUNNING).first()
            if locked is None:
                raise _Stopped
            now = timezone.now()
            locked.file = keep_file(target, run=locked, by=user, at=now) if run.file_format else None
            _finish(locked, watcher, by=user, now=now, rows=rows)
            _tell(locked, user, now)
    logger.info("report run made", run_id=run.pk, rows=rows)


def _write(target: IO[bytes], table: Table[Any], run: ReportRun, watcher: Watcher | None) -> int:
    """Write every row of the grid, and return how many there were."""
    rows = _counted(table.all_rows(), run, watcher)
    if run.file_format == FileFormat.CSV:
        count = -1  # the heading
        for line in exports.csv_lines(columns=table.visible, rows=rows):
            target.write(line.encode())
            count += 1
        return count
    return exports.write_xlsx(target, columns=table.visible, rows=rows, sheet_name=table.caption)


def _counted(rows: Iterator[Any], run: ReportRun, watcher: Watcher | None) -> Iterator[Any]:
    for count, row in enumerate(rows, start=1):
        if watcher is not None:
            watcher.see(row)
        yield row
        if count % STEP == 0:
            _progress(run, rows_done=count)


def _progress(run: ReportRun, **values: Any) -> None:
    """Say how far it is. Raises ``_Stopped`` when the run was cancelled meanwhile."""
    if not ReportRun.objects.filter(pk=run.pk, state__in=[State.WAITING, State.RUNNING]).update(**values):
        raise _Stopped


def keep_file(source: IO[bytes], *, run: ReportRun, by: User, at: datetime) -> StoredFile:
    """Store what was made like every other file: encrypted, under a random name, scanned where a scanner is set up."""
    size = source.seek(0, 2)
    source.seek(0)
    digest = hashlib.sha256()
    while piece := source.read(1 << 20):
        digest.update(piece)
    source.seek(0)
    kind = exports.XLSX_TYPE if run.file_format == FileFormat.XLSX else "text/csv"
    name = f"{slugify(run.title.partition(':')[0]) or 'report'}-{run.run_on:%Y-%m-%d}.{run.file_format}"
    upload = UploadedFile(source, name, kind, size)
    return store.keep(
        CheckedFile(name=name, content_type=kind, size=size, sha256=digest.hexdigest(), upload=upload), by=by, at=at
    )


def _finish(run: ReportRun, watcher: Watcher | None, *, by: User, now: datetime, rows: int) -> None:
    """Write down what came out, in the caller's transaction."""
    run.everything = by.role == User.Role.CARRIER_ADMIN
    run.books = [] if run.everything else producer_number_ids(by)
    run.state, run.failure, run.finished_at = State.READY, "", now
    run.rows_done = run.rows_total = rows
    if watcher is not None:
        _note_changes(run, watcher)
    run.save()
    details = {"report": Asked.from_json(run.asked).criteria.report or "policy_status", "rows": rows}
    audit.record(
        "report.made",
        by=by,
        for_producer=by.npn_worked_for(Perm.REPORT_RUN),  # a worker has no request that would tell
        object_type="report run",
        object_id=str(run.pk),
        details={**details, "format": run.file_format},
    )


def _note_changes(run: ReportRun, watcher: Watcher) -> None:
    """Compare with the last run of the same person, whose snapshot this one's replaces."""
    others = ReportRun.objects.filter(saved_report=run.saved_report, requested_by=run.requested_by_id).exclude(
        pk=run.pk
    )
    last = others.filter(snapshot__isnull=False).order_by("-id").first()
    if last is not None and last.snapshot is not None:
        changes = snapshots.compare(snapshots.unpack(last.snapshot), watcher.rows)
        run.compared_with = last
        run.new_rows, run.gone_rows = len(changes.new), len(changes.gone)
        run.changed_rows = len(changes.changed)
        run.changes = changes.as_data()
    run.snapshot = snapshots.pack(watcher.rows)
    others.filter(snapshot__isnull=False).update(snapshot=None)


def _tell(run: ReportRun, user: User, now: datetime) -> None:
    day = as_text(run.run_on)
    scheduled = run.trigger == Trigger.SCHEDULED
    notify(
        recipient=user,
        kind=SCHEDULED_NOTICE if scheduled else FILE_NOTICE,
        title=f"Your scheduled report of {day} is ready"
        if scheduled
        else f"The report you asked for on {day} is ready",
        url=reverse("reporting:run", args=[run.key]),
        fact=f"report run {run.pk} ready",
        at=now,
    )


@transaction.atomic
def _fail(run: ReportRun, why: str) -> None:
    now = timezone.now()
    changed = ReportRun.objects.filter(pk=run.pk, state__in=[State.WAITING, State.RUNNING]).update(
        state=State.FAILED, failure=why, finished_at=now
    )
    if changed:
        logger.error("report run failed", run_id=run.pk)
        scheduled = run.trigger == Trigger.SCHEDULED
        notify(
            recipient=run.requested_by,
            kind=SCHEDULED_NOTICE if scheduled else FILE_NOTICE,
            title=f"{'A scheduled report' if scheduled else 'A report'} of {as_text(run.run_on)} could not be made",
            url=reverse("reporting:run", args=[run.key]),
            fact=f"report run {run.pk} failed {run.attempt}",
            at=now,
        )


def _given_up(payload: dict[str, Any]) -> None:
    run = (
        ReportRun.objects.filter(pk=payload["run_id"], attempt=payload["attempt"])
        .select_related("requested_by")
        .first()
    )
    if run is not None:
        _fail(run, GIVEN_UP)


# --- what a person does with a run ---


@transaction.atomic
def cancel(*, run: ReportRun, by: User, now: datetime) -> bool:
    """Stop a run that is not made yet. Returns whether there was anything to stop."""
    waiting = ReportRun.objects.filter(pk=run.pk, state__in=[State.WAITING, State.RUNNING])
    if not waiting.update(state=State.CANCELLED, failure="", finished_at=now):
        return False
    audit.record("report.cancelled", by=by, object_type="report run", object_id=str(run.pk))
    return True


@transaction.atomic
def retry(*, run: ReportRun, by: User, now: datetime) -> None:
    """Make once more what has failed or was cancelled. Raises ``NothingToRetry``.

    It is made with the rights of whoever asked for it, also when staff press the button.
    """
    locked = ReportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if locked.state not in (State.FAILED, State.CANCELLED):
        raise NothingToRetry
    locked.attempt += 1
    locked.state, locked.failure, locked.finished_at = State.WAITING, "", None
    locked.rows_done, locked.requested_at = 0, now
    if by.pk == locked.requested_by_id:
        locked.working_for_id = by.working_for_id
    locked.save()
    _owe(locked)
    audit.record("report.retried", by=by, object_type="report run", object_id=str(run.pk))


def may_have(run: ReportRun, user: User) -> bool:
    """Whether the person may still open every book that the run has read."""
    if user.role == User.Role.CARRIER_ADMIN:
        return True
    return not run.everything and set(run.books) <= set(producer_number_ids(user))


def forget_old_files(*, now: datetime) -> int:
    """Delete files older than ``REPORT_FILES_KEEP_DAYS``; the rows stay. Returns how many. For the system."""
    before = now - timedelta(days=settings.REPORT_FILES_KEEP_DAYS)
    old = ReportRun.objects.filter(file__isnull=False, forgotten_at=None, requested_at__lt=before).order_by(
        "requested_at"
    )
    count = 0
    for run_id in list(old.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            run = ReportRun.objects.select_for_update(of=("self",)).filter(pk=run_id, forgotten_at=None).first()
            if run is None or run.file is None:
                continue
            store.remove(run.file, at=now)
            run.forgotten_at = now
            run.save(update_fields=["forgotten_at"])
            count += 1
    return count
