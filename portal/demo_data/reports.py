"""Custom reports of the demo producer, one shared and two scheduled, and runs in the states a person should see."""

from datetime import datetime, timedelta

from accounts.models import User
from accounts.scoping import producer_number_ids
from portal.common.dates import today_in
from reporting import snapshots
from reporting.criteria import Criteria
from reporting.models import ReportRun, SavedReport
from reporting.rules.schedules import next_run
from reporting.services import runs, saved_reports
from reporting.services.runs import Asked
from reporting.services.saved_reports import Choices

IN_OFFICE_HOURS = timedelta(hours=8, minutes=10)
REPORTS = (
    (Criteria(policy_status="GRACE"), Choices(name="Grace period, every Monday", schedule="WEEKLY", shared=True)),
    (Criteria(report="paid_to"), Choices(name="Paid to next month", period="NEXT_MONTH", shared=True)),
    (Criteria(report="policy_term"), Choices(name="Termed lately", period="LAST_30", schedule="DAILY")),
    (Criteria(report="approaching_65"), Choices(name="Turning 65 this quarter", period="NEXT_90")),
    (
        Criteria(policy_status="ACTIVE", switches=("off_exchange", "medical_only"), product_name="Bronze"),
        Choices(name="Bronze without dental"),
    ),
)


def add_reports(*, by: User, now: datetime) -> None:
    """Add them as rows: a finished, a failed and a stopped run, and one whose file the first worker makes."""
    saved = [
        saved_reports.save(
            criteria=criteria, choices=choices, by=by, now=now - timedelta(days=30), form_key=f"demo:{by.pk}:{place}"
        )
        for place, (criteria, choices) in enumerate(REPORTS)
    ]
    today = today_in(now=now)
    for one in SavedReport.objects.filter(owner=by).exclude(schedule=""):
        one.next_run_on = next_run(one.schedule, one.schedule_day, after=today)
        one.save(update_fields=["next_run_on"])
    _run_with_snapshot(saved[0], by=by, at=now - timedelta(days=6) + IN_OFFICE_HOURS)
    states = (
        (saved[2], 1, ReportRun.State.FAILED, runs.GIVEN_UP, ReportRun.Trigger.SCHEDULED),
        (saved[3], 2, ReportRun.State.CANCELLED, "", ReportRun.Trigger.PRESSED),
    )
    for one, days, state, failure, trigger in states:
        at = now - timedelta(days=days) + IN_OFFICE_HOURS
        run = _run(one, by=by, at=at, key=f"demo:{by.pk}:run:{one.pk}")
        run.state, run.failure, run.trigger, run.finished_at = state, failure, trigger, at + timedelta(minutes=2)
        run.save()
    _owed_file(saved[1], by=by, now=now)


def _run(saved: SavedReport, *, by: User, at: datetime, key: str) -> ReportRun:
    asked = Asked(criteria=saved_reports.criteria_of(saved))
    criteria = asked.criteria.on(today_in(now=at))
    return ReportRun(
        saved_report=saved,
        requested_by=by,
        requested_at=at,
        title=runs.title_of(criteria),
        asked=asked.as_json(),
        run_on=today_in(now=at),
        file_format=ReportRun.FileFormat.XLSX,
        form_key=key,
    )


def _run_with_snapshot(saved: SavedReport, *, by: User, at: datetime) -> None:
    """A run of last week that knew nothing of every seventh row of today, so that the next one has something to tell."""
    run = _run(saved, by=by, at=at, key=f"demo:{by.pk}:last-week")
    run.file_format = ReportRun.FileFormat.NONE
    table = runs.table_of(by, Asked(criteria=saved_reports.criteria_of(saved)), today=run.run_on)
    watcher = snapshots.Watcher(table)
    for place, row in enumerate(table.all_rows()):
        if place % 7:
            watcher.see(row)
    run.state, run.finished_at = ReportRun.State.READY, at + timedelta(minutes=1)
    run.rows_done = run.rows_total = len(watcher.rows)
    run.books = producer_number_ids(by)
    run.snapshot = snapshots.pack(watcher.rows)
    run.save()


def _owed_file(saved: SavedReport, *, by: User, now: datetime) -> None:
    runs.request(
        asked=Asked(criteria=saved_reports.criteria_of(saved)),
        by=by,
        now=now - timedelta(minutes=4),
        today=today_in(now=now),
        form_key=f"demo:{by.pk}:file",
        saved_report=saved,
    )
