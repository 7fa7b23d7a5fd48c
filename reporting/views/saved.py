"""View My Custom Reports: saved, run, changed, shared, scheduled, deleted and brought back (REP_16)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from accounts.models import User
from portal.common import form_keys
from portal.common.access import Perm, requires
from portal.common.dates import as_text, moment_as_text
from reporting import reports
from reporting.criteria import Criteria
from reporting.forms.saved_reports import SavedReportForm
from reporting.models import ReportRun, SavedReport
from reporting.rules import periods, schedules
from reporting.services import saved_reports as service
from reporting.views.builder import NO_LONGER_OPEN, Result, open_result

RUNS_SHOWN = 20
PILLS = {
    ReportRun.State.WAITING: "warning",
    ReportRun.State.RUNNING: "warning",
    ReportRun.State.READY: "success",
    ReportRun.State.FAILED: "danger",
    ReportRun.State.CANCELLED: "secondary",
}
NOT_YOURS = "This report is shared with you by the producer who saved it. Only that producer can change it."


@requires(Perm.REPORT_RUN)
@require_safe
def saved(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The person's custom reports and those shared with them, and the latest runs with their files."""
    rows = SavedReport.objects.for_user(request.user)
    kept = rows.kept().select_related("owner__producer")
    deleted = rows.exclude(deleted_at=None).filter(owner=request.user).order_by("-deleted_at")[:10]
    latest = (
        ReportRun.objects.for_user(request.user).select_related("saved_report", "file").defer("snapshot", "changes")
    )
    context = {
        "lines": [_line(row, request.user) for row in kept],
        "deleted": [{"id": row.pk, "name": row.name, "when": row.deleted_at} for row in deleted],
        "runs": [_run_line(run) for run in latest.order_by("-requested_at", "-id")[:RUNS_SHOWN]],
    }
    return render(request, "reporting/saved_reports.html", context)


def _line(row: SavedReport, user: User) -> dict[str, Any]:
    asked = service.criteria_of(row)
    mine = row.is_of(user)
    by = row.owner.get_full_name() or row.owner.get_username()
    scheduled = schedules.in_words(row.schedule, row.schedule_day)
    return {
        "id": row.pk,
        "name": row.name,
        "what": reports.get(asked.report).title(asked),
        "words": asked.words(),
        "mine": mine,
        "by": "" if mine else by,
        "shared": row.shared and mine,
        "schedule": f"{scheduled[0].upper()}{scheduled[1:]}" if scheduled else "",
        "next": as_text(row.next_run_on),
        "form_key": form_keys.new_key(),
    }


