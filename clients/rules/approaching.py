"""Whose coverage will change because of age: children at 26, anybody at 65. Pure: no clock, no database.

The days themselves are in ``ages``; how long before and after them a page says so is the table here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from clients.rules.ages import DependentFacts, default_age_out_rule, dependent_age_limit, turning_65
from clients.rules.grace_tables import Channel


@dataclass(frozen=True, kw_only=True)
class NoticeRule:
    """From how many days before the 26th birthday until how many after the last covered day, both inclusive."""

    in_force_from: date
    days_before: int
    days_after: int
    source: str


NOTICE_AT_26 = (
    NoticeRule(
        in_force_from=date(2014, 1, 1),
        days_before=90,
        days_after=60,
        source="ours, a month before the window opens; 45 CFR 155.420(c)(2): until 60 days after loss of coverage",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Approaching:
    """``age`` is 26 or 65, ``birthday`` the day it is reached; ``sentence`` is fit to show."""

    age: int
    birthday: date
    sentence: str


def approaching(
    date_of_birth: date, *, is_child: bool, on_exchange: bool, us_state: str, today: date
) -> Approaching | None:
    """What comes up for somebody who is covered, or ``None``. All days are inclusive.

    A child: around its last covered day under the market's usual rule (45 CFR 147.120). Anybody else: within the initial
    enrollment period of Medicare, from three months before its first month until three after (42 CFR 407.14(a)).
    """
    if is_child:
        return _at_26(date_of_birth, on_exchange=on_exchange, us_state=us_state, today=today)
    medicare = turning_65(date_of_birth)
    if not medicare.iep_start <= today <= medicare.iep_end:
        return None
    word = "Turned" if medicare.birthday <= today else "Turns"
    return Approaching(
        age=65,
        birthday=medicare.birthday,
        sentence=f"{word} 65 on {medicare.birthday:%m/%d/%Y}. Medicare can begin on {medicare.medicare_month:%m/%d/%Y}.",
    )


def _at_26(date_of_birth: date, *, on_exchange: bool, us_state: str, today: date) -> Approaching | None:
    channel = Channel.ON_EXCHANGE if on_exchange else Channel.OFF_EXCHANGE
    facts = DependentFacts(
        date_of_birth=date_of_birth, is_child=True, rule=default_age_out_rule(channel, on=today), state=us_state
    )
    limit = dependent_age_limit(facts)
    rule = max((one for one in NOTICE_AT_26 if one.in_force_from <= today), key=lambda one: one.in_force_from)
    last_day = limit.coverage_last_day
    if last_day is None:
        return None
    first, last = (
        min(limit.birthday, last_day) - timedelta(days=rule.days_before),
        last_day + timedelta(days=rule.days_after),
    )
    if not first <= today <= last:
        return None
    word = "Turned" if limit.birthday <= today else "Turns"
    covered = "was" if last_day < today else "is"
    return Approaching(
        age=26,
        birthday=limit.birthday,
        sentence=(
            f"{word} 26 on {limit.birthday:%m/%d/%Y}. The last day of coverage as a dependent {covered} usually "
            f"{last_day:%m/%d/%Y}."
        ),
    )
