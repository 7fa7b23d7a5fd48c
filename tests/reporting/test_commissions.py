"""Commission statements: the file is checked as a whole, and only those concerned see them (REP_19)."""

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from portal.common.models import AuditEvent
from reporting.commissions import printing, reading
from reporting.models import CommissionLine, CommissionStatement
from reporting.rules.commission_file import COLUMNS, read
from reporting.services import commissions
from tests.support import pages

TODAY = date(2026, 11, 21)
NUMBER = "000412701"
GOOD = [NUMBER, "10/2026", "New", "730000001", "Tanya Washington", "Bronze", "10/2026", "2", "412.55", "16.50"]
LIST, IMPORT = "/reports/commissions/", "/admin/reporting/commissionstatement/import/"


def line(**changes: str) -> list[str]:
    values = dict(zip(COLUMNS, GOOD, strict=True)) | {name.replace("_", " "): text for name, text in changes.items()}
    return [values[name] for name in COLUMNS]


def problems(*lines: list[str]) -> list[str]:
    rows = [(1, list(COLUMNS)), *((place, cells) for place, cells in enumerate(lines, start=2))]
    return read(rows, known_numbers={NUMBER}, today=TODAY).problems


# --- the file, no database ---


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Producer_Number": "412701"}, "Line 2: Producer Number “412701” is not nine digits."),
        ({"Producer_Number": "٠٠٠٤١٢٧٠١"}, "Line 2: Producer Number “٠٠٠٤١٢٧٠١” is not nine digits."),
        ({"Producer_Number": "000000001"}, "Line 2: Producer Number “000000001” is no producer number of the portal."),
        ({"Month": "13/2026"}, "Line 2: Month “13/2026” is not a month as MM/YYYY."),
        ({"Month": ""}, "Line 2: Month is not a month as MM/YYYY."),
        ({"Month": "12/2026"}, "Line 2: Month “12/2026” is not a month from 01/2014 to 11/2026."),
        ({"Premium_Month": "10/0000"}, "Line 2: Premium Month “10/0000” is not a month from 01/2014 to 11/2026."),
        ({"Type": "Bonus"}, "Line 2: Type “Bonus” is none of New, Renewal, Charge-back, Adjustment."),
        ({"Account_Number": "1" * 13}, f"Line 2: Account Number “{'1' * 13}” is longer than 12 characters."),
        ({"Insured": "a\x00b"}, "Line 2: Insured holds a character that cannot be printed."),
        ({"Members": "0"}, "Line 2: Members “0” is not a whole number from 1 to 99."),
        ({"Premium": "1e9"}, "Line 2: Premium “1e9” is not an amount as 1234.56 or -12.30."),
        ({"Commission": "12.345"}, "Line 2: Commission “12.345” is not an amount as 1234.56 or -12.30."),
        ({"Type": "Charge-back"}, "Line 2: the commission of a Charge-back is not more than 0."),
    ],
)
def test_every_mistake_is_told_with_its_line(changes, problem):
    assert problems(line(**changes)) == [problem]


@pytest.mark.no_db
def test_all_mistakes_of_all_lines_are_told():
    assert len(problems(line(Month="x", Premium="x"), GOOD, line(Type="x"), [""])) == 2 + 1 + 8 - 1


@pytest.mark.no_db
@pytest.mark.parametrize("commission", ["0", "0.00", "-12.30"])
def test_a_charge_back_takes_nothing_or_something_away(commission):
    assert problems(line(Type="Charge-back", Commission=commission)) == []


@pytest.mark.no_db
def test_a_file_without_columns_or_lines_says_so():
    assert read([], known_numbers={NUMBER}, today=TODAY).problems == [
        "The file is empty. Its first line names the columns."
    ]
    assert problems() == ["The file names columns and has no lines."]
    twice = read([(1, [*COLUMNS[1:], "Month"])], known_numbers={NUMBER}, today=TODAY).problems
    assert twice == ["Line 1: there is no column Producer Number.", "Line 1: Month is named twice."]


@pytest.mark.no_db
def test_amounts_are_read_to_the_cent_however_they_are_written():
    for text, amount in (("1,234.5", "1234.50"), ("$16.50", "16.50"), ("(12.30)", "-12.30"), ("-3", "-3.00")):
        rows = [(1, list(COLUMNS)), (2, line(Type="Adjustment", Commission=text))]
        found = read(rows, known_numbers={NUMBER}, today=TODAY)
        assert [one.commission for one in found.lines] == [Decimal(amount)]


