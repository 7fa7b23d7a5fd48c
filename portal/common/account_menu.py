"""The account menu at top right as a registry: an app adds its entry when the page behind it exists (PRF_01)."""

from dataclasses import dataclass
from typing import Any

from portal.common.access import Perm
from portal.common.addresses import address_without_number


@dataclass(frozen=True)
class Entry:
    """One entry for people who hold ``perm``; ``order`` sorts. ``method`` is "post" for what changes something."""

    label: str
    url_name: str
    perm: Perm
    order: int
    method: str = "get"


@dataclass(frozen=True)
class Item:
    """An entry as a template wants it."""

    label: str
    url: str
    method: str


_entries: dict[str, Entry] = {}


def register(*entries: Entry) -> None:
    for entry in entries:
        _entries[entry.label] = entry


def items_for(user: Any) -> list[Item]:
    """The menu for this person: only entries whose page they may open."""
    allowed = sorted((e for e in _entries.values() if user.has_portal_perm(e.perm)), key=lambda e: (e.order, e.label))
    return [
        Item(label=entry.label, url=address_without_number(entry.url_name), method=entry.method) for entry in allowed
    ]
