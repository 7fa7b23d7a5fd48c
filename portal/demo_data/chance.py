"""Seeded choices. Nothing here guards anything, so the fast generator of the standard library will do."""

import csv
import random
from bisect import bisect
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")
TABLES = Path(__file__).with_name("tables")


def seeded(*parts: object) -> Random:
    """Return a generator that depends on ``parts`` alone, so that one book never disturbs another."""
    return random.Random(":".join(map(str, parts)))  # noqa: S311 - demo data, the same each time


class Weighted(Generic[T]):
    """Things to choose from, each with a weight."""

    def __init__(self, pairs: Iterable[tuple[T, float]]) -> None:
        things = list(pairs)
        self.things = [thing for thing, _ in things]
        self._bounds = list(accumulate(weight for _, weight in things))
        self._total = self._bounds[-1]
        self._last = len(things) - 1

    def pick(self, rng: Random) -> T:
        return self.things[min(bisect(self._bounds, rng.random() * self._total), self._last)]


def table(name: str) -> Iterator[dict[str, str]]:
    """Rows of a shipped table of that file name, by column."""
    with (TABLES / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def words(name: str) -> tuple[str, ...]:
    """Lines of a shipped list of that file name."""
    return tuple((TABLES / name).read_text(encoding="utf-8").split("\n"))[:-1]
