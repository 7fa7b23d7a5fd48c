"""The carrier's queue of changes for the member system (CON_03)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import MemberChange, SimulatedMemberSystem, SimulatedReceipt
from portal.common import staff_roles
from portal.common.models import AuditEvent
from portal.common.staff_roles import StaffRole
from tests.support import pages
from tests.support.factories import UserFactory
from tests.support.member_system import HOUR, Household, reread, statuses

pytestmark = pytest.mark.feature("CON_03")
QUEUE = "/admin/clients/memberchange/"


@pytest.fixture
def admin(world, sign_in):
    return sign_in(world.admin)


@pytest.fixture
def home():
    return Household()


def made(home, status="PENDING", ago=HOUR, kind="PCP", **columns) -> MemberChange:
    row = home.owe(kind, at=timezone.now() - ago)
    MemberChange.objects.filter(pk=row.pk).update(status=status, **columns)
    return reread(row)


def listed(client, query="") -> list[int]:
    page = pages.read(client.get(QUEUE + query))
    rows = page.one("tbody").all("tr") if page.all("tbody") else []
    return [int(row.one(class_="field-id").text) for row in rows]


def act(client, action, *rows, **more):
    return client.post(QUEUE, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True)


def told(response) -> str:
    """The page's words, however they are marked up."""
    return " ".join(pages.read(response).text.split()).replace(" :", ":")


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_the_queue_is_what_waits_the_oldest_first_and_says_how_old(home, admin):
    old, new = made(home, ago=30 * HOUR), made(home, ago=HOUR)
    sent = made(home, "SENT", sent_at=timezone.now() - 25 * HOUR)
    failed = [made(home, "DEAD"), made(home, "REJECTED")]
    done = made(home, "ACKED")
    assert listed(admin) == [old.pk, new.pk, sent.pk]
    assert listed(admin, "?view=failed") == [failed[1].pk, failed[0].pk]
    assert listed(admin, "?view=unanswered") == [sent.pk]
    assert listed(admin, "?view=ACKED") == [done.pk]
    assert len(listed(admin, "?view=all")) == 6
    assert listed(admin, "?view=nonsense") == []
    assert len(listed(admin, f"?q={home.policy.account.number}")) == 6
    page = pages.read(admin.get(QUEUE))
    assert "Oldest pending 1 day, 6 hours overdue" in " ".join(page.one(class_="sync-figures").text.split()).replace(
        "\xa0", " "
    )
    assert page.one("tbody").all("tr")[0].one(class_="field-age").text.replace("\xa0", " ") == "1 day, 6 hours, overdue"


def test_the_list_costs_the_same_for_many_rows(home, admin, django_assert_max_num_queries):
    for _ in range(5):
        made(Household(), "DEAD")
    with django_assert_max_num_queries(20):
        admin.get(f"{QUEUE}?view=failed")


def test_retry_puts_back_what_failed_and_says_what_it_left_alone(home, admin):
    dead, rejected, fresh = made(home, "DEAD"), made(Household(), "REJECTED"), made(Household())
    response = act(admin, "retry", dead, rejected, fresh)
    assert statuses(dead, rejected, fresh) == ["PENDING"] * 3
    assert said(response) == [
        f"Change {fresh.pk} is pending; nothing was done.",
        "2 changes put back in the queue, to be sent within a minute.",
    ]
    assert AuditEvent.objects.filter(action="member_change.retried").count() == 2


def test_closing_asks_for_a_note_on_a_page_of_its_own(home, admin):
    row = made(home, "DEAD")
    asked = pages.read(act(admin, "close_with_note", row))
    assert "Close changes with a note" in asked.text
    assert statuses(row) == ["DEAD"]
    empty = act(admin, "close_with_note", row, note="  ")
    assert "Say why the change is not to be sent any more." in empty.content.decode()
    too_long = act(admin, "close_with_note", row, note="x" * 501)
    assert "x" * 501 in too_long.content.decode(), "what was typed stays"
    assert statuses(row) == ["DEAD"]
    response = act(admin, "close_with_note", row, note="Changed by hand.")
    assert (said(response), reread(row).closing_note) == (["1 change closed."], "Changed by hand.")
    assert reread(row).closed_by.is_staff


def test_the_page_of_a_change_offers_what_can_be_done(home, admin):
    for status, offered in (("DEAD", True), ("REJECTED", True), ("PENDING", False), ("ACKED", False)):
        page = admin.get(f"{QUEUE}{made(home, status).pk}/change/").content.decode()
        assert ("Close with note" in page) is offered, status


