"""Delivering changes to the member system, with an explicit clock and no sleeping (CON_03)."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from clients.membersystem import outcomes
from clients.membersystem import sweep as sweeping
from clients.membersystem.outcomes import Outcomes
from clients.membersystem.sweep import KEEP_TRYING, LEASE, MAX_TRIES, claim, longest_wait, sweep
from clients.models import Member, MemberChange
from portal.common.models import AuditEvent
from portal.common.notifications.models import Notification
from tests.support.factories import UserFactory
from tests.support.member_system import (
    HOUR,
    MINUTE,
    NOW,
    Household,
    Kind,
    Scripted,
    Status,
    accepting,
    answering_later,
    point,
    refusing,
    rejecting,
    reread,
    statuses,
    unreachable,
)

pytestmark = pytest.mark.feature("CON_03")


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """What the outcomes of all kinds were told, as (what, change)."""
    calls: list[tuple[str, int]] = []
    told = Outcomes(
        accepted=lambda change, _now: calls.append(("accepted", change.pk)),
        failed=lambda change, _now: calls.append(("failed", change.pk)),
    )
    monkeypatch.setattr(outcomes, "_outcomes", dict.fromkeys(Kind.values, told))
    return calls


@pytest.fixture
def home():
    return Household()


# --- what comes of one change ---


@pytest.mark.parametrize(
    ("does", "status", "told"),
    [
        (accepting, Status.ACKED, "accepted"),
        (rejecting, Status.REJECTED, "failed"),
        (answering_later, Status.SENT, None),
        (refusing, Status.DEAD, "failed"),
        (unreachable, Status.PENDING, None),
    ],
)
def test_what_the_gateway_says_becomes_the_state(home, heard, does, status, told):
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(does))
    row = reread(row)
    assert (row.status, row.lease_until, row.lease_owner, row.attempts) == (status, None, None, 1)
    assert heard == ([(told, row.pk)] if told else [])


def test_an_answer_on_the_spot_is_kept_with_its_moment_and_written_down(home):
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(rejecting))
    row = reread(row)
    assert (row.acked_at, row.sent_at, row.last_error) == (NOW, NOW, "IK5*R*5 in ST 0001")
    event = AuditEvent.objects.get(action="member_change.rejected")
    assert (event.object_id, event.for_producer) == (str(row.pk), home.policy.producer_number.producer.npn)
    assert event.details == {"kind": "PCP"}


def test_one_that_is_sent_keeps_the_control_numbers_it_went_out_under(home):
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(answering_later))
    row = reread(row)
    assert (row.isa13, row.gs06, row.st02, row.sent_at) == ("000000017", "17", "0001", NOW)


def test_nothing_is_sent_before_its_time(home, settings):
    settings.SYNC_DELAY = 4 * HOUR
    row, gateway = home.owe("PCP"), Scripted()
    sweep(now=NOW + 4 * HOUR - timedelta(seconds=1), gateway=gateway)
    assert gateway.calls == []
    sweep(now=NOW + 4 * HOUR, gateway=gateway)
    assert gateway.sent == [row.pk]


def test_a_view_that_is_rolled_back_owes_nothing(home):
    @transaction.atomic
    def view():
        home.owe("PCP")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        view()
    assert not MemberChange.objects.exists()


def test_the_same_act_is_owed_once(home):
    from clients.services import member_changes

    by = UserFactory()
    first, again = (
        member_changes.queue(
            kind=Kind.PCP, policy=home.policy, member=home.primary, payload={}, reference="form-1", by=by, now=NOW
        )
        for _ in range(2)
    )
    assert first.pk == again.pk


# --- trying again ---


def test_the_reference_is_the_same_in_every_try_and_says_so(home):
    row = home.owe("ID_CARD")
    down, up = Scripted(unreachable), Scripted()
    sweep(now=NOW, gateway=down)
    sweep(now=NOW + HOUR, gateway=up)
    assert [one.reference for one in (*down.calls, *up.calls)] == [f"IDCARD-{home.primary.member_id}-{row.pk}"] * 2
    assert [one.resend for one in (*down.calls, *up.calls)] == [False, True]
    assert statuses(row) == [Status.ACKED]


@pytest.mark.parametrize(("tries", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (60, 30)])
def test_pauses_grow_to_half_an_hour(tries, minutes):
    assert longest_wait(tries) == minutes * MINUTE


@pytest.mark.parametrize("luck", [0.1, 0.5, 1.0])
def test_a_pause_is_a_random_part_of_the_longest(home, monkeypatch, luck):
    monkeypatch.setattr(sweeping.random, "uniform", lambda low, high: (low, high) == (0.1, 1.0) and luck)
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(unreachable))
    assert reread(row).not_before == NOW + luck * MINUTE
    assert reread(row).last_error == "Not reached: no route"


@pytest.mark.parametrize("error", [OSError("broken pipe"), OperationalError("gone"), TimeoutError()])
def test_other_troubles_of_the_line_are_tried_again_too(home, error):
    def broken(_one):
        raise error

    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(broken))
    assert (statuses(row), reread(row).last_error) == ([Status.PENDING], f"Not reached: {type(error).__name__}")


def try_for(row, *, tries: int, step: timedelta) -> str:
    now = NOW
    for _ in range(tries):
        MemberChange.objects.filter(pk=row.pk).update(not_before=now)
        sweep(now=now, gateway=Scripted(unreachable))
        now += step
    return reread(row).status


def test_it_is_given_up_after_eight_tries_and_two_hours(home, heard):
    row = home.owe("PCP")
    assert try_for(row, tries=MAX_TRIES - 1, step=HOUR) == Status.PENDING
    assert heard == []
    MemberChange.objects.filter(pk=row.pk).update(not_before=NOW)
    sweep(now=NOW + 8 * HOUR, gateway=Scripted(unreachable))
    row = reread(row)
    assert (row.status, row.attempts, row.given_up_at) == (Status.DEAD, MAX_TRIES, NOW + 8 * HOUR)
    assert heard == [("failed", row.pk)]


def test_quick_tries_alone_give_nothing_up(home):
    row = home.owe("PCP")
    assert try_for(row, tries=MAX_TRIES + 3, step=MINUTE) == Status.PENDING
    MemberChange.objects.filter(pk=row.pk).update(not_before=NOW)
    sweep(now=NOW + KEEP_TRYING, gateway=Scripted(unreachable))
    assert statuses(row) == [Status.DEAD]


def test_a_change_whose_every_worker_dies_is_given_up_in_the_end(home):
    row, gateway = home.owe("PCP"), Scripted()
    for number in range(MAX_TRIES):
        assert len(claim(now=NOW + number * HOUR)) == 1  # and then nothing more is heard of the worker
    sweep(now=NOW + MAX_TRIES * HOUR, gateway=gateway)
    assert (statuses(row), gateway.calls) == ([Status.DEAD], [])
    assert reread(row).last_error == "Every try ended without an answer."


def test_a_fault_of_the_portals_own_is_given_up_at_once_without_quoting_it(home):
    def broken(_one):
        raise KeyError("Tanya Washington")

    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(broken))
    assert (statuses(row), reread(row).last_error) == ([Status.DEAD], "Fault in the portal: KeyError.")


# --- the answer and what it does are one ---


def test_when_the_outcome_fails_nothing_of_the_answer_is_kept_and_it_is_taken_again(home, monkeypatch):
    def half_done(change, _now):
        MemberChange.objects.filter(pk=change.pk).update(closing_note="half done")
        raise ValueError("no such column")

    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": Outcomes(accepted=half_done)})
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted())
    row = reread(row)
    assert (row.status, row.closing_note) == (Status.PENDING, "")
    assert row.last_error == "The answer could not be stored: ValueError."
    monkeypatch.setattr(outcomes, "_outcomes", {})
    sweep(now=NOW + HOUR, gateway=Scripted())
    assert statuses(row) == [Status.ACKED]


def test_a_change_is_rejected_even_if_its_kind_cannot_say_so(home, monkeypatch):
    def broken(_change, _now):
        raise ValueError

    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": Outcomes(failed=broken)})
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(rejecting))
    assert statuses(row) == [Status.REJECTED]


# --- leases ---


def test_a_claimed_row_is_left_alone_until_its_lease_ends(home):
    row, gateway = home.owe("PCP"), Scripted()
    claim(now=NOW)
    sweep(now=NOW + LEASE - timedelta(seconds=1), gateway=gateway)
    assert gateway.calls == []
    sweep(now=NOW + LEASE, gateway=gateway)
    assert (gateway.sent, gateway.calls[0].resend) == ([row.pk], True)


@pytest.mark.parametrize("does", [accepting, rejecting, answering_later, refusing, unreachable])
def test_a_worker_whose_row_was_taken_over_finishes_nothing(home, heard, does):
    row = home.owe("PCP")

    def slow(one):
        (again,) = claim(now=NOW + LEASE)
        assert again.reference == one.reference
        return does(one)

    swept = sweep(now=NOW, gateway=Scripted(slow))
    row = reread(row)
    assert (row.status, row.lease_until, swept.lost, heard) == (Status.PENDING, NOW + 2 * LEASE, 1, [])


def test_a_lease_is_renewed_while_those_before_it_take_their_time(monkeypatch):
    rows = [Household().owe("PCP") for _ in range(3)]
    clock = [NOW]
    monkeypatch.setattr(sweeping.timezone, "now", lambda: clock[0])

    def slow(one):
        clock[0] += 50 * MINUTE / 60
        assert reread(one.change).lease_until > clock[0]
        assert claim(now=clock[0]) == []
        return accepting(one)

    MemberChange.objects.update(not_before=NOW)
    sweep(gateway=Scripted(slow))
    assert statuses(*rows) == [Status.ACKED] * 3


# --- order ---


def test_an_older_change_that_fails_holds_up_its_own_member_only(home):
    first, second = home.owe("PCP"), home.owe("ID_CARD")
    spouses = home.owe("PCP", home.joined_by())
    others = Household().owe("PCP")
    gateway = Scripted(lambda one: unreachable(one) if one.change.pk == first.pk else accepting(one))
    sweep(now=NOW, gateway=gateway)
    assert statuses(first, second, spouses, others) == ["PENDING", "PENDING", "ACKED", "ACKED"]
    sweep(now=NOW + HOUR, gateway=Scripted())
    assert statuses(first, second) == ["ACKED", "ACKED"]


def test_one_that_is_sent_and_not_answered_holds_up_its_member_too(home):
    first, second = home.owe("PCP"), home.owe("ID_CARD")
    sweep(now=NOW, gateway=Scripted(answering_later))
    assert statuses(first, second) == ["SENT", "PENDING"]
    MemberChange.objects.filter(pk=first.pk).update(status="ACKED")
    sweep(now=NOW, gateway=Scripted())
    assert statuses(second) == ["ACKED"]


@pytest.mark.parametrize("status", ["ACKED", "REJECTED", "DEAD", "SUPERSEDED", "CLOSED"])
def test_what_is_settled_holds_up_nothing(home, status):
    first, second = home.owe("PCP"), home.owe("ID_CARD")
    MemberChange.objects.filter(pk=first.pk).update(status=status)
    sweep(now=NOW, gateway=Scripted())
    assert statuses(second) == ["ACKED"]


@pytest.mark.parametrize("kind", ["ENROLL", "TERM", "REINSTATE"])
def test_a_change_of_the_whole_household_goes_before_later_ones_of_its_members_and_after_older_ones(home, kind):
    child = home.joined_by(Member.Role.CHILD)
    before, whole = home.owe("PCP", child), home.owe(kind)
    later, of_another = home.owe("ID_CARD", home.joined_by()), Household().owe("PCP")
    gateway = Scripted(lambda one: unreachable(one) if one.change.pk == before.pk else accepting(one))
    sweep(now=NOW, gateway=gateway)
    assert statuses(before, whole, later, of_another) == ["PENDING", "PENDING", "PENDING", "ACKED"]
    up = Scripted()
    sweep(now=NOW + HOUR, gateway=up)
    assert up.sent == [before.pk, whole.pk, later.pk]


def test_all_that_is_due_goes_out_in_one_sweep_the_oldest_first(home):
    rows = [home.owe("PCP", at=NOW + number * MINUTE) for number in range(4)]
    gateway = Scripted(at_once=50)
    swept = sweep(now=NOW + HOUR, gateway=gateway)
    assert (gateway.sent, swept.accepted) == ([row.pk for row in rows], 4)


def test_a_gateway_that_takes_many_gets_members_together_and_one_invalid_among_them_keeps_nobody(home):
    rows = [home.owe("PCP"), *(Household().owe("PCP") for _ in range(3))]
    batches = []

    class Batches(Scripted):
        def send(self, transactions):
            batches.append(len(transactions))
            return super().send(transactions)

    sweep(
        now=NOW, gateway=Batches(lambda one: (refusing if one.change.pk == rows[1].pk else accepting)(one), at_once=50)
    )
    assert (batches, statuses(*rows)) == ([4], ["ACKED", "DEAD", "ACKED", "ACKED"])


# --- the member system is down ---


def test_when_it_is_down_the_rest_is_not_tried_and_no_try_is_counted():
    rows = [Household().owe("PCP") for _ in range(6)]
    gateway = Scripted(unreachable)
    swept = sweep(now=NOW, gateway=gateway)
    assert (len(gateway.calls), swept.down, swept.postponed) == (3, True, 3)
    untried = [reread(row) for row in rows[3:]]
    assert {(row.attempts, row.bgn02, row.lease_until, row.first_tried_at, row.not_before) for row in untried} == {
        (0, "", None, None, NOW)
    }
    up = Scripted()
    sweep(now=NOW, gateway=up)
    assert [one.resend for one in up.calls] == [False] * 3


def test_it_is_down_for_two_hours_then_all_are_delivered_in_order(home):
    homes = [home, *(Household() for _ in range(4))]
    rows = {one: [one.owe("PCP"), one.owe("ID_CARD"), one.owe("PCP")] for one in homes}
    now = NOW
    while now < NOW + 2 * HOUR:
        sweep(now=now, gateway=Scripted(unreachable))
        now += 5 * MINUTE
    assert set(MemberChange.objects.values_list("status", flat=True)) == {Status.PENDING}
    up = Scripted()
    while MemberChange.objects.filter(status=Status.PENDING).exists():
        sweep(now=now, gateway=up)
        now += 5 * MINUTE
        assert now < NOW + 3 * HOUR
    for mine in rows.values():
        assert statuses(*mine) == [Status.ACKED] * 3
        places = [up.sent.index(row.pk) for row in mine]
        assert places == sorted(places)


def test_a_sweep_ends_when_its_time_is_up_and_hands_back_what_it_did_not_try(home, monkeypatch):
    rows = [home.owe("PCP"), Household().owe("PCP")]
    swept = sweep(now=NOW, gateway=Scripted(), max_seconds=0)
    assert (swept.accepted, statuses(*rows)) == (1, ["ACKED", "PENDING"])
    assert (reread(rows[1]).attempts, reread(rows[1]).lease_owner) == (0, None)


# --- contact changes become one ---


def test_two_contact_changes_in_four_hours_are_one_transaction(home):
    first, second = home.contact("a", "b"), home.contact("b", "c", at=NOW + HOUR)
    gateway = Scripted()
    sweep(now=NOW, gateway=gateway)
    assert (gateway.sent, gateway.calls[0].change.payload) == (
        [second.pk],
        {"before": {"HOME": point("a")}, "after": {"HOME": point("c")}},
    )
    assert (statuses(first, second), reread(first).superseded_by_id) == (["SUPERSEDED", "ACKED"], second.pk)


def test_a_contact_change_and_its_way_back_send_nothing(home, heard):
    first, back, gateway = home.contact("a", "b"), home.contact("b", "a"), Scripted()
    later = home.owe("PCP")
    sweep(now=NOW, gateway=gateway)
    assert (gateway.sent, statuses(first, back)) == ([later.pk], ["SUPERSEDED", "CLOSED"])
    assert (reread(back).closing_note, reread(back).closed_at) == (sweeping.UNDONE, NOW)
    assert heard == [("accepted", later.pk)]


def test_the_way_back_is_sent_when_the_change_may_have_arrived(home):
    first = home.contact("a", "b")
    sweep(now=NOW, gateway=Scripted(unreachable))
    back, gateway = home.contact("b", "a", at=NOW + MINUTE), Scripted()
    sweep(now=NOW + HOUR, gateway=gateway)
    assert (gateway.sent, gateway.calls[0].change.payload["after"]) == ([back.pk], {"HOME": point("a")})
    assert statuses(first, back) == ["SUPERSEDED", "ACKED"]


@pytest.mark.parametrize("kind", ["PCP", "TERM"])
def test_contact_changes_are_not_merged_across_another_change(home, kind):
    first, between, last = home.contact("a", "b"), home.owe(kind), home.contact("b", "c")
    gateway = Scripted()
    sweep(now=NOW, gateway=gateway)
    assert gateway.sent == [first.pk, between.pk, last.pk]


def test_contact_changes_are_merged_whatever_another_member_does(home):
    first, of_spouse, last = home.contact("a", "b"), home.owe("PCP", home.joined_by()), home.contact("b", "c")
    gateway = Scripted()
    sweep(now=NOW, gateway=gateway)
    assert set(gateway.sent) == {of_spouse.pk, last.pk}
    assert statuses(first) == ["SUPERSEDED"]


def test_what_went_out_under_its_reference_keeps_its_words(home):
    """Both were tried and put back by staff: merging would change what the second one's reference stands for."""
    first, second = home.contact("a", "b"), home.contact("b", "c")
    MemberChange.objects.filter(pk=second.pk).update(bgn02="CONTACT-2")
    gateway = Scripted()
    sweep(now=NOW, gateway=gateway)
    assert [(one.change.pk, one.change.payload["after"]["HOME"]["value"]) for one in gateway.calls] == [
        (first.pk, "b"),
        (second.pk, "c"),
    ]


