from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common import dates

pytestmark = pytest.mark.no_db

# One moment late in the evening of the carrier's own zone, and one just after its midnight.
EVENING = datetime(2026, 1, 1, 5, 30, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 1, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("us_state", "moment", "day"),
    [
        (None, EVENING, date(2025, 12, 31)),
        (None, AFTER_MIDNIGHT, date(2026, 1, 1)),
        ("IL", EVENING, date(2025, 12, 31)),
        ("IL", AFTER_MIDNIGHT, date(2026, 1, 1)),
        ("OK", AFTER_MIDNIGHT, date(2026, 1, 1)),
        ("TX", AFTER_MIDNIGHT, date(2026, 1, 1)),
        ("MT", AFTER_MIDNIGHT, date(2025, 12, 31)),
        ("NM", AFTER_MIDNIGHT, date(2025, 12, 31)),
        ("MT", datetime(2026, 7, 1, 5, 59, tzinfo=UTC), date(2026, 6, 30)),
        ("MT", datetime(2026, 7, 1, 6, 0, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_the_civil_day_is_that_of_the_state(us_state, moment, day):
    assert dates.today_in(us_state, now=moment) == day


def test_every_state_of_the_portal_has_a_zone():
    assert set(dates.ZONE_BY_STATE) == set(dates.US_STATES)


def test_the_day_stays_the_same_whatever_the_servers_zone(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert dates.today_in("IL", now=EVENING) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("01/31/2026", date(2026, 1, 31)),
        ("1/2/2026", date(2026, 1, 2)),
        (" 02/29/2028 ", date(2028, 2, 29)),
        ("12/ 31 /9999", dates.OPEN_END),
        ("12/31/9999", dates.OPEN_END),
    ],
)
def test_us_dates_are_read(typed, day):
    assert dates.parse_us_date(typed) == day


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "2026-01-31",
        "31/01/2026",
        "02/29/2026",
        "02/30/2028",
        "00/10/2026",
        "1/2/26",
        "1/2",
        "1/2/2026/",
        "/1/2/2026",
        "+1/2/2026",
        "-1/2/2026",
        "1_0/1/2026",
        "1/2/+026",
        "1/2/2_26",
        "001/2/2026",
        "1/2/0000",
        "1/2/20266",
        "١/٢/٢٠٢٦",
        "1/²/2026",
        "1/2/2026\x00",
        "tomorrow",
        "1" * 5000 + "/1/2026",
    ],
)
def test_what_is_not_a_us_date_is_refused(typed):
    with pytest.raises(ValueError):  # noqa: PT011 - the caller says the sentence
        dates.parse_us_date(typed)


@given(st.text(max_size=12))
def test_no_text_breaks_the_reader_of_dates(text):
    try:
        found = dates.parse_us_date(text)
    except ValueError:
        return
    assert dates.parse_us_date(dates.as_text(found)) == found


@given(st.dates())
def test_a_written_date_is_read_as_the_same_day(day):
    written = dates.as_text(day)
    assert dates.parse_us_date(written) == day
    assert len(written) == 10


def test_no_date_is_written_as_nothing():
    assert dates.as_text(None) == ""
