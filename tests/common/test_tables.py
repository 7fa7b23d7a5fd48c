from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Policy
from portal.common import criteria, grid_posts
from portal.common.tables import (
    FILTER_LENGTH,
    Column,
    GridState,
    Table,
    contains,
    display,
    label_contains,
    on_day,
    posted_filters,
    starts,
    whole_number,
)
from tests.support.factories import PolicyFactory, ProducerNumberFactory

HOSTILE = {
    "NUL byte": "a\x00b",
    "only NUL bytes": "\x00\x00",
    "ten thousand characters": "x" * 10_000,
    "emoji": "👩‍👩‍👧🏽",
    "right-to-left marks": "\u202eabc\u200f",
    "only a right-to-left mark": "\u200f",
    "wildcards": "%_\\",
    "quotes": "' OR 1=1 --",
    "markup": "<script>alert(1)</script>",
    "blanks of every kind": " \t\u00a0\u2003\u3000 ",
    "broken UTF-8, as Django decodes it": "a\ufffdb",
    "newlines": "a\r\nb",
}


class GridOfPolicies(Table[Policy]):
    """A grid with one column of every kind."""

    id = "grid"
    caption = "Policies"
    default_sort = ("product_name",)
    empty_title = "No policy"
    columns = (
        Column(
            key="product",
            label="Product",
            value=lambda policy: policy.product_name,
            sort=("product_name",),
            filter_by=contains("product_name", "group_number"),
        ),
        Column(key="eapp", label="E-App", value=lambda policy: policy.eapp_number, filter_by=starts("eapp_number")),
        Column(
            key="members",
            label="Members",
            kind="number",
            value=lambda policy: policy.member_count,
            sort=("member_count",),
            filter_by=whole_number("member_count"),
        ),
        Column(
            key="term",
            label="Termed",
            kind="date",
            value=lambda policy: policy.term_date,
            sort=("term_date",),
            filter_by=on_day("term_date"),
        ),
        Column(
            key="market",
            label="Market",
            value=lambda policy: policy.get_market_display(),
            filter_by=label_contains("market", Policy.Market.choices),
            choices=[("", "Any"), ("ON", "On"), ("OFF", "Off")],
        ),
        Column(
            key="premium",
            label="Premium",
            kind="money",
            value=lambda policy: policy.monthly_premium,
            shown=False,
        ),
    )


def grid(address: str = "", filters: dict[str, str] | None = None, keep=()) -> GridOfPolicies:
    state = GridState.read(QueryDict(address), filters=filters)
    return GridOfPolicies(Policy.objects.all(), state, action="/there/", keep=keep)


def products(table: Table) -> list[str]:
    return [row.cells[0].text for row in table.view().rows]


def statements(table: Table) -> list[str]:
    with CaptureQueriesContext(connection) as taken:
        table.view()
    return [query["sql"] for query in taken.captured_queries]


@pytest.mark.feature("SRC_11")
@pytest.mark.parametrize(
    ("address", "counted"),
    [("", False), ("page=1", False), ("page=2", True), ("size=10", False), ("page=x", False)],
)
def test_a_first_page_that_is_not_full_has_counted_the_rows(book, address, counted):
    table = grid(address)
    assert any("COUNT(" in sql for sql in statements(table)) == counted
    assert (table.view().page.total, len(table.view().rows)) == (3, 3)


@pytest.mark.feature("SRC_11")
def test_a_first_page_that_is_full_or_empty_counts_them(book):
    PolicyFactory.create_batch(7, producer_number=book[0].producer_number)
    assert grid("size=10").view().page.total == 10
    PolicyFactory(producer_number=book[0].producer_number)
    assert grid("size=10").view().page.total == 11
    assert grid(filters={"eapp": "9"}).view().page.total == 0


