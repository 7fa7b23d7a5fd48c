"""The audit trail: one row for every write that matters and every look at a client's data."""

from typing import Any, Protocol

from portal.common.models import AuditEvent
from portal.common.request_context import current


class Actor(Protocol):
    pk: Any

    def get_username(self) -> str: ...


def record(
    action: str,
    *,
    by: Actor | None,
    for_producer: str = "",
    object_type: str = "",
    object_id: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one audit event, in the caller's transaction.

    ``action`` is a dotted fact ("client.viewed"); ``for_producer`` the NPN of the producer on whose book the act
    was done; ``object_id`` a number people use (account number), never a name. ``details`` holds counts, field
    *names* and codes, never values of health or identity data (no SSN, birth date, code, search text).
    """
    request = current()
    return AuditEvent.objects.create(
        action=action,
        actor_id=by.pk if by else None,
        actor_username=by.get_username() if by else "",
        for_producer=for_producer,
        object_type=object_type,
        object_id=object_id,
        details=details or {},
        request_id=request.request_id if request else "",
        ip_address=request.ip_address if request else None,
    )
