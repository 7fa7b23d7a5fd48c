"""People who type, made up: each with a rhythm of their own, steady from day to day, and the events a browser would report."""

from collections.abc import Sequence

import numpy as np

from accounts.typing_pattern.samples import KeyEvent, TypedLine, labels_of

SENTENCE = "My clients count on me to be here for them"
PASSWORD = "harbor.Kite5"


class Typist:
    """Somebody with a hold and an interval for each place of a sentence (log ms), and so much change between typings."""

    def __init__(self, number: int, sentence: str = SENTENCE, *, slow: float = 0.0) -> None:
        self.sentence = sentence
        self.keys = labels_of(sentence)
        self.rng = np.random.default_rng(1_000 + number)
        size = len(sentence)
        self.hold = 4.55 + 0.22 * self.rng.standard_normal() + 0.12 * self.rng.standard_normal(size)
        pace = 5.1 + slow + 0.3 * self.rng.standard_normal()
        self.down_down = pace + 0.28 * self.rng.standard_normal(size - 1)

    def day(self, typings: int = 3, session: int = 0) -> list[TypedLine]:
        """The typings of one day: a shift of the day's own, then noise."""
        size = len(self.keys)
        hold = self.hold + 0.08 * self.rng.standard_normal() + 0.04 * self.rng.standard_normal(size)
        down = self.down_down + 0.1 * self.rng.standard_normal() + 0.06 * self.rng.standard_normal(size - 1)
        return [
            line(
                self.keys,
                np.exp(hold + 0.13 * self.rng.standard_normal(size)),
                np.exp(down + 0.22 * self.rng.standard_t(5, size - 1)),
                session,
            )
            for _ in range(typings)
        ]


def line(keys: Sequence[str], hold: np.ndarray, down_down: np.ndarray, session: int = 0) -> TypedLine:
    """A typed line with these holds and intervals in milliseconds."""
    press = np.concatenate([[0.0], np.cumsum(down_down)]).round(1)
    return TypedLine(
        keys=tuple(keys),
        press=press,
        release=(press + hold).round(1),
        clean=np.ones(len(keys), dtype=bool),
        session=session,
    )


def events_of(
    typed: str, *, hold_ms: float = 90.0, apart_ms: float = 150.0, start_ms: float = 5_000.0
) -> list[KeyEvent]:
    """Events of evenly typed characters; `<` is Backspace. Capitals come with Shift around them."""
    events: list[KeyEvent] = []
    for place, character in enumerate(typed):
        at_ms = start_ms + place * apart_ms
        key = "Backspace" if character == "<" else character
        code = "Key" + character.upper()
        events.append(KeyEvent(down=True, code=code, key=key, at_ms=at_ms))
        events.append(KeyEvent(down=False, code=code, key=key, at_ms=at_ms + hold_ms))
        if character.isupper():
            events.append(KeyEvent(down=True, code="ShiftLeft", key="Shift", at_ms=at_ms - 40))
            events.append(KeyEvent(down=False, code="ShiftLeft", key="Shift", at_ms=at_ms + 30))
    return sorted(events, key=lambda event: event.at_ms)
