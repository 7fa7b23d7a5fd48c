"""Commission statements: the list, one statement with its lines, CSV, Excel and PDF (REP_19)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from portal.common import audit, criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.tables import GridState, Table, display
from reporting.commissions import printing
from reporting.commissions.tables import LineTable, StatementTable
from reporting.models import CommissionStatement

NO_LONGER_KEPT = "Those filters are no longer kept. Here is the whole list."
MakeTable = Callable[[GridState, str], Table[Any]]


@requires(Perm.COMMISSIONS_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def commissions(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Statements of the producer numbers whose commissions the person may see."""
    rows = CommissionStatement.objects.for_user(request.user, perm=Perm.COMMISSIONS_VIEW)

    def make_table(state: GridState, under: str) -> Table[Any]:
        return StatementTable(rows, state, action=request.path, keep=[("r", under)])

    return _grid(request, make_table, None)


@requires(Perm.COMMISSIONS_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def commission(request: AuthenticatedHttpRequest, statement_id: int) -> HttpResponseBase:
    """One statement. Every look and every download is audited."""
    rows = CommissionStatement.objects.for_user(request.user, perm=Perm.COMMISSIONS_VIEW)
    statement = rows.select_related("producer_number__producer").filter(pk=statement_id).first()
    if statement is None:
        raise Http404("No such statement of yours.")
    if request.method == "GET" and request.GET.get("format") == "pdf":
        return _pdf(request, statement)

    def make_table(state: GridState, under: str) -> Table[Any]:
        return LineTable(statement.lines.all(), state, action=request.path, keep=[("r", under)])

    return _grid(request, make_table, statement)


def _grid(
    request: AuthenticatedHttpRequest, make_table: MakeTable, statement: CommissionStatement | None
) -> HttpResponseBase:
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) if result_id else {}
    if kept is None:
        messages.info(request, NO_LONGER_KEPT)
        return redirect(request.path)
    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    if request.method == "POST":
        return redirect(request.path)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if request.GET.get("format") in ("xlsx", "csv"):
        file_format = request.GET["format"]
        _note(request, "commissions.exported", statement, format=file_format, rows=table.filtered_rows.count())
        return exports.respond(table, file_format, name=_stem(statement))
    if statement is None:
        return render(request, "reporting/commissions.html", {"table": table.view()})
    _note(request, "commissions.viewed", statement)
    context = {
        "table": table.view(),
        "month": f"{statement.month:%m/%Y}",
        "number": statement.producer_number,
        "total": display(statement.total, "money"),
        "lines": statement.line_count,
        "pdf_url": f"{request.path}?format=pdf" if statement.line_count <= printing.MOST_LINES else "",
        "too_long": printing.TOO_LONG,
    }
    return render(request, "reporting/commission.html", context)


def _pdf(request: AuthenticatedHttpRequest, statement: CommissionStatement) -> HttpResponse:
    try:
        content = printing.pdf_of(statement)
    except printing.CannotPrint as exc:
        messages.error(request, str(exc))
        return redirect("reporting:commission", statement.pk)
    _note(request, "commissions.exported", statement, format="pdf", rows=statement.line_count)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{_stem(statement)}.pdf"'
    return response


def _stem(statement: CommissionStatement | None) -> str:
    if statement is None:
        return "commission-statements"
    return f"commission-statement-{statement.producer_number.number}-{statement.month:%Y-%m}"


def _note(
    request: AuthenticatedHttpRequest, action: str, statement: CommissionStatement | None, **details: Any
) -> None:
    audit.record(
        action,
        by=request.user,
        for_producer=statement.producer_number.producer.npn if statement else "",
        object_type="commission statement",
        object_id=f"{statement.producer_number.number} {statement.month:%m/%Y}" if statement else "",
        details=details,
    )
