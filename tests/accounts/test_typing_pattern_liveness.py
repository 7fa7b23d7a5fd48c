"""What no person types is refused with its reason: replays, copies, even rhythms, everybody's rhythm, clocks too coarse."""

import numpy as np
import pytest

from accounts.typing_pattern import liveness
from accounts.typing_pattern.liveness import Finding, Sketcher, clock_grid_ms, digest, examine
from accounts.typing_pattern.parameters import shipped
from accounts.typing_pattern.samples import Problem, TypedLine, UnusableLine
from accounts.typing_pattern.verifier import REFUSED, CannotEnrol, Verifier
from tests.support.typists import SENTENCE, Typist, line

pytestmark = [pytest.mark.no_db, pytest.mark.feature("LOG_12")]
KEY = b"a key for tests"
SIZE = len(SENTENCE)
verifier = Verifier(sketch_key=KEY)


def changed(sample: TypedLine, share: float, rng: np.random.Generator) -> TypedLine:
    hold, down = sample.release - sample.press, np.diff(sample.press)
    return line(
        sample.keys,
        hold * np.maximum(1 + share * rng.standard_normal(len(hold)), 0.2),
        down * np.maximum(1 + share * rng.standard_normal(len(down)), 0.2),
    )


def on_a_clock_of(tick_ms: float, samples: list[TypedLine]) -> list[TypedLine]:
    return [
        TypedLine(
            keys=sample.keys,
            press=np.floor(sample.press / tick_ms) * tick_ms,
            release=np.floor(sample.release / tick_ms) * tick_ms,
            clean=sample.clean,
        )
        for sample in samples
    ]


def evenly(hold_ms: float, apart_ms: float, *, hold_noise: float = 0, apart_noise: float = 0) -> TypedLine:
    rng = np.random.default_rng(3)
    hold = hold_ms + hold_noise * rng.standard_normal(SIZE)
    return line(Typist(0).keys, hold, apart_ms + apart_noise * rng.standard_normal(SIZE - 1))


@pytest.mark.parametrize("number", range(20))
def test_nothing_speaks_against_people(number):
    typist = Typist(number)
    template = verifier.enrol(typist.day())
    decisions = [verifier.decide(template, typist.day(), elapsed_ms=60_000) for _ in range(3)]
    assert [decision.finding for decision in decisions] == [None] * 3


def test_the_typings_of_the_enrolment_sent_again_are_an_exact_replay():
    enrolled = Typist(1).day()
    template = verifier.enrol(enrolled)
    again = [line(sample.keys, sample.release - sample.press, np.diff(sample.press)) for sample in enrolled]
    decision = verifier.decide(template, again)
    assert (decision.accepted, decision.finding, decision.score) == (False, Finding.EXACT_REPLAY, REFUSED)


def test_an_attempt_that_was_accepted_cannot_be_sent_again():
    typist = Typist(2)
    template = verifier.enrol(typist.day())
    attempt = typist.day()
    assert verifier.decide(template, attempt).finding is None
    for later in (verifier.update(template, attempt), verifier.remember(template, attempt)):
        assert verifier.decide(later, attempt).finding is Finding.EXACT_REPLAY
    assert np.array_equal(verifier.remember(template, attempt).mean, template.mean)


@pytest.mark.parametrize("mean_ms", [0.3, 1, 3])
def test_typings_of_the_enrolment_with_milliseconds_changed_are_a_near_replay(mean_ms):
    rng = np.random.default_rng(4)
    enrolled = Typist(3).day()
    template = verifier.enrol(enrolled)
    nudged = []
    for sample in enrolled:
        hold, down = sample.release - sample.press, np.diff(sample.press)
        off = rng.uniform(-2 * mean_ms, 2 * mean_ms, 2 * SIZE - 1)
        nudged.append(line(sample.keys, hold + off[:SIZE], down + off[SIZE:]))
    assert verifier.decide(template, nudged).finding is Finding.NEAR_REPLAY


def test_one_typing_of_the_enrolment_with_ten_percent_changed_is_a_near_replay():
    rng = np.random.default_rng(5)
    for number in range(10):
        enrolled = Typist(number).day()
        attempt = [changed(enrolled[1], 0.1, rng) for _ in range(3)]
        assert verifier.decide(verifier.enrol(enrolled), attempt).finding is Finding.NEAR_REPLAY


def test_copies_of_a_typing_that_is_not_kept_count_against_the_attempt():
    rng = np.random.default_rng(6)
    stolen = Typist(4).day()[0]
    assert liveness.evidence_of_copying([changed(stolen, 0.1, rng) for _ in range(3)]) < -3
    assert liveness.evidence_of_copying(Typist(4).day()) == 0
    assert liveness.evidence_of_copying([stolen]) == 0


def test_the_same_typing_three_times_over_is_found():
    typed = Typist(5).day()[0]
    again = [line(typed.keys, typed.release - typed.press, np.diff(typed.press)) for _ in range(3)]
    assert verifier.decide(verifier.enrol(Typist(5).day()), again).finding is Finding.COPIES_WITHIN
    with pytest.raises(CannotEnrol) as why:
        verifier.enrol(again)
    assert why.value.finding is Finding.COPIES_WITHIN


