"""Stored files in the carrier administration: the state of their scans, and the one address that hands bytes out."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from portal.common.admin_base import ReadMostlyAdmin
from portal.common.files import scanning
from portal.common.files.models import StoredFile
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased
from portal.common.staff_queues import Queue
from portal.common.staff_roles import Right


@admin.register(StoredFile)
class StoredFileAdmin(ReadMostlyAdmin):
    """Look a file up, see why its scan waits, scan it again, download it once it is released."""

    change_form_template = "admin/files/storedfile_change_form.html"
    list_display = ("id", "name", "kind", "short_length", "scan", "stored_by", "stored_at")
    list_filter = ("scan",)
    queues = (
        Queue(label="Files in which malware was found", order=150, filters={"scan__exact": "INFECTED"}, is_fault=True),
        Queue(label="Files waiting for the malware scan", order=160, filters={"scan__exact": "PENDING"}),
    )
    search_fields = ("id__exact",)
    search_help_text = "The number of the file."
    list_select_related = ("stored_by",)
    hidden_fields = ("key", "size")
    readonly_fields = ("length", "used_by", "last_try", "download")
    actions = ("scan_again",)

    class Media:
        css: ClassVar = {"all": ["portal/admin-files.css"]}

    @admin.display(description="type")
    def kind(self, obj: StoredFile) -> str:
        return obj.content_type.rpartition("/")[2].upper()

    @admin.display(description="size")
    def short_length(self, obj: StoredFile) -> str:
        return filesizeformat(obj.size)

    @admin.display(description="size")
    def length(self, obj: StoredFile) -> str:
        return f"{filesizeformat(obj.size)} ({obj.size:,} bytes)"

    @admin.display(description="used by")
    def used_by(self, obj: StoredFile) -> str:
        """What the file belongs to, such as the document that was submitted with it."""
        links = [
            (
                reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk]),
                f"{row._meta.verbose_name} {page.audit_id(row)}",
            )
            for row, page in self._users_of(obj)
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "-"

    def _users_of(self, stored: StoredFile) -> Iterator[tuple[Any, ReadMostlyAdmin]]:
        """The rows that point to the file and have a page in the administration, each with its page."""
        for relation in self.opts.related_objects:
            page = self.admin_site._registry.get(relation.related_model)
            if isinstance(page, ReadMostlyAdmin):
                rows = relation.related_model._default_manager.filter(**{relation.field.name: stored})
                yield from ((row, page) for row in rows.order_by("pk")[:20])

    @admin.display(description="last try of the scan")
    def last_try(self, obj: StoredFile) -> str:
        """Why a waiting file still waits."""
        owed = scanning.owed_scan(obj)
        if owed is None:
            return "none"
        times = "once" if owed.attempts == 1 else f"{owed.attempts} times"
        said = f", {owed.last_error}" if owed.last_error else ""
        return f"{owed.get_status_display()}, tried {times}{said}"

    @admin.display(description="download")
    def download(self, obj: StoredFile) -> str:
        if not obj.may_be_opened:
            return "Not released: " + ("deleted" if obj.removed_at else obj.get_scan_display())
        if not getattr(obj, "files_open_to_reader", False):
            return "Not open to your role"
        return format_html(
            '<a href="{}">Download {}</a>', reverse("admin:files_storedfile_download", args=[obj.pk]), obj.name
        )

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download_view)
        return [path("<int:file_id>/download/", download, name="files_storedfile_download"), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        waits = obj is not None and obj.removed_at is None and obj.scanned_at is None
        context["may_scan"] = waits and bool(settings.UPLOADS_SCANNER) and self.has_scan_permission(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def download_view(self, request: HttpRequest, file_id: int) -> HttpResponseBase:
        """Hand out the bytes of a released file, and write down who had them."""
        stored = self.get_object(request, str(file_id))
        if stored is None:
            raise Http404
        if not self.has_right(request, Right.OPEN):
            raise PermissionDenied
        try:
            response = as_attachment(stored)
        except NotReleased as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:files_storedfile_change", args=[stored.pk]))
        self._record(request, "file.downloaded", stored)
        # Whoever asks who had a document finds it under the document's own number and producer, too.
        for row, page in self._users_of(stored):
            page._record(request, "file.downloaded", row, file=stored.pk)
        return response

    def has_scan_permission(self, request: HttpRequest) -> bool:
        """Whoever may change files may have them scanned; there is nothing else to change."""
        return admin.ModelAdmin.has_change_permission(self, request)

    @admin.action(description="Scan again", permissions=["scan"])
    def scan_again(self, request: HttpRequest, queryset: QuerySet[StoredFile]) -> None:
        """Owe the scan of the files that wait for it, or that came in while no scanner was set up."""
        owed = 0
        for stored in queryset.order_by("id"):
            if scanning.scan_again(stored, at=timezone.now()):
                owed += 1
                self._record(request, "file.scan_retried", stored)
        if owed:
            self.message_user(request, f"{owed} put in the queue of the scanner.", messages.SUCCESS)
        else:
            self.message_user(
                request,
                "Nothing was put in the queue: only files that wait or were never scanned can be scanned, "
                "and a scanner must be set up (UPLOADS_SCANNER).",
                messages.WARNING,
            )
