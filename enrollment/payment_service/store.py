"""The payment portal's own database: one SQLite file (``settings`` says why), written by one at a time.

No number of a card or of a bank account has a column. ``Entered`` is all that is kept of a payment method.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from enrollment.payment_service.rules.steps import State

WAIT_SECONDS = 20.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    asked TEXT NOT NULL,
    state TEXT NOT NULL,
    confirmation TEXT NOT NULL UNIQUE,
    released INTEGER NOT NULL DEFAULT 0,
    entered TEXT NOT NULL DEFAULT '',
    mandate TEXT NOT NULL DEFAULT '',
    mandate_id TEXT UNIQUE,
    declines INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    look_at REAL
);
CREATE INDEX IF NOT EXISTS payments_to_look_at ON payments (look_at) WHERE look_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    payment_id TEXT NOT NULL REFERENCES payments (id),
    told TEXT NOT NULL,
    wanted INTEGER NOT NULL DEFAULT 1,
    tries INTEGER NOT NULL DEFAULT 0,
    send_at REAL
);
CREATE INDEX IF NOT EXISTS events_to_send ON events (send_at) WHERE send_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, seen_at REAL NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the portal asked for; the fields are those of ``SessionRequest``. ``callback_url``: where events go."""

    key: str
    reference: str
    amount: Decimal
    amount_may_grow: bool
    due_on: date | None
    payment_date: date | None
    payer_name: str
    payer_email: str
    return_url: str
    callback_url: str
    language: str
    hold: bool
    offers_autopay: bool
    purpose: str
    us_state: str
    label: str
    autopay_text: str
    autopay_text_version: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is kept of one card or bank account. ``token``: by which the network knows it; ``expires``: "12/2029" or empty."""

    token: str
    kind: str
    label: str
    last4: str
    holder: str
    expires: str = ""
    account_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What the payer has entered: what pays now, and the bank account of autopay where it was asked for.

    ``language``: "en" or "es", in which it was submitted; empty before.
    """

    pays: Account
    autopay: Account | None = None
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Mandate:
    """An agreement to autopay. ``active`` ends with its revocation."""

    id: str
    bank_last4: str
    text_version: str
    agreed_at: datetime
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Payment:
    """One payment session. ``look_at``: when the runner looks at it next; None: it waits for somebody else."""

    id: str
    asked: Asked
    state: State
    confirmation: str
    created_at: datetime
    expires_at: datetime
    released: bool = False
    entered: Entered | None = None
    mandate: Mandate | None = None
    declines: int = 0
    tries: int = 0
    look_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something the portal is to be told. ``wanted``: how many deliveries are still to be made."""

    number: int
    id: str
    payment_id: str
    told: dict[str, Any] = field(default_factory=dict)
    wanted: int = 1
    tries: int = 0


class Store:
    """The file at ``path``, made on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator["Transaction"]:
        """A transaction that nobody else writes beside: all of it is kept, or, on an exception, nothing."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Transaction(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def payment(self, payment_id: str) -> Payment | None:
        with self._connection() as connection:
            return Transaction(connection).payment(payment_id)

    def events(self, payment_id: str) -> list[Event]:
        """All of a payment, oldest first."""
        with self._connection() as connection:
            return Transaction(connection).events(payment_id)

    def to_look_at(self, now: datetime) -> list[str]:
        """Payments whose next look is due, the oldest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT id FROM payments WHERE look_at <= ? ORDER BY look_at, id LIMIT 200", [now.timestamp()]
            )
            return [row["id"] for row in rows]

    def owes_events(self, now: datetime) -> bool:
        """Whether there are events to be sent now."""
        with self._connection() as connection:
            found = connection.execute("SELECT 1 FROM events WHERE send_at <= ? LIMIT 1", [now.timestamp()])
            return found.fetchone() is not None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        try:
            yield connection
        finally:
            connection.close()


