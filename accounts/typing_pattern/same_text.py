"""The model for one text that everybody concerned types the same: two covariances, half of them by classes (LOG_12).

The averages of an enrolment and of an attempt are jointly normal: a person's own part, a session's part, the noise of single
typings. The score is the logarithm of how much likelier the attempt is from the owner than from anybody. Practice is part of it:
owners type their sentence a little faster from time to time, others have not practised it. Tails are those of a t distribution,
so that one pause does not decide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from accounts.typing_pattern.features import text_tag, vector
from accounts.typing_pattern.gaussian import class_averages, components, log_determinant, positive
from accounts.typing_pattern.samples import Floats, Timed

OUTLIER = 2.3  # robust standard deviations at which a timing is cut off
PULLED_TO_MEDIAN = 1.5  # and how far one typing may lie from the median of its attempt
HALF = 0.5
TAILS = 60.0
FIRST_TYPINGS = 12  # of each session: what a login looks like, not the fiftieth repetition
DRIFT = 1.2
DRIFT_AFTER_LEARNING = 0.7
STEP = 0.3  # the least weight of the latest attempt in the average
MOST_DRIFT = 3.0  # session standard deviations an average may move from the enrolment before a new one is due


class OtherText(ValueError):
    """Samples of a text that this template or model is not for."""


class TooFewTimings(ValueError):
    """Some place of the text was corrected in every typing of an attempt, so there is nothing to compare."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """How people type one text: places and scales (log ms), covariances of scaled values, practice, and the text's own part.

    `text_variance` is what is unknown of this text's averages, for owner and impostor alike; zero where they were measured.
    """

    version: int
    text: bytes
    location: Floats
    scale: Floats
    mean: Floats  # of owners' later attempts, scaled
    practice: Floats  # attempt minus enrolment, scaled
    stranger_mean: Floats  # of people who type the text for the first times, scaled
    person: Floats
    session: Floats
    typing: Floats
    text_variance: Floats


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Everything of a score that does not depend on the timings."""

    owner_gain: Floats
    owner_precision: Floats
    text_gain: Floats
    stranger_precision: Floats
    constant: float


@dataclass(eq=False)
class SameText:
    """Averages, scores and learning for one text and its population."""

    population: Population
    _comparisons: dict[tuple[float, float, float], _Comparison] = field(default_factory=dict)

    def scaled(self, samples: Sequence[Timed]) -> Floats:
        """Scaled and cut-off vectors, one row a sample. Raises ``OtherText``."""
        if any(text_tag(tuple(sample.keys)) != self.population.text for sample in samples):
            raise OtherText("These timings are not of this text.")
        values = np.stack([vector(sample) for sample in samples])
        return np.clip((values - self.population.location) / self.population.scale, -OUTLIER, OUTLIER)

    def average(self, rows: Floats) -> Floats:
        """One average per place; a typing far from the others of its attempt counts only so far. Raises ``TooFewTimings``."""
        return robust_average(rows)

    def to_log_ms(self, scaled: Floats) -> Floats:
        """Scaled values as log milliseconds, which outlive a new set of parameters."""
        return np.asarray(scaled * self.population.scale + self.population.location)

    def from_log_ms(self, values: Floats) -> Floats:
        """Log milliseconds as scaled values."""
        return np.asarray((values - self.population.location) / self.population.scale)

    def log_likelihood_ratio(
        self, mean: Floats, attempt: Floats, *, session_weight: float, typing_weight: float, typings: int, learnt: int
    ) -> float:
        """How much likelier an attempt's average is from the owner than from a stranger; natural logarithm."""
        people = self.population
        compared = self._comparison(session_weight, typing_weight, 1 / typings)
        expected = people.mean - people.practice * (DRIFT_AFTER_LEARNING if learnt else 1.0)
        enrolled = mean - expected
        own = attempt - people.mean - compared.owner_gain @ enrolled
        others = attempt - people.stranger_mean - compared.text_gain @ enrolled
        near = float(own @ compared.owner_precision @ own)
        far = float(others @ compared.stranger_precision @ others)
        weight = 0.5 * (TAILS + len(attempt))
        return compared.constant + weight * (math.log1p(far / TAILS) - math.log1p(near / TAILS))

    def _comparison(self, session_weight: float, typing_weight: float, attempt_weight: float) -> _Comparison:
        key = (round(session_weight, 4), round(typing_weight, 4), round(attempt_weight, 4))
        if key not in self._comparisons:
            if len(self._comparisons) > 64:
                self._comparisons.clear()
            self._comparisons[key] = self._compare(*key)
        return self._comparisons[key]

    def _compare(self, session_weight: float, typing_weight: float, attempt_weight: float) -> _Comparison:
        people = self.population
        shared = people.person + people.text_variance
        enrolled = np.linalg.inv(shared + session_weight * people.session + typing_weight * people.typing)
        attempt = shared + people.session + attempt_weight * people.typing
        owner_gain = shared @ enrolled
        owner = attempt - owner_gain @ shared
        text_gain = people.text_variance @ enrolled
        stranger = attempt - text_gain @ people.text_variance
        return _Comparison(
            owner_gain,
            np.asarray(np.linalg.inv(owner)),
            text_gain,
            np.asarray(np.linalg.inv(stranger)),
            0.5 * (log_determinant(stranger) - log_determinant(owner)),
        )

    def drift(self, mean: Floats, enrolled_mean: Floats) -> float:
        """How far an average has moved from its enrolment, in standard deviations of sessions (root mean square)."""
        moved = mean - enrolled_mean
        return float(np.sqrt(np.mean(moved**2 / (np.diag(self.population.session) + 1e-9))))


