"""Documents to look through: open, accept or reject (DOC_07, HOM_08). Those that wait longest come first."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from accounts.models import User
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.rules.rejection_reasons import COMMON_REASONS, LONGEST_REASON
from ecomm.services import documents
from ecomm.services.documents import AlreadyDecided, NotScannedYet
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue
from portal.common.staff_roles import Right

Status = DocumentSubmission.Status


@admin.register(DocumentType)
class DocumentTypeAdmin(WrittenHereAdmin):
    """What people can choose from. A type that was used is switched off instead of deleted."""

    list_display = ("label", "code", "order", "active")
    list_filter = ("active",)
    ordering = ("order", "label")
    editable_fields = ("label", "order", "active")

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """The code is said once: other parts of the portal know the type by it."""
        return self.editable_fields if obj is not None else ("code", *self.editable_fields)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Sequence[str]]:
        return {} if obj is not None else {"code": ("label",)}


def _picks_rows(request: HttpRequest) -> bool:
    """Ticked rows are acted on, whatever has become of them since the page was shown: the action says so."""
    return request.method == "POST" and request.POST.get("select_across", "0") == "0"


class StateFilter(admin.SimpleListFilter):
    """The queue is what waits; everything else is looked up on demand."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(Status.ACCEPTED.value, "Accepted"), (Status.REJECTED.value, "Rejected"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if wanted == "all" or _picks_rows(request):
            return queryset
        return queryset.filter(status=wanted or Status.RECEIVED)


