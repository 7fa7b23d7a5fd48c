"""Finding a client: the simple search, the grid of results, its files and what stays secret on the way."""

import csv
import io
import re
from datetime import date, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import openpyxl
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from clients.forms.search import SimpleSearchForm
from clients.models import Account, Policy
from clients.tables import POLICY_COLUMNS, SearchTable, client_url
from portal.common import criteria
from portal.common.models import AuditEvent
from portal.common.tables import GridState
from tests.support import pages
from tests.support.books import write_policies
from tests.support.factories import MemberFactory, PolicyFactory, ProducerNumberFactory

SEARCH = "/clients/"
SHARED_SSN = "912345678"


def find(client: Client, value: str, by: str = "account") -> HttpResponse:
    """The page of results; its address is ``response.request``'s."""
    return client.post(SEARCH, {"by": by, "value": value}, follow=True)


def address_of(response: HttpResponse) -> str:
    request = response.wsgi_request
    return request.get_full_path()


def filter_by(client: Client, address: str, *, extra: dict | None = None, **typed: str) -> HttpResponse:
    """Type under the headings and apply, as the grid's form does."""
    fields = {"grid": "filters", **{f"f_{key}": value for key, value in typed.items()}, **(extra or {})}
    return client.post(address, fields, follow=True)


def every_address(response: HttpResponse) -> list[str]:
    """Every address in the page, and every one the browser was sent through."""
    page = pages.read(response)
    found = [
        element.attrs[name] for element in page.all() for name in ("href", "action", "src") if name in element.attrs
    ]
    return found + [address for address, _status in response.redirect_chain]


@pytest.fixture
def client(world, sign_in) -> Client:
    return sign_in(world.producer)


@pytest.fixture
def household(world) -> dict[str, Policy]:
    """A family with a medical and a dental policy, and a neighbour whose number begins with the same digits."""
    primary = MemberFactory(
        account__number="730075112", first_name="Tanya", last_name="O'Brien-Muñoz", ssn=SHARED_SSN, middle_initial="B"
    )
    MemberFactory(account=primary.account, role="SPOUSE", first_name="Sam", ssn="900007777")
    MemberFactory(account=primary.account, role="CHILD", first_name="Kim", ssn="900008888")
    shared = {"primary": primary, "producer_number": world.number}
    neighbour = MemberFactory(account__number="7300751120", first_name="Noa", last_name="Neighbour")
    return {
        "medical": PolicyFactory(**shared, in_grace=True, client_app_id="PP97127", member_count=3),
        "dental": PolicyFactory(**shared, dental=True),
        "neighbour": PolicyFactory(primary=neighbour, producer_number=world.number),
    }


@pytest.fixture
def long_list(world) -> list[Policy]:
    """134 policies of one household number, told apart by name, product and dates."""
    first = PolicyFactory(producer_number=world.number)
    Account.objects.filter(pk=first.account_id).update(number="555000111")
    rows = write_policies(
        first,
        (
            {
                "insured_last_name": f"Name{n:03}",
                "product_name": "Bronze PPO" if n % 2 else "Silver HMO",
                "paid_to_date": date(2026, 1, 1) + timedelta(days=n),
                "status": Policy.Status.GRACE if n % 3 == 0 else Policy.Status.ACTIVE,
                "member_count": n % 5 + 1,
            }
            for n in range(133)
        ),
    )
    return [first, *rows]


# --- the form ---


@pytest.mark.feature("SRC_01")
@pytest.mark.parametrize("address", ["/", SEARCH])
def test_the_simple_search_is_two_choices_one_box_and_submit(client, address):
    form = next(f for f in pages.read(client.get(address)).all("form") if f.attrs["action"] == SEARCH)
    labels = {label.attrs["for"]: label.text for label in form.all("label") if "for" in label.attrs}
    radios = form.all("input", type="radio")
    assert [labels[radio.attrs["id"]] for radio in radios] == ["Account#", "Last 4 of SSN#"]
    assert [radio.attrs["value"] for radio in radios if "checked" in radio.attrs] == ["account"]
    assert len(form.all("input", type="text")) == 1
    assert form.one("button").text == "Submit"
    assert form.attrs["method"] == "post"


@pytest.mark.no_db
@pytest.mark.feature("SRC_01")
@pytest.mark.parametrize(
    ("by", "typed", "value"),
    [
        ("account", "730075112", "730075112"),
        ("account", " 730 075-112 ", "730075112"),
        ("account", "1", "1"),
        ("account", "123456789012", "123456789012"),
        ("ssn4", "5678", "5678"),
        ("ssn4", " 5678 ", "5678"),
        ("ssn4", "0000", "0000"),
    ],
)
def test_numbers_are_read_as_people_type_them(by, typed, value):
    form = SimpleSearchForm({"by": by, "value": typed})
    assert form.is_valid()
    assert form.cleaned_data == {"by": by, "value": value}


