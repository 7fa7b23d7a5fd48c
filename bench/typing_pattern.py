"""How well the typing pattern tells people apart, and what it makes of forgeries.

    python bench/typing_pattern.py DATA [--background DATA] [--shipped] [--update]

DATA is a csv or csv.gz file, one line per key press: subject, session, rep, pos, key, press_ms, release_ms. Protocol `login`:
enrolled with the first three typings of a session, one attempt of three at the start of each later session; strangers' attempts
are the starts of sessions 1, 3, 5 and 8 of all others. With one session in the file (another text each time) the attempts are the
later threes, strangers' the first four. Without --background three folds of people are the background of one another. --shipped
judges by parameters by class alone, as for a sentence nobody has typed: from the file of the portal, so with the CMU data itself
the figure is a little too good; give --background to estimate them from other people. --update learns from attempts above the
score that one in fifty strangers of the background reaches.

The working threshold is the score that one in a hundred strangers of the background reaches.
"""

import argparse
import csv
import gzip
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # when called by its path

from accounts.typing_pattern import parameters
from accounts.typing_pattern.samples import Floats, TypedLine
from accounts.typing_pattern.verifier import TYPINGS, Verifier

ENROLMENT_SESSIONS = range(1, 7)
STRANGERS_SESSIONS = (0, 2, 4, 7)
WORKING_FALSE_ACCEPTS = 0.01
LEARNING_FALSE_ACCEPTS = 0.02
FOLDS = 3
FORGERIES_EACH = 40

Sessions = list[list[TypedLine]]


@dataclass
class Owner:
    """The scores of one enrolled person's own attempts and of others' attempts."""

    genuine: list[float] = field(default_factory=list)
    strangers: list[float] = field(default_factory=list)


def read(path: str) -> dict[str, list[TypedLine]]:
    """The samples of each person in the order of sessions and repetitions."""
    rows: dict[tuple[str, int, int], list[tuple[str, float, float]]] = {}
    with gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="") as file:
        for row in csv.DictReader(file):
            name = (row["subject"], int(row["session"]), int(row["rep"]))
            rows.setdefault(name, []).append((row["key"], float(row["press_ms"]), float(row["release_ms"])))
    people: dict[str, list[TypedLine]] = {}
    for (person, session, _), keys in sorted(rows.items()):
        people.setdefault(person, []).append(
            TypedLine(
                keys=tuple(key for key, _, _ in keys),
                press=np.array([press for _, press, _ in keys]),
                release=np.array([release for _, _, release in keys]),
                clean=np.ones(len(keys), dtype=bool),
                session=session,
            )
        )
    return people


def by_session(samples: Sequence[TypedLine]) -> Sessions:
    """Samples of one person, a list for each session."""
    sessions: dict[int, list[TypedLine]] = {}
    for sample in samples:
        sessions.setdefault(sample.session, []).append(sample)
    return [sessions[number] for number in sorted(sessions)]


def login_trials(
    verifier: Verifier, people: Sequence[Sessions], enrol: int, attempt: int, *, learn_above: float | None = None
) -> list[Owner]:
    """Scores of the `login` protocol among people; learns from own attempts above `learn_above`, where it is given."""
    owners = []
    strangers = [_strangers_attempts(sessions, attempt) for sessions in people]
    for number, sessions in enumerate(people):
        owner = Owner()
        others = [tried for other, tries in enumerate(strangers) if other != number for tried in tries]
        for enrolled, attempts in _enrolments(sessions, enrol, attempt):
            template = verifier.fit(enrolled)
            for place, tried in enumerate(attempts):
                score = verifier.score(template, tried)
                owner.genuine.append(score)
                if place == 0 or learn_above is not None:
                    owner.strangers += [verifier.score(template, other) for other in others]
                if learn_above is not None and score >= learn_above:
                    template = verifier.update(template, tried)
        owners.append(owner)
    return owners


