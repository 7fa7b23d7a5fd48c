"""From captured key events to one typed line with its timings; what cannot be read is told with a reason (LOG_11).

All times are milliseconds of the browser's event clock, so only differences mean anything.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Found = TypeVar("Found")

LONGEST_LINE = 120
MOST_EVENTS = 800  # four times what a line of a hundred characters needs
LONGEST_PAUSE_MS = 10_000
LONGEST_HOLD_MS = 2_000
MOST_CORRECTIONS = 4
# Keys that change others and write nothing themselves: their presses belong to the character that follows.
MODIFIERS = frozenset({"Shift", "CapsLock", "Control", "Alt", "AltGraph", "Meta"})
# What soft keyboards and input methods report instead of a key.
NOT_A_KEY = frozenset({"Unidentified", "Process", "Dead", ""})
NAMES = {" ": "space", ".": "period", ",": "comma", "'": "apostrophe", "-": "minus", "\n": "Return"}


class Problem(StrEnum):
    """Why a captured line cannot be used."""

    UNREADABLE = "UNREADABLE"
    TOO_MANY_EVENTS = "TOO_MANY_EVENTS"
    SCRIPTED = "SCRIPTED"
    NOT_KEYS = "NOT_KEYS"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    HELD_DOWN = "HELD_DOWN"
    MISSING_RELEASE = "MISSING_RELEASE"
    RELEASE_WITHOUT_PRESS = "RELEASE_WITHOUT_PRESS"
    MISTAKE = "MISTAKE"
    TOO_MANY_CORRECTIONS = "TOO_MANY_CORRECTIONS"
    PAUSED = "PAUSED"


WORDS = {
    Problem.UNREADABLE: "The typing of this line did not arrive completely. Clear the line and type it again.",
    Problem.TOO_MANY_EVENTS: "More keys were pressed than the line needs. Clear the line and type it again.",
    Problem.SCRIPTED: "This line was not typed on a keyboard. Type it yourself, or choose another way to verify.",
    Problem.NOT_KEYS: "This keyboard does not tell single keys, as is usual on phones and with input methods. "
    "Choose another way to verify.",
    Problem.OUT_OF_ORDER: "The typing of this line arrived out of order. Clear the line and type it again.",
    Problem.HELD_DOWN: "A key was held down until it repeated. Clear the line and type it again.",
    Problem.MISSING_RELEASE: "A key was still down at the end of the line. Clear the line and type it again.",
    Problem.RELEASE_WITHOUT_PRESS: "A key was already down at the beginning of the line. Clear the line and type it again.",
    Problem.MISTAKE: "This line is not the sentence exactly as it appears. Clear the line and type it again.",
    Problem.TOO_MANY_CORRECTIONS: "Too much of this line was corrected. Clear the line and type it again.",
    Problem.PAUSED: "There was a long pause in this line. Clear the line and type it again in one go.",
}
# Of these a second try on the same device cannot be better.
ANOTHER_METHOD = frozenset({Problem.NOT_KEYS})
# These are no slips of a person: they count as a failed attempt.
SUSPICIOUS = frozenset({Problem.SCRIPTED})


class UnusableLine(Exception):
    """A captured line that is no sample; `reason` is a code for the log, `str()` a sentence fit to show.

    `position` is the first character of the sentence concerned (from 0), where there is one.
    """

    def __init__(self, reason: Problem, position: int | None = None) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason
        self.position = position

    @property
    def needs_another_method(self) -> bool:
        """Whether trying again on this device cannot help."""
        return self.reason in ANOTHER_METHOD

    @property
    def counts_as_failure(self) -> bool:
        """Whether this is no slip of a person and counts towards the limit of failures."""
        return self.reason in SUSPICIOUS


class Timed(Protocol):
    """What the verifier needs of a sample: one label and two times (ms) for each key of the text."""

    @property
    def keys(self) -> Sequence[str]: ...
    @property
    def press(self) -> Floats: ...
    @property
    def release(self) -> Floats: ...


@dataclass(frozen=True, kw_only=True)
class KeyEvent:
    """One keydown or keyup as the browser reported it; `at_ms` is its `event.timeStamp`."""

    down: bool
    code: str
    key: str
    at_ms: float
    trusted: bool = True
    repeated: bool = False
    composing: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class TypedLine:
    """One sentence as it was typed. `clean` is false for keys that a correction stands right before."""

    keys: tuple[str, ...]
    press: Floats
    release: Floats
    clean: NDArray[np.bool_]
    corrections: int = 0
    session: int = 0
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def span_ms(self) -> float:
        """From the first press to the last release."""
        return float(self.release.max() - self.press.min())


def remembered(samples: Sequence[Timed], name: Hashable, work_out: Callable[[], Found]) -> Found:
    """What was worked out of these very samples before, kept in the `cache` of the first where it has one."""
    memory: dict[Any, Any] | None = getattr(samples[0], "cache", None)
    if memory is None:
        return work_out()
    key = (name, tuple(map(id, samples)))
    if key not in memory:
        # The samples are kept beside the result, so that no other object can get one of these ids.
        memory[key] = (tuple(samples), work_out())
    found: Found = memory[key][1]
    return found


def labels_of(sentence: str) -> tuple[str, ...]:
    """The labels of a sentence's keys: `a`, `5`, `space`, `period`, and `Shift.a` for what needs Shift (US layout)."""
    return tuple(_label(character) for character in sentence)


