"""By when an answer is promised: business days of the carrier's activation desk (REGL_06, conflict C7)."""

from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5
PROMISED_WITHIN = 1  # business days (account guide, "you will receive an e-mail ... within 1 business day")


def is_business_day(day: date, holidays: Container[date]) -> bool:
    """Monday to Friday, unless it is one of ``holidays``."""
    return day.weekday() < SATURDAY and day not in holidays


def next_business_day(day: date, holidays: Container[date]) -> date:
    """The first business day after ``day``."""
    day += timedelta(days=1)
    while not is_business_day(day, holidays):
        day += timedelta(days=1)
    return day


def promised_on(received_on: date, holidays: Container[date]) -> date:
    """Last day, inclusive, on which the activation email is promised to come.

    What comes in on a business day is answered by the end of the next one; what comes in on a weekend or a holiday
    counts as received on the next business day. So Monday gives Tuesday, Friday gives Monday, Saturday and Sunday
    give Tuesday: "If you register Friday, Saturday or Sunday, it could be Monday or Tuesday".
    """
    counted_from = received_on if is_business_day(received_on, holidays) else next_business_day(received_on, holidays)
    for _ in range(PROMISED_WITHIN):
        counted_from = next_business_day(counted_from, holidays)
    return counted_from
