"""Texts of the application in the administration: drafts are written here, published ones are only read (AUT_06)."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from enrollment.application_texts import digest
from enrollment.models import ApplicationText
from enrollment.services import texts
from portal.common.admin_base import WrittenHereAdmin


@admin.register(ApplicationText)
class ApplicationTextAdmin(WrittenHereAdmin):
    """One version of one text a row. {CARRIER_NAME} stands for the carrier's name."""

    list_display = ("kind", "us_state", "version", "state", "published_at")
    list_filter = ("kind", "us_state")
    editable_fields = ("kind", "us_state", "version", "body")
    readonly_fields = ("sha256", "published_at")
    actions = ("publish",)

    @admin.display(description="state of the row")
    def state(self, obj: ApplicationText) -> str:
        return "Published" if obj.published_at else "Draft"

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return () if obj is not None and obj.published_at is not None else self.editable_fields

    def is_kept(self, obj: Any) -> bool:
        return obj.published_at is not None

    def audit_id(self, obj: Any) -> str:
        return str(obj)

    def save_model(self, request: HttpRequest, obj: ApplicationText, form: Any, change: bool) -> None:
        # A browser sends line ends as CR LF; the text is hashed and shown with LF.
        obj.body = obj.body.replace("\r\n", "\n")
        obj.sha256 = digest(obj.body)
        super().save_model(request, obj, form, change)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[ApplicationText]) -> HttpResponse | None:
        drafts = list(queryset[:2])
        if len(drafts) != 1 or drafts[0].published_at is not None:
            self.message_user(request, "Choose one draft to publish.", messages.ERROR)
            return None
        draft = drafts[0]
        seen = digest(f"{draft.version}\n{draft.body}")
        if request.POST.get("seen") != seen:
            return self._last_look(request, draft, seen, changed="seen" in request.POST)
        by: Any = request.user
        try:
            texts.publish(draft, by=by, at=timezone.now())
        except texts.CannotPublish as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            self.message_user(request, f"{draft} is in force.")
        return None

    def _last_look(self, request: HttpRequest, draft: ApplicationText, seen: str, *, changed: bool) -> HttpResponse:
        where = f" ({draft.get_us_state_display()})" if draft.us_state else ""
        shown = {
            "pk": draft.pk,
            "version": draft.version,
            "document": f"{draft.get_kind_display()}{where}",
            "body": draft.body,
        }
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish {draft}",
            "draft": shown,
            "changed": changed,
            "seen": seen,
            "list_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/content/publish_wording.html", context)
