import pytest
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
    with django_assert_max_num_queries(7) as asked:
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
