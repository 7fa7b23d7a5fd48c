"""Dates around 65 and 26: the table of expected values, the edges by hand, and laws for all birthdays."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.rules import ages
from clients.rules.ages import (
    AgeOutRule,
    DependentFacts,
    birthday_at,
    default_age_out_rule,
    dependent_age_limit,
    in_window,
    turning_65,
)
from clients.rules.grace_tables import Channel
from portal.management.vectors.ages import CHECKER
from portal.management.vectors.table import Table, read_table

pytestmark = [pytest.mark.no_db, pytest.mark.feature("REP_14")]

TABLE = read_table(Path(__file__).parents[1] / "data" / "vectors" / "ages.csv")


def day(text: str) -> date:
    return date.fromisoformat(text)


def last_day(born: str, rule: AgeOutRule | None = AgeOutRule.END_OF_MONTH, **facts) -> date | None:
    person = DependentFacts(**{"date_of_birth": day(born), "is_child": True, "rule": rule, **facts})
    return dependent_age_limit(person).coverage_last_day


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.id)
def test_table_of_expected_dates(row):
    (outcome,) = CHECKER.check(Table(TABLE.header, (row,)))
    assert not outcome.failed, outcome.sentence


class TestBirthday:
    @pytest.mark.parametrize(
        ("born", "age", "expected"),
        [
            ("2000-02-29", 26, "2026-03-01"),
            ("2000-02-29", 28, "2028-02-29"),
            ("1964-02-29", 65, "2029-03-01"),
            ("2001-02-28", 27, "2028-02-28"),
            ("2000-12-31", 26, "2026-12-31"),
        ],
    )
    def test_leap_day_birthday_is_first_of_march_in_a_common_year(self, born, age, expected):
        assert birthday_at(day(born), age) == day(expected)


class TestTurning65:
    @pytest.mark.parametrize(
        ("born", "attains_on", "medicare_month"),
        [
            ("1962-01-01", "2026-12-31", "2026-12-01"),
            ("1962-01-02", "2027-01-01", "2027-01-01"),
            ("1961-12-31", "2026-12-30", "2026-12-01"),
            ("1963-03-01", "2028-02-29", "2028-02-01"),
            ("1964-02-29", "2029-02-28", "2029-02-01"),
            ("1964-03-01", "2029-02-28", "2029-02-01"),
        ],
    )
    def test_age_is_reached_the_day_before_the_birthday(self, born, attains_on, medicare_month):
        dates = turning_65(day(born))
        assert (dates.attains_on, dates.medicare_month) == (day(attains_on), day(medicare_month))

    def test_initial_enrollment_is_seven_whole_months(self):
        dates = turning_65(day("1962-02-15"))
        assert (dates.iep_start, dates.iep_end) == (day("2026-11-01"), day("2027-05-31"))

    def test_initial_enrollment_may_end_on_a_leap_day(self):
        assert turning_65(day("1962-11-15")).iep_end == day("2028-02-29")


class TestChildAgesOut:
    @pytest.mark.parametrize(
        ("born", "rule", "expected"),
        [
            ("2000-12-15", AgeOutRule.BIRTHDAY, "2026-12-14"),
            ("2001-01-01", AgeOutRule.BIRTHDAY, "2026-12-31"),
            ("2000-02-29", AgeOutRule.BIRTHDAY, "2026-02-28"),
            ("2000-02-29", AgeOutRule.END_OF_MONTH, "2026-03-31"),
            ("2002-02-10", AgeOutRule.END_OF_MONTH, "2028-02-29"),
            ("2001-01-01", AgeOutRule.END_OF_MONTH, "2027-01-31"),
            ("2000-12-31", AgeOutRule.END_OF_YEAR, "2026-12-31"),
            ("2001-01-01", AgeOutRule.END_OF_YEAR, "2027-12-31"),
        ],
    )
    def test_last_covered_day(self, born, rule, expected):
        assert last_day(born, rule) == day(expected)

    @pytest.mark.parametrize("facts", [{"is_child": False}, {"disabled": True}, {"rule": None}])
    def test_others_never_age_out(self, facts):
        assert last_day("2000-12-15", **facts) is None

    def test_birthday_is_told_even_without_a_limit(self):
        spouse = DependentFacts(date_of_birth=day("1975-12-15"), is_child=False, rule=None)
        assert dependent_age_limit(spouse).birthday == day("2001-12-15")

    def test_unmarried_veteran_in_illinois_stays_to_thirty(self):
        assert last_day("2000-12-15", unmarried_veteran=True, state="IL") == day("2030-12-31")
        assert last_day("2000-12-15", unmarried_veteran=True, state="TX") == day("2026-12-31")
        assert last_day("2000-12-15", unmarried_veteran=False, state="IL") == day("2026-12-31")

    def test_source_is_the_law_that_set_the_limit(self):
        person = DependentFacts(
            date_of_birth=day("2000-12-15"), is_child=True, rule=AgeOutRule.BIRTHDAY, state="IL", unmarried_veteran=True
        )
        assert dependent_age_limit(person).source == "215 ILCS 5/356z.12"

    def test_people_older_than_the_law_are_judged_by_its_first_row(self):
        assert last_day("1970-05-15", AgeOutRule.END_OF_YEAR) == day("1996-12-31")

    def test_default_is_year_end_on_exchange_and_month_end_off(self):
        assert default_age_out_rule(Channel.ON_EXCHANGE, on=day("2026-11-21")) is AgeOutRule.END_OF_YEAR
        assert default_age_out_rule(Channel.OFF_EXCHANGE, on=day("2026-11-21")) is AgeOutRule.END_OF_MONTH


def test_later_law_counts_for_birthdays_from_its_first_day(monkeypatch):
    (old,) = ages.DEPENDENT_AGES
    new = ages.DependentAgeRule(in_force_from=day("2030-07-01"), age=27, source="test")
    monkeypatch.setattr(ages, "DEPENDENT_AGES", (new, old))
    assert last_day("2003-06-30", AgeOutRule.BIRTHDAY) == day("2029-06-29")
    assert last_day("2003-07-01", AgeOutRule.BIRTHDAY) == day("2030-06-30")


def test_every_row_has_a_source():
    tables = (ages.MEDICARE, ages.DEPENDENT_AGES, ages.VETERAN_AGES, ages.AGE_OUT_DEFAULTS)
    assert all(row.source for table in tables for row in table)


class TestWindow:
    @pytest.mark.parametrize(
        ("when", "inside"),
        [("2026-11-30", False), ("2026-12-01", True), ("2027-03-31", True), ("2027-04-01", False)],
    )
    def test_both_ends_belong_to_it(self, when, inside):
        assert in_window(day(when), first=day("2026-12-01"), last=day("2027-03-31")) is inside

    def test_it_may_be_one_day(self):
        assert in_window(day("2026-12-01"), first=day("2026-12-01"), last=day("2026-12-01"))

    def test_no_date_is_in_no_window(self):
        assert not in_window(None, first=date.min, last=date.max)

    def test_end_before_begin_is_refused(self):
        with pytest.raises(ValueError, match="before it begins"):
            in_window(day("2026-12-01"), first=day("2026-12-02"), last=day("2026-12-01"))


# A busy machine is slow, not wrong.
patient = settings(deadline=None)
births = st.dates(date(1930, 1, 1), date(2040, 12, 31))


class TestAlways:
    @patient
    @given(born=births)
    def test_medicare_month_is_the_birthday_month_unless_born_on_the_first(self, born):
        dates = turning_65(born)
        assert dates.attains_on == dates.birthday - timedelta(days=1)
        same_month = (dates.medicare_month.year, dates.medicare_month.month) == (
            dates.birthday.year,
            dates.birthday.month,
        )
        assert same_month is (dates.birthday.day != 1)
        assert dates.iep_start.day == 1
        assert (dates.iep_end + timedelta(days=1)).day == 1
        assert 211 <= (dates.iep_end - dates.iep_start).days <= 214

    @patient
    @given(born=births)
    def test_child_is_covered_while_under_26_and_longer_rules_end_later(self, born):
        by_birthday, by_month, by_year = (last_day(born.isoformat(), rule) or date.max for rule in AgeOutRule)
        assert by_birthday + timedelta(days=1) == birthday_at(born, 26)
        assert by_birthday < by_month <= by_year

    @patient
    @given(born=births, age=st.integers(0, 110))
    def test_birthday_stays_within_a_day_of_the_calendar(self, born, age):
        birthday = birthday_at(born, age)
        assert birthday.year == born.year + age
        assert (birthday.month, birthday.day) in {(born.month, born.day), (3, 1)}