@pytest.fixture
def book():
    """Three policies: alpha, Beta and gamma, told apart by every column."""
    number = ProducerNumberFactory()
    common = {"producer_number": number, "effective_date": date(2026, 1, 1)}
    return [
        PolicyFactory(
            **common,
            product_name="Alpha PPO",
            group_number="IB1",
            eapp_number="0100000001",
            member_count=1,
            market="ON",
            term_date=None,
        ),
        PolicyFactory(
            **common,
            product_name="Beta HMO",
            group_number="DI2",
            eapp_number="0100000002",
            member_count=12,
            market="OFF",
            term_date=date(2026, 2, 28),
        ),
        PolicyFactory(
            **common,
            product_name="Gamma PPO",
            group_number="IB3",
            eapp_number="0200000003",
            member_count=2,
            market="OFF",
            term_date=date(2026, 1, 31),
        ),
    ]


# --- sorting ---


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("product", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("-product", ["Gamma PPO", "Beta HMO", "Alpha PPO"]),
        ("members", ["Alpha PPO", "Gamma PPO", "Beta HMO"]),
        ("-members", ["Beta HMO", "Gamma PPO", "Alpha PPO"]),
        ("term", ["Gamma PPO", "Beta HMO", "Alpha PPO"]),
        ("-term", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("eapp", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("password", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("-", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ("producer_number__producer__user__password", ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
    ],
)
@pytest.mark.feature("SRC_17")
def test_rows_are_sorted_by_offered_columns_only(book, sort, expected):
    assert products(grid(f"sort={sort}")) == expected


def test_equal_rows_keep_one_order_so_that_pages_neither_repeat_nor_lose_a_row():
    number = ProducerNumberFactory()
    made = [PolicyFactory(producer_number=number, product_name="Same").pk for _ in range(30)]
    seen = []
    for page in (1, 2, 3):
        table = grid(f"size=10&sort=product&page={page}")
        seen += [
            policy.pk
            for policy in table.page_rows(
                SimpleNamespace(offset=(page - 1) * 10, size=10, total=30, last_row=page * 10)
            )
        ]
    assert seen == made


def test_a_heading_sorts_up_then_down_and_says_which(book):
    def heading(address: str):
        return grid(address).view().columns[0]

    assert (heading("").sort_state, heading("").sort_url) == ("", "/there/?sort=product")
    assert (heading("sort=product").sort_state, heading("sort=product").sort_url) == ("asc", "/there/?sort=-product")
    assert (heading("sort=-product").sort_state, heading("sort=-product").sort_url) == ("desc", "/there/?sort=product")
    assert grid().view().columns[1].sortable is False


# --- filters ---


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ({"product": "ppo"}, ["Alpha PPO", "Gamma PPO"]),
        ({"product": "IB"}, ["Alpha PPO", "Gamma PPO"]),
        ({"product": "%"}, []),
        ({"product": "_"}, []),
        ({"eapp": "01"}, ["Alpha PPO", "Beta HMO"]),
        ({"eapp": "1"}, []),
        ({"members": "12"}, ["Beta HMO"]),
        ({"members": "1"}, ["Alpha PPO"]),
        ({"members": "999999"}, []),
        ({"term": "02/28/2026"}, ["Beta HMO"]),
        ({"term": "2/28/2026"}, ["Beta HMO"]),
        ({"term": "12/31/9999"}, ["Alpha PPO"]),
        ({"market": "off-ex"}, ["Beta HMO", "Gamma PPO"]),
        ({"market": "exchange"}, ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ({"market": "dental"}, []),
        ({"product": "ppo", "market": "off", "members": "2"}, ["Gamma PPO"]),
        ({"premium": "1"}, ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
        ({"nothing": "1"}, ["Alpha PPO", "Beta HMO", "Gamma PPO"]),
    ],
)
@pytest.mark.feature("SRC_13")
@pytest.mark.sampled(8)
def test_filters_narrow_and_combine(book, filters, expected):
    assert products(grid(filters=filters)) == expected


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("term", "2026-02-28", "Enter a date as mm/dd/yyyy."),
        ("term", "02/30/2026", "Enter a date as mm/dd/yyyy."),
        ("term", "soon", "Enter a date as mm/dd/yyyy."),
        ("members", "two", "Enter a whole number."),
        ("members", "-1", "Enter a whole number."),
        ("members", "1.5", "Enter a whole number."),
        ("members", "1234567", "Enter a whole number."),
        ("members", "²", "Enter a whole number."),
    ],
)
@pytest.mark.feature("SRC_13")
def test_what_cannot_be_read_is_said_beside_its_column_and_shows_no_row(book, key, typed, said):
    view = grid(filters={key: typed}).view()
    columns = {column.key: column for column in view.columns}
    assert (columns[key].filter_error, columns[key].filter_value) == (said, typed)
    assert [column.key for column in view.columns if column.filter_error] == [key]
    assert (view.rows, view.page.total, view.filtered) == ([], 0, True)
    assert view.empty_title == "No row matches the filters"


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("key", ["product", "eapp", "members", "term", "market"])
@pytest.mark.sampled(15)
def test_no_text_under_a_heading_breaks_the_grid(book, key, typed):
    posted = QueryDict(mutable=True)
    posted[f"f_{key}"] = typed
    table = grid(filters=posted_filters(posted))
    assert len(table.view().rows) == len(list(table.all_rows()))
    assert len(table.view().rows) in (0, 3)


@pytest.mark.no_db
@given(st.dictionaries(st.text(max_size=5).map("f_".__add__), st.text(max_size=200), max_size=5))
def test_posted_filters_are_short_and_clean(posted):
    query = QueryDict(mutable=True)
    query.update(posted)
    for value in posted_filters(query).values():
        assert value.strip() == value != ""
        assert len(value) <= FILTER_LENGTH
        assert "\x00" not in value


@pytest.mark.no_db
def test_only_fields_under_headings_are_filters():
    posted = QueryDict("f_product=ppo&f_eapp=&f_term=++&size=50&csrfmiddlewaretoken=x&product=hmo")
    assert posted_filters(posted) == {"product": "ppo"}


def test_a_chosen_entry_of_a_list_filter_stays_chosen(book):
    market = next(column for column in grid(filters={"market": "OFF"}).view().columns if column.key == "market")
    assert market.filter_choices == [("", "Any", False), ("ON", "On", False), ("OFF", "Off", True)]


# --- pages, size, columns ---


@pytest.fixture
def long_book():
    number = ProducerNumberFactory()
    return [PolicyFactory(producer_number=number, product_name=f"Plan {n:02}") for n in range(23)]


@pytest.mark.parametrize(
    ("address", "head_line", "first", "last"),
    [
        ("size=10", "1 - 10 of 23 Search Results", "Plan 00", "Plan 09"),
        ("size=10&page=2", "11 - 20 of 23 Search Results", "Plan 10", "Plan 19"),
        ("size=10&page=3", "21 - 23 of 23 Search Results", "Plan 20", "Plan 22"),
        ("size=10&page=4", "21 - 23 of 23 Search Results", "Plan 20", "Plan 22"),
        ("size=10&page=0", "1 - 10 of 23 Search Results", "Plan 00", "Plan 09"),
        ("size=10&page=x", "1 - 10 of 23 Search Results", "Plan 00", "Plan 09"),
        ("size=7", "1 - 23 of 23 Search Results", "Plan 00", "Plan 22"),
        ("page=2", "1 - 23 of 23 Search Results", "Plan 00", "Plan 22"),
    ],
)
@pytest.mark.feature("SRC_11")
@pytest.mark.sampled(4)
def test_a_page_past_either_end_shows_the_nearest_one(long_book, address, head_line, first, last):
    view = grid(address).view()
    shown = [row.cells[0].text for row in view.rows]
    assert (view.page.head_line, shown[0], shown[-1]) == (head_line, first, last)


@pytest.mark.feature("SRC_11")
def test_pages_lead_to_each_other(long_book):
    def targets(number: int):
        page = grid(f"size=10&page={number}").view().page
        return [
            parse_qs(urlsplit(url).query)["page"][0] if url else ""
            for url in (page.url_first, page.url_previous, page.url_next, page.url_last)
        ]

    assert targets(1) == ["", "", "2", "3"]
    assert targets(2) == ["1", "1", "3", "3"]
    assert targets(3) == ["1", "2", "", ""]


def test_filters_are_counted_before_pages_are_cut(long_book):
    view = grid("size=10", filters={"product": "Plan 1"}).view()
    assert (view.page.total, view.page.pages, len(view.rows)) == (10, 1, 10)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ["product", "eapp", "members", "term", "market"]),
        ("col=premium&col=product", ["product", "premium"]),
        ("col=nothing", ["product", "eapp", "members", "term", "market"]),
        ("col=term&col=nothing", ["term"]),
    ],
)
@pytest.mark.feature("SRC_17")
def test_columns_are_chosen_and_keep_their_order(book, address, expected):
    view = grid(address).view()
    assert [column.key for column in view.columns] == expected
    assert [column.key for column in view.all_columns if column.visible] == expected
    assert len(view.all_columns) == 6
    assert all(len(row.cells) == len(expected) for row in view.rows)