FOUR_DIGITS = "Enter exactly four digits: the last four of the primary insured's SSN."
DIGITS_ONLY = "An account number has digits only, at most 12 of them."
NOTHING = "Enter an account number or the last four digits of the SSN."


@pytest.mark.no_db
@pytest.mark.feature("SRC_01")
@pytest.mark.parametrize(
    ("by", "typed", "field", "said"),
    [
        ("ssn4", "567", "value", FOUR_DIGITS),
        ("ssn4", "56789", "value", FOUR_DIGITS),
        ("ssn4", "912-34-5678", "value", FOUR_DIGITS),
        ("ssn4", "56a8", "value", FOUR_DIGITS),
        ("ssn4", "٥٦٧٨", "value", FOUR_DIGITS),
        ("ssn4", "５６７８", "value", FOUR_DIGITS),
        ("ssn4", "----", "value", FOUR_DIGITS),
        ("account", "A730075112", "value", DIGITS_ONLY),
        ("account", "1234567890123", "value", DIGITS_ONLY),
        ("account", "---", "value", DIGITS_ONLY),
        ("ssn4", "- -", "value", FOUR_DIGITS),
        ("account", "%", "value", DIGITS_ONLY),
        ("account", "", "value", NOTHING),
        ("ssn4", "   ", "value", NOTHING),
        ("", "730075112", "by", "Choose what you are searching by."),
        ("name", "730075112", "by", "Choose one of the two."),
    ],
)
def test_what_cannot_be_searched_for_is_said_at_its_field(by, typed, field, said):
    form = SimpleSearchForm({"by": by, "value": typed})
    assert not form.is_valid()
    assert form.errors.get(field) == [said]


@pytest.mark.no_db
@pytest.mark.parametrize("typed", ["\x00", "5678\x00", "x" * 10_000, "🙂🙂🙂🙂", "\u202e5678", "\ud800"])
@pytest.mark.parametrize("by", ["account", "ssn4", "\x00"])
def test_no_text_in_the_box_breaks_the_form(by, typed):
    assert not SimpleSearchForm({"by": by, "value": typed}).is_valid()


def test_a_mistake_is_shown_on_the_page_and_searches_nothing(client):
    response = client.post(SEARCH, {"by": "ssn4", "value": "567"})
    assert response.status_code == 200
    assert FOUR_DIGITS in pages.read(response).text
    assert not AuditEvent.objects.filter(action="client.searched").exists()


# --- who is found ---


@pytest.mark.parametrize("who", ["producer", "principal", "delegate", "admin"])
@pytest.mark.feature("SRC_10")
def test_the_client_is_found_by_those_whose_book_it_is(world, sign_in, household, who):
    client = sign_in(getattr(world, who))
    assert len(pages.grid(find(client, "730075112")).rows) == 2
    assert len(pages.grid(find(client, "5678", "ssn4")).rows) == 2


@pytest.mark.parametrize("who", ["outsider", "sibling"])
@pytest.mark.feature("SRC_10")
def test_and_by_nobody_else(world, sign_in, household, who):
    client = sign_in(getattr(world, who))
    for by, value in (("account", "730075112"), ("ssn4", "5678")):
        assert pages.grid(find(client, value, by)).head_line == "0 Search Results"


@pytest.mark.parametrize("who", ["delegate_without_view", "former_delegate"])
def test_without_the_right_there_is_no_search(world, sign_in, household, who):
    assert find(sign_in(getattr(world, who)), "730075112").status_code == 403


def test_an_account_number_is_matched_whole(client, household):
    assert pages.grid(find(client, "730075112")).column("First Name") == ["Tanya", "Tanya"]
    assert pages.grid(find(client, "7300751120")).column("First Name") == ["Noa"]
    assert pages.grid(find(client, "73007511")).rows == []


@pytest.mark.feature("SRC_02")
@pytest.mark.parametrize("last4", ["7777", "8888"])
def test_a_dependents_number_finds_nobody_and_the_page_says_why(client, household, last4):
    response = find(client, last4, "ssn4")
    assert pages.grid(response).rows == []
    hint = pages.read(response).one(class_="empty-state").text
    assert "No client found" in hint
    assert "primary insured's information: a spouse's or dependent's is never matched" in hint