def as_csv(*lines: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *lines])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(*lines: list[object]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    for cells in (COLUMNS, *lines):
        book.active.append(list(cells))
    book.save(target)
    return target.getvalue()


@pytest.mark.no_db
def test_a_workbook_reads_like_csv():
    typed = [NUMBER, date(2026, 10, 1), "New", "730000001", "Tanya Washington", "Bronze", "10/2026", 2, 412.55, 16.5]
    assert reading.rows_of("a.XLSX", as_xlsx(typed))[1][1] == [*GOOD[:-1], "16.5"]
    assert reading.rows_of("a.csv", as_csv(GOOD)) == [(1, list(COLUMNS)), (2, GOOD)]


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.pdf", b"%PDF", "ends in .csv or .xlsx"),
        ("a.csv", b"\xff\xfe\x00", "not UTF-8"),
        ("a.csv", b'"open', "not CSV"),
        ("a.xlsx", b"PK\x03\x04 broken", "cannot be read"),
        ("a.csv", b"x" * (reading.LARGEST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(name, content, problem):
    with pytest.raises(reading.CannotRead, match=problem):
        reading.rows_of(name, content)


# --- taking over ---


def good(world, **changes: str) -> list[str]:
    return line(**{"Producer_Number": world.number.number, "Month": "10/2025", "Premium_Month": "10/2025", **changes})


def take_over(world, *lines: list[str], replace: bool = False, key: str = "one") -> commissions.Imported:
    return commissions.take_over(
        name="file.csv", content=as_csv(*lines), replace=replace, by=world.admin, at=timezone.now(), form_key=key
    )


def statement_of(world, **changes: str) -> CommissionStatement:
    take_over(world, good(world), good(world, Type="Charge-back", Commission="-20.00", **changes))
    return CommissionStatement.objects.get()


def test_lines_become_statements_by_number_and_month(world):
    done = take_over(world, good(world), good(world, Month="09/2025"), good(world, Commission="3.50"))
    assert (done.statements, done.lines, done.replaced) == (2, 3, 0)
    newest = CommissionStatement.objects.order_by("-month")[0]
    assert (newest.month, newest.total, newest.line_count) == (date(2025, 10, 1), Decimal("20.00"), 2)
    assert list(newest.lines.values_list("line", flat=True)) == [1, 2]
    event = AuditEvent.objects.get(action="commissions.imported")
    assert event.details == {"statements": 2, "lines": 3, "replaced": 0}


def test_a_single_mistake_keeps_the_whole_file_out(world):
    with pytest.raises(commissions.BadFile) as refused:
        take_over(world, good(world), good(world, Month="x"))
    assert refused.value.problems == ["Line 3: Month “x” is not a month as MM/YYYY."]
    assert not CommissionStatement.objects.exists()


def test_a_statement_that_is_there_is_replaced_only_when_that_is_asked_for(world):
    take_over(world, good(world))
    with pytest.raises(commissions.BadFile, match="has a statement of 10/2025 already"):
        take_over(world, good(world, Commission="1.00"), key="two")
    assert take_over(world, good(world, Commission="1.00"), replace=True, key="three").replaced == 1
    assert CommissionStatement.objects.get().total == Decimal("1.00")
    assert CommissionLine.objects.count() == 1


def test_one_form_is_taken_over_once(world):
    assert not take_over(world, good(world)).again
    assert take_over(world, good(world)).again
    assert CommissionStatement.objects.count() == 1


def test_a_failing_audit_keeps_nothing(world, monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no audit")

    monkeypatch.setattr(commissions.audit, "record", fail)
    with pytest.raises(RuntimeError):
        take_over(world, good(world))
    assert not CommissionStatement.objects.exists()


def test_staff_import_in_the_administration_and_five_posts_make_one_statement(world, sign_in):
    client = sign_in(world.admin)
    assert "Import statements" in client.get("/admin/reporting/commissionstatement/").content.decode()
    assert client.get(IMPORT).status_code == 200
    bad = client.post(IMPORT, {"file": SimpleUploadedFile("a.csv", as_csv(good(world, Type="<b>")))})
    assert "1 mistake. Nothing was taken over." in " ".join(bad.content.decode().split())
    assert "&lt;b&gt;" in bad.content.decode()
    for _ in range(5):
        file = SimpleUploadedFile("a.csv", as_csv(good(world)))
        assert client.post(IMPORT, {"file": file, "form_key": "i" * 24}).status_code == 302
    assert CommissionStatement.objects.count() == 1
    assert "Choose a file." in client.post(IMPORT, {}).content.decode()
    assert sign_in(world.producer).get(IMPORT).status_code == 302
    for page in ("commissionstatement", "commissionline", "outreach"):
        assert client.get(f"/admin/reporting/{page}/").status_code == 200


# --- looking ---


@pytest.mark.feature("REP_19")
def test_those_concerned_see_the_statement_and_nobody_else(world, sign_in):
    statement = statement_of(world)
    address = f"{LIST}{statement.pk}/"
    seen = {
        name: sign_in(getattr(world, name)).get(address).status_code
        for name in (
            "producer",
            "principal",
            "sibling",
            "outsider",
            "delegate",
            "delegate_with_enroll",
            "delegate_without_view",
            "former_delegate",
            "admin",
        )
    }
    assert seen == {
        "producer": 200,
        "principal": 200,
        "sibling": 404,
        "outsider": 404,
        "delegate": 403,
        "delegate_with_enroll": 403,
        "delegate_without_view": 200,
        "former_delegate": 403,
        "admin": 403,
    }
    assert "Total Commission" in pages.read(sign_in(world.producer).get(LIST)).text
    assert "No commission statement yet" in pages.read(sign_in(world.outsider).get(LIST)).text
    # With COMMISSIONS alone there is no Reporting in the navigation: Home leads there.
    home = pages.read(sign_in(world.delegate_without_view).get("/"))
    assert LIST in [link.attrs["href"] for link in home.all("a")]


@pytest.mark.feature("REP_19")
def test_a_statement_is_had_as_csv_excel_and_pdf_and_each_is_audited(world, sign_in):
    statement = statement_of(world, Insured="=1+1")
    client = sign_in(world.producer)
    address = f"{LIST}{statement.pk}/"
    text = b"".join(client.get(f"{address}?format=csv").streaming_content).decode()
    assert "'=1+1" in text
    assert "-20.00" in text
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(client.get(f"{address}?format=xlsx").streaming_content))).active
    assert [cell.value for cell in sheet["D"]][1:] == ["Tanya Washington", "=1+1"]
    assert [cell.data_type for cell in sheet["D"]][1:] == ["s", "s"]
    pdf = client.get(f"{address}?format=pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert f"commission-statement-{world.number.number}-2025-10.pdf" in pdf["Content-Disposition"]
    formats = AuditEvent.objects.filter(action="commissions.exported").order_by("id").values_list("details", flat=True)
    assert [one["format"] for one in formats] == ["csv", "xlsx", "pdf"]
    html = printing.html_of(statement, list(statement.lines.all()))
    for words in ("Commission statement 10/2025", world.number.number, "-$3.50", "Charge-back"):
        assert words in html


def test_a_long_statement_is_not_printed_and_says_what_to_do(world, sign_in, monkeypatch):
    statement = statement_of(world)
    monkeypatch.setattr(printing, "MOST_LINES", 1)
    client = sign_in(world.producer)
    answer = client.get(f"{LIST}{statement.pk}/?format=pdf", follow=True)
    assert "is not printed. Take it as CSV or Excel." in pages.read(answer).text


@pytest.mark.parametrize(
    "query", ["?sort=nothing&page=-1", "?r=unknown", "?format=exe", "?col=%00", "?page=" + "9" * 40]
)
@pytest.mark.sampled(2)
def test_nonsense_in_the_address_is_read_as_nothing(world, sign_in, query):
    statement_of(world)
    client = sign_in(world.producer)
    assert client.get(f"{LIST}{query}").status_code in (200, 302)
    assert client.get(f"{LIST}99999999999999999999/").status_code == 404
    filtered = client.post(LIST, {"grid": "filters", "f_month": "99/9999"}, follow=True)
    assert "No row matches the filters" in pages.read(filtered).text
