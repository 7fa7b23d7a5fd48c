"""Client leads: Add New Prospect, Search for Prospects and what is done with the rows found (PRO_01..10)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import AuthenticatedHttpRequest
from accounts.models import Producer
from accounts.selectors.own_states import own_states
from clients.forms.prospects import ProspectForm, ProspectSearchForm
from clients.models import Prospect
from clients.prospect_tables import DeletedProspectTable, ProspectTable, facts_of
from clients.selectors import prospect_prefill
from clients.selectors import prospects as selector
from clients.selectors.prospects import READ, SEARCH_FIELDS, UNDO_FOR, WRITE
from clients.services import prospects as service
from portal.common import audit, bulk_limits, came_from, criteria, exports, grid_posts, prospect_actions, selection
from portal.common.access import Perm, requires
from portal.common.tables import GridState, Table

JUST_DELETED, JUST_SAVED = "prospects_just_deleted", "prospect_just_saved"
KEPT = "prospects"
DELETE, RESTORE = "Delete Selected Rows", "Restore Selected Rows"
ASK_DELETE = "Are you sure you want to delete the selected row/s?"
ASK_RESTORE = "Restore the selected row/s?"
NO_LONGER_OPEN = "That search is no longer open. Please search again."
NOT_YOURS_TO_CHANGE = "Your account does not let you change these rows."
MOST_ON_PAPER = 2000


# --- adding and editing ---


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def prospect_add(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Add New Prospect (PRO_01..04), with ``?member=`` filled in with what is known of a member of a household (REP_14)."""
    agents = selector.agents(request.user)
    known = prospect_prefill.known_member(request.user, request.GET, agents=agents)
    if known is None:
        raise Http404("No such member of your clients.")
    states = own_states(request.user)
    form = ProspectForm(
        request.POST if request.method == "POST" else None,
        agents=agents,
        owner=known.agent or _own_record(request, agents),
        known=known.values,
        actions=prospect_actions.offered_to(request.user),
        us_state=states[0] if len(states) == 1 else "",
        cancel_url=_back_url(request),
    )
    agent = form.chosen_agent() if form.is_valid() else None
    if agent is not None:
        try:
            saved = service.add(
                values=form.values(),
                agent=agent,
                by=request.user,
                at=timezone.now(),
                form_key=form.cleaned_data["form_key"],
                told=form.cleaned_data["told"],
            )
        except service.NotYourAgent as exc:
            form.refuse_agent(str(exc))
        except service.LikeSomebody as exc:
            form.tell(exc.likenesses)
        except service.SavedBefore as exc:
            messages.info(request, str(exc))
            return redirect(_back_url(request))
        else:
            return _after_saving(request, saved)
    return _form_page(request, form, prospect=None)


def _own_record(request: AuthenticatedHttpRequest, agents: list[Producer]) -> Producer | None:
    """Whose a new prospect is unless another agent is chosen: the person's own, or the only one there is."""
    return next((one for one in agents if one.pk == request.user.producer_id or len(agents) == 1), None)


@requires(READ)
@require_http_methods(["GET", "HEAD", "POST"])
def prospect(request: AuthenticatedHttpRequest, prospect_id: int) -> HttpResponse:
    """One prospect: to edit, or to read for those who may only look."""
    row = selector.visible(request.user).select_related("producer").filter(pk=prospect_id).first()
    if row is None:
        raise Http404("No such prospect of yours.")
    if not selector.may_change(request.user, row):
        if request.method == "POST":
            raise PermissionDenied("Your account does not include this function for this prospect.")
        service.record_viewed(row, by=request.user)
        return _facts_page(request, row)
    form = ProspectForm(
        request.POST if request.method == "POST" else None,
        agents=selector.agents(request.user),
        prospect=row,
        actions=prospect_actions.offered_to(request.user),
        cancel_url=_back_url(request),
    )
    if form.is_valid():
        try:
            service.change(
                prospect=row,
                values=form.values(),
                agent=form.chosen_agent() or row.producer,
                seen=form.cleaned_data["seen"],
                by=request.user,
                told=form.cleaned_data["told"],
            )
        except service.NotYourAgent as exc:
            form.refuse_agent(str(exc))
        except service.LikeSomebody as exc:
            form.tell(exc.likenesses)
        except service.ChangedMeanwhile as exc:
            form.show_what_is_saved(exc)
        except service.Gone as exc:
            messages.error(request, str(exc))
            return redirect(_back_url(request))
        else:
            return _after_saving(request, row)
    elif request.method != "POST":
        service.record_viewed(row, by=request.user)
    return _form_page(request, form, prospect=row)


def _after_saving(request: AuthenticatedHttpRequest, saved: Prospect) -> HttpResponse:
    onward = prospect_actions.url_after_saving(request.user, request.POST.get("then", ""), saved.pk)
    if onward:
        return redirect(onward)
    request.session[JUST_SAVED] = saved.pk
    if not selector.visible(request.user).filter(pk=saved.pk).exists():
        return redirect("clients:prospect-add")
    page = reverse("clients:prospect", args=[saved.pk])
    return redirect(came_from.with_query(page, urlencode(came_from.carried(request))))


