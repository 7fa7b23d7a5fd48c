"""Terms of use: one wording in force, and who accepted which (REG_02)."""

from datetime import datetime

from django.db import transaction

from accounts.models import TermsAcceptance, TermsVersion, User
from portal.common.content.services import legal
from portal.common.content.services.legal import VersionExists

__all__ = ["VersionExists", "accept", "in_force", "publish"]


def in_force(at: datetime) -> TermsVersion | None:
    """The newest wording published by ``at``; ``None`` while the carrier has published none."""
    return legal.in_force(TermsVersion, at=at)


def publish(*, version: str, body: str, by: User | None, at: datetime) -> TermsVersion:
    """Put a new wording in force from ``at`` on. Raises ``VersionExists``."""
    return legal.publish_text(TermsVersion, version=version, body=body, by=by, at=at)


@transaction.atomic
def accept(*, user: User, terms: TermsVersion, at: datetime, ip_address: str | None) -> TermsAcceptance:
    """Keep that this person pressed Accept under this wording, when and from where. Twice is once."""
    acceptance, _ = TermsAcceptance.objects.get_or_create(
        user=user, terms=terms, defaults={"accepted_at": at, "ip_address": ip_address}
    )
    return acceptance
