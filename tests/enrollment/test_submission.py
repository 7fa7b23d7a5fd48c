"""Submitting an application: once, examined anew, handed over, settled by the member system's answer."""

import json
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import timezone

from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer, Transaction
from clients.membersystem.gateways.x12_834 import X12Gateway
from clients.membersystem.sweep import sweep
from clients.models import (
    Account,
    Coverage,
    Member,
    MemberChange,
    PcpAssignment,
    Policy,
    Provider,
    SimulatedMemberSystem,
)
from clients.services import member_changes
from enrollment.application_record.reading import Altered, answers_in
from enrollment.models import Application, EvidenceItem, PlanRate, Submission, SubmittedPolicy
from enrollment.rules import refusal_wording
from enrollment.selectors import submission_checks
from enrollment.services import hand_over
from enrollment.services import submission as service
from enrollment.services.submission import Confirmed
from enrollment.wizard.sections import Missing
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from tests.support.applications import DENTAL_TOTAL, MEDICAL_TOTAL, NPI, members_of, ready_application
from tests.support.concurrency import at_once
from tests.support.factories import QuoteFactory
from tests.support.x12 import judge, segments_of

KEY = "submit-key-0123456789"
Mode = SimulatedMemberSystem.Mode


@pytest.fixture(autouse=True)
def complete(monkeypatch):
    """What the pages ask for is for their own tests; these begin with an application that has it."""
    monkeypatch.setattr(service, "missing_of", lambda wizard: [])


@pytest.fixture
def ready(world) -> Application:
    return ready_application(world.number, world.producer)


def submit(application, by, *, key=KEY, **more) -> Submission:
    return service.submit(application=application, by=by, at=timezone.now(), form_key=key, **more)


def changes() -> list[MemberChange]:
    return list(MemberChange.objects.filter(kind="ENROLL").order_by("id"))


def answer(change: MemberChange, *, accepted: bool, reason: str = "", **assigned: str) -> None:
    told = Answer(accepted=accepted, reference=change.bgn02 or "X-1", reason=reason, assigned=assigned)
    assert settle.take_answer(change.pk, told, now=timezone.now())


def member_system(mode: str) -> None:
    SimulatedMemberSystem.objects.update_or_create(pk=SimulatedMemberSystem.THE_ONE, defaults={"mode": mode})


def rows() -> dict[str, int]:
    counted = (Account, Member, Policy, Coverage, MemberChange, Submission, SubmittedPolicy)
    return {model.__name__: model.objects.count() for model in counted}


# --- submitted ---


@pytest.mark.feature("SIG_06")
def test_a_submitted_application_has_its_numbers_and_waits_for_the_member_system(world, ready):
    Application.objects.update(expires_on=timezone.localdate() + timedelta(days=2))
    made = submit(ready, world.producer)
    before = ready.version
    ready.refresh_from_db()
    assert (ready.status, made.outcome, made.number) == ("COMPLETED", "WAITING", 1)
    assert (made.effective_date, ready.version) == (ready.effective_date, before + 1)
    assert EvidenceItem.objects.filter(application=ready).exists(), "proof is asked for from now on"
    assert ready.eapp_number.startswith("02")
    assert len(ready.pending_application_id) == 6
    assert ready.client_app_id.isdigit()
    assert ready.expires_on == timezone.localdate() + timedelta(days=90)
    assert [change.kind for change in changes()] == ["ENROLL", "ENROLL"]
    event = AuditEvent.objects.get(action="application.submitted")
    assert event.details["answers_sha256"] == made.answers_sha256
    assert "Leeward" not in json.dumps(event.details)


def test_nothing_shows_as_coverage_before_it_is_accepted(world, ready):
    before = Policy.objects.for_user(world.producer).count(), Policy.objects.for_user(world.admin).count()
    submit(ready, world.producer)
    policy = SubmittedPolicy.objects.filter(line="MEDICAL").get().policy
    assert policy.awaits_acceptance
    after = Policy.objects.for_user(world.producer).count(), Policy.objects.for_user(world.admin).count()
    assert before == after
    assert not Account.objects.for_user(world.producer).filter(pk=policy.account_id).exists()
    assert not Member.objects.for_user(world.producer).filter(account=policy.account_id).exists()


def test_the_household_is_written_as_it_was_answered(world, ready):
    submit(ready, world.producer)
    primary, spouse, child = members_of(ready)
    assert [one.role for one in (primary, spouse, child)] == ["PRIMARY", "SPOUSE", "CHILD"]
    assert (primary.name, primary.ssn, primary.account.address_2) == ("Ann Q Leeward", "666120001", "Apt 4")
    points = {point.kind: point.value for point in primary.contact_points.all()}
    assert points == {"CELL": "6305550142", "EMAIL": "Ann@example.com"}
    policy = Policy.objects.get(account=primary.account, line="MEDICAL")
    assert (policy.member_count, policy.market, policy.requires_pcp) == (3, "OFF", True)
    assert (policy.eapp_number, policy.status) == (Application.objects.get().eapp_number, "INITIAL_PAYMENT_DUE")
    assert policy.producer_number == world.number


