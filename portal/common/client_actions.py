"""What can be done for a client, as a registry: the apps put their actions on the client's page (DET_03, DET_04).

Every action says where it is done and, when it cannot be done now for this client by this person, why not. The page
lists all of them, the impossible ones with their reasons; the dispatcher behind GO asks again before it sends anybody
on, and the page it leads to asks once more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from portal.common.access import Perm

NOT_YOURS = "Your account does not include this function."
NOT_YOURS_HERE = "Your account does not include this function for this client."


@dataclass(frozen=True, kw_only=True)
class ClientInHand:
    """The client an action is about, as far as the person may see it.

    ``policies`` are rows of the person's books: all that may be seen on the page; when an action is asked why it is
    not possible, only those on which the person holds the action's right. One of the two numbers may be empty. ``page``
    is the address of the client's page, ``today`` the civil day where the household lives.
    """

    account: Any
    account_number: str
    eapp_number: str
    policies: Sequence[Any]
    page: str
    today: date
    now: datetime

    @property
    def number(self) -> str:
        """The number that people quote for the client."""
        return self.account_number or self.eapp_number


def known_numbers(client: ClientInHand) -> dict[str, str]:
    """What an address says of the client, for forms that fill themselves in: ``account``, or ``eapp`` before there is one."""
    return {"account": client.account_number} if client.account_number else {"eapp": client.eapp_number}


def _always(_client: ClientInHand) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class ClientAction:
    """One thing to do for a client. ``code`` stands in addresses; ``url`` says where it is done.

    ``why_not`` answers why it is not possible now, in a sentence fit to show, or nothing; it must not query.
    ``also_button`` puts it beside the drop-down too, for those who can do it.
    """

    code: str
    label: str
    url: Callable[[ClientInHand], str]
    perm: Perm
    order: int
    why_not: Callable[[ClientInHand], str] = _always
    also_button: bool = False


@dataclass(frozen=True)
class Choice:
    """An action as the page lists it; ``reason`` says why it is not possible and is empty when it is."""

    code: str
    label: str
    reason: str
    url: str = ""
    also_button: bool = False


_actions: dict[str, ClientAction] = {}

# Which of the client's policies a person may do something with under a right.
PoliciesUnder = Callable[[Perm], Sequence[Any]]


def register(*actions: ClientAction) -> None:
    for action in actions:
        _actions[action.code] = action


def choices_for(user: Any, client: ClientInHand, *, policies_under: PoliciesUnder) -> list[Choice]:
    """Every action in its order, with its address, or with the reason why this person cannot do it now."""
    return [
        _choice(user, action, client, policies_under)
        for action in sorted(_actions.values(), key=lambda action: (action.order, action.label))
    ]


def _choice(user: Any, action: ClientAction, client: ClientInHand, policies_under: PoliciesUnder) -> Choice:
    reason, url = "", ""
    if not user.has_portal_perm(action.perm):
        reason = NOT_YOURS
    elif policies := policies_under(action.perm):
        client = replace(client, policies=policies)
        reason = action.why_not(client)
        url = "" if reason else action.url(client)
    else:
        reason = NOT_YOURS_HERE
    return Choice(action.code, action.label, reason, url, action.also_button)