class Transaction:
    """Reading and writing within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def payment(self, payment_id: str) -> Payment | None:
        return self._one("SELECT * FROM payments WHERE id = ?", payment_id)

    def payment_of_key(self, key: str) -> Payment | None:
        return self._one("SELECT * FROM payments WHERE key = ?", key)

    def payment_of_mandate(self, mandate_id: str) -> Payment | None:
        return self._one("SELECT * FROM payments WHERE mandate_id = ?", mandate_id)

    def add(self, payment: Payment) -> None:
        self._connection.execute(
            "INSERT INTO payments (id, key, asked, state, confirmation, created_at, expires_at, look_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                payment.id,
                payment.asked.key,
                _json(payment.asked),
                payment.state.value,
                payment.confirmation,
                payment.created_at.timestamp(),
                payment.expires_at.timestamp(),
                _timestamp(payment.look_at),
            ],
        )

    def change(self, payment: Payment, **changes: Any) -> Payment:
        """The payment as it is from now on."""
        changed = replace(payment, **changes)
        self._connection.execute(
            "UPDATE payments SET asked = ?, state = ?, released = ?, entered = ?, mandate = ?, mandate_id = ?, "
            "declines = ?, tries = ?, look_at = ? WHERE id = ?",
            [
                _json(changed.asked),
                changed.state.value,
                changed.released,
                _json(changed.entered),
                _json(changed.mandate),
                changed.mandate.id if changed.mandate else None,
                changed.declines,
                changed.tries,
                _timestamp(changed.look_at),
                changed.id,
            ],
        )
        return changed

    def events(self, payment_id: str) -> list[Event]:
        rows = self._connection.execute("SELECT * FROM events WHERE payment_id = ? ORDER BY number", [payment_id])
        return [_event(row) for row in rows]

    def tell(self, event_id: str, payment_id: str, told: dict[str, Any], *, wanted: int, at: datetime) -> None:
        self._connection.execute(
            "INSERT INTO events (id, payment_id, told, wanted, send_at) VALUES (?, ?, ?, ?, ?)",
            [event_id, payment_id, json.dumps(told), wanted, at.timestamp()],
        )

    def claim_events(self, *, now: datetime, until: datetime) -> list[Event]:
        """Events to be sent now, oldest first; until then no other runner takes them."""
        rows = self._connection.execute(
            "SELECT * FROM events WHERE send_at <= ? ORDER BY number LIMIT 50", [now.timestamp()]
        ).fetchall()
        self._connection.executemany(
            "UPDATE events SET send_at = ?, tries = tries + 1 WHERE number = ?",
            [(until.timestamp(), row["number"]) for row in rows],
        )
        return [_event(row) for row in rows]

    def event_taken(self, event: Event, *, now: datetime) -> None:
        self._connection.execute(
            "UPDATE events SET wanted = wanted - 1, send_at = CASE WHEN wanted > 1 THEN ? END WHERE number = ?",
            [now.timestamp(), event.number],
        )

    def event_again(self, event: Event, *, at: datetime | None) -> None:
        """To be sent again at that moment; None: never, the portal has to ask."""
        self._connection.execute("UPDATE events SET send_at = ? WHERE number = ?", [_timestamp(at), event.number])

    def first_time(self, nonce: str, *, now: datetime, forget_before: datetime) -> bool:
        """Whether this nonce was not seen before; older ones are forgotten, their messages are stale by then."""
        self._connection.execute("DELETE FROM nonces WHERE seen_at < ?", [forget_before.timestamp()])
        done = self._connection.execute("INSERT OR IGNORE INTO nonces VALUES (?, ?)", [nonce, now.timestamp()])
        return done.rowcount == 1

    def _one(self, sql: str, value: str) -> Payment | None:
        row = self._connection.execute(sql, [value]).fetchone()
        return _payment(row) if row else None


def asked_from(values: dict[str, Any]) -> Asked:
    """What was asked for, out of JSON. Raises ``KeyError``, ``TypeError``, ``ValueError`` where that is not possible."""
    if not isinstance(values, dict):
        raise TypeError("not an object")
    days = {name: date.fromisoformat(values[name]) if values.get(name) else None for name in ("due_on", "payment_date")}
    return Asked(**{**values, **days, "amount": Decimal(values["amount"])})


def _payment(row: sqlite3.Row) -> Payment:
    entered, mandate = (json.loads(row[name]) if row[name] else None for name in ("entered", "mandate"))
    return Payment(
        id=row["id"],
        asked=asked_from(json.loads(row["asked"])),
        state=State(row["state"]),
        confirmation=row["confirmation"],
        created_at=_moment(row["created_at"]),
        expires_at=_moment(row["expires_at"]),
        released=bool(row["released"]),
        entered=entered
        and Entered(
            pays=Account(**entered["pays"]),
            autopay=Account(**entered["autopay"]) if entered["autopay"] else None,
            language=entered.get("language", ""),
        ),
        mandate=mandate and Mandate(**{**mandate, "agreed_at": datetime.fromisoformat(mandate["agreed_at"])}),
        declines=row["declines"],
        tries=row["tries"],
        look_at=_moment(row["look_at"]) if row["look_at"] is not None else None,
    )


def _event(row: sqlite3.Row) -> Event:
    return Event(
        number=row["number"],
        id=row["id"],
        payment_id=row["payment_id"],
        told=json.loads(row["told"]),
        wanted=row["wanted"],
        tries=row["tries"],
    )


def _json(value: Any) -> str:
    return json.dumps(asdict(value), default=str) if value else ""


def _timestamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
