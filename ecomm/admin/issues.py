"""Reported issues to work on: open ones first; opened, taken up, answered, sent to support again (ISS_01)."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from ecomm.models import IssueReport
from ecomm.services import issues
from ecomm.services.issues import AlreadyClosed, CannotSendAgain
from portal.common.access import Perm, requires
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.dates import moment_as_text
from portal.common.files.models import StoredFile
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.models import OutboundMessage
from portal.common.one_by_one import one_by_one
from portal.common.staff_queues import Queue
from portal.common.staff_roles import Right

Status = IssueReport.Status


class AnswerForm(forms.Form):
    """What the reporters read in the portal."""

    answer = forms.CharField(
        max_length=IssueReport._meta.get_field("answer").max_length,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
        help_text="The reporter reads it in the portal, not in an email. Several reports get the same answer.",
        error_messages={"required": "Say what became of it: the reporter is waiting for it."},
    )


class OpenOrClosed(admin.SimpleListFilter):
    """What is still to be done."""

    title = "work"
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("closed", "Closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "open":
            return queryset.exclude(status=Status.CLOSED)
        return queryset.filter(status=Status.CLOSED) if self.value() == "closed" else queryset


class SupportEmailFilter(admin.SimpleListFilter):
    """What became of the email to the support mailbox: after an outage, those that are to be sent again."""

    title = "email to support"
    parameter_name = "email"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((state.value, str(state.label)) for state in OutboundMessage.State), ("none", "None")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "none":
            return queryset.filter(support_message__isnull=True)
        return queryset.filter(support_message__state=self.value()) if self.value() else queryset


@admin.register(IssueReport)
class IssueReportAdmin(ReadMostlyAdmin):
    """Opening a report is audited, and so is every screenshot taken out."""

    list_display = ("number", "reported_at", "status", "support_email", "product", "us_state", "reported_by")
    list_filter = (OpenOrClosed, "status", SupportEmailFilter, "product", "us_state")
    queues = (Queue(label="Reported issues", order=50, filters={"work": "open"}),)
    list_select_related: ClassVar[Any] = ("reported_by__producer", "support_message", "screenshot", "closed_by")
    # Open ones have no closing moment: they come first, the newest on top.
    ordering: ClassVar[Any] = (F("closed_at").desc(nulls_first=True), "-reported_at", "-id")
    search_fields: ClassVar[Any] = ("number__exact", "reported_by__username__exact", "record__exact")
    search_help_text = "A report's number, a username, or the number of the record it is about."
    hidden_fields: ClassVar[Any] = ("screenshot", "support_message", "form_key", "answer")
    # The guide's order, then where it happened and what became of it.
    readonly_fields = (
        "number",
        "status",
        "reported_at",
        "reported_by",
        "email",
        "what_happened",
        "screenshot_file",
        "steps_taken",
        "client_contact_name",
        "agent",
        "product",
        "us_state",
        "happened_at",
        "page",
        "record",
        "browser",
        "support_email",
        "closed_at",
        "closed_by",
        "answer_given",
    )
    change_form_template = "admin/ecomm/issue_change.html"
    actions = ("take_up", "answer", "send_again")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A username fits no number column, and a number may be a report's or a record's."""
        term = search_term.strip()
        if not term:
            return queryset, False
        number = queryset.filter(number=int(term)) if term.isdecimal() and len(term) < 19 else queryset.none()
        return number | queryset.filter(record=term) | queryset.filter(reported_by__username=term), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.readonly_fields)

    def audit_id(self, obj: IssueReport) -> str:
        return str(obj.number)

    def for_producer(self, obj: IssueReport) -> str:
        return obj.reported_by.producer.npn if obj.reported_by.producer else ""

    # What staff read

    @admin.display(description="Detailed description of issue/error message")
    def what_happened(self, obj: IssueReport) -> SafeString:
        return _as_paragraphs(obj.description)

    @admin.display(description="Steps taken prior to receiving the error")
    def steps_taken(self, obj: IssueReport) -> SafeString:
        return _as_paragraphs(obj.steps)

    @admin.display(description="Client/contact name")
    def client_contact_name(self, obj: IssueReport) -> str:
        return obj.client_name or "-"

    @admin.display(description="Answer")
    def answer_given(self, obj: IssueReport) -> SafeString | str:
        return _as_paragraphs(obj.answer) if obj.answer else "-"

    @admin.display(description="Full screen screenshot")
    def screenshot_file(self, obj: IssueReport) -> SafeString | str:
        file = obj.screenshot
        if file is None:
            return "None was sent."
        if not file.may_be_opened:
            return f"{file.name}: {file.get_scan_display()}"
        if not getattr(obj, "files_open_to_reader", False):
            return file.name
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:ecomm_issuereport_screenshot", args=[obj.pk]), file.name
        )

    @admin.display(description="Email to support")
    def support_email(self, obj: IssueReport) -> str:
        message, file = obj.support_message, obj.screenshot
        if message is None:
            return "None"
        if message.state == OutboundMessage.State.SENT and message.sent_at is not None:
            return f"Sent {moment_as_text(message.sent_at)}"
        waits = message.attachment_id is not None and file is not None and file.scan == StoredFile.Scan.PENDING
        if message.state == OutboundMessage.State.QUEUED and waits:
            return "Waits for the malware scan of the screenshot"
        return message.get_state_display()

    # What staff do

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(cast(User, request.user).has_perm("ecomm.change_issuereport"))

    def get_urls(self) -> list[URLPattern]:
        screenshot = path(
            "<int:report_id>/screenshot/",
            self.admin_site.admin_view(requires(Perm.CARRIER_ADMIN)(self.screenshot_view)),
            name="ecomm_issuereport_screenshot",
        )
        return [screenshot, *super().get_urls()]

    def screenshot_view(self, request: HttpRequest, report_id: int) -> HttpResponseBase:
        """The screenshot as a download, audited; back to the report with the reason when it is not released."""
        report = self.get_object(request, str(report_id))
        if report is None or report.screenshot is None or not self.has_right(request, Right.OPEN):
            raise Http404("No such screenshot.")
        try:
            response = as_attachment(report.screenshot)
        except NotReleased as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return redirect("admin:ecomm_issuereport_change", report.pk)
        self._record(request, "issue.screenshot_opened", report)
        return response

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["steps"] = self._steps(obj) if obj is not None and self.has_decide_permission(request) else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _steps(self, obj: IssueReport) -> list[tuple[str, str]]:
        """Name and label of what can be done with the report now."""
        steps = []
        if obj.status == Status.NEW:
            steps.append(("take_up", "Set in progress"))
        if obj.status != Status.CLOSED:
            steps.append(("answer", "Close with an answer"))
        return [*steps, ("send_again", "Send to support again")]

    @admin.action(description="Set in progress", permissions=["decide"])
    def take_up(self, request: HttpRequest, queryset: QuerySet[IssueReport]) -> None:
        with one_by_one():
            taken = [issues.take_up(report=report, by=cast(User, request.user)) for report in queryset.order_by("pk")]
        self.message_user(request, f"{_count(sum(taken))} set in progress.", messages.SUCCESS)

    @admin.action(description="Close with an answer", permissions=["decide"])
    def answer(self, request: HttpRequest, queryset: QuerySet[IssueReport]) -> HttpResponse | None:
        """Asks for the answer on a page of its own, then closes."""
        form = AnswerForm(request.POST if "answer" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": "Close with an answer",
                "opts": self.opts,
                "form": form,
                "rows": [(row.pk, str(row)) for row in queryset],
            }
            return TemplateResponse(request, "admin/ecomm/issue_answer.html", context)
        now, by, closed = timezone.now(), cast(User, request.user), 0
        with one_by_one():
            for report in queryset.order_by("pk"):
                try:
                    issues.close(report=report, answer=form.cleaned_data["answer"], by=by, at=now)
                    closed += 1
                except AlreadyClosed as exc:
                    self.message_user(request, str(exc), messages.WARNING)
        if closed:
            self.message_user(request, f"{_count(closed)} closed; the answer can be read now.", messages.SUCCESS)
        return None

    @admin.action(description="Send to support again", permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[IssueReport]) -> None:
        """A new email, made from the report: the text of one that could not be sent is gone."""
        sent = 0
        with one_by_one():
            for report in queryset.order_by("pk"):
                try:
                    issues.send_again(report=report, by=cast(User, request.user))
                    sent += 1
                except CannotSendAgain as exc:
                    self.message_user(request, str(exc), messages.WARNING)
        if sent:
            self.message_user(request, f"{_count(sent)} on the way to the support mailbox.", messages.SUCCESS)


def _as_paragraphs(text: str) -> SafeString:
    return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308 - escaped in the same call


def _count(number: int) -> str:
    return "1 report" if number == 1 else f"{number} reports"
