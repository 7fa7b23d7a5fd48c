"""What health, metrics and the client's timeline say about changes for the member system (CON_03)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import MemberChange, X12File
from clients.selectors.member_changes import change_entries
from clients.services import member_changes
from clients.tasks import sweep_member_changes, watch_member_changes
from portal.common import dates
from portal.common.timeline import Household as Whose
from tests.support.factories import UserFactory
from tests.support.member_system import HOUR, MINUTE, Household, statuses

pytestmark = pytest.mark.feature("CON_03")


@pytest.fixture(autouse=True)
def four_hours(settings):
    settings.SYNC_DELAY, settings.SYNC_OVERDUE_AFTER = 4 * HOUR, 30 * MINUTE


def made(ago: timedelta, **columns) -> MemberChange:
    row = Household().owe("PCP", at=timezone.now() - ago)
    MemberChange.objects.filter(pk=row.pk).update(**columns)
    return row


def health(client) -> dict:
    response = client.get("/health/")
    assert response.status_code == 200
    return response.json()


@pytest.mark.parametrize(
    ("ago", "columns", "problems"),
    [
        (4 * HOUR + 29 * MINUTE, {}, []),
        (4 * HOUR + 31 * MINUTE, {}, ["member_changes_overdue"]),
        (4 * HOUR + 31 * MINUTE, {"status": "ACKED"}, []),
        (MINUTE, {"status": "DEAD"}, ["member_changes_given_up"]),
        (MINUTE, {"status": "REJECTED"}, []),
        (MINUTE, {"status": "CLOSED"}, []),
        (HOUR, {"status": "SENT", "sent_at": timezone.now() - 23 * HOUR}, []),
        (HOUR, {"status": "SENT", "sent_at": timezone.now() - 25 * HOUR}, ["member_changes_unanswered"]),
    ],
)
def test_health_is_degraded_by_what_is_late_given_up_or_unanswered(client, ago, columns, problems):
    made(ago, **columns)
    assert health(client).get("problems", []) == problems


def test_metrics_count_what_is_not_settled(client, settings):
    settings.METRICS_TOKEN = "collector"
    for status in ("PENDING", "PENDING", "SENT", "REJECTED", "DEAD", "ACKED"):
        made(HOUR, status=status, sent_at=timezone.now() - 30 * HOUR)
    made(2 * HOUR)
    lines = client.get("/metrics", headers={"authorization": "Bearer collector"}).content.decode().splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert 7200 <= float(found.pop("portal_member_changes_oldest_pending_seconds")) < 7260
    assert found == {
        'portal_member_changes{status="pending"}': "3",
        'portal_member_changes{status="sent"}': "1",
        'portal_member_changes{status="rejected"}': "1",
        'portal_member_changes{status="dead"}': "1",
        "portal_member_changes_overdue_after_seconds": "16200",
        "portal_member_changes_unanswered": "1",
        "portal_x12_files_in_quarantine": "0",
        "portal_audit_unsealed": "0",
        "portal_outbox_pending": "0",
        "portal_outbox_given_up": "0",
        "portal_outbox_oldest_untried_seconds": "0",
    }


@pytest.mark.parametrize(("state", "problems"), [("QUARANTINED", ["x12_files_in_quarantine"]), ("PUT_BACK", [])])
def test_health_is_degraded_by_files_in_quarantine_until_they_are_put_back(client, settings, state, problems):
    settings.METRICS_TOKEN = "collector"
    X12File.objects.create(direction="IN", state=state, name="odd.edi", size=7, happened_at=timezone.now())
    assert health(client).get("problems", []) == problems
    shown = client.get("/metrics", headers={"authorization": "Bearer collector"}).content.decode()
    assert f"portal_x12_files_in_quarantine {len(problems)}\n" in shown


def test_beat_sweeps_every_minute_and_watches_every_hour(settings):
    schedule = {entry["task"]: entry for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert (schedule["clients.sweep_member_changes"]["schedule"]) == 60
    assert "clients.watch_member_changes" in schedule


def test_the_tasks_deliver_collect_and_watch():
    row = made(5 * HOUR)
    watch_member_changes()
    sweep_member_changes()
    assert statuses(row) == ["ACKED"]


# --- the client's timeline ---


def timeline(user, home: Household) -> list[tuple[str, str]]:
    account = home.policy.account
    found = change_entries(user, Whose(account=account, today=dates.today_in(account.us_state)))
    assert {entry.about for entry in found} <= {(home.policy.product_name,)}
    return [(entry.title, entry.text) for entry in found]


NOW = timezone.now()
FOR = "For Tanya Washington."


@pytest.mark.parametrize(
    ("columns", "entries"),
    [
        ({}, [("PCP change requested", f"{FOR} On its way to the member system.")]),
        ({"status": "SENT"}, [("PCP change requested", f"{FOR} Sent; the member system has not answered yet.")]),
        (
            {"status": "ACKED", "acked_at": NOW},
            [("PCP change requested", FOR), ("PCP change accepted", "The member system has it.")],
        ),
        (
            {"status": "REJECTED", "acked_at": NOW},
            [("PCP change requested", FOR), ("PCP change not accepted", "What the carrier had before still applies.")],
        ),
        (
            {"status": "DEAD", "given_up_at": NOW},
            [("PCP change requested", FOR), ("PCP change not delivered", "The carrier's staff are looking into it.")],
        ),
        (
            {"status": "SUPERSEDED"},
            [("PCP change requested", f"{FOR} Replaced by a later change.")],
        ),
        (
            {"status": "CLOSED", "closed_at": NOW},
            [("PCP change requested", FOR), ("PCP change not needed", "It was changed back before it was sent.")],
        ),
    ],
)
def test_the_timeline_says_what_was_asked_for_and_what_became_of_it(columns, entries):
    home = Household()
    row = home.owe("PCP", at=NOW)
    MemberChange.objects.filter(pk=row.pk).update(**columns)
    assert timeline(home.by, home) == entries


def test_the_timeline_says_that_staff_closed_a_change_and_not_their_note():
    home = Household()
    row = home.owe("PCP", at=NOW)
    MemberChange.objects.filter(pk=row.pk).update(status="DEAD")
    staff = UserFactory(carrier_admin=True)
    member_changes.close(change=row, note="For our eyes only.", by=staff, now=NOW)
    assert timeline(home.by, home)[-1] == ("PCP change closed", "The carrier's staff settled it without sending it.")


def test_orders_of_id_cards_stand_in_the_timeline_once_as_orders():
    home = Household()
    home.owe("ID_CARD", at=NOW)
    assert timeline(home.by, home) == []


def test_the_timeline_of_a_foreign_household_is_empty():
    home = Household()
    home.owe("PCP", at=NOW)
    assert timeline(UserFactory(), home) == []


def test_the_clients_page_shows_the_changes(sign_in):
    home = Household()
    home.owe("PCP", at=NOW)
    page = sign_in(home.by).get(f"/clients/{home.policy.account.number}/")
    assert "PCP change requested" in page.content.decode()
