"""Answers of an application that are read once for a page.

A page of the wizard draws its step and asks of every step what is missing, so the same household and plans are wanted some
dozen times. While a page is drawn everything is kept already, and nothing of it changes.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

Found = TypeVar("Found")
_read: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers read", default=None)


@contextmanager
def answers_read_once() -> Iterator[None]:
    """Within this block, or the function it decorates, ``read_once`` remembers. Nothing may be written in it."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def read_once(key: Hashable, read: Callable[[], Found]) -> Found:
    """What ``read`` finds: remembered by ``key`` where answers are read once, else read anew."""
    known = _read.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    return cast("Found", known[key])