def test_a_pcp_who_has_left_the_directory_by_the_first_day_is_not_told(world, ready):
    Provider.objects.filter(npi=NPI).update(end_date=timezone.localdate())
    submit(ready, world.producer)
    assert [one["group"] is not None for one in changes()[0].payload["pcp"]] == [True], "the group's alone"


def test_a_hardship_exemption_of_the_quote_counts_for_the_price(world, ready, monkeypatch):
    Application.objects.update(quote=QuoteFactory(producer_number=world.number, hardship_exemption=True))
    asked = []
    price = submission_checks.pricing.price_plan
    monkeypatch.setattr(
        submission_checks.pricing,
        "price_plan",
        lambda plan, household, **more: (asked.append(household.hardship_exemption), price(plan, household, **more))[1],
    )
    submit(ready, world.producer)
    assert asked == [True, True]


@pytest.mark.feature("SIG_06")
def test_one_form_five_times_and_another_tab_are_one_submission(world, ready):
    made = {submit(ready, world.producer).pk for _ in range(5)}
    made.add(submit(ready, world.delegate_with_enroll, key="another-tab-0123456789").pk)
    assert len(made) == 1
    assert rows()["MemberChange"] == 2
    assert AuditEvent.objects.filter(action="application.submitted").count() == 1


@pytest.mark.feature("SIG_06")
@pytest.mark.django_db(transaction=True)
def test_five_at_the_same_moment_are_one(world, ready):
    made = at_once(
        *[lambda: submit(ready, world.producer)] * 3, *[lambda: submit(ready, world.producer, key=KEY[::-1])] * 2
    )
    assert {getattr(one, "pk", one) for one in made} == {Submission.objects.get().pk}
    assert rows()["SubmittedPolicy"] == 2


@pytest.mark.parametrize(
    "broken",
    ["hand_over.hand_over", "trail.trail_head", "sep.as_record", "evidence.ask", "record.as_text", "audit.record"],
)
def test_a_second_write_that_fails_keeps_nothing(world, ready, monkeypatch, broken):
    before = rows()

    def fail(*_args, **_kwargs):
        raise RuntimeError("no more")

    monkeypatch.setattr(f"enrollment.services.submission.{broken}", fail)
    with pytest.raises(RuntimeError):
        submit(ready, world.producer)
    ready.refresh_from_db()
    assert (rows(), ready.status, ready.eapp_number) == (before, "INCOMPLETE", "")


def test_what_is_missing_stops_it_before_anything_is_kept(world, ready, monkeypatch):
    missing = [Missing(step="applicant", section="contact", field="phone", sentence="Enter the primary phone.")]
    monkeypatch.setattr(service, "missing_of", lambda wizard: missing)
    with pytest.raises(service.NotComplete) as stopped:
        submit(ready, world.producer)
    assert stopped.value.missing == missing
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"withdrawn_at": timezone.now(), "withdrawn_by_id": 1}, "withdrawn"),
        ({"expires_on": timezone.localdate() - timedelta(days=3)}, "expired"),
        ({"status": "COMPLETED"}, "completed elsewhere"),
    ],
)
def test_what_is_closed_cannot_be_submitted(world, ready, columns, words):
    if "withdrawn_by_id" in columns:
        columns = {**columns, "withdrawn_by_id": world.producer.pk}
    Application.objects.filter(pk=ready.pk).update(**columns)
    with pytest.raises(service.CannotSubmit, match=words):
        submit(ready, world.producer)


# --- examined anew on the day ---


def test_a_date_that_moved_is_confirmed_first(world, ready):
    shown = ready.effective_date - timedelta(days=31)
    Application.objects.update(effective_date=shown)
    with pytest.raises(service.ConfirmationNeeded) as asked:
        submit(ready, world.producer)
    assert not Submission.objects.exists()
    assert f"{shown:%m/%d/%Y}" in asked.value.checked.moved
    checked = asked.value.checked
    with pytest.raises(service.ConfirmationNeeded):
        submit(ready, world.producer, confirmed=Confirmed(shown, checked.total))
    made = submit(ready, world.producer, confirmed=Confirmed(ready.effective_date, checked.total))
    assert made.effective_date == ready.effective_date
    assert Application.objects.get().effective_date == ready.effective_date


def test_a_date_that_was_chosen_and_is_not_offered_any_more_is_asked_for_again(world, ready):
    Application.objects.update(elected_date=date(2020, 1, 1), effective_date=date(2020, 1, 1))
    with pytest.raises(service.ConfirmationNeeded) as asked:
        submit(ready, world.producer)
    assert asked.value.checked.effective_date == ready.effective_date


