"""Forgetting owed work that was done and messages that went out. What was given up stays until a person has closed it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import PROTECT, Model, QuerySet

from portal.common.models import MailboxEntry, OutboundMessage, OutboxMessage

BATCH = 5_000


def forget_done(*, at: datetime) -> int:
    """Delete rows done, and messages handed over or failed, more than OUTBOX_KEEP_DAYS before ``at``; return how many.

    A message that something else points to as its proof, such as the delivery of a proposal, stays; its text is gone anyway.
    """
    before = at - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    sent = OutboundMessage.objects.filter(created_at__lt=before).exclude(state=OutboundMessage.State.QUEUED)
    for relation in OutboundMessage._meta.related_objects:
        if relation.on_delete is PROTECT:
            sent = sent.filter(**{f"{relation.name}__isnull": True})
    return (
        _delete(OutboxMessage.objects.filter(status=OutboxMessage.Status.DONE, done_at__lt=before))
        + _delete(sent)
        + _delete(MailboxEntry.objects.filter(sent_at__lt=before))
    )


def _delete(rows: QuerySet[Model]) -> int:
    deleted = 0
    # In pieces, so that no statement holds locks for long however many have gathered.
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._base_manager.filter(pk__in=ids).delete()[0]
    return deleted
