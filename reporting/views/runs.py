"""A run of a report: how far it is, its file, what changed since the last one (REP_16, REP_17)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from portal.common import audit
from portal.common.access import Perm, requires
from portal.common.dates import as_text, moment_as_text
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.polling import polled
from reporting.models import ReportRun
from reporting.services import runs as service
from reporting.services.runs import Asked
from reporting.views.builder import open_result

State = ReportRun.State
NOTHING_TO_STOP = "The report was finished already: there was nothing left to stop."
NOTHING_TO_RETRY = "There is nothing to try again: the report is being made, or is ready."
BOOKS_CHANGED = "Since this file was made, you may no longer open all of its clients. Run the report again."


@requires(Perm.REPORT_RUN)
@require_safe
def run(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """The run: its progress, then its file."""
    return render(request, "reporting/run.html", _context(_run(request, key)))


@polled
@requires(Perm.REPORT_RUN)
@require_safe
def run_state(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """The part of the page that changes while the report is being made."""
    return render(request, "reporting/_run_state.html", _context(_run(request, key)))


@requires(Perm.REPORT_RUN)
@require_POST
def run_cancel(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """Stop what is not made yet."""
    if not service.cancel(run=_run(request, key), by=request.user, now=timezone.now()):
        messages.info(request, NOTHING_TO_STOP)
    return redirect("reporting:run", key)


@requires(Perm.REPORT_RUN)
@require_POST
def run_retry(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """Try once more what has failed."""
    try:
        service.retry(run=_run(request, key), by=request.user, now=timezone.now())
    except service.NothingToRetry:
        messages.info(request, NOTHING_TO_RETRY)
    return redirect("reporting:run", key)


@requires(Perm.REPORT_RUN)
@require_POST
def run_open(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponse:
    """Show the report of a run on the screen, as the clients are now."""
    found = _run(request, key)
    return redirect(open_result(request, Asked.from_json(found.asked).criteria, today=found.run_on, run=found))


@requires(Perm.REPORT_RUN)
@require_safe
def run_file(request: AuthenticatedHttpRequest, key: UUID) -> HttpResponseBase:
    """The file, for the person who asked for it and still may open every book it was made of; every look is audited."""
    found = _run(request, key)
    if found.file is None or found.forgotten_at:
        raise Http404("No such file.")
    if not service.may_have(found, request.user):
        messages.error(request, BOOKS_CHANGED)
        return redirect("reporting:run", key)
    try:
        response = as_attachment(found.file)
    except NotReleased as exc:
        messages.error(request, str(exc))
        return redirect("reporting:run", key)
    details = {"format": found.file_format, "rows": found.rows_total}
    audit.record(
        "report.downloaded", by=request.user, object_type="report run", object_id=str(found.pk), details=details
    )
    return response


def _run(request: AuthenticatedHttpRequest, key: UUID) -> ReportRun:
    rows = ReportRun.objects.for_user(request.user).select_related("file", "saved_report", "compared_with")
    return get_object_or_404(rows.defer("snapshot", "changes"), key=key)


def _context(found: ReportRun) -> dict[str, Any]:
    state = State(found.state)
    files_until = found.requested_at + timedelta(days=settings.REPORT_FILES_KEEP_DAYS)
    has_file = found.file is not None and found.file.may_be_opened
    return {
        "run": found,
        "name": found.saved_report.name if found.saved_report else "",
        "requested": moment_as_text(found.requested_at),
        "by_itself": found.trigger == ReportRun.Trigger.SCHEDULED,
        "is_pending": not found.is_over,
        "progress_text": f"{found.rows_done:,} of {found.rows_total:,} rows"
        if found.rows_total
        else "Counting the rows",
        "headline": HEADLINES[state],
        "rows": f"{found.rows_total:,}",
        "has_file": has_file,
        "scan_pending": found.file is not None and not has_file and not found.forgotten_at,
        "kept_until": as_text(timezone.localtime(files_until).date()),
        "can_retry": state in (State.FAILED, State.CANCELLED),
        "since": moment_as_text(found.compared_with.requested_at) if found.compared_with else "",
    }


HEADLINES = {
    State.WAITING: "The report is about to be made",
    State.RUNNING: "The report is being made",
    State.READY: "The report is ready",
    State.FAILED: "The report could not be made",
    State.CANCELLED: "Stopped",
}
