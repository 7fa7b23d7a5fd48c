"""Reporting in the carrier administration: statements are taken over, runs stopped and tried again, the rest looked up."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.models import User
from portal.common import form_keys
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.one_by_one import one_by_one
from reporting.commissions.reading import LARGEST_BYTES
from reporting.models import CommissionLine, CommissionStatement, Outreach, ReportRun, SavedReport
from reporting.rules.commission_file import COLUMNS
from reporting.services import commissions, runs


class ImportForm(forms.Form):
    """The file of the commission system. After a mistake it has to be chosen again: a browser does not keep files."""

    file = forms.FileField(
        label="File",
        help_text="CSV (UTF-8) or Excel (.xlsx), at most 5 MB.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    replace = forms.BooleanField(
        label="Replace",
        required=False,
        help_text="Statements of the file that are there already get its lines.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError("The file is larger than 5 MB.")
        return file


@admin.register(CommissionStatement)
class CommissionStatementAdmin(ReadMostlyAdmin):
    """Statements as imported; a wrong one is replaced by importing it again."""

    list_display = ("month_shown", "producer_number", "line_count", "total", "imported_at", "imported_by")
    list_select_related = ("producer_number__producer", "imported_by")
    search_fields = ("producer_number__number__exact",)
    search_help_text = "The nine digit producer number."
    ordering = ("-month", "pk")

    @admin.display(description="month", ordering="month")
    def month_shown(self, obj: CommissionStatement) -> str:
        return f"{obj.month:%m/%Y}"

    def audit_id(self, obj: CommissionStatement) -> str:
        return f"{obj.producer_number.number} {obj.month:%m/%Y}"

    def for_producer(self, obj: CommissionStatement) -> str:
        return obj.producer_number.producer.npn

    def get_urls(self) -> list[URLPattern]:
        own = path("import/", self.admin_site.admin_view(self.import_view), name="reporting_commissionstatement_import")
        return [own, *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("reporting.add_commissionstatement"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"may_import": self.has_import_permission(request), **(extra_context or {})}
        )

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Check the whole file, then write all of it or nothing; every mistake is told with its line."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        me = cast(User, request.user)
        posted = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if posted else ImportForm()
        key = form_keys.readable(request.POST.get("form_key", ""))
        problems: list[str] = []
        if posted and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                done = commissions.take_over(
                    name=file.name,
                    content=file.read(),
                    replace=form.cleaned_data["replace"],
                    by=me,
                    at=timezone.now(),
                    form_key=f"{me.pk}:{key}",
                )
            except commissions.BadFile as exc:
                problems = exc.problems
            else:
                if not done.again:
                    words = f"{done.statements:,} statements with {done.lines:,} lines were taken over."
                    self.message_user(request, words, messages.SUCCESS)
                return redirect("admin:reporting_commissionstatement_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Import statements",
            "opts": self.opts,
            "form": form,
            "form_key": key if posted else form_keys.new_key(),
            "columns": COLUMNS,
            "problems": problems[: commissions.SHOWN_PROBLEMS],
            "problem_count": len(problems),
        }
        return TemplateResponse(request, "admin/reporting/commissionstatement/import.html", context)


@admin.register(CommissionLine)
class CommissionLineAdmin(ReadMostlyAdmin):
    """Lines of statements."""

    list_display = ("statement", "line", "kind", "account_number", "premium_month", "premium", "amount")
    list_select_related = ("statement__producer_number__producer",)
    search_fields = ("statement__producer_number__number__exact", "account_number__exact")
    search_help_text = "A nine digit producer number or an account number."

    def audit_id(self, obj: CommissionLine) -> str:
        return f"{obj.statement.producer_number.number} {obj.statement.month:%m/%Y} line {obj.line}"

    def for_producer(self, obj: CommissionLine) -> str:
        return obj.statement.producer_number.producer.npn


@admin.register(Outreach)
class OutreachAdmin(ReadMostlyAdmin):
    """What was written down at the save-the-policy desk; notes are not shown."""

    list_display = ("at", "producer_number", "why", "outcome", "snoozed_until", "by")
    list_filter = ("outcome",)
    list_select_related = ("producer_number__producer", "by", "policy__account", "application")
    search_fields = ("producer_number__number__exact",)
    search_help_text = "The nine digit producer number."

    def for_producer(self, obj: Outreach) -> str:
        return obj.producer_number.producer.npn


def _npn(user: User) -> str:
    return user.producer.npn if user.producer else ""


@admin.register(SavedReport)
class SavedReportAdmin(ReadMostlyAdmin):
    """Custom reports: whose they are, and when they run by themselves. What they ask for is not shown."""

    list_display = ("name", "owner", "shared", "schedule", "next_run_on", "deleted_at")
    list_filter = ("schedule", "shared", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner__producer",)
    search_fields = ("owner__username__iexact",)
    search_help_text = "The owner's username."
    hidden_fields = ("form_key",)

    def for_producer(self, obj: SavedReport) -> str:
        return _npn(obj.owner)


@admin.register(ReportRun)
class ReportRunAdmin(ReadMostlyAdmin):
    """Runs of reports: how far they are, and why one failed. Its rows and its file are its maker's alone."""

    list_display = ("requested_at", "title", "requested_by", "trigger", "state", "progress", "failure")
    list_filter = ("state", "trigger", "file_format")
    list_select_related = ("requested_by__producer", "saved_report")
    search_fields = ("requested_by__username__iexact",)
    search_help_text = "The username of whoever asked for it."
    hidden_fields = ("file", "books", "changes", "compared_with", "form_key", "snapshot")
    actions = ("stop", "try_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportRun]:
        rows: QuerySet[ReportRun] = super().get_queryset(request)
        return rows.defer("asked", "changes", "snapshot")

    def for_producer(self, obj: ReportRun) -> str:
        return _npn(obj.requested_by)

    @admin.display(description="rows")
    def progress(self, obj: ReportRun) -> str:
        return f"{obj.rows_done:,}" if obj.is_over else f"{obj.rows_done:,} of {obj.rows_total:,}"

    def has_settle_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("reporting.change_reportrun"))

    @admin.action(description="Stop", permissions=["settle"])
    def stop(self, request: HttpRequest, queryset: QuerySet[ReportRun]) -> None:
        """Nothing of the chosen runs that are not made yet is kept."""
        me, now = cast(User, request.user), timezone.now()
        with one_by_one():
            stopped = sum(runs.cancel(run=run, by=me, now=now) for run in queryset.order_by("pk"))
        self._say(request, stopped, "stopped", "None of them was still to be made.")

    @admin.action(description="Try again", permissions=["settle"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[ReportRun]) -> None:
        """With the rights of whoever asked for it."""
        me, now, begun = cast(User, request.user), timezone.now(), 0
        with one_by_one():
            for run in queryset.order_by("pk"):
                try:
                    runs.retry(run=run, by=me, now=now)
                    begun += 1
                except runs.NothingToRetry:
                    continue
        self._say(request, begun, "to be made once more", "None of them had failed or was cancelled.")

    def _say(self, request: HttpRequest, count: int, done: str, nothing: str) -> None:
        if count:
            self.message_user(request, f"{'1 run' if count == 1 else f'{count} runs'} {done}.", messages.SUCCESS)
        else:
            self.message_user(request, nothing, messages.WARNING)
