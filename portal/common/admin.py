"""The kernel's rows in the carrier administration: the audit trail, owed work, messages, the demo's mailbox."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin  # noqa: F401 - registers Group, which is undone below
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from portal.common import outbox
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.messaging.send import TOPIC as MESSAGE_TOPIC
from portal.common.models import AuditEvent, AuditLink, MailboxEntry, OutboundMessage, OutboxMessage, ThrottleWindow
from portal.common.staff_queues import Queue

# Who may do what is code (portal.common.access). Groups edited by hand would be a second, unaudited place for it.
admin.site.unregister(Group)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadMostlyAdmin):
    """Reading the trail. Nothing in it can be changed, here or in the database."""

    audits_views = False
    list_display = ("at", "action", "actor_username", "for_producer", "object_type", "object_id", "ip_address")
    search_fields = ("action__exact", "for_producer__exact")
    search_help_text = (
        "A username, a National Producer Number, an action such as client.viewed, or a kind and a number: user 12"
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each way of asking has its index; anything else would read the whole trail."""
        term = search_term.strip()
        if not term:
            return queryset, False
        kind, _, number = term.partition(" ")
        if number:
            return queryset.filter(object_type=kind, object_id=number.strip()), False
        # The id, not the name: the trail is indexed by it.
        named = get_user_model()._default_manager.filter(username__iexact=term).values_list("pk", flat=True)
        found = Q(action=term) | Q(for_producer=term) | Q(actor_id__in=list(named))
        return queryset.filter(found), False


@admin.register(AuditLink)
class AuditLinkAdmin(ReadMostlyAdmin):
    """The chain of the trail; `manage.py verify_audit` recounts it."""

    audits_views = False
    list_display = ("position", "event_id", "sha256")
    search_fields = ("position__exact", "event_id__exact")
    search_help_text = "A position in the chain, or the number of an event."


class OpenDeadLetters(admin.SimpleListFilter):
    """Given up and not yet closed by a person: the list to work through."""

    title = "needs attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Given up, not closed"), ("closed", "Given up, closed with a note")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        dead = queryset.filter(status=OutboxMessage.Status.DEAD)
        if self.value() == "open":
            return dead.filter(closed_note="")
        if self.value() == "closed":
            return dead.exclude(closed_note="")
        return queryset


class TopicFilter(admin.SimpleListFilter):
    """The topics this portal knows; asking the table for them would read all of it."""

    title = "topic"
    parameter_name = "of_topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(topic, topic) for topic in outbox.topics()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(topic=self.value()) if self.value() else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadMostlyAdmin):
    """Owed work. What was given up is tried again, or closed with a note that says why it is settled."""

    audits_views = False
    list_display = ("id", "topic", "status", "attempts", "not_before", "created_at", "done_at", "last_error")
    list_filter = (OpenDeadLetters, "status", TopicFilter)
    queues = (Queue(label="Given up deliveries and jobs", order=170, filters={"attention": "open"}, is_fault=True),)
    search_fields = ("dedupe_key__exact",)
    search_help_text = "The whole key of one piece of work."
    actions = ("retry",)
    editable_fields = ("closed_note",)

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.editable_fields if obj is not None and obj.status == OutboxMessage.Status.DEAD else ()

    @admin.action(description="Retry", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        """Put dead letters back in the queue."""
        dead = queryset.filter(status=OutboxMessage.Status.DEAD)
        textless = dead.filter(topic=MESSAGE_TOPIC).count()
        retried = 0
        for message in dead.exclude(topic=MESSAGE_TOPIC).order_by("id"):
            if outbox.retry(message):
                retried += 1
                self._record(request, "outbox.retried", message, topic=message.topic)
        if retried:
            self.message_user(request, f"{retried} put back in the queue.", messages.SUCCESS)
        if textless:
            # A message that could not be sent has lost its text, codes included: there is nothing left to send.
            self.message_user(
                request,
                f"{textless} emails or text messages cannot be retried, because their texts were dropped. "
                "Ask the person to request a new one, then close the row with a note.",
                messages.WARNING,
            )
        if not retried and not textless:
            self.message_user(request, "Only given-up work can be retried.", messages.WARNING)


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ReadMostlyAdmin):
    """That a message went out, to whom and about what. Its text is gone once sent and never shown before."""

    list_display = ("created_at", "channel", "kind", "to", "state", "sent_at")
    list_filter = ("state", "channel")
    search_fields = ("message_id__exact",)
    search_help_text = "The whole message number."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return _by_message_id(queryset, search_term), False


def _by_message_id(queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
    """By UUID through its index; Django's own exact search would cast every row to text."""
    if not term.strip():
        return queryset
    field = queryset.model._meta.get_field("message_id")
    try:
        return queryset.filter(message_id=field.to_python(term.strip()))
    except ValidationError:
        return queryset.none()


@admin.register(ThrottleWindow)
class ThrottleWindowAdmin(ReadMostlyAdmin):
    """How often something was tried, without saying by whom."""

    audits_views = False
    list_display = ("scope", "starts_at", "count")


class MailboxEntryAdmin(ReadMostlyAdmin):
    """What the demo's mail and text services received."""

    audits_views = False
    list_display = ("sent_at", "channel", "to", "subject")
    list_filter = ("channel",)


if settings.DEMO_MAILBOX:
    admin.site.register(MailboxEntry, MailboxEntryAdmin)