def _strangers_attempts(sessions: Sessions, attempt: int) -> list[list[TypedLine]]:
    if len(sessions) == 1:
        return _groups(sessions[0], attempt)[:4]
    return [sessions[number][:attempt] for number in STRANGERS_SESSIONS if number < len(sessions)]


def _enrolments(
    sessions: Sessions, enrol: int, attempt: int
) -> Iterator[tuple[list[TypedLine], list[list[TypedLine]]]]:
    if len(sessions) == 1:
        yield sessions[0][:enrol], _groups(sessions[0][enrol:], attempt)
        return
    for number in ENROLMENT_SESSIONS:
        if number + 1 < len(sessions):
            yield sessions[number][:enrol], [later[:attempt] for later in sessions[number + 1 :]]


def _groups(samples: list[TypedLine], size: int) -> list[list[TypedLine]]:
    return [samples[first : first + size] for first in range(0, len(samples) - size + 1, size)]


def rates(genuine: Sequence[float], strangers: Sequence[float]) -> tuple[Floats, Floats, Floats]:
    """Thresholds with the shares of wrong refusals and wrong acceptances at each (accepted from the threshold on)."""
    own, others = np.sort(genuine), np.sort(strangers)
    thresholds = np.append(np.unique(np.concatenate([own, others])), np.inf)
    refused = np.searchsorted(own, thresholds, "left") / len(own)
    return thresholds, refused, 1 - np.searchsorted(others, thresholds, "left") / len(others)


def equal_error_rate(genuine: Sequence[float], strangers: Sequence[float]) -> float:
    """Where wrong refusals and wrong acceptances meet."""
    _, refused, accepted = rates(genuine, strangers)
    difference = refused - accepted
    place = int(np.argmax(difference >= 0))
    if place == 0 or difference[place] == 0:
        return float((refused[place] + accepted[place]) / 2)
    weight = -difference[place - 1] / (difference[place] - difference[place - 1])
    return float(refused[place - 1] + weight * (refused[place] - refused[place - 1]))


def refused_at(genuine: Sequence[float], strangers: Sequence[float], false_accepts: float) -> float:
    """Share of own attempts refused where at most this share of strangers is accepted."""
    _, refused, accepted = rates(genuine, strangers)
    return float(refused[np.nonzero(accepted <= false_accepts + 1e-12)[0][0]])


def background_threshold(verifier: Verifier, background: Sequence[Sessions], false_accepts: float) -> float:
    """The score that this share of strangers' attempts in the background reaches."""
    trials = login_trials(verifier, background[:60], TYPINGS, TYPINGS)
    return float(np.quantile([score for owner in trials for score in owner.strangers], 1 - false_accepts))


# ---------------------------------------------------------------- forgeries


def _line(like: TypedLine, hold: Floats, down_down: Floats) -> TypedLine:
    press = np.concatenate([[0.0], np.cumsum(down_down)])
    return TypedLine(keys=like.keys, press=press, release=press + hold, clean=like.clean)


def _timings(sample: TypedLine) -> tuple[Floats, Floats]:
    return sample.release - sample.press, np.diff(sample.press)


def jittered(sample: TypedLine, share: float, rng: np.random.Generator) -> TypedLine:
    """The sample with each hold and down-down changed by a normal share of itself."""
    hold, down_down = _timings(sample)
    factors = np.maximum(1 + share * rng.standard_normal(len(hold) + len(down_down)), 0.2)
    return _line(sample, hold * factors[: len(hold)], down_down * factors[len(hold) :])


def nudged(sample: TypedLine, mean_ms: float, rng: np.random.Generator) -> TypedLine:
    """The sample with each hold and down-down off by at most twice this many milliseconds."""
    hold, down_down = _timings(sample)
    off = rng.uniform(-2 * mean_ms, 2 * mean_ms, len(hold) + len(down_down))
    return _line(sample, np.maximum(hold + off[: len(hold)], 1), np.maximum(down_down + off[len(hold) :], 0))


