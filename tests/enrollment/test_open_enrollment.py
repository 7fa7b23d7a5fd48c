"""The calendars of open enrollment, and the first days of coverage a quote is offered."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from enrollment import shipped
from enrollment.models import OpenEnrollmentPeriod
from enrollment.rules.open_enrollment import (
    NOT_CONFIRMED,
    OEP,
    SEP,
    CalendarRow,
    dates_offered,
    first_of_next_month,
    last_day_to_ask,
    on_sale_from,
)
from enrollment.selectors import open_enrollment as selector
from portal.common.dates import US_STATES
from tests.support.sep import load_sep_tables

CALENDAR = shipped.calendar_rows()
TODAY = date(2026, 11, 21)
OFF, EITHER = ("off",), ("on", "off")


@pytest.fixture
def calendars(db) -> None:
    load_sep_tables()


def offered(day: date, us_state: str = "TX", channels: tuple[str, ...] = OFF, calendar=CALENDAR):
    dates = dates_offered(calendar, us_state=us_state, channels=channels, today=day)
    return [(one.reason, one.effective_date.isoformat()) for one in dates]


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("day", "us_state", "channels", "expected"),
    [
        # inside open enrollment, with the ordinary special dates beside it
        ("2026-11-21", "TX", OFF, [(OEP, "2027-01-01"), (SEP, "2026-12-01"), (SEP, "2027-01-01"), (SEP, "2027-02-01")]),
        # the calendar of 2026 still gave two days; what can still be applied for is offered
        (
            "2025-12-15",
            "OK",
            OFF,
            [(OEP, "2026-01-01"), (OEP, "2026-02-01"), (SEP, "2026-01-01"), (SEP, "2026-02-01"), (SEP, "2026-03-01")],
        ),
        ("2025-12-16", "OK", OFF, [(OEP, "2026-02-01"), (SEP, "2026-01-01"), (SEP, "2026-02-01"), (SEP, "2026-03-01")]),
        # Illinois ran longer on exchange than off
        ("2026-01-16", "IL", OFF, [(SEP, "2026-02-01"), (SEP, "2026-03-01"), (SEP, "2026-04-01")]),
        (
            "2026-01-16",
            "IL",
            ("on",),
            [(OEP, "2026-02-01"), (SEP, "2026-02-01"), (SEP, "2026-03-01"), (SEP, "2026-04-01")],
        ),
        # the first day, the last and their neighbours
        ("2026-12-15", "TX", OFF, [(OEP, "2027-01-01"), (SEP, "2027-01-01"), (SEP, "2027-02-01"), (SEP, "2027-03-01")]),
        ("2026-12-16", "TX", OFF, [(SEP, "2027-01-01"), (SEP, "2027-02-01"), (SEP, "2027-03-01")]),
        # next year's plans are not on sale before 1 November
        ("2026-10-31", "TX", OFF, [(SEP, "2026-11-01"), (SEP, "2026-12-01")]),
        ("2026-11-01", "TX", OFF, [(OEP, "2027-01-01"), (SEP, "2026-12-01"), (SEP, "2027-01-01"), (SEP, "2027-02-01")]),
        # nobody has published the calendar of 2028 yet
        ("2027-10-31", "TX", OFF, [(SEP, "2027-11-01"), (SEP, "2027-12-01")]),
        ("2027-11-01", "TX", OFF, [(SEP, "2027-12-01"), (SEP, "2028-01-01"), (SEP, "2028-02-01")]),
        ("2026-06-30", "NM", EITHER, [(SEP, "2026-07-01"), (SEP, "2026-08-01"), (SEP, "2026-09-01")]),
        ("2026-01-31", "MT", OFF, [(SEP, "2026-02-01"), (SEP, "2026-03-01"), (SEP, "2026-04-01")]),
    ],
)
def test_first_days_of_coverage_offered_for_a_quote(day, us_state, channels, expected):
    assert offered(date.fromisoformat(day), us_state, channels) == expected


@pytest.mark.no_db
def test_each_date_is_told_in_a_sentence():
    sentences = [one.sentence for one in dates_offered(CALENDAR, us_state="TX", channels=OFF, today=TODAY)]
    assert sentences[:2] == [
        "Open enrollment: apply by 12/15/2026 for coverage from 01/01/2027.",
        "Special enrollment after a life event: apply by 11/30/2026 for coverage from 12/01/2026.",
    ]


@pytest.mark.no_db
@pytest.mark.parametrize(("us_state", "confirmed"), [("IL", False), ("NM", False), ("TX", True), ("MT", True)])
def test_a_calendar_that_is_not_confirmed_says_so(us_state, confirmed):
    first = dates_offered(CALENDAR, us_state=us_state, channels=OFF, today=TODAY)[0]
    assert (NOT_CONFIRMED in first.sentence) is not confirmed


@pytest.mark.no_db
def test_for_both_markets_the_earlier_last_day_is_told():
    first = dates_offered(CALENDAR, us_state="IL", channels=EITHER, today=date(2025, 12, 10))[0]
    assert first.sentence.startswith("Open enrollment: apply by 12/15/2025 for coverage from 01/01/2026.")


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("reason", "first", "last"),
    [(OEP, "2027-01-01", "2026-12-15"), (SEP, "2026-12-01", "2026-11-30"), (OEP, "2026-07-01", "2026-06-30")],
)
def test_last_day_to_ask_for_a_date(reason, first, last):
    found = last_day_to_ask(
        CALENDAR, us_state="TX", channels=OFF, reason=reason, effective_date=date.fromisoformat(first)
    )
    assert found.isoformat() == last


@pytest.mark.no_db
def test_the_first_of_the_next_month_is_made_from_year_and_month():
    days = ["2026-01-31", "2028-02-29", "2026-12-01", "2026-12-31", "2026-11-30"]
    firsts = [first_of_next_month(date.fromisoformat(day)).isoformat() for day in days]
    assert firsts == ["2026-02-01", "2028-03-01", "2027-01-01", "2027-01-01", "2026-12-01"]


@pytest.mark.no_db
def test_plans_are_on_sale_from_the_first_day_of_their_calendar():
    def first(year: int) -> date:
        return on_sale_from(CALENDAR, us_state="TX", channels=OFF, plan_year=year)

    assert (first(2027), first(2031)) == (date(2026, 11, 1), date(2030, 11, 1))
    texas = next(row for row in CALENDAR if row.us_state == "TX" and row.plan_year == 2027)
    early = [texas, replace(texas, channel="on", first_day=date(2026, 10, 15))]
    days = [on_sale_from(early, us_state="TX", channels=(one,), plan_year=2027) for one in ("on", "off")]
    assert days == [date(2026, 10, 15), date(2026, 11, 1)]


@pytest.mark.no_db
def test_shipped_calendars_are_read_whole():
    assert len(CALENDAR) == 17
    assert {row.us_state for row in CALENDAR} == set(US_STATES)
    notes = {(row.us_state, row.plan_year, row.channel): (row.confirmed, row.note) for row in CALENDAR}
    assert notes["TX", 2027, "both"] == (True, "")
    assert notes["IL", 2026, "off"] == (
        False,
        "base calendar yes; whether the extensions reached off-exchange: no",
    )
    assert notes["NM", 2027, "both"] == (False, "NO: placeholder; law allows any end up to 2026-12-31")


# --- as published ---


def test_the_database_holds_what_was_shipped(calendars):
    columns = list(CalendarRow.__dataclass_fields__)
    held = {tuple(values) for values in OpenEnrollmentPeriod.objects.published().values_list(*columns)}
    assert held == {tuple(getattr(row, name) for name in columns) for row in CALENDAR}


@pytest.mark.parametrize(
    ("us_state", "channel", "day", "expected"),
    [
        ("TX", "OFF", "2026-11-21", ["2027-01-01"]),
        ("TX", "both", "2026-10-31", []),
        ("IL", "ON", "2026-01-20", ["2026-02-01"]),
        ("IL", "off", "2026-01-20", []),
        ("IL", "BOTH", "2025-12-20", ["2026-01-01", "2026-02-01", "2026-02-01"]),
    ],
)
def test_open_now_answers_by_state_channel_and_day(us_state, channel, day, expected, calendars):
    rows = selector.open_now(us_state, channel, date.fromisoformat(day))
    assert [row.effective_date.isoformat() for row in rows] == expected


def test_the_selector_offers_what_the_rule_offers_in_one_query(calendars, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = selector.effective_dates_offered("TX", "OFF", TODAY)
    assert found == dates_offered(CALENDAR, us_state="TX", channels=OFF, today=TODAY)
    assert selector.last_day_to_ask("TX", "OFF", OEP, date(2027, 1, 1)) == date(2026, 12, 15)


def test_drafts_and_replaced_calendars_are_not_gone_by(calendars):
    texas = OpenEnrollmentPeriod.objects.filter(us_state="TX", plan_year=2027)
    texas.update(withdrawn_at=timezone.now())
    row = texas.get()
    row.pk, row.published_at, row.withdrawn_at = None, None, None
    row.last_day = row.apply_through = row.last_day + timedelta(days=16)
    row.save()
    assert selector.open_now("TX", "OFF", TODAY) == []
    assert all(one.reason == SEP for one in selector.effective_dates_offered("TX", "OFF", TODAY))
    OpenEnrollmentPeriod.objects.filter(pk=row.pk).update(published_at=timezone.now())
    (only,) = selector.open_now("TX", "OFF", date(2026, 12, 31))
    assert only.apply_through == date(2026, 12, 31)
    assert not OpenEnrollmentPeriod.objects.filter(apply_through__gt=F("last_day")).exists()


def test_another_word_than_a_market_is_refused():
    with pytest.raises(ValueError, match="no market"):
        selector.channels_of("sideways")
