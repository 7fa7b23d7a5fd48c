"""Publishing and withdrawing news (ISS_08)."""

from datetime import datetime

from django.db import transaction

from portal.common import audit
from portal.common.content.models import NewsItem


class NotNow(Exception):
    """The step does not fit the item's state; the text says why and is fit to show."""


@transaction.atomic
def publish(item: NewsItem, *, by: audit.Actor, at: datetime) -> None:
    """Show the item from ``at`` on. One that was withdrawn, or waits for its moment, is shown at once.

    Raises ``NotNow`` when people can read it already.
    """
    locked = NewsItem.objects.select_for_update().get(pk=item.pk)
    if NewsItem.objects.published(at).filter(pk=locked.pk).exists():
        raise NotNow(f"“{locked.title}” is published already.")
    locked.published_at, locked.withdrawn_at = at, None
    locked.save(update_fields=["published_at", "withdrawn_at", "updated_at"])
    audit.record("news.published", by=by, object_type="newsitem", object_id=str(locked.pk))


@transaction.atomic
def withdraw(item: NewsItem, *, by: audit.Actor, at: datetime) -> None:
    """Hide the item from ``at`` on. Raises ``NotNow`` when nobody can read it anyway."""
    locked = NewsItem.objects.select_for_update().get(pk=item.pk)
    if not NewsItem.objects.published(at).filter(pk=locked.pk).exists():
        raise NotNow(f"“{locked.title}” is not published.")
    locked.withdrawn_at = at
    locked.save(update_fields=["withdrawn_at", "updated_at"])
    audit.record("news.withdrawn", by=by, object_type="newsitem", object_id=str(locked.pk))
