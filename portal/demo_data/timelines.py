"""What happened to a policy: when it began, how far it is paid, how it ends. Its status is the rules' own answer.

Every function here takes ``today`` and gives dates that hold on any day of any year. Premiums are due on the first
of a month wherever the calendar allows it; where it does not (there is no first month of grace on the first of a
month), on another day, as for coverage that began with a birth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random

from clients.rules import standing as rules
from clients.rules.dated import add_months, first_of_month, last_of_month
from clients.rules.grace_tables import Channel, binder_deadline, state_grace
from clients.rules.policy_status import PolicyFacts, PolicyStatus, policy_status
from portal.demo_data.chance import Weighted

ONE_DAY = timedelta(days=1)
LONGEST_UNNOTICED_GRACE = 45  # days
NEEDS_NOTICE = frozenset({"MT"})  # without tax credit no grace period ends there before a notice is mailed


@dataclass(frozen=True, slots=True)
class Terms:
    """Where a policy was bought and what its household owes: what decides the kind of grace period."""

    us_state: str
    market: str
    with_credit: bool = False
    owes_premium: bool = True


@dataclass(frozen=True, slots=True)
class Timeline:
    """The facts of one policy as the carrier reports them. Dates are inclusive; ``paid_to`` is the first unpaid day."""

    effective: date
    paid_to: date | None
    term: date | None = None
    grace_started: date | None = None
    binder_paid: bool = True
    binder_due: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules make of a timeline on one day, ready for the policy's row."""

    status: str
    term: date | None
    grace_started: date | None
    months_past_due: int
    derived: bool
    holds_until: date


@lru_cache(maxsize=50_000)
def standing(timeline: Timeline, terms: Terms, today: date) -> Standing:
    """Return status and dates that the rules give for the timeline, so that row and rules can never disagree."""
    known = facts(timeline, terms)
    decision, kept = policy_status(known, today=today), rules.standing(known, today=today)
    term = timeline.term or decision.term_shown
    in_grace = decision.status is PolicyStatus.GRACE
    months = 0
    if in_grace and timeline.paid_to:
        months = _due_dates_before(today, timeline.paid_to)
    elif decision.status is PolicyStatus.TERMED and timeline.paid_to and term and term >= timeline.paid_to:
        months = 1  # the first month of a tax-credit grace period was covered and never paid
    return Standing(
        status=decision.status.value,
        term=term,
        grace_started=kept.grace_started,
        months_past_due=months,
        derived=timeline.term is None and decision.term_shown is not None,
        holds_until=kept.holds_until,
    )


def facts(timeline: Timeline, terms: Terms) -> PolicyFacts:
    """The same as the rules want it."""
    return PolicyFacts(
        effective_date=timeline.effective,
        channel=Channel(terms.market),
        state=terms.us_state,
        aptc=terms.with_credit,
        net_premium=Decimal(1 if terms.owes_premium else 0),
        binder_paid=timeline.binder_paid,
        paid_to=timeline.paid_to,
        term_date=timeline.term,
        binder_due=timeline.binder_due,
        grace_started=timeline.grace_started,
    )


def _due_dates_before(today: date, first_due: date) -> int:
    months = 0
    while add_months(first_due, months) < today:
        months += 1
    return months