# --- addresses ---


def addresses(view) -> list[str]:
    page = view.page
    urls = [view.action, page.url_first, page.url_previous, page.url_next, page.url_last]
    return [*urls, *(column.sort_url for column in view.columns), *(url for _, url in view.export_urls)]


@pytest.mark.feature("SRC_17")
def test_no_address_carries_a_filter(long_book):
    view = grid("size=10&page=2&sort=-product&col=product&col=term", filters={"product": "Plan", "eapp": "0"}).view()
    assert view.page.total == 23
    for url in filter(None, addresses(view)):
        assert set(parse_qs(urlsplit(url).query)) <= {"r", "sort", "page", "size", "col", "format"}
        assert "Plan" not in url


def test_every_address_keeps_the_rest_of_the_view(long_book):
    view = grid("size=10&page=2&sort=-product&col=product&col=term", keep=[("r", "abc"), ("empty", "")]).view()
    kept = {"r": ["abc"], "size": ["10"], "col": ["product", "term"]}
    for url in filter(None, addresses(view)):
        asked = parse_qs(urlsplit(url).query)
        assert {name: asked[name] for name in kept} == kept
        assert "empty" not in asked
    assert parse_qs(urlsplit(view.page.url_next).query)["sort"] == ["-product"]
    assert "page" not in parse_qs(urlsplit(view.columns[0].sort_url).query), "a new order starts on its first page"
    assert "page" not in parse_qs(urlsplit(view.export_urls[0][1]).query), "a file holds every page"


