"""Terms of use: one wording in force, and who accepted which (REG_02)."""

from datetime import datetime

from django.db import transaction

from accounts.models import TermsAcceptance, TermsVersion, User
from portal.common import audit


class VersionExists(Exception):
    """A published wording never changes; another wording needs another version."""


def in_force(at: datetime) -> TermsVersion | None:
    """The newest wording published by ``at``; ``None`` while the carrier has published none."""
    return TermsVersion.objects.filter(published_at__lte=at).order_by("-published_at", "-id").first()


@transaction.atomic
def publish(*, version: str, body: str, by: User | None, at: datetime) -> TermsVersion:
    """Put a new wording in force from ``at`` on. Raises ``VersionExists``."""
    if TermsVersion.objects.filter(version=version).exists():
        raise VersionExists(f"Terms of use, version {version}, exist already and cannot be changed.")
    terms = TermsVersion.objects.create(version=version, body=body, published_at=at)
    audit.record("terms.published", by=by, object_type="termsversion", object_id=version)
    return terms


@transaction.atomic
def accept(*, user: User, terms: TermsVersion, at: datetime, ip_address: str | None) -> TermsAcceptance:
    """Keep that this person pressed Accept under this wording, when and from where. Twice is once."""
    acceptance, _ = TermsAcceptance.objects.get_or_create(
        user=user, terms=terms, defaults={"accepted_at": at, "ip_address": ip_address}
    )
    return acceptance
