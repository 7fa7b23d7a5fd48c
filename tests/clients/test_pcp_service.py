"""Provider changes: examined for each member, written together, told to the member system, answered."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.membersystem.outcomes import outcomes_of
from clients.models import (
    IdCardRequest,
    MemberChange,
    PcpAssignment,
    PcpReason,
    WithdrawnPcpAssignment,
)
from clients.rules.pcp_numbers import read_number
from clients.rules.pcp_reasons import REASONS
from clients.services import pcp
from clients.services.pcp import Asked, CannotTakeBack, NotOffered, NotPossible
from portal.common.models import AuditEvent
from tests.support.concurrency import at_once
from tests.support.factories import MemberFactory
from tests.support.providers import (
    MedicalGroupFactory,
    ProviderFactory,
    assigned,
    covered,
    hmo_policy,
    next_first,
    reasons_on_file,
    today,
)

KEY = "key-of-a-form-0001"


@pytest.fixture
def groups(db):
    return {number: MedicalGroupFactory(number=number) for number in ("124", "131", "597")}


@pytest.fixture
def policy(world, groups):
    """John and Jane in group 597."""
    made = hmo_policy(number=world.number)
    for coverage in covered(made):
        assigned(coverage, groups["597"], reason="No Reason Given")
    return made


def asked(
    policy, *, number="124", day: date | None = None, reason="concern-with-service", who=None, **reasons
) -> Asked:
    coverages = covered(policy) if who is None else who
    return Asked(
        account=policy.account,
        number=read_number(number),
        effective_date=day or next_first(),
        reasons={one.pk: reasons.get(one.member.first_name, reason) for one in coverages},
    )


def make(wanted: Asked, *, by, key: str = KEY, seen: str | None = None, now=None) -> bool:
    now = now or timezone.now()
    shown = pcp.examine(wanted, by=by, now=now).seen if seen is None else seen
    return pcp.change(asked=wanted, seen=shown, by=by, now=now, form_key=key)


def spans(member) -> list[tuple]:
    rows = PcpAssignment.objects.filter(member=member).order_by("effective_date").select_related("medical_group")
    return [(row.medical_group.number, row.effective_date, row.end_date) for row in rows]


# --- what is written ---


@pytest.mark.feature("PCP_13")
@pytest.mark.feature("PCP_16")
@pytest.mark.feature("IDC_12")
def test_a_change_ends_the_old_assignment_the_day_before_and_owes_everything_else(world, policy, groups):
    before = covered(policy)[0]
    assert make(asked(policy), by=world.producer) is True
    for coverage in covered(policy):
        assert spans(coverage.member) == [
            ("597", coverage.effective_date, next_first() - timedelta(days=1)),
            ("124", next_first(), None),
        ]
    new = PcpAssignment.objects.get(member=before.member, end_date=None)
    assert (new.received_on, new.assigned_by, new.reason) == (today(), "Selected by member", "Concern With Service")
    change = MemberChange.objects.get(kind="PCP", member=before.member)
    assert change.payload == {
        "assignment_id": new.pk,
        "before": {
            "group_number": "597",
            "group_name": groups["597"].name,
            "npi": "",
            "provider_name": "",
            "effective_date": before.effective_date.isoformat(),
            "end_date": None,
        },
        "after": {
            "group_number": "124",
            "group_name": groups["124"].name,
            "npi": "",
            "provider_name": "",
            "effective_date": next_first().isoformat(),
            "end_date": None,
        },
        "reason": "Concern With Service",
        "reason_code": "AA",
        "received_on": today().isoformat(),
    }
    assert IdCardRequest.objects.filter(policy=policy, kind="PERMANENT").count() == 2
    event = AuditEvent.objects.get(action="pcp.changed")
    assert (event.details, event.object_id) == ({"members": 2}, policy.account.number)


@pytest.mark.feature("PCP_13")
def test_a_physician_brings_the_medical_group_along(world, policy, groups):
    doctor = ProviderFactory(medical_group=groups["131"], first_name="Ana", last_name="Reyes")
    make(asked(policy, number=doctor.npi), by=world.producer)
    new = PcpAssignment.objects.filter(policy=policy, end_date=None).first()
    assert (new.provider, new.medical_group) == (doctor, groups["131"])
    assert MemberChange.objects.filter(kind="PCP").first().payload["after"]["provider_name"] == "Ana Reyes"


@pytest.mark.feature("PCP_13")
def test_the_same_form_makes_one_change_however_often_it_arrives(world, policy):
    wanted = asked(policy)
    assert [make(wanted, by=world.producer) for _ in range(1)] == [True]
    for _ in range(4):
        assert make(wanted, by=world.producer) is False
    assert PcpAssignment.objects.count() == 4
    assert MemberChange.objects.filter(kind="PCP").count() == 2


@pytest.mark.feature("PCP_08")
def test_one_of_a_family_fails_and_the_other_passes(world, policy, groups):
    """Jane was asked out of 124: she is in 597 because of it."""
    jane = covered(policy)[1]
    PcpAssignment.objects.filter(member=jane.member).delete()
    assigned(jane, groups["124"], end_date=jane.effective_date + timedelta(days=30))
    assigned(jane, groups["597"], since=jane.effective_date + timedelta(days=31), reason="Asked Out")
    examined = pcp.examine(asked(policy), by=world.producer, now=timezone.now())
    assert [line.member.first_name for line in examined.passed] == ["John"]
    assert [(line.member.first_name, line.problem) for line in examined.failed] == [
        ("Jane", "Member was previously asked out of this Medical Group, please select a new Medical Group")
    ]
    with pytest.raises(NotPossible):
        make(asked(policy), by=world.producer)
    assert PcpAssignment.objects.filter(medical_group=groups["124"], end_date=None).count() == 0
    assert make(asked(policy, number="131"), by=world.producer)


@pytest.mark.feature("PCP_09")
def test_asked_out_is_remembered_although_the_choice_was_replaced(world, policy, groups):
    john = covered(policy)[:1]
    make(asked(policy, number="124", who=john, reason="asked-out"), by=world.producer, key="k" * 16)
    make(asked(policy, number="131", who=john), by=world.producer, key="l" * 16)
    withdrawn = WithdrawnPcpAssignment.objects.get()
    assert (withdrawn.asked_out_of, withdrawn.why) == (groups["597"], "REPLACED")
    examined = pcp.examine(asked(policy, number="597", who=john), by=world.producer, now=timezone.now())
    assert examined.failed[0].problem.startswith("Member was previously asked out")


@pytest.mark.feature("PCP_09")
def test_a_correction_by_the_staff_takes_the_asking_out_back(world, policy):
    john = covered(policy)[:1]
    make(asked(policy, who=john, reason="asked-out"), by=world.producer, key="k" * 16)
    make(asked(policy, number="131", who=john, reason="data-entered-incorrectly"), by=world.admin, key="l" * 16)
    assert WithdrawnPcpAssignment.objects.get().asked_out_of is None
    assert not pcp.examine(asked(policy, number="597", who=john), by=world.producer, now=timezone.now()).failed


@pytest.mark.feature("PCP_16")
def test_a_choice_that_has_not_begun_gives_way_and_is_not_sent_any_more(world, policy, groups):
    john = covered(policy)[:1]
    later = next_first(next_first())
    make(asked(policy, number="131", day=later, who=john), by=world.producer, key="k" * 16)
    old = MemberChange.objects.get(kind="PCP")
    make(asked(policy, number="124", who=john), by=world.producer, key="l" * 16)
    assert [(number, first) for number, first, _last in spans(john[0].member)] == [
        ("597", john[0].effective_date),
        ("124", next_first()),
    ]
    new = MemberChange.objects.filter(kind="PCP").latest("pk")
    old.refresh_from_db()
    assert (old.status, old.superseded_by) == ("SUPERSEDED", new)
    assert new.payload["before"]["group_number"] == "597"
    assert WithdrawnPcpAssignment.objects.get().assignment_id == old.payload["assignment_id"]


@pytest.mark.feature("PCP_16")
@pytest.mark.parametrize("on_its_way", [{"status": "SENT"}, {"attempts": 1, "bgn02": "R1"}])
def test_a_change_that_may_have_arrived_is_not_called_back(world, policy, on_its_way):
    john = covered(policy)[:1]
    make(asked(policy, number="131", who=john), by=world.producer, key="k" * 16)
    MemberChange.objects.filter(kind="PCP").update(**on_its_way)
    make(asked(policy, number="124", who=john), by=world.producer, key="l" * 16)
    assert list(MemberChange.objects.filter(kind="PCP").order_by("pk").values_list("status", flat=True)) == [
        on_its_way.get("status", "PENDING"),
        "PENDING",
    ]


@pytest.mark.feature("PCP_14")
def test_a_second_physician_for_a_later_period_is_a_second_change(world, policy):
    john, later = covered(policy)[:1], next_first(next_first())
    make(asked(policy, who=john), by=world.producer, key="k" * 16)
    make(asked(policy, number="131", day=later, who=john), by=world.producer, key="l" * 16)
    assert spans(john[0].member)[1:] == [
        ("124", next_first(), later - timedelta(days=1)),
        ("131", later, None),
    ]


@pytest.mark.feature("PCP_14")
def test_a_member_on_two_plans_is_changed_once_per_transaction(world, policy):
    john = covered(policy)[0].member
    other = hmo_policy(number=world.number, family=1, primary=john, product_name="Prairie Summit Silver HMO 002")
    both = [covered(policy)[0], covered(other)[0]]
    examined = pcp.examine(asked(policy, who=both), by=world.producer, now=timezone.now())
    assert len(examined.failed) == 2
    assert all("only be updated one time" in line.problem for line in examined.failed)


@pytest.mark.feature("PCP_10")
def test_a_day_within_the_month_is_proposed_to_move_and_not_written(world, policy):
    day = next_first() + timedelta(days=14)
    wanted = asked(policy, day=day)
    examined = pcp.examine(wanted, by=world.producer, now=timezone.now())
    assert (examined.failed, examined.proposed) == ([], next_first(day))
    with pytest.raises(NotPossible) as refused:
        make(wanted, by=world.producer)
    assert all("first day of a month" in line.problem for line in refused.value.examined.failed)
    assert MemberChange.objects.count() == 0


@pytest.mark.feature("PCP_10")
@pytest.mark.parametrize("us_state", ["NM", "TX"])
def test_elsewhere_any_day_will_do(world, us_state):
    policy = hmo_policy(number=world.number, us_state=us_state)
    doctor = ProviderFactory(us_state=us_state)
    wanted = asked(policy, number=doctor.pcpa_number, day=today() + timedelta(days=3))
    examined = pcp.examine(wanted, by=world.producer, now=timezone.now())
    assert (examined.failed, examined.proposed) == ([], None)


@pytest.mark.feature("PCP_05")
def test_a_group_number_is_that_of_the_plans_state(world, policy, groups):
    MedicalGroupFactory(number="124", us_state="TX", name="Lone Star")
    examined = pcp.examine(asked(policy), by=world.producer, now=timezone.now())
    assert examined.entry.group == groups["124"]


# --- what is refused ---


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_when_a_later_write_fails(world, policy, monkeypatch):
    def fail(**_facts):
        raise RuntimeError("no cards today")

    monkeypatch.setattr("clients.services.id_cards.order_after_pcp_change", fail)
    wanted = asked(policy)
    with pytest.raises(RuntimeError):
        make(wanted, by=world.producer)
    assert PcpAssignment.objects.filter(end_date__isnull=False).count() == 0
    assert MemberChange.objects.count() == 0
    monkeypatch.undo()
    assert make(wanted, by=world.producer) is True


def test_what_was_shown_must_still_be_so(world, policy):
    wanted = asked(policy, number="131")
    shown = pcp.examine(wanted, by=world.producer, now=timezone.now()).seen
    make(asked(policy, number="124"), by=world.principal, key="k" * 16)
    with pytest.raises(NotPossible) as refused:
        make(wanted, by=world.producer, seen=shown)
    assert "changed after you pressed Validate" in refused.value.examined.failed[0].problem
    assert not PcpAssignment.objects.filter(medical_group__number="131").exists()


@pytest.mark.parametrize("who", ["outsider", "sibling", "delegate"])
def test_others_change_nothing(world, policy, who):
    with pytest.raises(NotOffered):
        pcp.examine(asked(policy), by=getattr(world, who), now=timezone.now())


def test_members_of_another_account_are_not_taken(world, policy):
    stranger = hmo_policy(number=world.number, primary=MemberFactory())
    with pytest.raises(NotOffered):
        pcp.examine(asked(policy, who=covered(stranger)), by=world.producer, now=timezone.now())


@pytest.mark.feature("PCP_07")
def test_only_the_staff_corrects(world, policy):
    wanted = asked(policy, reason="data-entered-incorrectly")
    assert len(pcp.examine(wanted, by=world.producer, now=timezone.now()).failed) == 2
    assert pcp.examine(wanted, by=world.admin, now=timezone.now()).failed == []


@pytest.mark.feature("PCP_07")
def test_the_reasons_on_file_are_those_of_the_table(db):
    reasons_on_file()
    assert {pcp.as_rule(row) for row in PcpReason.objects.all()} == set(REASONS)


# --- at the same moment ---


@pytest.mark.feature("PCP_13")
@pytest.mark.django_db(transaction=True)
def test_two_finishes_at_once_make_one_change(world):
    MedicalGroupFactory(number="124")
    policy = hmo_policy(number=world.number)
    old = MedicalGroupFactory(number="597")
    for coverage in covered(policy):
        assigned(coverage, old)
    wanted = asked(policy)
    seen = pcp.examine(wanted, by=world.producer, now=timezone.now()).seen
    same = [lambda: make(wanted, by=world.producer, seen=seen) for _ in range(3)]
    other_window = [lambda: make(wanted, by=world.producer, seen=seen, key="another-window-01")]
    results = at_once(*same, *other_window)
    assert results.count(True) == 1
    assert all(result in (True, False) or isinstance(result, NotPossible) for result in results)
    assert PcpAssignment.objects.filter(policy=policy).count() == 4
    assert MemberChange.objects.filter(kind="PCP").count() == 2


@pytest.mark.feature("PCP_16")
def test_the_database_refuses_an_overlap(policy, groups):
    john = covered(policy)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        assigned(john, groups["124"], since=next_first())


@pytest.mark.feature("PCP_16")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["124", "131", "597"])), min_size=1, max_size=5))
def test_any_sequence_of_changes_on_file_has_neither_overlap_nor_hole(world, policy, steps):
    john = covered(policy)[:1]
    with transaction.atomic():
        for place, (months, number) in enumerate(steps):
            day = next_first()
            for _ in range(months):
                day = next_first(day)
            wanted = asked(policy, number=number, day=day, who=john)
            problems = [line.problem for line in pcp.examine(wanted, by=world.producer, now=timezone.now()).failed]
            assert problems in ([], ["No change to the existing record"])
            if not problems:
                make(wanted, by=world.producer, key=f"{place:016d}")
        on_file = spans(john[0].member)
        assert on_file[-1][2] is None
        assert on_file[0][1] == john[0].effective_date
        for left, right in zip(on_file, on_file[1:], strict=False):
            assert left[2] + timedelta(days=1) == right[1]
        transaction.set_rollback(True)


# --- what the member system says ---


def answered(change: MemberChange, *, accepted: bool) -> None:
    outcome = outcomes_of(change.kind)
    (outcome.accepted if accepted else outcome.failed)(change, timezone.now())


@pytest.mark.feature("PCP_13")
def test_a_refused_change_stays_and_is_marked_until_it_is_taken_over(world, policy):
    make(asked(policy, who=covered(policy)[:1]), by=world.producer)
    change = MemberChange.objects.get(kind="PCP")
    new = PcpAssignment.objects.get(pk=change.payload["assignment_id"])
    for _ in range(2):
        answered(change, accepted=False)
    new.refresh_from_db()
    assert new.refused_at is not None
    assert new.end_date is None
    answered(change, accepted=True)
    new.refresh_from_db()
    assert new.refused_at is None


@pytest.mark.feature("PCP_13")
def test_an_answer_about_a_choice_that_gave_way_changes_nothing(world, policy):
    john = covered(policy)[:1]
    make(asked(policy, who=john), by=world.producer, key="k" * 16)
    old = MemberChange.objects.get(kind="PCP")
    make(asked(policy, number="131", who=john), by=world.producer, key="l" * 16)
    answered(old, accepted=False)
    assert not PcpAssignment.objects.filter(refused_at__isnull=False).exists()


@pytest.mark.feature("PCP_13")
def test_the_staff_takes_a_refused_change_back_without_leaving_a_hole(world, policy):
    john = covered(policy)[:1]
    make(asked(policy, who=john), by=world.producer)
    change = MemberChange.objects.get(kind="PCP")
    made = change.payload["assignment_id"]
    with pytest.raises(CannotTakeBack):
        pcp.take_back(assignment_id=made, by=world.admin, now=timezone.now())
    answered(change, accepted=False)
    MemberChange.objects.filter(pk=change.pk).update(status="REJECTED")
    pcp.take_back(assignment_id=made, by=world.admin, now=timezone.now())
    change.refresh_from_db()
    assert (change.status, change.closed_by) == ("CLOSED", world.admin)
    assert spans(john[0].member) == [("597", john[0].effective_date, None)]
    assert WithdrawnPcpAssignment.objects.get().why == "TAKEN_BACK"
    assert AuditEvent.objects.filter(action="pcp.taken_back", actor_id=world.admin.pk).exists()
    with pytest.raises(CannotTakeBack):
        pcp.take_back(assignment_id=made, by=world.admin, now=timezone.now())


@pytest.mark.feature("PCP_13")
def test_what_another_change_stands_on_is_not_taken_back(world, policy):
    john = covered(policy)[:1]
    make(asked(policy, who=john), by=world.producer, key="k" * 16)
    first = MemberChange.objects.get(kind="PCP")
    make(asked(policy, number="131", day=next_first(next_first()), who=john), by=world.producer, key="l" * 16)
    answered(first, accepted=False)
    with pytest.raises(CannotTakeBack, match="follows this one"):
        pcp.take_back(assignment_id=first.payload["assignment_id"], by=world.admin, now=timezone.now())


@pytest.mark.feature("PCP_13")
def test_the_staff_says_that_a_refused_change_has_arrived_by_hand(world, policy):
    make(asked(policy, who=covered(policy)[:1]), by=world.producer)
    change = MemberChange.objects.get(kind="PCP")
    made = change.payload["assignment_id"]
    assert pcp.confirm_taken_over(assignment_id=made, by=world.admin) is False
    answered(change, accepted=False)
    assert pcp.confirm_taken_over(assignment_id=made, by=world.admin) is True
    assert not PcpAssignment.objects.filter(refused_at__isnull=False).exists()
    assert AuditEvent.objects.filter(action="pcp.settled").count() == 1
