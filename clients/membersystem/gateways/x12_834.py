"""The member system by files: 834s into the outbound folder, TA1 and 999 out of the inbound one (ADR 0015)."""

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clients.membersystem.gateways.base import AnswerSet, Delivery, Transaction, Unreachable
from clients.membersystem.x12 import acknowledgements, checks, control_numbers, folders
from clients.membersystem.x12.acknowledgements import Unreadable
from clients.membersystem.x12.answering import take_in
from clients.membersystem.x12.envelope import Partners, file_text
from clients.membersystem.x12.folders import Found
from clients.membersystem.x12.reading import CannotBeTold, Reader, local
from clients.membersystem.x12.transactions import Body
from clients.models import X12File, X12TransactionSet

logger = structlog.get_logger(__name__)

_IDENTIFIER = re.compile(r"[A-Z0-9][A-Z0-9 .-]{0,13}[A-Z0-9]")
# A file that cannot be read may still be coming in: it is left alone until nobody has written to it for so long.
SETTLES_AFTER = timedelta(minutes=2)
State = X12File.State


class X12Gateway:
    """Writes one file for each batch; a change that cannot be told does not keep the others out of it."""

    at_once: ClassVar[int] = 50

    def send(self, transactions: Sequence[Transaction]) -> Sequence[Delivery]:
        """Write the transactions into the outbound folder, checked. Raises ``Unreachable`` when it cannot be written."""
        told, invalid = told_and_invalid(transactions)
        written = _written(told) if told else {}
        return [
            Delivery(reference=one.reference, invalid=invalid[one.reference])
            if one.reference in invalid
            else written[one.reference]
            for one in transactions
        ]

    def read_answers(self, *, now: datetime) -> Iterator[AnswerSet]:
        """What lies in the inbound folder, oldest first. What is no answer to anything goes into quarantine."""
        try:
            found = list(folders.come_in())
        except OSError as exc:
            raise Unreachable(f"The inbound folder cannot be read ({_named(exc)}).") from exc
        for one in found:
            answers = _read(one, now)
            if answers is None:
                continue
            if answers.answers:
                yield answers
            else:
                # An interchange that was taken in, or what had its answer before: the sync has nothing to store.
                self.mark_stored(answers.receipt)

    @transaction.atomic
    def mark_stored(self, receipt: str) -> None:
        """Move a file that was read into the archive. Of two workers the second waits, and finds it done."""
        file = X12File.objects.select_for_update().filter(pk=int(receipt), state=State.READING).first()
        if file is None:
            return
        path = folders.inbound() / file.name
        try:
            data = folders.read(path, at_most=acknowledgements.LONGEST + 1)
            # Another file of the same name may have come in since.
            if hashlib.sha256(data).hexdigest() == file.sha256:
                folders.archive(file, data)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            pass  # somebody took it away: its answers are stored all the same
        except OSError as exc:
            raise Unreachable(f"A file that was read cannot be moved into the archive ({_named(exc)}).") from exc
        file.state, file.settled_at = State.READ, timezone.now()
        file.save(update_fields=["state", "settled_at", "data_key"])


# --- Sending ---


def told_and_invalid(
    transactions: Sequence[Transaction],
) -> tuple[list[tuple[Transaction, list[Body]]], dict[str, str]]:
    """The sets of each transaction that can be told; for the others, by reference, why not."""
    reader = Reader(transactions)
    told: list[tuple[Transaction, list[Body]]] = []
    invalid = {}
    for one in transactions:
        try:
            bodies = reader.bodies(one)
        except CannotBeTold as exc:
            invalid[one.reference] = str(exc)
            continue
        wrong = list(dict.fromkeys(finding for body in bodies for finding in checks.findings(body)))
        if wrong:
            invalid[one.reference] = "; ".join(wrong)[:500]
        else:
            told.append((one, bodies))
    return told, invalid