def _due_date(today: date, *, fewest_days_ago: int, most_days_ago: int) -> date:
    """The latest first of a month so many days ago, or a day in the middle when there is none."""
    first = first_of_month(today - timedelta(days=fewest_days_ago))
    if (today - first).days <= most_days_ago:
        return first
    return today - timedelta(days=(fewest_days_ago + most_days_ago) // 2)


def _first_in(months: int, today: date) -> date:
    """The first of the month that lies so many months after this one."""
    return add_months(first_of_month(today), months)


# --- Each kind of history: (chance, day, terms) -> dates ---


def active(rng: Random, today: date, terms: Terms) -> Timeline:
    """In force and paid, mostly to the end of the month; some are paid ahead, a few end soon."""
    if rng.random() < 0.6:
        effective = date(today.year - rng.choice((0, 0, 0, 1, 1, 2)), 1, 1)
        if effective == today:
            effective = date(today.year - 1, 1, 1)
    else:
        effective = _first_in(-rng.randrange(1, 40), today)
    paid_to = _first_in(1 if rng.random() < 0.85 else rng.randrange(2, 5), today)
    if today.day == 1 and rng.random() < 0.4:
        paid_to = today
    term = last_of_month(_first_in(rng.randrange(2), today)) if rng.random() < 0.03 else None
    return Timeline(effective, max(paid_to, add_months(effective, 1)), term=term)


def grace(rng: Random, today: date, terms: Terms) -> Timeline:
    """A premium is overdue: one to three months with tax credit, within the days of the contract without."""
    if terms.with_credit:
        return grace_month(rng.choice((1, 1, 1, 2, 2, 3)), today, months_in_force=rng.randrange(2, 30))
    return grace_days(today, months_in_force=rng.randrange(2, 30))


def grace_month(month: int, today: date, *, months_in_force: int = 6, months_paid_since: int = 0) -> Timeline:
    """Month 1, 2 or 3 of a tax-credit grace period; some months may have been paid without ending it."""
    due = _first_in(1 - month, today)
    if due >= today:  # on the first of a month nobody is in the first month
        due = today - timedelta(days=12)
    return overdue_since(due, months_in_force=months_in_force, months_paid_since=months_paid_since)


def grace_days(today: date, *, months_in_force: int = 6) -> Timeline:
    """A premium overdue without tax credit, not past the last day to pay of any state."""
    due = _due_date(today, fewest_days_ago=1, most_days_ago=30)
    return overdue_since(due, months_in_force=months_in_force)


def overdue_since(due: date, *, months_in_force: int = 6, months_paid_since: int = 0) -> Timeline:
    """Nothing was paid by ``due``, the first due date missed."""
    return Timeline(
        effective=add_months(due, -months_in_force),
        paid_to=add_months(due, months_paid_since),
        grace_started=due,
    )


def last_day_of_grace(today: date, terms: Terms) -> Timeline | None:
    """Today is the last day to pay. None on the few days that no three months can end on."""
    if not terms.with_credit:
        return overdue_since(today - timedelta(days=state_grace(terms.us_state, on=today).grace_days - 1))
    due = add_months(today + ONE_DAY, -3)
    return overdue_since(due) if add_months(due, 3) - ONE_DAY == today else None


def grace_over_new_year(today: date) -> Timeline:
    """A tax-credit grace period on both sides of a New Year: running if today's season allows it, else long over."""
    for month in (3, 2, 1):
        timeline = grace_month(month, today)
        if timeline.grace_started and add_months(timeline.grace_started, 3).year != timeline.grace_started.year:
            return timeline
    return overdue_since(date(today.year - 1, 12, 1))


def termed(rng: Random, today: date, terms: Terms) -> Timeline:
    """Over: half at the member's wish at a month's end, half for non-payment."""
    if rng.random() < 0.5:
        return ended(
            today, months_ago=rng.choice((1, 1, 1, 2, 3, 4, 6, 9, 12, 18)), months_in_force=rng.randrange(3, 30)
        )
    due = _first_in(-rng.randrange(4, 10), today)
    timeline = overdue_since(due, months_in_force=rng.randrange(2, 30))
    return end_by_notice(timeline, terms, today)


def end_by_notice(timeline: Timeline, terms: Terms, today: date) -> Timeline:
    """Where no grace period ends without a notice the carrier has mailed one by now and ended the policy."""
    if terms.with_credit or terms.us_state not in NEEDS_NOTICE or timeline.paid_to is None or timeline.term:
        return timeline
    if (today - timeline.paid_to).days <= LONGEST_UNNOTICED_GRACE:
        return timeline
    return replace(timeline, term=timeline.paid_to - ONE_DAY, grace_started=None)


def ended(today: date, *, months_ago: int, months_in_force: int) -> Timeline:
    """Ended by the member at the end of a month, paid to the last day; 1 month ago is the latest month's end."""
    last_day = last_of_month(_first_in(-months_ago, today))
    effective = add_months(first_of_month(last_day), 1 - months_in_force)
    return Timeline(effective, paid_to=last_day + ONE_DAY, term=last_day)


def future(rng: Random, today: date, terms: Terms) -> Timeline:
    """Bought and paid for, to begin on the first of one of the next months."""
    effective = _first_in(rng.choice((1, 1, 2)), today)
    return Timeline(effective, paid_to=add_months(effective, 1))


def first_payment_due(rng: Random, today: date, terms: Terms) -> Timeline:
    """The first payment has not come and can still be made."""
    return unpaid_from(_first_in(rng.choice((0, 1, 1, 2)), today), terms)


def never_paid(rng: Random, today: date, terms: Terms) -> Timeline:
    """The first payment never came, and it is too late for it."""
    return unpaid_from(_first_in(-rng.randrange(2, 9), today), terms)


def unpaid_from(effective: date, terms: Terms) -> Timeline:
    """Nothing was ever paid for coverage from ``effective``."""
    due = binder_deadline(Channel(terms.market), effective_date=effective)
    return Timeline(effective, paid_to=None, binder_paid=False, binder_due=due)


def withdrawn(today: date, *, months_ago: int = 2) -> Timeline:
    """Paid for, then taken back before it began: the feed ends it the day before its first."""
    effective = _first_in(-months_ago, today)
    return Timeline(effective, paid_to=add_months(effective, 1), term=effective - ONE_DAY)


def before(later: Timeline, rng: Random) -> Timeline:
    """The policy this household had before: it ended the day before the later one began."""
    last_day = later.effective - ONE_DAY
    effective = add_months(first_of_month(last_day), -rng.choice((11, 11, 11, 5, 8, 23)))
    return Timeline(effective, paid_to=later.effective, term=last_day)


HISTORIES: dict[str, Callable[[Random, date, Terms], Timeline]] = {
    "active": active,
    "grace": grace,
    "termed": termed,
    "future": future,
    "first payment due": first_payment_due,
    "never paid": never_paid,
}
# How a carrier's book stands on an ordinary day.
MIX = Weighted(
    [
        ("active", 700),
        ("grace", 120),
        ("termed", 85),
        ("future", 35),
        ("first payment due", 38),
        ("never paid", 22),
    ]
)
