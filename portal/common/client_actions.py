"""What can be done for a client, as a registry: the apps above ``clients`` put their links on the client's page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.common.access import Perm


@dataclass(frozen=True, kw_only=True)
class ClientAction:
    """One link at the top of a client's page, for people who hold ``perm``; ``url`` gets the account number."""

    label: str
    url: Callable[[str], str]
    perm: Perm
    order: int


@dataclass(frozen=True)
class ClientLink:
    label: str
    url: str


_actions: dict[str, ClientAction] = {}


def register(*actions: ClientAction) -> None:
    for action in actions:
        _actions[action.label] = action


def links_for(user: Any, account_number: str) -> list[ClientLink]:
    """The links this person may follow, in order; none for a household that has no account number yet."""
    if not account_number:
        return []
    shown = sorted((action for action in _actions.values() if user.has_portal_perm(action.perm)), key=lambda a: a.order)
    return [ClientLink(label=action.label, url=action.url(account_number)) for action in shown]
