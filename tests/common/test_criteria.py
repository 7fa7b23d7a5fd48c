from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.test import Client

from portal.common import criteria, crypto

ASKED = {"search": {"by": "ssn4", "value": "5678"}}


@pytest.fixture
def request_():
    return SimpleNamespace(session={})


@pytest.mark.no_db
def test_what_was_asked_is_found_again_under_its_id(request_):
    result_id = criteria.keep(request_, ASKED)
    assert criteria.recall(request_, result_id) == ASKED


@pytest.mark.no_db
def test_an_id_tells_nothing_and_is_never_the_same(request_):
    ids = {criteria.keep(request_, ASKED) for _ in range(20)}
    assert len(ids) == 20
    assert all(len(result_id) >= 12 for result_id in ids)


@pytest.mark.no_db
@pytest.mark.parametrize("result_id", ["", "unknown", "\x00", "x" * 10_000, "__class__"])
def test_an_unknown_id_opens_nothing(request_, result_id):
    criteria.keep(request_, ASKED)
    assert criteria.recall(request_, result_id) is None


@pytest.mark.no_db
def test_an_id_opens_nothing_in_another_session(request_):
    result_id = criteria.keep(request_, ASKED)
    assert criteria.recall(SimpleNamespace(session={}), result_id) is None


@pytest.mark.no_db
def test_the_oldest_of_more_than_forty_is_forgotten(request_):
    ids = [criteria.keep(request_, {"search": number}) for number in range(criteria.KEPT + 1)]
    assert criteria.recall(request_, ids[0]) is None
    assert [criteria.recall(request_, result_id) for result_id in ids[1:]] == [
        {"search": number} for number in range(1, criteria.KEPT + 1)
    ]


@pytest.mark.no_db
def test_the_session_notices_that_it_has_changed(request_):
    """A dictionary changed in place is not saved by Django; it has to be put back."""
    first = criteria.keep(request_, ASKED)
    held = request_.session[criteria.SESSION_KEY]
    criteria.keep(request_, ASKED)
    assert request_.session[criteria.SESSION_KEY] is not held
    assert first in request_.session[criteria.SESSION_KEY]


@pytest.mark.no_db
def test_after_a_key_is_dropped_the_search_is_no_longer_open(request_, settings):
    result_id = criteria.keep(request_, ASKED)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert criteria.recall(request_, result_id) is None


@pytest.mark.feature("SRC_18")
def test_the_session_table_holds_no_search(world, sign_in):
    client = sign_in(world.producer)
    client.post("/clients/", {"by": "ssn4", "value": "5678"})
    kept = Session.objects.get(session_key=client.session.session_key).get_decoded()
    assert kept[criteria.SESSION_KEY]
    assert "5678" not in str(kept)
    assert "ssn4" not in str(kept)
    (token,) = kept[criteria.SESSION_KEY].values()
    assert "5678" in crypto.decrypt(token)


def test_signing_in_as_somebody_else_forgets_what_was_asked(world):
    browser = Client()
    browser.force_login(world.producer)
    address = browser.post("/clients/", {"by": "account", "value": world.account_number}).url
    assert browser.get(address).status_code == 200
    browser.force_login(world.principal)
    answer = browser.get(address)
    assert (answer.status_code, answer.url) == (302, "/clients/")
