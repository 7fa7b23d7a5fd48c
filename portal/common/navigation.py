"""The navigation bar as a registry: an app adds its entry when the page behind it exists."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest

from portal.common.access import Perm
from portal.common.addresses import address_without_number


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
    current: bool  # one stands on its page or on one under it
    here: bool = False  # one stands on its very page
    children: list["Item"] = field(default_factory=list)


_entries: dict[tuple[str, str], Entry] = {}


def register(*entries: Entry) -> None:
    for entry in entries:
        _entries[entry.under, entry.label] = entry


def items_for(request: HttpRequest) -> list[Item]:
    """The bar for this person: only entries whose page they may open."""
    user: Any = request.user
    allowed = sorted((e for e in _entries.values() if user.has_portal_perm(e.perm)), key=lambda e: (e.order, e.label))
    tops = [
        replace(top, children=_items((e for e in allowed if e.under == top.label), request.path))
        for top in _items((e for e in allowed if not e.under), request.path)
    ]
    if any(top.current for top in tops):
        return tops
    # Where no entry's own address fits, one stands under the entry whose menu leads here: Training is under Resources.
    return [replace(top, current=any(child.current for child in top.children)) for top in tops]


def _items(entries: Iterable[Entry], path: str) -> list[Item]:
    """Items of one level. Of several whose addresses fit, the longest address is where one stands."""
    found = [(entry, address_without_number(entry.url_name)) for entry in entries]
    fits = [_fits(entry, url, path) for entry, url in found]
    best = max(fits, default=0)
    return [
        Item(label=entry.label, url=url, icon=entry.icon, current=0 < length == best, here=path == url)
        for (entry, url), length in zip(found, fits, strict=True)
    ]


def _fits(entry: Entry, url: str, path: str) -> int:
    """How much of ``path`` is the entry's own: the length of its address, 0 when one is elsewhere."""
    if entry.prefix and path.startswith(entry.prefix):
        return len(entry.prefix)
    return len(url) if path == url else 0
