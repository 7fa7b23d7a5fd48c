"""The unread count in the header of every page (HOM_06)."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from portal.common.notifications.models import Notification

COUNTED_AT_MOST = 100


@dataclass(frozen=True)
class Bell:
    """How many notifications are unread; from 100 on they are not counted further."""

    unread: int

    @property
    def badge(self) -> str:
        """What the badge shows: the count, "99+" from 100 on, nothing for zero."""
        if self.unread >= COUNTED_AT_MOST:
            return f"{COUNTED_AT_MOST - 1}+"
        return str(self.unread) if self.unread else ""

    @property
    def sentence(self) -> str:
        """The same in words, for who does not see the badge."""
        if self.unread >= COUNTED_AT_MOST:
            return f"more than {COUNTED_AT_MOST - 1} unread"
        return f"{self.unread} unread" if self.unread else "none unread"


def bell_of(user: Any) -> Bell:
    """Count a person's unread notifications: one query over at most a hundred entries of a partial index."""
    # order_by(), or the newest hundred would be looked for instead of any.
    return Bell(unread=Notification.objects.for_user(user).unread().order_by()[:COUNTED_AT_MOST].count())


def frame(request: HttpRequest) -> dict[str, Bell | None]:
    """Context for the frame of every page: one query, for whole pages that signed-in people see.

    Fragments (htmx) and the carrier administration have no bell, so nothing is counted for them.
    """
    user: Any = getattr(request, "user", None)
    match = request.resolver_match
    without_frame = "HX-Request" in request.headers or (match is not None and match.app_name == "admin")
    if without_frame or not getattr(user, "is_authenticated", False):
        return {"bell": None}
    return {"bell": bell_of(user)}
