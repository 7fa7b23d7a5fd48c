"""Provider Finder: who is found, by what, and the numbers to copy."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Provider
from clients.rules.names import name_key
from clients.selectors import provider_directory as selector
from tests.support import pages
from tests.support.providers import MedicalGroupFactory, ProviderFactory, today

ADDRESS = "/clients/providers/"


@pytest.fixture
def directory(db):
    fox = MedicalGroupFactory(number="203", name="Fox Valley Physicians")
    return {
        "ana": ProviderFactory(first_name="Ana", last_name="Muñoz-Reyes", medical_group=fox, npi="1234567893"),
        "bo": ProviderFactory(first_name="Bo", last_name="Kowalski", closed_panel=True, city="Chicago"),
        "cy": ProviderFactory(first_name="Cy", last_name="Kovacs", specialist=True, us_state="TX", city="El Paso"),
        "di": ProviderFactory(first_name="Di", last_name="Able", pediatrician=True, networks=["POS"]),
        "ed": ProviderFactory(first_name="Ed", last_name="Gone", end_date=today() - timedelta(days=1)),
    }


def named(asked: dict) -> list[str]:
    return sorted(selector.physicians(asked, on=today()).rows.values_list("first_name", flat=True))


@pytest.mark.feature("PCP_02")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["Ana", "Bo", "Cy", "Di"]),
        ({"pcp_only": True}, ["Ana", "Bo", "Di"]),
        ({"accepting": True}, ["Ana", "Cy", "Di"]),
        ({"us_state": "TX"}, ["Cy"]),
        ({"city": "chic"}, ["Bo"]),
        ({"city": "EL PASO"}, ["Cy"]),
        ({"network": "HMO"}, ["Ana", "Bo", "Cy"]),
        ({"specialty": "Pediatrics"}, ["Di"]),
        ({"group": "203"}, ["Ana"]),
        ({"group": "valley"}, ["Ana"]),
        ({"number": "1234567893"}, ["Ana"]),
        ({"name": "munoz"}, ["Ana"]),
        ({"name": "MUÑOZ reyes"}, ["Ana"]),
        ({"name": "ana mu"}, ["Ana"]),
        ({"name": "kow"}, ["Bo"]),
        ({"name": "ko"}, ["Bo", "Cy"]),
        ({"name": "gone"}, []),
        ({"name": "bo muñoz"}, []),
        ({"us_state": "IL", "accepting": True, "network": "HMO"}, ["Ana"]),
    ],
)
def test_what_is_filled_in_must_all_fit(directory, asked, found):
    assert named(asked) == found


@pytest.mark.feature("PCP_02")
def test_a_surname_with_one_wrong_letter_is_found_and_said(directory):
    found = selector.physicians({"name": "bo Kowalsky"}, on=today())
    assert [one.first_name for one in found.rows] == ["Bo"]
    assert found.respelled == ("Kowalski",)
    assert selector.physicians({"name": "Kowalski"}, on=today()).respelled == ()


@pytest.mark.feature("PCP_02")
def test_the_database_keeps_names_as_they_are_searched(directory):
    for one in Provider.objects.all():
        assert (one.last_name_key, one.city_key) == (name_key(one.last_name), name_key(one.city))


@pytest.mark.feature("PCP_02")
def test_physicians_leave_the_directory_with_their_group(db):
    gone = MedicalGroupFactory(end_date=today() - timedelta(days=1))
    ProviderFactory(medical_group=gone)
    assert named({}) == []
    assert selector.groups({}, on=today()).rows.count() == 0


@pytest.mark.feature("PCP_02")
def test_medical_groups_by_number_name_and_place(directory):
    MedicalGroupFactory(number="124", name="Lakeshore", city="Chicago", networks=["POS"])

    def numbers(asked: dict) -> list[str]:
        return [group.number for group in selector.groups(asked, on=today()).rows.order_by("number")]

    assert numbers({}) == ["124", "203"]
    assert numbers({"group": "124"}) == ["124"]
    assert numbers({"name": "fox valley"}) == ["203"]
    assert numbers({"city": "chi"}) == ["124"]
    assert numbers({"network": "HMO"}) == ["203"]
    assert numbers({"us_state": "TX"}) == []


def search(client, **asked):
    return client.post(ADDRESS, {"look_for": "physicians", **asked}, follow=True)


@pytest.mark.feature("PCP_02")
def test_numbers_stand_in_the_list_with_a_button_that_copies_them(world, sign_in, directory):
    response = search(sign_in(world.delegate), name="muñoz")
    assert response.redirect_chain[0][0].startswith("/clients/providers/?r=")
    grid = pages.grid(response)
    assert [row["Name"] for row in grid.rows] == ["Muñoz-Reyes, Ana"]
    assert grid.rows[0]["NPI"].startswith("1234567893")
    buttons = [button for button in grid.element.all("button") if "data-copy" in button.attrs]
    assert [button.attrs["data-copy"] for button in buttons] == ["203", "1234567893", directory["ana"].pcpa_number]
    assert buttons[1].attrs["data-copied"] == "NPI copied."


@pytest.mark.feature("PCP_02")
def test_filters_and_medical_groups_and_excel(world, sign_in, directory):
    client = sign_in(world.producer)
    response = search(client)
    address = response.redirect_chain[-1][0]
    filtered = client.post(address, {"grid": "filters", "size": "25", "f_accepting": "N", "f_name": "kow"}, follow=True)
    assert [row["Name"] for row in pages.grid(filtered).rows] == ["Kowalski, Bo"]
    assert b"Kowalski" in b"".join(client.get(address + "&format=csv").streaming_content)
    groups = pages.grid(client.post(ADDRESS, {"look_for": "groups"}, follow=True))
    assert groups.rows[0]["Medical Group Name"] == "Fox Valley Physicians"


@pytest.mark.feature("PCP_02")
def test_a_list_asks_no_more_for_many(world, sign_in, directory):
    client, counts = sign_in(world.producer), []
    for _ in range(2):
        address = search(client, us_state="IL").redirect_chain[-1][0]
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
        for number in range(8):
            ProviderFactory(medical_group=MedicalGroupFactory(number=f"{300 + 10 * len(counts) + number}"))
    assert counts[0] == counts[1]


def test_what_cannot_be_read_is_said_and_a_search_that_is_gone_too(world, sign_in, directory):
    client = sign_in(world.producer)
    assert "Enter at least one letter or digit." in search(client, name="!!").content.decode()
    gone = client.get(ADDRESS + "?r=nothing", follow=True)
    assert pages.messages(gone) == ["That search is no longer open. Please search again."]
    nobody = search(client, number="9999999999")
    assert "No physician found" in nobody.content.decode()