def test_a_premium_that_changed_is_confirmed_first(world, ready):
    PlanRate.objects.filter(plan__line="MEDICAL", first_age=39).update(rate=Decimal("1000.00"))
    with pytest.raises(service.ConfirmationNeeded, match=r"from \$901.66 to \$1,014.89") as asked:
        submit(ready, world.producer)
    submit(ready, world.producer, confirmed=Confirmed(ready.effective_date, asked.value.checked.total))
    kept = Policy.objects.get(awaits_acceptance=True, line="MEDICAL").monthly_premium
    assert kept == ready.plans.get(line="MEDICAL").monthly_premium == Decimal("1000.02")


def spoil(what: str, application: Application, world) -> None:
    if what == "window":
        application.life_events.update(event_date=timezone.localdate() - timedelta(days=200))
    elif what == "plan withdrawn":
        application.plans.get(line="MEDICAL").plan.__class__.objects.update(withdrawn_at=timezone.now())
    elif what == "no plan":
        application.plans.all().delete()
    elif what == "number ended":
        world.number.status = "INACTIVE"
        world.number.save()
    elif what == "other state":
        world.number.us_state = "TX"
        world.number.save()
    elif what == "too old":
        application.applicants.filter(relation="child").update(date_of_birth=date(1990, 1, 1))
    elif what == "not born":
        application.applicants.filter(relation="child").update(date_of_birth=date(2090, 1, 1))
    elif what == "no name":
        application.applicants.filter(relation="spouse").update(last_name="")
    elif what == "no address":
        Application.objects.update(address_1="")


@pytest.mark.feature("LST_08")
@pytest.mark.parametrize(
    ("what", "step", "words"),
    [
        ("window", "general", ""),
        ("plan withdrawn", "plans", "no longer sells"),
        ("no plan", "plans", "Select a medical or a dental plan"),
        ("number ended", "general", "not active"),
        ("other state", "applicant", "must match"),
        ("too old", "household", "cannot be covered as a dependent"),
        ("not born", "household", "born after coverage begins"),
        ("no name", "household", "last name must be entered"),
        ("no address", "applicant", "home address is not complete"),
    ],
)
@pytest.mark.sampled(4)
def test_what_the_rules_refuse_has_failed_at_once_and_says_why(world, ready, what, step, words):
    spoil(what, ready, world)
    made = submit(ready, world.producer)
    ready.refresh_from_db()
    assert (made.outcome, ready.status) == ("FAILED", "FAILED")
    assert any(words in reason["sentence"] and reason["step"] == step for reason in made.reasons), made.reasons
    assert not MemberChange.objects.filter(kind="ENROLL").exists()
    assert submit(ready, world.producer).pk == made.pk, "the same form is the same submission"


# --- what comes back ---


def test_an_accepted_application_is_a_client_with_policies_and_pcps(world, ready):
    submit(ready, world.producer)
    sweep(now=timezone.now())
    sweep(now=timezone.now())  # the dental plan waits for the answer about the medical one
    made = Submission.objects.get()
    assert (made.outcome, Application.objects.get().status) == ("ACCEPTED", "COMPLETED")
    policies = Policy.objects.for_user(world.producer).filter(eapp_number=Application.objects.get().eapp_number)
    assert sorted(policies.values_list("line", "monthly_premium")) == [
        ("DENTAL", DENTAL_TOTAL),
        ("MEDICAL", MEDICAL_TOTAL),
    ]
    account = policies[0].account
    assert account.number
    assert Account.objects.for_user(world.producer).filter(pk=account.pk).exists()
    assert not any(one.member_id.startswith("NEW") for one in members_of(ready))
    primary, spouse, child = members_of(ready)
    pcps = {one.member_id: (one.medical_group_id, one.provider_id) for one in PcpAssignment.objects.all()}
    assert set(pcps) == {primary.pk, spouse.pk}, "a PCP is assigned to the child by the carrier"
    assert pcps[spouse.pk][1] is None
    assert [len(one.payload["pcp"]) for one in changes()] == [2, 0], "for the plan that asks for them"
    told = Notification.objects.filter(recipient=world.producer, kind=service.ACCEPTED_NOTICE)
    assert told.count() == 1
    assert "Leeward" not in told.get().title + told.get().text


def test_an_answer_that_comes_twice_changes_nothing(world, ready):
    submit(ready, world.producer)
    for change in changes():
        answer(change, accepted=True)
    before = rows(), Submission.objects.get().settled_at, Notification.objects.count()
    for change in changes():
        service.accepted(change, timezone.now() + timedelta(hours=1))
        service.failed(change, timezone.now() + timedelta(hours=1))
    assert (rows(), Submission.objects.get().settled_at, Notification.objects.count()) == before


