"""The figures of the typing pattern on the reference data, which is not part of the project (ADR 0025)."""

import os
from pathlib import Path

import numpy as np
import pytest

from bench.typing_pattern import equal_error_rate, measure, read, refused_at

ROOT = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("TYPING_DATA", ROOT.parent / "shared" / "data" / "typing"))
CMU, AALTO = REFERENCE / "cmu_dev.csv.gz", REFERENCE / "aalto_dev.csv.gz"

pytestmark = [
    pytest.mark.no_db,
    pytest.mark.ref,
    pytest.mark.drill,
    pytest.mark.skipif(not CMU.is_file(), reason="the typing data of CMU and Aalto are not part of the project"),
]


@pytest.mark.timeout(600)
def test_people_of_the_cmu_data_are_told_apart_and_forgeries_are_not_taken_for_them():
    report = measure(read(str(CMU)))
    assert equal_error_rate(report.genuine, report.strangers) <= 0.05
    assert refused_at(report.genuine, report.strangers, 0.01) <= 0.18
    accepted = {name: float(np.mean(ones)) for name, ones in report.forged.items()}
    assert accepted["median rhythm, 15 % jitter"] <= 0.01
    assert accepted["exact replay of the enrolment"] == 0
    assert accepted["near replay of the enrolment (3 ms)"] == 0
    assert accepted["one stolen typing of the enrolment, 10 % jitter"] <= 0.02


@pytest.mark.timeout(600)
def test_learning_from_accepted_attempts_makes_it_better():
    report = measure(read(str(CMU)), learn=True, forge=False)
    assert equal_error_rate(report.genuine, report.strangers) <= 0.03


@pytest.mark.timeout(900)
def test_people_of_the_aalto_data_are_told_apart_by_other_sentences():
    people = read(str(AALTO))
    names = sorted(people)
    order = np.random.default_rng(7).permutation(len(names))
    tested = {names[at] for at in order[:60]}
    report = measure(
        {name: people[name] for name in tested},
        {name: own for name, own in people.items() if name not in tested},
        forge=False,
    )
    assert equal_error_rate(report.genuine, report.strangers) <= 0.022
