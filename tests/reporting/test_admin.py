"""Runs and custom reports in the carrier administration: looked up, stopped, tried again, never read."""

import pytest

from portal.common.models import AuditEvent, OutboxMessage
from reporting.criteria import Criteria
from reporting.models import ReportRun
from reporting.services import runs
from tests.support.reports import make, request_run, run_saved, save_report

RUNS, SAVED = "/admin/reporting/reportrun/", "/admin/reporting/savedreport/"


def act(client, name: str, *rows: ReportRun) -> str:
    answer = client.post(RUNS, {"action": name, "_selected_action": [row.pk for row in rows]}, follow=True)
    return answer.content.decode()


def test_staff_find_runs_and_custom_reports_without_what_is_in_them(world, sign_in):
    client = sign_in(world.admin)
    saved = save_report(world.producer, criteria=Criteria(policy_status="ALL", product_name="Leeward special"))
    run = run_saved(saved, world.producer, "first")
    for address, row in ((RUNS, run), (SAVED, saved)):
        for query in ("", f"?q={world.producer.username}"):
            assert f"/{row.pk}/change/" in client.get(f"{address}{query}").content.decode()
        page = client.get(f"{address}{row.pk}/change/")
        assert page.status_code == 200
        for hidden in ("Leeward special", world.policy.insured_last_name, 'name="_save"'):
            assert hidden not in page.content.decode()
        assert AuditEvent.objects.filter(action="admin.viewed", object_id=str(row.pk)).exists()
    assert "0 report runs" in client.get(f"{RUNS}?q=nobody").content.decode()
    assert client.get(f"{RUNS}add/").status_code == client.post(f"{RUNS}{run.pk}/delete/").status_code == 403
    for who in ("producer", "delegate"):
        assert sign_in(getattr(world, who)).get(RUNS).status_code == 302


def test_staff_stop_a_run_and_have_it_made_once_more_with_its_makers_rights(world, sign_in):
    client = sign_in(world.admin)
    run = request_run(world.delegate)
    ReportRun.objects.filter(pk=run.pk).update(working_for_id=world.producer.producer_id)
    assert "1 run stopped." in act(client, "stop", run)
    assert "None of them was still to be made." in act(client, "stop", run)
    run.refresh_from_db()
    assert run.state == "CANCELLED"
    assert "1 run to be made once more." in act(client, "try_again", run)
    assert "None of them had failed or was cancelled." in act(client, "try_again", run)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.working_for_id) == ("WAITING", 1, world.producer.producer_id)
    assert OutboxMessage.objects.filter(topic=runs.TOPIC).count() == 2
    assert make(run).rows_total == 1
    names = AuditEvent.objects.filter(action__in=["report.cancelled", "report.retried"]).values_list("actor_username")
    assert {name for (name,) in names} == {world.admin.username}


@pytest.mark.parametrize("query", ["state__exact=FAILED", "trigger__exact=SCHEDULED", "asked__startswith=x", "q=%00"])
def test_filters_narrow_and_nothing_secret_is_searched(world, sign_in, query):
    request_run(world.producer)
    answer = sign_in(world.admin).get(f"{RUNS}?{query}", follow=True)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200 and "exact" in query:
        assert "0 report runs" in answer.content.decode()
