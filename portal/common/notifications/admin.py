"""What support can look up: who was told what, when, and whether it was read. Nothing can be changed."""

from django.contrib import admin

from portal.common.admin_base import ReadMostlyAdmin
from portal.common.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadMostlyAdmin):
    list_display = ("recipient", "kind", "title", "created_at", "in_app", "read_at", "emailed_at")
    search_fields = ("recipient__username__iexact",)
    search_help_text = "Username"
    list_filter = ("kind",)
    hidden_fields = ("text", "url", "dedupe_key")
