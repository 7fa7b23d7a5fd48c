"""A member system inside the portal's own database: for the demo, for tests and until the carrier's is connected.

It applies a transaction once on receipt, whatever happens to the line afterwards: what is delivered again under the same
reference has no second effect. What it applies shows in the portal when its answer is stored, like a real one's.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from clients.membersystem.gateways.base import Answer, AnswerSet, Delivery, Transaction, Unreachable
from clients.membersystem.numbers import ACCOUNT, is_provisional, member_key
from clients.models import Account, Member, MemberChange, SimulatedMemberSystem, SimulatedReceipt

Mode = SimulatedMemberSystem.Mode
WHY_REJECTED = "Not accepted: the simulated member system rejects every change at the moment."
ANSWERS_AT_ONCE = 200
# What it gives out lies above every number of the demo's books.
FIRST_ACCOUNT = 1_000_000_000
FIRST_MEMBER = 990_000_000_000


class SimulatedGateway:
    """See the module; the behaviour is ``SimulatedMemberSystem``'s one row."""

    at_once: ClassVar[int] = 1

    def __init__(self) -> None:
        row = SimulatedMemberSystem.objects.filter(pk=SimulatedMemberSystem.THE_ONE).first()
        self.system = row or SimulatedMemberSystem()

    def send(self, transactions: Sequence[Transaction]) -> Sequence[Delivery]:
        return [self._take(one) for one in transactions]

    def read_answers(self, *, now: datetime) -> Iterable[AnswerSet]:
        if self.system.mode == Mode.DOWN:
            raise Unreachable("The simulated member system is down.")
        waiting = SimulatedReceipt.objects.filter(answer_due_at__lte=now, answer_read_at__isnull=True)
        rows = list(waiting.order_by("answer_due_at", "id")[:ANSWERS_AT_ONCE])
        return [AnswerSet(receipt=str(row.pk), answers=[_answer(row)]) for row in rows]

    def mark_stored(self, receipt: str) -> None:
        SimulatedReceipt.objects.filter(pk=int(receipt), answer_read_at__isnull=True).update(
            answer_read_at=timezone.now()
        )

    def _take(self, one: Transaction) -> Delivery:
        if self.system.mode == Mode.DOWN:
            raise Unreachable("The simulated member system is down.")
        if self.system.mode == Mode.SLOW:
            time.sleep(self.system.slow_seconds)
        row = self._received(one)
        return Delivery(reference=row.reference, answer=None if row.answer_due_at else _answer(row))

    @transaction.atomic
    def _received(self, one: Transaction) -> SimulatedReceipt:
        """The receipt of this reference: a new one, or the one that is there with its first effect."""
        rejects = self.system.mode == Mode.REJECT
        later = self.system.mode == Mode.ACK_LATER
        answer_due_at = one.made_at + timedelta(minutes=self.system.answer_after_minutes) if later else None
        reason = WHY_REJECTED if rejects else ""
        known = SimulatedReceipt.objects.select_for_update().filter(reference=one.reference)
        if (row := known.first()) is None:
            try:
                with transaction.atomic():
                    return SimulatedReceipt.objects.create(
                        reference=one.reference,
                        kind=one.change.kind,
                        received_at=one.made_at,
                        accepted=not rejects,
                        reason=reason,
                        assigned={} if rejects else self._assigned(one.change),
                        answer_due_at=answer_due_at,
                    )
            except IntegrityError:  # delivered twice at the same moment
                row = known.get()
        row.deliveries += 1
        row.answer_due_at, row.answer_read_at = answer_due_at, None
        if not row.accepted and not rejects:
            # Nothing was done for one that was rejected, so it is looked at again.
            row.accepted, row.reason, row.assigned = True, "", self._assigned(one.change)
        row.save()
        return row

    def _assigned(self, change: MemberChange) -> dict[str, str]:
        """Numbers for an enrollment's household and people who have none yet."""
        if change.kind != MemberChange.Kind.ENROLL:
            return {}
        numbers = {}
        if not change.account.number:
            numbers[ACCOUNT] = self._next_free(Account, "number", FIRST_ACCOUNT)
        people = Member.objects.filter(account_id=change.account_id, coverages__policy_id=change.policy_id)
        for member in people.order_by("id"):
            if is_provisional(member.member_id):
                numbers[member_key(member.pk)] = self._next_free(Member, "member_id", FIRST_MEMBER)
        return numbers

    def _next_free(self, model: type[Account] | type[Member], column: str, first: int) -> str:
        """The next number nobody has. The row's lock makes two enrollments take turns."""
        SimulatedMemberSystem.objects.get_or_create(pk=SimulatedMemberSystem.THE_ONE)
        while True:
            system = SimulatedMemberSystem.objects.filter(pk=SimulatedMemberSystem.THE_ONE)
            system.update(next_number=F("next_number") + 1)
            number = str(first + system.values_list("next_number", flat=True).get())
            if not model._default_manager.filter(**{column: number}).exists():
                return number


def _answer(row: SimulatedReceipt) -> Answer:
    return Answer(reference=row.reference, accepted=row.accepted, reason=row.reason, assigned=row.assigned)
