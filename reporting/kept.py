"""Figures of large books, kept for two minutes in the memory of the process that counted them.

A book of some ten numbers is counted whenever it is looked at. That of a large agency, or of the whole carrier, takes too long
for every page somebody leafs through; the page says as of when it was counted, and offers to count again. Only figures
are kept, never a row of a client: the lists behind them are always read anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any, Generic, TypeVar, cast

from django.utils import timezone

from accounts.models import User
from accounts.scoping import producer_number_ids
from portal.common.access import Perm
from portal.common.dates import ZONE_BY_STATE, today_in

# Books of more numbers than these are large.
NUMBERS_AT_ONCE = 60
KEPT_FOR = timedelta(minutes=2)
MOST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Counted = TypeVar("Counted")
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Kept(Generic[Counted]):
    """What was counted, and when; ``large`` when it may be older than the page."""

    value: Counted
    as_of: datetime
    large: bool


_memory: OrderedDict[Key, Kept[Any]] = OrderedDict()
_guard = Lock()


def is_large(user: User) -> bool:
    """Whether the person's books take too long to be counted for every page."""
    return user.role == User.Role.CARRIER_ADMIN or len(producer_number_ids(user)) > NUMBERS_AT_ONCE


def counted(
    name: str,
    user: User,
    count: Callable[[], Counted],
    *,
    now: datetime,
    after: datetime | None = None,
    perms: Collection[Perm] = (Perm.CLIENT_VIEW,),
) -> Kept[Counted]:
    """The figures ``name`` of the person's books: counted now, or for a large book kept since two minutes at most.

    Nothing counted before ``after`` is taken. ``perms`` are those by which rows are counted: two people share what was
    counted only where each of them opens the same books to both.
    """
    if not is_large(user):
        return Kept(count(), now, large=False)
    key = (name, *(_scope(user, perm) for perm in perms), _days(now))
    with _guard:
        found = _memory.get(key)
    if found is not None and now - KEPT_FOR <= found.as_of <= now and (after is None or found.as_of > after):
        return cast("Kept[Counted]", found)
    fresh = Kept(count(), now, large=True)
    with _guard:
        _memory[key] = fresh
        _memory.move_to_end(key)
        while len(_memory) > MOST:
            _memory.popitem(last=False)
    return fresh


def forget() -> None:
    """Keep nothing of what was counted so far."""
    with _guard:
        _memory.clear()


def _scope(user: User, perm: Perm) -> Key:
    if not user.has_portal_perm(perm):
        return (perm, "none")
    if user.role == User.Role.CARRIER_ADMIN:
        return (perm, "all")
    numbers = sorted(producer_number_ids(user, perm=perm))
    return (perm, sha256(",".join(map(str, numbers)).encode()).hexdigest())


def _days(now: datetime) -> Key:
    """The day in every state: at midnight other rows are counted."""
    return tuple(sorted({today_in(state, now=now) for state in ZONE_BY_STATE}))


def read_after(typed: str | None) -> datetime | None:
    """The moment in an address, as ``as_after`` writes it; ``None`` for anything that is none, or lies ahead."""
    if not typed or len(typed) > 17 or not (typed.isascii() and typed.isdigit()):
        return None
    moment = _EPOCH + timedelta(microseconds=int(typed))
    return moment if moment <= timezone.now() else None


def as_after(moment: datetime) -> str:
    """The moment, for an address that asks for figures counted later."""
    return str((moment - _EPOCH) // timedelta(microseconds=1))