def _written(told: Sequence[tuple[Transaction, list[Body]]]) -> dict[str, Delivery]:
    """One file of all of them. The rows are there before the file is: an answer always finds what it is about."""
    made_at = told[0][0].made_at
    header_time, _zone = local(made_at)
    bodies = [(one, body) for one, several in told for body in several]
    partners = _partners()
    numbers = control_numbers.take(len(bodies))
    text = file_text([body for _one, body in bodies], partners=partners, numbers=numbers, made_at=header_time)
    data = text.encode("ascii")
    file = X12File(
        direction=X12File.Direction.OUT,
        state=State.WRITING,
        name=f"834_{numbers.isa13}.edi",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        isa13=numbers.isa13,
        gs06=numbers.gs06,
        happened_at=made_at,
        header_time=f"{header_time:%y%m%d%H%M}",
    )
    with transaction.atomic():
        file.save()
        sets = X12TransactionSet.objects.bulk_create(
            X12TransactionSet(file=file, change=one.change, st02=st02, reference=body[0][2], resend=one.resend)
            for (one, body), st02 in zip(bodies, numbers.st02, strict=True)
        )
    try:
        folders.archive(file, data)
        file.save(update_fields=["data_key"])
        folders.put_out(file.name, data)
    except OSError as exc:
        file.state, file.problem = State.FAILED, f"The file could not be written ({_named(exc)})."
        file.save(update_fields=["state", "problem"])
        raise Unreachable(f"The outbound folder cannot be written ({_named(exc)}).") from exc
    # Not save(): its answer may be here already.
    X12File.objects.filter(pk=file.pk, state=State.WRITING).update(state=State.WAITING)
    logger.info("834 written", file=file.name, sets=len(sets))
    deliveries: dict[str, Delivery] = {}
    for (one, _body), st02 in zip(bodies, numbers.st02, strict=True):
        deliveries.setdefault(
            one.reference,
            Delivery(reference=one.reference, isa13=numbers.isa13, gs06=numbers.gs06, st02=st02),
        )
    return deliveries


def _partners() -> Partners:
    """Who writes to whom. Raises ``Unreachable`` for settings no file can be written with: the changes wait for better."""
    partners = Partners(sender=settings.X12_SENDER_ID, receiver=settings.X12_RECEIVER_ID, usage=settings.X12_USAGE)
    if not all(_IDENTIFIER.fullmatch(one) for one in (partners.sender, partners.receiver)):
        raise Unreachable("X12_SENDER_ID and X12_RECEIVER_ID must have 2 to 15 capitals and digits.")
    if partners.usage not in ("T", "P"):
        raise Unreachable("X12_USAGE must be T or P.")
    return partners


# --- Reading ---


def _read(found: Found, now: datetime) -> AnswerSet | None:
    """The answers of one file; None where there are none to store."""
    if not found.harmless:
        _set_apart(found, b"", "It is no plain file, or its name holds characters that a name here does not have.", now)
        return None
    try:
        data = folders.read(found.path, at_most=acknowledgements.LONGEST + 1)
    except FileNotFoundError:
        return None  # another worker was quicker
    except OSError as exc:
        raise Unreachable(f"A file in the inbound folder cannot be read ({_named(exc)}).") from exc
    # Its clock may be ahead of ours.
    young = abs(now.timestamp() - found.modified_at) < SETTLES_AFTER.total_seconds()
    if young and not _is_whole(data):
        return None
    file = _row(found, data, now)
    if file is None:
        return None
    try:
        answers = take_in(data, file=file, now=now)
    except Unreadable as exc:
        _set_apart(found, data, str(exc), now)
        return None
    return AnswerSet(receipt=str(file.pk), answers=answers)


def _is_whole(data: bytes) -> bool:
    try:
        acknowledgements.read(data)
    except Unreadable:
        return False
    return True


def _row(found: Found, data: bytes, now: datetime) -> X12File | None:
    """The row of a file that is being read; two workers at once share one. None when another has just done with it."""
    file, created = X12File.objects.get_or_create(
        direction=X12File.Direction.IN,
        state=State.READING,
        name=found.name,
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={"size": found.size, "happened_at": now},
    )
    # A file leaves the folder before its row leaves the state READING.
    if created and not os.path.lexists(found.path):
        file.delete()
        return None
    return file


def _set_apart(found: Found, data: bytes, why: str, now: datetime) -> None:
    file = _row(found, data, now)
    if file is None:
        return
    try:
        folders.set_apart(file, found.path)
    except OSError as exc:
        raise Unreachable(f"A file cannot be moved into quarantine ({_named(exc)}).") from exc
    file.state, file.problem, file.settled_at = State.QUARANTINED, why[:500], now
    file.save(update_fields=["state", "problem", "settled_at"])
    logger.error("member system sent something unreadable", file=file.name, x12_file=file.pk)


def _named(exc: OSError) -> str:
    return errno.errorcode.get(exc.errno or 0, type(exc).__name__)
