"""Document Submission, View Submitted Documents (DOC_01..09)."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import AuthenticatedHttpRequest
from accounts.scoping import producers_acted_for
from ecomm.document_tables import DocumentTable
from ecomm.forms.documents import DocumentForm, prefilled_number
from ecomm.selectors import documents as selector
from ecomm.services import documents as service
from ecomm.services.documents import NotForThisProducer
from portal.common import audit, criteria, exports, grid_posts, selection
from portal.common.access import Perm, requires
from portal.common.files.uploads import UploadRefused
from portal.common.tables import GridState
from portal.common.throttle import TooOften

QUESTION = "Are you sure you want to delete the selected row/s?"
JUST_DELETED = "documents_just_deleted"


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def document_submit(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Choose files and send them."""
    producers = producers_acted_for(request.user, Perm.CARRIER_CONTACT)
    types = selector.choosable_types()
    if request.method == "POST":
        form = DocumentForm(request.POST, request.FILES, producers=producers, types=types)
    else:
        numbers = {
            "account_number": prefilled_number(request.GET.get("account")),
            "eapp_number": prefilled_number(request.GET.get("eapp")),
        }
        form = DocumentForm(initial=numbers, producers=producers, types=types)
    if form.is_bound and form.is_valid():
        try:
            sent_key = service.submit(
                files=form.cleaned_data["documents"],
                document_type=form.cleaned_data["document_type"],
                producer=form.cleaned_data["producer"],
                account_number=form.cleaned_data["account_number"],
                eapp_number=form.cleaned_data["eapp_number"],
                form_key=form.cleaned_data["form_key"],
                by=request.user,
                at=timezone.now(),
            )
        except (NotForThisProducer, TooOften, UploadRefused) as exc:
            form.ask_for_files_again(str(exc))
        else:
            return redirect("ecomm:document-sent", sent_key=sent_key)
    return render(request, "ecomm/document_submit.html", {"form": form})


@requires(Perm.CARRIER_CONTACT)
@require_safe
def document_sent(request: AuthenticatedHttpRequest, sent_key: str) -> HttpResponse:
    """The confirmation: file names and the tracking numbers to retain."""
    sent = selector.sent_together(request.user, sent_key)
    if not sent:
        raise Http404("No such submission of yours.")
    return render(request, "ecomm/document_sent.html", {"sent": sent})


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def documents(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """The history: what was sent and what became of it."""
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) or {}
    types = selector.types_of(request.user)

    def make_table(state: GridState, under: str) -> DocumentTable:
        rows = selector.history(request.user)
        return DocumentTable(rows, state, user=request.user, types=types, action=request.path, keep=[("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id if kept else "", kept=kept)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id if kept else "")
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table)
    just_deleted = request.session.pop(JUST_DELETED, []) if request.method == "GET" else []
    context = {"table": table.view(), "question": QUESTION, "just_deleted": just_deleted}
    return render(request, "ecomm/documents.html", context)


def _export(request: AuthenticatedHttpRequest, table: DocumentTable) -> HttpResponseBase:
    file_format = request.GET["format"]
    audit.record(
        "document.list_exported",
        by=request.user,
        object_type="documentsubmission",
        details={"format": file_format, "rows": table.filtered_rows.count()},
    )
    return exports.respond(table, file_format, name="documents")


@requires(Perm.CARRIER_CONTACT)
@require_POST
def documents_delete(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Take ticked rows off this person's list, once the person has said OK (DOC_08)."""
    ticked = selection.read(request.POST)
    chosen = selector.named(request.user, ticked.values)
    if not chosen:
        messages.error(request, selection.NOTHING_TICKED)
    elif not ticked.confirmed:
        return render(
            request,
            "common/selection_confirm.html",
            {
                "title": "Delete Selected Rows",
                "question": QUESTION,
                "rows": [(str(row.tracking_number), f"{row}: {row.document_type.label}") for row in chosen],
                "action": request.path,
                "back_url": reverse("ecomm:documents"),
                "danger": True,
            },
        )
    else:
        service.take_off_list(documents=chosen, by=request.user)
        request.session[JUST_DELETED] = [row.tracking_number for row in chosen]
    return redirect("ecomm:documents")


@requires(Perm.CARRIER_CONTACT)
@require_POST
def documents_restore(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Undo: put deleted rows back on the list."""
    chosen = selector.named(request.user, selection.read(request.POST).values)
    if chosen:
        service.put_back(documents=chosen, by=request.user)
        messages.success(
            request, f"{'1 row is' if len(chosen) == 1 else f'{len(chosen)} rows are'} on your list again."
        )
    return redirect("ecomm:documents")
