"""Key events become one line with its timings; what is no line is told with a reason and words."""

import numpy as np
import pytest

from accounts.typing_pattern.features import Kind, kinds_of, text_tag, vector
from accounts.typing_pattern.samples import (
    LONGEST_LINE,
    MOST_CORRECTIONS,
    MOST_EVENTS,
    WORDS,
    KeyEvent,
    Problem,
    UnusableLine,
    events_from,
    labels_of,
    typed_line,
)
from tests.support.typists import events_of

pytestmark = [pytest.mark.no_db, pytest.mark.feature("LOG_11")]


def event(key: str, *, down: bool, at_ms: float, code: str = "", **flags: bool) -> KeyEvent:
    return KeyEvent(down=down, code=code or f"Key{key}", key=key, at_ms=at_ms, **flags)


def pressed(key: str, at_ms: float, *, hold_ms: float = 80.0) -> list[KeyEvent]:
    return [event(key, down=True, at_ms=at_ms), event(key, down=False, at_ms=at_ms + hold_ms)]


def refusal(events: list[KeyEvent], sentence: str = "abc") -> UnusableLine:
    with pytest.raises(UnusableLine) as why:
        typed_line(events, sentence)
    assert str(why.value) == WORDS[why.value.reason]
    return why.value


def test_a_line_begins_at_zero_and_has_a_press_and_a_release_for_each_character():
    line = typed_line(events_of("Go on."), "Go on.")
    assert line.keys == ("Shift.g", "o", "space", "o", "n", "period")
    assert line.press.tolist() == [0, 150, 300, 450, 600, 750]
    assert (line.release - line.press).tolist() == [90] * 6
    assert line.clean.all()
    assert line.span_ms == 840


def test_keys_may_overlap():
    rolled = [
        event("a", down=True, at_ms=0),
        event("b", down=True, at_ms=60),
        event("a", down=False, at_ms=100),
        event("b", down=False, at_ms=150),
    ]
    line = typed_line(rolled, "ab")
    assert (line.press[1] - line.release[0]) == -40


def test_the_release_finds_its_press_by_the_key_and_not_by_the_character():
    shift_let_go_first = [
        event("Shift", down=True, at_ms=0, code="ShiftLeft"),
        event("A", down=True, at_ms=50, code="KeyA"),
        event("Shift", down=False, at_ms=80, code="ShiftLeft"),
        event("a", down=False, at_ms=140, code="KeyA"),
    ]
    line = typed_line(shift_let_go_first, "A")
    assert line.release.tolist() == [90]


def test_the_tab_that_led_into_the_line_may_be_let_go_of_inside_it():
    line = typed_line([event("Tab", down=False, at_ms=1), *pressed("a", 5)], "a")
    assert line.keys == ("a",)


def test_an_interval_with_a_correction_in_it_does_not_count():
    line = typed_line(events_of("abx<c"), "abc")
    assert line.corrections == 1
    assert line.clean.tolist() == [True, True, False]
    assert np.isnan(vector(line)).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("typed", "position"), [("abd", 2), ("ab", 2), ("abcd", 3), ("Abc", 0), ("", None), ("<abc<", 2)]
)
def test_anything_but_the_sentence_is_a_mistake_with_its_place(typed, position):
    why = refusal(events_of(typed))
    assert (why.reason, why.position) == (
        (Problem.MISTAKE, position) if position is not None else (Problem.UNREADABLE, None)
    )
    assert not why.counts_as_failure
    assert not why.needs_another_method


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([*pressed("a", 0), event("b", down=True, at_ms=90)], Problem.MISSING_RELEASE),
        ([event("a", down=True, at_ms=0), *pressed("a", 50)], Problem.MISSING_RELEASE),
        ([event("b", down=False, at_ms=0), *pressed("a", 9)], Problem.RELEASE_WITHOUT_PRESS),
        ([*pressed("a", 500), *pressed("b", 100)], Problem.OUT_OF_ORDER),
        ([event("a", down=True, at_ms=0), event("a", down=True, at_ms=500, repeated=True)], Problem.HELD_DOWN),
        ([event("a", down=True, at_ms=0), event("a", down=False, at_ms=2_500)], Problem.MISTAKE),
        ([*pressed("a", 0), *pressed("b", 11_000), *pressed("c", 11_200)], Problem.PAUSED),
        ([*pressed("a", 0), *pressed("b", 200), *pressed("c", 400, hold_ms=2_100)], Problem.HELD_DOWN),
        ([*pressed("a", 0), *pressed("ArrowLeft", 200)], Problem.MISTAKE),
        ([event("a", down=True, at_ms=0, trusted=False)], Problem.SCRIPTED),
        ([event("Unidentified", down=True, at_ms=0)], Problem.NOT_KEYS),
        ([event("a", down=True, at_ms=0, composing=True)], Problem.NOT_KEYS),
        (events_of("x<" * (MOST_CORRECTIONS + 1) + "abc"), Problem.TOO_MANY_CORRECTIONS),
        ([*pressed("a", 0)] * MOST_EVENTS, Problem.TOO_MANY_EVENTS),
    ],
)
def test_what_is_no_line_is_refused_with_its_reason(events, reason):
    why = refusal(events)
    assert why.reason is reason
    assert why.counts_as_failure == (reason is Problem.SCRIPTED)
    assert why.needs_another_method == (reason is Problem.NOT_KEYS)


def test_a_sentence_longer_than_any_is_refused():
    assert refusal(events_of("a"), "a" * (LONGEST_LINE + 1)).reason is Problem.UNREADABLE


def test_the_rows_of_the_page_become_events():
    down, up = events_from([["d", "KeyA", "a", 12.5, 0], ["u", "KeyA", "a", 90, 7]])
    assert down == KeyEvent(down=True, code="KeyA", key="a", at_ms=12.5)
    assert (up.down, up.trusted, up.repeated, up.composing) == (False, False, True, True)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "d",
        {"kind": "d"},
        [["d", "KeyA", "a", 1]],
        [["x", "KeyA", "a", 1, 0]],
        [["d", 5, "a", 1, 0]],
        [["d", "KeyA", "a", "1", 0]],
        [["d", "KeyA", "a", float("nan"), 0]],
        [["d", "KeyA", "a", float("inf"), 0]],
        [["d", "KeyA", "a", -1, 0]],
        [["d", "KeyA", "a", True, 0]],
        [["d", "KeyA", "a", 1, 8]],
        [["d", "KeyA", "a", 1, 0.5]],
    ],
)
def test_rows_of_another_shape_are_unreadable(payload):
    with pytest.raises(UnusableLine) as why:
        events_from(payload)
    assert why.value.reason is Problem.UNREADABLE


def test_more_rows_than_a_line_can_need_are_not_looked_at():
    with pytest.raises(UnusableLine) as why:
        events_from([None] * (MOST_EVENTS + 1))
    assert why.value.reason is Problem.TOO_MANY_EVENTS


def test_places_have_classes_by_how_easily_their_keys_are_reached():
    assert labels_of("aB 5!") == ("a", "Shift.b", "space", "5", "Shift.!")
    plain, awkward = Kind.HOLD_PLAIN, Kind.HOLD_AWKWARD
    assert kinds_of(labels_of("a B")).tolist() == [plain, plain, awkward, Kind.DOWN_DOWN_PLAIN, Kind.DOWN_DOWN_AWKWARD]
    assert text_tag(labels_of("a b")) != text_tag(labels_of("ab"))
