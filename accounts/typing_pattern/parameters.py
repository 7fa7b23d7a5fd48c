"""The numbers the portal ships: how people differ in classes of timings, so that a sentence nobody has typed yet can be judged.

They come from `parameters.json`, which `scripts/make_typing_parameters.py` makes from the CMU password data alone
(Killourhy & Maxion, DSN 2009). A new version of the file needs no new enrolment: templates hold log milliseconds.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.features import Kind, kinds_of, text_tag
from accounts.typing_pattern.gaussian import components, positive
from accounts.typing_pattern.same_text import (
    FIRST_TYPINGS,
    OUTLIER,
    Population,
    by_session,
    location_and_scale,
    practice_of,
)
from accounts.typing_pattern.samples import Floats, Timed

SHIPPED = Path(__file__).with_name("parameters.json")
# An ordinary sentence is made of practised words: people get faster at it by less than at a password of random characters.
PRACTICE_CARRIED_OVER = 0.5
# How much of what is a person's own in one key comes back when the sentence has the key again. The password of the CMU data has no
# key twice, so this is an assumption: without it the fifth "e" would count as if it were news.
SAME_KEY = 0.7


@dataclass(frozen=True, kw_only=True)
class ClassCovariance:
    """One covariance by classes (`Kind`): of a place with itself, and of two different places."""

    own: list[float]
    shared: list[list[float]]

    def expand(self, kinds: NDArray[np.int64], alike: Floats) -> Floats:
        """The covariance of a text whose places have these classes; `alike` has 1 for pairs of places that are one key."""
        matrix = np.array(self.shared)[np.ix_(kinds, kinds)]
        own = np.array(self.own)[kinds]
        matrix += SAME_KEY * alike * (own[:, None] - matrix)
        np.fill_diagonal(matrix, own)
        return positive(matrix)


def alike_places(keys: Sequence[str]) -> Floats:
    """1 for two places of a text's vector that hold the same key, or go between the same two keys; else 0."""
    labels = [*keys, *zip(keys, keys[1:], strict=False)]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    places = np.array([numbers[label] for label in labels])
    return (places[:, None] == places[None, :]).astype(float)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One version of the numbers. Lists have one entry for each `Kind`; `thresholds` are pairs of a number of keys and the
    working threshold for scores of texts that long.

    `learn_margin` is how far above the threshold an attempt must be to be learnt from.
    """

    version: int
    source: str
    location: list[float]
    scale: list[float]
    mean: list[float]
    practice: list[float]
    stranger_mean: list[float]
    text_variance: list[float]
    person: ClassCovariance
    session: ClassCovariance
    typing: ClassCovariance
    thresholds: list[list[float]]
    learn_margin: float

    def population(self, keys: Sequence[str]) -> Population:
        """How people type a text with these keys, as far as it can be known beforehand."""
        kinds = kinds_of(keys)
        alike = alike_places(keys)
        take = lambda values: np.array(values)[kinds]  # noqa: E731
        practice = PRACTICE_CARRIED_OVER * take(self.practice)
        mean = take(self.mean)
        deviations = np.sqrt(take(self.text_variance))
        text_variance = SAME_KEY * alike * np.outer(deviations, deviations)
        np.fill_diagonal(text_variance, deviations**2)
        return Population(
            version=self.version,
            text=text_tag(tuple(keys)),
            location=take(self.location),
            scale=take(self.scale),
            mean=mean,
            practice=practice,
            stranger_mean=mean + PRACTICE_CARRIED_OVER * (take(self.stranger_mean) - mean),
            person=self.person.expand(kinds, alike),
            session=self.session.expand(kinds, alike),
            typing=self.typing.expand(kinds, np.zeros_like(alike)),
            text_variance=text_variance,
        )

    def threshold(self, keys: int) -> float:
        """The working threshold for a text of so many keys: that of the nearest lengths measured, in between by proportion."""
        lengths, scores = zip(*self.thresholds, strict=True)
        return float(np.interp(keys, lengths, scores))

    def encode(self) -> str:
        """The text of the file."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def decode(cls, text: str) -> "Parameters":
        """The numbers in a file's text."""
        values = json.loads(text)
        for name in ("person", "session", "typing"):
            values[name] = ClassCovariance(**values[name])
        return cls(**values)


@cache
def shipped() -> Parameters:
    """The numbers that come with the portal."""
    return Parameters.decode(SHIPPED.read_text())


def estimated(
    background: Sequence[Sequence[Timed]],
    *,
    version: int,
    source: str,
    thresholds: Sequence[tuple[int, float]] = ((1, 0.0),),
    learn_margin: float = 0.0,
) -> Parameters:
    """The numbers by class from people who typed one text in several sessions."""
    keys = tuple(background[0][0].keys)
    kinds = kinds_of(keys)
    people = [by_session(samples) for samples in background]
    everything = np.concatenate([np.concatenate(sessions) for sessions in people])
    location, scale = np.zeros(len(Kind)), np.ones(len(Kind))
    for kind in Kind:
        flat = everything[:, kinds == kind].reshape(-1, 1)
        if flat.size:
            location[kind], scale[kind] = (float(found[0]) for found in location_and_scale(flat))
    cut = [
        [np.clip((rows - location[kinds]) / scale[kinds], -OUTLIER, OUTLIER) for rows in sessions]
        for sessions in people
    ]
    sessions = min(len(own) for own in cut)
    typings = min(FIRST_TYPINGS, *(len(rows) for own in cut for rows in own))
    person, session, typing = components(
        np.stack([np.stack([rows[:typings] for rows in own[:sessions]]) for own in cut])
    )
    mean, practice, strangers = practice_of(cut)

    def of_kinds(values: Floats) -> list[float]:
        return [round(float(values[kinds == kind].mean()), 4) for kind in Kind]

    return Parameters(
        version=version,
        source=source,
        location=[round(float(value), 4) for value in location],
        scale=[round(float(value), 4) for value in scale],
        mean=of_kinds(mean),
        practice=of_kinds(practice),
        stranger_mean=of_kinds(strangers),
        text_variance=[round(float(mean[kinds == kind].var(ddof=1)), 4) for kind in Kind],
        person=_by_class(person, kinds),
        session=_by_class(session, kinds),
        typing=_by_class(typing, kinds),
        thresholds=[list(pair) for pair in thresholds],
        learn_margin=learn_margin,
    )


def _by_class(matrix: Floats, kinds: NDArray[np.int64]) -> ClassCovariance:
    own, shared = [], np.zeros((len(Kind), len(Kind)))
    for first in Kind:
        rows = np.nonzero(kinds == first)[0]
        own.append(round(float(np.diag(matrix)[rows].mean()), 4))
        for second in Kind:
            columns = np.nonzero(kinds == second)[0]
            block = matrix[np.ix_(rows, columns)]
            if first == second:
                shared[first, second] = (block.sum() - np.trace(block)) / (len(rows) * (len(rows) - 1))
            else:
                shared[first, second] = block.mean()
    return ClassCovariance(own=own, shared=[[round(float(value), 4) for value in row] for row in shared])
