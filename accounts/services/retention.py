"""What proves a person at the door is forgotten once it opens nothing any more. On nobody's behalf (docs/operations.md)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from accounts.models import DelegateInvitation, EmailConfirmation, LoginAttempt, OneTimeCode, TrustedDevice

BATCH = 5_000
# The limits of authenticator apps and typing patterns are counted from the attempts of thirty days (ADR 0009).
ATTEMPTS_COUNTED_DAYS = 31


def forget(*, at: datetime) -> int:
    """Delete codes, links, devices, invitations and attempts whose time has been over for their days; return how many."""
    return sum(_delete(rows) for rows in _over(at))


def _over(at: datetime) -> Iterator[QuerySet[Model]]:
    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    yield OneTimeCode.objects.filter(expires_at__lt=before(settings.CODES_KEEP_DAYS))
    yield EmailConfirmation.objects.filter(expires_at__lt=before(settings.LINKS_KEEP_DAYS))
    # An accepted invitation says how a delegate came to the access, so it stays.
    ended = Q(expires_at__lt=before(settings.LINKS_KEEP_DAYS)) | Q(withdrawn_at__lt=before(settings.LINKS_KEEP_DAYS))
    yield DelegateInvitation.objects.filter(ended, accepted_at=None)
    devices = before(settings.DEVICES_KEEP_DAYS)
    yield TrustedDevice.objects.filter(Q(expires_at__lt=devices) | Q(revoked_at__lt=devices))
    attempts = max(ATTEMPTS_COUNTED_DAYS, settings.LOGIN_ATTEMPTS_KEEP_DAYS)
    yield LoginAttempt.objects.filter(at__lt=before(attempts))


def _delete(rows: QuerySet[Model]) -> int:
    """In pieces, so that no statement holds locks for long however many have gathered."""
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._base_manager.filter(pk__in=ids).delete()[0]
    return deleted