@pytest.mark.feature("SRC_10")
@pytest.mark.long
def test_five_thousand_clients_of_others_hide_none_of_mine(world, client):
    theirs = PolicyFactory(primary=MemberFactory(ssn=SHARED_SSN, last_name="Smith"))
    write_policies(theirs, ({} for _ in range(4999)))
    for n in range(3):
        PolicyFactory(
            primary=MemberFactory(ssn=SHARED_SSN, last_name="Smith", first_name=f"Mine{n}"),
            producer_number=world.number,
        )
    grid = pages.grid(find(client, "5678", "ssn4"))
    assert (grid.head_line, grid.column("First Name")) == ("1 - 3 of 3 Search Results", ["Mine0", "Mine1", "Mine2"])


# --- the grid ---


@pytest.mark.feature("SRC_12")
def test_the_result_has_the_carriers_sixteen_columns_in_order(client, household):
    assert pages.grid(find(client, "730075112")).headers == pages.SIXTEEN_COLUMNS


@pytest.mark.feature("SRC_15")
@pytest.mark.feature("SRC_16")
def test_each_policy_is_a_row_of_its_own(world, client, household):
    medical = household["medical"]
    rows = sorted(pages.grid(find(client, "730075112")).rows, key=lambda row: row["Group Number"], reverse=True)
    producer = world.producer.producer
    assert rows[0] == {
        "Last Name": "O'Brien-Muñoz",
        "First Name": "Tanya",
        "Record Type": "Policy",
        "E-App Number": medical.eapp_number,
        "Client App ID": "PP97127",
        "Member Count": "3",
        "Group Number": "IB2121",
        "Account Number": "730075112",
        "Status": "Grace Period",
        "Product Type": "ON-EXCHANGE",
        "Product Name": "Prairie Summit Bronze PPO 502",
        "Coverage Effective Date": f"{medical.effective_date:%m/%d/%Y}",
        "Paid To Date": f"{medical.paid_to_date:%m/%d/%Y}",
        "Termed": "",
        "Producer Name": f"Rita {producer.last_name}",
        "Nine Digit Producer Number": world.number.number,
    }
    assert (rows[1]["Product Name"], rows[1]["Product Type"], rows[1]["Member Count"]) == (
        "Summit Dental 1B",
        "OFF-EXCHANGE",
        "1",
    )
    assert rows[0]["Last Name"] == rows[1]["Last Name"]


@pytest.mark.no_db
@pytest.mark.feature("SRC_16")
def test_the_words_of_the_carriers_screens_are_the_words_of_the_model():
    assert list(Policy.RecordType.labels) == ["Policy"]
    assert list(Policy.Market.labels) == ["ON-EXCHANGE", "OFF-EXCHANGE"]
    assert "Grace Period" in Policy.Status.labels
    assert Policy._meta.get_field("member_count").get_internal_type() == "PositiveSmallIntegerField"


@pytest.mark.feature("SRC_16")
@pytest.mark.parametrize(
    ("trait", "status"),
    [
        ({}, "Active"),
        ({"in_grace": True}, "Grace Period"),
        ({"termed": True}, "Termed"),
        ({"cancelled": True}, "Termed, never in force"),
        ({"unpaid": True}, "Active, first payment not received"),
        ({"future": True}, "Active, starts {start}"),
    ],
)
@pytest.mark.sampled(3)
def test_the_status_never_misleads(world, client, trait, status):
    policy = PolicyFactory(producer_number=world.number, **trait)
    (row,) = pages.grid(find(client, policy.account.number)).rows
    assert row["Status"] == status.format(start=f"{policy.effective_date:%m/%d/%Y}")
    assert row["Termed"] == (f"{policy.term_date:%m/%d/%Y}" if policy.term_date else "")


@pytest.mark.feature("SRC_14")
def test_the_account_number_leads_to_the_client(client, household):
    grid = pages.grid(find(client, "730075112"))
    assert {link["Account Number"].partition("?")[0] for link in grid.links} == {"/clients/730075112/"}
    assert client.get("/clients/730075112/").status_code == 200


@pytest.mark.feature("SRC_14")
def test_a_household_without_an_account_number_opens_by_its_e_app_number(world, client):
    policy = PolicyFactory(primary=MemberFactory(ssn=SHARED_SSN), producer_number=world.number, unpaid=True)
    Account.objects.filter(pk=policy.account_id).update(number=None)
    grid = pages.grid(find(client, "5678", "ssn4"))
    assert grid.column("Account Number") == [""]
    assert grid.links[0]["E-App Number"].partition("?")[0] == f"/clients/e-app/{policy.eapp_number}/"
    assert "Tanya Washington" in client.get(grid.links[0]["E-App Number"]).content.decode()


