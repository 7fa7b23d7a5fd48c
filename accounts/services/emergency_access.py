"""Breaking the glass: a closed login of carrier staff, opened from the server for some hours, with a reason (45 CFR 164.312(a)(2)(ii))."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from portal.common import audit, outbox
from portal.common.messaging.send import send_email

TOPIC = "accounts.emergency_access.end"
MOST_HOURS = 24


class NotForEmergencies(Exception):
    """This login cannot be opened so; fit to show."""


@transaction.atomic
def begin(*, username: str, hours: int, reason: str, at: datetime) -> datetime:
    """Open the login until the moment that comes back, and tell it to everybody else on the carrier's staff.

    The password and the second step are asked as always. Raises ``NotForEmergencies`` for a login that is not of carrier
    staff or not closed, that has no mailbox for codes, without a reason, or for more than ``MOST_HOURS`` hours.
    """
    reason = reason.strip()
    if not reason:
        raise NotForEmergencies("Say why, with a ticket number: it is kept in the audit trail.")
    if not 1 <= hours <= MOST_HOURS:
        raise NotForEmergencies(f"Emergency access lasts 1 to {MOST_HOURS} hours.")
    staff = User.objects.select_for_update(of=("self",)).filter(role=User.Role.CARRIER_ADMIN)
    user = staff.filter(username__iexact=username).first()
    if user is None:
        raise NotForEmergencies("There is no login of carrier staff with this username.")
    if user.is_active:
        raise NotForEmergencies("This login is open already. Emergency logins are kept closed.")
    if not user.security_email:
        raise NotForEmergencies("This login has no email address: no code could be sent to it.")
    ends_at = at + timedelta(hours=hours)
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(
        "emergency_access.begun",
        by=None,
        object_type="user",
        object_id=str(user.pk),
        details={"reason": reason, "hours": hours},
    )
    outbox.add(
        TOPIC,
        dedupe_key=f"emergency-access:{user.pk}:{at.isoformat()}",
        payload={"user_pk": user.pk},
        not_before=ends_at,
    )
    for other in User.objects.filter(role=User.Role.CARRIER_ADMIN, is_active=True).exclude(pk=user.pk).order_by("pk"):
        if other.security_email:
            send_email(
                to=other.security_email,
                kind="emergency_access",
                subject=f"Emergency access to {settings.PORTAL_NAME} was opened",
                context={"username": user.username, "begun_at": at, "ends_at": ends_at, "reason": reason},
            )
    return ends_at


@outbox.handler(TOPIC)
@transaction.atomic
def end(payload: dict[str, Any]) -> None:
    """Close the login again; its sessions end with their next request. Closed by hand before, it stays as it is."""
    user = User.objects.select_for_update(of=("self",)).filter(pk=payload["user_pk"], is_active=True).first()
    if user is None:
        return
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit.record("emergency_access.ended", by=None, object_type="user", object_id=str(user.pk))
