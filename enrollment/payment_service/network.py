"""The card networks and banks, simulated, with a ledger of their own file: another company's, as far as payments know.

What is asked for is kept under the asker's key before it is answered, so that an asker that died, or that heard nothing,
asks again and gets the same answer: one charge. A number becomes a token here and is forgotten.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from enrollment.payment_service import wire
from enrollment.payment_service.rules.trial_numbers import Behaviour, behaviour_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, kind TEXT NOT NULL, behaviour TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS charges (
    key TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    amount TEXT NOT NULL,
    charged_at REAL NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0
);
"""


class NoAnswer(Exception):
    """The network did not answer in time; it may have charged. Ask again with the same key."""


class Answer(StrEnum):
    """What became of a charge."""

    PAID = "PAID"
    ON_ITS_WAY = "ON_ITS_WAY"
    DECLINED = "DECLINED"
    LACKS_FUNDS = "LACKS_FUNDS"
    CAME_BACK = "CAME_BACK"


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """How long a bank takes: until a debit is paid or refused, and how much later one comes back."""

    takes: timedelta
    comes_back_after: timedelta


class Network:
    """The ledger at ``path``, made on first use."""

    def __init__(self, path: Path, clearing: Clearing) -> None:
        self._path = path
        self._clearing = clearing
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self._ledger() as ledger:
            ledger.executescript(SCHEMA)

    def tokenize(self, kind: str, digits: str) -> str:
        """A token for a "card" or a "bank" account. It says nothing about the number, and the number is not kept."""
        token = wire.random_name(f"tok_{kind}_")
        with self._ledger() as ledger:
            ledger.execute("INSERT INTO tokens VALUES (?, ?, ?)", [token, kind, behaviour_of(digits).value])
        return token

    def authorize(self, token: str) -> Answer:
        """Whether the card would be charged: asked while the payer is there. A bank is only asked by the debit."""
        kind, behaviour = self._known(token)
        if kind == "card" and behaviour is Behaviour.DECLINES:
            return Answer.DECLINED
        if kind == "card" and behaviour is Behaviour.LACKS_FUNDS:
            return Answer.LACKS_FUNDS
        return Answer.PAID

    def charge(self, key: str, token: str, amount: Decimal, *, at: datetime) -> Answer:
        """Charge a card, or send a bank the debit. However often a key comes, it is one charge.

        Raises ``NoAnswer``: the first two times for a number that answers late, although it is charged.
        """
        kind, behaviour = self._known(token)
        with self._ledger() as ledger:
            ledger.execute(
                "INSERT OR IGNORE INTO charges (key, token, amount, charged_at) VALUES (?, ?, ?, ?)",
                [key, token, str(amount), at.timestamp()],
            )
            ledger.execute("UPDATE charges SET asked = asked + 1 WHERE key = ?", [key])
            [asked] = ledger.execute("SELECT asked FROM charges WHERE key = ?", [key]).fetchone()
        if behaviour is Behaviour.ANSWERS_LATE and asked <= 2:
            raise NoAnswer
        return Answer.ON_ITS_WAY if kind == "bank" else Answer.PAID

    def became(self, key: str, *, at: datetime) -> Answer:
        """What has become of a debit that the bank took."""
        with self._ledger() as ledger:
            token, charged_at = ledger.execute("SELECT token, charged_at FROM charges WHERE key = ?", [key]).fetchone()
        _kind, behaviour = self._known(token)
        age = at.timestamp() - charged_at
        if age < self._clearing.takes.total_seconds():
            return Answer.ON_ITS_WAY
        if behaviour is Behaviour.DECLINES:
            return Answer.DECLINED
        if behaviour is Behaviour.LACKS_FUNDS:
            return Answer.LACKS_FUNDS
        late = (self._clearing.takes + self._clearing.comes_back_after).total_seconds()
        return Answer.CAME_BACK if behaviour is Behaviour.COMES_BACK and age >= late else Answer.PAID

    def answers_twice(self, token: str) -> bool:
        """Whether what becomes of it is told twice."""
        return self._known(token)[1] is Behaviour.ANSWERS_TWICE

    def comes_back(self, token: str) -> bool:
        return self._known(token)[1] is Behaviour.COMES_BACK

    def charges(self) -> list[tuple[str, Decimal]]:
        """Every charge that was made: its key and amount."""
        with self._ledger() as ledger:
            rows = ledger.execute("SELECT key, amount FROM charges ORDER BY charged_at, key").fetchall()
        return [(key, Decimal(amount)) for key, amount in rows]

    def _known(self, token: str) -> tuple[str, Behaviour]:
        with self._ledger() as ledger:
            kind, behaviour = ledger.execute("SELECT kind, behaviour FROM tokens WHERE token = ?", [token]).fetchone()
        return kind, Behaviour(behaviour)

    @contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        ledger = sqlite3.connect(self._path, timeout=20)
        ledger.execute("PRAGMA synchronous = FULL")
        try:
            with ledger:
                yield ledger
        finally:
            ledger.close()
