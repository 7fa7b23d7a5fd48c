"""Tests of many cases, of which the everyday run takes some: ``@pytest.mark.sampled(cases)``.

For tables that are wide and not deep: whatever breaks one line breaks most of them. The first and the last case are
taken and others between them, at equal distances, so that a table that is sorted by subject is seen in every part.
"""

from collections import defaultdict

import pytest


def spread(wanted: int, there: int) -> set[int]:
    """Places of ``wanted`` out of ``there`` things, the first and the last among them."""
    if wanted >= there:
        return set(range(there))
    return {round(place * (there - 1) / max(1, wanted - 1)) for place in range(wanted)}


def leave_to_the_long_run(items: list[pytest.Item]) -> None:
    """Mark as ``long`` the cases that are not taken; in which order they were collected does not matter."""
    cases = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled") and hasattr(item, "callspec") and not item.get_closest_marker("drill"):
            cases[item.parent, item.originalname].append(item)
    for of_one_test in cases.values():
        of_one_test.sort(key=lambda item: tuple(item.callspec.indices.values()))
        taken = spread(of_one_test[0].get_closest_marker("sampled").args[0], len(of_one_test))
        for place, item in enumerate(of_one_test):
            if place not in taken:
                item.add_marker(pytest.mark.long)
