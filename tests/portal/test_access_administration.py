"""Who gets into the carrier's administration, and that looking at any page, of the portal or of it, changes nothing."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clients.models import Member
from tests.portal.test_access import PEOPLE, lines_of, read_matrix
from tests.support.urls import addresses
from tests.support.world import World

# --- the carrier's administration ---


APP_PAGE = next((a.route for a in addresses() if a.name == "admin:app_list"), "").removeprefix("admin/")


def admin_urls() -> list[str]:
    """Every address of the administration with made-up arguments."""
    routes = [address.route for address in addresses() if address.is_admin]
    return [
        "/" + re.sub(r"<[^>]+>", "1", route.replace("(?P<url>.*)$", "nothing/").replace(APP_PAGE, "clients/"))
        for route in routes
    ]


EVERYBODY_ELSE = [who for who in PEOPLE if who != "admin"]


def assert_closed(client_of: Callable[[str], Client], who: str, urls: list[str]) -> None:
    client = client_of(who)
    for url in urls:
        for ask in (client.get, client.post):
            response = ask(url)
            assert response.status_code in (302, 403, 404, 405), (url, response.status_code)
            if response.status_code == 302:
                assert urlsplit(response["Location"]).path in ("/accounts/login/", "/admin/login/", "/", "/admin/"), url
            if url == "/admin/logout/" and ask == client.post:
                client = client_of(who)


@pytest.mark.parametrize("who", EVERYBODY_ELSE)
@pytest.mark.sampled(5)
def test_the_administration_opens_to_nobody_but_the_carrier(world, error_pages_once, client_of, who):
    """A stranger and a producer knock everywhere; of the others each at every fourth door, together twice at all."""
    urls = admin_urls()
    assert len(urls) > 40
    assert_closed(client_of, who, urls if who in ("stranger", "producer") else urls[PEOPLE.index(who) % 4 :: 4])


@pytest.mark.drill
@pytest.mark.parametrize("who", EVERYBODY_ELSE)
def test_everybody_else_finds_every_door_of_the_administration_closed(world, client_of, who):
    assert_closed(client_of, who, admin_urls())


def test_the_administration_opens_to_the_carrier(world, client_of):
    client = client_of("admin")
    lists = [reverse(a.name) for a in addresses() if a.name == "admin:index" or a.name.endswith("_changelist")]
    assert len(lists) > 40
    assert {url: client.get(url).status_code for url in lists} == dict.fromkeys(lists, 200)


@pytest.mark.no_db
def test_no_argument_of_an_admin_address_is_left_out():
    assert [url for url in admin_urls() if set(url) & set("<>()^$?")] == []


# --- looking changes nothing, and no cache keeps what was seen or takes an address for a file (ASVS 14.3.2) ---

# Lists taken out as files are counted (throttle windows).
WRITTEN_BY_LOOKING = {"common_auditevent", "django_session", "common_throttlewindow"}


def fingerprints() -> dict[str, str]:
    """One checksum a table."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in WRITTEN_BY_LOOKING:
                name = connection.ops.quote_name(table)
                cursor.execute(f"SELECT md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) FROM {name} r")  # noqa: S608 - names out of the catalog
                found[table] = cursor.fetchone()[0]
    return found


def kept_by_caches(response: HttpResponse) -> bool:
    return not {"no-store", "private"} <= set(response["Cache-Control"].replace(" ", "").split(","))


def passes_for_a_file(client: Client, url: str) -> bool:
    """Whatever stands behind an address: a cache that goes by the end of an address must find nothing there to keep."""
    probe = client.get(f"{url.partition('?')[0].rstrip('/')}/lib.js")
    return probe.status_code == 200 or "no-store" not in probe["Cache-Control"]


def assert_looking_changes_nothing(world: World, client: Client, *, admin: bool, heads: bool, probes: bool) -> None:
    result = client.post(reverse("clients:search"), {"by": "account", "value": world.account_number}).url
    report = client.post(reverse("reporting:new"), {"policy_status": "ALL"}).url
    urls = [line.url for line in lines_of(world, [asked for asked in read_matrix() if asked.method == "GET"])]
    urls += [f"{address}{more}" for address in (result, report) for more in ("", "&page=2", "&sort=-status")]
    urls += [f"{address}&format={kind}" for address in (result, report) for kind in ("csv", "xlsx")]
    if admin:
        urls += admin_urls()
    before = fingerprints()
    assert len(before) > 30
    kept, files = [], []
    with time_machine.travel(timezone.now(), tick=False):  # when a session was last seen is written once a minute
        for url in urls:
            for ask in (client.get, client.head) if heads and not url.startswith("/admin/") else (client.get,):
                response = ask(url)
                if response.streaming:
                    list(response.streaming_content)
                assert response.status_code in (200, 301, 302, 403, 404, 405), url
                kept += [url] if kept_by_caches(response) else []
            files += [url] if probes and passes_for_a_file(client, url) else []
    assert fingerprints() == before
    assert (kept, files) == ([], [])


@pytest.mark.parametrize("who", ["producer", "delegate", "admin"])
@pytest.mark.sampled(1)
def test_looking_changes_nothing_and_no_cache_keeps_it(world, draft, error_pages_once, client_of, who):
    """HEAD, which every view answers as it answers GET, is asked of one person here."""
    client, is_admin = client_of(who), who == "admin"
    assert_looking_changes_nothing(world, client, admin=is_admin, heads=who == "producer", probes=who != "delegate")


@pytest.mark.drill
@pytest.mark.parametrize("who", ["delegate", "admin"])
def test_asking_for_the_heads_of_pages_changes_nothing_whoever_asks(world, draft, client_of, who):
    assert_looking_changes_nothing(world, client_of(who), admin=who == "admin", heads=True, probes=False)


def test_the_fingerprint_sees_a_single_changed_field(world):
    before = fingerprints()
    Member.objects.filter(account=world.policy.account).update(middle_initial="Q")
    after = fingerprints()
    assert [table for table in before if before[table] != after[table]] == ["clients_member"]
