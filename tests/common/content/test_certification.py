"""How long a certification lasts: pure rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.content.rules.certification import Standing, best_end, expires_on, reminder_due, standing

pytestmark = [pytest.mark.no_db, pytest.mark.feature("ISS_08")]


@pytest.mark.parametrize(
    ("completed_on", "months", "last_day"),
    [
        (date(2026, 3, 15), 12, date(2027, 3, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 2, 28), 12, date(2027, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 5, 5), 120, date(2036, 5, 5)),
        (date(9999, 1, 31), 11, date(9999, 12, 31)),
        (date(9999, 1, 31), 12, date(9999, 12, 31)),
        (date(2026, 5, 5), None, None),
    ],
)
def test_it_ends_on_the_same_day_of_the_month_or_the_months_last(completed_on, months, last_day):
    assert expires_on(completed_on, months) == last_day


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(1, 120))
def test_it_lasts_about_that_many_months_and_never_skips_one(completed_on, months):
    end = expires_on(completed_on, months)
    assert end is not None
    assert (end.year - completed_on.year) * 12 + end.month - completed_on.month == months
    assert end.day <= completed_on.day
    if end.day < completed_on.day:
        assert (end + timedelta(days=1)).day == 1


TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("ends", "worth"),
    [
        ([], Standing.NOT_COMPLETED),
        ([None], Standing.CERTIFIED),
        ([TODAY + timedelta(days=31)], Standing.CERTIFIED),
        ([TODAY + timedelta(days=30)], Standing.EXPIRING),
        ([TODAY], Standing.EXPIRING),
        ([TODAY - timedelta(days=1)], Standing.EXPIRED),
        ([TODAY - timedelta(days=400), TODAY + timedelta(days=90)], Standing.CERTIFIED),
        ([TODAY - timedelta(days=400), None], Standing.CERTIFIED),
        ([TODAY - timedelta(days=400), TODAY - timedelta(days=2)], Standing.EXPIRED),
    ],
)
def test_the_best_completion_counts_and_the_last_day_with_it(ends, worth):
    assert standing(ends, on=TODAY) is worth


def test_without_a_completion_there_is_no_end():
    with pytest.raises(ValueError, match="empty"):
        best_end([])


@pytest.mark.parametrize(
    ("days_left", "reminder"),
    [(31, None), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, None)],
)
def test_reminders_come_at_thirty_and_at_seven_days(days_left, reminder):
    assert reminder_due(TODAY + timedelta(days=days_left), on=TODAY) == reminder
