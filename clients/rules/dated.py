"""Dated rule tables and the calendar arithmetic they share."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class DatedRow(Protocol):
    """A row of a rule table: from when it is in force, and where it was read."""

    @property
    def in_force_from(self) -> date: ...

    @property
    def source(self) -> str: ...


RowT = TypeVar("RowT", bound=DatedRow)


def row_in_force(rows: Iterable[RowT], on: date) -> RowT:
    """Return the latest row in force on ``on`` (its first day included).

    Days before the first row are judged by that first row: old policies are still in the book, and a page
    about one must not fail. Raises ``ValueError`` when there is no row at all.
    """
    by_start = sorted(rows, key=lambda row: row.in_force_from)
    if not by_start:
        raise ValueError("the rule table has no row to choose from")
    begun = [row for row in by_start if row.in_force_from <= on]
    return begun[-1] if begun else by_start[0]


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later (or earlier), or the month's last day where it has no such day."""
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    month = month_index + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def first_of_month(day: date) -> date:
    """Return the first day of the month ``day`` is in."""
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    """Return the last day of the month ``day`` is in."""
    return day.replace(day=monthrange(day.year, day.month)[1])
