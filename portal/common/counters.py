"""Figures about a producer's book as a registry: accounts shows them beside each producer, the apps above count them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BookFigure:
    """One figure about one producer's book: ``own`` business alone, and the whole downline's with it."""

    label: str
    own: int
    with_downline: int


CountBooks = Callable[[Any, Sequence[int]], dict[int, list[BookFigure]]]


@dataclass(frozen=True)
class Counter:
    """Counts for every producer id it is given, in a number of queries that does not depend on how many there are.

    ``count(user, producer_ids)`` counts only rows the user may open, and answers for each of the ids.
    """

    name: str
    order: int
    count: CountBooks


_counters: dict[str, Counter] = {}


def register(counter: Counter) -> None:
    _counters[counter.name] = counter


def figures_of(user: Any, producer_ids: Sequence[int]) -> dict[int, list[BookFigure]]:
    """The figures of every producer asked about, in the order of the registry."""
    figures: dict[int, list[BookFigure]] = {producer_id: [] for producer_id in producer_ids}
    for counter in sorted(_counters.values(), key=lambda counter: counter.order):
        counted = counter.count(user, producer_ids)
        for producer_id in figures:
            figures[producer_id] += counted[producer_id]
    return figures
