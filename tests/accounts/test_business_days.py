"""By when an answer to a registration is promised."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.business_days import is_business_day, promised_on
from accounts.services import state_registrations

pytestmark = pytest.mark.no_db
CHICAGO = ZoneInfo("America/Chicago")
HOLIDAYS = {date(2026, 11, 11), date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)}


@pytest.mark.feature("REGL_06")
@pytest.mark.parametrize(
    ("received", "promised"),
    [
        (date(2026, 11, 16), date(2026, 11, 17)),  # Monday: Tuesday
        (date(2026, 11, 19), date(2026, 11, 20)),  # Thursday: Friday
        (date(2026, 11, 20), date(2026, 11, 23)),  # Friday: Monday
        (date(2026, 11, 21), date(2026, 11, 24)),  # Saturday: Tuesday
        (date(2026, 11, 22), date(2026, 11, 24)),  # Sunday: Tuesday
        (date(2026, 11, 10), date(2026, 11, 12)),  # the day before Veterans Day
        (date(2026, 11, 11), date(2026, 11, 13)),  # on the holiday itself
        (date(2026, 11, 25), date(2026, 11, 27)),  # the day before Thanksgiving
        (date(2026, 12, 24), date(2026, 12, 28)),  # the Thursday before Christmas
        (date(2026, 12, 31), date(2027, 1, 4)),  # over New Year and a weekend
    ],
)
def test_an_answer_comes_within_one_business_day(received, promised):
    assert promised_on(received, HOLIDAYS) == promised


@pytest.mark.feature("REGL_06")
@pytest.mark.parametrize(
    ("moment", "promised"),
    [
        (datetime(2026, 11, 16, 15, 0, tzinfo=CHICAGO), date(2026, 11, 17)),  # "on Monday at 3:00 PM": Tuesday
        (datetime(2026, 11, 16, 23, 59, tzinfo=CHICAGO), date(2026, 11, 17)),  # Tuesday in UTC, still Monday here
        (datetime(2026, 7, 2, 9, 0, tzinfo=CHICAGO), date(2026, 7, 6)),  # 4 July is a Saturday: observed on Friday
        (datetime(2026, 1, 16, 9, 0, tzinfo=CHICAGO), date(2026, 1, 20)),  # Friday before Martin Luther King Day
        (datetime(2026, 6, 18, 9, 0, tzinfo=CHICAGO), date(2026, 6, 22)),  # Juneteenth
        (datetime(2026, 10, 9, 9, 0, tzinfo=CHICAGO), date(2026, 10, 13)),  # Columbus Day
    ],
)
def test_federal_holidays_and_the_carriers_own_zone_count(moment, promised):
    assert state_registrations.promised_on(moment) == promised


@given(st.dates(date(2000, 1, 1), date(2100, 12, 1)))
def test_the_promise_is_a_later_business_day_and_not_far_away(received):
    promised = promised_on(received, HOLIDAYS)
    assert is_business_day(promised, HOLIDAYS)
    assert received < promised <= received + timedelta(days=7)
