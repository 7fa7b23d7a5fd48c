"""When a custom report runs by itself (REP_16). Pure: days in, days out."""

from datetime import date, timedelta

from clients.rules.dated import add_months

DAILY, WEEKLY, MONTHLY = "DAILY", "WEEKLY", "MONTHLY"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Every month has these days.
DAYS_OF_MONTH = range(1, 29)


def next_run(schedule: str, day: int, *, after: date) -> date:
    """The first day later than ``after`` on which a report of this schedule runs.

    ``day`` is 0 (Monday) to 6 for a weekly one, 1 to 28 for a monthly one, and says nothing for a daily one. Raises
    ``ValueError`` for another schedule or day.
    """
    if schedule == DAILY:
        return after + timedelta(days=1)
    if schedule == WEEKLY and 0 <= day <= 6:
        return after + timedelta(days=(day - after.weekday() - 1) % 7 + 1)
    if schedule == MONTHLY and day in DAYS_OF_MONTH:
        this_month = after.replace(day=day)
        return this_month if this_month > after else add_months(this_month, 1)
    raise ValueError(f"no such schedule: {schedule} {day}")


def in_words(schedule: str, day: int) -> str:
    """ "every Monday", "on day 1 of every month", "every day"; empty for none."""
    if schedule == WEEKLY:
        return f"every {WEEKDAYS[day]}"
    if schedule == MONTHLY:
        return f"on day {day} of every month"
    return "every day" if schedule == DAILY else ""
