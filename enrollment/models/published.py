"""Tables the carrier keeps as drafts, publishes, and replaces: what was published stays as history."""

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q

IN_FORCE = Q(published_at__isnull=False, withdrawn_at__isnull=True)

Row = TypeVar("Row", bound=models.Model)


class PublishedQuerySet(models.QuerySet[Row]):
    def drafts(self) -> Any:
        """Rows nobody outside the administration sees yet."""
        return self.filter(published_at__isnull=True)

    def published(self) -> Any:
        """Rows that were published and not replaced since: what the portal goes by."""
        return self.filter(IN_FORCE)


class Published(models.Model):
    """A row that is a draft until it is published, and history once it has been replaced."""

    published_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="Empty while it is a draft.")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Empty for what came with the portal.",
    )
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When another row took its place."
    )

    class Meta:
        abstract = True

    @property
    def state(self) -> str:
        """Draft, Published or Replaced."""
        if self.published_at is None:
            return "Draft"
        return "Replaced" if self.withdrawn_at else "Published"
