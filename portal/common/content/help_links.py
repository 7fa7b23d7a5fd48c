"""Other ways to get help, on Contact Us for signed-in people: an app adds its own when the page behind it exists."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from portal.common.access import Perm


@dataclass(frozen=True)
class HelpLink:
    """A page for people who hold ``perm``; ``text`` says in one sentence when to use it."""

    label: str
    text: str
    url_name: str
    perm: Perm
    order: int


@dataclass(frozen=True)
class Shown:
    """A link as a template wants it."""

    label: str
    text: str
    url: str


_links: dict[str, HelpLink] = {}


def register(*links: HelpLink) -> None:
    for link in links:
        _links[link.label] = link


def links_for(user: Any) -> list[Shown]:
    """The ways this person may use, in order; none for strangers."""
    if not user.is_authenticated:
        return []
    allowed = sorted((link for link in _links.values() if user.has_portal_perm(link.perm)), key=lambda one: one.order)
    return [Shown(link.label, link.text, reverse(link.url_name)) for link in allowed]