def test_a_household_without_any_number_is_listed_without_a_link(world, client):
    policy = PolicyFactory(primary=MemberFactory(ssn=SHARED_SSN), producer_number=world.number, eapp_number="")
    Account.objects.filter(pk=policy.account_id).update(number=None)
    grid = pages.grid(find(client, "5678", "ssn4"))
    assert (len(grid.rows), grid.links) == (1, [{}])


@pytest.mark.feature("SRC_11")
def test_pages_of_a_long_result(client, long_list):
    first = find(client, "555000111")
    grid = pages.grid(first)
    assert grid.head_line == "1 - 25 of 134 Search Results"
    assert len(grid.rows) == 25
    page = pages.read(first)
    assert "of 6 Pages" in page.text
    assert [option.text for option in page.one("select", name="size").all("option")] == ["10", "25", "50", "100"]
    second = client.get(grid.url("Next"))
    assert pages.grid(second).head_line == "26 - 50 of 134 Search Results"
    last = client.get(grid.url("Last"))
    assert pages.grid(last).head_line == "126 - 134 of 134 Search Results"
    beyond = client.post(address_of(first), {"grid": "page", "page": "7"}, follow=True)
    assert pages.grid(beyond).head_line == "126 - 134 of 134 Search Results"
    hundred = filter_by(client, address_of(first), extra={"size": "100"})
    assert pages.grid(hundred).head_line == "1 - 100 of 134 Search Results"


@pytest.mark.feature("SRC_11")
@pytest.mark.long
def test_every_row_of_a_long_result_is_on_exactly_one_page(client, long_list):
    response = filter_by(client, address_of(find(client, "555000111")), extra={"size": "10"})
    names = []
    for number in range(1, 15):
        names += pages.grid(client.get(f"{address_of(response)}&page={number}")).column("Paid To Date")
    assert sorted(names) == sorted(f"{policy.paid_to_date:%m/%d/%Y}" for policy in long_list)


# --- filters ---


COLUMN_FILTERS = [
    ({"last_name": "obrien"}, 2),
    ({"last_name": "Muñoz"}, 2),
    ({"last_name": "MUNOZ"}, 2),
    ({"last_name": "brien mu"}, 2),
    ({"last_name": "Smith"}, 0),
    ({"first_name": "tan"}, 2),
    ({"record_type": "pol"}, 2),
    ({"eapp_number": "01"}, 2),
    ({"eapp_number": "99"}, 0),
    ({"client_app_id": "pp97"}, 1),
    ({"member_count": "3"}, 1),
    ({"member_count": "32768"}, 0),
    ({"group_number": "di"}, 1),
    ({"account_number": "7300"}, 2),
    ({"account_number": "300"}, 0),
    ({"status": "grace"}, 1),
    ({"status": "Active"}, 1),
    ({"product_type": "ON-EX"}, 1),
    ({"product_name": "bronze"}, 1),
    ({"producer_name": "rita sol"}, 2),
    ({"producer_name": "sol rita"}, 2),
    ({"producer_name": "rita smith"}, 0),
    ({"status": "grace", "product_name": "bronze"}, 1),
    ({"status": "grace", "product_name": "dental"}, 0),
]


@pytest.mark.feature("SRC_13")
@pytest.mark.long
def test_every_column_filters(client, household):
    address = address_of(find(client, "730075112"))
    found = [(typed, len(pages.grid(filter_by(client, address, **typed)).rows)) for typed, _ in COLUMN_FILTERS]
    assert found == COLUMN_FILTERS


@pytest.mark.feature("SRC_13")
def test_the_producer_number_filters_by_its_beginning(world, client, household):
    address = address_of(find(client, "730075112"))
    assert len(pages.grid(filter_by(client, address, producer_number=world.number.number)).rows) == 2
    assert len(pages.grid(filter_by(client, address, producer_number=world.number.number[1:])).rows) == 0


@pytest.mark.feature("SRC_13")
@pytest.mark.parametrize("key", ["effective_date", "paid_to_date", "term_date"])
def test_the_three_dates_filter_by_day(world, client, key):
    policy = PolicyFactory(producer_number=world.number, termed=True)
    address = address_of(find(client, policy.account.number))
    day = getattr(policy, key)
    assert len(pages.grid(filter_by(client, address, **{key: f"{day:%m/%d/%Y}"})).rows) == 1
    assert len(pages.grid(filter_by(client, address, **{key: f"{day + timedelta(days=1):%m/%d/%Y}"})).rows) == 0
    wrong = pages.grid(filter_by(client, address, **{key: f"{day:%Y-%m-%d}"}))
    labels = {"effective_date": "Coverage Effective Date", "paid_to_date": "Paid To Date", "term_date": "Termed"}
    assert wrong.filter_errors == {labels[key]: "Enter a date as mm/dd/yyyy."}
    assert wrong.rows == []
    placeholders = wrong.element.all("input", placeholder="mm/dd/yyyy")
    assert [box.attrs["aria-label"] for box in placeholders] == [f"Filter {label}" for label in labels.values()]


