"""What is on its way to the member system and what it did not accept, in the lines of the client's page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from clients.models import MemberChange
from clients.selectors.pending_changes import FAILED_SHOWN_FOR, pending_of
from tests.support.factories import MemberFactory, PolicyFactory

# 2:05 PM in the carrier's own zone.
SINCE = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)
NOW = SINCE + timedelta(minutes=30)
OLD, NEW = ({"value": value, "extension": "", "send_text": False} for value in ("3125550142", "6305550101"))


@pytest.fixture(autouse=True)
def four_hours(settings):
    settings.SYNC_DELAY = timedelta(hours=4)
    settings.SYNC_OVERDUE_AFTER = timedelta(minutes=30)


@pytest.fixture
def changed(world):
    """Makes a change of the producer's client."""
    made = iter(range(1000))

    def make(kind="CONTACT", *, since=SINCE, member=None, policy=None, before=None, after=None, **columns):
        policy = policy or world.policy
        payload = {"before": before, "after": after} if kind == "CONTACT" else columns.pop("payload", {})
        change = MemberChange.objects.create(
            kind=kind,
            account=policy.account,
            member=member or policy.account.members.get(role="PRIMARY"),
            policy=policy,
            payload=payload,
            idempotency_key=f"test:{next(made)}",
            not_before=since + timedelta(hours=4),
            created_by=world.producer,
            **columns,
        )
        MemberChange.objects.filter(pk=change.pk).update(created_at=since)
        return change

    return make


def home(changed, before=OLD, after=NEW, **columns):
    return changed(before={"HOME": before}, after={"HOME": after}, **columns)


def texts(world, *, user=None, now=NOW) -> list[str]:
    user = User.objects.get(pk=(user or world.producer).pk)
    return [line.text for line in pending_of(user, world.policy.account, now=now)]


# --- pending ---


@pytest.mark.feature("CON_03")
@pytest.mark.parametrize(
    ("columns", "now", "rest"),
    [
        ({}, NOW, "will reach the member system by 6:05 PM"),
        ({}, SINCE + timedelta(hours=4, minutes=30), "will reach the member system by 6:05 PM"),
        (
            {},
            SINCE + timedelta(hours=4, minutes=30, seconds=1),
            "overdue: it should have reached the member system by 6:05 PM",
        ),
        (
            {"status": "SENT"},
            SINCE + timedelta(hours=4, minutes=1),
            "sent to the member system, which has not answered yet",
        ),
        (
            {"status": "SENT"},
            SINCE + timedelta(hours=5),
            "overdue: it should have reached the member system by 6:05 PM",
        ),
    ],
)
def test_a_pending_change_says_since_when_and_by_when(world, changed, columns, now, rest):
    home(changed, **columns)
    assert texts(world, now=now) == [f"Home Phone Number: change pending since 11/21/2026 2:05 PM, {rest}"]


def test_a_change_of_the_late_evening_arrives_on_the_next_day(world, changed):
    since = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    home(changed, since=since)
    (line,) = texts(world, now=since)
    assert line.endswith("since 11/21/2026 10:30 PM, will reach the member system by 11/22/2026 2:30 AM")


def test_every_kind_has_its_line_in_the_order_of_the_screens(world, changed):
    kim = MemberFactory(account=world.policy.account, role="CHILD", first_name="Kim")
    changed("ID_CARD", member=kim, payload={"line": "MEDICAL"})
    changed("PCP", member=kim)
    changed(before={"EMAIL": None, "CELL": OLD}, after={"EMAIL": {**NEW, "value": "t@home.example"}, "CELL": None})
    changed("TERM")
    assert [text.partition(" pending")[0] for text in texts(world)] == [
        "Cellular Phone Number: change",
        "Email Address: change",
        "Primary Care Physician of Kim: change",
        "ID cards of Kim: order",
    ]


