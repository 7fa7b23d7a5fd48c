"""Make `accounts/typing_pattern/parameters.json` from a file of the CMU password data.

    python scripts/make_typing_parameters.py DATA [--write]

DATA is a csv or csv.gz file, one line per key press: subject, session, rep, pos, key, press_ms, release_ms. Only the CMU data
(Killourhy & Maxion, DSN 2009) may be used: other collections forbid it. Prints the parameters, or writes them with --write.

The working thresholds are found by leaving people out: parameters from two thirds of them, scores among the last third, nine
times over; they are the scores that one in a hundred attempts of other people reaches, for the password of 11 keys and for four
typings of it joined to a line of 44 keys, as long as the sentences of the portal.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from accounts.typing_pattern import parameters
from accounts.typing_pattern.samples import TypedLine
from accounts.typing_pattern.verifier import TYPINGS, Verifier
from bench.typing_pattern import Sessions, by_session, login_trials, read

VERSION = 1
SOURCE = "CMU keystroke data set, Killourhy & Maxion, Comparing Anomaly-Detection Algorithms for Keystroke Dynamics, DSN 2009"
WORKING_FALSE_ACCEPTS = 0.01
ROUNDS = 3
LEARN_MARGIN = 2.0
TYPINGS_IN_A_LINE = (1, 4)
BETWEEN_TYPINGS_MS = 300


def joined(typings: Sequence[TypedLine]) -> TypedLine:
    """Several typings one after the other as one line."""
    starts = np.cumsum([0.0, *(typing.press[-1] + BETWEEN_TYPINGS_MS for typing in typings[:-1])])
    return TypedLine(
        keys=tuple(key for typing in typings for key in typing.keys),
        press=np.concatenate([typing.press + start for typing, start in zip(typings, starts, strict=True)]),
        release=np.concatenate([typing.release + start for typing, start in zip(typings, starts, strict=True)]),
        clean=np.concatenate([typing.clean for typing in typings]),
        session=typings[0].session,
    )


def lines_of(sessions: Sessions, typings: int) -> Sessions:
    """The first three lines of each session, each of so many typings joined."""
    firsts = range(0, TYPINGS * typings, typings)
    return [[joined(session[first : first + typings]) for first in firsts] for session in sessions]


def threshold(people: Sequence[Sequence[TypedLine]], typings: int) -> float:
    """The score that one in a hundred attempts of strangers reaches, people left out."""
    strangers: list[float] = []
    lines = [lines_of(by_session(own), typings) for own in people]
    for round_number in range(ROUNDS):
        order = np.random.default_rng(round_number).permutation(len(people))
        for third in range(3):
            tested = set(order[third::3].tolist())
            figures = parameters.estimated(
                [own for number, own in enumerate(people) if number not in tested], version=0, source=""
            )
            trials = login_trials(
                Verifier(figures=figures), [lines[number] for number in sorted(tested)], TYPINGS, TYPINGS
            )
            strangers += [score for owner in trials for score in owner.strangers]
    return float(np.quantile(strangers, 1 - WORKING_FALSE_ACCEPTS))


def main() -> None:
    """Print or write the parameters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    people = list(read(options.data).values())
    thresholds = [
        (typings * len(people[0][0].keys), round(threshold(people, typings), 2)) for typings in TYPINGS_IN_A_LINE
    ]
    found = parameters.estimated(
        people, version=VERSION, source=SOURCE, thresholds=thresholds, learn_margin=LEARN_MARGIN
    )
    if options.write:
        parameters.SHIPPED.write_text(found.encode())
    sys.stdout.write(found.encode())


if __name__ == "__main__":
    main()
