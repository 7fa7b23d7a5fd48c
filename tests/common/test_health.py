import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, connection

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


def test_health_looks_at_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/health/")