@pytest.mark.parametrize("status", ["ACKED", "CLOSED", "SUPERSEDED"])
def test_what_is_done_is_not_told(world, changed, status):
    home(changed, status=status)
    assert texts(world) == []


def test_the_newest_of_several_changes_counts(world, changed):
    home(changed, status="SUPERSEDED")
    home(changed, before=NEW, after={**NEW, "extension": "1"}, since=SINCE + timedelta(minutes=10))
    assert texts(world) == [
        "Home Phone Number: change pending since 11/21/2026 2:15 PM, will reach the member system by 6:15 PM"
    ]


@pytest.mark.feature("CON_03")
@pytest.mark.parametrize(("first", "lines"), [("PENDING", 0), ("SENT", 1)])
def test_a_change_taken_back_before_it_was_sent_is_not_told(world, changed, first, lines):
    home(changed, status=first)
    home(changed, before=NEW, after=OLD)
    assert len(texts(world)) == lines


# --- not accepted ---


@pytest.mark.feature("CON_09")
@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"status": "REJECTED", "last_error": "Member is not known."}, "Member is not known."),
        ({"status": "DEAD", "last_error": "Unreachable: no route to host"}, "it could not be delivered."),
    ],
)
def test_what_was_not_accepted_says_why_and_where_to_try_again(world, changed, columns, why):
    change = home(changed, **columns)
    user = User.objects.get(pk=world.producer.pk)
    (line,) = pending_of(user, world.policy.account, now=NOW)
    assert line.text == f"Home Phone Number: change not accepted by the member system: {why}"
    assert (line.state, line.action_label) == ("problem", "Try again")
    assert line.action_url == f"/clients/{world.account_number}/contact/?again={change.pk}"


def test_a_failure_is_told_until_the_same_thing_is_changed_again(world, changed):
    home(changed, status="REJECTED", last_error="No")
    changed(before={"EMAIL": OLD}, after={"EMAIL": None}, status="ACKED")
    assert len(texts(world)) == 1
    home(changed, status="ACKED")
    assert texts(world) == []


def test_a_failure_is_told_for_thirty_days(world, changed):
    home(changed, status="DEAD")
    assert len(texts(world, now=SINCE + FAILED_SHOWN_FOR)) == 1
    assert texts(world, now=SINCE + FAILED_SHOWN_FOR + timedelta(seconds=1)) == []


def test_cards_of_one_line_say_nothing_about_those_of_another(world, changed):
    changed("ID_CARD", status="REJECTED", payload={"line": "DENTAL"})
    changed("ID_CARD", status="ACKED", payload={"line": "MEDICAL"})
    (line,) = texts(world)
    assert line.startswith("ID cards of Tanya: order not accepted")


# --- whose ---


def test_only_the_own_books_changes_are_told(world, changed):
    primary = world.policy.account.members.get()
    other = PolicyFactory(primary=primary, producer_number=world.outsider_policy.producer_number)
    home(changed, policy=other)
    assert texts(world) == []
    assert len(texts(world, user=world.outsider)) == len(texts(world, user=world.admin)) == 1


def test_who_may_only_look_sees_the_failure_and_no_way_to_try_again(world, changed):
    home(changed, status="REJECTED", last_error="No")
    for person, urls in ((world.delegate, 0), (world.delegate_with_service, 1), (world.principal, 1)):
        (line,) = pending_of(User.objects.get(pk=person.pk), world.policy.account, now=NOW)
        assert bool(line.action_url) is bool(urls), person.username


def test_many_changes_ask_no_more_than_one(world, changed):
    user, counts = User.objects.get(pk=world.producer.pk), []
    pending_of(user, world.policy.account, now=NOW)
    for _ in range(2):
        home(changed)
        kim = MemberFactory(account=world.policy.account, role="CHILD")
        changed("PCP", member=kim, status="REJECTED")
        with CaptureQueriesContext(connection) as captured:
            pending_of(user, world.policy.account, now=NOW)
        counts.append(len(captured))
    assert counts[0] == counts[1]