STATUS_FILTERS = [
    ("grace", 1),
    ("active", 3),
    ("first payment", 1),
    ("termed", 2),
    ("never in force", 1),
    ("starts", 1),
    ("starts {start}", 1),
    ("{start}", 1),
    ("active, starts {start}", 1),
    ("12/31/9999", 0),
    (",", 3),
    ("lapsed", 0),
]


@pytest.mark.feature("SRC_13")
def test_the_status_filters_by_what_is_shown(world, client):
    primary = MemberFactory(ssn=SHARED_SSN)
    made = [
        PolicyFactory(primary=primary, producer_number=world.number, **trait)
        for trait in ({}, {"in_grace": True}, {"termed": True}, {"cancelled": True}, {"unpaid": True}, {"future": True})
    ]
    start = f"{made[-1].effective_date:%m/%d/%Y}"
    address = address_of(find(client, "5678", "ssn4"))
    found = []
    for typed, _ in STATUS_FILTERS:
        statuses = pages.grid(filter_by(client, address, status=typed.format(start=start))).column("Status")
        assert all(typed.format(start=start) in status.casefold() for status in statuses)
        found.append((typed, len(statuses)))
    assert found == STATUS_FILTERS


@pytest.mark.feature("SRC_13")
def test_a_name_without_any_letter_to_look_for_is_said_and_shows_no_row(client, household):
    address = address_of(find(client, "730075112"))
    for typed in ("!!!", "🙂", "\u200f", "---", "Иванов"):
        grid = pages.grid(filter_by(client, address, last_name=typed))
        assert grid.filter_errors == {"Last Name": "Enter letters from A to Z."}, typed
        assert grid.rows == [], typed


@pytest.mark.feature("SRC_13")
def test_filters_keep_paging_right_and_paging_keeps_filters(client, long_list):
    grid = pages.grid(filter_by(client, address_of(find(client, "555000111")), status="grace", product_name="bronze"))
    assert grid.head_line == "1 - 22 of 22 Search Results"
    half = pages.grid(filter_by(client, address_of(find(client, "555000111")), product_name="bronze"))
    assert half.head_line == "1 - 25 of 67 Search Results"
    second = pages.grid(client.get(half.url("Next")))
    assert second.head_line == "26 - 50 of 67 Search Results"
    assert set(second.column("Product Name")) == {"Bronze PPO"}


def test_a_filter_stays_in_its_box(client, household):
    response = filter_by(client, address_of(find(client, "730075112")), product_name="bronze", status="grace")
    boxes = {box.attrs["name"]: box.attrs["value"] for box in pages.grid(response).element.all("input", type="text")}
    assert (boxes["f_product_name"], boxes["f_status"], boxes["f_last_name"]) == ("bronze", "grace", "")


HOSTILE = [
    "a\x00b",
    "x" * 10_000,
    "👩‍👩‍👧",
    "\u202eabc\u200f",
    "%_\\'",
    "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b",
    "=1+1",
]


def test_no_text_under_any_heading_breaks_the_page(client, household):
    address = address_of(find(client, "730075112"))
    for typed in HOSTILE:
        response = filter_by(client, address, **{column.key: typed for column in POLICY_COLUMNS})
        assert (response.status_code, pages.grid(response).rows) == (200, []), typed
        assert "<script>alert" not in response.content.decode()
        assert client.get(f"{address_of(response)}&format=csv").status_code == 200


def test_broken_utf8_is_no_fault(client, household):
    address = address_of(find(client, "730075112"))
    body = b"grid=filters&f_last_name=%ED%A0%80%FF"
    response = client.post(address, body, content_type="application/x-www-form-urlencoded", follow=True)
    assert response.status_code == 200


# --- sorting and columns ---


@pytest.mark.feature("SRC_17")
def test_headings_sort_both_ways(client, long_list):
    first = pages.grid(find(client, "555000111"))
    up = pages.grid(client.get(first.url("Paid To Date")))
    assert up.column("Paid To Date")[0] == "01/01/2026"
    down = pages.grid(client.get(up.url("Paid To Date")))
    newest = max(policy.paid_to_date for policy in long_list)
    assert down.column("Paid To Date")[0] == f"{newest:%m/%d/%Y}"
    heading = next(cell for cell in down.element.all("th") if cell.text == "Paid To Date")
    assert heading.attrs["aria-sort"] == "descending"


