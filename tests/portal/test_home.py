"""The first page after signing in."""

import pytest

from accounts.models import User
from portal.common import home
from portal.common.access import Perm
from portal.common.home import Panel
from tests.support import pages

SEARCH = "Client Search"


def headings(response) -> list[str]:
    return [heading.text for heading in pages.read(response).all("h2")]


@pytest.mark.feature("HOM_04")
@pytest.mark.parametrize(
    ("who", "name"),
    [("producer", "Rita Solberg"), ("outsider", "Omar Outwell"), ("delegate", "Dana Keller")],
)
def test_everybody_is_greeted_by_name(world, sign_in, who, name):
    page = pages.read(sign_in(getattr(world, who)).get("/"))
    assert page.one("h1").text == f"Welcome, {name}"
    assert page.one(class_="account-name").text == f"Hello, {name}"


@pytest.mark.feature("HOM_04")
def test_a_person_without_a_name_is_greeted_by_username(world, sign_in):
    User.objects.filter(pk=world.producer.pk).update(first_name="", last_name="")
    assert pages.read(sign_in(world.producer).get("/")).one("h1").text == "Welcome, rsolberg7"


@pytest.mark.feature("HOM_05")
def test_home_holds_the_client_search_and_it_finds(world, sign_in):
    client = sign_in(world.producer)
    page = client.get("/")
    assert SEARCH in headings(page)
    form = next(f for f in pages.read(page).all("form") if f.attrs["action"] == "/clients/")
    fields = {box.attrs["name"] for box in form.all("input")} - {"csrfmiddlewaretoken"}
    assert fields == {"by", "value"}
    found = client.post(form.attrs["action"], {"by": "account", "value": world.account_number}, follow=True)
    assert pages.grid(found).column("Account Number") == [world.account_number]


@pytest.mark.feature("HOM_05")
@pytest.mark.parametrize("who", ["delegate_without_view", "former_delegate"])
def test_those_who_may_not_search_are_not_offered_it(world, sign_in, who):
    assert SEARCH not in headings(sign_in(getattr(world, who)).get("/"))


def test_strangers_are_sent_to_the_login_page(client):
    assert client.get("/").url == "/accounts/login/?next=/"


def test_panels_are_asked_for_only_where_they_are_shown(world, sign_in, monkeypatch):
    monkeypatch.setattr(home, "_panels", {})
    asked = []

    def panel(name: str, perm: Perm, order: int) -> Panel:
        return Panel(
            name=name,
            template="components/empty_state.html",
            perm=perm,
            order=order,
            context=lambda _request: asked.append(name) or {},
        )

    for one in (
        panel("late", Perm.SIGNED_IN, 2),
        panel("early", Perm.SIGNED_IN, 1),
        panel("hidden", Perm.CARRIER_ADMIN, 0),
    ):
        home.register(one)

    class Request:
        user = world.producer

    assert [shown["name"] for shown in home.panels_for(Request())] == ["early", "late"]
    assert asked == ["early", "late"]


def test_home_asks_little(world, sign_in, django_assert_max_num_queries):
    client = sign_in(world.delegate)
    with django_assert_max_num_queries(15):
        client.get("/")
