"""The carrier's status wins; the dates fill its gaps and show where the two disagree."""

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from clients import tasks
from clients.models import Policy
from clients.models.policies import NEVER_WORKED_OUT
from clients.services import statuses
from portal.common.models import AuditEvent
from tests.support.factories import PolicyFactory

pytestmark = pytest.mark.feature("REP_05")

# Noon in Illinois on 2 November 2026.
NOW = datetime(2026, 11, 2, 18, tzinfo=UTC)
TODAY = date(2026, 11, 2)
FIRST = date(2026, 11, 1)


def policy(**changes) -> Policy:
    """Tax credit on exchange in Illinois, in force since January and paid to 1 November 2026."""
    return PolicyFactory(
        **{
            "today": TODAY,
            "market": "ON",
            "aptc_amount": Decimal("100.00"),
            "effective_date": date(2026, 1, 1),
            "paid_to_date": FIRST,
            "status": "ACTIVE",
            **changes,
        }
    )


def derived(**changes) -> Policy:
    return policy(status_source="DERIVED", **changes)


def kept(row: Policy) -> tuple:
    row.refresh_from_db()
    return row.status, row.status_source, row.derived_status, row.term_date, row.grace_started_on


def refresh(now: datetime = NOW) -> statuses.Refreshed:
    return statuses.refresh_due(now=now)


def test_a_policy_without_a_word_from_the_carrier_gets_the_status_of_its_dates():
    row = derived()
    done = refresh()
    assert kept(row) == ("GRACE", "DERIVED", "GRACE", None, FIRST)
    assert row.status_holds_until == date(2027, 1, 31)
    assert (done.looked_at, done.changed, done.disagree, done.complete) == (1, 1, 0, True)


def test_the_carriers_word_stays_and_the_disagreement_is_kept_beside_it():
    row = policy()
    refresh()
    assert kept(row) == ("ACTIVE", "CARRIER", "GRACE", None, FIRST)
    assert row.status_disagrees
    assert row.carrier_status == "ACTIVE"
    assert list(Policy.objects.status_disagrees()) == [row]


def test_a_policy_that_was_never_worked_out_disagrees_with_nobody():
    row = policy()
    assert row.status_holds_until == NEVER_WORKED_OUT
    assert not row.status_disagrees
    assert not Policy.objects.status_disagrees().exists()


def test_a_term_date_is_filled_in_where_the_carrier_told_none_and_is_no_fact_afterwards():
    row = derived()
    refresh(NOW + timedelta(days=91))
    assert kept(row) == ("TERMED", "DERIVED", "TERMED", date(2026, 11, 30), FIRST)
    assert row.term_date_derived
    assert row.carrier_term_date is None
    # Money for all arrears came: the end that was worked out goes, and so does the clock.
    Policy.objects.filter(pk=row.pk).update(paid_to_date=date(2027, 3, 1))
    assert statuses.refresh_policies(policy_ids=[row.pk], now=NOW + timedelta(days=92)) == 1
    assert kept(row) == ("ACTIVE", "DERIVED", "ACTIVE", None, None)
    assert not row.term_date_derived


def test_no_term_date_is_filled_in_against_the_carriers_word():
    row = policy()
    refresh(NOW + timedelta(days=91))
    assert kept(row) == ("ACTIVE", "CARRIER", "TERMED", None, FIRST)


def test_the_carriers_own_term_date_stays():
    row = policy(status="TERMED", term_date=date(2026, 6, 30))
    refresh()
    assert kept(row) == ("TERMED", "CARRIER", "TERMED", date(2026, 6, 30), None)
    assert not row.term_date_derived


def test_only_policies_whose_day_has_passed_are_looked_at():
    row, later = derived(), derived(paid_to_date=date(2027, 1, 1))
    assert refresh().looked_at == 2
    assert refresh().looked_at == 0
    done = refresh(NOW + timedelta(days=61))  # 2 January
    assert (done.looked_at, done.changed) == (1, 1)
    assert kept(later)[0] == "GRACE"
    assert kept(row)[0] == "GRACE"


def test_each_state_has_its_own_midnight():
    texas = derived(us_state="TX", paid_to_date=FIRST)
    montana = derived(us_state="MT", paid_to_date=FIRST)
    # 2 November has begun in Texas and not yet in Montana.
    half_past_midnight = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
    refresh(half_past_midnight)
    assert (kept(texas)[0], kept(montana)[0]) == ("GRACE", "ACTIVE")
    refresh(half_past_midnight + timedelta(hours=1))
    assert kept(montana)[0] == "GRACE"


def test_a_run_that_is_stopped_is_continued_by_the_next(monkeypatch):
    rows = [derived() for _ in range(5)]
    monkeypatch.setattr(statuses, "AT_ONCE", 2)

    def stop(_policies):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        statuses.refresh_due(now=NOW, progress=stop)
    assert sorted(kept(row)[0] for row in rows) == ["ACTIVE"] * 3 + ["GRACE"] * 2
    assert refresh().looked_at == 3
    assert {kept(row)[0] for row in rows} == {"GRACE"}


