from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Application
from portal.common.models import AuditEvent
from tests.support.factories import PolicyFactory


@pytest.fixture(autouse=True)
def within_one_minute() -> Iterator[None]:
    """The limits count by the minute and by the hour of the clock: on a busy machine a test would see two of them."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def search(client, value):
    return client.post("/clients/", {"by": "account", "value": value})


def test_a_search_above_the_limit_of_a_minute_is_refused_with_the_wait(world, sign_in, settings):
    settings.CLIENT_SEARCHES_PER_MINUTE = 3
    client = sign_in(world.producer)
    assert [search(client, world.account_number).status_code for _ in range(3)] == [302] * 3
    refused = search(client, world.account_number)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert "Please wait a minute" in refused.content.decode()
    assert AuditEvent.objects.filter(action="client.searched").count() == 3


def test_every_way_to_search_counts_into_the_one_limit(world, sign_in, settings):
    settings.CLIENT_SEARCHES_PER_MINUTE = 2
    client = sign_in(world.producer)
    search(client, world.account_number)
    client.post("/clients/quick/", {"q": "Washington"})
    assert client.post("/clients/", {"advanced": "1", "last_name": "s"}).status_code == 429
    assert client.post("/clients/quick/", {"q": "Washington"}).status_code == 429


def test_the_limit_is_each_persons_own(world, sign_in, settings):
    settings.CLIENT_SEARCHES_PER_MINUTE = 1
    for person in (world.producer, world.principal):
        assert search(sign_in(person), world.account_number).status_code == 302


def test_looking_at_what_was_found_is_no_search(world, sign_in, settings):
    settings.CLIENT_SEARCHES_PER_MINUTE = 1
    client = sign_in(world.producer)
    address = search(client, world.account_number).url
    assert [client.get(address).status_code for _ in range(5)] == [200] * 5


def test_a_list_taken_out_too_often_is_refused_whichever_page_it_stands_on(world, sign_in, settings):
    settings.EXPORTS_PER_HOUR = 2
    client = sign_in(world.producer)
    found = search(client, world.account_number).url
    report = client.post("/reports/new/", {"policy_status": "ALL"}).url
    for address in (f"{found}&format=csv", f"{report}&format=xlsx"):
        taken = client.get(address)
        assert (taken.status_code, bool(taken.getvalue())) == (200, True)
    for address in (f"{found}&format=xlsx", f"{report}&format=csv"):
        refused = client.get(address)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) <= 3600
        assert "Content-Disposition" not in refused
    assert client.get(found).status_code == 200


def test_a_stranger_is_asked_to_log_in_and_not_counted(world, client, settings):
    settings.EXPORTS_PER_HOUR = 0
    assert client.get(reverse("clients:search"), {"format": "csv"}).status_code == 302


def test_a_search_while_typing_counts_too(world, sign_in, settings):
    from tests.support.factories import ApplicationFactory
    from tests.support.wizard import load_tables

    settings.CLIENT_SEARCHES_PER_MINUTE = 1
    load_tables()
    row: Application = ApplicationFactory(producer_number=world.number, created_by=world.producer)
    PolicyFactory(producer_number=world.number)
    client = sign_in(world.producer)
    url = reverse("enrollment:application-client-search", args=[row.record_number])
    assert [client.post(url, {"client-text": "Wash"}).status_code for _ in range(2)] == [200, 429]
