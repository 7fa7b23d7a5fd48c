"""Whether a person sat there and typed: replays, rhythms no hand makes, the rhythm of everybody, clocks too coarse (LOG_12).

Every finding has a code for the log and says whether it counts as a failure or only leads to another method.
Distances are root mean squares of differences of log milliseconds: 0.1 is about ten percent. Limits and what they cost genuine
typists: ADR 0027.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.features import vector
from accounts.typing_pattern.samples import Floats, Timed, UnusableLine

COARSEST_CLOCK_MS = 33.4
SKETCH_NUMBERS = 48
SKETCH_UNIT = 0.005  # of a log millisecond
NEAR_ONE = 0.06  # one typing this near to a kept one
NEAR_ALL = 0.125  # all typings of an attempt on average this near to the same kept one
NEAR_EACH_OTHER = 0.055
LEAST_VARIATION = 0.06  # of down-downs between the typings of an attempt, standard deviation of logs
LEAST_HOLD_VARIATION = 0.03
LEAST_HOLD_MS = 8.0
MOST_HOLDS_OF_ZERO = 0.2  # some keyboards report a few keys as pressed and let go of at once
SHORTEST_LINE_MS_PER_KEY = 25.0
LONGEST_ABOVE_WALL_CLOCK_MS = 1_500.0
MEDIAN_RHYTHM = 0.45  # mean distance from the population's average in its own standard deviations
EVEN_NOISE = 1.35  # down-downs no more than this times as uneven as holds, together with the average rhythm
# How three typings of one person differ, over people of the CMU data: logs of the standard deviations of holds and down-downs,
# and of mean absolute by standard deviation for both. Copies of one typing with random changes have other figures: holds and
# down-downs change alike, by a normal share.
HUMAN_SPREAD = np.array([-1.866, -1.319, -0.496, -0.530])
HUMAN_COVARIANCE = np.array(
    [
        [0.1212, 0.0461, -0.0286, 0.0013],
        [0.0461, 0.2053, -0.0019, -0.0126],
        [-0.0286, -0.0019, 0.0156, 0.0007],
        [0.0013, -0.0126, 0.0007, 0.0118],
    ]
)
HUMAN_PRECISION = np.linalg.inv(HUMAN_COVARIANCE)
FORGED_SHARES = np.log(np.geomspace(0.05, 0.3, 10))
NORMAL_SHAPE = float(np.log(np.sqrt(2 / np.pi)))
SHAPE_VARIANCE = 0.0045
COPYING_WEIGHT = 1.0
MOST_COPYING_EVIDENCE = 10.0


class Finding(StrEnum):
    """What speaks against an attempt; the code goes to the log."""

    EXACT_REPLAY = "EXACT_REPLAY"
    NEAR_REPLAY = "NEAR_REPLAY"
    COPIES_WITHIN = "COPIES_WITHIN"
    TOO_REGULAR = "TOO_REGULAR"
    IMPOSSIBLE = "IMPOSSIBLE"
    POPULATION_RHYTHM = "POPULATION_RHYTHM"
    SCRIPTED = "SCRIPTED"
    LONGER_THAN_ELAPSED = "LONGER_THAN_ELAPSED"
    COARSE_CLOCK = "COARSE_CLOCK"


WORDS = {
    Finding.COARSE_CLOCK: "This browser does not tell when keys are pressed precisely enough. "
    "Choose another way to verify.",
}
REFUSED = "This typing could not be verified. Try again, or choose another way to verify."


def message(finding: Finding) -> str:
    """A sentence fit to show; what gave a forgery away is not told."""
    return WORDS.get(finding, REFUSED)


def counts_as_failure(finding: Finding) -> bool:
    """Whether an attempt with this finding counts towards the limit of failures; a coarse clock is nobody's fault."""
    return finding is not Finding.COARSE_CLOCK


def needs_another_method(finding: Finding) -> bool:
    """Whether trying again on this device cannot help."""
    return finding is Finding.COARSE_CLOCK


@dataclass(frozen=True)
class Sketcher:
    """Keeps of a typing 48 keyed random sums, from which distances between typings can be estimated but not the typing read.

    The signs of the sums come from the key and the number of places, so that sketches under another key match nothing.
    A sentence of forty keys has 79 timings: 48 sums do not determine them even for who has the key.
    """

    key: bytes

    def sketch(self, samples: Sequence[Timed]) -> NDArray[np.int16]:
        """One row a sample; intervals that a correction lies in count as their average."""
        rows = np.stack([vector(sample) for sample in samples])
        if np.isnan(rows).any():
            holes = np.isnan(rows)
            rows = np.where(holes, np.broadcast_to(np.nanmean(rows, axis=1, keepdims=True), rows.shape), rows)
        signs = _signs(self.key, rows.shape[1])
        # Signs of unit length: the mean square of a difference of sketches is the sum of squares of the timings' differences.
        return np.clip(np.round(rows @ signs / SKETCH_UNIT / np.sqrt(rows.shape[1])), -32767, 32767).astype(np.int16)

    def distances(self, samples: NDArray[np.int16], kept: NDArray[np.int16]) -> Floats:
        """Estimated distance of each sample (rows) from each kept one (columns); within about ten percent."""
        differences = samples[:, None, :].astype(float) - kept[None, :, :]
        return np.asarray(np.sqrt((differences**2).mean(-1)) * SKETCH_UNIT)


