"""The member system inside the portal: once on receipt, whatever it is told to do (CON_03)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from clients.membersystem import answers, gateways
from clients.membersystem.gateways.base import Transaction, Unreachable
from clients.membersystem.gateways.simulated import SimulatedGateway
from clients.membersystem.numbers import is_provisional, provisional_member_id
from clients.membersystem.sweep import sweep
from clients.models import Account, Coverage, Member, MemberChange, Policy, SimulatedMemberSystem, SimulatedReceipt
from tests.support.factories import PolicyFactory
from tests.support.member_system import HOUR, MINUTE, NOW, Household, reread, statuses

pytestmark = pytest.mark.feature("CON_03")


def mode(name: str, **columns) -> None:
    SimulatedMemberSystem.objects.update_or_create(pk=1, defaults={"mode": name, **columns})


def transaction_of(row: MemberChange) -> Transaction:
    return Transaction(change=row, reference=f"PCP-1-{row.pk}", resend=False, made_at=NOW)


def test_it_is_the_gateway_unless_another_is_named(settings):
    assert isinstance(gateways.chosen(), SimulatedGateway)
    settings.MEMBER_SYSTEM_GATEWAY = "tests.support.member_system.Scripted"
    assert type(gateways.chosen()).__name__ == "Scripted"


def test_the_same_reference_again_is_one_receipt_and_the_same_answer():
    one = transaction_of(Household().owe("PCP"))
    first, again = (SimulatedGateway().send([one])[0] for _ in range(2))
    assert first == again
    assert [(row.reference, row.deliveries) for row in SimulatedReceipt.objects.all()] == [(one.reference, 2)]


def test_down_takes_nothing_and_gives_no_answers():
    mode("DOWN")
    row = Household().owe("PCP")
    with pytest.raises(Unreachable):
        SimulatedGateway().send([transaction_of(row)])
    sweep(now=NOW)
    assert (answers.collect(now=NOW), statuses(row), SimulatedReceipt.objects.count()) == (0, ["PENDING"], 0)
    mode("NORMAL")
    sweep(now=NOW + HOUR)
    assert statuses(row) == ["ACKED"]


def test_slow_takes_its_seconds_for_each_change(monkeypatch):
    waited = []
    monkeypatch.setattr("clients.membersystem.gateways.simulated.time.sleep", waited.append)
    mode("SLOW", slow_seconds=7)
    rows = [Household().owe("PCP") for _ in range(2)]
    sweep(now=NOW)
    assert (waited, statuses(*rows)) == ([7, 7], ["ACKED", "ACKED"])


def test_reject_says_why_and_a_retry_is_looked_at_again():
    from clients.services import member_changes

    mode("REJECT")
    home = Household()
    row = home.owe("PCP")
    sweep(now=NOW)
    assert (statuses(row), reread(row).last_error[:12]) == (["REJECTED"], "Not accepted")
    mode("NORMAL")
    member_changes.retry(change=row, by=home.by, now=NOW + HOUR)
    sweep(now=NOW + HOUR)
    assert (statuses(row), reread(row).last_error) == (["ACKED"], "")
    assert SimulatedReceipt.objects.get().deliveries == 2


def test_answers_later_when_told_so():
    mode("ACK_LATER", answer_after_minutes=10)
    row = Household().owe("PCP")
    sweep(now=NOW)
    assert (statuses(row), answers.collect(now=NOW + 9 * MINUTE)) == (["SENT"], 0)
    assert (answers.collect(now=NOW + 10 * MINUTE), statuses(row)) == (1, ["ACKED"])
    assert answers.collect(now=NOW + 10 * MINUTE) == 0, "an answer that is stored is not read again"


# --- what an accepted change of coverage does ---


def covered(home: Household) -> list[date | None]:
    return list(Coverage.objects.filter(policy=home.policy).order_by("member_id").values_list("term_date", flat=True))


def test_an_enrollment_gives_out_the_numbers_that_are_missing():
    home = Household(PolicyFactory(future=True))
    spouse = home.joined_by()
    Coverage.objects.create(member=spouse, policy=home.policy, effective_date=home.policy.effective_date)
    for member in (home.primary, spouse):
        Member.objects.filter(pk=member.pk).update(member_id=provisional_member_id())
    Account.objects.filter(pk=home.policy.account_id).update(number=None)
    PolicyFactory(primary__account__number="1000000002")  # taken: the next one is given
    sweep_at_once(home.owe("ENROLL", payload={"effective_date": str(home.policy.effective_date)}))
    ids = [Member.objects.get(pk=member.pk).member_id for member in (home.primary, spouse)]
    assert Account.objects.get(pk=home.policy.account_id).number == "1000000003"
    assert len(set(ids)) == 2
    assert not any(is_provisional(member_id) for member_id in ids)


def test_an_enrollment_of_a_known_household_changes_no_number():
    home = Household()
    before = (home.policy.account.number, home.primary.member_id)
    sweep_at_once(home.owe("ENROLL", payload={"effective_date": "2026-01-01"}))
    after = Account.objects.get(pk=home.policy.account_id).number, Member.objects.get(pk=home.primary.pk).member_id
    assert before == after


def sweep_at_once(row: MemberChange) -> None:
    sweep(now=NOW)
    assert statuses(row) == ["ACKED"]


def term_payload(last_day: date, *, paid_to: date | None = None) -> dict:
    return {"last_day": str(last_day), "paid_to": str(paid_to) if paid_to else None, "reason": "NONPAYMENT"}


@pytest.mark.parametrize(("days", "status"), [(-3, "TERMED"), (20, "ACTIVE"), (-400, "CANCELLED")])
def test_a_termination_ends_the_policy_and_everybodys_coverage_on_its_last_day(days, status):
    """Whatever the carrier's status was before: the dates say from now on what the policy is."""
    today = timezone.localdate(NOW)
    home = Household(PolicyFactory(effective_date=today - timedelta(days=200), paid_to_date=today + timedelta(days=29)))
    child = home.joined_by(Member.Role.CHILD)
    last_day, earlier = today + timedelta(days=days), today - timedelta(days=500)
    Coverage.objects.create(member=child, policy=home.policy, effective_date=earlier, term_date=earlier)
    sweep_at_once(home.owe("TERM", payload=term_payload(last_day, paid_to=last_day + timedelta(days=1))))
    policy = Policy.objects.get(pk=home.policy.pk)
    assert (policy.term_date, policy.term_date_derived) == (last_day, False)
    assert (policy.status, policy.paid_to_date) == (status, last_day + timedelta(days=1))
    assert covered(home) == [last_day, earlier]


def test_a_reinstatement_takes_the_end_away_from_the_policy_and_those_who_ended_with_it():
    today = timezone.localdate(NOW)
    home = Household(PolicyFactory(effective_date=today - timedelta(days=200)))
    child, earlier = home.joined_by(Member.Role.CHILD), today - timedelta(days=90)
    Coverage.objects.create(
        member=child, policy=home.policy, effective_date=earlier - timedelta(days=60), term_date=earlier
    )
    sweep_at_once(home.owe("TERM", payload=term_payload(today - timedelta(days=3))))
    sweep_at_once(home.owe("REINSTATE", payload={"effective_date": str(today - timedelta(days=2))}))
    policy = Policy.objects.get(pk=home.policy.pk)
    assert (policy.term_date, policy.status) == (None, Policy.Status.ACTIVE)
    assert covered(home) == [None, earlier]
