"""Searching for clients and the list of what was found."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from clients import selectors
from clients.forms.search import SimpleSearchForm
from clients.tables import SearchTable
from portal.common import audit, criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.tables import GridState

LAST_RESULT = "last_client_result"


@requires(Perm.CLIENT_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """The search form, and the result under it. Criteria are POSTed; the result's address holds only its id."""
    result_id = request.GET.get("r", "")
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        return _run(request)
    if not result_id:
        return render(request, "clients/client_search.html", {"form": SimpleSearchForm(), "table": None})
    kept = criteria.recall(request, result_id)
    if kept is None or "search" not in kept:
        messages.info(request, "That search is no longer open. Please search again.")
        return redirect("clients:search")

    def make_table(state: GridState, under: str) -> SearchTable:
        rows = selectors.search_policies(request.user, kept["search"])
        return SearchTable(rows, state, action=request.path, keep=[("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table)
    here = request.get_full_path()
    if request.session.get(LAST_RESULT) != here:
        # Only a new place is written: a session saved on every look would undo what another tab has just kept in it.
        request.session[LAST_RESULT] = here
    form = SimpleSearchForm(initial=kept["search"])
    return render(request, "clients/client_search.html", {"form": form, "table": table.view(as_of=timezone.now())})


def _run(request: AuthenticatedHttpRequest) -> HttpResponse:
    form = SimpleSearchForm(request.POST)
    if not form.is_valid():
        return render(request, "clients/client_search.html", {"form": form, "table": None})
    asked: dict[str, Any] = {name: form.cleaned_data[name] for name in ("by", "value")}
    audit.record("client.searched", by=request.user, object_type="policy", details={"by": [asked["by"]]})
    result_id = criteria.keep(request, {"search": asked})
    return redirect(f"{request.path}?r={result_id}")


def _export(request: AuthenticatedHttpRequest, table: SearchTable) -> HttpResponseBase:
    file_format = request.GET["format"]
    audit.record(
        "client.list_exported",
        by=request.user,
        object_type="policy",
        details={"format": file_format, "rows": table.filtered_rows.count()},
    )
    return exports.respond(table, file_format, name="clients")
