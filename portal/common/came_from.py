"""The way back from a record to the very list it was opened from (DET_02).

Two lists may be open in two tabs, so the session cannot know the way: the link to the record carries the list's name,
the id of its result and how it was looked at, and nothing else. What was searched for stays with the session under
that id (``portal.common.criteria``), so such an address names nobody and opens nothing for anybody else.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from portal.common import criteria

LIST, RESULT = "from", "r"
HOW_IT_WAS_LOOKED_AT = ("page", "size", "sort", "col")
LONGEST, MOST = 40, 40


@dataclass(frozen=True, kw_only=True)
class ResultList:
    """A list whose rows lead elsewhere; ``label`` is what the link back to it says."""

    name: str
    url_name: str
    label: str


@dataclass(frozen=True)
class WayBack:
    url: str
    label: str


_lists: dict[str, ResultList] = {}


def register(*lists: ResultList) -> None:
    for one in lists:
        _lists[one.name] = one


def query(name: str, list_url: str) -> str:
    """What a link to a record carries when it stands in the list ``name``, shown at ``list_url`` (path and query)."""
    how = list_url.partition("?")[2]
    return f"{LIST}={name}&{how}" if how else f"{LIST}={name}"


def with_query(url: str, carried: str) -> str:
    """``url`` with what it is to carry; an empty address, and one that leads elsewhere (a phone number), stays as it is."""
    return f"{url}{'&' if '?' in url else '?'}{carried}" if carried and url.startswith("/") else url


def carried(request: HttpRequest) -> list[tuple[str, str]]:
    """What the address of this page carries of a list, to be carried on; empty when it came from none."""
    if request.GET.get(LIST) not in _lists or not request.GET.get(RESULT):
        return []
    pairs = [(name, value) for name in (LIST, RESULT, *HOW_IT_WAS_LOOKED_AT) for value in request.GET.getlist(name)]
    return [(name, value) for name, value in pairs if len(value) <= LONGEST][:MOST]


def way_back(request: HttpRequest) -> WayBack | None:
    """The list this page was opened from; ``None`` without one, and when its result is no longer kept here."""
    pairs = carried(request)
    kept = dict(pairs)
    if not pairs or criteria.recall(request, kept.get(RESULT, "")) is None:
        return None
    found = _lists[kept[LIST]]
    how = urlencode([pair for pair in pairs if pair[0] != LIST])
    return WayBack(url=f"{reverse(found.url_name)}?{how}", label=found.label)
