"""Legal documents in the carrier administration: drafts are written here; published wordings are only read (ISS_07)."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from portal.common.admin_base import WrittenHereAdmin
from portal.common.content.models import PrivacyStatement
from portal.common.content.models.legal import LegalWording
from portal.common.content.services import legal
from portal.common.content.services.legal import CannotPublish


class LegalWordingAdmin(WrittenHereAdmin):
    """One wording a row. Publishing asks first and shows what will be in force."""

    list_display = ("version", "state", "published_at")
    editable_fields = ("version", "body")
    actions = ("publish",)

    def audit_id(self, obj: Any) -> str:
        return str(obj.version)

    @admin.display(description="state")
    def state(self, obj: LegalWording) -> str:
        return "Published" if obj.published_at else "Draft"

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return () if obj is not None and obj.published_at is not None else self.editable_fields

    def is_kept(self, obj: Any) -> bool:
        return obj.published_at is not None

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[LegalWording]) -> HttpResponse | None:
        drafts = list(queryset[:2])
        if len(drafts) != 1 or drafts[0].published_at is not None:
            self.message_user(request, "Choose one draft to publish.", messages.ERROR)
            return None
        draft = drafts[0]
        if request.POST.get("seen") != _fingerprint(draft):
            return self._confirmation(request, draft, changed="seen" in request.POST)
        try:
            by: Any = request.user
            legal.publish(draft, by=by, at=timezone.now())
        except CannotPublish as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            self.message_user(request, f"Version {draft.version} of the {draft.document} is in force.")
        return None

    def _confirmation(self, request: HttpRequest, draft: LegalWording, *, changed: bool) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish the {draft.document}",
            "draft": draft,
            "changed": changed,
            "seen": _fingerprint(draft),
            "list_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/content/publish_wording.html", context)


@admin.register(PrivacyStatement)
class PrivacyStatementAdmin(LegalWordingAdmin):
    """The Privacy Statement, in Markdown."""


def _fingerprint(draft: LegalWording) -> str:
    """Tells whether the draft is still the one that was read before pressing Publish."""
    return hashlib.sha256(f"{draft.version}\n{draft.body}".encode()).hexdigest()
