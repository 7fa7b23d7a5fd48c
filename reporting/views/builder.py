"""Create Report: the form, and the report under it on screen and as a file (REP_01 to REP_18)."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import AuthenticatedHttpRequest
from accounts.scoping import looked_up_once
from portal.common import audit, criteria, exports, form_keys, grid_posts
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from portal.common.tables import GridState, Table
from reporting import reports, selectors
from reporting.criteria import Criteria
from reporting.forms.builder import ReportForm
from reporting.models import ReportRun
from reporting.services import runs
from reporting.services.runs import Asked

TEMPLATE = "reporting/report_new.html"
NO_LONGER_OPEN = "That report is no longer open. Please submit it again."
# What a result may be narrowed to once it is known what changed since the last run.
SHOWN = ("new", "changed", "gone")


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
@looked_up_once()
def new(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """The builder; with ``?r=`` the report that was submitted, on screen or as a file (REP_17)."""
    result_id = request.GET.get("r", "")
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        return _submit(request)
    if not result_id:
        return render(request, TEMPLATE, {"form": _form(request)})
    result = Result.recalled(request, result_id)
    if result is None:
        messages.info(request, NO_LONGER_OPEN)
        return redirect("reporting:new")
    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, result.table, result_id=result_id, kept=result.kept)
    if "change" in request.GET:
        return render(request, TEMPLATE, {"form": _form(request, result.asked)})
    state = GridState.read(request.GET, filters=result.kept.get("filters"))
    table = result.table(state, result_id)
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table, result)
    return render(request, TEMPLATE, _result_context(request, table, result, result_id))


class Result:
    """A report as it was submitted, kept with the session, for the person who looks at it now."""

    def __init__(self, request: AuthenticatedHttpRequest, kept: dict[str, Any]) -> None:
        self.user, self.kept = request.user, kept
        self.today = date.fromisoformat(kept["run_on"])
        self.asked = Criteria.from_data(kept["report"])
        self.report = reports.get(self.asked.report)
        self.resolved = self.asked.on(self.today)
        self.action = reverse("reporting:new")
        self.shown = request.GET.get("show", "") if request.GET.get("show") in SHOWN else ""
        self.run = _run_of(request, kept.get("run"))

    @classmethod
    def recalled(cls, request: AuthenticatedHttpRequest, result_id: str) -> "Result | None":
        """What was submitted under the id in this session; ``None`` when it is not kept, or no longer offered."""
        kept = criteria.recall(request, result_id)
        if kept is None or "report" not in kept:
            return None
        try:
            return cls(request, kept)
        except (KeyError, ValueError):
            return None

    @property
    def title(self) -> str:
        return self.report.title(self.resolved)

    def table(self, state: GridState, under: str) -> Table[Any]:
        """The grid; narrowed to the rows that are new, changed or gone since the last run where that is asked for."""
        keep = [("r", under), ("show", self.shown)]
        return self.report.make_table(
            self.user, self.resolved, state, today=self.today, action=self.action, keep=keep, rows=self._rows()
        )

    def _rows(self) -> QuerySet[Any] | None:
        if not self.shown or self.run is None:
            return None
        keys = self.run.keys_of(self.shown)
        if self.shown == "gone":
            return reports.rows_in_scope(self.report, self.user, self.resolved).filter(pk__in=keys)
        return reports.rows_of(self.report, self.user, self.resolved, today=self.today).filter(pk__in=keys)


def _run_of(request: AuthenticatedHttpRequest, key: str | None) -> ReportRun | None:
    runs_of_person = ReportRun.objects.for_user(request.user).select_related("saved_report", "compared_with")
    return runs_of_person.defer("snapshot").filter(key=UUID(key)).first() if key else None


def _form(request: AuthenticatedHttpRequest, asked: Criteria | None = None) -> ReportForm:
    numbers, today = selectors.numbers_offered(request.user), today_in()
    if asked is None:
        return ReportForm(numbers=numbers, today=today)
    return ReportForm.filled_with(asked, numbers=numbers, today=today)


def _submit(request: AuthenticatedHttpRequest) -> HttpResponse:
    form = ReportForm(request.POST, numbers=selectors.numbers_offered(request.user), today=today_in())
    if not form.is_valid():
        return render(request, TEMPLATE, {"form": form})
    asked = form.criteria()
    details = {"report": asked.report or "policy_status", "filters": asked.filters}
    audit.record("report.run", by=request.user, object_type="report", details=details)
    return redirect(open_result(request, asked, today=today_in()))


def open_result(
    request: AuthenticatedHttpRequest, asked: Criteria, *, today: date, run: ReportRun | None = None
) -> str:
    """Keep a report with the session and return the address of its result."""
    kept = {"report": asked.as_data(), "run_on": today.isoformat(), **({"run": str(run.key)} if run else {})}
    return reverse("reporting:new", query={"r": criteria.keep(request, kept)})


def _result_context(
    request: AuthenticatedHttpRequest, table: Table[Any], result: Result, result_id: str
) -> dict[str, Any]:
    view = table.view(as_of=timezone.now())
    big = runs.is_big(view.page.total)
    if big:
        view.export_urls = []
    own = {"r": result_id}
    return {
        "form": None,
        "table": view,
        "report_title": result.title,
        "words": result.asked.words(),
        "change_url": reverse("reporting:new", query={**own, "change": "1"}),
        "save_url": "" if result.kept.get("run") else reverse("reporting:saved-new", query=own),
        "saved_name": result.run.saved_report.name if result.run and result.run.saved_report else "",
        "changes": _changes(result, result_id),
        "file_url": table.url().replace(reverse("reporting:new"), reverse("reporting:file"), 1) if big else "",
        "rows_at_once": f"{view.page.total:,}",
        "form_key": form_keys.new_key() if big else "",
    }


def _changes(result: Result, result_id: str) -> dict[str, Any] | None:
    """What changed since the last run of this custom report, with links that narrow the rows."""
    run = result.run
    if run is None:
        return None
    links = [
        {
            "label": label,
            "count": count,
            "current": result.shown == name,
            "url": reverse("reporting:new", query={"r": result_id, **({"show": name} if name else {})}),
        }
        for name, label, count in (
            ("", "All rows", run.rows_total),
            ("new", "New", run.new_rows),
            ("changed", "Changed", run.changed_rows),
            ("gone", "Gone", run.gone_rows),
        )
    ]
    return {"since": run.compared_with.requested_at if run.compared_with else None, "links": links}


def _export(request: AuthenticatedHttpRequest, table: Table[Any], result: Result) -> HttpResponseBase:
    file_format = request.GET["format"]
    rows = table.filtered_rows.count()
    if runs.is_big(rows):
        messages.info(
            request, f"This report has {rows:,} rows. Its file is made in the background: choose Excel or CSV below."
        )
        return redirect(table.url())
    details = {"report": result.asked.report or "policy_status", "format": file_format, "rows": rows}
    audit.record("report.exported", by=request.user, object_type="report", details=details)
    return exports.respond(table, file_format, name=slugify(result.title.replace("/", "-")))


@requires(Perm.REPORT_RUN)
@require_POST
def file(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Make a file of a big result in the background: the rows, order and columns as they stand on the screen."""
    result = Result.recalled(request, request.GET.get("r", ""))
    if result is None:
        messages.info(request, NO_LONGER_OPEN)
        return redirect("reporting:new")
    state = GridState.read(request.GET, filters=result.kept.get("filters"))
    asked = Asked(criteria=result.asked, filters=state.filters, sort=state.sort, columns=state.columns)
    wanted = request.POST.get("file_format", "")
    run = runs.request(
        asked=asked,
        by=request.user,
        now=timezone.now(),
        today=result.today,
        form_key=f"{request.user.pk}:{form_keys.readable(request.POST.get('form_key', ''))}",
        file_format=wanted if wanted in ("xlsx", "csv") else ReportRun.FileFormat.XLSX.value,
    )
    return redirect("reporting:run", run.key)
