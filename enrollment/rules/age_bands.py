"""Which ages a filed table of rates covers, from the ages it lists. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from enrollment.rules.rating import OLDEST

# As listed: first age, last age, and whether the listing named a single age.
Listed = tuple[int, int, bool]


class BadBands(Exception):
    """The ages listed do not make a table. ``places`` are those of the bands concerned, in the order given."""

    def __init__(self, places: Sequence[int], sentence: str) -> None:
        self.places = tuple(places)
        super().__init__(sentence)


def covered_ages(listed: Sequence[Listed], *, from_birth: bool, to_the_oldest: bool) -> list[tuple[int, int]]:
    """First and last age of each band, both inclusive, in the order of ``listed``.

    A table that names neighbouring single ages (21, 22, 23) goes year by year, as 45 CFR 147.102(d) has it, and must not
    leave a year out. One that names single ages with gaps (0-20, 21, 27, 30, 40 ...) is a shortened one: each age counts
    until the next that is listed, and the last for everybody older. ``from_birth``: it must begin at 0;
    ``to_the_oldest``: it must have no upper end.
    Raises ``BadBands`` for ages named twice or left out.
    """
    order = sorted(range(len(listed)), key=lambda place: listed[place])
    singles = sorted(first for first, _, single in listed if single)
    shortened = len(singles) > 1 and all(after - before > 1 for before, after in pairwise(singles))
    bands = [(first, last) for first, last, _ in listed]
    for place, following in pairwise(order):
        first, last, single = listed[place]
        begins = listed[following][0]
        if begins <= last:
            what = (
                f"age {begins} is listed twice" if begins == first == last else f"ages from {begins} are listed twice"
            )
            raise BadBands([following], what)
        if begins == last + 1:
            continue
        if not (shortened and single):
            missing = f"age {last + 1}" if begins == last + 2 else f"ages {last + 1} to {begins - 1}"
            raise BadBands([following], f"there is no rate for {missing}")
        bands[place] = (first, begins - 1)
    if shortened and listed[order[-1]][2]:
        bands[order[-1]] = (listed[order[-1]][0], OLDEST)
    if from_birth and bands[order[0]][0]:
        raise BadBands([order[0]], f"there is no rate below age {bands[order[0]][0]}")
    if to_the_oldest and bands[order[-1]][1] < OLDEST:
        raise BadBands([order[-1]], f"there is no rate above age {bands[order[-1]][1]}")
    return bands
