"""Which surnames may be meant when one letter was typed wrong (SRC_17).

Two names that differ by one letter - one too many, one missing, another one, two neighbours swapped - have a form in
common when one letter is left out of each. So every surname is stored under its forms, and what was typed is looked up by
its own forms: an index look-up, however many names there are.
"""

from collections.abc import Iterable

# One wrong letter in a name of two could be any name of two.
SHORTEST = 3


def forms(key: str) -> set[str]:
    """The name itself and the name without one of its letters, for each of them. ``key`` is a ``name_key``."""
    return {key} | {key[:place] + key[place + 1 :] for place in range(len(key))}


def one_letter_apart(left: str, right: str) -> bool:
    """Whether one letter added, left out or replaced, or two neighbours swapped, makes one name the other.

    Equal names are not apart.
    """
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    short, long = sorted((left, right), key=len)
    start = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    if len(short) != len(long):
        return short[start:] == long[start + 1 :]
    if short[start + 1 :] == long[start + 1 :]:
        return True
    swapped = long[start : start + 2][::-1] + long[start + 2 :]
    return short[start:] == swapped


def nearest(typed: str, names: Iterable[tuple[str, int]]) -> list[str]:
    """The names one letter away from ``typed``, likeliest first.

    ``names`` are surnames with how often each occurs. People rarely mistype the first letter, so names that begin alike
    come before the others; after that the commoner name.
    """
    close = [(name, count) for name, count in names if one_letter_apart(typed, name)]
    return [name for name, count in sorted(close, key=lambda one: (one[0][:1] != typed[:1], -one[1], one[0]))]
