"""The whole corpus of good, odd and hostile files: every answer right, in bounded memory and time (figure E2)."""

import pytest

from tests.common.files import corpus, run_corpus


@pytest.mark.no_db
@pytest.mark.timeout(900)
@pytest.mark.feature("DOC_01")
@pytest.mark.feature("DOC_02")
def test_every_file_of_the_corpus_gets_its_answer_in_bounded_memory_and_time():
    figures = run_corpus.run()
    assert figures["wrong"] == []
    assert figures["files"] == len(corpus.CASES) >= 84
    assert figures["grown_mib"] <= 100
    assert figures["slowest"][0][0] <= 10
    # What opens the files is limited by itself; this is how far from the limit it stays.
    assert figures["largest_child_mib"] <= 512