@pytest.mark.feature("SRC_17")
@pytest.mark.long
def test_every_column_can_be_sorted_by(client, household):
    grid = pages.grid(find(client, "730075112"))
    for label in pages.SIXTEEN_COLUMNS:
        for grid_sorted in (pages.grid(client.get(grid.url(label))),):
            assert len(pages.grid(client.get(grid_sorted.url(label))).rows) == 2


@pytest.mark.feature("SRC_17")
def test_the_status_sorts_by_what_is_shown(world, client):
    primary = MemberFactory(ssn=SHARED_SSN)
    for trait in ({"future": True}, {"termed": True}, {"in_grace": True}, {"cancelled": True}, {"unpaid": True}, {}):
        PolicyFactory(primary=primary, producer_number=world.number, **trait)
    up = pages.grid(client.get(pages.grid(find(client, "5678", "ssn4")).url("Status")))
    assert up.column("Status") == sorted(up.column("Status"))
    assert len(set(up.column("Status"))) == 6
    down = pages.grid(client.get(up.url("Status")))
    assert down.column("Status") == sorted(up.column("Status"), reverse=True)


@pytest.mark.feature("SRC_17")
def test_chosen_columns_are_shown_and_stay_chosen(client, long_list):
    response = filter_by(
        client, address_of(find(client, "555000111")), extra={"col": ["last_name", "status", "paid_to_date"]}
    )
    grid = pages.grid(response)
    assert grid.headers == ["Last Name", "Status", "Paid To Date"]
    assert pages.grid(client.get(grid.url("Next"))).headers == grid.headers
    assert pages.grid(client.get(grid.url("Status"))).headers == grid.headers


# --- back, reload, other people's results ---


@pytest.mark.feature("SRC_17")
def test_reload_shows_the_same_view(client, long_list):
    response = filter_by(client, address_of(find(client, "555000111")), product_name="bronze", extra={"size": "10"})
    address = f"{address_of(response)}&page=3&sort=-paid_to_date"
    once, again = pages.grid(client.get(address)), pages.grid(client.get(address))
    assert once.rows == again.rows
    assert once.head_line == again.head_line == "21 - 30 of 67 Search Results"


@pytest.mark.feature("SRC_17")
def test_back_shows_the_result_as_it_was_before_the_filters_changed(client, household):
    before = address_of(find(client, "730075112"))
    after = filter_by(client, before, product_name="dental")
    assert address_of(after) != before
    assert len(pages.grid(after).rows) == 1
    assert len(pages.grid(client.get(before)).rows) == 2
    cleared = filter_by(client, address_of(after), product_name="dental", extra={"clear": "1"})
    assert len(pages.grid(cleared).rows) == 2
    assert len(pages.grid(client.get(address_of(after))).rows) == 1


@pytest.mark.feature("SRC_17")
def test_a_result_opens_for_its_owner_only(world, client, sign_in, household):
    address = address_of(find(client, "730075112"))
    for who in ("outsider", "principal", "admin"):
        response = sign_in(getattr(world, who)).get(address, follow=True)
        assert not pages.read(response).all("section", class_="grid")
        assert pages.messages(response) == ["That search is no longer open. Please search again."]


def test_a_result_that_is_no_longer_open_says_so_and_offers_the_form(client, household):
    old = address_of(find(client, "730075112"))
    for _ in range(criteria.KEPT):
        find(client, "1")
    response = client.get(old, follow=True)
    assert response.redirect_chain == [("/clients/", 302)]
    assert pages.messages(response) == ["That search is no longer open. Please search again."]
    assert client.post(old, {"grid": "filters"}, follow=True).redirect_chain == [("/clients/", 302)]


def test_a_report_is_no_search_and_a_search_no_report(client, household):
    report = parse_qs(urlsplit(client.post("/reports/new/", {"policy_status": "ALL"}).url).query)["r"][0]
    search = parse_qs(urlsplit(address_of(find(client, "730075112"))).query)["r"][0]
    assert client.get(f"/clients/?r={report}").status_code == 302
    assert client.get(f"/reports/new/?r={search}").status_code == 302


def test_a_result_shows_what_is_true_now_not_what_was_found_then(world, client, household):
    address = address_of(find(client, "730075112"))
    Policy.objects.filter(pk=household["dental"].pk).update(producer_number=ProducerNumberFactory())
    assert len(pages.grid(client.get(address)).rows) == 1


def test_looking_again_does_not_write_the_session(client, long_list):
    """Two tabs share a session: what one has just kept must not be undone because the other was reloaded."""
    address = address_of(find(client, "555000111"))
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    assert not [query for query in captured if query["sql"].startswith("UPDATE")]


