"""Asking a page about people who exist and people who do not, to see whether the answers or their times differ."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

# Figure D1: medians differ by no more than the larger of the two.
TOLERATED_SHARE, TOLERATED_SECONDS = 0.25, 0.015
ROUNDS = 4

Step = Callable[[Client, str], HttpResponse]
Answers = dict[tuple[str, int], HttpResponse]
Figures = dict[tuple[str, int], float]


def ask_all(steps: Sequence[Step], names: Sequence[str]) -> tuple[Answers, Figures, Figures]:
    """For each name and step: the answer, after how many statements, and after how many seconds.

    The names take turns, so that what a busy machine makes slow is slow for all of them.
    """
    browsers = {name: Client(headers={"user-agent": "probe"}) for name in names}
    answers: Answers = {}
    asked: Figures = {}
    took: Figures = {}
    for number, step in enumerate(steps):
        for name, browser in browsers.items():
            with CaptureQueriesContext(connection) as statements:
                start = perf_counter()
                answers[name, number] = step(browser, name)
                took[name, number] = perf_counter() - start
            asked[name, number] = len(statements)
    return answers, asked, took


def medians(took: Figures, names_of: Mapping[str, Sequence[str]], step: int) -> dict[str, float]:
    """Median seconds of one step for each kind of name."""
    return {kind: median(took[name, step] for name in names) for kind, names in names_of.items()}


def tell_apart(seconds: Mapping[str, float]) -> bool:
    """Could somebody with a watch tell the slowest kind from the quickest?"""
    slowest, quickest = max(seconds.values()), min(seconds.values())
    return slowest - quickest > max(TOLERATED_SHARE * slowest, TOLERATED_SECONDS)


def steps_told_apart(
    labels: Sequence[str],
    steps: Sequence[Step],
    make_names: Callable[[int], Mapping[str, Sequence[str]]],
    report: Callable[[str], object],
) -> set[str]:
    """The labels of the steps in which the kinds of names can be told apart in every one of four rounds.

    What the code makes slower is slower every time; what a busy machine makes slower is not. ``make_names`` makes fresh
    names of each kind for a round; ``report`` hears the medians of the last round in milliseconds.
    """
    suspects = set(range(len(steps)))
    lines: list[str] = []
    for round_number in range(ROUNDS):
        names_of = make_names(round_number)
        in_turns = [name for row in zip(*names_of.values(), strict=True) for name in row]
        _, _, took = ask_all(steps, in_turns)
        found = [medians(took, names_of, number) for number in range(len(steps))]
        suspects &= {number for number, seconds in enumerate(found) if tell_apart(seconds)}
        lines = [
            f"{label:32}" + "  ".join(f"{kind} {value * 1000:.1f}" for kind, value in seconds.items())
            for label, seconds in zip(labels, found, strict=True)
        ]
        if not suspects:
            break
    for line in lines:
        report(line)
    return {labels[number] for number in suspects}
