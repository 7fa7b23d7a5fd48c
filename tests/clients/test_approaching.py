"""Whose age will change the coverage, and from when until when the page says so."""

from datetime import date

import pytest

from clients.rules.approaching import approaching

pytestmark = pytest.mark.no_db


def said(born: date, today: date, *, child: bool = True, on: bool = False, us_state: str = "TX") -> str:
    found = approaching(born, is_child=child, on_exchange=on, us_state=us_state, today=today)
    return found.sentence if found else ""


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 12, 13), ""),
        (date(2026, 12, 14), "Turns 26 on 03/14/2027. The last day of coverage as a dependent is usually 03/31/2027."),
        (date(2027, 3, 14), "Turned 26 on 03/14/2027. The last day of coverage as a dependent is usually 03/31/2027."),
        (date(2027, 4, 1), "Turned 26 on 03/14/2027. The last day of coverage as a dependent was usually 03/31/2027."),
        (date(2027, 5, 30), "Turned 26 on 03/14/2027. The last day of coverage as a dependent was usually 03/31/2027."),
        (date(2027, 5, 31), ""),
    ],
)
def test_a_child_off_the_exchange_is_told_of_around_the_end_of_the_month(today, words):
    assert said(date(2001, 3, 14), today) == words


def test_a_child_on_the_exchange_is_covered_to_the_end_of_the_year():
    assert "12/31/2027" in said(date(2001, 3, 14), date(2027, 6, 1), on=True)


def test_the_leap_day_counts_as_the_first_of_march():
    assert said(date(2004, 2, 29), date(2030, 1, 5)).startswith("Turns 26 on 03/01/2030")


@pytest.mark.parametrize(
    ("today", "word"),
    [
        (date(2026, 12, 31), ""),
        (date(2027, 1, 1), "Turns 65 on 04/10/2027"),
        (date(2027, 4, 10), "Turned 65 on 04/10/2027"),
        (date(2027, 7, 31), "Turned 65 on 04/10/2027"),
        (date(2027, 8, 1), ""),
    ],
)
def test_somebody_near_65_is_told_of_within_the_initial_enrollment_period(today, word):
    sentence = said(date(1962, 4, 10), today, child=False)
    assert sentence.startswith(word)
    assert bool(sentence) is bool(word)
    assert not word or "Medicare can begin on 04/01/2027" in sentence


def test_a_spouse_of_26_is_no_dependent():
    assert said(date(2001, 3, 14), date(2027, 3, 14), child=False) == ""
