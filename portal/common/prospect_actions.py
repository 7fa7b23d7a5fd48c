"""What can follow the saving of a prospect, as a registry: the apps above ``clients`` put their buttons beside Save Prospect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.common.access import Perm


@dataclass(frozen=True, kw_only=True)
class ProspectAction:
    """One button of the prospect's form, for people who hold ``perm``.

    ``name`` is what the button sends; ``url`` gets the id of the prospect that was saved and says where to go on. What is
    there must look the prospect up in scope: the address carries nothing else.
    """

    name: str
    label: str
    url: Callable[[int], str]
    perm: Perm
    order: int


_actions: dict[str, ProspectAction] = {}


def register(*actions: ProspectAction) -> None:
    for action in actions:
        _actions[action.name] = action


def unregister(name: str) -> None:
    """Take a button away again."""
    _actions.pop(name, None)


def offered_to(user: Any) -> list[ProspectAction]:
    """The actions this person may choose, in order."""
    return sorted((action for action in _actions.values() if user.has_portal_perm(action.perm)), key=lambda a: a.order)


def url_after_saving(user: Any, name: str, prospect_id: int) -> str:
    """Where the pressed button leads; empty for no such button and for one this person may not press."""
    return next((action.url(prospect_id) for action in offered_to(user) if action.name == name), "")