def _label(character: str) -> str:
    if character in NAMES:
        return NAMES[character]
    if character.isalpha() and character.isupper():
        return "Shift." + character.lower()
    return character if character.isalnum() or character in "`=[]\\;/" else "Shift." + character


def events_from(payload: object) -> list[KeyEvent]:
    """Key events from the rows the page posts: `[kind, code, key, ms, flags]`, kind `"d"` or `"u"`.

    Flags: 1 not trusted, 2 repeated, 4 composing. Raises ``UnusableLine`` where the rows have another shape.
    """
    if not isinstance(payload, list):
        raise UnusableLine(Problem.UNREADABLE)
    if len(payload) > MOST_EVENTS:
        raise UnusableLine(Problem.TOO_MANY_EVENTS)
    return [_event_from(row) for row in payload]


def _event_from(row: object) -> KeyEvent:
    if not isinstance(row, list) or len(row) != 5:
        raise UnusableLine(Problem.UNREADABLE)
    kind, code, key, at_ms, flags = row
    numbers = all(isinstance(number, int | float) and not isinstance(number, bool) for number in (at_ms, flags))
    if kind not in ("d", "u") or not isinstance(code, str) or not isinstance(key, str) or not numbers:
        raise UnusableLine(Problem.UNREADABLE)
    if not 0 <= at_ms < 1e13 or flags not in range(8):  # also refuses what is not a number
        raise UnusableLine(Problem.UNREADABLE)
    return KeyEvent(
        down=kind == "d",
        code=code[:32],
        key=key[:32],
        at_ms=float(at_ms),
        trusted=not flags & 1,
        repeated=bool(flags & 2),
        composing=bool(flags & 4),
    )


def typed_line(events: Iterable[KeyEvent], sentence: str) -> TypedLine:
    """The sample in the events of one line. Keys may overlap; Backspace takes back one character.

    Raises ``UnusableLine`` for scripted or soft-keyboard events, events out of order, keys without their release,
    anything but the sentence, more than four corrections, a pause above ten seconds.
    """
    events = list(events)
    if not events or len(sentence) > LONGEST_LINE:
        raise UnusableLine(Problem.UNREADABLE)
    if len(events) > MOST_EVENTS:
        raise UnusableLine(Problem.TOO_MANY_EVENTS)
    _check_origin(events)
    presses = _paired(events)
    return _spelled(presses, sentence)


def _check_origin(events: list[KeyEvent]) -> None:
    if any(not event.trusted for event in events):
        raise UnusableLine(Problem.SCRIPTED)
    if any(event.composing or event.key in NOT_A_KEY or not event.code for event in events):
        raise UnusableLine(Problem.NOT_KEYS)
    times = [event.at_ms for event in events]
    if any(later < earlier for earlier, later in zip(times, times[1:], strict=False)):
        raise UnusableLine(Problem.OUT_OF_ORDER)
    if any(event.repeated and event.key not in MODIFIERS for event in events):
        raise UnusableLine(Problem.HELD_DOWN)


@dataclass
class _Press:
    key: str
    press: float
    release: float | None = None


def _paired(events: list[KeyEvent]) -> list[_Press]:
    """Presses of writing keys in their order, each with its release. Paired by code: Shift may change `key` in between."""
    presses: list[_Press] = []
    open_presses: dict[str, _Press] = {}
    for event in events:
        if event.key in MODIFIERS:
            continue
        if event.down:
            if event.code in open_presses:
                raise UnusableLine(Problem.MISSING_RELEASE)
            open_presses[event.code] = _Press(event.key, event.at_ms)
            presses.append(open_presses[event.code])
        else:
            pressed = open_presses.pop(event.code, None)
            if pressed is None:
                # The key that led into the line, say Tab or Enter, is let go of inside it.
                if not presses and event.key in ("Tab", "Enter"):
                    continue
                raise UnusableLine(Problem.RELEASE_WITHOUT_PRESS)
            pressed.release = event.at_ms
    if open_presses:
        raise UnusableLine(Problem.MISSING_RELEASE)
    return presses


def _spelled(presses: list[_Press], sentence: str) -> TypedLine:
    written: list[tuple[_Press, bool]] = []
    corrections = 0
    clean = True
    for pressed in presses:
        if pressed.key == "Backspace":
            corrections += 1
            clean = False
            if written:
                written.pop()
            continue
        if len(pressed.key) != 1:
            raise UnusableLine(Problem.MISTAKE, len(written))
        written.append((pressed, clean))
        clean = True
    for position, (pressed, _) in enumerate(written[: len(sentence)]):
        if pressed.key != sentence[position]:
            raise UnusableLine(Problem.MISTAKE, position)
    if len(written) != len(sentence):
        raise UnusableLine(Problem.MISTAKE, min(len(written), len(sentence)))
    if corrections > MOST_CORRECTIONS:
        raise UnusableLine(Problem.TOO_MANY_CORRECTIONS)
    press = np.array([pressed.press for pressed, _ in written])
    release = np.array([pressed.release for pressed, _ in written], dtype=float)
    first = press[0]
    line = TypedLine(
        keys=labels_of(sentence),
        press=press - first,
        release=release - first,
        clean=np.array([is_clean for _, is_clean in written]),
        corrections=corrections,
    )
    gaps = np.diff(line.press)
    if len(gaps) and gaps.max() > LONGEST_PAUSE_MS:
        raise UnusableLine(Problem.PAUSED, int(gaps.argmax()) + 1)
    if (line.release - line.press).max() > LONGEST_HOLD_MS:
        raise UnusableLine(Problem.HELD_DOWN, int((line.release - line.press).argmax()))
    return line
