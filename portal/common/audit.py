"""The audit trail: one row for every write that matters and every look at a client's data."""

from typing import Any, Protocol

from portal.common.access import Perm
from portal.common.models import AuditEvent
from portal.common.request_context import RequestFacts, current


class Actor(Protocol):
    pk: Any

    def get_username(self) -> str: ...

    def npn_worked_for(self, perm: Perm | None) -> str:
        """National producer number of the one producer a delegate uses ``perm`` for; empty for several or none.

        ``None`` is any right: for what is done for a producer on a page that asks for being signed in only.
        """


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
    was done: the row's producer. Without a row, as in a search, it is the one the delegate works for at the moment.
    ``object_id`` is a number people use (account number), never a name. ``details`` holds counts, field *names* and
    codes, never values of health or identity data (no SSN, birth date, code, search text).
    """
    request = current()
    return AuditEvent.objects.create(
        action=action,
        actor_id=by.pk if by else None,
        actor_username=by.get_username() if by else "",
        for_producer=for_producer or _worked_for(by, request),
        object_type=object_type,
        object_id=object_id,
        details=details or {},
        request_id=request.request_id if request else "",
        ip_address=request.ip_address if request else None,
    )


def _worked_for(by: Actor | None, request: RequestFacts | None) -> str:
    """Every act of a delegate is stored as "delegate X for producer Y" (HOM_14), unless it is about the delegate alone.

    What the view asks for tells the two apart: pages about oneself ask for being signed in, all others for a right
    that some producer has granted.
    """
    if by is None or request is None or not request.perm:
        return ""
    return by.npn_worked_for(Perm(request.perm))
