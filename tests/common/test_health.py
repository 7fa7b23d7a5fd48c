from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from portal.common import monitoring
from portal.common.monitoring import Metric
from portal.common.views import health


class Unreachable:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def cursor(self):
        raise self.error


def test_a_portal_with_its_database_is_well(client):
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "error", [OperationalError("host db.internal refused"), InterfaceError("closed"), DatabaseError("x")]
)
def test_a_portal_without_its_database_says_so_and_no_more(client, monkeypatch, error):
    monkeypatch.setattr(health, "connection", Unreachable(error))
    response = client.get("/health/")
    assert (response.status_code, response.json()) == (503, {"status": "database unavailable"})


def test_a_server_that_does_not_answer_is_unavailable(client, monkeypatch):
    """The real driver against a socket nobody listens on; nothing on the way to the view needs the database either."""
    elsewhere = connection.copy()
    elsewhere.settings_dict = {**connection.settings_dict, "HOST": "/nowhere"}
    monkeypatch.setattr(health, "connection", elsewhere)
    assert client.get("/health/").status_code == 503


def test_health_looks_at_nobody_and_asks_little(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(9) as asked:
        client.get("/health/")
    assert not [query for query in asked.captured_queries if "user" in query["sql"] or "session" in query["sql"]]


@pytest.mark.feature("CON_03")
def test_what_does_not_go_as_it_should_is_degraded_and_still_serves(client, monkeypatch):
    """A load balancer that took the portal away would mend nothing."""
    monkeypatch.setattr(monitoring, "_problems", {"one": lambda: ["too_late"], "other": lambda: ["lost", "given_up"]})
    response = client.get("/health/")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "problems": ["given_up", "lost", "too_late"]}


# --- /metrics ---

TOKEN = "a-token-that-only-the-collector-knows"


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xff"]
)
def test_metrics_are_not_there_for_others(client, settings, sent):
    settings.METRICS_TOKEN = TOKEN
    headers = {} if sent is None else {"authorization": sent}
    assert client.get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize("sent", ["Bearer ", "Bearer", "Bearer x"])
def test_without_a_token_there_are_no_metrics_at_all(client, settings, sent):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": sent}).status_code == 404


def test_signed_in_people_have_no_metrics_either(world, sign_in, settings):
    settings.METRICS_TOKEN = TOKEN
    assert sign_in(world.admin).get("/metrics").status_code == 404


@pytest.mark.feature("CON_03")
def test_a_collector_with_the_token_reads_the_text_format(client, settings, monkeypatch):
    settings.METRICS_TOKEN = TOKEN
    gauges = [
        Metric(
            name="portal_things", help="Things\nby kind.", samples={(("kind", 'a "b" \\'),): 2, (("kind", "c"),): 0}
        ),
        Metric(name="portal_age_seconds", help="Age.", samples={(): 7200.5}),
    ]
    monkeypatch.setattr(monitoring, "_metrics", {"one": lambda: gauges})
    response = client.get("/metrics", headers={"authorization": f"bearer {TOKEN}"})
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.content.decode() == (
        "# HELP portal_age_seconds Age.\n"
        "# TYPE portal_age_seconds gauge\n"
        "portal_age_seconds 7200.5\n"
        "# HELP portal_things Things\\nby kind.\n"
        "# TYPE portal_things gauge\n"
        'portal_things{kind="a \\"b\\" \\\\"} 2\n'
        'portal_things{kind="c"} 0\n'
    )


def test_large_figures_are_not_rounded():
    assert monitoring.as_number(123456789) == "123456789"
    assert monitoring.as_number(1209600.25) == "1209600.25"


# --- for those who restart processes, and those who distribute requests ---


@pytest.fixture
def one_database(monkeypatch):
    """As a process that has not looked yet."""
    monkeypatch.setattr(health, "_migrated", False)


def test_a_process_that_answers_is_alive_and_asks_nothing(client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(health, "connection", Unreachable(OperationalError("refused")))
    with django_assert_num_queries(0):
        response = client.get("/health/live/")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


def test_ready_looks_for_missing_migrations_until_there_are_none(client, one_database, django_assert_num_queries):
    assert client.get("/health/ready/").json() == {"status": "ready"}
    with django_assert_num_queries(1):
        assert client.get("/health/ready/").status_code == 200


def test_new_code_is_not_ready_before_its_migrations(client, one_database, monkeypatch):
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_args: ["one"])
    response = client.get("/health/ready/")
    assert (response.status_code, response.json()) == (503, {"status": "migrations missing"})


@pytest.mark.parametrize("looked_before", [True, False])
def test_nobody_is_sent_to_a_process_without_its_database(client, monkeypatch, looked_before):
    monkeypatch.setattr(health, "_migrated", looked_before)
    elsewhere = connection.copy()
    elsewhere.settings_dict = {**connection.settings_dict, "HOST": "/nowhere"}
    monkeypatch.setattr(health, "connection", elsewhere)
    response = client.get("/health/ready/")
    assert (response.status_code, response.json()) == (503, {"status": "database unavailable"})


def test_nobody_is_sent_to_a_process_that_stops_and_it_is_alive_and_well(client, monkeypatch, tmp_path):
    mark = tmp_path / "draining"
    monkeypatch.setenv("PORTAL_DRAINING_FILE", str(mark))
    assert client.get("/health/ready/").status_code == 200
    mark.touch()
    assert client.get("/health/ready/").json() == {"status": "shutting down"}
    assert [client.get(f"/health/{one}").status_code for one in ("", "live/")] == [200, 200]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_process_whose_clock_is_off_is_degraded(client, settings, hours):
    settings.SHARED_CLOCK = True
    assert client.get("/health/").json() == {"status": "ok"}
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
        assert client.get("/health/").json() == {"status": "degraded", "problems": ["clock_differs"]}
