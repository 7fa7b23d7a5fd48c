"""What came back, brought to the transaction sets it is about, and from them to what the sync asks for."""

from collections import defaultdict
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from clients.membersystem.gateways.base import Answer
from clients.membersystem.x12 import folders
from clients.membersystem.x12.acknowledgements import (
    Acknowledgement,
    GroupAnswer,
    InterchangeAnswer,
    Unreadable,
    Verdict,
    read,
)
from clients.models import X12File, X12TransactionSet
from clients.models.x12 import ANSWER_WITHIN

SetState = X12TransactionSet.State
_STATES = {
    Verdict.ACCEPTED: SetState.ACCEPTED,
    Verdict.ACCEPTED_WITH_ERRORS: SetState.NOTED,
    Verdict.REJECTED: SetState.REJECTED,
}
_TAKEN = {SetState.ACCEPTED, SetState.NOTED}


@transaction.atomic
def take_in(data: bytes, *, file: X12File, now: datetime) -> list[Answer]:
    """Store what a file of the member system says, and return the last words it leads to.

    All of it or nothing: raises ``Unreadable`` when any part is broken, contradicts itself or is about something the
    portal has not sent to this partner. A set that has its answer keeps it, so the same file again changes nothing.
    """
    answering = _Answering(file, now)
    for one in read(data):
        answering.acknowledge(one)
    answering.settle()
    return [answer for change_id in answering.changes if (answer := last_word(change_id))]


def last_word(change_id: int) -> Answer | None:
    """What the member system finally said about a change; None while it has not.

    A change may have been sent several times, and in several sets at a time. It is accepted once all sets of one file
    were; it is rejected when one of the latest was.
    """
    by_file: dict[int, list[X12TransactionSet]] = defaultdict(list)
    for one in X12TransactionSet.objects.filter(change_id=change_id).order_by("file_id", "id"):
        by_file[one.file_id].append(one)
    if not by_file:
        return None
    latest = by_file[max(by_file)]
    reference = latest[0].reference  # that of a first set is the change's own
    if any(all(one.state in _TAKEN for one in sets) for sets in by_file.values()):
        return Answer(accepted=True, reference=reference)
    rejected = [one for one in latest if one.state == SetState.REJECTED]
    if not rejected:
        return None
    reason = "; ".join(f"set {one.st02} rejected: {one.note or 'no reason given'}" for one in rejected)
    return Answer(accepted=False, reference=reference, reason=reason[:500])


