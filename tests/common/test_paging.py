import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.paging import DEFAULT_PAGE_SIZE, PAGE_SIZES, Page, read_number, read_size

pytestmark = [pytest.mark.no_db, pytest.mark.feature("SRC_11")]


@pytest.mark.parametrize(
    ("total", "size", "asked", "number", "pages", "head_line"),
    [
        (134, 25, "1", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, "6", 6, 6, "126 - 134 of 134 Search Results"),
        (134, 25, "7", 6, 6, "126 - 134 of 134 Search Results"),
        (134, 25, "999999999999999999", 6, 6, "126 - 134 of 134 Search Results"),
        (134, 25, "0", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, "-2", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, "two", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, "", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, None, 1, 6, "1 - 25 of 134 Search Results"),
        (134, 25, " 3 ", 3, 6, "51 - 75 of 134 Search Results"),
        (134, 25, "²", 1, 6, "1 - 25 of 134 Search Results"),
        (134, 100, "2", 2, 2, "101 - 134 of 134 Search Results"),
        (125, 25, "5", 5, 5, "101 - 125 of 125 Search Results"),
        (126, 25, "9", 6, 6, "126 - 126 of 126 Search Results"),
        (1, 25, "1", 1, 1, "1 - 1 of 1 Search Results"),
        (0, 25, "1", 1, 1, "0 Search Results"),
        (0, 25, "4", 1, 1, "0 Search Results"),
        (1234567, 25, "2", 2, 49383, "26 - 50 of 1,234,567 Search Results"),
    ],
)
def test_pages_are_counted_as_on_the_carriers_screens(total, size, asked, number, pages, head_line):
    page = Page(number=read_number(asked, total=total, size=size), size=size, total=total, sizes=[])
    assert (page.number, page.pages, page.head_line) == (number, pages, head_line)


@given(total=st.integers(0, 5000), size=st.sampled_from(PAGE_SIZES), asked=st.one_of(st.text(), st.integers().map(str)))
def test_every_page_asked_for_is_one_that_exists(total, size, asked):
    page = Page(number=read_number(asked, total=total, size=size), size=size, total=total, sizes=[])
    assert 1 <= page.number <= page.pages
    assert 0 <= page.first_row <= page.last_row <= total
    assert (page.first_row == 0) == (total == 0)


@given(total=st.integers(0, 500), size=st.sampled_from(PAGE_SIZES))
def test_the_pages_together_hold_every_row_once(total, size):
    last = Page(number=1, size=size, total=total, sizes=[]).pages
    pages = [Page(number=number, size=size, total=total, sizes=[]) for number in range(1, last + 1)]
    rows = [row for page in pages for row in range(page.offset, min(page.offset + page.size, total))]
    assert rows == list(range(total))


@pytest.mark.parametrize(
    ("asked", "size"),
    [("10", 10), ("100", 100), ("26", 25), ("1000000", 25), ("0", 25), ("-10", 25), ("ten", 25), ("", 25), (None, 25)],
)
def test_only_the_offered_sizes_are_taken(asked, size):
    assert read_size(asked) == size


@given(st.text())
def test_no_text_breaks_the_page_size(text):
    assert read_size(text) in PAGE_SIZES


def test_a_number_of_many_thousand_digits_is_no_size_and_no_page():
    digits = "9" * 5000
    assert read_size(digits) == DEFAULT_PAGE_SIZE
    assert read_number(digits, total=134, size=25) == 6
