"""What a proposal has to say for which plans."""

from dataclasses import replace
from datetime import date

import pytest

from enrollment.rules import disclaimers
from enrollment.rules.disclaimers import Proposed

pytestmark = pytest.mark.no_db

PLAIN = Proposed(
    on_exchange=False,
    off_exchange=True,
    medical=True,
    dental=False,
    consumer_choice_networks=frozenset(),
    open_enrollment=True,
    has_tobacco=False,
)
VERSION = disclaimers.version_for(date(2026, 11, 21))


def text_for(**changes) -> str:
    return " ".join(one.text for one in disclaimers.sentences_for(VERSION, replace(PLAIN, **changes)))


@pytest.mark.feature("QUO_08")
def test_every_proposal_says_that_it_is_no_offer_and_that_filed_rates_count():
    text = text_for(off_exchange=False, medical=False)
    assert "not an offer of coverage" in text
    assert "the filed rate applies" in text
    assert "eligibility" in text


@pytest.mark.feature("QUO_08")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"on_exchange": True}, "without any premium tax credit"),
        ({"off_exchange": True}, "cannot be combined with a premium tax credit"),
        ({"consumer_choice_networks": frozenset({"PPO"})}, "Consumer Choice of Benefits Health Insurance Plan"),
        (
            {"consumer_choice_networks": frozenset({"HMO"})},
            "Consumer Choice of Benefits Health Maintenance Organization",
        ),
        ({"dental": True}, "Dental plans have limits"),
        ({"has_tobacco": True}, "additional amount for tobacco use"),
        ({"open_enrollment": False}, "qualifying life event"),
        ({"medical": True}, "Summary of Benefits and Coverage"),
    ],
)
def test_a_sentence_stands_where_it_applies_and_nowhere_else(changes, words):
    opposite = {name: frozenset() if isinstance(value, frozenset) else not value for name, value in changes.items()}
    assert words in text_for(**changes)
    assert words not in text_for(**opposite)


def test_the_words_of_a_version_never_change():
    """Whoever changes a sentence makes a new version: proposals that were sent name the one they carry."""
    import hashlib

    words = "\n".join(f"{one.heading}|{one.text}" for one in VERSION.sentences)
    assert (VERSION.name, hashlib.sha256(words.encode()).hexdigest()[:16]) == ("1", "4630bbd7df829321")
