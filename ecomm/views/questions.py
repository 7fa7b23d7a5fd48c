"""E-questions: asking, My E-Questions, and the thread of each (EQ_01..07)."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import scoping
from accounts.http import AuthenticatedHttpRequest
from accounts.models import Producer
from ecomm.forms.questions import QUESTION_LIMIT, FollowUpForm, QuestionForm
from ecomm.models import EQuestion
from ecomm.question_tables import DeletedQuestionTable, QuestionTable
from ecomm.selectors import questions as selector
from ecomm.services import questions
from ecomm.services.questions import NamedClient
from portal.common import audit, criteria, exports, grid_posts, selection
from portal.common.access import Perm, requires
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.files.throttle import count_uploads
from portal.common.files.uploads import UploadRefused
from portal.common.polling import polled
from portal.common.tables import GridState
from portal.common.throttle import TooOften

TRAIL = [("My E-Questions", "/messages/questions/")]
DELETE, RESTORE = "Delete Selected Rows", "Put Back Selected Rows"
ASK_DELETE = "Are you sure you want to delete the selected row/s?"
ASK_RESTORE = "Put the selected row/s back on My E-Questions?"


# --- asking ---


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def question_ask(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Submit E-Question. ``?account=`` fills in the client, when it is one the person may see."""
    now = timezone.now()
    producers = scoping.producers_acted_for(request.user, Perm.CARRIER_CONTACT)
    draft, known = questions.draft_of(request.user, at=now), _prefill(request, producers)
    # From a client's page one asks about this client: what was typed about anything else waits for its turn.
    other_draft = bool(draft and known and draft.get("client_id") != known["client_id"])
    if request.method != "POST":
        initial = draft if draft and not other_draft else known
        form = QuestionForm(producers=producers, initial=initial)
        context = {"form": form, "from_draft": bool(draft) and not other_draft, "other_draft": other_draft}
        return render(request, "ecomm/question_ask.html", context)
    form = QuestionForm(request.POST, request.FILES, producers=producers)
    if form.is_valid():
        typed, producer = form.cleaned_data, form.chosen_producer()
        try:
            count_uploads(request.user, len(typed["attachments"]), now)
            question = questions.ask(
                producer=producer,
                subject=typed["subject"],
                text=typed["question"],
                client=_named_client(request, form) if typed["kind"] == EQuestion.Kind.MEMBER else None,
                files=typed["attachments"],
                form_key=typed["form_key"],
                by=request.user,
                at=now,
                keep_draft=other_draft,
            )
        except (TooOften, UploadRefused) as exc:
            form.add_error("attachments", str(exc))
        else:
            return redirect("ecomm:question-submitted", number=question.number)
    context = {"form": form, "from_draft": False, "other_draft": other_draft}
    return render(request, "ecomm/question_ask.html", context)


def _prefill(request: AuthenticatedHttpRequest, producers: Sequence[Producer]) -> dict[str, str]:
    account, eapp = (request.GET.get(name, "").replace("\x00", "")[:12] for name in ("account", "eapp"))
    client = selector.client_to_ask_about(request.user, account, eapp_number=eapp)
    if client is None:
        return {}
    producer = selector.producer_of_account(request.user, client.account_id, producers)
    return {
        "kind": EQuestion.Kind.MEMBER,
        "producer": str(producer.pk) if producer else "",
        "client_first_name": client.first_name,
        "client_middle_initial": client.middle_initial,
        "client_last_name": client.last_name,
        "client_id": client.client_id,
    }


def _named_client(request: AuthenticatedHttpRequest, form: QuestionForm) -> NamedClient:
    typed = form.cleaned_data
    return NamedClient(
        first_name=typed["client_first_name"],
        middle_initial=typed["client_middle_initial"],
        last_name=typed["client_last_name"],
        client_id=typed["client_id"],
        account=selector.account_named(request.user, form.chosen_producer(), typed["client_id"]),
    )