def test_what_is_not_offered_does_not_stay_in_the_addresses(book):
    view = grid("sort=Washington&size=9999&page=Washington&col=Washington&f_product=Washington&x=Washington").view()
    assert not any("Washington" in url for url in addresses(view))
    assert view.action == "/there/"


def test_an_empty_result_offers_no_file(book):
    assert grid(filters={"product": "none"}).view().export_urls == []
    assert [label for label, _ in grid().view().export_urls] == ["Excel", "CSV"]


# --- cells ---


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "text", ""),
        ("", "date", ""),
        (0, "number", "0"),
        (date(2026, 2, 3), "date", "02/03/2026"),
        (datetime(2026, 1, 1, 5, 30, tzinfo=UTC), "date", "12/31/2025 11:30 PM"),
        (datetime(2026, 7, 1, 17, 5, tzinfo=UTC), "text", "07/01/2026 12:05 PM"),
        (datetime(2026, 7, 1, 5, 5, tzinfo=UTC), "text", "07/01/2026 12:05 AM"),
        (True, "text", "Yes"),
        (False, "text", "No"),
        (Decimal("1234.5"), "money", "$1,234.50"),
        (Decimal("-3"), "money", "-$3.00"),
        ("x", "text", "x"),
    ],
)
def test_values_are_written_as_on_the_carriers_screens(value, kind, text):
    assert display(value, kind) == text


