"""The three tiles of Quote & Enroll and the list of quotes (QUO_01, QUO_02, QUO_07)."""

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from enrollment.models import Quote
from enrollment.quote_tables import NO_NAME, QuoteTable
from enrollment.selectors import quotes as selector
from enrollment.selectors.quotes import UNDO_FOR, WRITE
from enrollment.services import quotes as service
from enrollment.views import quotes as quote_views
from portal.common import audit, criteria, exports, form_keys, grid_posts, selection
from portal.common.access import requires
from portal.common.tables import GridState

JUST_DELETED = "quotes_just_deleted"
DELETE = "Delete Selected Rows"
QUESTION = "Are you sure you want to delete the selected row/s?"
ONE_ROW = "Tick the box beside one quote: only one can be copied or renamed at a time."


@requires(WRITE)
@require_safe
def home(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Quote & Enroll: Quotes, New Quote, Enroll."""
    context = {"quote_count": selector.visible(request.user).count()}
    return render(request, "enrollment/home.html", context)


@requires(WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def quotes(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """View saved quotes, and drafts that were not saved; without any, the way to New Quote."""
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) or {}
    now = timezone.now()

    def make_table(state: GridState, under: str) -> QuoteTable:
        rows = selector.visible(request.user)
        several = len(set(rows.order_by().values_list("producer_number_id").distinct()[:2])) > 1
        return QuoteTable(rows, state, now=now, several_numbers=several, action=request.path, keep=[("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id if kept else "", kept=kept)
    if request.method == "POST":
        return redirect("enrollment:quotes")
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id if kept else "")
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table)
    just_deleted = request.session.pop(JUST_DELETED, [])
    view = table.view()
    context = {
        "table": view,
        "is_empty": not view.page.total and not view.filtered,
        "just_deleted": just_deleted,
        "undo_days": UNDO_FOR.days,
        "question": QUESTION,
        "form_key": form_keys.new_key(),
    }
    return render(request, "enrollment/quotes.html", context)


def _export(request: AuthenticatedHttpRequest, table: QuoteTable) -> HttpResponseBase:
    file_format = request.GET["format"]
    details = {"format": file_format, "rows": table.filtered_rows.count()}
    audit.record("quote.list_exported", by=request.user, object_type="quote", details=details)
    return exports.respond(table, file_format, name="quotes")


@requires(WRITE)
@require_POST
def quotes_delete(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Delete Selected Rows: asks first; Undo brings them back. Ids of other people's quotes are left out."""
    ticked = selection.read(request.POST)
    chosen = list(selector.named(selector.visible(request.user), ticked.values).prefetch_related("people"))
    if not chosen:
        messages.error(request, selection.NOTHING_TICKED)
    elif not ticked.confirmed:
        context = {
            "title": DELETE,
            "question": QUESTION,
            "rows": [(str(row.pk), _called(row)) for row in chosen],
            "action": request.path,
            "back_url": reverse("enrollment:quotes"),
            "danger": True,
        }
        return render(request, "common/selection_confirm.html", context)
    else:
        request.session[JUST_DELETED] = service.delete(quotes=chosen, by=request.user, at=timezone.now())
    return redirect("enrollment:quotes")


def _called(quote: Quote) -> str:
    return f"{quote.name or NO_NAME}: {selector.applicants_name(quote.people.all())}"


@requires(WRITE)
@require_POST
def quotes_restore(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Undo: bring deleted quotes back."""
    ticked = selection.read(request.POST)
    chosen = list(selector.named(selector.deleted(request.user, at=timezone.now()), ticked.values))
    count = len(service.restore(quotes=chosen, by=request.user))
    if count:
        messages.success(request, "1 quote was restored." if count == 1 else f"{count} quotes were restored.")
    else:
        messages.error(request, "These quotes cannot be restored any more.")
    return redirect("enrollment:quotes")


@requires(WRITE)
@require_POST
def quotes_copy(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Copy the one ticked row of the list."""
    chosen = _one_ticked(request)
    if chosen is None:
        return redirect("enrollment:quotes")
    return quote_views.quote_copy(request, chosen.pk)


@requires(WRITE)
@require_POST
def quotes_rename(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Rename the one ticked row of the list: its name is asked for on a page of its own."""
    chosen = _one_ticked(request)
    if chosen is None:
        return redirect("enrollment:quotes")
    return redirect(reverse("enrollment:quote-save", args=[chosen.pk], query={"to_list": "1"}))


def _one_ticked(request: AuthenticatedHttpRequest) -> Quote | None:
    chosen = list(selector.named(selector.visible(request.user), selection.read(request.POST).values))
    if len(chosen) != 1:
        messages.error(request, ONE_ROW)
        return None
    return chosen[0]