@requires(Perm.CARRIER_CONTACT)
@require_safe
def question_submitted(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """E-Question Submitted, with the tracking number (EQ_04)."""
    question = _question(request, number)
    return render(request, "ecomm/question_submitted.html", {"question": question})


@requires(Perm.CARRIER_CONTACT)
@require_POST
@polled
def question_draft(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Keep what stands in the form, sent by the page two minutes before the session ends; it keeps no session open."""
    content = {
        name: request.POST[name].replace("\x00", "")[: QUESTION_LIMIT * 4]
        for name in QuestionForm.DRAFTED
        if request.POST.get(name)
    }
    if any(content.get(name, "").strip() for name in ("subject", "question")):
        questions.save_draft(content=content, by=request.user, at=timezone.now())
    return HttpResponse(status=204)


@requires(Perm.CARRIER_CONTACT)
@require_POST
def question_draft_discard(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Begin with an empty form instead of what had been typed."""
    questions.discard_draft(by=request.user)
    messages.success(request, "What you had typed has been discarded.")
    return redirect("ecomm:question-ask")


# --- the list ---


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def question_list(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """My E-Questions, newest first; the ticked rows can be deleted (EQ_05..07)."""
    return _list(request, deleted=False)


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def questions_deleted(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """What this person deleted from the list; the ticked rows can be put back."""
    return _list(request, deleted=True)


def _list(request: AuthenticatedHttpRequest, *, deleted: bool) -> HttpResponseBase:
    result_id = request.GET.get("r", "")
    kept = criteria.recall(request, result_id) if result_id else {}
    if kept is None:
        messages.info(request, "Those filters are no longer kept. Here is the whole list.")
        return redirect(request.path)
    make = DeletedQuestionTable if deleted else QuestionTable

    def make_table(state: GridState, under: str) -> QuestionTable:
        return make(selector.mine(request.user, deleted=deleted), state, action=request.path, keep=[("r", under)])

    if grid_posts.is_grid_post(request):
        return grid_posts.answer(request, make_table, result_id=result_id, kept=kept)
    if request.method == "POST":
        return redirect(request.path)
    table = make_table(GridState.read(request.GET, filters=kept.get("filters")), result_id)
    if request.GET.get("format") in ("xlsx", "csv"):
        return _export(request, table)
    context = {
        "table": table.view(),
        "deleted": deleted,
        "action": reverse("ecomm:questions-restore" if deleted else "ecomm:questions-delete"),
        "label": RESTORE if deleted else DELETE,
        "question": ASK_RESTORE if deleted else ASK_DELETE,
        "trail": TRAIL,
    }
    return render(request, "ecomm/questions.html", context)


def _export(request: AuthenticatedHttpRequest, table: QuestionTable) -> HttpResponseBase:
    file_format = request.GET["format"]
    audit.record(
        "question.list_exported",
        by=request.user,
        object_type="equestion",
        details={"format": file_format, "rows": table.filtered_rows.count()},
    )
    return exports.respond(table, file_format, name="e-questions")


@requires(Perm.CARRIER_CONTACT)
@require_POST
def questions_delete(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Delete Selected Rows: asks first, then takes them off this person's list (EQ_07)."""
    picked = selection.read(request.POST)
    found = selector.by_tracking_numbers(request.user, picked.values)
    if not found:
        messages.warning(request, selection.NOTHING_TICKED)
    elif not picked.confirmed:
        return _confirm(request, found, title=DELETE, question=ASK_DELETE, back="ecomm:questions", danger=True)
    else:
        count = questions.take_off_list(questions=found, by=request.user)
        messages.success(
            request, f"{_counted(count)} deleted from your list. Under Deleted E-Questions you can put them back."
        )
    return redirect("ecomm:questions")


@requires(Perm.CARRIER_CONTACT)
@require_POST
def questions_restore(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Undo of deleting: the ticked rows are on the list again."""
    picked = selection.read(request.POST)
    found = selector.by_tracking_numbers(request.user, picked.values)
    if not found:
        messages.warning(request, selection.NOTHING_TICKED)
        return redirect("ecomm:questions-deleted")
    if not picked.confirmed:
        return _confirm(request, found, title=RESTORE, question=ASK_RESTORE, back="ecomm:questions-deleted")
    count = questions.put_back(questions=found, by=request.user)
    messages.success(request, f"{_counted(count)} put back on your list.")
    return redirect("ecomm:questions")


def _confirm(
    request: AuthenticatedHttpRequest,
    found: list[EQuestion],
    *,
    title: str,
    question: str,
    back: str,
    danger: bool = False,
) -> HttpResponse:
    context = {
        "title": title,
        "question": question,
        "rows": [(one.tracking_number, f"{one.tracking_number}: {one.subject}") for one in found],
        "action": request.path,
        "back_url": reverse(back),
        "danger": danger,
    }
    return render(request, "common/selection_confirm.html", context)


def _counted(count: int) -> str:
    return "1 E-Question was" if count == 1 else f"{count} E-Questions were"


# --- a thread ---


@requires(Perm.CARRIER_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """One thread; a follow-up question can be sent from it."""
    try:
        found = _question(request, number)
    except Http404:
        left_out = selector.producer_left_out(request.user, number)
        if left_out is None:
            raise
        messages.warning(
            request, f"EQU{number} was asked for {left_out.name}. To open it, choose this producer under Working for."
        )
        return redirect("ecomm:questions")
    form = FollowUpForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid():
        typed: dict[str, Any] = form.cleaned_data
        now = timezone.now()
        try:
            count_uploads(request.user, len(typed["attachments"]), now)
            questions.follow_up(
                question=found,
                text=typed["question"],
                files=typed["attachments"],
                form_key=typed["form_key"],
                by=request.user,
                at=now,
            )
        except (TooOften, UploadRefused) as exc:
            form.add_error("attachments", str(exc))
        else:
            messages.success(request, f"Your follow-up to {found.tracking_number} has been submitted.")
            return redirect("ecomm:question", number=number)
    if request.method != "POST":
        questions.record_opened(found, by=request.user)
    context = {
        "thread": selector.thread(request.user, found),
        "form": form,
        "trail": TRAIL,
    }
    return render(request, "ecomm/question.html", context)


@requires(Perm.CARRIER_CONTACT)
@require_safe
def question_file(request: AuthenticatedHttpRequest, number: int, attachment_id: int) -> HttpResponseBase:
    """Download a file the carrier sent; every download is written down."""
    found = _question(request, number)
    attachment = selector.carriers_file(request.user, found, attachment_id)
    if attachment is None:
        raise Http404("The carrier sent no such file.")
    try:
        response = as_attachment(attachment.file)
    except NotReleased as exc:
        messages.error(request, str(exc))
        return redirect("ecomm:question", number=number)
    questions.record_file_opened(found, attachment, by=request.user)
    return response


def _question(request: AuthenticatedHttpRequest, number: int) -> EQuestion:
    scoped = EQuestion.objects.for_user(request.user, perm=Perm.CARRIER_CONTACT)
    return get_object_or_404(scoped.select_related("producer", "asked_by"), number=number)
