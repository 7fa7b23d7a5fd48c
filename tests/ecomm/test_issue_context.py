"""Where somebody was: pages without queries and secrets, records people quote."""

import pytest
from django.test import RequestFactory

from ecomm.issue_context import Where, path_of, record_in, where

pytestmark = pytest.mark.no_db
FORM = "/messages/report-an-issue/"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/clients/", "/clients/"),
        ("/clients/?r=abc&q=Washington", "/clients/"),
        ("/clients/#found", "/clients/"),
        ("https://portal.example/clients/730000112/?tab=2", "/clients/730000112/"),
        ("  /reports/new/ ", "/reports/new/"),
        ("/my%20page/", "/my page/"),
        ("", ""),
        ("clients", ""),
        ("javascript:alert(1)", ""),
        ("https://[portal", ""),
        ("/a\x00b\n/", "/ab/"),
        ("/accounts/register/confirm/secret-of-a-link/", "/accounts/register/confirm/.../"),
        ("/accounts/delegates/accept/secret-of-a-link/", "/accounts/delegates/accept/.../"),
    ],
)
def test_a_page_is_a_path_and_nothing_secret(text, path):
    assert path_of(text) == path


def test_a_page_has_an_end():
    assert len(path_of("/" + "x" * 1000)) == 300


@pytest.mark.parametrize(
    ("page", "record"),
    [
        ("/clients/730000112/", "730000112"),
        ("/clients/e-app/0199999999/", "0199999999"),
        ("/messages/questions/EQU30001/", "EQU30001"),
        ("/clients/", ""),
        ("/accounts/delegates/7/", ""),
        ("/nowhere/730000112/", ""),
        ("", ""),
    ],
)
def test_the_record_is_the_number_people_quote(page, record):
    assert record_in(page) == record


def asked(address: str, referer: str = "") -> Where:
    headers = {"HTTP_REFERER": referer} if referer else {}
    return where(RequestFactory().get(address, **headers))


def test_the_link_says_more_than_the_page_one_came_from():
    came_from = "http://testserver/clients/730000112/"
    assert asked(FORM, came_from) == Where("/clients/730000112/", "730000112")
    assert asked(f"{FORM}?page=/reports/new/", came_from) == Where("/reports/new/", "")
    assert asked(f"{FORM}?page=/reports/new/&record=0101389016", came_from) == Where("/reports/new/", "0101389016")


@pytest.mark.parametrize(
    "referer",
    [
        "https://elsewhere.example/clients/730000112/",
        "ftp://testserver/clients/730000112/",
        f"http://testserver{FORM}",
        f"http://testserver{FORM}mine/",
        "http://[nonsense",
        "",
    ],
)
def test_other_sites_and_the_form_itself_are_no_page(referer):
    assert asked(FORM, referer) == Where("", "")


def test_the_query_of_the_page_one_came_from_is_left_out():
    assert asked(FORM, "http://testserver/clients/?r=5&name=Washington").page == "/clients/"
