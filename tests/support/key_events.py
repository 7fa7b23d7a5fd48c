"""What the typing page would post for somebody's typing, and going through an enrolment."""

import json
from datetime import datetime, timedelta

from accounts.models import User
from accounts.services import typing_patterns
from accounts.services.typing_patterns import ENROL, VERIFY, Answer, Submission
from accounts.typing_pattern.samples import TypedLine
from tests.support.typists import Typist

SENTENCE = "A quiet walk by the river clears my mind"
SENTENCE_CODE = "S02"
THIS_LOGIN = "what only this login knows"
WHILE = timedelta(seconds=90)  # between asking for the page and sending it


def rows_of(line: TypedLine, sentence: str = SENTENCE, *, start_ms: float = 4_000.0) -> list[list]:
    """The rows the page records. A key is let go of before it is pressed again, as it must be."""
    rows = []
    for place, character in enumerate(sentence):
        again = sentence.find(character, place + 1)
        latest = line.press[again] - 1 if again > 0 else line.release[place]
        code = "Space" if character == " " else f"Key{character.upper()}"
        rows.append(["d", code, character, float(start_ms + line.press[place]), 0])
        rows.append(["u", code, character, float(start_ms + min(line.release[place], latest)), 0])
    return sorted(rows, key=lambda row: row[3])


def day_of(typist: Typist) -> list[list]:
    """Three lines of a day, as rows."""
    starts = (4_000.0, 34_000.0, 64_000.0)
    return [rows_of(line, typist.sentence, start_ms=at) for line, at in zip(typist.day(), starts, strict=True)]


def with_typo(rows: list[list], at: int = 9) -> list[list]:
    """The same line with another key in one place."""
    wrong = sorted({row[3] for row in rows if row[0] == "d"})[at]
    press = next(row for row in rows if row[0] == "d" and row[3] == wrong)
    changed = ["z" if cell == press[2] else cell for cell in press]
    return [changed if row is press else row for row in rows]


def posted(nonce: str, lines: list, **fields: str) -> dict[str, str]:
    """The fields of the form."""
    return {"nonce": nonce, "typed": json.dumps(lines), **fields}


def answer(
    user: User,
    lines: list,
    *,
    at: datetime,
    purpose: str = VERIFY,
    login: str = THIS_LOGIN,
    nonce: str = "",
    pasted: bool = False,
    known_device: bool = False,
    consented: bool = True,
) -> Answer:
    """Get a page, type, send it ``WHILE`` later."""
    nonce = nonce or typing_patterns.challenge(user=user, attempt_secret=login, purpose=purpose, at=at - WHILE).nonce
    sent = Submission(nonce=nonce, lines=lines, pasted=pasted)
    if purpose == ENROL:
        return typing_patterns.hold(
            user=user,
            attempt_secret=login,
            attempt_ends_at=at + timedelta(minutes=10),
            submission=sent,
            consented=consented,
            at=at,
        )
    return typing_patterns.verify(user=user, attempt_secret=login, submission=sent, known_device=known_device, at=at)


def enrol(user: User, typist: Typist, *, at: datetime) -> None:
    """An enrolment whose login was finished with a code."""
    answer(user, day_of(typist), purpose=ENROL, at=at, login="of the first login")
    typing_patterns.settle(user=user, attempt_secret="of the first login", at=at)
    user.refresh_from_db()
