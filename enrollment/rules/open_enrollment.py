"""Open enrollment: who applies when is covered from when (45 CFR 155.410; off exchange 147.104(b)(1)(ii)). Pure.

All days are calendar days in the applicant's state and inclusive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from clients.rules.policy_wording import day_text

OEP, SEP = "OEP", "SEP"
FIRSTS_OFFERED = 3
# Plans of a year are on sale from the first day of its open enrollment; where no calendar is known, from 1 November.
SALE_BEGINS = (11, 1)
SALE_BEGINS_SOURCE = "45 CFR 155.410(e)"


class Channel(StrEnum):
    """Where the coverage is bought."""

    ON = "on"
    OFF = "off"


BOTH = "both"


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarRow:
    """Who applies from ``first_day`` through ``apply_through`` is covered from ``effective_date``.

    ``channel`` is on, off or both; ``last_day`` is the last of the whole period.
    """

    us_state: str
    exchange_type: str
    plan_year: int
    channel: str
    first_day: date
    last_day: date
    apply_through: date
    effective_date: date
    confirmed: bool
    note: str
    source: str

    def is_for(self, us_state: str, channels: Iterable[str]) -> bool:
        return self.us_state == us_state and (self.channel == BOTH or self.channel in channels)


@dataclass(frozen=True, slots=True)
class OfferedDate:
    """A first day of coverage that can be asked for: by open (``OEP``) or special (``SEP``) enrollment, and why, in words."""

    reason: str
    effective_date: date
    sentence: str


def open_rows(
    calendar: Iterable[CalendarRow], *, us_state: str, channels: Iterable[str], day: date
) -> list[CalendarRow]:
    """Rows of the periods that are open on ``day`` and can still be applied by, the earliest coverage first."""
    wanted = frozenset(channels)
    rows = [
        row
        for row in calendar
        if row.is_for(us_state, wanted) and row.first_day <= day <= min(row.apply_through, row.last_day)
    ]
    return sorted(rows, key=lambda row: (row.effective_date, row.apply_through, row.channel))


def first_of_next_month(day: date) -> date:
    """The first day of the month after the month of ``day``. Raises ``ValueError`` after 30 November 9999.

    Made from year and month, never by adding a month to a day: 31 January has no 31 February.
    """
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def on_sale_from(calendar: Iterable[CalendarRow], *, us_state: str, channels: Iterable[str], plan_year: int) -> date:
    """First day on which plans of ``plan_year`` can be applied for, inclusive (45 CFR 155.410(e))."""
    wanted = frozenset(channels)
    known = [row.first_day for row in calendar if row.plan_year == plan_year and row.is_for(us_state, wanted)]
    month, day = SALE_BEGINS
    return min(known, default=date(plan_year - 1, month, day))


def dates_offered(
    calendar: Sequence[CalendarRow], *, us_state: str, channels: Iterable[str], today: date
) -> list[OfferedDate]:
    """First days of coverage a quote can be made for.

    Open enrollment gives the dates of its calendar that can still be applied for. Special enrollment gives the first of each
    of the next three months; those of a year whose plans are not on sale yet are left out. Retroactive and mid-month dates
    (a birth) are worked out from the life event in the application, not guessed for a quote.
    """
    wanted = frozenset(channels)
    offered = {
        row.effective_date: row for row in reversed(open_rows(calendar, us_state=us_state, channels=wanted, day=today))
    }
    dates = [OfferedDate(OEP, first, _open_sentence(row)) for first, row in sorted(offered.items())]
    first = today
    for _ in range(FIRSTS_OFFERED):
        first = first_of_next_month(first)
        if today >= on_sale_from(calendar, us_state=us_state, channels=wanted, plan_year=first.year):
            dates.append(OfferedDate(SEP, first, _special_sentence(first)))
    return dates


def last_day_to_ask(
    calendar: Sequence[CalendarRow], *, us_state: str, channels: Iterable[str], reason: str, effective_date: date
) -> date:
    """Last day, inclusive, to apply for coverage from ``effective_date``.

    By open enrollment the calendar's; by special enrollment the day before coverage begins, because a later application
    starts later, whatever the event (45 CFR 155.420(b)). A date no calendar knows is judged like a special enrollment's.
    """
    wanted = frozenset(channels)
    known = [
        row.apply_through
        for row in calendar
        if reason == OEP and row.effective_date == effective_date and row.is_for(us_state, wanted)
    ]
    return max(known, default=effective_date - timedelta(days=1))


def calendar_problems(rows: Sequence[CalendarRow]) -> list[str]:
    """What is wrong with the rows of one state and plan year that are to be a calendar together, in sentences."""
    problems = []
    if not rows:
        return ["There is no row."]
    if len({(row.us_state, row.plan_year) for row in rows}) > 1:
        return ["The rows are of several states or plan years. A calendar is of one."]
    channels = {row.channel for row in rows}
    if BOTH in channels and len(channels) > 1:
        problems.append("Rows for both channels cannot stand beside rows for one of them.")
    for channel in sorted(channels):
        in_order = sorted((row for row in rows if row.channel == channel), key=lambda row: row.apply_through)
        problems += _problems_of_one_channel(in_order)
    return problems


def _problems_of_one_channel(rows: Sequence[CalendarRow]) -> list[str]:
    problems = []
    if len({(row.first_day, row.last_day) for row in rows}) > 1:
        problems.append("All rows of a channel need the same first and last day.")
    if rows[-1].apply_through != rows[-1].last_day:
        problems.append("The last row must reach through the last day to apply.")
    if any(later.effective_date <= earlier.effective_date for earlier, later in pairwise(rows)):
        problems.append("Whoever applies in a later row must be covered later.")
    if any(later.apply_through == earlier.apply_through for earlier, later in pairwise(rows)):
        problems.append("Two rows of a channel have the same last day to apply.")
    if any(row.effective_date <= row.apply_through for row in rows):
        problems.append("Coverage must begin after the last day to apply for it.")
    if any(row.effective_date.year != row.plan_year for row in rows):
        problems.append("Coverage must begin in the plan year.")
    return problems


def _open_sentence(row: CalendarRow) -> str:
    told = f"Open enrollment: apply by {day_text(row.apply_through)} for coverage from {day_text(row.effective_date)}."
    return told if row.confirmed else f"{told} {NOT_CONFIRMED}"


def _special_sentence(first: date) -> str:
    last = first - timedelta(days=1)
    return f"Special enrollment after a life event: apply by {day_text(last)} for coverage from {day_text(first)}."


NOT_CONFIRMED = "This calendar is not confirmed: the state may run longer."
