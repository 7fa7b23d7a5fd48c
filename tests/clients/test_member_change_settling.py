"""What the carrier's staff do about changes that failed: Retry and Close with note (CON_03)."""

from datetime import timedelta

import pytest

from clients.membersystem import outcomes
from clients.membersystem.outcomes import Outcomes
from clients.membersystem.sweep import sweep
from clients.models import MemberChange
from clients.services import member_changes
from clients.services.member_changes import CannotSettle
from portal.common.models import AuditEvent
from tests.support.factories import UserFactory
from tests.support.member_system import HOUR, NOW, Household, Scripted, refusing, reread, statuses, unreachable

pytestmark = pytest.mark.feature("CON_03")
DAY = timedelta(hours=24)


@pytest.fixture
def home():
    return Household()


@pytest.fixture
def staff():
    return UserFactory(carrier_admin=True)


def in_state(home, status: str, kind: str = "PCP", **columns) -> MemberChange:
    row = home.owe(kind)
    MemberChange.objects.filter(pk=row.pk).update(status=status, **columns)
    return reread(row)


def test_a_retry_begins_anew_under_the_same_key_and_reference(home, staff):
    row = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(refusing))
    dead = reread(row)
    MemberChange.objects.filter(pk=row.pk).update(attempts=8, isa13="000000001", gs06="1", st02="0001")
    member_changes.retry(change=dead, by=staff, now=NOW + HOUR)
    again = reread(row)
    assert (again.idempotency_key, again.bgn02) == (dead.idempotency_key, dead.bgn02)
    assert (again.status, again.attempts, again.first_tried_at, again.not_before) == ("PENDING", 0, None, NOW + HOUR)
    assert (again.last_error, again.given_up_at, again.sent_at, again.isa13) == ("", None, None, "")
    event = AuditEvent.objects.get(action="member_change.retried")
    assert (event.actor_username, event.details) == (staff.username, {"kind": "PCP", "was": "DEAD"})
    gateway = Scripted()
    sweep(now=NOW + HOUR, gateway=gateway)
    assert (statuses(row), gateway.calls[0].resend) == (["ACKED"], True)


def test_closing_keeps_the_note_and_who_wrote_it(home, staff):
    row = in_state(home, "REJECTED")
    member_changes.close(change=row, note="  Corrected by the enrollment team.  ", by=staff, now=NOW)
    row = reread(row)
    assert (row.status, row.closing_note) == ("CLOSED", "Corrected by the enrollment team.")
    assert (row.closed_by, row.closed_at) == (staff, NOW)
    event = AuditEvent.objects.get(action="member_change.closed")
    assert event.details == {"kind": "PCP", "was": "REJECTED"}, "the note is no audit value"


@pytest.mark.parametrize("note", ["", "   \n "])
def test_a_change_is_not_closed_without_a_note(home, staff, note):
    row = in_state(home, "DEAD")
    with pytest.raises(ValueError, match="note"):
        member_changes.close(change=row, note=note, by=staff, now=NOW)
    assert statuses(row) == ["DEAD"]


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("PENDING", False),
        ("SENT", True),
        ("ACKED", False),
        ("REJECTED", True),
        ("DEAD", True),
        ("SUPERSEDED", False),
        ("CLOSED", False),
    ],
)
@pytest.mark.parametrize("act", ["retry", "close"])
def test_only_what_failed_or_was_never_answered_is_settled(home, staff, status, act, may):
    row = in_state(home, status, sent_at=NOW - DAY)
    acts = {
        "retry": lambda: member_changes.retry(change=row, by=staff, now=NOW),
        "close": lambda: member_changes.close(change=row, note="Done by hand.", by=staff, now=NOW),
    }
    if may:
        acts[act]()
        assert statuses(row) == [{"retry": "PENDING", "close": "CLOSED"}[act]]
    else:
        with pytest.raises(CannotSettle):
            acts[act]()
        assert statuses(row) == [status]


def test_what_was_sent_less_than_a_day_ago_may_still_be_answered(home, staff):
    row = in_state(home, "SENT", sent_at=NOW - DAY + timedelta(seconds=1))
    with pytest.raises(CannotSettle, match="less than a day ago"):
        member_changes.retry(change=row, by=staff, now=NOW)


def test_closing_one_that_was_never_answered_lets_the_next_go_and_says_that_it_failed(home, staff, monkeypatch):
    failed = []
    monkeypatch.setattr(outcomes, "_outcomes", {"PCP": Outcomes(failed=lambda change, _now: failed.append(change.pk))})
    row, behind = in_state(home, "SENT", sent_at=NOW - DAY), home.owe("ID_CARD")
    sweep(now=NOW, gateway=Scripted())
    assert statuses(behind) == ["PENDING"]
    member_changes.close(change=row, note="Not found at the carrier.", by=staff, now=NOW)
    sweep(now=NOW, gateway=Scripted())
    assert (failed, statuses(behind)) == ([row.pk], ["ACKED"])


@pytest.mark.parametrize(
    ("older", "newer", "newer_status", "refused"),
    [
        ("CONTACT", "CONTACT", "ACKED", True),
        ("CONTACT", "CONTACT", "SENT", True),
        ("CONTACT", "CONTACT", "PENDING", False),
        ("CONTACT", "CONTACT", "REJECTED", False),
        ("CONTACT", "PCP", "ACKED", False),
        ("PCP", "PCP", "ACKED", True),
        ("TERM", "REINSTATE", "ACKED", True),
        ("TERM", "CONTACT", "ACKED", False),
        ("ID_CARD", "ID_CARD", "ACKED", False),
    ],
)
def test_an_older_change_is_not_sent_over_a_newer_one_of_the_same_thing(
    home, staff, older, newer, newer_status, refused
):
    first = in_state(home, "DEAD", older)
    in_state(home, newer_status, newer)
    if refused:
        with pytest.raises(CannotSettle, match="a newer"):
            member_changes.retry(change=first, by=staff, now=NOW)
    else:
        member_changes.retry(change=first, by=staff, now=NOW)
    assert statuses(first) == ["DEAD" if refused else "PENDING"]


def test_nor_over_a_newer_one_that_is_on_its_way_but_over_that_of_another_member(home, staff):
    first, spouse = in_state(home, "DEAD", "PCP"), home.joined_by()
    home.owe("PCP", spouse)
    sweep(now=NOW, gateway=Scripted())
    newer = home.owe("PCP")
    sweep(now=NOW, gateway=Scripted(unreachable))
    with pytest.raises(CannotSettle):
        member_changes.retry(change=first, by=staff, now=NOW)
    MemberChange.objects.filter(pk=newer.pk).update(bgn02="")
    member_changes.retry(change=first, by=staff, now=NOW)


def test_a_second_act_on_what_is_settled_is_refused(home, staff):
    row = in_state(home, "DEAD")
    member_changes.close(change=row, note="Done by hand.", by=staff, now=NOW)
    with pytest.raises(CannotSettle, match="closed with a note"):
        member_changes.retry(change=row, by=staff, now=NOW)