@pytest.mark.feature("LST_08")
def test_a_member_system_that_is_down_loses_nothing(world, ready):
    submit(ready, world.producer)
    member_system(Mode.DOWN)
    sweep(now=timezone.now())
    assert Submission.objects.get().outcome == "WAITING"
    member_system(Mode.NORMAL)
    later = timezone.now() + timedelta(hours=1)
    sweep(now=later)
    sweep(now=later)
    assert Submission.objects.get().outcome == "ACCEPTED"


@pytest.mark.feature("LST_10")
def test_refused_corrected_submitted_again_and_accepted_under_the_same_number(world, ready):
    submit(ready, world.producer)
    for change in changes():
        answer(change, accepted=False, reason="set 0001 rejected: N3, segment 12: element errors; element 1: too long")
    ready.refresh_from_db()
    first = Submission.objects.get()
    assert (ready.status, first.outcome) == ("FAILED", "FAILED")
    assert {"step": "applicant", "field": "address_1"}.items() <= next(r for r in first.reasons if r["field"]).items()
    failed = Notification.objects.filter(recipient=world.producer)
    assert [one.kind for one in failed] == [service.FAILED_NOTICE], "told once, in the application's words"
    assert [one["label"] for one in first.reasons] == ["Medical plan, Dental plan"], "one reason for both"
    numbers = (ready.record_number, ready.eapp_number, ready.client_app_id)
    Application.objects.update(address_1="14 Lake St")
    ready.applicants.filter(relation="spouse").delete()
    seen = Confirmed(ready.effective_date, Decimal("901.64"))  # one cent a plan less without Ben
    second = submit(ready, world.producer, key="second-key-0123456789", confirmed=seen)
    ready.refresh_from_db()
    assert (second.number, ready.status, second.outcome) == (2, "COMPLETED", "WAITING")
    assert (ready.record_number, ready.eapp_number, ready.client_app_id) == numbers
    old, new = changes()[:2], changes()[2:]
    assert [one.status for one in old] == ["CLOSED", "CLOSED"], "nobody sends the refused one beside the new one"
    assert {one.policy_id for one in old} == {one.policy_id for one in new}, "the same rows, written anew"
    assert [one.role for one in members_of(ready)] == ["PRIMARY", "CHILD"]
    for change in new:
        answer(change, accepted=True)
    account = Account.objects.get(pk=new[0].account_id)
    assert (Submission.objects.get(number=2).outcome, account.address_1) == ("ACCEPTED", "14 Lake St")
    assert Policy.objects.for_user(world.producer).filter(account=account).count() == 2


def test_who_may_no_longer_open_it_is_not_told_and_an_end_by_staff_is_said(world, ready):
    submit(ready, world.former_delegate)
    for change in changes():
        answer(change, accepted=False, reason="no")
        MemberChange.objects.filter(pk=change.pk).update(status="SENT", sent_at=timezone.now() - timedelta(days=2))
    told = Notification.objects.filter(kind=service.FAILED_NOTICE)
    assert {one.recipient for one in told} == {world.producer}
    assert "no" in Submission.objects.get().reasons[0]["sentence"]
    SubmittedPolicy.objects.update(outcome="WAITING")
    Submission.objects.update(outcome="WAITING", reasons=[])
    for change in changes():
        member_changes.close(change=change, note="Ended by phone.", by=world.admin, now=timezone.now())
    (reason,) = Submission.objects.get().reasons
    assert reason["sentence"] == refusal_wording.CLOSED


def test_a_plan_that_was_accepted_is_not_told_again(world, ready):
    submit(ready, world.producer)
    medical, dental = sorted(changes(), key=lambda one: one.policy.line, reverse=True)
    answer(medical, accepted=True)
    assert Submission.objects.get().outcome == "WAITING"
    answer(dental, accepted=False, reason="unknown plan")
    assert Submission.objects.get().outcome == "FAILED"
    submit(ready, world.producer, key="second-key-0123456789")
    again = changes()[2:]
    assert [one.policy.line for one in again] == ["DENTAL"]
    answer(again[0], accepted=True)
    assert Application.objects.get().status == "COMPLETED"
    assert Policy.objects.for_user(world.producer).filter(account=again[0].account).count() == 2


def test_a_plan_that_was_accepted_cannot_be_exchanged(world, ready):
    submit(ready, world.producer)
    medical, dental = sorted(changes(), key=lambda one: one.policy.line, reverse=True)
    answer(medical, accepted=True)
    answer(dental, accepted=False)
    ready.plans.filter(line="MEDICAL").delete()
    made = submit(ready, world.producer, key="second-key-0123456789")
    assert "cannot be changed here" in made.reasons[0]["sentence"]


# --- given up, submitted again, and answered after all ---


def give_up(*sent: MemberChange) -> None:
    """Tried for hours and never answered; whether it has arrived nobody knows."""
    for one in sent:
        MemberChange.objects.filter(pk=one.pk).update(bgn02=f"ENROLL-{one.pk}", attempts=8)
        assert settle.give_up(one.pk, "Not reached: no route", now=timezone.now())


