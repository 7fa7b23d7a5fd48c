import importlib
import ipaddress

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from portal.common import admin_networks

OFFICE = [ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("2001:db8::/32")]


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("address", "open_to"),
    [
        ("10.20.0.1", True),
        ("10.20.255.255", True),
        ("10.21.0.0", False),
        ("::ffff:10.20.0.1", True),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_lies_in_one_of_the_networks_or_outside(settings, address, open_to):
    settings.ADMIN_ALLOWED_NETWORKS = OFFICE
    assert admin_networks.is_open_to(RequestFactory().get("/admin/", REMOTE_ADDR=address)) is open_to


@pytest.mark.no_db
def test_without_the_setting_it_is_open_to_every_network(settings):
    settings.ADMIN_ALLOWED_NETWORKS = []
    assert admin_networks.is_open_to(RequestFactory().get("/admin/", REMOTE_ADDR="203.0.113.9"))


@pytest.mark.no_db
def test_a_visitor_cannot_talk_himself_into_the_network(settings):
    settings.ADMIN_ALLOWED_NETWORKS, settings.TRUSTED_PROXIES = OFFICE, 1
    asked = RequestFactory().get(
        "/admin/", REMOTE_ADDR="10.20.0.1", headers={"X-Forwarded-For": "10.20.0.5, 203.0.113.9"}
    )
    assert not admin_networks.is_open_to(asked)


@pytest.mark.no_db
@pytest.mark.parametrize("text", ["10.20.0.0/33", "10.20.0.1/16", "office"])
def test_what_is_no_network_stops_the_start(monkeypatch, text):
    monkeypatch.setenv("ADMIN_ALLOWED_NETWORKS", f"192.0.2.0/24, {text}")
    with pytest.raises(ImproperlyConfigured, match="ADMIN_ALLOWED_NETWORKS"):
        importlib.import_module("portal.settings.base").env_networks("ADMIN_ALLOWED_NETWORKS")


@pytest.mark.parametrize("url", ["/admin/", "/admin/login/", "/admin/accounts/user/", "/admin/nothing/"])
def test_from_elsewhere_no_address_of_the_administration_exists(world, sign_in, client, settings, url):
    settings.ADMIN_ALLOWED_NETWORKS = OFFICE
    staff = sign_in(world.admin)
    assert staff.get(url, REMOTE_ADDR="203.0.113.9").status_code == 404
    assert client.get(url, REMOTE_ADDR="203.0.113.9").status_code == 404
    assert staff.post(url, REMOTE_ADDR="203.0.113.9").status_code == 404


def test_from_the_network_it_opens_and_only_there_the_menu_leads_to_it(world, sign_in, settings):
    settings.ADMIN_ALLOWED_NETWORKS = OFFICE
    staff = sign_in(world.admin)
    assert staff.get("/admin/", REMOTE_ADDR="10.20.0.1").status_code == 200
    assert 'href="/admin/"' in staff.get("/", REMOTE_ADDR="10.20.0.1").content.decode()
    elsewhere = staff.get("/", REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 200
    assert 'href="/admin/"' not in elsewhere.content.decode()