def _run_line(run: ReportRun) -> dict[str, Any]:
    state = ReportRun.State(run.state)
    has_file = run.file is not None and run.file.may_be_opened
    return {
        "url": reverse("reporting:run", args=[run.key]),
        "name": run.saved_report.name if run.saved_report else run.title,
        "when": moment_as_text(run.requested_at),
        "by_itself": run.trigger == ReportRun.Trigger.SCHEDULED,
        "state": state.label,
        "pill": PILLS[state],
        "rows": run.rows_total if state == ReportRun.State.READY else None,
        "file": (run.get_file_format_display() if has_file else "No longer kept" if run.forgotten_at else ""),
    }


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_new(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Save the report of a result under a name."""
    result = Result.recalled(request, request.GET.get("r", ""))
    if result is None:
        messages.info(request, NO_LONGER_OPEN)
        return redirect("reporting:new")
    asked = result.asked
    key = form_keys.readable(request.POST.get("form_key", ""))
    if request.method == "POST":
        form = _form(request, asked, data=request.POST)
        if form.is_valid() and (row := _save(request, form, asked, key)):
            messages.success(request, f"The report “{row.name}” was saved.")
            return redirect("reporting:saved")
    else:
        suggested = periods.like(asked.first, asked.last, today=result.today) if asked.first and asked.last else ""
        form = _form(request, asked, initial={"period": suggested, "day_of_month": 1})
    back_url = reverse("reporting:new", query={"r": request.GET.get("r", "")})
    return render(request, "reporting/saved_report_form.html", _form_context(form, result.title, key, back_url))


def _save(request: AuthenticatedHttpRequest, form: SavedReportForm, asked: Criteria, key: str) -> SavedReport | None:
    try:
        return service.save(
            criteria=asked,
            choices=form.choices(),
            by=request.user,
            now=timezone.now(),
            form_key=f"{request.user.pk}:{key}",
        )
    except (service.NameTaken, service.TooMany) as exc:
        form.add_error("name", str(exc))
        return None


def _form(request: AuthenticatedHttpRequest, asked: Criteria, **kwargs: Any) -> SavedReportForm:
    has_days = bool(asked.first or asked.period)
    may_share = request.user.role == User.Role.PRODUCER
    return SavedReportForm(has_days=has_days, days=asked.days_as_entered, may_share=may_share, **kwargs)


def _form_context(form: SavedReportForm, what: str, key: str, back_url: str) -> dict[str, Any]:
    return {"form": form, "what": what, "form_key": key, "back_url": back_url}


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def saved_change(request: AuthenticatedHttpRequest, saved_id: int) -> HttpResponse:
    """Rename a custom report, let its dates move, share it, schedule it."""
    row = _own(request, saved_id)
    asked = service.criteria_of(row)
    if request.method == "POST":
        form = _form(request, asked, data=request.POST)
        if form.is_valid():
            try:
                row = service.change(saved=row, choices=form.choices(), by=request.user, now=timezone.now())
            except service.NameTaken as exc:
                form.add_error("name", str(exc))
            else:
                messages.success(request, f"The report “{row.name}” was changed.")
                return redirect("reporting:saved")
    else:
        form = _form(request, asked, initial=SavedReportForm.initial_of(row, period=asked.period))
    title = reports.get(asked.report).title(asked)
    return render(
        request, "reporting/saved_report_form.html", _form_context(form, title, "", reverse("reporting:saved"))
    )


@requires(Perm.REPORT_RUN)
@require_POST
def saved_run(request: AuthenticatedHttpRequest, saved_id: int) -> HttpResponse:
    """Run a custom report: on the screen at once, or where it is big, by a worker."""
    row = get_object_or_404(SavedReport.objects.for_user(request.user).kept(), pk=saved_id)
    key = f"{request.user.pk}:{form_keys.readable(request.POST.get('form_key', ''))}"
    try:
        run = service.run(saved=row, by=request.user, now=timezone.now(), form_key=key)
    except KeyError:
        messages.error(request, "This kind of report is no longer offered. Create it anew.")
        return redirect("reporting:saved")
    if run.file_format:
        return redirect("reporting:run", run.key)
    return redirect(open_result(request, service.criteria_of(row), today=run.run_on, run=run))


@requires(Perm.REPORT_RUN)
@require_POST
def saved_delete(request: AuthenticatedHttpRequest, saved_id: int) -> HttpResponse:
    """Delete a custom report; it stands below the list, from where it can be brought back."""
    row = _own(request, saved_id)
    if service.delete(saved=row, by=request.user, now=timezone.now()):
        messages.success(request, f"The report “{row.name}” was deleted. Undo is below the list.")
    return redirect("reporting:saved")


@requires(Perm.REPORT_RUN)
@require_POST
def saved_restore(request: AuthenticatedHttpRequest, saved_id: int) -> HttpResponse:
    """Undo: bring a deleted custom report back."""
    row = get_object_or_404(SavedReport.objects.for_user(request.user), pk=saved_id, owner=request.user)
    if service.restore(saved=row, by=request.user):
        messages.success(request, "The report is back in your list.")
    return redirect("reporting:saved")


def _own(request: AuthenticatedHttpRequest, saved_id: int) -> SavedReport:
    row = get_object_or_404(SavedReport.objects.for_user(request.user).kept(), pk=saved_id)
    if not row.is_of(request.user):
        raise PermissionDenied(NOT_YOURS)
    return row