def answer_all(sent: list[MemberChange]) -> None:
    for one in sent:
        answer(one, accepted=True)


def in_the_book(world) -> list[str]:
    number = Application.objects.get().eapp_number
    return sorted(Policy.objects.for_user(world.producer).filter(eapp_number=number).values_list("line", flat=True))


@pytest.fixture
def corrected(world, ready) -> tuple[list[MemberChange], list[MemberChange]]:
    """Given up, corrected and submitted again: the changes of the first submission, and those of the second."""
    submit(ready, world.producer)
    give_up(*(first := changes()))
    Application.objects.update(address_1="14 Lake St")
    submit(ready, world.producer, key="second-key-0123456789")
    return first, changes()[2:]


@pytest.mark.feature("LST_10")
def test_given_up_and_submitted_again_unchanged_is_the_same_enrollment_sent_again(world, ready):
    submit(ready, world.producer)
    give_up(*(first := changes()))
    number, policies = Application.objects.get().eapp_number, set(Policy.objects.values_list("pk", flat=True))
    second = submit(ready, world.producer, key="second-key-0123456789")
    assert [one.pk for one in changes()] == [one.pk for one in first], "under the reference the member system knows"
    assert [one.status for one in changes()] == ["PENDING", "PENDING"]
    assert set(Policy.objects.values_list("pk", flat=True)) == policies
    for one in changes():
        answer(one, accepted=True)
    second.refresh_from_db()
    application = Application.objects.get()
    assert (second.outcome, application.status, application.eapp_number) == ("ACCEPTED", "COMPLETED", number)
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]
    assert Notification.objects.filter(kind=service.ACCEPTED_NOTICE, recipient=world.producer).count() == 1


def test_who_is_on_an_enrollment_that_may_have_arrived_stays_on_it(world, ready):
    submit(ready, world.producer)
    give_up(*(first := changes()))
    ready.applicants.filter(relation="spouse").delete()
    seen = Confirmed(ready.effective_date, Decimal("901.64"))
    submit(ready, world.producer, key="second-key-0123456789", confirmed=seen)
    covered = [Coverage.objects.filter(policy=one.policy_id).count() for one in changes()]
    assert (len(first), covered) == (2, [3, 3, 2, 2])


def test_given_up_and_corrected_leaves_what_was_sent_as_it_was(corrected):
    first, second = corrected
    assert not {one.policy_id for one in first} & {one.policy_id for one in second}
    assert [one.status for one in MemberChange.objects.filter(pk__in=[one.pk for one in first])] == ["CLOSED"] * 2
    assert {one.policy.awaits_acceptance for one in (*first, *second)} == {True}


@pytest.mark.feature("LST_10")
def test_a_late_acceptance_withdraws_the_second_enrollment_before_it_is_sent(world, corrected):
    first, second = corrected
    for one in first:
        answer(one, accepted=True)
    assert [one.status for one in changes()[2:]] == ["CLOSED", "CLOSED"]
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]
    assert Policy.objects.for_user(world.producer).filter(pk__in=[one.policy_id for one in first]).count() == 2
    assert {one.outcome for one in Submission.objects.all()} == {"ACCEPTED"}
    assert Application.objects.get().status == "COMPLETED"
    assert not SubmittedPolicy.objects.filter(taken_twice=True).exists()
    told = Notification.objects.filter(recipient=world.admin, title__contains="before it was corrected")
    assert told.count() == 2, "once for each plan: the member system has the address from before"
    sweep(now=timezone.now() + timedelta(hours=1))
    assert {one.status for one in MemberChange.objects.filter(pk__in=[one.pk for one in second])} == {"CLOSED"}
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]


@pytest.mark.parametrize("first_comes_last", [True, False])
def test_two_that_have_both_arrived_are_one_policy_in_the_book_and_said_to_staff(world, corrected, first_comes_last):
    first, second = corrected
    MemberChange.objects.filter(pk__in=[one.pk for one in second]).update(
        bgn02="", status="SENT", sent_at=timezone.now()
    )
    for one in (*second, *first) if first_comes_last else (*first, *second):
        answer(one, accepted=True)
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]
    twice = SubmittedPolicy.objects.filter(taken_twice=True)
    assert twice.count() == 4
    assert all("taken this plan twice" in one.note for one in twice)
    staff = Notification.objects.filter(recipient=world.admin, title__contains="taken twice")
    assert staff.count() == 2
    assert "Leeward" not in "".join(one.title + one.text for one in staff)
    assert AuditEvent.objects.filter(action="application.taken_twice").count() == 2
    accepted = Notification.objects.filter(recipient=world.producer, kind=service.ACCEPTED_NOTICE)
    assert accepted.count() == 1, "accepted once is accepted"
    assert Application.objects.get().status == "COMPLETED"


