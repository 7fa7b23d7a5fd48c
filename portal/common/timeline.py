"""What happened in a household and what is coming up, as a registry: each app tells its own part.

An entry holds finished words for the person who looks: a source reads only rows of that person's books, with that
person's rights, and puts nothing into the words that the person could not open elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import Exists, QuerySet
from django.utils import timezone

from portal.common.access import Perm
from portal.common.dates import as_text, moment_as_text

# How many rows a source may read, and how many entries stand open on the page.
ROWS_AT_MOST = 50
SHOWN_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened, or will. ``at`` is a calendar day, inclusive, or a moment with its zone.

    ``kind`` is one word for what it is about ("Policy"); ``about`` names the policies concerned; ``url`` leads to the
    record, empty where there is nothing to open.
    """

    at: date | datetime
    kind: str
    title: str
    text: str = ""
    url: str = ""
    about: tuple[str, ...] = ()
    icon: str = "info-circle"

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date() if isinstance(self.at, datetime) else self.at

    @property
    def when(self) -> str:
        """MM/DD/YYYY, and the time where one is known."""
        return moment_as_text(self.at) if isinstance(self.at, datetime) else as_text(self.at)


@dataclass(frozen=True, kw_only=True)
class Household:
    """Whose timeline it is. ``account`` is the row of the household; ``today`` the civil day where it lives."""

    account: Any
    today: date


ReadEntries = Callable[[Any, Household], Sequence[Entry]]
Traces = Callable[[Any], Sequence[QuerySet[Any]]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One app's part of the timeline, for people who hold ``perm``.

    ``entries(user, household)`` reads at most ``ROWS_AT_MOST`` of the newest rows in one query, all in the user's
    books. Of entries at one moment those of the source with the lower ``order`` happened first.

    ``traces(account)`` are queries one of which finds a row wherever ``entries`` has something to tell anybody; ``None``: it is
    always read. One query looks for the traces of all sources, and those without are not read: most households have no
    application, payment, document or question.
    """

    name: str
    perm: Perm
    order: int
    entries: ReadEntries
    traces: Traces | None = None


@dataclass(frozen=True)
class Timeline:
    """Finished for the page: what comes up, soonest first; what happened, newest first, the older part folded."""

    coming_up: list[Entry] = field(default_factory=list)
    latest: list[Entry] = field(default_factory=list)
    earlier: list[Entry] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.coming_up or self.latest)


_sources: dict[str, Source] = {}


def register(*sources: Source) -> None:
    for source in sources:
        _sources[source.name] = source


def timeline_of(user: Any, household: Household) -> Timeline:
    """Everything this person may know about the household, from all sources. A day after ``today`` is coming up."""
    asked = sorted((s for s in _sources.values() if user.has_portal_perm(s.perm)), key=lambda source: source.order)
    told = _with_traces(asked, household.account)
    ordered = sorted((entry for source in told for entry in source.entries(user, household)), key=_moment)
    coming = [entry for entry in ordered if entry.day > household.today]
    past = [entry for entry in reversed(ordered) if entry.day <= household.today]
    return Timeline(coming_up=coming, latest=past[:SHOWN_AT_ONCE], earlier=past[SHOWN_AT_ONCE:])


def _with_traces(sources: Sequence[Source], account: Any) -> list[Source]:
    looked_for = [(source, rows) for source in sources if source.traces for rows in source.traces(account)]
    if not looked_for:
        return list(sources)
    row = type(account).objects.filter(pk=account.pk).values_list(*(Exists(rows) for _source, rows in looked_for))
    there = row.first() or [False] * len(looked_for)
    found = {source.name for (source, _rows), is_there in zip(looked_for, there, strict=True) if is_there}
    return [source for source in sources if not source.traces or source.name in found]


def _moment(entry: Entry) -> tuple[date, time]:
    """Things of a day without a time stand before those with one."""
    at = entry.at
    return entry.day, timezone.localtime(at).time() if isinstance(at, datetime) else time.min
