from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.common import audit, audit_chain
from portal.common.hash_chain import START, Broken
from portal.common.models import AuditEvent, AuditLink
from tests.support.concurrency import at_once


def happened(*actions: str) -> list[AuditEvent]:
    return [audit.record(action, by=None, object_type="account", object_id="730000001") for action in actions]


@pytest.fixture
def sealed():
    events = happened("client.viewed", "client.searched", "report.exported")
    audit_chain.seal()
    return events


def overruled(sql: str, *values: object) -> None:
    """What somebody can do who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_an_untouched_trail_holds(sealed):
    found = audit_chain.verify()
    assert (found.sealed, found.waiting) == (3, 0)
    assert found.head == AuditLink.objects.get(position=3).sha256


def test_an_empty_trail_holds():
    assert audit_chain.verify() == audit_chain.Verified(sealed=0, head=START, waiting=0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01T00:00:00Z"),
        ("action", "client.viewee"),
        ("actor_id", 12),
        ("actor_username", "x"),
        ("for_producer", "7000001"),
        ("object_type", "polic"),
        ("object_id", "730000002"),
        ("details", '{"rows": 1}'),
        ("request_id", "r"),
        ("ip_address", "192.0.2.7"),
    ],
)
def test_a_change_of_anything_an_event_says_is_found(sealed, column, value):
    overruled(f"UPDATE common_auditevent SET {column} = %s WHERE id = %s", value, sealed[1].pk)  # noqa: S608 - our own names
    with pytest.raises(Broken, match=f"Position 2: the event {sealed[1].pk}"):
        audit_chain.verify()


def test_an_event_that_is_gone_is_found(sealed):
    overruled("DELETE FROM common_auditevent WHERE id = %s", sealed[0].pk)
    with pytest.raises(Broken, match="Position 1: .* is gone"):
        audit_chain.verify()


def test_an_event_that_is_gone_with_its_link_is_found(sealed):
    overruled("DELETE FROM common_auditlink WHERE position = 2")
    overruled("DELETE FROM common_auditevent WHERE id = %s", sealed[1].pk)
    with pytest.raises(Broken, match="Position 2 is missing"):
        audit_chain.verify()


def test_two_links_that_were_swapped_are_found(sealed):
    overruled("UPDATE common_auditlink SET event_id = -event_id WHERE position < 3")
    overruled("UPDATE common_auditlink SET event_id = %s WHERE position = 1", sealed[1].pk)
    overruled("UPDATE common_auditlink SET event_id = %s WHERE position = 2", sealed[0].pk)
    with pytest.raises(Broken, match="Position 1"):
        audit_chain.verify()


def test_an_end_that_was_cut_off_and_a_chain_written_anew_are_found_by_a_hash_kept_elsewhere(sealed):
    kept = {3: audit_chain.verify().head}
    overruled("DELETE FROM common_auditlink WHERE position = 3")
    overruled("DELETE FROM common_auditevent WHERE id = %s", sealed[2].pk)
    audit_chain.verify()  # by itself a shorter chain is a chain
    with pytest.raises(Broken, match="ends at position 2"):
        audit_chain.verify(anchors=kept)
    happened("client.viewed")
    audit_chain.seal()
    with pytest.raises(Broken, match="Position 3 had another hash"):
        audit_chain.verify(anchors=kept)


def test_new_events_wait_and_old_ones_without_a_place_are_found(sealed):
    (event,) = happened("client.viewed")
    assert audit_chain.verify().waiting == 1
    assert audit_chain.problems() == []
    assert audit_chain.problems(now=timezone.now() + timedelta(hours=2)) == ["audit_unsealed"]
    overruled("UPDATE common_auditevent SET at = at - interval '2 hours' WHERE id = %s", event.pk)
    with pytest.raises(Broken, match=f"The event {event.pk} has no place"):
        audit_chain.verify()


def test_an_event_that_was_committed_late_is_sealed_at_the_end(sealed):
    """Numbers are taken before the commit: one that comes late is smaller than those sealed already."""
    late = AuditEvent(pk=sealed[0].pk - 1, action="client.viewed")
    late.save(force_insert=True)
    assert audit_chain.seal() == 1
    assert AuditLink.objects.get(event_id=late.pk).position == 4
    audit_chain.verify()


def test_the_daily_run_finds_what_came_later_than_anybody_thought(sealed, monkeypatch):
    monkeypatch.setattr(audit_chain, "LOOKS_BACK", 0)
    AuditEvent(pk=sealed[0].pk - 1, action="client.viewed").save(force_insert=True)
    assert audit_chain.seal() == 0
    assert audit_chain.seal(everywhere=True) == 1


def test_many_events_are_sealed_in_portions(monkeypatch):
    monkeypatch.setattr(audit_chain, "AT_ONCE", 2)
    happened(*["client.viewed"] * 5)
    assert audit_chain.seal() == 5
    assert audit_chain.verify().sealed == 5


@pytest.mark.django_db(transaction=True)
def test_two_sealers_make_one_chain():
    happened(*["client.viewed"] * 20)
    at_once(audit_chain.seal, audit_chain.seal, audit_chain.seal)
    assert audit_chain.verify().sealed == 20


@pytest.mark.parametrize("sql", ["UPDATE common_auditlink SET event_id = 0", "DELETE FROM common_auditlink"])
def test_the_database_refuses_to_change_or_delete_a_link(sealed, sql):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def verified(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_that_the_trail_holds(sealed):
    head = audit_chain.verify().head
    happened("client.viewed")
    assert verified("--anchor", f"3:{head}") == (
        f"The chain holds: 3 events, last hash {head}.\n1 kept hash found as given.\n1 new events wait for their seal.\n"
    )


@pytest.mark.parametrize("anchor", ["3", "3:abc", f"0:{'0' * 64}", f"x:{'0' * 64}"])
def test_an_anchor_that_is_none_is_refused(sealed, anchor):
    with pytest.raises(CommandError, match="is no anchor"):
        verified("--anchor", anchor)


def test_the_command_fails_where_the_trail_does_not_hold(sealed):
    overruled("UPDATE common_auditevent SET action = 'x' WHERE id = %s", sealed[2].pk)
    with pytest.raises(CommandError, match="does not hold. Position 3"):
        verified()