@pytest.mark.parametrize("first_comes_last", [True, False])
def test_a_second_enrollment_that_is_refused_beside_the_first_is_no_failure(world, corrected, first_comes_last):
    first, second = corrected
    MemberChange.objects.filter(pk__in=[one.pk for one in second]).update(status="SENT", sent_at=timezone.now())
    steps = [(first, True), (second, False)]
    for sent, accepted in reversed(steps) if first_comes_last else steps:
        for one in sent:
            answer(one, accepted=accepted, reason="" if accepted else "enrolled already")
    assert Application.objects.get().status == "COMPLETED"
    assert {one.outcome for one in Submission.objects.all()} == {"ACCEPTED"}
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]


def test_one_plan_taken_late_leaves_the_failure_as_it_was_said(corrected):
    first, _ = corrected
    before = Submission.objects.get(number=1).settled_at
    answer(first[0], accepted=True)
    one = Submission.objects.get(number=1)
    assert (one.outcome, one.settled_at) == ("FAILED", before)
    assert AuditEvent.objects.filter(action="application.failed").count() == 1


@pytest.mark.parametrize(
    "handed_over", [{"bgn02": "ENROLL-X", "attempts": 1}, {"lease_until": timezone.now(), "lease_owner": UUID(int=1)}]
)
def test_an_enrollment_that_may_have_arrived_is_not_withdrawn(corrected, handed_over):
    first, second = corrected
    MemberChange.objects.filter(pk=second[0].pk).update(**handed_over)
    for one in first:
        answer(one, accepted=True)
    assert [one.status for one in changes()[2:]] == ["PENDING", "CLOSED"]
    assert Submission.objects.get(number=2).outcome == "WAITING"


def test_what_the_rules_refused_the_second_time_is_completed_by_a_late_acceptance(world, ready):
    submit(ready, world.producer)
    give_up(*changes())
    world.number.status = "INACTIVE"
    world.number.save()
    assert submit(ready, world.producer, key="second-key-0123456789").outcome == "FAILED"
    for one in changes():
        answer(one, accepted=True)
    assert Application.objects.get().status == "COMPLETED"
    assert Submission.objects.get(number=2).outcome == "FAILED", "what was said that day stays said"


def test_a_policy_the_feed_has_brought_is_not_handed_over_again(world, ready):
    submit(ready, world.producer)
    give_up(*changes())
    Policy.objects.filter(eapp_number=Application.objects.get().eapp_number).update(awaits_acceptance=False)
    assert submit(ready, world.producer, key="second-key-0123456789").outcome == "ACCEPTED"
    assert len(changes()) == 2


@pytest.mark.parametrize(
    "broken", ["_keep_to_one_policy", "_conclude", "_accept", "_record", "_tell_accepted", "notify_all"]
)
@pytest.mark.sampled(3)
def test_settling_that_fails_later_keeps_nothing_and_is_done_again(world, corrected, monkeypatch, broken):
    first, _ = corrected
    Submission.objects.filter(number=2).update(answers_sha256="0")  # not the same any more: somebody is told
    before = rows(), [one.status for one in changes()], list(SubmittedPolicy.objects.values_list("outcome", flat=True))
    with monkeypatch.context() as breaking:

        def fail(*_args, **_kwargs):
            raise RuntimeError("no more")

        breaking.setattr(service, broken, fail)
        with pytest.raises(RuntimeError):
            answer_all(first)
    after = rows(), [one.status for one in changes()], list(SubmittedPolicy.objects.values_list("outcome", flat=True))
    if broken in ("_keep_to_one_policy", "_conclude", "notify_all"):
        assert after == before
    assert Submission.objects.get(number=1).outcome == "FAILED"
    for one in MemberChange.objects.filter(pk__in=[one.pk for one in first], status="CLOSED", acked_at=None):
        answer(one, accepted=True)
    assert Submission.objects.get(number=1).outcome == "ACCEPTED"
    assert in_the_book(world) == ["DENTAL", "MEDICAL"]


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_and_a_resubmission_at_the_same_moment_do_not_wait_for_each_other(world, ready):
    submit(ready, world.producer)
    give_up(*changes())
    Application.objects.update(address_1="14 Lake St")
    medical = changes()[0]
    told = Answer(accepted=True, reference=medical.bgn02 or "X-1")
    done = at_once(
        lambda: settle.take_answer(medical.pk, told, now=timezone.now()),
        lambda: submit(ready, world.producer, key="second-key-0123456789"),
    )
    assert not [one for one in done if isinstance(one, Exception)], done
    assert (
        Policy.objects.in_the_book().filter(line="MEDICAL", eapp_number=Application.objects.get().eapp_number).count()
        == 1
    )


# --- somebody who is a client already ---


