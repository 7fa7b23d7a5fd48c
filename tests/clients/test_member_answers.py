"""Answers that come later, and those that do not come (CON_03)."""

from datetime import timedelta

import pytest

from clients.membersystem import answers, outcomes
from clients.membersystem.gateways.base import Answer, AnswerSet, Unreachable
from clients.membersystem.outcomes import Outcomes
from clients.membersystem.sweep import claim, sweep
from clients.models import MemberChange
from portal.common.notifications.models import Notification
from tests.support.factories import UserFactory
from tests.support.member_system import HOUR, NOW, Household, Kind, Scripted, answering_later, reread, statuses

pytestmark = pytest.mark.feature("CON_03")


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    calls: list[tuple[str, int]] = []
    told = Outcomes(
        accepted=lambda change, _now: calls.append(("accepted", change.pk)),
        failed=lambda change, _now: calls.append(("failed", change.pk)),
    )
    monkeypatch.setattr(outcomes, "_outcomes", dict.fromkeys(Kind.values, told))
    return calls


def sent(*, at=NOW, **columns) -> MemberChange:
    """A change that was sent and is not answered."""
    row = Household().owe("PCP", at=at)
    sweep(now=at, gateway=Scripted(answering_later))
    MemberChange.objects.filter(pk=row.pk).update(**columns)
    return reread(row)


def collect(*some: Answer, now=NOW) -> Scripted:
    gateway = Scripted()
    gateway.sets = [AnswerSet(receipt=f"set {place}", answers=[one]) for place, one in enumerate(some)]
    answers.collect(now=now, gateway=gateway)
    return gateway


@pytest.mark.parametrize(("accepted", "status", "what"), [(True, "ACKED", "accepted"), (False, "REJECTED", "failed")])
@pytest.mark.parametrize(
    "by", [("reference",), ("isa13", "gs06", "st02"), ("isa13",), ("gs06", "st02")], ids=lambda by: "+".join(by)
)
@pytest.mark.sampled(4)
def test_an_answer_finds_its_change_by_the_numbers_it_gives(heard, by, accepted, status, what):
    row = sent(isa13="000000101", gs06="101", st02="0007")
    others = [sent(isa13="000000102", gs06="102", st02="0007"), sent(isa13="000000103", gs06="103", st02="0008")]
    given = {name: getattr(row, {"reference": "bgn02"}.get(name, name)) for name in by}
    gateway = collect(Answer(accepted=accepted, reason="" if accepted else "IK5*R", **given), now=NOW + HOUR)
    row = reread(row)
    assert (row.status, row.acked_at, row.last_error) == (status, NOW + HOUR, "" if accepted else "IK5*R")
    assert (statuses(*others), heard, gateway.stored) == (["SENT", "SENT"], [(what, row.pk)], ["set 0"])


def test_an_interchange_that_is_rejected_rejects_all_that_was_in_it():
    rows = [sent(isa13="000000101", st02="0001"), sent(isa13="000000101", st02="0002"), sent(isa13="000000102")]
    collect(Answer(accepted=False, isa13="000000101", reason="TA1*R*024"))
    assert statuses(*rows) == ["REJECTED", "REJECTED", "SENT"]


def test_the_same_answer_again_has_no_second_effect(heard):
    row = sent()
    for _ in range(2):
        collect(Answer(accepted=True, reference=row.bgn02))
    assert heard == [("accepted", row.pk)]


def test_an_answer_that_contradicts_the_first_changes_nothing(heard):
    row = sent()
    collect(Answer(accepted=True, reference=row.bgn02), Answer(accepted=False, reference=row.bgn02))
    assert (statuses(row), heard) == (["ACKED"], [("accepted", row.pk)])


def test_an_answer_to_nobody_is_put_behind():
    assert collect(Answer(accepted=True, reference="PCP-1-1"), Answer(accepted=True, isa13="9")).stored == [
        "set 0",
        "set 1",
    ]


