"""Create Report: the form, and the report under it."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from portal.common import audit, criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.tables import GridState
from reporting import policy_status_report
from reporting.forms.builder import ReportForm
from reporting.policy_status_report import ReportTable


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """The builder; with ``?r=`` also the report that was submitted, on screen or as a file (REP_17)."""
    result_id = request.GET.get("r", "")
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        return _submit(request)
    if not result_id:
        return _page(request, ReportForm(), None)
    kept = criteria.recall(request, result_id)
    if kept is None or "report" not in kept:
        messages.info(request, "That report is no longer open. Please submit it again.")
        return redirect("reporting:new")

    def make_table(state: GridState, under: str) -> ReportTable:
        rows = policy_status_report.select(request.user, **kept["report"])
        return ReportTable(rows, state, action=request.path, keep=[("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    title = policy_status_report.title(kept["report"])
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table, title)
    return _page(request, ReportForm(initial=kept["report"]), table, title)


def _submit(request: AuthenticatedHttpRequest) -> HttpResponse:
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _page(request, form, None)
    audit.record("report.run", by=request.user, object_type="report", details=form.cleaned_data)
    result_id = criteria.keep(request, {"report": form.cleaned_data})
    return redirect(f"{request.path}?r={result_id}")


def _page(
    request: AuthenticatedHttpRequest, form: ReportForm, table: ReportTable | None, title: str = ""
) -> HttpResponse:
    context = {"form": form, "table": table.view(as_of=timezone.now()) if table else None, "report_title": title}
    return render(request, "reporting/report_new.html", context)


def _export(request: AuthenticatedHttpRequest, table: ReportTable, title: str) -> HttpResponseBase:
    file_format = request.GET["format"]
    audit.record(
        "report.exported",
        by=request.user,
        object_type="report",
        details={"report": title, "format": file_format, "rows": table.filtered_rows.count()},
    )
    return exports.respond(table, file_format, name=slugify(title))
