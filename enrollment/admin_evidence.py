"""Proof of life events in the administration: what is asked for, and the slots of applications to decide about."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join

from accounts.models import User
from ecomm.admin.documents import RejectionForm
from ecomm.rules.rejection_reasons import LONGEST_REASON
from ecomm.services.documents import AlreadyDecided, NotScannedYet
from enrollment.models import EvidenceItem, EvidenceKind
from enrollment.rules.evidence import State, is_late
from enrollment.services import evidence
from enrollment.services.evidence import CannotDecide
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin
from portal.common.dates import today_in
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue


@admin.register(EvidenceKind)
class EvidenceKindAdmin(WrittenHereAdmin):
    """What is asked for with each life event. A row that applications go by is ended, and another begins after it."""

    list_display = (
        "event_code",
        "code",
        "label",
        "us_state",
        "asks",
        "required",
        "one_of",
        "due_days",
        "first_day",
        "last_day",
    )
    list_filter = ("asks", "us_state", "event_code")
    ordering = ("position", "event_code", "code", "first_day")
    editable_fields = (
        "event_code",
        "code",
        "us_state",
        "position",
        "label",
        "note",
        "asks",
        "required",
        "one_of",
        "due_days",
        "unless_exempt",
        "first_day",
        "last_day",
    )
    # Where a row stands in the list, how many days later applications get, and when it ends.
    always_editable = ("position", "due_days", "last_day")

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.always_editable if obj is not None and obj.items.exists() else self.editable_fields

    def is_kept(self, obj: Any) -> bool:
        """A row that was in force says by what applications went."""
        return bool(obj.first_day <= today_in())

    def audit_id(self, obj: Any) -> str:
        return str(obj)


class LateFilter(admin.SimpleListFilter):
    """Overdue, or still to be sent at all."""

    title = "to be sent"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("late", "Late"), ("open", "Late or not yet due")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        if self.value() == "late":
            return cast(QuerySet[Any], rows.late(today_in()))
        return cast(QuerySet[Any], rows.open()) if self.value() == "open" else queryset


class WaiverForm(forms.Form):
    """Why nothing needs to be sent; those who work on the application read it."""

    common = forms.ChoiceField(
        label="Common reasons",
        required=False,
        choices=[
            ("Received by other means.", "Received by other means."),
            ("Known from our own records.", "Known from our own records."),
            ("Shown by another paper of this application.", "Shown by another paper of this application."),
            ("", "None of these"),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Reason in your words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "maxlength": LONGEST_REASON}),
        help_text="Added to the common reason, if you chose one. The producer reads it: no health data.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        whole = " ".join(filter(None, (cleaned.get("common", ""), cleaned.get("reason", "").strip())))
        if not self.errors and not whole:
            self.add_error("reason", "Choose a common reason or say why: it stands with the application.")
        elif len(whole) > LONGEST_REASON:
            self.add_error("reason", f"Use at most {LONGEST_REASON} characters, the common reason included.")
        return {**cleaned, "whole": whole}


@admin.register(EvidenceItem)
class EvidenceItemAdmin(ReadMostlyAdmin):
    """Slots of applications. The state is changed by the actions only; a due day may be put off."""

    list_display = ("application", "event_code", "slot", "state", "due_on", "late", "changed_at")
    list_filter = ("state", LateFilter, "dropped", "event_code")
    queues = (Queue(label="Papers of applications that are late", order=60, filters={"open": "late"}),)
    list_select_related = ("application__producer_number__producer", "kind", "decided_by", "attested_by")
    ordering = ("due_on", "id")
    search_fields = ("application__record_number__exact",)
    search_help_text = "The record number of the application."
    readonly_fields = ("papers_sent",)
    editable_fields = ("due_on",)
    actions = ("accept", "reject", "waive", "ask_after_all")

    class Media:
        css: ClassVar = {"all": ["portal/admin-files.css"]}

    def audit_id(self, obj: EvidenceItem) -> str:
        return f"{obj.application.record_number} {obj.code}"

    def for_producer(self, obj: EvidenceItem) -> str:
        return obj.application.producer_number.producer.npn

    def has_decide_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("enrollment.change_evidenceitem"))

    # What is shown

    @admin.display(description="Asked for")
    def slot(self, obj: EvidenceItem) -> str:
        return obj.kind.label

    @admin.display(description="Late")
    def late(self, obj: EvidenceItem) -> str:
        today: date = today_in(obj.application.us_state)
        is_asked = obj.kind.required and not obj.dropped
        # In words: the admin's sign for "no" is that of something wrong, and its sign for "yes" that of something done.
        return "Late" if is_asked and is_late(State(obj.state), due=obj.due_on, today=today) else ""

    @admin.display(description="Papers")
    def papers_sent(self, obj: EvidenceItem) -> str:
        papers = obj.papers.select_related("document").order_by("id")
        links = (
            (
                reverse("admin:ecomm_documentsubmission_change", args=[one.document_id]),
                one.document,
                one.document.get_status_display(),
            )
            for one in papers
        )
        return format_html_join("", '<div><a href="{}">Document {}</a>: {}</div>', links) or "None"

    # What staff do

    @admin.action(description="Accept the papers that wait", permissions=["decide"])
    def accept(self, request: HttpRequest, queryset: QuerySet[EvidenceItem]) -> None:
        """Each one for itself: what cannot be accepted is said and stays."""
        me, now = cast(User, request.user), timezone.now()
        self._each(request, queryset, lambda item: evidence.accept(item=item, by=me, at=now), "accepted")

    @admin.action(description="Reject the papers that wait, with a reason", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[EvidenceItem]) -> HttpResponse | None:
        """Asks for the reason on a page of its own, then rejects."""
        words = {
            "title": "Reject papers",
            "lead": "The papers of these will be rejected, and those who sent them told to look up the reason:",
        }
        form = RejectionForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_why(request, queryset, form, action="reject", **words)
        me, now, reason = cast(User, request.user), timezone.now(), form.cleaned_data["whole"]
        done = "rejected; those concerned are told"
        self._each(request, queryset, lambda item: evidence.reject(item=item, reason=reason, by=me, at=now), done)
        return None

    @admin.action(description="Waive with a reason", permissions=["decide"])
    def waive(self, request: HttpRequest, queryset: QuerySet[EvidenceItem]) -> HttpResponse | None:
        """Asks for the reason on a page of its own, then waives."""
        words = {"title": "Waive papers", "lead": "Nothing more needs to be sent for these:"}
        form = WaiverForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_why(request, queryset, form, action="waive", **words)
        me, now, reason = cast(User, request.user), timezone.now(), form.cleaned_data["whole"]
        self._each(request, queryset, lambda item: evidence.waive(item=item, reason=reason, by=me, at=now), "waived")
        return None

    @admin.action(description="Ask for it after all", permissions=["decide"])
    def ask_after_all(self, request: HttpRequest, queryset: QuerySet[EvidenceItem]) -> None:
        """Take waivers back."""
        me, now = cast(User, request.user), timezone.now()
        self._each(request, queryset, lambda item: evidence.ask_after_all(item=item, by=me, at=now), "asked for again")

    def _ask_why(
        self, request: HttpRequest, queryset: QuerySet[EvidenceItem], form: forms.Form, **words: str
    ) -> HttpResponse:
        rows = queryset.select_related("application", "kind").order_by("due_on", "pk")
        context = {
            **self.admin_site.each_context(request),
            **words,
            "button": words["title"],
            "opts": self.opts,
            "form": form,
            "media": self.media,
            "rows": [(row.pk, f"{row.application}: {row.kind.label}") for row in rows],
        }
        return TemplateResponse(request, "admin/ask_why.html", context)

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[EvidenceItem],
        act: Callable[[EvidenceItem], object],
        done_words: str,
    ) -> None:
        done = 0
        with one_by_one():
            for item in queryset.select_related("application", "kind").order_by("due_on", "pk"):
                try:
                    act(item)
                    done += 1
                except (CannotDecide, AlreadyDecided, NotScannedYet) as exc:
                    self.message_user(request, str(exc), messages.ERROR)
        if done:
            counted = "1 slot" if done == 1 else f"{done} slots"
            self.message_user(request, f"{counted} {done_words}.", messages.SUCCESS)
