"""The workbook writer: what goes in comes back by openpyxl with its type, and nothing else is in the file."""

import io
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common import xlsx

pytestmark = pytest.mark.no_db

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def written(rows, headings=("A", "B")) -> io.BytesIO:
    target = io.BytesIO()
    with xlsx.Sheets(target) as book:
        assert book.write(name="Report", headings=headings, rows=rows) == len(rows)
    return target


def read(rows, headings=("A", "B")) -> list[tuple]:
    sheet = openpyxl.load_workbook(written(rows, headings)).active
    return list(sheet.iter_rows(min_row=2, max_row=len(rows) + 1, max_col=len(headings), values_only=True))


@pytest.mark.feature("REP_17")
@given(st.dates(date(1900, 1, 1)))
def test_every_day_excel_knows_comes_back(day):
    ((found, _),) = read([[day, None]])
    assert found.date() == day if isinstance(found, datetime) else found == day


def test_the_day_that_never_was_is_jumped_over():
    rows = [[date(1900, 1, 1), 1], [date(1900, 2, 28), 59], [date(1900, 3, 1), 61], [date(2026, 11, 22), 46348]]
    archive = zipfile.ZipFile(written(rows))
    values = [
        cell.text
        for cell in ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml")).iter()  # noqa: S314 - our own file
        if cell.tag.endswith("}v")
    ]
    assert values[::2] == values[1::2]


@pytest.mark.feature("REP_17")
@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
@pytest.mark.long
def test_money_comes_back_to_the_cent(amount):
    ((found, _),) = read([[amount, None]])
    assert Decimal(str(found)) == amount


@given(st.integers(-(2**50), 2**50), st.datetimes(datetime(1900, 3, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - a workbook knows no zones
@pytest.mark.long
def test_numbers_and_moments_come_back(number, moment):
    ((one, other),) = read([[number, moment.replace(microsecond=0)]])
    assert one == number
    assert abs(other - moment.replace(microsecond=0)) < timedelta(seconds=1)


@pytest.mark.feature("PRO_10")
@given(st.lists(st.tuples(WORDS, WORDS), max_size=5))
def test_text_comes_back_as_text_in_its_cell(rows):
    escaped = [tuple(None if not xlsx.clean_text(text) else xlsx.clean_text(text) for text in row) for row in rows]
    sheet = openpyxl.load_workbook(written(rows)).active
    found = [[sheet.cell(line, place).value for place in (1, 2)] for line in range(2, len(rows) + 2)]
    assert [[_plain(value) for value in row] for row in found] == [list(row) for row in escaped]


def _plain(value):
    return value.replace("_x005F_", "_") if value else None


def test_what_excel_would_take_for_a_character_of_its_own_stays_text():
    archive = zipfile.ZipFile(written([["_x0041_", "_x"]]))
    assert b"_x005F_x0041_" in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ufffe", "\x00\x1f", "x" * 40_000, "&<>\"'", "  edge  "])
def test_no_text_makes_the_file_unreadable_or_longer_than_a_cell(text):
    ((found, beside),) = read([[text, "beside"]])
    assert beside == "beside"
    assert (found or "") == xlsx.clean_text(text)[: xlsx.TEXT_IN_A_CELL]


def test_equal_values_of_other_types_are_not_mixed_up():
    rows = [[1, "1"], [Decimal("1"), True], [1, "1"]]
    sheet = openpyxl.load_workbook(written(rows)).active
    assert [[cell.data_type for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["n", "s"],
        ["n", "s"],
        ["n", "s"],
    ]
    assert [cell.number_format for cell in sheet["A"][1:]] == ["General", "#,##0.00", "General"]


def test_amounts_that_are_no_numbers_are_written_as_text():
    assert read([[Decimal("NaN"), Decimal("Infinity")]]) == [("NaN", "Infinity")]


@pytest.mark.parametrize("width", [1, 26, 27, 703])
def test_columns_are_called_as_in_excel(width):
    target = written([list(range(width))], [f"H{n}" for n in range(width)])
    sheet = openpyxl.load_workbook(target).active
    assert [cell.value for cell in sheet[2]] == list(range(width))
    assert sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(width)}2"


@pytest.mark.parametrize(
    ("name", "title"), [("A/B: [x]*?", "A B   x"), ("'quoted'", "quoted"), ("", "Sheet"), ("n" * 40, "n" * 26)]
)
def test_a_sheet_has_a_name_that_excel_takes(name, title):
    target = io.BytesIO()
    with xlsx.Sheets(target) as book:
        book.write(name=name, headings=["A"], rows=[])
    assert openpyxl.load_workbook(target).sheetnames == [title]


def test_two_sheets_may_have_one_name():
    target = io.BytesIO()
    with xlsx.Sheets(target) as book:
        for rows in ([["x"]], [["y"], ["z"]]):
            book.write(name="Report", headings=["A"], rows=rows)
    book = openpyxl.load_workbook(target)
    assert [(sheet.title, sheet.max_row) for sheet in book] == [("Report", 2), ("Report 2", 3)]


def test_a_failure_in_the_middle_leaves_no_workbook():
    def rows():
        yield ["x"]
        raise ValueError("broken")

    target = io.BytesIO()
    with pytest.raises(ValueError, match="broken"), xlsx.Sheets(target) as book:
        book.write(name="Report", headings=["A"], rows=rows())
    with pytest.raises(Exception, match="no item named|not a zip|Content_Types"):
        openpyxl.load_workbook(target)


def test_a_row_of_another_width_is_refused():
    with pytest.raises(ValueError, match="zip"), xlsx.Sheets(io.BytesIO()) as book:
        book.write(name="Report", headings=["A", "B"], rows=[["only one"]])