def _form_page(request: AuthenticatedHttpRequest, form: ProspectForm, *, prospect: Prospect | None) -> HttpResponse:
    agent = form.chosen_agent()
    context = {
        "form": form,
        "prospect": prospect,
        "agent_facts": selector.agent_facts(agent) if agent else [],
        "likenesses": form.likenesses,
        "just_saved": request.method == "GET" and request.session.pop(JUST_SAVED, None) is not None,
        "back_url": _back_url(request),
        "may_search": request.user.has_portal_perm(READ),
    }
    return render(request, "clients/prospect_form.html", context)


def _facts_page(request: AuthenticatedHttpRequest, row: Prospect) -> HttpResponse:
    context = {
        "prospect": row,
        "facts": facts_of(row),
        "agent_facts": selector.agent_facts(row.producer),
        "back_url": _back_url(request),
    }
    return render(request, "clients/prospect_view.html", context)


def _back_url(request: HttpRequest) -> str:
    """The result the page was opened from, or the empty search."""
    way_back = came_from.way_back(request)
    return way_back.url if way_back else reverse("clients:prospects")


# --- searching ---


@requires(READ)
@require_http_methods(["GET", "HEAD", "POST"])
def prospects(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Search for Prospects, and the result below the form. Criteria are POSTed; the address holds only the result's id."""
    if request.method == "POST" and not grid_posts.is_grid_post(request):
        return _run(request)
    result_id = request.GET.get("r", "")
    kept = _kept(request)
    if result_id and kept is None:
        messages.info(request, NO_LONGER_OPEN)
    if kept is None:
        if result_id or request.method == "POST":
            return redirect("clients:prospects")
        return _search_page(request, ProspectSearchForm(), None)
    if grid_posts.is_grid_post(request):
        return grid_posts.answer(
            request, lambda state, under: _table(request, kept, state, under), result_id=result_id, kept=kept
        )
    table = _table(request, kept, GridState.read(request.GET, filters=kept.get("filters")), result_id)
    return _search_page(request, ProspectSearchForm(initial=kept[KEPT]), table)


def _kept(request: HttpRequest) -> dict[str, Any] | None:
    """What was searched for, under the id in the address; ``None`` without one and when it is no longer kept."""
    kept = criteria.recall(request, request.GET.get("r", ""))
    return kept if kept is not None and KEPT in kept else None


def _table(request: AuthenticatedHttpRequest, kept: dict[str, Any], state: GridState, under: str) -> ProspectTable:
    rows = selector.found(request.user, kept[KEPT])
    return _table_of(request, rows, state, under)


def _table_of(request: AuthenticatedHttpRequest, rows: Any, state: GridState, under: str) -> ProspectTable:
    several = selector.several_agents(request.user)
    action = reverse("clients:prospects")
    return ProspectTable(rows, state, several_agents=several, action=action, keep=[("r", under)])


def _run(request: AuthenticatedHttpRequest) -> HttpResponse:
    asked: dict[str, str] = {}
    if "all" not in request.POST:
        form = ProspectSearchForm(request.POST)
        if not form.is_valid():
            return _search_page(request, form, None)
        asked = {name: form.cleaned_data[name] for name in SEARCH_FIELDS if form.cleaned_data[name]}
    audit.record("prospect.searched", by=request.user, object_type="prospect", details={"by": sorted(asked) or ["all"]})
    result_id = criteria.keep(request, {KEPT: asked})
    return redirect(reverse("clients:prospects", query={"r": result_id}))


def _search_page(
    request: AuthenticatedHttpRequest, form: ProspectSearchForm, table: ProspectTable | None
) -> HttpResponse:
    query = request.GET.urlencode()
    suffix = f"?{query}" if query else ""
    urls = {name: reverse(f"clients:prospects-{name}") + suffix for name in ("delete", "print", "export", "restore")}
    just_deleted = request.session.pop(JUST_DELETED, []) if request.method == "GET" else []
    context = {
        "form": form,
        "table": table.view() if table else None,
        "urls": urls,
        "may_change": request.user.has_portal_perm(WRITE),
        "may_export": request.user.has_portal_perm(Perm.REPORT_RUN),
        "delete_question": ASK_DELETE,
        "just_deleted": just_deleted,
        "undo_days": UNDO_FOR.days,
    }
    return render(request, "clients/prospect_search.html", context)


# --- what is done with rows ---


def _rows_asked_for(request: AuthenticatedHttpRequest) -> ProspectTable | None:
    """POST: the ticked rows as far as they are the person's. GET: every row of the result. ``None`` when there are none."""
    kept = _kept(request)
    if request.method == "POST":
        ticked = selection.read(request.POST)
        rows = selector.named(selector.visible(request.user), ticked.values)
        table = _table_of(request, rows, GridState.read(request.GET), request.GET.get("r", "") if kept else "")
        if not table.filtered_rows.exists():
            messages.error(request, selection.NOTHING_TICKED)
            return None
        return table
    if kept is None:
        messages.info(request, NO_LONGER_OPEN)
        return None
    return _table(request, kept, GridState.read(request.GET, filters=kept.get("filters")), request.GET.get("r", ""))


def _back_to_list(request: HttpRequest) -> HttpResponse:
    query = request.GET.urlencode()
    return redirect(reverse("clients:prospects") + (f"?{query}" if query else ""))


@requires(READ)
@require_http_methods(["GET", "HEAD", "POST"])
def prospects_print(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Print Selected Rows (POST) and Print All (GET): a page that holds exactly the chosen rows (PRO_09)."""
    table = _rows_asked_for(request)
    if table is None:
        return _back_to_list(request)
    count = table.filtered_rows.count()
    if count > MOST_ON_PAPER:
        messages.error(
            request,
            f"{count:,} prospects are too many to print. Search for fewer, or use Export All: at most "
            f"{MOST_ON_PAPER:,} can be printed.",
        )
        return _back_to_list(request)
    columns = table.visible
    rows = [[column.shown_text(row) for column in columns] for row in table.all_rows()]
    audit.record("prospect.list_printed", by=request.user, object_type="prospect", details={"rows": len(rows)})
    context = {
        "headers": [column.label for column in columns],
        "rows": rows,
        "printed_at": timezone.now(),
        "back_url": table.url(),
    }
    return render(request, "clients/prospect_print.html", context)


@requires(Perm.REPORT_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def prospects_export(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Export Selected Rows (POST) and Export All (GET) to Excel (PRO_10)."""
    table = _rows_asked_for(request)
    if table is None:
        return _back_to_list(request)
    bulk_limits.count_export(request.user, at=timezone.now())
    details = {"format": "xlsx", "rows": table.filtered_rows.count()}
    audit.record("prospect.list_exported", by=request.user, object_type="prospect", details=details)
    return exports.respond(table, "xlsx", name="prospects")


@requires(WRITE)
@require_POST
def prospects_delete(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Delete Selected Rows: asks first; Undo brings them back (PRO_08). Ids of other people's prospects are left out."""
    ticked = selection.read(request.POST)
    chosen = list(selector.named(selector.visible(request.user, perm=WRITE), ticked.values))
    if not chosen:
        messages.error(request, NOT_YOURS_TO_CHANGE if ticked.values else selection.NOTHING_TICKED)
    elif not ticked.confirmed:
        query = request.GET.urlencode()
        return _confirm(
            request,
            chosen,
            title=DELETE,
            question=ASK_DELETE,
            back_url=reverse("clients:prospects") + (f"?{query}" if query else ""),
            danger=True,
        )
    else:
        request.session[JUST_DELETED] = service.delete(prospects=chosen, by=request.user, at=timezone.now())
    return _back_to_list(request)


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def prospects_deleted(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Deleted Prospects: what can still be brought back."""
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) if result_id else {}
    if kept is None:
        messages.info(request, "Those filters are no longer kept. Here is the whole list.")
        return redirect("clients:prospects-deleted")

    def make_table(state: GridState, under: str) -> Table[Prospect]:
        return DeletedProspectTable(
            selector.deleted(request.user, at=timezone.now()),
            state,
            several_agents=selector.several_agents(request.user),
            undo_for=UNDO_FOR,
            action=request.path,
            keep=[("r", under)],
        )

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    if request.method == "POST":
        return redirect("clients:prospects-deleted")
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    context = {
        "table": table.view(),
        "action": reverse("clients:prospects-restore"),
        "label": RESTORE,
        "question": ASK_RESTORE,
        "undo_days": UNDO_FOR.days,
    }
    return render(request, "clients/prospects_deleted.html", context)


@requires(WRITE)
@require_POST
def prospects_restore(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Undo: bring deleted rows back. From the list it is done at once, from Deleted Prospects after a question."""
    ticked = selection.read(request.POST)
    chosen = list(selector.named(selector.deleted(request.user, at=timezone.now()), ticked.values))
    undo = "undo" in request.POST
    if not chosen:
        messages.error(
            request, "These rows cannot be restored any more." if ticked.values else selection.NOTHING_TICKED
        )
    elif not (undo or ticked.confirmed):
        back = reverse("clients:prospects-deleted")
        return _confirm(request, chosen, title=RESTORE, question=ASK_RESTORE, back_url=back, danger=False)
    else:
        count = len(service.restore(prospects=chosen, by=request.user))
        if count:
            messages.success(request, "1 prospect was restored." if count == 1 else f"{count} prospects were restored.")
    return _back_to_list(request) if undo else redirect("clients:prospects-deleted")


def _confirm(
    request: HttpRequest, chosen: list[Prospect], *, title: str, question: str, back_url: str, danger: bool
) -> HttpResponse:
    context = {
        "title": title,
        "question": question,
        "rows": [(str(row.pk), f"{row.first_name} {row.last_name}, {row.us_state} {row.zip}") for row in chosen],
        "action": request.get_full_path(),
        "back_url": back_url,
        "danger": danger,
    }
    return render(request, "common/selection_confirm.html", context)
