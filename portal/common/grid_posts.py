"""Answering the two forms of a grid: filters with size and columns, and "Go to page"."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.common import criteria
from portal.common.paging import typed_number
from portal.common.tables import GridState, Table, posted_filters

MakeTable = Callable[[GridState, str], Table[Any]]


def is_grid_post(request: HttpRequest) -> bool:
    return request.method == "POST" and "grid" in request.POST


def answer(request: HttpRequest, make_table: MakeTable, *, result_id: str, kept: dict[str, Any]) -> HttpResponse:
    """Redirect to the address that shows what was asked for.

    ``make_table(state, result_id)`` builds the grid; ``kept`` is what the session holds under ``result_id``. Changed
    filters are kept under a new id, so that Back still shows the earlier view.
    """
    state = GridState.read(request.GET, filters=kept.get("filters"))
    if request.POST["grid"] == "page":
        # Only a number reaches the address: somebody may have typed a name into the wrong box.
        number = typed_number(request.POST.get("page"))
        return redirect(make_table(state, result_id).url(page=str(number or "")))
    asked = GridState.read(request.POST)
    asked.sort = state.sort
    filters = {}
    if "clear" not in request.POST:
        # A column that is not shown does not filter: rows would be missing for a reason that nobody can see.
        shown = {column.key for column in make_table(asked, result_id).visible}
        filters = {key: typed for key, typed in posted_filters(request.POST).items() if key in shown}
    if filters != kept.get("filters", {}):
        result_id = criteria.keep(request, {**kept, "filters": filters})
    asked.filters = filters
    return redirect(make_table(asked, result_id).url())