def test_the_client_page_leads_back_to_the_very_view(client, long_list):
    address = f"{address_of(find(client, '555000111'))}&page=2&sort=-paid_to_date"
    client.get(address)
    page = pages.read(client.get("/clients/555000111/"))
    assert page.one("a", class_="back-link").attrs["href"] == address


# --- what stays secret ---


@pytest.mark.feature("SRC_17")
@pytest.mark.feature("SRC_18")
def test_no_address_names_a_person_or_repeats_what_was_typed(client, household):
    found = find(client, "5678", "ssn4")
    filtered = filter_by(
        client, address_of(found), last_name="Muñoz", first_name="Tanya", paid_to_date="01/01/2026", account_number="73"
    )
    narrowed = filter_by(client, address_of(found), last_name="Muñoz")
    assert len(pages.grid(narrowed).rows) == 2
    for response in (found, filtered, narrowed):
        for address in every_address(response):
            asked = parse_qs(urlsplit(address).query)
            assert set(asked) <= {"r", "sort", "page", "size", "col", "format", "from", "change", "cards"}
            asked.pop("r", None)  # random, so it may spell anything
            assert not re.search(r"5678|Mu|Tanya|01/01", f"{urlsplit(address).path} {asked}"), address


@pytest.mark.feature("SRC_18")
def test_no_page_file_or_log_line_holds_a_social_security_number(client, household, caplog):
    found = find(client, "5678", "ssn4")
    answers = [
        found,
        client.get("/clients/730075112/"),
        client.get(f"{address_of(found)}&format=csv"),
        client.post(SEARCH, {"by": "ssn4", "value": "912-34-5678"}),
    ]
    texts = [answer.getvalue().decode() for answer in answers]
    for text in [*texts[:3], caplog.text]:
        assert not re.search(r"912-?34-?5678|900007777|900008888|\b\d{3}-\d{2}-\d{4}\b", text)
    assert "5678" in texts[1], "the last four are shown on the client's page"


@pytest.mark.feature("SRC_18")
def test_a_search_is_audited_without_what_was_searched_for(world, sign_in, household):
    client = sign_in(world.delegate)
    found = find(client, "5678", "ssn4")
    find(client, "730075112")
    filtered = filter_by(client, address_of(found), last_name="Munoz")
    client.get(f"{address_of(filtered)}&format=csv").getvalue()
    events = list(AuditEvent.objects.filter(action__startswith="client.").order_by("id"))
    assert [(event.action, event.actor_username) for event in events] == [
        ("client.searched", "dkeller22"),
        ("client.searched", "dkeller22"),
        ("client.list_exported", "dkeller22"),
    ]
    assert [event.details for event in events] == [
        {"by": ["ssn4"]},
        {"by": ["account"]},
        {"format": "csv", "rows": 2},
    ]
    written = " ".join(str(vars(event)) for event in events)
    assert not re.search(r"5678|730075112|(?i:munoz)", written)


@pytest.mark.feature("SRC_18")
def test_filters_are_kept_as_secretly_as_the_search(client, household):
    filter_by(client, address_of(find(client, "5678", "ssn4")), last_name="Munoz", paid_to_date="01/02/2026")
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert not re.search(r"Munoz|5678|01/02/2026", kept)


def test_a_page_of_results_is_kept_by_no_cache(client, household):
    assert "no-store" in find(client, "730075112")["Cache-Control"]


# --- speed ---