def test_typings_that_vary_less_than_hands_do_are_too_regular():
    rng = np.random.default_rng(7)
    stolen = Typist(6).day()[0]
    attempt = [changed(stolen, 0.05, rng) for _ in range(3)]
    assert examine(attempt) is Finding.TOO_REGULAR


def test_a_script_in_the_rhythm_of_everybody_is_found():
    people = shipped().population(Typist(0).keys)
    rng = np.random.default_rng(8)
    median = line(Typist(0).keys, np.exp(people.location[:SIZE]), np.exp(people.location[SIZE:]))
    template = verifier.enrol(Typist(7).day())
    decisions = [verifier.decide(template, [changed(median, 0.15, rng) for _ in range(3)]) for _ in range(20)]
    assert {decision.finding for decision in decisions} == {Finding.POPULATION_RHYTHM}


@pytest.mark.parametrize(
    "impossible",
    [
        evenly(0, 150, apart_noise=20),
        evenly(90, 150, apart_noise=20),
        evenly(90, 150, hold_noise=10),
        evenly(90, 12, hold_noise=10, apart_noise=5),
        evenly(4, 150, hold_noise=2, apart_noise=20),
        evenly(-60, 150, hold_noise=10, apart_noise=20),
        evenly(float("nan"), 150, apart_noise=20),
    ],
    ids=["no holds", "one hold", "one interval", "too quick", "too short holds", "released before", "no number"],
)
def test_rhythms_that_no_hand_makes_are_impossible(impossible):
    assert examine([impossible]) is Finding.IMPOSSIBLE


@pytest.mark.parametrize(("tick_ms", "finding"), [(1, None), (8, None), (15.625, None), (100 / 3, None)])
def test_clocks_up_to_a_thirtieth_of_a_second_are_good_enough(tick_ms, finding):
    for number in range(8):
        assert examine(on_a_clock_of(tick_ms, Typist(number).day())) is finding


@pytest.mark.parametrize("tick_ms", [40, 50, 100])
def test_a_coarser_clock_leads_to_another_method_and_is_no_failure(tick_ms):
    for number in range(8):
        coarse = on_a_clock_of(tick_ms, Typist(number, slow=0.8).day())
        assert clock_grid_ms(coarse) == pytest.approx(tick_ms, abs=0.6)
        assert examine(coarse) is Finding.COARSE_CLOCK
    assert liveness.needs_another_method(Finding.COARSE_CLOCK)
    assert not liveness.counts_as_failure(Finding.COARSE_CLOCK)
    assert "another way" in liveness.message(Finding.COARSE_CLOCK)


def test_slow_typists_on_a_fine_clock_are_not_taken_for_a_coarse_clock():
    for number in range(30):
        assert clock_grid_ms(Typist(number, slow=1.0).day()) < 5


def test_an_attempt_longer_than_the_server_waited_was_not_typed_now():
    attempt = Typist(8).day()
    span = sum(sample.span_ms for sample in attempt)
    assert examine(attempt, elapsed_ms=span) is None
    assert examine(attempt, elapsed_ms=span - 2_000) is Finding.LONGER_THAN_ELAPSED


def test_a_scripted_line_is_a_finding_and_a_slip_is_none():
    assert liveness.scripted(UnusableLine(Problem.SCRIPTED)) is Finding.SCRIPTED
    assert liveness.scripted(UnusableLine(Problem.MISTAKE)) is None


def test_forgers_are_not_told_what_gave_them_away():
    told = {liveness.message(finding) for finding in Finding if not liveness.needs_another_method(finding)}
    assert told == {liveness.REFUSED}
    assert all(liveness.counts_as_failure(finding) for finding in Finding if finding is not Finding.COARSE_CLOCK)


def test_sketches_tell_distances_and_only_under_their_key():
    day, other = Typist(9).day(2), Typist(10).day(1)
    true = float(np.sqrt(np.mean((np.log(_timings(day[0])) - np.log(_timings(other[0]))) ** 2)))
    one = Sketcher(KEY)
    estimated = one.distances(one.sketch(day[:1]), one.sketch(other))[0, 0]
    assert estimated == pytest.approx(true, rel=0.3)
    under_another_key = Sketcher(b"another").sketch(day[:1])
    assert one.distances(one.sketch(day[:1]), under_another_key)[0, 0] > 0.5


def test_a_sketch_of_a_corrected_line_can_be_made():
    sample = Typist(11).day(1)[0]
    corrected = TypedLine(
        keys=sample.keys, press=sample.press, release=sample.release, clean=np.arange(SIZE) != 5, corrections=1
    )
    assert Sketcher(KEY).sketch([corrected]).shape == (1, liveness.SKETCH_NUMBERS)


def test_digests_are_of_the_exact_times_and_keyed():
    day = Typist(12).day(2)
    assert digest(day, KEY) == digest(day, KEY)
    assert len(set(digest(day, KEY) + digest(day, b"another"))) == 4


def _timings(sample: TypedLine) -> np.ndarray:
    return np.concatenate([sample.release - sample.press, np.maximum(np.diff(sample.press), 20)])
