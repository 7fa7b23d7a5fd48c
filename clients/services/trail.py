"""Audit rows of what is done under one policy: its producer's book, and the number people quote for the household."""

from typing import Any

from accounts.models import User
from clients.models import Policy
from portal.common import audit


def record(action: str, policy: Policy, *, by: User, **details: Any) -> None:
    """Append one audit event, in the caller's transaction; ``details`` are counts and codes, never values of a person.

    Reads the policy's account and producer where they are not joined yet.
    """
    audit.record(
        action,
        by=by,
        for_producer=policy.producer_number.producer.npn,
        object_type="account",
        object_id=policy.account.audit_id,
        details=details,
    )
