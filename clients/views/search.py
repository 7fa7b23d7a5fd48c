"""Searching for clients and the list of what was found."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import AuthenticatedHttpRequest
from clients.forms.search import AdvancedSearchForm, SimpleSearchForm
from clients.rules.quick_search import LONGEST_TEXT, Reading
from clients.selectors import search as finding
from clients.tables import SearchTable, client_url
from portal.common import audit, bulk_limits, came_from, criteria, exports, grid_posts
from portal.common.access import Perm, requires
from portal.common.dates import today_in
from portal.common.tables import GridState

LAST_RESULT = "last_client_result"
TEMPLATE = "clients/client_search.html"
NOTHING_TYPED = "Type a name, a number, a date of birth, a phone number or an email address."


@requires(Perm.CLIENT_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """The search forms, and the result under them. Criteria are POSTed; the result's address holds only its id."""
    result_id = request.GET.get("r", "")
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        bulk_limits.count_search(request.user, at=timezone.now())
        return _run(request)
    if not result_id:
        return render(request, TEMPLATE, _forms())
    kept = _kept(request, result_id)
    if kept is None:
        return _no_longer_open(request)
    asked = kept["search"]
    can_make_cards = request.user.has_portal_perm(Perm.CLIENT_SERVICE)
    for_cards = can_make_cards and "cards" in request.GET

    def make_table(state: GridState, under: str) -> SearchTable:
        rows = finding.find(request.user, asked, today=today_in())
        keep = [("r", under), *([("cards", "1")] if for_cards else [])]
        found = SearchTable(rows, state, ticks=for_cards, action=request.path, keep=keep)
        found.may_leave = request.user.has_portal_perm(Perm.REPORT_RUN)
        return found

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if request.GET.get("format") in ("xlsx", "csv"):
        if not table.may_leave:
            raise PermissionDenied("Your account does not include lists of clients as files.")
        return _export(request, table)
    here = request.get_full_path()
    if request.session.get(LAST_RESULT) != here:
        # Only a new place is written: a session saved on every look would undo what another tab has just kept in it.
        request.session[LAST_RESULT] = here
    context: dict[str, Any] = {
        "table": table.view(as_of=timezone.now()),
        "search_words": _in_words(asked),
        "change_url": f"{request.path}?r={result_id}&change=1",
        "result_id": result_id,
        "quick_text": asked.get("text", ""),
        "quick": asked if asked["kind"] == "quick" else None,
        "form": None,
        "cards_label": "Done Selecting" if for_cards else "Select for ID Cards",
        "cards_url": _cards_url(request, result_id, on=not for_cards) if can_make_cards else "",
    }
    if "change" in request.GET:
        context = _forms(asked) | {name: value for name, value in context.items() if name != "form"}
    return render(request, TEMPLATE, context)


