"""What the sync asks of a way to reach the carrier's member system (ADR 0014).

The sync claims due changes, hands them over as transactions, stores what came back, and asks for late answers. A
gateway carries; it never writes a ``MemberChange``. Its methods are called outside of any database transaction, by one
worker or by several at once, and for one transaction again after a worker was killed in between: delivery is at least
once. Between two calls for the same member the earlier transaction has been answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from clients.models import MemberChange


class Unreachable(Exception):
    """The member system, or the way to it, does not answer. Whether a transaction arrived is unknown.

    Raised for all the transactions handed over; they are sent again later under the same references. The text is kept
    as the reason and shown to the carrier's staff: no names, no numbers of persons.
    """


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One change to send.

    ``change`` comes with its ``account``, ``member`` (``None`` for some household-wide changes), ``policy`` and
    ``created_by``; what else is to be told is read from their rows now. ``reference`` (BGN02, at most 50 characters out
    of A-Z, 0-9 and "-") is the same in every attempt and never that of another change. ``resend`` says that an earlier
    attempt may have arrived (BGN01 15, with BGN06 the reference). ``made_at`` is the moment of this attempt.
    """

    change: MemberChange
    reference: str
    resend: bool
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The member system's last word on a transaction, or on all those of a group or an interchange.

    Of ``reference``, ``isa13``, ``gs06`` and ``st02`` those that are not empty must be those of the transaction; at
    least one is given. An answer that is not the last word (an interchange that was only taken in) is none. ``reason``
    says why it was rejected, in words for the carrier's staff: codes and places, no names, at most 500 characters.
    ``assigned`` holds numbers given out by an accepted ENROLL: ``account_number``, and ``member:<id of the Member row>``
    for each person's member id; empty where the carrier's feed brings them.
    """

    accepted: bool
    reference: str = ""
    isa13: str = ""
    gs06: str = ""
    st02: str = ""
    reason: str = ""
    assigned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one transaction that was handed over. Exactly one of three:

    * ``invalid`` is not empty: it was not sent, because it cannot be told in a valid form; why, in words for the
      carrier's staff (no names). Trying again cannot help: the change is given up at once.
    * ``answer`` is given: it was sent and answered on the spot.
    * neither: it was sent; the answer comes by ``read_answers``.

    The control numbers are those it was sent under, empty where there are none.
    """

    reference: str
    invalid: str = ""
    answer: Answer | None = None
    isa13: str = ""
    gs06: str = ""
    st02: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerSet:
    """Answers that came together. ``receipt`` names them to the gateway (a file's name, a number)."""

    receipt: str
    answers: Sequence[Answer]


class Gateway(Protocol):
    """A way to the member system. Made anew for each run, without arguments; settings say where things are."""

    # The most transactions that ``send`` is given at a time; 1 for systems that take them one by one, at most 50.
    at_once: ClassVar[int]

    def send(self, transactions: Sequence[Transaction]) -> Sequence[Delivery]:
        """Hand over transactions of different members, and say of each what became of it, in the same order.

        One that is invalid does not keep the others. Everything is done within a minute, or ``Unreachable`` is raised.
        Any other exception is taken for a fault of the portal's: the transactions are given up, with its type as reason.
        """
        ...

    def read_answers(self, *, now: datetime) -> Iterable[AnswerSet]:
        """Answers that have come since and were not marked as stored, oldest first. Raises ``Unreachable``.

        What cannot be read as an answer (a broken file) is put aside by the gateway itself, where staff see it.
        """
        ...

    def mark_stored(self, receipt: str) -> None:
        """The answers of this set are in the portal's database and need not be read again. May be called twice."""
        ...