def queries(client: Client, address: str) -> int:
    """How many the page asks once it has been noted as the place to come back to."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("who", ["producer", "delegate", "principal", "admin"])
@pytest.mark.sampled(2)
def test_a_page_of_twenty_five_rows_asks_no_more_than_one_of_one_row(world, sign_in, long_list, who):
    client = sign_in(getattr(world, who))
    one = queries(client, address_of(find(client, world.account_number)))
    many = queries(client, address_of(find(client, "555000111")))
    hundred = queries(client, f"{address_of(find(client, '555000111'))}&size=100")
    assert one + 1 == many == hundred  # a page that is not full needs no count
    assert many <= 12


# --- files ---


def workbook(response: HttpResponse) -> list[list]:
    sheet = openpyxl.load_workbook(io.BytesIO(response.getvalue())).active
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def csv_rows(response: HttpResponse) -> list[list[str]]:
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.feature("SRC_17")
@pytest.mark.feature("REP_17")
def test_the_file_holds_the_whole_result_not_the_page(client, long_list):
    grid = pages.grid(find(client, "555000111"))
    rows = workbook(client.get(grid.export_url("xlsx")))
    assert rows[0] == pages.SIXTEEN_COLUMNS
    assert len(rows) == 135
    assert len(csv_rows(client.get(grid.export_url("csv")))) == 135


@pytest.mark.feature("SRC_17")
def test_the_file_follows_filters_order_and_chosen_columns(client, long_list):
    response = filter_by(
        client,
        f"{address_of(find(client, '555000111'))}&sort=-paid_to_date&size=10",
        product_name="bronze",
        extra={"col": ["paid_to_date", "product_name", "member_count"], "size": "10"},
    )
    grid = pages.grid(response)
    table = workbook(client.get(grid.export_url("xlsx")))
    assert table[0] == ["Member Count", "Product Name", "Paid To Date"]
    assert len(table) == 68
    assert all("Bronze PPO" in row[1] for row in table[1:])
    days = [row[2] for row in table[1:]]
    assert days == sorted(days, reverse=True)
    assert all(isinstance(row[0], int) for row in table[1:])
    text = csv_rows(client.get(grid.export_url("csv")))
    assert text[0] == table[0]
    assert [row[2] for row in text[1:]] == [f"{day:%m/%d/%Y}" for day in days]


@pytest.mark.parametrize(
    ("file_format", "content_type"),
    [("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), ("csv", "text/csv; charset=utf-8")],
)
def test_the_file_is_a_download_named_for_its_day(client, household, file_format, content_type):
    response = client.get(pages.grid(find(client, "730075112")).export_url(file_format))
    assert response["Content-Type"] == content_type
    day = timezone.localdate()
    assert response["Content-Disposition"] == f'attachment; filename="clients-{day:%Y-%m-%d}.{file_format}"'
    assert response.getvalue()


@pytest.mark.feature("PRO_10")
def test_a_clients_name_never_becomes_a_formula(world, client):
    primary = MemberFactory(last_name="=1+1", first_name="@SUM(1)", ssn=SHARED_SSN)
    PolicyFactory(primary=primary, producer_number=world.number, product_name="+1", group_number="-1")
    grid = pages.grid(find(client, "5678", "ssn4"))
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(grid.export_url("xlsx")).getvalue())).active
    named = {cell.value: next(sheet.iter_rows(min_row=2))[n] for n, cell in enumerate(sheet[1])}
    texts = [named[label] for label in ("Last Name", "First Name", "Product Name", "Group Number")]
    assert [cell.data_type for cell in texts] == ["s"] * 4
    assert [cell.value for cell in texts] == ["=1+1", "@SUM(1)", "+1", "-1"]
    _, row = csv_rows(client.get(grid.export_url("csv")))
    assert (row[0], row[1], row[10], row[6]) == ("'=1+1", "'@SUM(1)", "'+1", "'-1")


def test_an_unknown_kind_of_file_is_the_page(client, household):
    response = client.get(f"{address_of(find(client, '730075112'))}&format=pdf")
    assert len(pages.grid(response).rows) == 2


@pytest.mark.parametrize("file_format", ["xlsx", "csv"])
def test_nobody_downloads_anothers_result(world, client, sign_in, household, file_format):
    address = f"{address_of(find(client, '730075112'))}&format={file_format}"
    assert sign_in(world.outsider).get(address).status_code == 302
    assert sign_in(world.delegate_without_view).get(address).status_code == 403
    assert Client().get(address).url.startswith("/accounts/login/")


# --- htmx ---


def test_the_grid_refreshes_itself_with_the_same_answer(client, household):
    """htmx takes the grid out of the whole page, so an answer to it is the same page."""
    address = address_of(find(client, "730075112"))
    plain = client.get(address)
    partial = client.get(address, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert pages.grid(plain).rows == pages.grid(partial).rows
    moved = client.post(address, {"grid": "filters", "f_status": "grace"}, headers={"HX-Request": "true"})
    assert moved.status_code == 302


@pytest.mark.feature("SRC_11")
def test_the_sixteen_columns_of_a_page_take_one_statement(world, household):
    table = SearchTable(Policy.objects.for_user(world.producer), GridState(), action="/clients/")
    with CaptureQueriesContext(connection) as taken:
        view = table.view()
    assert len(view.rows) == 4
    assert len([query for query in taken.captured_queries if "clients_policy" in query["sql"]]) == 2  # keys, then rows


@pytest.mark.feature("SRC_14")
@pytest.mark.parametrize("number", ["730075112", "A 1?#%b", "é-00-7"])
def test_the_link_to_a_client_is_the_address_the_page_answers_at(world, number):
    policy = PolicyFactory(primary=MemberFactory(account__number=number), producer_number=world.number)
    assert resolve(unquote(urlsplit(client_url(policy)).path)).kwargs == {"account_number": number}
