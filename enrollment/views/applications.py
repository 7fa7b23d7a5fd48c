"""Applications: the three lists, and one application's page (LST_01..06)."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from enrollment.application_tables import TABS, ApplicationTable, tabs
from enrollment.models import Application
from enrollment.selectors import applications as selector
from enrollment.selectors import evidence
from enrollment.services import applications as service
from portal.common import audit, came_from, criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.tables import GridState

NO_LONGER_KEPT = "Those filters are no longer kept. Here is the whole list."
DEFAULT_TAB = "incomplete"
FORMATS = ("xlsx", "csv")


@requires(Perm.ENROLL)
@require_http_methods(["GET", "HEAD", "POST"])
def applications(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Completed, Incomplete and Failed Applications (LST_04)."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else DEFAULT_TAB
    status, table_class = TABS[tab]
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) if result_id else {}
    if kept is None:
        messages.info(request, NO_LONGER_KEPT)
        return redirect(f"{request.path}?tab={tab}")

    def make_table(state: GridState, under: str) -> ApplicationTable:
        rows = selector.with_status(request.user, status)
        return table_class(rows, state, action=request.path, keep=[("tab", tab), ("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    if request.method == "POST":
        return redirect(f"{request.path}?tab={tab}")
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if request.GET.get("format") in FORMATS:
        return _export(request, table, request.GET["format"], tab)
    return render(request, "enrollment/applications.html", {"table": table.view(), "tabs": tabs(tab)})


def _export(request: AuthenticatedHttpRequest, table: ApplicationTable, file_format: str, tab: str) -> HttpResponseBase:
    details = {"format": file_format, "rows": table.filtered_rows.count(), "tab": tab}
    audit.record("application.list_exported", by=request.user, object_type="application", details=details)
    return exports.respond(table, file_format, name=f"{tab}-applications")


@requires(Perm.ENROLL)
@require_safe
def application(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """General Information, Producer Information, applicants and plans of one application. Every look is audited."""
    row = _application(request, record_number)
    service.record_viewed(row, by=request.user)
    context = {
        "detail": selector.detail_of(request.user, row),
        "evidence": evidence.checklist_of(row),
        "way_back": came_from.way_back(request),
    }
    return render(request, "enrollment/application.html", context)


@requires(Perm.ENROLL)
@require_POST
def application_withdraw(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Take a draft off the list. Its page stays and can bring it back."""
    row = _application(request, record_number)
    try:
        service.withdraw(application=row, by=request.user, at=timezone.now())
    except service.NotADraft as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, f"Application {row.record_number} has been withdrawn.")
    return redirect("enrollment:application", row.record_number)


@requires(Perm.ENROLL)
@require_POST
def application_restore(request: AuthenticatedHttpRequest, record_number: str) -> HttpResponse:
    """Bring a withdrawn draft back."""
    row = _application(request, record_number)
    try:
        service.restore(application=row, by=request.user)
    except service.NotADraft as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, f"Application {row.record_number} is on the list again.")
    return redirect("enrollment:application", row.record_number)


def _application(request: AuthenticatedHttpRequest, record_number: str) -> Application:
    row = selector.application_for(request.user, record_number)
    if row is None:
        raise Http404("No such application in your books.")
    return row
