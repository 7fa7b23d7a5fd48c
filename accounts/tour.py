"""The guided tour: what a person is shown of the portal at the first login (ADR 0033).

A step stands for a place that really is there for this person: those whose page somebody may not open are left out, and
delegates are told first for whom they work and what they were given.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.rules.delegate_scopes import labels_of
from portal.common.access import PERMS_BY_SCOPE, Perm

AGAIN = "tour"  # home with ?tour=1 shows the steps to somebody who has had the tour
FEWEST_STEPS = 3  # who may open less than this needs no tour; the page of it is there all the same

# Where a place is on Home; the script rings it. Entries of the bar are found by their address.
ACCOUNT_MENU = ".site-bar details.menu > summary:has(.account-name)"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One place. ``place`` is a CSS selector on Home, or empty: the entry of the navigation bar that leads to ``bar``."""

    code: str
    title: str
    text: str
    link: str
    url_name: str
    perm: Perm
    place: str = ""
    bar: str = ""
    for_delegates: str = ""  # what is added for those who act for somebody else
    roles: frozenset[str] = frozenset(User.Role.values)


@dataclass(frozen=True)
class Shown:
    """A step as a template wants it."""

    code: str
    title: str
    text: str
    link: str
    url: str
    place: str


STEPS = (
    Step(
        code="working-for",
        title="For whom you work",
        text="Everything you do here is done for a producer who has given you access. The line above the page names the "
        "producer; if you work for several, choose there.",
        link="My Information",
        url_name="accounts:my-information",
        perm=Perm.SIGNED_IN,
        place=".working-for",
        roles=frozenset({User.Role.DELEGATE}),
    ),
    Step(
        code="find-a-client",
        title="Find a client",
        text="Find a client, at the top of every page, takes whatever the caller says first: a name, a number, a date of "
        "birth, a phone number. The / key goes there. Client Search combines several.",
        link="Client Search",
        url_name="clients:search",
        perm=Perm.CLIENT_VIEW,
        place=".header-search, [aria-labelledby='home-client-search']",
    ),
    Step(
        code="quote",
        title="Quote & Enroll",
        text="A quote shows every plan of the county with its premium for the household. It becomes a proposal for the "
        "client or an application, and each can be left and taken up again.",
        for_delegates="On-exchange enrollments are completed by the producer.",
        link="Quote & Enroll",
        url_name="enrollment:home",
        perm=Perm.ENROLL,
        bar="enrollment:home",
    ),
    Step(
        code="desk",
        title="Save-the-Policy Desk",
        text="Under Reporting: policies about to be lost, the most urgent first, with whom to call today and until when "
        "each can be saved.",
        link="Save-the-Policy Desk",
        url_name="reporting:desk",
        perm=Perm.REPORT_RUN,
        bar="reporting:index",
    ),
    Step(
        code="reports",
        title="Reports",
        text="Also under Reporting: Create Report lists policies by status, dates and plan, on the screen or as an Excel "
        "file. One you need again can be saved under a name and run by itself.",
        link="Create Report",
        url_name="reporting:new",
        perm=Perm.REPORT_RUN,
        bar="reporting:index",
    ),
    Step(
        code="administration",
        title="Carrier administration",
        text="Under your name: registrations, questions, documents and failed applications that wait for the carrier.",
        link="Carrier administration",
        url_name="admin:index",
        perm=Perm.CARRIER_ADMIN,
        place=ACCOUNT_MENU,
    ),
    Step(
        code="my-information",
        title="My Information",
        text="Under your name: what the carrier has on record for you, how you verify at login, and your remembered "
        "devices. Guided Tour is there too, whenever you want to see this again.",
        link="My Information",
        url_name="accounts:my-information",
        perm=Perm.SIGNED_IN,
        place=ACCOUNT_MENU,
    ),
)


def steps_for(user: User) -> list[Shown]:
    """The places this person may open today, in order."""
    held = user.perms_held
    return [
        Shown(
            code=step.code,
            title=step.title,
            text=_text(step, user),
            link=step.link,
            url=reverse(step.url_name),
            place=step.place or f'.site-nav > ul > li > a[href="{reverse(step.bar)}"]',
        )
        for step in STEPS
        if step.perm in held and user.role in step.roles
    ]


def card(request: HttpRequest) -> dict[str, Any]:
    """What Home shows of the tour: ``steps``, none for whom it is nothing; ``open``: at once, without being asked."""
    user: Any = request.user
    again = request.GET.get(AGAIN) == "1"
    if not again and user.tour != User.Tour.TO_OFFER:
        return {"steps": []}
    steps = steps_for(user)
    return {"steps": steps if again or len(steps) >= FEWEST_STEPS else [], "open": again}


def _text(step: Step, user: User) -> str:
    if user.role != User.Role.DELEGATE:
        return step.text
    return " ".join(
        part for part in (step.text, _rights(user) if step.code == "working-for" else step.for_delegates) if part
    )


def _rights(user: User) -> str:
    """What a delegate may do today, over all producers or for the one chosen in the header."""
    given = [scope.value for scope, perms in PERMS_BY_SCOPE.items() if perms <= user.perms_held]
    if not given:
        return "No producer has given you access for today."
    rights = "; ".join(label[0].lower() + label[1:] for label in labels_of(given))
    return f"You may today: {rights}."
