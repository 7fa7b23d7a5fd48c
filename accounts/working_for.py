"""For whom a delegate of several producers works at the moment: chosen in the header, kept with the session (HOM_14)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts.http import AuthenticatedHttpRequest
from accounts.models import DelegateGrant, User
from accounts.scoping import narrowed

SESSION_KEY = "working_for"
ALL_MY_PRODUCERS = "All my producers"


class WorkingForMiddleware:
    """Bind the choice to the user of each request.

    Nothing is read until somebody asks who the user is. Whether the choice still counts is decided by the grants in
    force (``accounts.scoping``), so a revoked one is worth nothing with the very next request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        def person() -> Any:
            user: Any = get_user(request)
            if user.is_authenticated and user.role == User.Role.DELEGATE:
                user.work_for(request.session.get(SESSION_KEY))
            return user

        request.user = cast(Any, SimpleLazyObject(person))
        return self.get_response(request)


def choose(request: AuthenticatedHttpRequest, grant: DelegateGrant | None) -> None:
    """Work for the producer of this grant from now on; ``None`` for all producers."""
    producer_id = grant.producer_id if grant else None
    request.session[SESSION_KEY] = producer_id
    request.user.work_for(producer_id)


@dataclass(frozen=True)
class Choice:
    """One line of the header's list; ``npn`` is empty for all producers."""

    npn: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class HeaderChoice:
    """What the header says to a delegate: for whom, and, with several producers, the list to choose from."""

    for_whom: str
    choices: list[Choice]


def header(request: HttpRequest) -> dict[str, HeaderChoice | None]:
    """Context for the frame of every page. Makes no query once the person's rights are known."""
    user: Any = getattr(request, "user", None)
    is_delegate = bool(user and user.is_authenticated and user.role == User.Role.DELEGATE)
    return {"working_for": _choice_of(user) if is_delegate else None}


def _choice_of(user: User) -> HeaderChoice:
    grants = user.grants_in_force
    now = narrowed(grants, user.working_for_id)
    if len(grants) < 2:
        return HeaderChoice(for_whom=grants[0].producer.name if grants else "", choices=[])
    chosen = now[0].producer if len(now) == 1 else None
    return HeaderChoice(
        for_whom=chosen.name if chosen else ALL_MY_PRODUCERS,
        choices=[
            Choice(npn="", label=ALL_MY_PRODUCERS, chosen=chosen is None),
            *(Choice(npn=g.producer.npn, label=g.producer.name, chosen=g.producer == chosen) for g in grants),
        ],
    )
