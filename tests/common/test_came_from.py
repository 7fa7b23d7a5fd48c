"""From a record back to the very list it was opened from."""

from urllib.parse import urlencode

import pytest
from django.test import RequestFactory

from portal.common import came_from, criteria
from portal.common.came_from import ResultList

pytestmark = [pytest.mark.no_db, pytest.mark.feature("DET_02")]


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setattr(came_from, "_lists", {})
    came_from.register(ResultList(name="search", url_name="clients:search", label="Back to Search Results"))


@pytest.fixture
def session() -> dict:
    return {}


def page(session: dict, address: str):
    request = RequestFactory().get(address)
    request.session = session
    return request


def keep(session: dict) -> str:
    return criteria.keep(page(session, "/"), {"search": {}})


def test_the_way_back_shows_the_same_page_sort_size_and_columns(session):
    shown = f"/clients/?r={keep(session)}&sort=-status&size=50&page=3&col=status&col=last_name"
    link = came_from.with_query("/clients/1/", came_from.query("search", shown))
    back = came_from.way_back(page(session, link))
    assert (back.label, back.url.split("?")[0]) == ("Back to Search Results", "/clients/")
    assert sorted(back.url.split("?")[1].split("&")) == sorted(shown.split("?")[1].split("&"))


def test_two_results_open_at_once_each_have_their_own_way(session):
    one, two = keep(session), keep(session)
    backs = [came_from.way_back(page(session, f"/clients/1/?from=search&r={r}")).url for r in (one, two, one)]
    assert backs == [f"/clients/?r={r}" for r in (one, two, one)]


def test_what_is_carried_can_be_carried_on(session):
    address = f"/clients/1/?from=search&r={keep(session)}&page=2"
    carried = came_from.carried(page(session, address))
    assert came_from.with_query("/clients/1/", urlencode(carried)) == address


def test_a_result_of_somebody_else_or_a_forgotten_one_leads_nowhere(session):
    foreign = keep({})
    assert came_from.way_back(page(session, f"/clients/1/?from=search&r={foreign}")) is None


@pytest.mark.parametrize("address", ["/", "/?r=abc", "/?from=search", "/?from=//evil.example&r=abc", "/?from=&r="])
def test_an_address_that_names_no_list_carries_nothing(session, address):
    assert came_from.carried(page(session, address)) == []
    assert came_from.way_back(page(session, address)) is None


def test_nothing_but_known_parameters_of_sane_length_is_carried(session):
    address = f"/?from=search&r=abc&next=//evil.example&sort={'x' * 41}&page=2&format=xlsx&" + "col=a&" * 200
    carried = came_from.carried(page(session, address))
    assert {name for name, _ in carried} == {"from", "r", "page", "col"}
    assert len(carried) == came_from.MOST


def test_no_link_stays_no_link():
    assert came_from.with_query("", "from=search") == ""
    assert came_from.with_query("/clients/1/", "") == "/clients/1/"
    assert came_from.with_query("/enroll/?member=1", "from=search") == "/enroll/?member=1&from=search"
    assert came_from.query("search", "/clients/") == "from=search"