class AssignedFilter(admin.SimpleListFilter):
    title = "assigned"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "To me"), ("nobody", "To nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if _picks_rows(request):
            return queryset
        if self.value() == "me":
            return queryset.filter(assigned_to_id=request.user.pk)
        if self.value() == "nobody":
            return queryset.filter(assigned_to__isnull=True)
        return queryset


class RejectionForm(forms.Form):
    """Why; the sender reads it."""

    common = forms.ChoiceField(
        label="Common reasons",
        required=False,
        choices=[*((reason, reason) for reason in COMMON_REASONS), ("", "None of these")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason in your words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "maxlength": LONGEST_REASON}),
        help_text="Added to the common reason, if you chose one. The sender reads it: no health data, nothing about others.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        whole = " ".join(filter(None, (cleaned.get("common", ""), cleaned.get("reason", "").strip())))
        if not self.errors and not whole:
            self.add_error("reason", "Choose a common reason or say why: the sender is told.")
        elif len(whole) > LONGEST_REASON:
            self.add_error("reason", f"Use at most {LONGEST_REASON} characters, the common reason included.")
        return {**cleaned, "whole": whole}


@admin.register(DocumentSubmission)
class DocumentSubmissionAdmin(ReadMostlyAdmin):
    """The work queue. Rows are changed by its actions only; a decided row is read only."""

    change_form_template = "admin/ecomm/document_change_form.html"
    list_display = (
        "tracking_number",
        "download",
        "document_type",
        "producer",
        "submitted_at",
        "state",
        "assigned_to",
    )
    list_filter = (StateFilter, AssignedFilter, "document_type")
    queues = (Queue(label="Documents to look at", order=30),)
    list_select_related = ("document_type", "producer", "submitted_by", "assigned_to", "decided_by", "file", "account")
    ordering = ("submitted_at", "id")
    search_fields = ("tracking_number__exact", "producer__npn__exact")
    search_help_text = "A tracking number or a National Producer Number."
    hidden_fields = ("form_key",)
    readonly_fields = ("file_name", "file_size", "scan")
    actions = ("assign_to_me", "accept", "reject")

    class Media:
        css: ClassVar = {"all": ["portal/admin-files.css"]}

    # Who and what

    def audit_id(self, obj: DocumentSubmission) -> str:
        return str(obj.tracking_number)

    def for_producer(self, obj: DocumentSubmission) -> str:
        return obj.producer.npn

    def has_decide_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("ecomm.change_documentsubmission"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A number of up to eighteen digits; longer ones are no number of ours and would not fit the column."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = queryset.filter(producer__npn=term)
        if term.isascii() and term.isdigit() and len(term) <= 18:
            found |= queryset.filter(tracking_number=int(term))
        return found, False

    # What is shown

    def get_list_display(self, request: HttpRequest) -> Any:
        """The files only for those who may open them."""
        if self.has_right(request, Right.OPEN):
            return self.list_display
        return tuple(name for name in self.list_display if name != "download")

    @admin.display(description="State")
    def state(self, obj: DocumentSubmission) -> str:
        """How long it has been waiting, or what was decided."""
        if obj.status == Status.RECEIVED:
            return f"Waiting for {timesince(obj.submitted_at, depth=1)}"
        return obj.get_status_display()

    @admin.display(description="Malware scan")
    def scan(self, obj: DocumentSubmission) -> str:
        return obj.file.get_scan_display()

    @admin.display(description="File name")
    def file_name(self, obj: DocumentSubmission) -> str:
        return obj.file.name

    @admin.display(description="Size")
    def file_size(self, obj: DocumentSubmission) -> str:
        return filesizeformat(obj.file.size)

    @admin.display(description="File")
    def download(self, obj: DocumentSubmission) -> str:
        if not obj.file.may_be_opened:
            return self.scan(obj)
        url = reverse("admin:ecomm_documentsubmission_open", args=[obj.pk])
        return format_html('<a href="{}" aria-label="Open document {}">Open</a>', url, obj)

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        waits = obj is not None and obj.status == Status.RECEIVED
        context["may_decide"] = waits and self.has_decide_permission(request)
        context["may_open"] = obj is not None and obj.file.may_be_opened and self.has_right(request, Right.OPEN)
        context["assigned_to_me"] = obj is not None and obj.assigned_to_id == request.user.pk
        return super().render_change_form(request, context, add, change, form_url, obj)

    # What staff do

    def get_urls(self) -> list[URLPattern]:
        opening = path(
            "<int:pk>/open/", self.admin_site.admin_view(self.open_view), name="ecomm_documentsubmission_open"
        )
        return [opening, *super().get_urls()]

    def open_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file as a download. Written down; only after the malware scan (DOC_07)."""
        document = self.get_object(request, str(pk))
        if document is None or not self.has_right(request, Right.OPEN):
            raise Http404("No such document.")
        try:
            response = as_attachment(document.file)
        except NotReleased as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:ecomm_documentsubmission_change", args=[pk]))
        documents.record_opened(document, by=cast(User, request.user))
        return response

    @admin.action(description="Assign to me", permissions=["decide"])
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[DocumentSubmission]) -> None:
        """Say that one is on it."""
        me = cast(User, request.user)
        self._each(
            request, queryset, lambda document: documents.assign(document=document, to=me, by=me), "assigned to you"
        )

    @admin.action(description="Accept", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[DocumentSubmission]) -> None:
        """Each one for itself: what cannot be accepted is said and stays."""
        me, now = cast(User, request.user), timezone.now()
        self._each(request, queryset, lambda document: documents.accept(document=document, by=me, at=now), "accepted")

    @admin.action(description="Reject with a reason", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[DocumentSubmission]) -> HttpResponse | None:
        """Asks for the reason on a page of its own, then rejects."""
        form = RejectionForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            rows = queryset.select_related("document_type").order_by("submitted_at", "pk")
            context = {
                **self.admin_site.each_context(request),
                "title": "Reject documents",
                "lead": "These documents will be rejected, and the senders told to look up the reason:",
                "action": "reject",
                "button": "Reject documents",
                "opts": self.opts,
                "form": form,
                "media": self.media,
                "rows": [(row.pk, f"{row}: {row.document_type.label}") for row in rows],
            }
            return TemplateResponse(request, "admin/ask_why.html", context)
        me, now, reason = cast(User, request.user), timezone.now(), form.cleaned_data["whole"]
        self._each(
            request,
            queryset,
            lambda document: documents.reject(document=document, reason=reason, by=me, at=now),
            "rejected; the sender is told",
        )
        return None

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[DocumentSubmission],
        act: Callable[[DocumentSubmission], object],
        done_words: str,
    ) -> None:
        done = 0
        with one_by_one():
            for document in queryset.order_by("submitted_at", "pk"):
                try:
                    act(document)
                    done += 1
                except (AlreadyDecided, NotScannedYet) as exc:
                    self.message_user(request, str(exc), messages.ERROR)
        if done:
            self.message_user(request, f"{_count(done)} {done_words}.", messages.SUCCESS)


def _count(done: int) -> str:
    return "1 document" if done == 1 else f"{done} documents"
