"""Owners are accepted, others refused; templates are kept in a compact form and learn; any sentence can be judged."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accounts.typing_pattern.parameters import SHIPPED, Parameters, shipped
from accounts.typing_pattern.same_text import OtherText, TooFewTimings, robust_average
from accounts.typing_pattern.samples import TypedLine
from accounts.typing_pattern.template import FORMAT, MOST_SKETCHES, Template, TemplateUnreadable
from accounts.typing_pattern.verifier import Verifier
from bench.typing_pattern import equal_error_rate, measure, refused_at
from tests.support.typists import PASSWORD, SENTENCE, Typist

pytestmark = [pytest.mark.no_db, pytest.mark.feature("LOG_12")]
ROOT = Path(__file__).parents[2]
verifier = Verifier(sketch_key=b"a key for tests")


@pytest.mark.parametrize("sentence", [SENTENCE, PASSWORD, "The quick brown fox jumps over 13 lazy dogs."])
@pytest.mark.sampled(1)
def test_owners_are_accepted_and_others_refused_whatever_the_sentence(sentence):
    typists = [Typist(number, sentence) for number in range(25)]
    templates = [verifier.enrol(typist.day()) for typist in typists]
    own, others = [], []
    for number, template in enumerate(templates):
        for other, typist in enumerate(typists):
            accepted = verifier.decide(template, typist.day()).accepted
            (own if other == number else others).append(accepted)
    assert np.mean(own) >= 0.84
    assert np.mean(others) <= 0.05


def test_the_threshold_is_the_callers():
    typist = Typist(1)
    template, attempt = verifier.enrol(typist.day()), typist.day()
    usual = verifier.decide(template, attempt)
    assert usual.accepted
    assert usual.threshold == shipped().threshold(len(SENTENCE))
    assert usual.score == pytest.approx(verifier.score(template, attempt), abs=1e-3)
    assert not verifier.decide(template, attempt, threshold=usual.score + 1).accepted
    assert verifier.decide(template, attempt, threshold=usual.score - 0.01).accepted


def test_only_an_attempt_well_above_the_threshold_may_be_learnt_from():
    typist = Typist(2)
    template, attempt = verifier.enrol(typist.day()), typist.day()
    score, margin = verifier.score(template, attempt), shipped().learn_margin
    assert verifier.decide(template, attempt, threshold=score - margin - 0.01).may_learn
    assert not verifier.decide(template, attempt, threshold=score - margin + 0.01).may_learn


def test_learning_brings_the_template_nearer_to_how_somebody_types_now():
    typist = Typist(3)
    template = verifier.enrol(typist.day())
    typist.down_down -= 0.3
    before = verifier.score(template, typist.day())
    for _ in range(6):
        template = verifier.update(template, typist.day())
    assert template.learnt == 6
    assert verifier.score(template, typist.day()) > before + 1
    assert np.array_equal(template.enrolled_mean, verifier.update(template, typist.day()).enrolled_mean)


def test_a_template_never_walks_far_from_its_enrolment():
    owner, thief = Typist(4), Typist(4, slow=1.5)
    thief.hold = thief.hold + 1.0
    template = start = verifier.enrol(owner.day())
    for _ in range(30):
        template = verifier.update(template, thief.day())
    moved = np.abs(template.mean - start.mean).mean()
    assert moved < np.abs(np.concatenate([thief.hold, thief.down_down]) - start.mean).mean() / 1.3
    assert template.learnt < 30


def test_of_many_learnt_typings_the_first_and_the_latest_sketches_stay():
    typist = Typist(5)
    template = start = verifier.enrol(typist.day())
    for _ in range(15):
        last = typist.day()
        template = verifier.update(template, last)
    assert len(template.sketches) == MOST_SKETCHES
    assert np.array_equal(template.sketches[:3], start.sketches)
    assert np.array_equal(template.sketches[-3:], verifier.enrol(last).sketches)


def test_a_template_is_kept_in_under_four_kilobytes_and_scores_the_same_when_read_back():
    typist = Typist(6)
    template = verifier.enrol(typist.day())
    for _ in range(15):
        template = verifier.update(template, typist.day())
    kept = template.encode()
    again = Template.decode(kept)
    attempt = typist.day()
    assert len(kept) < 4_600
    assert len(verifier.enrol(typist.day()).encode()) < 1_200
    assert again.encode() == kept
    assert verifier.score(again, attempt) == pytest.approx(verifier.score(template, attempt), abs=1e-3)


def test_bytes_that_are_no_template_are_refused():
    kept = verifier.enrol(Typist(7).day()).encode()
    broken = [b"", b"XXX" + kept[3:], kept[:3] + bytes([FORMAT + 1]) + kept[4:], kept[:-1], kept + b"0"]
    no_number = replace(Template.decode(kept), mean=np.full(2 * len(SENTENCE) - 1, np.nan)).encode()
    for wrong in [*broken, no_number]:
        with pytest.raises(TemplateUnreadable):
            Template.decode(wrong)


def test_a_template_is_for_its_own_text_only():
    template = verifier.enrol(Typist(8).day())
    other = Typist(8, PASSWORD).day()
    for act in (verifier.score, verifier.update):
        with pytest.raises(OtherText):
            act(template, other)
    with pytest.raises(OtherText):
        verifier.enrol([*Typist(8).day(2), *other[:1]])


def corrected_at(sample: TypedLine, place: int) -> TypedLine:
    clean = np.arange(len(sample.keys)) != place
    return TypedLine(keys=sample.keys, press=sample.press, release=sample.release, clean=clean, corrections=1)


def test_corrections_in_different_places_are_borne_and_in_the_same_place_are_not():
    typist = Typist(9)
    template = verifier.enrol([corrected_at(sample, 3 + place) for place, sample in enumerate(typist.day())])
    apart = [corrected_at(sample, 5 * place + 2) for place, sample in enumerate(typist.day())]
    assert verifier.decide(template, apart).accepted
    with pytest.raises(TooFewTimings):
        verifier.score(template, [corrected_at(sample, 7) for sample in typist.day()])


def test_one_long_pause_does_not_move_an_average_far():
    rows = np.array([[0.0, 0.0], [0.1, 0.0], [2.3, 0.0]])
    assert robust_average(rows)[0] < 0.6


@pytest.mark.long
def test_a_background_that_typed_the_same_text_makes_it_better():
    people = {f"p{number}": [] for number in range(18)}
    for number, name in enumerate(people):
        typist = Typist(100 + number, PASSWORD)
        people[name] = [sample for session in range(8) for sample in typist.day(4, session)]
    report = measure(people, forge=False)
    by_class = measure(people, forge=False, by_class=True)
    assert equal_error_rate(report.genuine, report.strangers) < 0.05
    assert equal_error_rate(by_class.genuine, by_class.strangers) < 0.15
    assert refused_at(report.genuine, report.strangers, 0.01) < 0.15


def test_people_who_type_another_text_every_time_are_told_apart_too():
    def lines(number: int) -> list[TypedLine]:
        rng = np.random.default_rng(number)
        hold, pace = 4.5 + 0.2 * rng.standard_normal(), 5.1 + 0.3 * rng.standard_normal()
        made = []
        for _ in range(9):
            words = "".join(rng.choice(list("etaoinshr "), 30))
            typist = Typist(number, words)
            typist.hold[:], typist.down_down[:] = hold, pace
            typist.rng = rng
            made += typist.day(1)
        return made

    many = Verifier()
    many.prepare([lines(200 + number) for number in range(40)])
    people = [lines(300 + number) for number in range(12)]
    templates = [many.fit(own[:3]) for own in people]
    own = [many.score(template, typed[3:6]) for template, typed in zip(templates, people, strict=True)]
    others = [
        many.score(template, typed[3:6])
        for at, template in enumerate(templates)
        for typed in people
        if typed is not people[at]
    ]
    assert equal_error_rate(own, others) < 0.2
    learnt = many.update(templates[0], people[0][3:6])
    assert many.score(learnt, people[0][6:9]) > many.score(learnt, people[1][6:9])
    assert many.score(templates[0], people[0][:3]) < -100


def test_the_shipped_parameters_are_one_version_from_data_that_may_be_used():
    figures = shipped()
    assert figures.version == 1
    assert figures.source.startswith("CMU")
    assert Parameters.decode(figures.encode()) == figures
    assert figures.threshold(5) == figures.threshold(11) > figures.threshold(30) > figures.threshold(44)
    assert SHIPPED.read_text() == figures.encode()
    assert len(SHIPPED.read_bytes()) < 4_000
    for covariance in (figures.population(Typist(0).keys).person, figures.population(Typist(0).keys).typing):
        assert np.linalg.eigvalsh(covariance).min() > 0


def test_the_verifier_needs_no_django():
    probe = "import sys, accounts.typing_pattern.verifier; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=False).returncode == 0
