"""What can be done for one member of a household, as a registry: the apps above ``clients`` put links beside a name.

Unlike ``client_actions`` these stand only where there is a reason for them now: somebody will soon be too old for the
coverage (26) or enter Medicare (65). Which days that are, ``clients`` knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.common.access import Perm


@dataclass(frozen=True, kw_only=True)
class MemberAction:
    """One link, for people who hold ``perm`` on the household's book; ``url`` gets the member's id.

    What is there must look the member up in scope: the address carries nothing else.
    """

    name: str
    label: str
    url: Callable[[int], str]
    perm: Perm
    order: int


@dataclass(frozen=True)
class MemberLink:
    label: str
    url: str


_actions: dict[str, MemberAction] = {}


def register(*actions: MemberAction) -> None:
    for action in actions:
        _actions[action.name] = action


def links_for(user: Any, member_id: int, *, holds: Callable[[Perm], bool]) -> list[MemberLink]:
    """The links for this member, in order; ``holds`` says whether a right is held on the household's book."""
    allowed = (a for a in _actions.values() if user.has_portal_perm(a.perm) and holds(a.perm))
    return [MemberLink(a.label, a.url(member_id)) for a in sorted(allowed, key=lambda a: (a.order, a.label))]
