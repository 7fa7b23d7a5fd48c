"""Changes on their way to the member system: written with the change itself, delivered later (CON_03, ADR 0014)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from clients.models import Member, MemberChange, Policy


@transaction.atomic
def queue(
    *,
    kind: MemberChange.Kind,
    policy: Policy,
    member: Member,
    payload: dict[str, Any],
    reference: str,
    by: User,
    now: datetime,
) -> MemberChange:
    """Owe the member system one change of ``member``, in the caller's transaction.

    ``member`` is the one the change is about; for a whole policy its primary insured. ``reference`` names the act (the
    key of the form that was sent, the id of the row that was made): the same kind, member and reference again return
    the row that exists. It is not sent before ``settings.SYNC_DELAY`` is over. ``payload`` never holds an SSN; its form is said in ``clients.membersystem.payloads``.
    """
    change, _created = MemberChange.objects.get_or_create(
        idempotency_key=f"{kind}:{member.member_id}:{reference}",
        defaults={
            "kind": kind,
            "account_id": policy.account_id,
            "member": member,
            "policy": policy,
            "payload": payload,
            "not_before": now + settings.SYNC_DELAY,
            "created_by": by,
        },
    )
    return change
