"""Changing and ending what a delegate may do (HOM_10, HOM_14). It counts from the delegate's next request on."""

from datetime import datetime

from django.db import transaction

from accounts.models import DelegateGrant, User
from accounts.rules.delegate_scopes import in_order
from accounts.services import delegate_notices
from accounts.services.delegate_invitations import Rights
from portal.common import audit
from portal.common.models import AuditEvent

REVOKED = "This access has been revoked. Invite the person again to open it."


class GrantRevoked(Exception):
    """The access was revoked meanwhile; only a new invitation opens it again."""


@transaction.atomic
def change(*, grant: DelegateGrant, rights: Rights, by: User) -> bool:
    """Give the grant these rights and days and tell both. Returns ``False`` when they were the same already.

    A grant that has ended is opened again by a later last day. Raises ``GrantRevoked``.
    """
    grant = _lock(grant.pk)
    if grant.revoked_at is not None:
        raise GrantRevoked(REVOKED)
    before = (grant.scopes, grant.first_day, grant.last_day)
    after = (in_order(rights.scopes), rights.first_day, rights.last_day)
    if before == after:
        return False
    grant.scopes, grant.first_day, grant.last_day = after
    grant.save(update_fields=["scopes", "first_day", "last_day"])
    event = _record(
        "delegate.changed",
        grant,
        by=by,
        details={
            "delegate": grant.delegate_id,
            "scopes": {"before": before[0], "after": after[0]},
            "first_day": {"before": before[1], "after": after[1]},
            "last_day": {"before": before[2], "after": after[2]},
        },
    )
    delegate_notices.tell_changed(grant, event)
    return True


@transaction.atomic
def revoke(*, grant: DelegateGrant, by: User, at: datetime) -> bool:
    """End the access at once and tell both. Returns ``False`` when it had been revoked before."""
    grant = _lock(grant.pk)
    if grant.revoked_at is not None:
        return False
    grant.revoked_at, grant.revoked_by = at, by
    grant.save(update_fields=["revoked_at", "revoked_by"])
    event = _record("delegate.revoked", grant, by=by, details={"delegate": grant.delegate_id})
    delegate_notices.tell_revoked(grant, event)
    return True


def _lock(pk: int) -> DelegateGrant:
    locked = DelegateGrant.objects.select_for_update(of=("self",)).select_related("producer", "delegate")
    return locked.get(pk=pk)


def _record(action: str, grant: DelegateGrant, *, by: User, details: dict[str, object]) -> AuditEvent:
    return audit.record(
        action,
        by=by,
        for_producer=grant.producer.npn,
        object_type="delegate_grant",
        object_id=str(grant.pk),
        details=details,
    )
