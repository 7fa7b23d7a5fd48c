"""Which dates of birth bring a day that counts (the first Medicare month, the last covered day) into a window of days.

A report lists thousands of people, so the question is put to the database as a range of birth dates. The range comes from
the rules themselves (``clients.rules.ages``), never from arithmetic of its own: whoever is born later reaches the day later
or on the same day, so the two ends can be searched for. Pure; all days are inclusive.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from clients.rules.ages import (
    VETERAN_AGES,
    DependentFacts,
    default_age_out_rule,
    dependent_age_limit,
    turning_65,
)
from clients.rules.grace_tables import Channel

# Nobody covered was born before, and no report looks further ahead.
_BORN = range(date(1850, 1, 1).toordinal(), date(2101, 1, 1).toordinal())


@dataclass(frozen=True)
class BirthDates:
    """From the first to the last date of birth, both inclusive; ``last`` before ``first`` when there is none."""

    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class ChildWindow:
    """Which children: policies of this channel, of ``state`` (None: of every state without a row of its own), veterans or not."""

    channel: Channel
    state: str | None
    unmarried_veteran: bool
    born: BirthDates


def _born(day_of: Callable[[date], date], first: date, last: date) -> BirthDates:
    """The dates of birth whose day lies from ``first`` to ``last``; ``day_of`` never goes back for a later birth."""

    def key(ordinal: int) -> date:
        return day_of(date.fromordinal(ordinal))

    begin = bisect_left(_BORN, first, key=key)
    end = bisect_right(_BORN, last, key=key)
    return BirthDates(date.fromordinal(_BORN.start + begin), date.fromordinal(_BORN.start + end - 1))


def medicare_month(first: date, last: date) -> BirthDates:
    """Who enters Medicare in a month whose first day lies from ``first`` to ``last`` (42 CFR 406.10(b); REP_14)."""
    return _born(lambda born: turning_65(born).medicare_month, first, last)


def last_covered_day(first: date, last: date, *, today: date) -> Iterator[ChildWindow]:
    """The children whose last covered day lies from ``first`` to ``last`` (45 CFR 147.120; REP_14).

    ``today`` says which row of the dated table of markets is in force. One window for each channel, and two more, of
    veterans and of others, for each state that lets unmarried veterans stay longer.
    """
    states = sorted({row.state for row in VETERAN_AGES})
    for channel in Channel:
        for state, veteran in [(None, False), *((state, veteran) for state in states for veteran in (False, True))]:

            def day_of(
                born: date, channel: Channel = channel, state: str = state or "", veteran: bool = veteran
            ) -> date:
                found = child_limit(born, channel=channel, state=state, unmarried_veteran=veteran, today=today)
                return found or date.max  # no child asked about here is disabled, so there is a day

            yield ChildWindow(channel=channel, state=state, unmarried_veteran=veteran, born=_born(day_of, first, last))


def child_limit(
    born: date, *, channel: Channel, state: str, unmarried_veteran: bool, today: date, disabled: bool = False
) -> date | None:
    """The last covered day of a child under the market's rule; ``None`` for a child whom no age ends (45 CFR 147.120)."""
    facts = DependentFacts(
        date_of_birth=born,
        is_child=True,
        rule=default_age_out_rule(channel, on=today),
        state=state,
        unmarried_veteran=unmarried_veteran,
        disabled=disabled,
    )
    return dependent_age_limit(facts).coverage_last_day