@pytest.fixture
def known(world) -> Member:
    """Ann as a client, with another address, and an old PCP."""
    member = world.policy.account.members.get(role="PRIMARY")
    today = timezone.localdate()
    Member.objects.filter(pk=member.pk).update(
        first_name="Ann", last_name="Leeward", date_of_birth=date(today.year - 40, 1, 1)
    )
    member.refresh_from_db()
    return member


def test_a_client_gets_the_new_policy_on_the_same_account(world, ready, known):
    first = Application.objects.get().effective_date
    Member.objects.filter(pk=known.pk).update(date_of_birth=date(first.year - 40, 1, 1), ssn=None)
    Application.objects.update(member=known)
    before = known.account.address_1
    submit(ready, world.producer)
    change = changes()[0]
    assert change.account == known.account
    assert members_of(ready)[0] == known
    assert Account.objects.get(pk=known.account_id).address_1 == before, "until the member system has taken the new one"
    for one in changes():
        answer(one, accepted=True)
    account = Account.objects.get(pk=known.account_id)
    assert (account.address_1, account.number) == ("12 Lake St", known.account.number)
    assert Policy.objects.for_user(world.producer).filter(account=account).count() == 3


@pytest.fixture
def client_applies(world, ready, known) -> Member:
    """Ann applies as the client she is; on file are her home phone, and another email address than she gives now."""
    first = Application.objects.get().effective_date
    Member.objects.filter(pk=known.pk).update(date_of_birth=date(first.year - 40, 1, 1), ssn=None)
    Application.objects.update(member=known)
    known.contact_points.all().delete()
    known.contact_points.create(kind="HOME", value="6305550100")
    known.contact_points.create(kind="EMAIL", value="old@example.com")
    return known


def contact_changes() -> list[MemberChange]:
    return list(MemberChange.objects.filter(kind="CONTACT").order_by("id"))


@pytest.mark.feature("CON_03")
def test_a_clients_new_phone_and_email_go_out_behind_the_enrollments(world, ready, client_applies):
    submit(ready, world.producer)
    (told,) = contact_changes()
    assert told.pk > max(one.pk for one in changes())
    assert {kind: point["value"] for kind, point in told.payload["after"].items()} == {
        "CELL": "6305550142",
        "EMAIL": "Ann@example.com",
    }
    assert not any(point["send_text"] for point in told.payload["after"].values())
    assert told.policy.awaits_acceptance is False, "under a policy the member system knows"
    assert client_applies.contact_points.count() == 2, "until the member system has taken it"
    for _ in range(4):
        sweep(now=timezone.now() + timedelta(minutes=1))
    points = {one.kind: one.value for one in client_applies.contact_points.all()}
    assert points == {"HOME": "6305550100", "CELL": "6305550142", "EMAIL": "Ann@example.com"}


@pytest.mark.parametrize("on_file", [("HOME", "6305550142"), ("CELL", "6305550142")])
def test_what_is_on_file_or_on_its_way_is_not_told_again(world, ready, client_applies, on_file):
    client_applies.contact_points.all().delete()
    client_applies.contact_points.create(kind=on_file[0], value=on_file[1], send_text=on_file[0] == "CELL")
    client_applies.contact_points.create(kind="EMAIL", value="ann@EXAMPLE.com")
    submit(ready, world.producer)
    assert not contact_changes()


@pytest.mark.feature("CON_03")
def test_submitted_again_the_contact_change_stays_one(world, ready, client_applies):
    submit(ready, world.producer)
    for change in changes():
        answer(change, accepted=False, reason="no")
    submit(ready, world.producer, key="second-key-0123456789")
    assert len(contact_changes()) == 1
    for change in changes()[2:]:
        answer(change, accepted=False, reason="no")
    Application.objects.update(phone="6305550177", phone_type="LANDLINE")
    submit(ready, world.producer, key="third-key-0123456789")
    assert [list(one.payload["after"]) for one in contact_changes()] == [["CELL", "EMAIL"], ["HOME"]]


def test_somebody_new_is_enrolled_with_phone_and_email_and_no_other_change(world, ready):
    submit(ready, world.producer)
    assert not contact_changes()


@pytest.mark.django_db(transaction=True)
def test_a_contact_change_and_a_submission_at_the_same_moment_do_not_wait_for_each_other(world, ready, client_applies):
    from clients.rules.contact import Point
    from clients.services import contact

    standing = contact.standing_of(client_applies)

    def by_page():
        return contact.change(
            member=client_applies,
            policy=world.policy,
            wanted={**standing.awaited, "HOME": Point(value="6305550199")},
            consent=None,
            seen=standing.stamp,
            form_key="a-form-0123456789",
            by=world.producer,
            at=timezone.now(),
        )

    done = at_once(lambda: submit(ready, world.producer), by_page)
    assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, contact.ChangedMeanwhile)], (
        done
    )
    assert len(changes()) == 2


