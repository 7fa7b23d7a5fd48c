"""Texts of the application: drafts are written, published, and then never change (AUT_06)."""

from datetime import datetime

from django.db import transaction

from enrollment.application_texts import digest
from enrollment.models import ApplicationText
from portal.common import audit
from portal.common.audit import Actor


class CannotPublish(Exception):
    """The draft is none any more, or not the one that was read. The text is fit to show."""


@transaction.atomic
def publish(text: ApplicationText, *, by: Actor, at: datetime) -> ApplicationText:
    """Put a draft in force from ``at`` on. Raises ``CannotPublish`` when it was published or changed since it was read."""
    draft = ApplicationText.objects.select_for_update(of=("self",)).filter(pk=text.pk).first()
    if draft is None or draft.published_at is not None:
        raise CannotPublish("This text is published already, or was deleted.")
    if (draft.version, draft.body) != (text.version, text.body):
        raise CannotPublish("Somebody has changed this draft. Please read it again.")
    draft.published_at, draft.sha256 = at, digest(draft.body)
    draft.save(update_fields=["published_at", "sha256"])
    audit.record(
        "application_text.published",
        by=by,
        object_type="applicationtext",
        object_id=str(draft),
        details={"kind": draft.kind, "version": draft.version, "sha256": draft.sha256},
    )
    return draft
