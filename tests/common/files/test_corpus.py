"""The corpus of good, odd and hostile files: every answer right, in bounded memory and time (figure E2)."""

from collections.abc import Sequence

import pytest

from tests.common.files import corpus, run_corpus

pytestmark = [
    pytest.mark.no_db,
    pytest.mark.timeout(900),
    pytest.mark.feature("DOC_01"),
    pytest.mark.feature("DOC_02"),
]


def assert_answered_in_bounds(cases: Sequence[corpus.Case]) -> None:
    figures = run_corpus.run(cases)
    assert figures["wrong"] == []
    assert figures["files"] == len(cases)
    assert figures["grown_mib"] <= 100
    assert figures["slowest"][0][0] <= 10
    # What opens the files is limited by itself; this is how far from the limit it stays.
    assert figures["largest_child_mib"] <= 512


def test_a_file_of_every_answer_and_extension_gets_its_answer_in_bounded_memory_and_time():
    cases = run_corpus.sample()
    assert {case.verdict for case in cases} == {case.verdict for case in corpus.CASES}
    assert_answered_in_bounds(cases)


@pytest.mark.drill
def test_every_file_of_the_corpus_gets_its_answer_in_bounded_memory_and_time():
    assert len(corpus.CASES) >= 84
    assert_answered_in_bounds(corpus.CASES)
