"""Answering the two forms of a grid: filters with size and columns, and "Go to page"."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.common import criteria
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
        return redirect(make_table(state, result_id).url(page=request.POST.get("page", "").strip()[:9]))
    asked = GridState.read(request.POST)
    asked.sort = state.sort
    filters = {} if "clear" in request.POST else posted_filters(request.POST)
    if filters != kept.get("filters", {}):
        result_id = criteria.keep(request, {**kept, "filters": filters})
    asked.filters = filters
    return redirect(make_table(asked, result_id).url())
