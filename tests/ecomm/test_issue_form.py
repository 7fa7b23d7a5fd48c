"""What the form takes: moments as people type them, choices of the guide."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from ecomm.forms.issues import ReportIssueForm, clock_as_text, parse_clock
from tests.support.uploads import png

# 2:05 PM in the carrier's zone (America/Chicago), in summer.
NOW = datetime(2026, 7, 15, 19, 5, 30, tzinfo=UTC)
FILLED = {
    "email": "office@harbor.example",
    "description": "It said\r\nno.",
    "steps": "Pressed Submit.",
    "agent": "Rita Solberg",
    "product": "MAPD",
    "us_state": "TX",
    "happened_on": "07/15/2026",
    "happened_time": "2:05 PM",
    "form_key": "7b5f3a0e-6f0e-4c1c-9a53-0d8f5b9d2a11",
}


def form(files=None, **changes) -> ReportIssueForm:
    data = QueryDict(mutable=True)
    data.update({**FILLED, **changes})
    return ReportIssueForm(data, MultiValueDict(files or {}), now=NOW)


def errors(field: str, **changes) -> list[str]:
    return list(form(**changes).errors.get(field, []))


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2:05 PM", time(14, 5)),
        ("2:05pm", time(14, 5)),
        ("2:05 p.m.", time(14, 5)),
        ("12:00 AM", time(0, 0)),
        ("12:30 pm", time(12, 30)),
        ("11 am", time(11, 0)),
        ("14:05", time(14, 5)),
        ("0:00", time(0, 0)),
        (" 9:07 a ", time(9, 7)),
    ],
)
def test_times_are_read_as_people_write_them(text, expected):
    assert parse_clock(text) == expected


@pytest.mark.no_db
@pytest.mark.parametrize("text", ["", "noon", "14", "13 PM", "0:10 AM", "25:00", "10:60", "2:5", "٢:٠٥", "2:05 PM CST"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_clock(text)


@pytest.mark.no_db
def test_now_is_written_by_the_carriers_clock():
    assert clock_as_text(NOW) == "2:05 PM"
    first = ReportIssueForm(now=NOW)
    assert (first["happened_on"].value(), first["happened_time"].value()) == ("07/15/2026", "2:05 PM")
    assert "CDT" in first.fields["happened_time"].help_text


@pytest.mark.no_db
def test_the_moment_is_put_together_in_the_carriers_zone():
    filled = form()
    assert filled.is_valid(), filled.errors
    assert filled.reported(browser="x").happened_at == datetime(2026, 7, 15, 19, 5, tzinfo=UTC)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("happened_on", "07/16/2026", "This date is in the future. Check it."),
        ("happened_on", "13/01/2026", "Enter the date as mm/dd/yyyy."),
        ("happened_on", "2026-07-15", "Enter the date as mm/dd/yyyy."),
        ("happened_on", "07/13/2025", "This date is more than a year ago. Check the year."),
        ("happened_on", "01/01/0001", "This date is more than a year ago. Check the year."),
        ("happened_on", "", "Enter the date as mm/dd/yyyy."),
        ("happened_time", "2:06 PM", "This time is in the future. Check it, and AM or PM."),
        ("happened_time", "later", "Enter the time, such as 2:05 PM."),
        ("email", "nobody", "Please enter a valid email address."),
        ("email", "", "Enter an email address."),
        ("description", " ", "Describe what happened."),
        ("steps", "", "Say what you did before it happened."),
        ("agent", "", "Enter the agent's name or producer ID."),
        ("product", "", "Choose a product type."),
        ("us_state", "", "Choose a state."),
        ("page", "clients", "Enter the address of a page in this portal. It begins with a slash."),
        ("form_key", "no key", "Please send the form again."),
    ],
)
def test_each_mistake_is_told_beside_its_field(field, typed, said):
    assert errors(field, **{field: typed}) == [said]


@pytest.mark.no_db
@pytest.mark.parametrize("us_state", ["CA", "XX", "il"])
def test_states_the_portal_does_not_serve_are_no_choice(us_state):
    assert errors("us_state", us_state=us_state)


@pytest.mark.no_db
@pytest.mark.feature("ISS_02")
def test_the_product_types_are_the_six_of_the_guide():
    labels = [label for value, label in form().fields["product"].choices if value]
    assert labels == ["ACA Medical", "ACA Dental", "MAPD", "PDP", "DSNP", "Med Supp"]


@pytest.mark.no_db
@pytest.mark.feature("ISS_01")
def test_the_fields_stand_in_the_guides_order_and_only_what_it_prefers_is_optional():
    shown = [(field.label, field.field.required) for field in form().visible_fields()]
    assert shown == [
        ("Email address", True),
        ("Detailed Description of Issue/Error Message", True),
        ("Full Screen Screenshot", False),
        ("Steps taken prior to receiving the error", True),
        ("Client/Contact Name", False),
        ("Agent Name/Producer ID", True),
        ("Product Type", True),
        ("State", True),
        ("Date issue was observed", True),
        ("Time issue was observed", True),
        ("Page", False),
        ("Record number", False),
    ]


@pytest.mark.no_db
def test_the_page_is_kept_without_its_query_and_lines_end_in_one_way():
    filled = form(page="/clients/?r=1&name=Washington")
    assert filled.is_valid(), filled.errors
    told = filled.reported(browser="b" * 999)
    assert (told.page, told.description, len(told.browser)) == ("/clients/", "It said\nno.", 300)


@pytest.mark.no_db
@pytest.mark.parametrize("product", ["ACA", "", "VISION", "ACA_MEDICAL' OR 1=1"])
def test_other_product_types_are_refused(product):
    assert errors("product", product=product)


def test_a_screenshot_that_is_lost_with_a_mistake_must_be_chosen_again():
    wrong = form(files={"screenshot": [png()]}, steps="")
    assert wrong.errors["screenshot"] == ["Choose or paste the screenshot again: a browser does not keep files."]
    assert "screenshot" not in form(steps="").errors


def test_a_screenshot_of_another_kind_is_refused_with_one_reason():
    file = png("letter.pdf")
    assert len(form(files={"screenshot": [file]}, steps="").errors["screenshot"]) == 1


@pytest.mark.no_db
def test_the_oldest_day_is_a_year_ago():
    oldest = (NOW - timedelta(days=366)).date()
    assert not errors("happened_on", happened_on=f"{oldest:%m/%d/%Y}")
