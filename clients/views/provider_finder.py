"""Provider Finder: the directory of medical groups and physicians, with the numbers that Change PCP asks for (PCP_02)."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from clients.forms.provider_finder import ProviderFinderForm
from clients.provider_tables import MedicalGroupTable, PhysicianTable
from clients.selectors import provider_directory as selector
from clients.selectors.provider_directory import GROUPS, Found
from portal.common import criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from portal.common.tables import GridState, Table

KEPT = "providers"
NOT_OPEN = "That search is no longer open. Please search again."
RESPELLED = "Nobody is spelled like that. Shown instead: {names}."


@requires(Perm.CLIENT_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def provider_finder(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Search the directory; the result stands below the form."""
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        form = _form(request.POST)
        if not form.is_valid():
            return _page(request, form, None)
        return redirect(f"{request.path}?r={criteria.keep(request, {KEPT: form.cleaned_data})}")
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) if result_id else None
    if kept is None or KEPT not in kept:
        if result_id or request.method == "POST":
            messages.info(request, NOT_OPEN)
            return redirect(request.path)
        return _page(request, _form(), None)
    asked = kept[KEPT]
    found = _find(asked)

    def make_table(state: GridState, under: str) -> Table[Any]:
        return _table(asked, found.rows, state, under)

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if file_format := request.GET.get("format", ""):
        return exports.respond(table, file_format, name=table.id)
    return _page(request, _form(initial=asked), table, found=found)


def _find(asked: dict[str, Any]) -> Found:
    """Entries of the directory today, in the carrier's own zone: directories change from day to day, not from hour to hour."""
    look = selector.groups if asked["look_for"] == GROUPS else selector.physicians
    return look(asked, on=today_in())


def _table(asked: dict[str, Any], rows: "QuerySet[Any]", state: GridState, under: str) -> Table[Any]:
    made = MedicalGroupTable if asked["look_for"] == GROUPS else PhysicianTable
    return made(rows, state, action=reverse("clients:provider-finder"), keep=[("r", under)])


def _form(*args: Any, **kwargs: Any) -> ProviderFinderForm:
    return ProviderFinderForm(*args, specialties=selector.specialties(), **kwargs)


def _page(
    request: AuthenticatedHttpRequest, form: ProviderFinderForm, table: Table[Any] | None, *, found: Found | None = None
) -> HttpResponse:
    names = found.respelled if found else ()
    context = {
        "form": form,
        "table": table.view(as_of=timezone.now()) if table else None,
        "respelled": RESPELLED.format(names=", ".join(names)) if names else "",
    }
    return render(request, "clients/provider_finder.html", context)