_remembered_signs: dict[tuple[bytes, int], Floats] = {}


def _signs(key: bytes, places: int) -> Floats:
    found = _remembered_signs.get((key, places))
    if found is None:
        needed = (places * SKETCH_NUMBERS + 7) // 8
        blocks = [
            hmac.digest(key, f"typing sketch {places} {block}".encode(), "sha256") for block in range(needed // 32 + 1)
        ]
        bits = np.unpackbits(np.frombuffer(b"".join(blocks), dtype=np.uint8))[: places * SKETCH_NUMBERS]
        found = bits.reshape(places, SKETCH_NUMBERS) * 2.0 - 1.0
        if len(_remembered_signs) > 32:
            _remembered_signs.clear()
        _remembered_signs[key, places] = found
    return found


def digest(samples: Sequence[Timed], key: bytes) -> list[bytes]:
    """A keyed digest of each typing's exact times, to be kept apart and looked up: the same one twice is a replay."""
    return [
        hmac.new(
            key,
            b"typing digest" + np.round(np.concatenate([s.press, s.release]), 3).astype("<f8").tobytes(),
            hashlib.sha256,
        ).digest()[:16]
        for s in samples
    ]


def clock_grid_ms(samples: Sequence[Timed]) -> float:
    """The coarsest grid all times lie on, in milliseconds, as far as it matters: 1.0 where it is finer than about 5 ms."""
    steps = np.concatenate([np.diff(np.unique(np.concatenate([s.press, s.release]))) for s in samples])
    steps = steps[(steps > 0.5) & (steps < 1000)]
    if len(steps) < 6 or steps.min() < 5:
        return 1.0
    # The grid divides every step, so it is no coarser than the smallest; browsers round to a millisecond on top.
    grids = np.arange(5.0, steps.min() + 1.05, 0.05)
    off = np.abs(steps[None, :] - grids[:, None] * np.round(steps[None, :] / grids[:, None]))
    fits = np.nonzero((off <= 1.05).mean(axis=1) >= 0.97)[0]
    if not len(fits):
        return 1.0
    near = fits[grids[fits] > grids[fits[-1]] - 2.5]
    grid = float(grids[near[off[near].mean(axis=1).argmin()]])
    # By chance a step lies within 1.05 ms of a multiple of 5 ms four times in ten, of one of 33 ms once in sixteen.
    return grid if len(steps) * np.log(2.1 / grid) < -12 else 1.0


def examine(
    samples: Sequence[Timed],
    *,
    sketches: NDArray[np.int16] | None = None,
    sketcher: Sketcher | None = None,
    scaled_mean: Floats | None = None,
    elapsed_ms: float | None = None,
) -> Finding | None:
    """The first thing that speaks against the typings of one attempt, None when nothing does.

    `sketches` are those of these samples; against those of a template they are held by `replayed`. `scaled_mean` is the attempt's
    average in standard deviations of the population. `elapsed_ms` is the server's time from handing out the sentence to getting
    the attempt.
    """
    if elapsed_ms is not None and _span_ms(samples) > elapsed_ms + LONGEST_ABOVE_WALL_CLOCK_MS:
        return Finding.LONGER_THAN_ELAPSED
    if clock_grid_ms(samples) > COARSEST_CLOCK_MS:
        return Finding.COARSE_CLOCK
    if any(_impossible(sample) for sample in samples):
        return Finding.IMPOSSIBLE
    if sketcher is not None and sketches is not None:
        copies = _copies(sketches, sketcher)
        if copies:
            return copies
    same_text = len({len(sample.keys) for sample in samples}) == 1 and len({tuple(s.keys) for s in samples}) == 1
    if same_text and len(samples) > 1:
        hold_variation, down_variation = variation(samples)
        if down_variation < LEAST_VARIATION or hold_variation < LEAST_HOLD_VARIATION:
            return Finding.TOO_REGULAR
        if scaled_mean is not None and _everybodys(scaled_mean, hold_variation, down_variation):
            return Finding.POPULATION_RHYTHM
    return None


def _span_ms(samples: Sequence[Timed]) -> float:
    return sum(float(sample.release.max() - sample.press.min()) for sample in samples)


def _impossible(sample: Timed) -> bool:
    hold, down_down = sample.release - sample.press, np.diff(sample.press)
    if not (np.isfinite(hold).all() and np.isfinite(down_down).all()):
        return True
    if (hold < 0).any() or (down_down < 0).any() or (hold == 0).mean() > MOST_HOLDS_OF_ZERO:
        return True
    if len(hold) < 6:
        return False
    if np.median(hold) < LEAST_HOLD_MS or sample.press[-1] - sample.press[0] < SHORTEST_LINE_MS_PER_KEY * len(hold):
        return True
    # A hand never holds all keys equally long, nor strikes them at one distance.
    return bool(np.ptp(hold) < 4 or np.std(down_down) < 4)


def _copies(sketches: NDArray[np.int16], sketcher: Sketcher) -> Finding | None:
    if len(sketches) > 1:
        among = sketcher.distances(sketches, sketches) + np.eye(len(sketches)) * 1e3
        if among.min() < NEAR_EACH_OTHER:
            return Finding.COPIES_WITHIN
    return None


def replayed(sketches: NDArray[np.int16], kept: NDArray[np.int16], sketcher: Sketcher) -> Finding | None:
    """Whether typings are those kept in a template, or copies of one of them with little changed."""
    if not len(kept):
        return None
    distances = sketcher.distances(sketches, kept)
    if distances.min() == 0:
        return Finding.EXACT_REPLAY
    # By chance one typing of somebody practised lies near a kept one, never all of an attempt near the same.
    all_near = len(sketches) > 1 and distances.mean(axis=0).min() < NEAR_ALL
    return Finding.NEAR_REPLAY if all_near or distances.min() < NEAR_ONE else None


def variation(samples: Sequence[Timed]) -> tuple[float, float]:
    """How much holds and down-downs vary between typings of the same text: standard deviations of logs."""
    hold, down = _residuals(samples)
    return _spread(hold), _spread(down)


def evidence_of_copying(samples: Sequence[Timed]) -> float:
    """What to add to a score because typings differ as jittered copies of one do; zero for most people, never positive.

    A stolen typing with every timing changed by chance lies as near to the owner as the owner does. What gives it away is that its
    copies differ from each other by equal shares in every place, while hands vary more between keys than on them.
    """
    if len(samples) < 2:
        return 0.0
    parts = _residuals(samples)
    spreads = [max(_spread(part), 1e-3) for part in parts]
    shapes = [float(np.nanmean(np.abs(part))) / spread for part, spread in zip(parts, spreads, strict=True)]
    of_size = 0.5 * np.log((len(samples) - 1) / len(samples))
    seen = np.log([*spreads, *(max(shape, 1e-3) for shape in shapes)])
    from_people = seen - HUMAN_SPREAD - [0, 0, *(2 * [of_size - 0.5 * np.log(2 / 3)])]
    human = -0.5 * from_people @ HUMAN_PRECISION @ from_people - 0.5 * float(np.linalg.slogdet(HUMAN_COVARIANCE)[1])
    free = [2 * (len(samples) - 1) * part.shape[1] for part in parts]
    variances = np.array([1 / free[0] + 0.004, 1 / free[1] + 0.004, SHAPE_VARIANCE, SHAPE_VARIANCE])
    shares = np.column_stack(
        [FORGED_SHARES, FORGED_SHARES, *(2 * [np.full(len(FORGED_SHARES), NORMAL_SHAPE + of_size)])]
    )
    each = -0.5 * ((seen - shares) ** 2 / variances).sum(axis=1)
    forged = float(each.max() + np.log(np.exp(each - each.max()).mean()) - 0.5 * np.log(variances).sum())
    return -min(COPYING_WEIGHT * max(forged - float(human), 0.0), MOST_COPYING_EVIDENCE)


def _residuals(samples: Sequence[Timed]) -> tuple[Floats, Floats]:
    rows = _centred(np.stack([vector(sample) for sample in samples]))
    keys = len(samples[0].keys)
    return rows[:, :keys], rows[:, keys:]


def _spread(residuals: Floats) -> float:
    free = np.count_nonzero(~np.isnan(residuals)) - residuals.shape[1]
    return float(np.sqrt(np.nansum(residuals**2) / max(free, 1)))


def _centred(rows: Floats) -> Floats:
    seen = ~np.isnan(rows)
    mean = np.where(seen, rows, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.asarray(rows - mean)


def _everybodys(scaled_mean: Floats, hold_variation: float, down_variation: float) -> bool:
    even = down_variation < EVEN_NOISE * hold_variation
    return even and float(np.abs(scaled_mean).mean()) < MEDIAN_RHYTHM


def scripted(error: UnusableLine) -> Finding | None:
    """The finding behind a line that was refused as scripted, None for ordinary slips."""
    return Finding.SCRIPTED if error.counts_as_failure else None
