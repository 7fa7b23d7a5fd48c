"""Timings of one text as a vector: hold of each key, down-down of each pair, in log milliseconds; and their classes.

A sentence nobody has typed before has no statistics of its own. What carries over from other texts is how much people differ
in classes of timings, so every place of the vector belongs to a class.
"""

import hashlib
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.samples import Floats, Timed

SHORTEST_HOLD_MS = 15.0
SHORTEST_DOWN_DOWN_MS = 20.0


class Kind(IntEnum):
    """Classes of timings: holds and down-downs, each of plain keys or with an awkward one in it."""

    HOLD_PLAIN = 0
    HOLD_AWKWARD = 1
    DOWN_DOWN_PLAIN = 2
    DOWN_DOWN_AWKWARD = 3


PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz") | {"space", "period", "comma", ".", ","}


def kinds_of(keys: Sequence[str]) -> NDArray[np.int64]:
    """The class of each place of the vector of a text with these keys; first the holds, then the down-downs."""
    plain = [key in PLAIN for key in keys]
    holds = [Kind.HOLD_PLAIN if is_plain else Kind.HOLD_AWKWARD for is_plain in plain]
    pairs = zip(plain, plain[1:], strict=False)
    downs = [Kind.DOWN_DOWN_PLAIN if first and second else Kind.DOWN_DOWN_AWKWARD for first, second in pairs]
    return np.array([*holds, *downs], dtype=np.int64)


def vector(sample: Timed) -> Floats:
    """Log milliseconds of one sample, `2n - 1` values for n keys; NaN for intervals that a correction lies in."""
    hold = np.log(np.maximum(sample.release - sample.press, SHORTEST_HOLD_MS))
    down_down = np.log(np.maximum(np.diff(sample.press), SHORTEST_DOWN_DOWN_MS))
    clean = getattr(sample, "clean", None)
    if clean is not None:
        down_down[~clean[1:]] = np.nan
    return np.concatenate([hold, down_down])


def text_tag(keys: Sequence[str]) -> bytes:
    """Eight bytes that tell one text from another without spelling it."""
    return hashlib.sha256("\0".join(keys).encode()).digest()[:8]
