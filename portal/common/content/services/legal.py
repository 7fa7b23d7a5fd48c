"""Legal documents: drafts are written, one wording after another is put in force, and what was published stays (ISS_07)."""

from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction

from portal.common import audit
from portal.common.audit import Actor
from portal.common.content.models.legal import LegalWording

Wording = TypeVar("Wording", bound=LegalWording)


class VersionExists(Exception):
    """A published wording never changes; another wording needs another version. The text is fit to show."""


class CannotPublish(Exception):
    """The draft is none any more, or not the one that was read. The text is fit to show."""


def published(document: type[Wording], *, at: datetime) -> list[Wording]:
    """Every wording published by ``at``, newest first: the first one is in force."""
    return list(document._default_manager.filter(published_at__lte=at).order_by("-published_at", "-id"))


def in_force(document: type[Wording], *, at: datetime) -> Wording | None:
    """The newest wording published by ``at``; ``None`` while the carrier has published none."""
    return document._default_manager.filter(published_at__lte=at).order_by("-published_at", "-id").first()


@transaction.atomic
def publish(wording: Wording, *, by: Actor | None, at: datetime) -> Wording:
    """Put a draft in force from ``at`` on. Raises ``CannotPublish`` when it was published or changed since it was read.

    Of two people who publish it at once, one does.
    """
    draft = type(wording)._default_manager.select_for_update(of=("self",)).get(pk=wording.pk)
    if draft.published_at is not None:
        raise CannotPublish(f"Version {draft.version} of the {draft.document} is published already.")
    if (draft.version, draft.body) != (wording.version, wording.body):
        raise CannotPublish(f"Somebody has changed this draft of the {draft.document}. Please read it again.")
    draft.published_at = at
    draft.save(update_fields=["published_at"])
    _record(draft, by)
    return draft


@transaction.atomic
def publish_text(document: type[Wording], *, version: str, body: str, by: Actor | None, at: datetime) -> Wording:
    """Put a new wording in force from ``at`` on. Raises ``VersionExists``, for drafts of that version, too."""
    try:
        with transaction.atomic():
            wording = document(version=version, body=body, published_at=at)
            wording.save(force_insert=True)
    except IntegrityError as exc:
        raise VersionExists(version_exists(document, version)) from exc
    _record(wording, by)
    return wording


def version_exists(document: type[LegalWording], version: str) -> str:
    """What is said when a version is there already."""
    return f"Version {version} of the {document.document} exists already and cannot be changed."


def _record(wording: LegalWording, by: Actor | None) -> None:
    kind = str(wording._meta.model_name)
    audit.record(f"{wording.audit_name}.published", by=by, object_type=kind, object_id=wording.version)
