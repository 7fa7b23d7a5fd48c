"""The files exchanged with the member system in the carrier administration: what is in them, and what was answered."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from clients.membersystem.x12 import answering, folders
from clients.membersystem.x12.showing import LINES_AT_MOST, lines
from clients.models import MemberChange, X12File, X12TransactionSet
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.files.responses import SANDBOX
from portal.common.staff_queues import Queue
from portal.common.staff_roles import Right

State = X12File.State


class FolderFilter(admin.SimpleListFilter):
    title = "folder"
    parameter_name = "folder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(folder, folder.capitalize()) for folder in X12File.FOLDERS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[X12File]) -> QuerySet[X12File]:
        states = X12File.FOLDERS.get(self.value() or "")
        return queryset.filter(state__in=states) if states else queryset


class OverdueFilter(admin.SimpleListFilter):
    title = "answer"
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[X12File]) -> QuerySet[X12File]:
        if self.value() == "yes":
            return queryset.filter(pk__in=answering.unanswered(now=timezone.now()).values("pk"))
        return queryset


@admin.register(X12File)
class X12FileAdmin(ReadMostlyAdmin):
    """Look a file up, see what became of each of its sets, read it a segment a line; every look is audited."""

    list_display = ("name", "status", "shown_folder", "numbers", "set_count", "happened_at")
    list_filter = ("direction", FolderFilter, OverdueFilter, "state")
    queues = (
        Queue(label="834 files in quarantine", order=130, filters={"folder": "quarantine"}, is_fault=True),
        Queue(label="834 files without an answer", order=140, filters={"overdue": "yes"}, is_fault=True),
    )
    search_fields = ("isa13__exact", "gs06__exact", "name__exact", "sets__reference__exact")
    search_help_text = "Interchange or group control number, name of the file, or transaction reference"
    list_select_related = ()
    hidden_fields = ("id", "state", "header_time", "archive_key", "data_key")
    readonly_fields = ("shown_folder", "status")

    class Media:
        css: ClassVar = {"all": ["portal/admin-x12.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[X12File]:
        return super().get_queryset(request).annotate(set_total=Count("sets"))

    def audit_id(self, obj: X12File) -> str:
        return obj.name

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        first = ["direction", "status", "problem", "shown_folder"]
        return first + [name for name in super().get_fields(request, obj) if name not in (*first, "name")]

    @admin.display(description="folder")
    def shown_folder(self, obj: X12File) -> str:
        return obj.folder.capitalize()

    @admin.display(description="interchange, group")
    def numbers(self, obj: X12File) -> str:
        return ", ".join(number for number in (obj.isa13, obj.gs06) if number)

    @admin.display(description="sets")
    def set_count(self, obj: Any) -> str:
        return str(obj.set_total) if obj.direction == X12File.Direction.OUT else ""

    @admin.display(description="state", ordering="state")
    def status(self, obj: X12File) -> str:
        overdue = obj.is_overdue(now=timezone.now())
        return f"{obj.get_state_display()}{' (overdue)' if overdue else ''}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:file_id>/segments/", view(self.segments_view), name="clients_x12file_segments"),
            path("<int:file_id>/download/", view(self.download_view), name="clients_x12file_download"),
            path("<int:file_id>/put-back/", view(self.put_back_view), name="clients_x12file_put_back"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        waiting = {"outbound": folders.count(folders.outbound()), "inbound": folders.count(folders.inbound())}
        return super().changelist_view(request, {"in_folders": waiting, **(extra_context or {})})

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            sets = obj.sets if obj.direction == X12File.Direction.OUT else obj.answered_sets
            context["sets"] = list(sets.select_related("change", "file", "answered_by").order_by("id"))
            context["may_open"] = self.has_right(request, Right.OPEN)
            context["may_put_back"] = obj.state == State.QUARANTINED and self.has_put_back_permission(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    # The bytes

    def segments_view(self, request: HttpRequest, file_id: int) -> HttpResponse:
        """The file, one segment a line."""
        file = self._file(request, file_id, Right.OPEN)
        try:
            shown = lines(folders.content(file))
        except folders.NotHere as exc:
            return self._not_here(request, file, exc)
        self._record_look(request, "x12.viewed", file)
        context = {
            **self.admin_site.each_context(request),
            "title": file.name,
            "opts": self.opts,
            "file": file,
            "lines": shown[:LINES_AT_MOST],
            "left_out": max(0, len(shown) - LINES_AT_MOST),
        }
        return TemplateResponse(request, "admin/clients/x12file/segments.html", context)

    def download_view(self, request: HttpRequest, file_id: int) -> HttpResponse:
        """The file as it was sent or came in."""
        file = self._file(request, file_id, Right.OPEN)
        try:
            data = folders.content(file)
        except folders.NotHere as exc:
            return self._not_here(request, file, exc)
        self._record_look(request, "x12.downloaded", file)
        response = HttpResponse(data, content_type="application/octet-stream")
        response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        response["Content-Security-Policy"] = SANDBOX
        return response

    def put_back_view(self, request: HttpRequest, file_id: int) -> HttpResponse:
        """Have a file from the quarantine read again, after what was wrong has been mended."""
        file = self._file(request, file_id, Right.VIEW)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_put_back_permission(request):
            raise PermissionDenied
        try:
            folders.put_back(file)
        except folders.NotHere as exc:
            return self._not_here(request, file, exc)
        X12File.objects.filter(pk=file.pk).update(state=State.PUT_BACK, settled_at=timezone.now())
        self._record(request, "x12.put_back", file)
        self.message_user(request, "Put back into the inbound folder; the next sweep reads it.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:clients_x12file_changelist"))

    def has_put_back_permission(self, request: HttpRequest) -> bool:
        """Whoever may change files may have them read again; there is nothing else to change."""
        return admin.ModelAdmin.has_change_permission(self, request)

    def _file(self, request: HttpRequest, file_id: int, right: Right) -> X12File:
        file: X12File | None = self.get_object(request, str(file_id))
        if file is None:
            raise Http404
        if not self.has_right(request, right):
            raise PermissionDenied
        return file

    def _not_here(self, request: HttpRequest, file: X12File, exc: folders.NotHere) -> HttpResponse:
        self.message_user(request, str(exc), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:clients_x12file_change", args=[file.pk]))

    def _record_look(self, request: HttpRequest, action: str, file: X12File) -> None:
        """Under the file, and under each change in it: whoever asks who saw a client's data finds this."""
        self._record(request, action, file)
        page = self.admin_site._registry.get(MemberChange)
        if isinstance(page, ReadMostlyAdmin):
            for change in _changes_in(file):
                page._record(request, action, change, file=file.name)


def _changes_in(file: X12File) -> Iterable[MemberChange]:
    in_file = X12TransactionSet.objects.filter(file=file).values("change")
    return (
        MemberChange.objects.filter(pk__in=in_file).select_related("policy__producer_number__producer").order_by("pk")
    )
