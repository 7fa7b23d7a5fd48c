"""The model for people who type another text every time: timings by key and by pair of keys, whatever stands where.

A person is a vector of some eighty hidden numbers that move the timings of all keys and pairs; each attempt says something about
those it contains. It needs a population that typed many texts, so it is learnt from a background and never shipped. Besides
timings of keys it looks at habits of a line (corrections, Caps Lock, overlaps, evenness) and at the clock of keyboard and browser.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.gaussian import log_determinant, positive
from accounts.typing_pattern.samples import Floats, Timed, remembered

OUTLIER = 1.8
PAIRS = 220
RAREST_KEY = 0.0006  # of all keys; rarer ones share a place
RAREST_FINGERS = 0.0035  # of all pairs that are not among the common ones
HIDDEN = 80
LINE_EFFECTS = 10
OWN_ROWS = ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
FINGERS = (4, 3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4)
CLOCKS_MS = {"usb": 8.0, "timer": 15.625, "frame": 50 / 3, "ten": 10.0}
HABITS = (
    "hold spread",
    "interval spread",
    "overlap",
    "gap",
    "any gap",
    "corrections",
    "pauses",
    "caps lock",
    "shift lead",
)
EVENNESS_NEEDS = 5
# Habits of lines typed in one sitting are alike, and one of them is told only once a line: it counts for less than it seems.
HABIT_NOISE = 4.0

Place = tuple[str, str]


def _fingers() -> dict[str, str]:
    fingers = {"space": "S", "shift": "H", "caps": "H", "backspace": "B", '"': "R4"}
    for row in OWN_ROWS:
        for column, key in enumerate(row):
            fingers[key] = ("L" if column < 5 else "R") + str(FINGERS[column])
    return fingers


FINGER = _fingers()


def _log_spread(values: Floats, floor: float) -> float:
    return float(np.log(np.std(values) + floor))


def _habits(sample: Timed, hold: Floats, down_down: Floats) -> dict[str, float]:
    """What a line tells beside its single keys; only what can be told of this line."""
    keys = list(sample.keys)
    gap = sample.press[1:] - sample.release[:-1]
    letters = np.array([len(key) == 1 for key in keys])
    habits = {
        "corrections": float(np.log(0.02 + keys.count("backspace") / len(keys))),
        "pauses": float(np.log(0.02 + (down_down > 500).mean())),
        "any gap": float(np.arcsinh(np.median(gap) / 40)),
    }
    if letters.sum() >= EVENNESS_NEEDS:
        habits["hold spread"] = _log_spread(np.clip(np.log(np.clip(hold[letters], 8, 1500)), 3.4, 6), 0.05)
    inside = letters[1:] & letters[:-1]
    if inside.sum() >= EVENNESS_NEEDS:
        habits["interval spread"] = _log_spread(np.log(np.clip(down_down[inside], 4, 4000) + 10), 0.1)
        habits["overlap"] = float(np.arcsin(np.sqrt((gap[inside] < 0).mean())))
        habits["gap"] = float(np.arcsinh(np.median(gap[inside]) / 40))
    if "caps" in keys or "shift" in keys:
        habits["caps lock"] = float("caps" in keys)
    shifts = [place for place, key in enumerate(keys[:-1]) if key == "shift"]
    if shifts:
        habits["shift lead"] = float(np.arcsinh(gap[shifts].mean() / 60))
    steps = np.concatenate([down_down[down_down < 1000], hold[hold < 1000]])
    if len(steps):
        for name, tick in CLOCKS_MS.items():
            habits[name] = float(np.log(0.3 + np.abs(steps - tick * np.round(steps / tick)).mean()))
    return habits


@dataclass(eq=False)
class Places:
    """Which places the timings of a line go to."""

    index: dict[Place, int]

    @classmethod
    def of(cls, background: Sequence[Sequence[Timed]], *, clocks: bool) -> "Places":
        """Places for keys and pairs that are common in the background, for finger pairs of the rest, for habits."""
        keys: Counter[str] = Counter()
        pairs: Counter[tuple[str, str]] = Counter()
        for samples in background:
            for sample in samples:
                keys.update(sample.keys)
                pairs.update(zip(sample.keys, sample.keys[1:], strict=False))
        common = [pair for pair, _ in pairs.most_common(PAIRS)]
        rest: Counter[str] = Counter()
        for (first, second), count in pairs.items():
            rest[_finger_pair(first, second)] += count
        for first, second in common:
            rest[_finger_pair(first, second)] -= pairs[first, second]
        names: list[Place] = [("key", key) for key, count in keys.items() if count >= RAREST_KEY * keys.total()]
        names += [("pair", first + " " + second) for first, second in common]
        names += [("fingers", name) for name, count in rest.items() if count >= RAREST_FINGERS * pairs.total()]
        names += [("key", ""), ("fingers", "")]
        names += [("habit", name) for name in HABITS]
        names += [("habit", name) for name in CLOCKS_MS if clocks]
        return cls({name: place for place, name in enumerate(names)})

    def observe(self, sample: Timed) -> tuple[NDArray[np.int64], Floats]:
        """Places and values of everything one line tells."""
        index = self.index
        keys = sample.keys
        hold, down_down = sample.release - sample.press, np.diff(sample.press)
        other_key, other_pair = index["key", ""], index["fingers", ""]
        places = [index.get(("key", key), other_key) for key in keys]
        for first, second in zip(keys, keys[1:], strict=False):
            place = index.get(("pair", first + " " + second))
            if place is None:
                place = index.get(("fingers", _finger_pair(first, second)), other_pair)
            places.append(place)
        values = [np.log(np.clip(hold, 8, 1500)), np.log(np.clip(down_down, 4, 4000) + 10)]
        for name, value in _habits(sample, hold, down_down).items():
            place = index.get(("habit", name))
            if place is not None:
                places.append(place)
                values.append(np.array([value]))
        return np.array(places, dtype=np.int64), np.concatenate(values)


def _finger_pair(first: str, second: str) -> str:
    return FINGER.get(first, "O") + FINGER.get(second, "O")


@dataclass(frozen=True, eq=False)
class Evidence:
    """What some lines say of the hidden numbers: precision and precision times value; and how likely they are of anybody."""

    precision: Floats
    weighted: Floats
    of_anybody: float


@dataclass(eq=False)
class AnyText:
    """Evidence and scores for a population; build with `learnt`."""

    places: Places
    location: Floats
    scale: Floats
    mean: Floats
    loadings: Floats
    noise: Floats
    own_rest: Floats
    line_effects: Floats
    _identity: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._identity = np.eye(self.loadings.shape[1])

    def evidence(self, samples: Sequence[Timed]) -> Evidence:
        """What these lines say together. Remembered with the first of them."""
        return remembered(samples, ("any_text", self), lambda: self._evidence(*self._sums(samples), len(samples)))

    def _sums(self, samples: Sequence[Timed]) -> tuple[Floats, Floats]:
        size = len(self.mean)
        counts, sums = np.zeros(size), np.zeros(size)
        for sample in samples:
            places, values = self.places.observe(sample)
            scaled = np.clip((values - self.location[places]) / self.scale[places], -OUTLIER, OUTLIER)
            counts += np.bincount(places, minlength=size)
            sums += np.bincount(places, scaled, minlength=size)
        return counts, sums

    def _evidence(self, counts: Floats, sums: Floats, lines: int) -> Evidence:
        seen = counts > 0
        value = sums[seen] / counts[seen] - self.mean[seen]
        weight = 1 / (self.noise[seen] / counts[seen] + self.own_rest[seen])
        loadings = self.loadings[seen]
        weighted_loadings = loadings * weight[:, None]
        precision = loadings.T @ weighted_loadings
        weighted = weighted_loadings.T @ value
        # What all keys of a line share (its speed that moment) is taken out again: Woodbury's identity.
        effects = self.line_effects[seen] / np.sqrt(lines)
        weighted_effects = effects * weight[:, None]
        inner = np.linalg.inv(np.eye(effects.shape[1]) + effects.T @ weighted_effects)
        crossed = weighted_loadings.T @ effects
        precision = precision - crossed @ inner @ crossed.T
        weighted = weighted - crossed @ (inner @ (weighted_effects.T @ value))
        return Evidence(precision, weighted, self._belief(precision, weighted))

    def _belief(self, precision: Floats, weighted: Floats) -> float:
        total = self._identity + precision
        return 0.5 * float(weighted @ np.linalg.solve(total, weighted)) - 0.5 * log_determinant(total)

    def log_likelihood_ratio(self, enrolled: Evidence, attempt: Evidence) -> float:
        """How much likelier the attempt is from the enrolled person than from anybody; natural logarithm."""
        both = self._belief(enrolled.precision + attempt.precision, enrolled.weighted + attempt.weighted)
        return both - enrolled.of_anybody - attempt.of_anybody


def merged(model: AnyText, first: Evidence, second: Evidence) -> Evidence:
    """What two attempts say together."""
    precision, weighted = first.precision + second.precision, first.weighted + second.weighted
    return Evidence(precision, weighted, model._belief(precision, weighted))


def learnt(background: Sequence[Sequence[Timed]], *, clocks: bool = True) -> AnyText:
    """The model of a population from people who typed several lines each."""
    places = Places.of(background, clocks=clocks)
    observed = [[places.observe(sample) for sample in samples] for samples in background]
    size = len(places.index)
    location, scale = _location_and_scale(observed, size)
    lines = max(len(samples) for samples in background)
    counts, sums, squares = (np.zeros((len(observed), lines, size)) for _ in range(3))
    for person, own in enumerate(observed):
        for line, (where, values) in enumerate(own):
            scaled = np.clip((values - location[where]) / scale[where], -OUTLIER, OUTLIER)
            counts[person, line] = np.bincount(where, minlength=size)
            sums[person, line] = np.bincount(where, scaled, minlength=size)
            squares[person, line] = np.bincount(where, scaled * scaled, minlength=size)
    mean = sums.sum((0, 1)) / np.maximum(counts.sum((0, 1)), 1)
    person_covariance, line_covariance, noise = _moments(counts, sums, squares, mean)
    usual = np.maximum(counts.sum((0, 1)) / max(1, sum(map(len, observed))) * 3, 0.05)
    for (what, _), place in places.index.items():
        if what == "habit":
            noise[place] *= HABIT_NOISE
    loadings, own_rest = _hidden(person_covariance, noise, usual)
    values, vectors = np.linalg.eigh((line_covariance + line_covariance.T) / 2)
    effects = vectors[:, -LINE_EFFECTS:] * np.sqrt(np.maximum(values[-LINE_EFFECTS:], 0))
    return AnyText(places, location, scale, mean, loadings, noise, own_rest, effects)


def _location_and_scale(
    observed: Sequence[Sequence[tuple[NDArray[np.int64], Floats]]], size: int
) -> tuple[Floats, Floats]:
    where = np.concatenate([places for own in observed for places, _ in own])
    values = np.concatenate([values for own in observed for _, values in own])
    order = np.argsort(where, kind="stable")
    values = values[order]
    starts = np.searchsorted(where[order], np.arange(size + 1))
    location, scale = np.zeros(size), np.ones(size)
    for place in range(size):
        of_place = values[starts[place] : starts[place + 1]]
        if len(of_place) > 20:
            low, location[place], high = np.quantile(of_place, [0.1587, 0.5, 0.8413])
            scale[place] = max((high - low) / 2, 0.05)
    return location, scale


def _moments(counts: Floats, sums: Floats, squares: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Covariance between people, covariance between lines of a person, and noise of one timing, by products across lines."""
    of_person, total, total_squares = counts.sum(1), sums.sum(1), squares.sum(1)
    inside = total_squares - np.where(of_person > 0, total**2 / np.maximum(of_person, 1), 0)
    noise = np.maximum(inside.sum(0) / np.maximum(np.maximum(of_person - 1, 0).sum(0), 1), 1e-3)
    deviations = sums - counts * mean
    whole = deviations.sum(1)
    flat, flat_counts = deviations.reshape(-1, len(mean)), counts.reshape(-1, len(mean))
    same_line, same_line_counts = flat.T @ flat, flat_counts.T @ flat_counts
    across = whole.T @ whole - same_line
    across_counts = of_person.T @ of_person - same_line_counts
    person = across / np.maximum(across_counts, 1)
    line = same_line / np.maximum(same_line_counts, 1) - person
    # Of one place in one line only products of different presses tell what they share.
    own_squares = squares.sum((0, 1)) - 2 * mean * sums.sum((0, 1)) + counts.sum((0, 1)) * mean**2
    pairs = (counts**2).sum((0, 1)) - counts.sum((0, 1))
    shared = np.where(pairs > 50, ((deviations**2).sum((0, 1)) - own_squares) / np.maximum(pairs, 1), 0)
    np.fill_diagonal(line, shared - np.diag(person))
    return positive(person), line, noise


def _hidden(person: Floats, noise: Floats, usual: Floats) -> tuple[Floats, Floats]:
    """Loadings of the hidden numbers that stand out most from the noise, and what is left of each place's own variance."""
    deviation = np.sqrt(noise / usual)
    values, vectors = np.linalg.eigh(positive(person / np.outer(deviation, deviation), 1e-6))
    count = min(HIDDEN, len(values))
    loadings = vectors[:, -count:] * np.sqrt(np.maximum(values[-count:], 0)) * deviation[:, None]
    return loadings, np.maximum(np.diag(person) - (loadings**2).sum(1), 0)
