"""Custom reports and runs of them for the tests."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from reporting.criteria import Criteria
from reporting.models import ReportRun, SavedReport
from reporting.services import runs, saved_reports
from reporting.services.runs import Asked
from reporting.services.saved_reports import Choices


def save_report(by: User, name: str = "Everybody", *, key: str = "", **wanted: Any) -> SavedReport:
    """A custom report of everybody's status; ``criteria=...`` and what ``Choices`` knows make it another."""
    criteria = wanted.pop("criteria", Criteria(policy_status="ALL"))
    choices = Choices(name=name, **wanted)
    return saved_reports.save(
        criteria=criteria, choices=choices, by=by, now=timezone.now(), form_key=key or f"test:{by.pk}:{name}"
    )


def request_run(by: User, *, key: str = "test-run", criteria: Criteria | None = None, **values: Any) -> ReportRun:
    """A run that a worker is still to make."""
    asked = Asked(criteria=criteria or Criteria(policy_status="ALL"))
    values.setdefault("today", timezone.localdate())
    return runs.request(asked=asked, by=by, now=timezone.now(), form_key=key, **values)


def make(run: ReportRun) -> ReportRun:
    """What the worker does."""
    runs.make({"run_id": run.pk, "attempt": run.attempt})
    run.refresh_from_db()
    return run


def run_saved(saved: SavedReport, by: User, key: str) -> ReportRun:
    return saved_reports.run(saved=saved, by=by, now=timezone.now(), form_key=key)