@pytest.mark.parametrize(("ssn", "same"), [("666120001", True), ("666129999", False)])
def test_an_ssn_decides_who_somebody_is_before_name_and_birth_date(world, ready, known, ssn, same):
    first = Application.objects.get().effective_date
    known.date_of_birth = date(1950, 1, 1) if same else date(first.year - 40, 1, 1)
    known.ssn = ssn
    known.save()
    Application.objects.update(member=known)
    submit(ready, world.producer)
    assert (changes()[0].account == known.account) is same


def test_another_person_than_the_client_is_a_household_of_its_own(world, ready, known):
    Member.objects.filter(pk=known.pk).update(first_name="Zoe", last_name="Quince", date_of_birth=date(1950, 1, 1))
    Application.objects.update(member=known)
    submit(ready, world.producer)
    assert changes()[0].account != known.account


# --- the same figures everywhere ---


def test_prices_of_application_snapshot_policy_and_834_are_the_same(world, ready, settings, tmp_path):
    for name in ("OUTBOUND", "INBOUND", "ARCHIVE", "QUARANTINE"):
        setattr(settings, f"X12_{name}_DIR", tmp_path / name.lower())
    made = submit(ready, world.producer)
    sent = [
        Transaction(change=one, reference=f"ENROLL-{one.pk}", resend=False, made_at=timezone.now()) for one in changes()
    ]
    for one in sent:
        (delivery,) = X12Gateway().send([one])
        assert not delivery.invalid
    told = {}
    for path in (tmp_path / "outbound").iterdir():
        text = path.read_text("ascii")
        assert judge(text), judge(text).errors
        segments = segments_of(text)
        line = next(one[3] for one in segments if one[0] == "HD")
        told[line] = Decimal(next(one[2] for one in segments if one[0] == "AMT"))
        assert [one[1] for one in segments if one[0] == "INS"] == ["Y", "N", "N"]
        if line == "POS":
            assert any(one[0] == "NM1" and one[1] == "P3" and "OSEI" in one for one in segments)
        assert not any("666120001" in "*".join(one) for one in segments)
    kept = {one["line"]: Decimal(one["monthly_premium"]) for one in answers_in(made)["plans"]}
    rows = dict(ready.plans.values_list("line", "monthly_premium"))
    policies = dict(Policy.objects.filter(awaits_acceptance=True).values_list("line", "monthly_premium"))
    assert kept == rows == policies == {"MEDICAL": MEDICAL_TOTAL, "DENTAL": DENTAL_TOTAL}
    assert told == {"POS": MEDICAL_TOTAL, "DEN": DENTAL_TOTAL}
    assert made.monthly_premium == Decimal("901.66")


def test_the_snapshot_is_every_answer_encrypted_and_shows_when_it_was_changed(world, ready):
    made = submit(ready, world.producer)
    answers = answers_in(made)
    assert answers["people"][0]["ssn"] == "666120001"
    assert answers["terms"]["version"]
    assert answers["decision"]["events"][0]["steps"]
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM enrollment_submission WHERE id = %s", [made.pk])
        assert "Leeward" not in cursor.fetchone()[0]
    made.answers = made.answers.replace("Lake St", "Lane St")
    with pytest.raises(Altered):
        answers_in(made)


def test_hand_over_refuses_an_application_without_a_date(world, ready):
    checked = service.check(ready, at=timezone.now())
    from dataclasses import replace

    with pytest.raises(ValueError, match="first day"):
        hand_over.hand_over(
            application=ready,
            submission=Submission(number=1),
            checked=replace(checked, effective_date=None),
            by=world.producer,
            at=timezone.now(),
        )


def test_one_key_sent_for_two_applications_is_two_submissions(world, ready):
    other = ready_application(world.number, world.producer, record_number="A-0702")
    assert {submit(one, world.producer).application_id for one in (ready, other)} == {ready.pk, other.pk}


@pytest.mark.parametrize("ahead", [True, False])
def test_a_date_that_holds_no_longer_is_no_missing_answer_once_it_was_calculated(world, ready, monkeypatch, ahead):
    stale = Missing(section="effective", step="general", sentence="Press Calculate Effective Date.")
    monkeypatch.setattr(service, "missing_of", lambda wizard: [stale])
    Application.objects.update(
        effective_date=ready.effective_date - timedelta(days=40), decision={"kept": 1} if ahead else {}
    )
    expected = service.ConfirmationNeeded if ahead else service.NotComplete
    with pytest.raises(expected):
        submit(ready, world.producer)


def test_answers_that_are_asked_no_more_are_not_submitted(world, ready):
    primary = ready.applicants.get(position=0)
    ready.replacements.create(applicant=primary, insurer="Old", policy_number="1", termination_date=date(2026, 1, 1))
    assert answers_in(submit(ready, world.producer))["replacements"] == []
    assert not ready.replacements.exists()