def median_rhythm(people: Sequence[Sequence[TypedLine]]) -> TypedLine:
    """What everybody's middle hand would type: the median of each hold and down-down."""
    samples = [sample for own in people for sample in own]
    holds, down_downs = zip(*map(_timings, samples), strict=True)
    return _line(samples[0], np.median(np.stack(holds), axis=0), np.median(np.stack(down_downs), axis=0))


def forgeries(
    verifier: Verifier, people: Sequence[Sessions], background: Sequence[Sequence[TypedLine]], rng: np.random.Generator
) -> dict[str, list[float]]:
    """Scores of attempts that nobody typed, against every template of the protocol."""
    median = median_rhythm(background)
    kinds: dict[str, Callable[[Sessions, int], list[TypedLine]]] = {
        "median rhythm, 15 % jitter": lambda own, at: [jittered(median, 0.15, rng) for _ in range(TYPINGS)],
        "median rhythm, 30 % jitter": lambda own, at: [jittered(median, 0.30, rng) for _ in range(TYPINGS)],
        "exact replay of the enrolment": lambda own, at: [
            _line(sample, *_timings(sample)) for sample in own[at][:TYPINGS]
        ],
        "near replay of the enrolment (3 ms)": lambda own, at: [
            nudged(sample, 3.0, rng) for sample in own[at][:TYPINGS]
        ],
        "one stolen typing of the enrolment, 10 % jitter": lambda own, at: _copies(own[at][0], 0.10, rng),
        "one stolen typing of the enrolment, 20 % jitter": lambda own, at: _copies(own[at][0], 0.20, rng),
        "one stolen typing of that day, 10 % jitter": lambda own, at: _copies(own[at][10], 0.10, rng),
        "one stolen typing of another day, 10 % jitter": lambda own, at: _copies(own[at - 1][0], 0.10, rng),
        "one stolen typing of another day, 20 % jitter": lambda own, at: _copies(own[at - 1][0], 0.20, rng),
    }
    scores: dict[str, list[float]] = {name: [] for name in kinds}
    for sessions in people:
        for at in ENROLMENT_SESSIONS:
            if at + 1 >= len(sessions):
                continue
            template = verifier.fit(sessions[at][:TYPINGS])
            for name, make in kinds.items():
                for _ in range(max(1, FORGERIES_EACH // len(ENROLMENT_SESSIONS))):
                    scores[name].append(verifier.score(template, make(sessions, at)))
    return scores


def _copies(sample: TypedLine, share: float, rng: np.random.Generator) -> list[TypedLine]:
    return [jittered(sample, share, rng) for _ in range(TYPINGS)]


# ---------------------------------------------------------------- report


@dataclass
class Report:
    """What a run measured; shares from 0 to 1."""

    owners: list[Owner] = field(default_factory=list)
    at_working: list[tuple[int, int, int, int]] = field(default_factory=list)
    forged: dict[str, list[bool]] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    thresholds: list[float] = field(default_factory=list)

    @property
    def genuine(self) -> list[float]:
        return [score for owner in self.owners for score in owner.genuine]

    @property
    def strangers(self) -> list[float]:
        return [score for owner in self.owners for score in owner.strangers]

    def lines(self) -> Iterator[str]:
        """The report as it is printed."""
        own = [equal_error_rate(owner.genuine, owner.strangers) for owner in self.owners]
        yield f"owners {len(self.owners)}, own attempts {len(self.genuine)}, strangers' attempts {len(self.strangers)}"
        yield f"EER, mean of owners               {np.mean(own):8.2%}"
        yield f"EER, one threshold for all        {equal_error_rate(self.genuine, self.strangers):8.2%}"
        yield f"refused where 1 % are accepted    {refused_at(self.genuine, self.strangers, 0.01):8.2%}"
        refused, own_count, accepted, others = (sum(column) for column in zip(*self.at_working, strict=True))
        yield f"at the working threshold ({np.mean(self.thresholds):.2f}): refused {refused / own_count:.2%}, strangers accepted {accepted / others:.2%}"
        for name, accepted_ones in self.forged.items():
            yield f"accepted: {name:<48}{np.mean(accepted_ones):8.2%}"
        for name, count in sorted(self.findings.items()):
            yield f"own attempts refused as {name:<20}{count / len(self.genuine):8.2%}"


def measure(
    people: dict[str, list[TypedLine]],
    background: dict[str, list[TypedLine]] | None = None,
    *,
    by_class: bool = False,
    learn: bool = False,
    forge: bool = True,
    seed: int = 7,
) -> Report:
    """Run the protocol. Without a background three folds of people are the background of one another."""
    names = sorted(people)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(names))
    parts = [names] if background is not None else [[names[at] for at in order[fold::FOLDS]] for fold in range(FOLDS)]
    report = Report()
    for part in parts:
        others = background or {name: people[name] for name in names if name not in set(part)}
        verifier = prepared(list(others.values()), by_class=by_class)
        sessions = [by_session(people[name]) for name in part]
        others_sessions = [by_session(own) for own in others.values()]
        learn_above = background_threshold(verifier, others_sessions, LEARNING_FALSE_ACCEPTS) if learn else None
        trials = login_trials(verifier, sessions, TYPINGS, TYPINGS, learn_above=learn_above)
        threshold = background_threshold(verifier, others_sessions, WORKING_FALSE_ACCEPTS)
        report.owners += trials
        report.thresholds.append(threshold)
        for owner in trials:
            own, strangers = np.array(owner.genuine), np.array(owner.strangers)
            report.at_working.append(
                (int((own < threshold).sum()), len(own), int((strangers >= threshold).sum()), len(strangers))
            )
        one_text = len({sample.keys for own in people.values() for sample in own}) == 1
        if one_text:
            _count_findings(report, verifier, sessions)
        if forge and one_text:
            for name, scores in forgeries(verifier, sessions, list(others.values()), rng).items():
                report.forged.setdefault(name, []).extend(score >= threshold for score in scores)
    return report


def prepared(background: list[list[TypedLine]], *, by_class: bool) -> Verifier:
    """A verifier that has measured the background, or knows only its averages by class."""
    if by_class:
        return Verifier(figures=parameters.estimated(background, version=0, source="background"))
    verifier = Verifier()
    verifier.prepare(background)
    return verifier


def _count_findings(report: Report, verifier: Verifier, people: Sequence[Sessions]) -> None:
    for sessions in people:
        for enrolled, attempts in _enrolments(sessions, TYPINGS, TYPINGS):
            template = verifier.fit(enrolled)
            for tried in attempts:
                finding = verifier.decide(template, tried).finding
                if finding is not None:
                    report.findings[finding] = report.findings.get(finding, 0) + 1


def time_of_a_score(people: dict[str, list[TypedLine]], verifier: Verifier, rounds: int = 200) -> float:
    """Milliseconds of one score of an attempt not seen before, median."""
    sessions = by_session(next(iter(people.values())))
    template = verifier.fit(sessions[0][:TYPINGS])
    taken = []
    for round_number in range(rounds):
        source = sessions[-1][3 + round_number % 5 : 6 + round_number % 5]
        attempt = [
            TypedLine(keys=line.keys, press=line.press, release=line.release, clean=line.clean, session=line.session)
            for line in source
        ]
        started = time.perf_counter()
        verifier.score(template, attempt)
        taken.append((time.perf_counter() - started) * 1000)
    return float(np.median(taken))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--background")
    parser.add_argument("--shipped", action="store_true")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    people = read(options.data)
    background = read(options.background) if options.background else None
    for line in measure(people, background, by_class=options.shipped, learn=options.update).lines():
        print(line)
    verifier = prepared(list((background or people).values()), by_class=options.shipped)
    print(f"one score of a new attempt        {time_of_a_score(people, verifier):8.3f} ms")


if __name__ == "__main__":
    main()