class _Answering:
    def __init__(self, file: X12File, now: datetime) -> None:
        self._file = file
        self._now = now
        self._answered: dict[int, X12File] = {}
        self._contradictions: list[str] = []
        # In their order, each once.
        self.changes: dict[int, None] = {}

    def acknowledge(self, one: Acknowledgement) -> None:
        if (one.sender, one.receiver) != (settings.X12_RECEIVER_ID, settings.X12_SENDER_ID):
            raise Unreadable("The file is from another sender, or for another receiver, than agreed (ISA06, ISA08).")
        if one.usage != settings.X12_USAGE:
            raise Unreadable("The file is a test and the portal is not, or the other way round (ISA15).")
        self._file.isa13 = one.isa13
        for interchange in one.interchanges:
            self._interchange(interchange)
        for group in one.groups:
            self._group(group)

    def _interchange(self, answer: InterchangeAnswer) -> None:
        file = self._sent(isa13=answer.isa13)
        if file.header_time != answer.day + answer.time:
            raise Unreadable(f"It answers an interchange {file.isa13} of another day or time (TA1).")
        sets = self._sets(file)
        # Only a rejection is the last word; an interchange that was taken in is answered by its 999.
        if answer.verdict == Verdict.REJECTED:
            for one in sets.values():
                self._set(one, SetState.REJECTED, answer.note or "interchange rejected")

    def _group(self, answer: GroupAnswer) -> None:
        file = self._sent(gs06=answer.gs06)
        sets = self._sets(file)
        named = {_plain(one.st02): one for one in answer.sets}
        if len(named) != len(answer.sets) or not named.keys() <= sets.keys():
            raise Unreadable(f"It names a transaction set twice, or one that group {file.gs06} does not have (AK2).")
        rejected = {number for number, one in named.items() if one.verdict == Verdict.REJECTED}
        unnamed = sets.keys() - named.keys()
        if any(one.verdict == Verdict.PARTLY for one in named.values()):
            raise Unreadable("A transaction set cannot be accepted partly (IK5).")
        if rejected and answer.verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS):
            raise Unreadable("It accepts a group and rejects one of its transaction sets (AK9, IK5).")
        # Some receivers call a group rejected as soon as one of its sets is, and count those they accepted (AK904).
        partly = answer.verdict == Verdict.PARTLY or (answer.verdict == Verdict.REJECTED and answer.accepted > 0)
        if partly and unnamed and answer.accepted != len(sets) - len(rejected):
            raise Unreadable("It does not say which transaction sets of a group were accepted (AK9).")
        for number, one in sets.items():
            about = named.get(number)
            verdict = about.verdict if about else Verdict.ACCEPTED
            if not about and answer.verdict == Verdict.ACCEPTED_WITH_ERRORS:
                verdict = Verdict.ACCEPTED_WITH_ERRORS
            if answer.verdict == Verdict.REJECTED and not partly:
                verdict = Verdict.REJECTED
            self._set(one, _STATES[verdict], (about.note if about else "") or answer.note)

    def _sent(self, **number: str) -> X12File:
        """The file of ours with a control number, locked: two answers about it come one after the other."""
        # One that is said not to have been written is none the less answered if somebody has it.
        ours = X12File.objects.filter(direction=X12File.Direction.OUT, **number)
        file = ours.select_for_update().order_by("-id").first()
        if file is None:
            raise Unreadable("It answers something the portal has not sent, by its control number (TA1, AK1).")
        self._answered[file.pk] = file
        return file

    def _sets(self, file: X12File) -> dict[str, X12TransactionSet]:
        sets = {_plain(one.st02): one for one in file.sets.order_by("id")}
        self.changes |= dict.fromkeys(one.change_id for one in sets.values())
        return sets

    def _set(self, one: X12TransactionSet, state: SetState, note: str) -> None:
        if one.state == SetState.WAITING:
            one.state, one.note, one.answered_at, one.answered_by = state, note[:500], self._now, self._file
            one.save(update_fields=["state", "note", "answered_at", "answered_by"])
        elif (one.state in _TAKEN) != (state in _TAKEN):
            self._contradictions.append(one.st02)

    def settle(self) -> None:
        """Give the answered files their state, and say on the one that came in what it could not change."""
        for file in self._answered.values():
            _settle(file, self._now)
        if self._contradictions:
            told = ", ".join(dict.fromkeys(self._contradictions))
            self._file.problem = f"Not taken, because the first answer was another one: set {told}."[:500]
        self._file.save(update_fields=["isa13", "problem"])


def _settle(file: X12File, now: datetime) -> None:
    states = set(file.sets.values_list("state", flat=True))
    if SetState.WAITING in states:
        return
    rejected = SetState.REJECTED in states
    state = X12File.State.ACCEPTED
    if rejected:
        state = X12File.State.PARTLY if states & _TAKEN else X12File.State.REJECTED
    if file.state != state:
        X12File.objects.filter(pk=file.pk).update(state=state, settled_at=now)
        # It was received, and the archive has it: the plain copy is not needed any more.
        transaction.on_commit(partial(folders.take_back, file.name))


def unanswered(*, now: datetime) -> QuerySet[X12File]:
    """Files of ours that nobody has answered within a day, oldest first."""
    since = now - ANSWER_WITHIN
    return X12File.objects.filter(state=X12File.State.WAITING, happened_at__lt=since).order_by("happened_at")


def _plain(number: str) -> str:
    """A control number as it compares: some receivers drop the zeros in front."""
    return number.lstrip("0")