def test_the_page_shows_what_the_file_holds(book):
    table = grid()
    shown = [[cell.text for cell in row.cells] for row in table.view().rows]
    held = [[column.shown_text(row) for column in table.visible] for row in table.all_rows()]
    assert shown == held


# --- the two forms of a grid ---


def post(body: str, *, address: str = "", kept: dict | None = None):
    """What the grid's forms answer, and the session they leave behind."""
    kept = kept or {"search": 1}
    request = SimpleNamespace(method="POST", POST=QueryDict(body), GET=QueryDict(address), session={})

    def make_table(state, under):
        return GridOfPolicies(Policy.objects.none(), state, action="/there/", keep=[("r", under)])

    response = grid_posts.answer(request, make_table, result_id="old", kept=kept)
    asked = parse_qs(urlsplit(response.url).query)
    new_id = asked["r"][0]
    return asked, criteria.recall(request, new_id) if new_id != "old" else None


@pytest.mark.no_db
@pytest.mark.feature("SRC_17")
def test_changed_filters_make_a_new_result_beside_the_old():
    asked, kept = post("grid=filters&f_product=ppo&size=50", address="r=old&sort=-product&page=3")
    assert asked["r"] != ["old"]
    assert kept == {"search": 1, "filters": {"product": "ppo"}}
    assert (asked["sort"], asked["size"]) == (["-product"], ["50"])
    assert "page" not in asked


@pytest.mark.no_db
def test_unchanged_filters_stay_the_same_result():
    asked, _ = post("grid=filters&f_product=ppo&size=10", kept={"search": 1, "filters": {"product": "ppo"}})
    assert asked == {"r": ["old"], "size": ["10"]}


@pytest.mark.no_db
def test_cleared_filters_are_a_new_result_without_them():
    asked, kept = post("grid=filters&clear=1&f_product=ppo&size=25", kept={"search": 1, "filters": {"product": "ppo"}})
    assert asked["r"] != ["old"]
    assert kept == {"search": 1, "filters": {}}


@pytest.mark.no_db
def test_hiding_a_column_drops_the_filter_under_it():
    """Otherwise rows would be missing for a reason that nobody can see."""
    asked, kept = post("grid=filters&f_product=ppo&f_term=02/28/2026&col=product&size=25")
    assert asked["col"] == ["product"]
    assert kept == {"search": 1, "filters": {"product": "ppo"}}


@pytest.mark.no_db
def test_the_session_keeps_filters_of_the_grids_own_columns_only():
    _, kept = post("grid=filters&f_product=ppo&" + "&".join(f"f_x{n}=y" for n in range(500)))
    assert kept["filters"] == {"product": "ppo"}


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("typed", "page"), [("3", ["3"]), (" 4 ", ["4"]), ("Washington", None), ("", None), ("9" * 5000, ["9" * 9])]
)
def test_going_to_a_page_changes_nothing_else(typed, page):
    asked, _ = post(
        f"grid=page&page={typed}&f_product=hmo",
        address="r=old&sort=-product&size=10&col=product",
        kept={"search": 1, "filters": {"product": "ppo"}},
    )
    assert asked.pop("page", None) == page
    assert asked == {"r": ["old"], "sort": ["-product"], "size": ["10"], "col": ["product"]}


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("method", "body", "is_one"), [("POST", "grid=page", True), ("POST", "", False), ("GET", "grid=page", False)]
)
def test_a_grid_form_is_recognised(method, body, is_one):
    assert grid_posts.is_grid_post(SimpleNamespace(method=method, POST=QueryDict(body))) is is_one


@pytest.mark.no_db
def test_every_column_key_is_used_once():
    keys = sorted(column.key for column in GridOfPolicies.columns)
    assert all(one != other for one, other in pairwise(keys))
