from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from portal.common import navigation
from portal.common.access import Perm
from portal.common.navigation import Entry
from tests.support import pages


def bar(page: pages.Element) -> list[pages.Element]:
    """The entries of the main navigation, without those of the menus under them."""
    top = page.one(id="site-nav").all("ul")[0]
    return [entry.all("a")[0] for entry in top.children if isinstance(entry, pages.Element)]


@pytest.mark.parametrize(
    ("who", "entries"),
    [
        (
            "producer",
            ["Home", "Clients", "Quote & Enroll", "Reporting", "Messages", "My Hierarchy", "Resources", "News"],
        ),
        (
            "principal",
            ["Home", "Clients", "Quote & Enroll", "Reporting", "Messages", "My Hierarchy", "Resources", "News"],
        ),
        (
            "outsider",
            ["Home", "Clients", "Quote & Enroll", "Reporting", "Messages", "My Hierarchy", "Resources", "News"],
        ),
        ("delegate", ["Home", "Clients", "Reporting", "Messages", "Resources", "News"]),
        ("delegate_without_view", ["Home", "Messages", "Resources", "News"]),
        ("former_delegate", ["Home", "Messages", "Resources", "News"]),
        ("admin", ["Home", "Clients", "Reporting", "Messages", "Resources", "News"]),
    ],
)
def test_everybody_sees_the_pages_they_may_open(world, sign_in, who, entries):
    page = pages.read(sign_in(getattr(world, who)).get("/"))
    assert [link.text for link in bar(page)] == entries


def test_every_entry_leads_to_a_page(world, sign_in):
    client = sign_in(world.producer)
    links = pages.read(client.get("/")).one(id="site-nav").all("a")
    answers = {link.text: client.get(link.attrs["href"]).status_code for link in links}
    assert len(answers) > 10
    assert set(answers.values()) == {200}, answers


def test_strangers_see_no_navigation(client):
    assert not pages.read(client.get("/accounts/login/")).all(id="site-nav")


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/", ["Home"]),
        ("/clients/", ["Clients"]),
        ("/clients/{account}/", ["Clients"]),
        ("/reports/new/", ["Reporting"]),
        ("/accounts/hierarchy/", ["My Hierarchy"]),
        ("/training/", ["Resources"]),
        ("/news/", ["News"]),
    ],
)
@pytest.mark.sampled(3)
def test_the_entry_one_stands_under_is_marked(world, sign_in, address, current):
    page = pages.read(sign_in(world.producer).get(address.format(account=world.account_number)))
    assert [link.text for link in bar(page) if "aria-current" in link.attrs] == current


@pytest.mark.parametrize("who", ["producer", "delegate"])
def test_only_carrier_staff_find_the_administration(world, sign_in, who):
    assert "Carrier administration" in sign_in(world.admin).get("/").content.decode()
    assert "Carrier administration" not in sign_in(getattr(world, who)).get("/").content.decode()


@pytest.fixture
def own_registry(monkeypatch):
    monkeypatch.setattr(navigation, "_entries", {})


def items(path: str, *perms: Perm):
    request = RequestFactory().get(path)
    request.user = SimpleNamespace(has_portal_perm=lambda perm: perm in perms)
    return navigation.items_for(request)


@pytest.mark.no_db
def test_entries_stand_in_their_order_with_their_children(own_registry):
    navigation.register(
        Entry(label="Late", url_name="reporting:new", perm=Perm.SIGNED_IN, order=30),
        Entry(label="Early", url_name="clients:search", perm=Perm.SIGNED_IN, order=10, prefix="/clients/"),
        Entry(label="Hidden child", url_name="home", perm=Perm.ENROLL, order=1, under="Early"),
        Entry(label="Second child", url_name="home", perm=Perm.SIGNED_IN, order=3, under="Early"),
        Entry(label="First child", url_name="clients:search", perm=Perm.SIGNED_IN, order=2, under="Early"),
    )
    early, late = items("/clients/", Perm.SIGNED_IN)
    assert (early.label, early.url, early.current) == ("Early", "/clients/", True)
    assert [(child.label, child.current) for child in early.children] == [
        ("First child", True),
        ("Second child", False),
    ]
    assert (late.label, late.children, late.current) == ("Late", [], False)


@pytest.mark.no_db
def test_the_children_of_an_entry_one_may_not_open_are_not_shown(own_registry):
    navigation.register(
        Entry(label="Parent", url_name="home", perm=Perm.ENROLL, order=1),
        Entry(label="Child", url_name="home", perm=Perm.SIGNED_IN, order=1, under="Parent"),
    )
    assert items("/", Perm.SIGNED_IN) == []


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("path", "label", "here"),
    [
        ("/reports/new/", "New", True),
        ("/reports/", "List", False),
        ("/reports/7/", "List", False),
    ],
)
def test_of_two_entries_whose_address_fits_the_longer_one_is_where_one_stands(own_registry, path, label, here):
    navigation.register(
        Entry(label="Parent", url_name="home", perm=Perm.SIGNED_IN, order=1),
        Entry(label="List", url_name="home", perm=Perm.SIGNED_IN, order=1, under="Parent", prefix="/reports/"),
        Entry(label="New", url_name="reporting:new", perm=Perm.SIGNED_IN, order=2, under="Parent"),
    )
    (parent,) = items(path, Perm.SIGNED_IN)
    assert [(child.label, child.here) for child in parent.children if child.current] == [(label, here)]


@pytest.mark.no_db
def test_registering_an_entry_again_replaces_it(own_registry):
    for order in (1, 2):
        navigation.register(Entry(label="Home", url_name="home", perm=Perm.SIGNED_IN, order=order))
    assert len(items("/", Perm.SIGNED_IN)) == 1