def robust_average(rows: Floats) -> Floats:
    """The average of each column, rows pulled towards the median; NaNs are left out. Raises ``TooFewTimings``."""
    missing = np.isnan(rows)
    if missing.any():
        if missing.all(axis=0).any():
            raise TooFewTimings("The same place was corrected in every typing.")
        median = np.nanmedian(rows, axis=0)
        return np.asarray(np.nanmean(median + np.clip(rows - median, -PULLED_TO_MEDIAN, PULLED_TO_MEDIAN), axis=0))
    median = np.median(rows, axis=0)
    return np.asarray((median + np.clip(rows - median, -PULLED_TO_MEDIAN, PULLED_TO_MEDIAN)).mean(axis=0))


def measured(background: Sequence[Sequence[Timed]], *, version: int = 0) -> Population:
    """The population of a text that other people have typed, in several sessions or in one."""
    people = [by_session(samples) for samples in background]
    keys = tuple(background[0][0].keys)
    everything = np.concatenate([np.concatenate(sessions) for sessions in people])
    location, scale = location_and_scale(everything)
    cut = [[np.clip((rows - location) / scale, -OUTLIER, OUTLIER) for rows in sessions] for sessions in people]
    holds = (np.arange(len(location)) >= len(keys)).astype(
        np.int64
    )  # holds and down-downs: two classes are enough here
    person, session, typing = half_structured(cut, holds)
    mean, practice, strangers = practice_of(cut)
    return Population(
        version=version,
        text=text_tag(keys),
        location=location,
        scale=scale,
        mean=mean,
        practice=practice,
        stranger_mean=strangers,
        person=person,
        session=session,
        typing=typing,
        text_variance=np.zeros_like(person),
    )


def by_session(samples: Sequence[Timed]) -> list[Floats]:
    """The vectors of one person, a matrix for each session in its order."""
    sessions: dict[int, list[Floats]] = {}
    for sample in samples:
        sessions.setdefault(getattr(sample, "session", 0), []).append(vector(sample))
    return [np.stack(sessions[number]) for number in sorted(sessions)]


def location_and_scale(rows: Floats) -> tuple[Floats, Floats]:
    """Median and robust standard deviation of each column."""
    location = np.nanmedian(rows, axis=0)
    return location, np.maximum(1.4826 * np.nanmedian(np.abs(rows - location), axis=0), 0.02)


def half_structured(people: Sequence[Sequence[Floats]], kinds: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """The three covariances; those between people and sessions half measured, half averaged by class."""
    sessions = min(len(own) for own in people)
    typings = min(FIRST_TYPINGS, *(len(rows) for own in people for rows in own))
    values = np.stack([np.stack([rows[:typings] for rows in own[:sessions]]) for own in people])
    person, session, typing = components(values)
    blend = [positive(HALF * class_averages(matrix, kinds) + HALF * matrix) for matrix in (person, session)]
    return blend[0], blend[1], positive(typing)


def practice_of(people: Sequence[Sequence[Floats]], typings: int = 3) -> tuple[Floats, Floats, Floats]:
    """Mean of later attempts, how much they moved since enrolment, and the mean of strangers' attempts."""
    sessions = min(len(own) for own in people)
    starts = np.stack([np.stack([robust_average(rows[:typings]) for rows in own[:sessions]]) for own in people])
    overall = starts.mean((0, 1))
    pairs = [(first, later) for first in range(1, sessions - 1) for later in range(first + 1, sessions)]
    if not pairs:
        return overall, np.zeros_like(overall), overall
    enrolled = np.mean([starts[:, first] for first, _ in pairs], axis=(0, 1))
    later = np.mean([starts[:, last] for _, last in pairs], axis=(0, 1))
    moved = DRIFT * (later - enrolled)
    strangers = starts[:, sorted({0, sessions // 3, sessions // 2, sessions - 1})].mean((0, 1))
    return (enrolled + later + moved) / 2, moved, strangers
