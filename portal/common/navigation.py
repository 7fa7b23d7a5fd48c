"""The navigation bar as a registry: an app adds its entry when the page behind it exists."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.common.access import Perm


@dataclass(frozen=True)
class Entry:
    """One entry of the bar or of a menu under it; ``order`` sorts, ``under`` names the parent's label."""

    label: str
    url_name: str
    perm: Perm
    order: int
    icon: str = ""
    under: str = ""
    prefix: str = ""  # addresses that count as "here"; the entry's own address when empty


@dataclass(frozen=True)
class Item:
    """An entry as a template wants it."""

    label: str
    url: str
    icon: str
    current: bool
    children: list["Item"] = field(default_factory=list)


_entries: dict[tuple[str, str], Entry] = {}


def register(*entries: Entry) -> None:
    for entry in entries:
        _entries[entry.under, entry.label] = entry


def items_for(request: HttpRequest) -> list[Item]:
    """The bar for this person: only entries whose page they may open."""
    user: Any = request.user
    allowed = sorted((e for e in _entries.values() if user.has_portal_perm(e.perm)), key=lambda e: (e.order, e.label))
    tops = _items((e for e in allowed if not e.under), request.path)
    return [replace(top, children=_items((e for e in allowed if e.under == top.label), request.path)) for top in tops]


def _items(entries: Iterable[Entry], path: str) -> list[Item]:
    found = []
    for entry in entries:
        url = reverse(entry.url_name)
        here = path.startswith(entry.prefix) if entry.prefix else path == url
        found.append(Item(label=entry.label, url=url, icon=entry.icon, current=here))
    return found
