"""Changes for the member system, and gateways that do as a test says."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from clients.membersystem.gateways.base import Answer, AnswerSet, Delivery, Transaction, Unreachable
from clients.models import Member, MemberChange, Policy
from clients.services import member_changes
from tests.support.factories import MemberFactory, PolicyFactory

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Kind, Status = MemberChange.Kind, MemberChange.Status
_reference = count()


class Household:
    """A policy with its primary insured, and whoever joins; owes changes in trade words."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or PolicyFactory()
        self.primary = Member.objects.get(account_id=self.policy.account_id, role=Member.Role.PRIMARY)
        self.by = None

    def joined_by(self, role: str = Member.Role.SPOUSE) -> Member:
        return MemberFactory(account=self.policy.account, role=role)

    def owe(
        self, kind: str, member: Member | None = None, *, payload: dict | None = None, at: datetime = NOW
    ) -> MemberChange:
        from tests.support.factories import UserFactory

        self.by = self.by or UserFactory(producer=self.policy.producer_number.producer)
        return member_changes.queue(
            kind=Kind(kind),
            policy=self.policy,
            member=member or self.primary,
            payload=_payload_of(kind) if payload is None else payload,
            reference=f"test-{next(_reference)}",
            by=self.by,
            now=at,
        )

    def contact(self, before: str | None, after: str | None, *, kind: str = "HOME", **more: Any) -> MemberChange:
        return self.owe("CONTACT", payload={"before": {kind: point(before)}, "after": {kind: point(after)}}, **more)


def _payload_of(kind: str) -> dict:
    """One that is in the form agreed upon and changes no row of the portal's when it is accepted."""
    if kind == "CONTACT":
        return {"before": {"FAX": None}, "after": {"FAX": point("3125550199")}}
    return {"PCP": {"assignment_id": 0}, "ID_CARD": {"request_id": 0}}.get(kind, {})


def point(value: str | None) -> dict | None:
    return None if value is None else {"value": value, "extension": "", "send_text": False}


class Scripted:
    """A gateway: ``does`` decides on each transaction, accepting by default; ``calls`` are what it was given."""

    def __init__(self, does: Callable[[Transaction], Delivery] | None = None, *, at_once: int = 1) -> None:
        self.does = does or accepting
        self.at_once = at_once
        self.calls: list[Transaction] = []
        self.sets: list[AnswerSet] = []
        self.stored: list[str] = []

    def send(self, transactions: Sequence[Transaction]) -> list[Delivery]:
        self.calls += transactions
        return [self.does(one) for one in transactions]

    def read_answers(self, *, now: datetime) -> list[AnswerSet]:
        return [one for one in self.sets if one.receipt not in self.stored]

    def mark_stored(self, receipt: str) -> None:
        self.stored.append(receipt)

    @property
    def sent(self) -> list[int]:
        return [one.change.pk for one in self.calls]


def accepting(one: Transaction) -> Delivery:
    return Delivery(reference=one.reference, answer=Answer(reference=one.reference, accepted=True))


def rejecting(one: Transaction) -> Delivery:
    return Delivery(
        reference=one.reference, answer=Answer(reference=one.reference, accepted=False, reason="IK5*R*5 in ST 0001")
    )


def answering_later(one: Transaction) -> Delivery:
    return Delivery(reference=one.reference, isa13="000000017", gs06="17", st02="0001")


def refusing(one: Transaction) -> Delivery:
    return Delivery(reference=one.reference, invalid="NM1: a name of more than 60 characters")


def unreachable(_one: Transaction) -> Delivery:
    raise Unreachable("no route")


def statuses(*rows: MemberChange) -> list[str]:
    return [MemberChange.objects.get(pk=row.pk).status for row in rows]


def reread(row: MemberChange) -> MemberChange:
    return MemberChange.objects.get(pk=row.pk)