@requires(Perm.CLIENT_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def quick_search(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The box in the header: whatever the client says first. One household opens at once, several are listed (SRC_17)."""
    if request.method != "POST":
        return redirect("clients:search")
    bulk_limits.count_search(request.user, at=timezone.now())
    if "choose" in request.POST:
        return _other_reading(request)
    text = request.POST.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT]
    answer = finding.quick(request.user, text, today=today_in())
    if answer is None:
        return render(request, TEMPLATE, {**_forms(), "quick_text": text, "quick_error": NOTHING_TYPED})
    asked = {
        "kind": "quick",
        "text": text,
        "exact": answer.exact,
        "reading": answer.shown.as_data(),
        "others": [other.as_data() for other in answer.others],
        "words": answer.shown.in_words(),
        "other_words": [other.in_words() for other in answer.others],
    }
    _audit(request, answer.shown.fields)
    result_id = criteria.keep(request, {"search": asked})
    result_url = f"{_search_url()}?r={result_id}"
    if answer.exact and not answer.others:
        only = finding.one_household(finding.of_reading(request.user, answer.shown))
        url = client_url(only) if only else ""
        if url:
            return redirect(came_from.with_query(url, came_from.query(SearchTable.list_name, result_url)))
    return redirect(result_url)


def _cards_url(request: AuthenticatedHttpRequest, result_id: str, *, on: bool) -> str:
    """The same result with boxes to tick policies for ID cards, or without them."""
    return f"{request.path}?r={result_id}{'&cards=1' if on else ''}"


def _other_reading(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The person meant something else by the same text: one of the readings offered beside the result."""
    kept = _kept(request, request.POST.get("r", ""))
    before = kept["search"] if kept else {}
    others = before.get("others", [])
    chosen = request.POST["choose"]
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 4 and int(chosen) < len(others)):
        return _no_longer_open(request)
    place = int(chosen)
    reading = Reading.from_data(others[place])
    asked = {
        **before,
        "exact": True,
        "reading": others[place],
        "others": [before["reading"], *others[:place], *others[place + 1 :]],
        "words": reading.in_words(),
        "other_words": [before["words"], *before["other_words"][:place], *before["other_words"][place + 1 :]],
    }
    _audit(request, reading.fields)
    return redirect(f"{_search_url()}?r={criteria.keep(request, {'search': asked})}")


def _kept(request: AuthenticatedHttpRequest, result_id: str) -> dict[str, Any] | None:
    """What is kept under the id when it is a client search; ``None`` for none, another list's, or an earlier release's."""
    kept = criteria.recall(request, result_id)
    return kept if kept is not None and "kind" in kept.get("search", {}) else None


def _no_longer_open(request: AuthenticatedHttpRequest) -> HttpResponse:
    messages.info(request, "That search is no longer open. Please search again.")
    return redirect("clients:search")


def _run(request: AuthenticatedHttpRequest) -> HttpResponse:
    if "preset" in request.POST:
        preset = request.POST["preset"]
        if preset not in {one.code for one in finding.PRESETS}:
            return redirect("clients:search")
        return _keep(request, {"kind": "preset", "preset": preset}, fields=[preset])
    if "advanced" in request.POST:
        form = AdvancedSearchForm(request.POST)
        if not form.is_valid():
            return render(request, TEMPLATE, {**_forms(), "advanced": form})
        asked = form.cleaned_data["asked"]
        return _keep(request, {"kind": "advanced", "asked": asked}, fields=sorted(asked))
    simple = SimpleSearchForm(request.POST)
    if not simple.is_valid():
        return render(request, TEMPLATE, {**_forms(), "form": simple})
    by = simple.cleaned_data["by"]
    return _keep(request, {"kind": "simple", "by": by, "value": simple.cleaned_data["value"]}, fields=[by])


def _keep(request: AuthenticatedHttpRequest, asked: dict[str, Any], *, fields: list[str]) -> HttpResponse:
    _audit(request, fields)
    return redirect(f"{_search_url()}?r={criteria.keep(request, {'search': asked})}")


def _audit(request: AuthenticatedHttpRequest, fields: list[str]) -> None:
    """Which fields were searched, never for what."""
    audit.record("client.searched", by=request.user, object_type="policy", details={"by": fields})


def _forms(asked: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Both forms, the one that was used filled in again, and no result."""
    kind = asked.get("kind")
    return {
        "form": SimpleSearchForm(initial=asked if kind == "simple" else None),
        "advanced": AdvancedSearchForm.filled_again(asked["asked"] if kind == "advanced" else {}),
        "presets": finding.PRESETS,
        "table": None,
    }


def _in_words(asked: dict[str, Any]) -> list[str]:
    """What was searched for, as the line above the result says it."""
    if asked["kind"] == "preset":
        return [preset.label for preset in finding.PRESETS if preset.code == asked["preset"]]
    if asked["kind"] == "advanced":
        return AdvancedSearchForm.in_words(asked["asked"])
    if asked["kind"] == "quick":
        return [asked["words"]]
    return [f"{dict(SimpleSearchForm.CHOICES)[asked['by']]} {asked['value']}"]


def _search_url() -> str:
    return reverse("clients:search")


def _export(request: AuthenticatedHttpRequest, table: SearchTable) -> HttpResponseBase:
    file_format = request.GET["format"]
    audit.record(
        "client.list_exported",
        by=request.user,
        object_type="policy",
        details={"format": file_format, "rows": table.filtered_rows.count()},
    )
    return exports.respond(table, file_format, name="clients")