def test_a_payload_in_no_known_form_keeps_nobody_else(home):
    home.owe("CONTACT", payload={"nonsense": 1})
    other, gateway = Household().owe("PCP"), Scripted(refusing)
    sweep(now=NOW, gateway=gateway)
    assert other.pk in gateway.sent
    assert len(gateway.calls) == 2


# --- who is told ---


@pytest.mark.parametrize("does", [rejecting, refusing])
def test_whoever_made_the_change_and_the_producer_of_record_are_told_without_names(home, does):
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(does))
    (told,) = Notification.objects.filter(kind="member_change.failed")
    assert told.recipient == home.by
    assert told.title.startswith(f"PCP change of account {home.policy.account.number} ")
    assert told.url == f"/clients/{home.policy.account.number}/"
    for name in (home.primary.first_name, home.primary.last_name):
        assert name not in told.title + told.text
    assert row.pk


def test_somebody_who_may_not_see_the_client_any_more_is_not_told(home):
    stranger = UserFactory()
    row = home.owe("PCP")
    MemberChange.objects.filter(pk=row.pk).update(created_by=stranger)
    sweep(now=NOW, gateway=Scripted(rejecting))
    assert set(Notification.objects.values_list("recipient", flat=True)) == {home.by.pk}


def test_staff_are_told_once_a_day_that_changes_were_given_up():
    staff = UserFactory(carrier_admin=True)
    for _ in range(2):
        Household().owe("PCP")
    sweep(now=NOW, gateway=Scripted(refusing))
    (told,) = Notification.objects.filter(recipient=staff)
    assert told.url == "/admin/clients/memberchange/?view=failed"
