"""When a number is shown and which business it serves."""

from datetime import date

import pytest

from portal.common.content.rules.contacts import business_note, dialled, is_shown, phone_as_text

pytestmark = pytest.mark.no_db

FIRST, LAST = date(2026, 2, 1), date(2026, 2, 28)


@pytest.mark.feature("ISS_09")
@pytest.mark.parametrize(
    ("first_day", "last_day", "on", "shown"),
    [
        (FIRST, LAST, date(2026, 1, 31), False),
        (FIRST, LAST, FIRST, True),
        (FIRST, LAST, LAST, True),
        (FIRST, LAST, date(2026, 3, 1), False),
        (FIRST, None, date(2026, 1, 31), False),
        (FIRST, None, FIRST, True),
        (FIRST, None, date.max, True),
        (None, LAST, date.min, True),
        (None, LAST, LAST, True),
        (None, LAST, date(2026, 3, 1), False),
        (FIRST, FIRST, FIRST, True),
        (None, None, FIRST, True),
        (None, date(2028, 2, 29), date(2028, 2, 29), True),
        (None, date(2028, 2, 29), date(2028, 3, 1), False),
    ],
)
def test_a_number_is_shown_from_its_first_day_through_its_last(first_day, last_day, on, shown):
    assert is_shown(first_day=first_day, last_day=last_day, on=on) is shown


@pytest.mark.feature("ISS_09")
@pytest.mark.parametrize(
    ("business_from", "business_until", "said"),
    [
        (None, None, ""),
        (None, date(2019, 4, 30), "prior to May 1, 2019"),
        (date(2019, 5, 1), None, "on or after May 1, 2019"),
        (None, date(2019, 12, 31), "prior to Jan 1, 2020"),
        (date(2020, 1, 1), None, "on or after Jan 1, 2020"),
        (None, date(2024, 2, 28), "prior to Feb 29, 2024"),
        (date(2019, 5, 1), date(2019, 12, 31), "on or after May 1, 2019 and prior to Jan 1, 2020"),
        (None, date.max, ""),
    ],
)
def test_the_last_day_of_business_is_inclusive_and_said_as_the_day_after(business_from, business_until, said):
    assert business_note(business_from=business_from, business_until=business_until) == said


@pytest.mark.parametrize(
    ("typed", "read", "called"),
    [
        ("8005550151", "(800) 555-0151", "+18005550151"),
        ("1-800-555-0142", "1-800-555-0142", "+18005550142"),
        ("(800) 555-0151", "(800) 555-0151", "+18005550151"),
        ("5550151", "5550151", "5550151"),
        ("", "", ""),
    ],
)
def test_numbers_are_read_as_people_write_them_and_dialled_with_the_countrys_code(typed, read, called):
    assert (phone_as_text(typed), dialled(typed)) == (read, called)
