"""Create Report as a form: the guide's fields, what is refused in words beside them, and what is kept."""

from datetime import date

import pytest

from portal.common.models import AuditEvent
from reporting.criteria import SWITCHES, Criteria
from reporting.forms.builder import (
    CHOOSE_SOMETHING,
    NOT_OF_APPLICATIONS,
    ONE_STATUS,
    WHICH_DAYS,
    Numbers,
    ReportForm,
)
from reporting.reports import REPORTS
from tests.support import pages
from tests.support.factories import ApplicationFactory, ProducerNumberFactory

BUILDER = "/reports/new/"
TODAY = date(2026, 11, 21)
DAYS = {"first": "11/01/2026", "last": "11/30/2026"}
NUMBERS = Numbers([("000412701", "000412701 Rita Solberg (IL)")])


def form(numbers: Numbers = NUMBERS, **data: str) -> ReportForm:
    return ReportForm(data, numbers=numbers, today=TODAY)


def read(valid: ReportForm) -> Criteria:
    assert valid.errors == {}
    return valid.criteria()


# --- the form, no database ---


@pytest.mark.no_db
@pytest.mark.feature("REP_02")
def test_eight_reports_in_the_guides_order_of_which_one_is_chosen():
    assert [report.label for report in REPORTS] == [
        "eApp Start Date",
        "App Signature Date",
        "Coverage Effective Date",
        "Policy Term Date",
        "Current Paid to Date",
        "Initial Payment Not Received",
        "Members Approaching 65",
        "Members Approaching 26",
    ]
    assert read(form(report="paid_to", **DAYS)) == Criteria(
        report="paid_to", first=date(2026, 11, 1), last=date(2026, 11, 30)
    )


@pytest.mark.no_db
@pytest.mark.feature("REP_03")
@pytest.mark.feature("REP_18")
@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({}, {"report": [CHOOSE_SOMETHING]}),
        ({"report": "nothing"}, {"report": ["Choose one of the eight reports."]}),
        ({"report": "policy_term"}, {"first": ["Enter the first day."], "last": ["Enter the last day."]}),
        ({"report": "policy_term", "first": "11/01/2026"}, {"last": ["Enter the last day."]}),
        ({"report": "approaching_65", "last": "11/01/2026"}, {"first": ["Enter the first day."]}),
        ({"report": "paid_to", **DAYS, "first": "12/01/2026"}, {"last": ["The To date is before the From date."]}),
        ({"report": "paid_to", **DAYS, "first": "02/29/2027"}, {"first": ["Enter the date as MM/DD/YYYY."]}),
        ({"report": "paid_to", **DAYS, "first": "2026-11-01"}, {"first": ["Enter the date as MM/DD/YYYY."]}),
        ({"report": "paid_to", **DAYS, "first": "1/1/0001"}, {"first": ["Enter a date from 1990 through 2100."]}),
        ({"policy_status": "ALL", **DAYS}, {"report": [WHICH_DAYS]}),
        ({"policy_status": "ALL", "last": "soon"}, {"last": ["Enter the date as MM/DD/YYYY."], "report": [WHICH_DAYS]}),
        ({"report": "paid_to", "application_status": "FAILED", **DAYS}, {"application_status": [NOT_OF_APPLICATIONS]}),
        ({"policy_status": "ALL", "application_status": "ALL"}, {"application_status": [ONE_STATUS]}),
        ({"policy_status": "ALL", "producer_last_name": "!!!"}, {"producer_last_name": ["Enter letters from A to Z."]}),
        (
            {"policy_status": "ALL", "producer_number": "000999999"},
            {"producer_number": ["Choose one of the producer numbers in the list."]},
        ),
        (
            {"policy_status": "ALL", "product_name": "x" * 121},
            {"product_name": ["Ensure this value has at most 120 characters (it has 121)."]},
        ),
        (
            {"policy_status": "ALL", "product_name": "a\x00b"},
            {"product_name": ["Null characters are not allowed."]},
        ),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(data, errors):
    assert form(**data).errors == errors


@pytest.mark.no_db
@pytest.mark.parametrize(
    "data",
    [
        {"policy_status": "GRACE"},
        {"application_status": "INCOMPLETE"},
        {"report": "eapp_start", "application_status": "ALL", **DAYS},
        {"report": "coverage_effective", "policy_status": "ACTIVE", **DAYS},
        {"report": "policy_term", "first": "2/29/2028", "last": "2/29/2028"},
        {"policy_status": "ALL", "producer_number": "000412701", "product_name": "<b>%_'\";--</b>"},
    ],
)
def test_these_are_reports(data):
    assert form(**data).errors == {}


@pytest.mark.no_db
@pytest.mark.feature("REP_14")
@pytest.mark.parametrize("code", ["approaching_65", "approaching_26"])
def test_the_reports_on_ages_look_ninety_days_ahead_unless_told_otherwise(code):
    asked = read(form(report=code))
    assert (asked.first, asked.last) == (TODAY, date(2027, 2, 19))


@pytest.mark.no_db
@pytest.mark.feature("REP_20")
def test_a_number_is_typed_where_there_are_too_many_for_a_list():
    typed = {"policy_status": "ALL", "producer_number": "000 412 701"}
    assert read(form(Numbers(None), **typed)).producer_number == "000412701"
    wrong = form(Numbers(None), policy_status="ALL", producer_number="41270")
    assert wrong.errors == {"producer_number": ["A producer number has nine digits, zeros in front included."]}