def test_one_that_arrived_although_its_worker_died_is_answered_before_it_is_sent_again():
    row = Household().owe("PCP")
    (one,) = claim(now=NOW)
    collect(Answer(accepted=True, reference=one.reference))
    assert (statuses(row), reread(row).lease_until, claim(now=NOW + HOUR)) == (["ACKED"], None, [])


def test_an_answer_that_cannot_be_stored_is_read_again_and_keeps_no_other(monkeypatch, heard):
    bad, good = sent(), sent()
    told = outcomes.outcomes_of("PCP")

    def choosy(change, now):
        if change.pk == bad.pk:
            raise ValueError
        told.accepted(change, now)

    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": Outcomes(accepted=choosy)})
    gateway = collect(Answer(accepted=True, reference=bad.bgn02), Answer(accepted=True, reference=good.bgn02))
    assert (statuses(bad, good), gateway.stored) == (["SENT", "ACKED"], ["set 1"])
    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": told})
    answers.collect(now=NOW, gateway=gateway)
    assert (statuses(bad), gateway.stored) == (["ACKED"], ["set 1", "set 0"])
    assert heard == [("accepted", good.pk), ("accepted", bad.pk)]


@pytest.mark.parametrize("error", [Unreachable("no route"), OSError("stale"), ValueError("a broken file")])
def test_answers_that_cannot_be_read_keep_nothing_from_being_sent(error):
    class Down(Scripted):
        def read_answers(self, *, now):
            raise error

    assert answers.collect(now=NOW, gateway=Down()) == 0


def test_numbers_given_out_are_stored_with_the_acceptance():
    from clients.membersystem.numbers import member_key, provisional_member_id

    home = Household()
    spouse = home.joined_by()
    type(home.primary).objects.filter(pk=spouse.pk).update(member_id=provisional_member_id())
    type(home.policy.account).objects.filter(pk=home.policy.account_id).update(number=None)
    row = home.owe("ENROLL")
    sweep(now=NOW, gateway=Scripted(answering_later))
    assigned = {
        "account_number": "1000000042",
        member_key(spouse.pk): "990000000043",
        member_key(home.primary.pk): "990000000044",
    }
    collect(Answer(accepted=True, reference=reread(row).bgn02, assigned=assigned))
    home.policy.account.refresh_from_db()
    spouse.refresh_from_db()
    known = home.primary.member_id
    home.primary.refresh_from_db()
    assert (home.policy.account.number, spouse.member_id) == ("1000000042", "990000000043")
    assert home.primary.member_id == known, "a number that is there stays"


def test_answers_missing_for_a_day_are_told_to_the_carriers_staff_once_a_day():
    staff, producer = UserFactory(carrier_admin=True), UserFactory()
    rows = [sent(), sent()]
    answers.alert(now=NOW + 24 * HOUR - timedelta(seconds=1))
    assert not Notification.objects.filter(title__contains="not answered").exists()
    for later in (24 * HOUR, 25 * HOUR, 47 * HOUR):
        answers.alert(now=NOW + later)
    told = Notification.objects.filter(title__contains="not answered")
    assert [(one.recipient, one.title) for one in told.order_by("id")] == [
        (staff, f"{len(rows)} changes were sent a day ago and not answered")
    ] * 2
    assert not Notification.objects.filter(recipient=producer).exists()


def test_changes_that_wait_too_long_are_told_to_the_carriers_staff(settings):
    settings.SYNC_DELAY, settings.SYNC_OVERDUE_AFTER = 4 * HOUR, HOUR / 2
    staff = UserFactory(carrier_admin=True)
    Household().owe("PCP")
    answers.alert(now=NOW + 4.5 * HOUR)
    assert not Notification.objects.exists()
    answers.alert(now=NOW + 4.5 * HOUR + timedelta(seconds=1))
    assert [(one.recipient, one.title, one.url) for one in Notification.objects.all()] == [
        (staff, "1 change waits for the member system longer than promised", "/admin/clients/memberchange/")
    ]
