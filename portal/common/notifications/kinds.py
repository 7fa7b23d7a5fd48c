"""What the portal can tell people, as a registry: each app adds its kinds in its ``registrations`` (HOM_06..08)."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from portal.common.access import Perm
from portal.common.notifications.models import NotificationPreference


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of notice.

    ``group`` is the heading it stands under among the preferences. ``perm`` and ``roles`` say who is ever told: people
    who hold ``perm``, have one of ``roles`` (any role when empty) and, for work of the carrier's staff, the permission
    ``staff_permission`` of the administration. A ``mandatory`` kind always appears in the
    portal. ``email_note`` says why no email can be chosen, for kinds whose email is sent in any case by somebody else.
    """

    code: str
    label: str
    group: str
    description: str
    default_email: NotificationPreference.Email
    perm: Perm = Perm.SIGNED_IN
    roles: frozenset[str] = frozenset()
    staff_permission: str = ""
    mandatory: bool = False
    email_note: str = ""

    def concerns(self, user: Any) -> bool:
        """Is this person ever told this, with the role and the rights of today?"""
        if self.staff_permission and not user.has_perm(self.staff_permission):
            return False
        return bool(user.has_portal_perm(self.perm)) and (not self.roles or user.role in self.roles)


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds. Raises ``ValueError`` for a code that another kind has, or one that offers an email it cannot send."""
    for kind in kinds:
        if _kinds.get(kind.code, kind) != kind:
            raise ValueError(f"Two kinds of notifications are called {kind.code}.")
        if kind.email_note and kind.default_email != NotificationPreference.Email.OFF:
            raise ValueError(f"{kind.code} says that no email can be chosen, but sends one by default.")
        _kinds[kind.code] = kind


def get(code: str) -> Kind:
    """The kind with this code. Raises ``ValueError`` when no app registered it."""
    if code not in _kinds:
        raise ValueError(f"No kind of notifications is called {code}.")
    return _kinds[code]


def label_of(code: str) -> str:
    """What people call the kind; the code itself for one that no app registers any more."""
    return _kinds[code].label if code in _kinds else code


def groups_for(user: Any) -> list[tuple[str, list[Kind]]]:
    """The kinds this person can get, by group; groups in the order of their names, kinds as they were registered."""
    mine = sorted((kind for kind in _kinds.values() if kind.concerns(user)), key=lambda kind: kind.group)
    return [(group, list(kinds)) for group, kinds in groupby(mine, key=lambda kind: kind.group)]
