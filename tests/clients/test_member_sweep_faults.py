"""Workers that die, sweeps at the same moment, real transactions (CON_03). The drill with kill -9 is in tests/runtime."""

import threading

import pytest
from django.db import connection

from clients.membersystem.gateways.simulated import SimulatedGateway
from clients.membersystem.sweep import LEASE, claim, sweep
from clients.models import ContactPoint, MemberChange, SimulatedReceipt
from tests.support.concurrency import at_once
from tests.support.factories import ContactPointFactory
from tests.support.member_system import HOUR, NOW, Household, Scripted, accepting, reread, statuses

pytestmark = [pytest.mark.feature("CON_03"), pytest.mark.django_db(transaction=True)]


class Killed(BaseException):
    """Ends the sweep as kill -9 would: nothing of the sweep's own code catches it."""


class DiesAfterSending(SimulatedGateway):
    """The member system has taken the change; the worker is gone before it could write that down."""

    def send(self, transactions):
        super().send(transactions)
        raise Killed


def test_a_worker_killed_between_sending_and_marking_leaves_one_effect():
    rows = [Household().owe("PCP") for _ in range(3)]
    with pytest.raises(Killed):
        sweep(now=NOW, gateway=DiesAfterSending())
    assert statuses(*rows) == ["PENDING"] * 3
    assert SimulatedReceipt.objects.count() == 1
    sweep(now=NOW, gateway=SimulatedGateway())
    assert SimulatedReceipt.objects.count() == 1, "the leases of the dead worker hold"
    sweep(now=NOW + LEASE, gateway=SimulatedGateway())
    assert statuses(*rows) == ["ACKED"] * 3
    assert sorted(SimulatedReceipt.objects.values_list("deliveries", flat=True)) == [1, 1, 2]


def test_nothing_is_sent_inside_a_transaction():
    row = Household().owe("PCP")

    def look(one):
        assert not connection.in_atomic_block
        assert reread(row).lease_owner is not None, "committed before anything is sent"
        return accepting(one)

    sweep(now=NOW, gateway=Scripted(look))
    assert statuses(row) == ["ACKED"]


def test_sweeps_at_the_same_moment_claim_nothing_twice():
    homes = [Household() for _ in range(12)]
    rows = [home.owe(kind) for home in homes for kind in ("PCP", "ID_CARD", "PCP")]
    sent, lock = [], threading.Lock()

    def remember(one):
        with lock:
            sent.append(one.change.pk)
        return accepting(one)

    results = at_once(*[lambda: sweep(now=NOW, gateway=Scripted(remember)) for _ in range(4)])
    assert not [result for result in results if isinstance(result, Exception)]
    sweep(now=NOW, gateway=Scripted(remember))  # what one sweep blocked for another at its end
    assert sorted(sent) == sorted(row.pk for row in rows)
    assert statuses(*rows) == ["ACKED"] * len(rows)
    for home in homes:
        mine = [pk for pk in sent if reread_account(pk) == home.policy.account_id]
        assert mine == sorted(mine)


def reread_account(pk: int) -> int:
    return MemberChange.objects.values_list("account_id", flat=True).get(pk=pk)


def test_two_deliveries_of_one_reference_at_the_same_moment_are_one_receipt():
    row = Household().owe("PCP")
    (one,) = claim(now=NOW)
    results = at_once(*[lambda: SimulatedGateway().send([one])[0].answer.accepted for _ in range(4)])
    assert (results, SimulatedReceipt.objects.get().deliveries) == ([True] * 4, 4)
    assert row.pk


def test_changes_of_a_household_made_at_the_same_moment_have_the_order_in_which_they_were_saved():
    """A row with a lower id that is saved later would be sent after one that is newer."""
    from django.db import transaction

    home = Household()
    home.owe("PCP")
    started, saved = threading.Event(), []

    def slow():
        with transaction.atomic():
            row = home.owe("PCP")
            started.set()
            threading.Event().wait(0.3)
        saved.append(row.pk)

    def quick():
        started.wait(5)
        saved.append(home.owe("ID_CARD").pk)

    at_once(slow, quick)
    assert saved == sorted(saved)


def test_an_answer_and_what_it_does_are_one_when_the_second_write_fails(monkeypatch):
    from clients.membersystem import outcomes
    from clients.membersystem.outcomes import Outcomes

    home = Household()
    phone = ContactPointFactory(member=home.primary, value="3125550142")

    def half_done(_change, _now):
        ContactPoint.objects.filter(pk=phone.pk).update(value="3125550199")
        raise ValueError

    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": Outcomes(accepted=half_done)})
    row = home.owe("PCP")
    sweep(now=NOW, gateway=SimulatedGateway())
    phone.refresh_from_db()
    assert (statuses(row), phone.value) == (["PENDING"], "3125550142")
    monkeypatch.setattr(outcomes, "_outcomes", {})
    sweep(now=NOW + HOUR, gateway=SimulatedGateway())
    assert (statuses(row), SimulatedReceipt.objects.get().deliveries) == (["ACKED"], 2)