@pytest.mark.no_db
def test_criteria_come_back_from_json_as_they_were():
    asked = read(form(report="paid_to", **DAYS, both="on", on_exchange="on", product_name="ppo"))
    assert Criteria.from_data(asked.as_data()) == asked
    assert asked.words() == ["Product Name: ppo", "On Exchange", "Both Medical And Dental"]
    assert Criteria.from_data({"first": "2026-01-01", "gone_since": 1}) == Criteria(first=date(2026, 1, 1))


# --- the page ---


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


@pytest.mark.feature("REP_01")
@pytest.mark.feature("REP_07")
@pytest.mark.feature("REP_09")
@pytest.mark.feature("REP_20")
def test_the_form_has_the_guides_fields_and_help_marks(world, client):
    page = pages.read(client.get(BUILDER))
    assert [radio.attrs["value"] for radio in page.all("input", type="radio", name="report")] == [
        report.code for report in REPORTS
    ]
    labels = [label.text for label in page.one("form", class_="report-form").all("label")]
    assert labels == [
        *(report.label for report in REPORTS),
        "From",
        "To",
        "Application Status",
        "Policy Status",
        "Product Name",
        *SWITCHES.values(),
        "Producer First Name",
        "Producer Last Name",
        "Nine Digit Producer Number",
    ]
    marks = [mark.one("summary").attrs["aria-label"] for mark in page.all("details", class_="help-mark")]
    assert marks == [
        f"Help: {name}"
        for name in (
            "Application Status",
            "Policy Status",
            "Product Name",
            "Producer First Name",
            "Producer Last Name",
            "Nine Digit Producer Number",
        )
    ]
    numbers = [option.text for option in page.one("select", name="producer_number").all("option")]
    assert numbers == ["All", f"{world.number.number} {world.producer.producer.name} ({world.number.us_state})"]
    assert {"Clear All", "Submit"} <= {*(link.text for link in page.all("a")), *(b.text for b in page.all("button"))}


def test_an_agency_chooses_among_the_numbers_of_its_downline_and_staff_type_one(world, sign_in):
    ProducerNumberFactory(producer=world.producer.producer, number="999888777")
    for who, listed in (("principal", True), ("delegate", True), ("outsider", False)):
        page = pages.read(sign_in(getattr(world, who)).get(BUILDER))
        values = [option.attrs["value"] for option in page.one("select", name="producer_number").all("option")]
        assert ("999888777" in values) == listed
    assert pages.read(sign_in(world.admin).get(BUILDER)).one("input", name="producer_number").attrs["type"] == "text"


def test_what_was_typed_stays_beside_its_error(client):
    response = client.post(BUILDER, {"report": "paid_to", "first": "13/45/2026", "last": "11/30/2026", "both": "on"})
    page = pages.read(response)
    box = page.one("input", name="first")
    assert box.attrs["value"] == "13/45/2026"
    assert box.attrs["aria-invalid"] == "true"
    assert page.one(id="id_first_error").text == "Enter the date as MM/DD/YYYY."
    assert "id_first_error" in box.attrs["aria-describedby"]
    assert "checked" in page.one("input", name="both").attrs
    assert not AuditEvent.objects.filter(action="report.run").exists()


def test_a_dated_report_says_its_days_and_what_narrows_it_and_can_be_changed(client):
    response = client.post(BUILDER, {"report": "paid_to", **DAYS, "product_name": "ppo"}, follow=True)
    page = pages.read(response)
    assert page.one("h2", class_="report-title").text == "Current Paid to Date: 11/01/2026 to 11/30/2026"
    assert [word.text for word in page.all(class_="search-word")] == ["Product Name: ppo"]
    change = next(link.attrs["href"] for link in page.all("a") if link.text == "Change Report")
    form_page = pages.read(client.get(change))
    assert form_page.one("input", name="first").attrs["value"] == "11/01/2026"
    assert form_page.one("input", name="product_name").attrs["value"] == "ppo"
    assert "checked" in form_page.one("input", value="paid_to").attrs
    (event,) = AuditEvent.objects.filter(action="report.run")
    assert event.details == {"report": "paid_to", "filters": ["product_name"]}


@pytest.mark.feature("REP_04")
@pytest.mark.parametrize(
    ("status", "who", "rows"),
    [("ALL", "producer", 1), ("INCOMPLETE", "producer", 1), ("FAILED", "producer", 0), ("ALL", "delegate_with_enroll", 1),
     ("ALL", "delegate", 0), ("ALL", "outsider", 0)],
)  # fmt: skip
@pytest.mark.sampled(3)
def test_an_application_status_lists_applications_to_those_who_enroll(world, sign_in, status, who, rows):
    application = ApplicationFactory(producer_number=world.number, created_by=world.producer)
    response = sign_in(getattr(world, who)).post(BUILDER, {"application_status": status}, follow=True)
    grid = pages.grid(response)
    assert [row["Record Number"] for row in grid.rows] == [application.record_number] * rows


def test_nothing_hostile_breaks_the_page_or_leaves_its_cell(client):
    for typed in ("<script>alert(1)</script>", "%' OR 1=1 --", "{{ 7*7 }}", "\u202etxt", "x" * 120):
        response = client.post(BUILDER, {"policy_status": "ALL", "product_name": typed}, follow=True)
        assert response.status_code == 200
        assert "<script>alert(1)" not in response.content.decode()
    for address in (
        f"{BUILDER}?r=%00",
        f"{BUILDER}?r=x&show=gone&sort=%00&page=-9&col=<b>",
        f"{BUILDER}?r=" + "9" * 500,
    ):
        assert client.get(address, follow=True).status_code == 200
