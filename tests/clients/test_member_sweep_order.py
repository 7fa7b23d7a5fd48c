"""Whatever fails when: each member's changes arrive in their order, each once (CON_03)."""

import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.membersystem.gateways.base import Unreachable
from clients.membersystem.sweep import HOUSEHOLD_WIDE, LEASE, claim, sweep
from clients.models import Member, MemberChange
from tests.support.member_system import MINUTE, NOW, Household, Scripted, Status, accepting

pytestmark = pytest.mark.feature("CON_03")
KINDS = ("PCP", "ID_CARD", "TERM", "REINSTATE", "CONTACT")


class Receiver(Scripted):
    """Applies each reference once; the line breaks before or after that, as luck has it."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(at_once=rng.choice([1, 3, 50]))
        self.rng, self.applied = rng, []

    def send(self, transactions):
        if self.rng.random() < 0.2:
            raise Unreachable("before")
        for one in transactions:
            if one.reference not in [reference for reference, _ in self.applied]:
                self.applied.append((one.reference, one.change))
        if self.rng.random() < 0.2:
            raise Unreachable("after")
        return [accepting(one) for one in transactions]


class RolledBack(Exception):
    pass


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(
    seed=st.integers(0, 2**32),
    asked=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(KINDS)), min_size=2, max_size=10),
)
def test_changes_arrive_in_order_and_once_whatever_fails_and_whoever_dies(monkeypatch, seed, asked):
    rng = random.Random(seed)
    monkeypatch.setattr("clients.membersystem.outcomes._outcomes", {})
    try:
        with transaction.atomic():
            _try(rng, asked)
            raise RolledBack
    except RolledBack:
        pass


def _try(rng, asked):
    one, other = Household(), Household()
    members = [
        (one, one.primary),
        (one, one.joined_by()),
        (one, one.joined_by(Member.Role.CHILD)),
        (other, other.primary),
    ]
    rows, value = [], dict.fromkeys(range(4), 0)
    for who, kind in asked:
        home, member = members[who]
        if kind == "CONTACT":
            rows.append(home.contact(f"v{value[who]}", f"v{value[who] + 1}", member=member))
            value[who] += 1
        else:
            rows.append(home.owe(kind, home.primary if kind in HOUSEHOLD_WIDE else member))
    receiver, now = Receiver(rng), NOW
    while MemberChange.objects.filter(status=Status.PENDING).exists():
        if rng.random() < 0.1:
            claim(now=now)  # a worker that dies before it sends
        sweep(now=now, gateway=receiver, max_seconds=rng.choice([0, 45]))
        now += rng.choice([MINUTE, 5 * MINUTE, LEASE])
        assert now < NOW + 500 * MINUTE
    assert set(MemberChange.objects.values_list("status", flat=True)) <= {"ACKED", "SUPERSEDED"}
    applied = [change for _reference, change in receiver.applied]
    for place, change in enumerate(applied):
        for later in applied[place + 1 :]:
            if later.pk < change.pk and later.account_id == change.account_id:
                shared = later.member_id == change.member_id or {later.kind, change.kind} & set(HOUSEHOLD_WIDE)
                assert not shared, f"{change} went before {later}"
    for who, (_home, member) in enumerate(members):
        said = [
            change.payload["after"]["HOME"]["value"]
            for change in applied
            if change.kind == "CONTACT" and change.member_id == member.pk
        ]
        assert not said or said[-1] == f"v{value[who]}"