def test_time_that_is_up_leaves_the_rest_to_the_next_run(monkeypatch):
    for _ in range(3):
        derived()
    monkeypatch.setattr(statuses, "AT_ONCE", 1)
    moments = iter([0.0, 1.0, 2.0, 99.0])
    monkeypatch.setattr(statuses, "monotonic", lambda: next(moments))
    done = statuses.refresh_due(now=NOW, max_seconds=10)
    assert (done.looked_at, done.complete) == (2, False)


@pytest.mark.django_db(transaction=True)
def test_a_second_run_at_the_same_time_stops():
    derived()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [statuses.REFRESH_LOCK])
        with pytest.raises(statuses.AlreadyRunning):
            refresh()
        with pytest.raises(CommandError, match="another run"):
            call_command("refresh_statuses")
        tasks.refresh_statuses()  # says so in the log, and beat comes again
        assert Policy.objects.get().derived_status == ""
    finally:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        other.close()
    assert refresh().changed == 1


@pytest.mark.django_db(transaction=True)
def test_a_policy_that_somebody_is_changing_waits_for_the_next_run():
    row = derived()
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM clients_policy WHERE id = %s FOR UPDATE", [row.pk])
        assert refresh().looked_at == 0
    finally:
        other.rollback()
        other.close()
    assert refresh().changed == 1


def test_when_the_second_write_fails_the_chunk_is_not_kept(monkeypatch):
    row = derived()

    def fail(*_args, **_kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(statuses.audit, "record", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        refresh()
    assert kept(row)[0] == "ACTIVE"


def test_what_changed_is_audited_in_numbers_and_a_run_without_changes_is_not():
    policy()
    refresh()
    refresh()
    event = AuditEvent.objects.get(action="policy_statuses.refreshed")
    assert event.details == {"looked_at": 1, "changed": 1, "disagree": 1}
    assert event.actor_id is None


def test_a_walk_through_the_days_gives_what_the_rules_give_on_each():
    row = derived()
    moments = [NOW + timedelta(days=step) for step in range(0, 120, 7)]
    seen = []
    for now in moments:
        refresh(now)
        seen.append(kept(row)[0])
    assert [seen[0], *(after for before, after in pairwise(seen) if after != before)] == ["GRACE", "TERMED"]


def test_all_writes_only_what_differs():
    row = derived()
    refresh()
    Policy.objects.filter(pk=row.pk).update(derived_status="TERMED")
    assert statuses.refresh_all(now=NOW).changed == 1
    done = statuses.refresh_all(now=NOW)
    assert (done.looked_at, done.changed) == (1, 0)
    assert kept(row)[2] == "GRACE"


def test_a_day_to_come_is_tried_out_and_taken_back_by_the_next_run():
    row = derived()
    refresh()
    statuses.refresh_all(now=NOW, today=date(2027, 2, 1))
    assert kept(row)[:2] == ("TERMED", "DERIVED")
    assert refresh().looked_at == 1
    assert kept(row) == ("GRACE", "DERIVED", "GRACE", None, FIRST)


def test_the_command_works_out_what_is_due_or_another_day():
    row = derived(paid_to_date=date(2020, 1, 1), effective_date=date(2019, 1, 1))
    out = io.StringIO()
    call_command("refresh_statuses", stdout=out)
    assert kept(row)[0] == "TERMED"
    assert out.getvalue().startswith("Done: 1 policies looked at, 1 changed")
    call_command("refresh_statuses", "--today", "2020-01-15", stdout=out)
    assert kept(row)[0] == "GRACE"
    call_command("refresh_statuses", "--all", stdout=out)
    assert kept(row)[0] == "TERMED"
    with pytest.raises(CommandError, match="is not a day"):
        call_command("refresh_statuses", "--today", "15 January")


def test_beat_looks_every_quarter_of_an_hour(settings):
    entry = settings.CELERY_BEAT_SCHEDULE["refresh-statuses"]
    assert (entry["task"], entry["schedule"]) == (tasks.refresh_statuses.name, 900)
    row = derived(paid_to_date=date(2020, 1, 1), effective_date=date(2019, 1, 1))
    tasks.refresh_statuses()
    assert kept(row)[0] == "TERMED"


def test_staff_filter_the_policies_that_disagree(world, sign_in):
    agrees, disagrees = policy(paid_to_date=date(2027, 3, 1)), policy()
    refresh()
    page = sign_in(world.admin).get(reverse("admin:clients_policy_changelist"), {"status_disagrees": "yes"})
    assert page.status_code == 200
    assert disagrees in page.context["cl"].queryset
    assert agrees not in page.context["cl"].queryset
    assert "Status disagrees with the dates" in page.text
    everything = sign_in(world.admin).get(reverse("admin:clients_policy_changelist"))
    assert agrees in everything.context["cl"].queryset
