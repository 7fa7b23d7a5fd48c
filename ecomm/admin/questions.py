"""E-questions to answer: those that wait longest come first (EQ_06, HOM_07)."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from accounts.models import User
from ecomm.admin.documents import AssignedFilter
from ecomm.forms.questions import AnswerForm, AssignForm
from ecomm.forms.uploads import say_which_to_choose_again
from ecomm.models import CannedAnswer, EQuestion, EQuestionAttachment
from ecomm.selectors import question_figures
from ecomm.selectors.questions import messages_of, name_of, state_of_file
from ecomm.services import questions
from ecomm.services.questions import ThreadHasMoved
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin
from portal.common.dates import moment_as_text
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.files.uploads import UploadRefused
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue
from portal.common.staff_roles import Right

Status = EQuestion.Status


@admin.register(CannedAnswer)
class CannedAnswerAdmin(WrittenHereAdmin):
    """Texts to start an answer from. They name nobody."""

    list_display = ("title", "order", "active")
    list_filter = ("active",)
    ordering = ("order", "title")
    editable_fields = ("title", "text", "order", "active")


class StatusFilter(admin.SimpleListFilter):
    """The queue is what waits; everything else is looked up on demand."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(Status.ANSWERED.value, str(Status.ANSWERED.label)), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        wanted = self.value() or ("all" if changelist.query else Status.IN_PROGRESS.value)
        return [
            {
                "selected": wanted == Status.IN_PROGRESS,
                # Without words a search has all of them; then the queue is asked for by name.
                "query_string": changelist.get_query_string({self.parameter_name: Status.IN_PROGRESS.value})
                if changelist.query
                else first["query_string"],
                "display": str(Status.IN_PROGRESS.label),
            },
            *(
                {**other, "selected": wanted == value}
                for other, (value, _) in zip(others, self.lookup_choices, strict=True)
            ),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """A question that is looked up by its number is found whether it was answered or not."""
        wanted = self.value() or ("all" if request.GET.get(SEARCH_VAR, "").strip() else Status.IN_PROGRESS)
        return queryset if wanted == "all" else queryset.filter(status=wanted)


@admin.register(EQuestion)
class EQuestionAdmin(ReadMostlyAdmin):
    """The work queue; a row opens its thread, which is answered there."""

    change_list_template = "admin/ecomm/question_change_list.html"
    list_display = (
        "tracking",
        "subject",
        "waiting_for",
        "overdue",
        "assigned_to",
        "asked_by",
        "producer",
        "about",
        "last_opened_at",
        "status",
    )
    list_display_links = ("tracking", "subject")
    list_filter = (StatusFilter, AssignedFilter, "kind")
    queues = (Queue(label="E-Questions to answer", order=40),)
    list_select_related = ("producer", "asked_by", "assigned_to", "account")
    ordering = ("last_opened_at", "id")
    search_fields = ("number__exact", "producer__npn__exact")
    search_help_text = "A tracking number such as EQU30001, or a National Producer Number."
    hidden_fields = ("form_key",)
    actions = ("assign_to_me",)

    def audit_id(self, obj: EQuestion) -> str:
        return obj.tracking_number

    def for_producer(self, obj: EQuestion) -> str:
        return obj.producer.npn

    def has_answer_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("ecomm.change_equestion"))

    # The queue

    def get_ordering(self, request: HttpRequest) -> Any:
        """Longest waiting first; what is looked up beside the queue, newest first."""
        looked_up = request.GET.get(StatusFilter.parameter_name) not in (None, "", Status.IN_PROGRESS.value)
        return ("-id",) if looked_up else self.ordering

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().upper().removeprefix("#")
        if not term:
            return queryset, False
        found = queryset.filter(producer__npn=term)
        digits = term.removeprefix("EQU")
        if digits.isascii() and digits.isdigit() and len(digits) <= 15:
            found |= queryset.filter(number=int(digits))
        return found, False

    @admin.display(description="Tracking #")
    def tracking(self, obj: EQuestion) -> str:
        return obj.tracking_number

    @admin.display(description="About")
    def about(self, obj: EQuestion) -> str:
        return "A member" if obj.kind == EQuestion.Kind.MEMBER else "General"

    @admin.display(description="Waiting for")
    def waiting_for(self, obj: EQuestion) -> str:
        return timesince(obj.last_opened_at, depth=1) if obj.status == Status.IN_PROGRESS else ""

    @admin.display(description="Overdue")
    def overdue(self, obj: EQuestion) -> str | SafeString:
        return format_html('<strong class="overdue">{}</strong>', "Overdue") if _is_overdue(obj, timezone.now()) else ""

    @admin.action(description="Assign to me", permissions=["answer"])
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[EQuestion]) -> None:
        me = cast(User, request.user)
        with one_by_one():
            done = sum(questions.assign(question=question, to=me, by=me) for question in queryset.order_by("pk"))
        self.message_user(request, f"Assigned to you: {done}.", messages.SUCCESS)

    # Addresses

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("figures/", wrap(self.figures_view), name="ecomm_equestion_figures"),
            path("<int:pk>/assign/", wrap(self.assign_view), name="ecomm_equestion_assign"),
            path("<int:pk>/files/<int:attachment_id>/", wrap(self.file_view), name="ecomm_equestion_file"),
        ]
        return [*own, *super().get_urls()]

    # The thread

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Read the thread and answer it. Every look is written down."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        question = self.get_object(request, object_id)
        if question is None:
            gone: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
            return gone
        if request.method != "POST":
            questions.record_opened(question, by=cast(User, request.user))
            return self._thread(request, question, AnswerForm(initial={"seen_message_id": _newest(question)}))
        if not self.has_answer_permission(request):
            raise PermissionDenied
        if "insert" in request.POST:
            return self._thread(request, question, _with_canned_text(request))
        return self._answer(request, question)

    def _answer(self, request: HttpRequest, question: EQuestion) -> HttpResponse:
        form = AnswerForm(request.POST, request.FILES)
        if form.is_valid():
            typed = form.cleaned_data
            try:
                questions.answer(
                    question=question,
                    text=typed["answer"],
                    files=typed["attachments"],
                    seen_message_id=typed["seen_message_id"],
                    form_key=typed["form_key"],
                    by=cast(User, request.user),
                    at=timezone.now(),
                )
            except ThreadHasMoved as exc:
                # What came meanwhile is on the page now: the next press of the button knows of it.
                again = request.POST.copy()
                again["seen_message_id"] = str(_newest(question))
                form = AnswerForm(again)
                form.add_error("answer", str(exc))
                say_which_to_choose_again(form, "attachments", typed["attachments"])
            except UploadRefused as exc:
                form.add_error("attachments", str(exc))
            else:
                self.message_user(request, f"{question} has been answered; the asker is told.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:ecomm_equestion_changelist"))
        return self._thread(request, question, form)

    def _thread(self, request: HttpRequest, question: EQuestion, form: AnswerForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": question.tracking_number,
            "subtitle": None,
            "opts": self.opts,
            "question": question,
            "asker": name_of(question.asked_by),
            "waiting_for": self.waiting_for(question),
            "is_overdue": _is_overdue(question, timezone.now()),
            "lines": _lines(question, may_open=self.has_right(request, Right.OPEN)),
            "form": form,
            "assign_form": AssignForm(assigned=question.assigned_to),
            "assigned_to_me": question.assigned_to_id == request.user.pk,
            "may_answer": self.has_answer_permission(request),
        }
        return TemplateResponse(request, "admin/ecomm/question_thread.html", context)

    def assign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say who answers: oneself, a colleague, nobody."""
        question = self.get_object(request, str(pk))
        if question is None:
            raise Http404("No such E-Question.")
        if not self.has_answer_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            me = cast(User, request.user)
            form = AssignForm(request.POST, assigned=question.assigned_to)
            if "me" in request.POST:
                questions.assign(question=question, to=me, by=me)
                self.message_user(request, f"{question} is assigned to you.", messages.SUCCESS)
            elif form.is_valid():
                to: User | None = form.cleaned_data["assigned_to"]
                questions.assign(question=question, to=to, by=me)
                self.message_user(
                    request, f"{question} is assigned to {name_of(to) if to else 'nobody'}.", messages.SUCCESS
                )
            else:
                self.message_user(request, "Choose somebody of the carrier's staff.", messages.ERROR)
        return HttpResponseRedirect(reverse("admin:ecomm_equestion_change", args=[pk]))

    def file_view(self, request: HttpRequest, pk: int, attachment_id: int) -> HttpResponseBase:
        """A file of the thread as a download; written down."""
        question = self.get_object(request, str(pk))
        if question is None or not self.has_right(request, Right.OPEN):
            raise Http404("No such E-Question.")
        attachments = EQuestionAttachment.objects.filter(message__question=question).select_related("file")
        attachment = attachments.filter(pk=attachment_id).first()
        if attachment is None:
            raise Http404("No such file.")
        try:
            response = as_attachment(attachment.file)
        except NotReleased as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:ecomm_equestion_change", args=[pk]))
        questions.record_file_opened(question, attachment, by=cast(User, request.user))
        return response

    # Numbers

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Response times and the length of the queue."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = cast(User, request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": "Response times of e-questions",
            "opts": self.opts,
            "figures": question_figures.figures(user, at=timezone.now()),
        }
        return TemplateResponse(request, "admin/ecomm/question_figures.html", context)


def _is_overdue(question: EQuestion, at: datetime) -> bool:
    return question.status == Status.IN_PROGRESS and question.last_opened_at < question_figures.overdue_before(at)


def _newest(question: EQuestion) -> int:
    return max((message.pk for message in messages_of(question)), default=0)


def _lines(question: EQuestion, *, may_open: bool) -> list[dict[str, Any]]:
    """The thread as staff read it: everybody's own name, every file, with its address for those who may open it."""
    return [
        {
            "author": name_of(message.author),
            "role": message.author.get_role_display(),
            "from_carrier": message.from_carrier,
            "sent_at": moment_as_text(message.sent_at),
            "text": message.text,
            "files": [
                {
                    "name": attachment.file.name,
                    "size": attachment.file.size,
                    "note": state_of_file(attachment.file),
                    "url": reverse("admin:ecomm_equestion_file", args=[question.pk, attachment.pk])
                    if may_open and attachment.file.may_be_opened
                    else "",
                }
                for attachment in message.attachments.all()
            ],
        }
        for message in messages_of(question)
    ]


def _with_canned_text(request: HttpRequest) -> AnswerForm:
    """The form as it was sent, with the chosen text at the end of the answer. Nothing is checked or kept yet."""
    typed = request.POST.get("answer", "").replace("\r\n", "\n").strip()
    picked = request.POST.get("canned", "")
    texts = CannedAnswer.objects.filter(active=True)
    canned = (
        texts.filter(pk=int(picked)).first() if picked.isascii() and picked.isdigit() and len(picked) < 18 else None
    )
    initial: dict[str, Any] = {
        "answer": "\n\n".join(filter(None, (typed, canned.text.strip() if canned else ""))),
        "seen_message_id": request.POST.get("seen_message_id", "0"),
    }
    if request.POST.get("form_key"):
        initial["form_key"] = request.POST["form_key"]
    if canned is None:
        messages.warning(request, "Choose a text first, then press Insert.")
    return AnswerForm(initial=initial)
