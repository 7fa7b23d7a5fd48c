"""Dates of birth, tobacco, SSN, HRA and address text: what can be, and what is said when it cannot."""

from datetime import date

import pytest

from enrollment.rules import household, hra, identity, ssn
from enrollment.rules.household import AgeLimit

pytestmark = pytest.mark.no_db

TODAY = date(2026, 11, 21)
JANUARY = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("born", "problem"),
    [
        (date(2026, 11, 21), ""),
        (date(2026, 11, 22), household.FUTURE_BIRTH),
        (date(9999, 12, 31), household.FUTURE_BIRTH),
        (date(1906, 1, 1), ""),
        (date(1905, 11, 22), ""),
        (date(1905, 11, 21), household.LONG_AGO),
        (date(1, 1, 1), household.LONG_AGO),
    ],
)
@pytest.mark.feature("APP_02")
def test_nobody_is_born_tomorrow_or_older_than_120(born, problem):
    assert household.birth_problem(born, today=TODAY) == problem


@pytest.mark.parametrize(
    ("used", "problem", "warning"),
    [
        (TODAY, "", ""),
        (date(2026, 5, 21), "", ""),
        (date(2026, 5, 20), "", household.LONG_SINCE),
        (date(2026, 11, 22), household.FUTURE_USE, ""),
        (date(1990, 1, 1), "", household.LONG_SINCE),
        (date(1989, 12, 31), household.USE_BEFORE_BIRTH, household.LONG_SINCE),
    ],
)
@pytest.mark.feature("APP_03")
def test_the_last_use_of_tobacco_lies_between_birth_and_today_and_is_questioned_after_six_months(
    used, problem, warning
):
    assert household.last_use_problem(used, today=TODAY, born=date(1990, 1, 1)) == problem
    assert household.last_use_warning(used, today=TODAY) == warning


@pytest.mark.parametrize(
    ("born", "limit", "too_old"),
    [
        (date(2001, 1, 2), AgeLimit(), False),
        (date(2001, 1, 1), AgeLimit(), True),
        (date(2007, 1, 2), AgeLimit(through=18, plan="Dental 1A"), True),
        (date(2008, 1, 2), AgeLimit(through=18, plan="Dental 1A"), False),
    ],
)
@pytest.mark.feature("FAM_07")
def test_a_dependents_age_counts_on_the_first_day_of_coverage(born, limit, too_old):
    said = household.dependent_problem(born, effective_date=JANUARY, limit=limit)
    assert bool(said) == too_old
    if too_old:
        assert f"through age {limit.through}" in said
        assert limit.plan in said


def test_the_strictest_plan_decides_about_dependents():
    assert household.strictest([AgeLimit(through=25), AgeLimit(through=18, plan="Dental")]).plan == "Dental"
    assert household.strictest([]).through == 25


@pytest.mark.feature("FAM_06")
def test_a_spouse_under_14_and_a_child_older_than_the_applicant_are_questioned():
    assert household.spouse_warning(date(2013, 1, 2), effective_date=JANUARY) == household.YOUNG_SPOUSE
    assert household.spouse_warning(date(2013, 1, 1), effective_date=JANUARY) == ""
    assert household.dependent_warning(date(1980, 1, 1), primary_born=date(1986, 3, 14)) == household.OLDER_THAN_PARENT
    assert household.dependent_warning(date(1986, 3, 14), primary_born=date(1986, 3, 14)) == household.OLDER_THAN_PARENT
    assert household.dependent_warning(date(2010, 1, 1), primary_born=date(1986, 3, 14)) == ""


@pytest.mark.feature("FAM_11")
def test_tobacco_is_asked_of_dependents_of_21():
    assert household.asks_tobacco(date(2006, 1, 1), effective_date=JANUARY)
    assert not household.asks_tobacco(date(2006, 1, 2), effective_date=JANUARY)
    assert not household.asks_tobacco(None, effective_date=JANUARY)


@pytest.mark.parametrize(
    ("typed", "number"), [("123-45-6789", "123456789"), ("123 45 6789", "123456789"), (" 899996789 ", "899996789")]
)
@pytest.mark.feature("APP_02")
def test_an_ssn_is_nine_digits_however_typed(typed, number):
    assert ssn.digits_of(typed) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("12345678", ssn.NINE_DIGITS),
        ("1234567890", ssn.NINE_DIGITS),
        ("123-45-678a", ssn.NINE_DIGITS),
        ("١٢٣٤٥٦٧٨٩", ssn.NINE_DIGITS),
        ("9" * 25, ssn.NINE_DIGITS),
        ("000-12-3456", ssn.NEVER_ISSUED),
        ("666-12-3456", ssn.NEVER_ISSUED),
        ("123-00-3456", ssn.NEVER_ISSUED),
        ("123-45-0000", ssn.NEVER_ISSUED),
        ("078-05-1120", ssn.NEVER_ISSUED),
        ("912-70-1234", ssn.NO_SSN),
    ],
)
@pytest.mark.feature("APP_02")
def test_numbers_that_were_never_issued_are_no_ssn(typed, said):
    with pytest.raises(ssn.NotAnSsn) as caught:
        ssn.digits_of(typed)
    assert str(caught.value) == said
    assert typed not in str(caught.value)


def test_a_number_on_file_shows_its_last_four_digits_only():
    assert ssn.masked("123456789") == "•••-••-6789"
    assert ssn.masked("") == ""
    assert ssn.digits_of("666121234", on_file=True) == "666121234"


@pytest.mark.parametrize(
    ("kind", "start", "fine"),
    [
        ("ICHRA", date(2020, 1, 1), True),
        ("ICHRA", date(2019, 12, 31), False),
        ("QSEHRA", date(2019, 12, 31), True),
        ("QSEHRA", date(2016, 12, 31), False),
        ("", date(2017, 1, 1), True),
        ("", date(1, 1, 1), False),
        ("ICHRA", date(2027, 11, 21), True),
        ("ICHRA", date(9999, 12, 31), False),
    ],
)
@pytest.mark.feature("FAM_01")
def test_an_arrangement_starts_when_there_were_such_arrangements(kind, start, fine):
    assert (hra.start_problem(kind, start, today=TODAY) == "") == fine


@pytest.mark.feature("FAM_03")
@pytest.mark.feature("FAM_04")
def test_the_optional_section_offers_six_and_fifteen_choices():
    assert identity.HISPANIC == ("Mexican", "Cuban", "Puerto Rican", "Chicano", "Mexican American", "Other")
    assert len(identity.IDENTITIES) == len(set(identity.IDENTITIES)) == 15
    assert "Guamanian or Chamorro" in identity.IDENTITIES
    assert max(map(len, (*identity.IDENTITIES, *identity.HISPANIC))) <= 40
    assert max(map(len, identity.spoken_languages())) <= 30