def test_a_change_shows_what_it_holds_and_nothing_else_of_its_payload(home, admin):
    row = home.contact("3125550142", "3125550199")
    MemberChange.objects.filter(pk=row.pk).update(payload={**row.payload, "ssn": "912345678"})
    page = admin.get(f"{QUEUE}{row.pk}/change/")
    assert "Home Phone Number: 3125550142 → 3125550199" in told(page)
    assert "912345678" not in page.content.decode()
    assert "Lease owner" not in pages.read(page).text


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("ID_CARD", {"request_id": 1, "line": "MEDICAL", "quantity": 2, "replacement": True}, "Cards: → 2 (medical)"),
        (
            "TERM",
            {"last_day": "2026-08-31", "paid_to": None, "reason": "NONPAYMENT"},
            "Last day of coverage: → 2026-08-31",
        ),
        ("REINSTATE", {"effective_date": "2026-09-01"}, "Effective: → 2026-09-01"),
        ("ENROLL", {"effective_date": "2026-09-01"}, "Effective: → 2026-09-01"),
        ("PCP", {"unknown": "form"}, "What changes: -"),
    ],
)
def test_every_kind_is_told_in_words(home, admin, kind, payload, words):
    row = home.owe(kind, payload=payload)
    assert words in told(admin.get(f"{QUEUE}{row.pk}/change/"))


@pytest.fixture
def blind_desk(monkeypatch):
    """The Service Desk as if it might not look at contact points."""
    kept = staff_roles.permissions_of
    less = kept(StaffRole.SERVICE_DESK) - {"clients.view_contactpoint"}
    monkeypatch.setattr(
        staff_roles, "permissions_of", lambda role: less if role == StaffRole.SERVICE_DESK else kept(role)
    )


def test_values_are_shown_to_those_who_may_read_them_elsewhere_only(home, sign_in, blind_desk):
    row = home.contact("3125550142", "3125550199")
    for role, shown in ((StaffRole.SERVICE_DESK, False), (StaffRole.AUDITOR, True)):
        text = pages.read(sign_in(UserFactory(clerk=True, staff_role=role)).get(f"{QUEUE}{row.pk}/change/")).text
        assert ("3125550199" in text, "Home Phone Number" in text) == (shown, True)


def test_those_who_may_only_look_cannot_act(home, sign_in):
    row = made(home, "DEAD")
    client = sign_in(UserFactory(clerk=True, staff_role=StaffRole.SERVICE_DESK))
    act(client, "retry", row)
    assert statuses(row) == ["DEAD"]
    assert "Close with note" not in client.get(f"{QUEUE}{row.pk}/change/").content.decode()


def test_looking_is_written_down(home, admin):
    row = made(home)
    admin.get(QUEUE)
    admin.get(f"{QUEUE}{row.pk}/change/")
    assert AuditEvent.objects.get(action="admin.viewed").object_id == str(row.pk)


# --- the demo's member system ---

SYSTEM = "/admin/clients/simulatedmembersystem/"


def test_staff_of_the_demo_change_how_the_member_system_behaves(admin):
    SimulatedMemberSystem.objects.all().delete()
    assert admin.get(SYSTEM).status_code == 200
    assert admin.get(f"{SYSTEM}1/change/").status_code == 200
    assert not SimulatedMemberSystem.objects.exists(), "looking writes nothing"
    admin.post(f"{SYSTEM}1/change/", {"mode": "DOWN", "slow_seconds": 5, "answer_after_minutes": 10})
    assert SimulatedMemberSystem.objects.get().mode == "DOWN"
    refused = admin.post(f"{SYSTEM}1/change/", {"mode": "SLOW", "slow_seconds": 31, "answer_after_minutes": 10})
    assert refused.status_code == 200
    assert SimulatedMemberSystem.objects.get().mode == "DOWN"


def test_what_it_received_is_listed(admin):
    SimulatedReceipt.objects.create(reference="PCP-1-1", kind="PCP", received_at=timezone.now(), accepted=True)
    assert "PCP-1-1" in admin.get("/admin/clients/simulatedreceipt/").content.decode()


def test_ages_are_counted_from_when_the_change_was_made(home):
    assert made(home, ago=timedelta(days=2)).created_at < timezone.now() - timedelta(hours=47)
