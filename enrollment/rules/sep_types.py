"""What the rules on special enrollment take and give: life events, declared events, decisions with their trace. Pure.

All days are calendar days in the applicant's state; first and last days are inclusive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from enrollment.rules.open_enrollment import CalendarRow


class Rule(StrEnum):
    """How the first day of coverage follows from the day of the event and the day of the application."""

    LATER_OF_EVENT_OR_APPLICATION = "later_of_event_or_application"
    EVENT_DATE = "event_date"
    AFTER_APPLICATION = "after_application"
    HRA_START = "hra_start"
    MANUAL_REVIEW = "manual_review"
    NOT_AVAILABLE = "not_available"


class Availability(StrEnum):
    """Whether an event opens a window on a channel. ``OPTION``: the law leaves it open and it was not chosen."""

    YES = "yes"
    NO = "no"
    OPTION = "option"


class Election(StrEnum):
    """A first day of coverage the applicant may choose instead of the rule's."""

    AFTER_APPLICATION = "first_of_month_after_application"
    AFTER_EVENT = "first_of_month_after_event"
    DATE_OF_EVENT = "date_of_event"
    EARLIEST = "earliest_available"


class PriorCoverage(StrEnum):
    """Covered on at least one day of the 60 before the event (one spouse is enough), or exempt (45 CFR 155.420(a)(5))."""

    YES = "yes"
    NO = "no"
    EXEMPT = "exempt"


class Refusal(StrEnum):
    """Why there is no first day of coverage; ``sep_wording.refused`` says it in words."""

    STATE_NOT_SUPPORTED = "state_not_supported"
    UNKNOWN_EVENT = "unknown_event"
    MISSING_EVENT_DATE = "missing_event_date"
    NOT_AVAILABLE_OFF = "not_available_off_exchange"
    NOT_AVAILABLE_ON = "not_available_on_exchange"
    ALREADY_USED = "already_used_this_year"
    FUTURE_EVENT = "future_event_not_allowed"
    OUTSIDE_WINDOW = "outside_window"
    PRIOR_COVERAGE = "prior_coverage_required"
    MANUAL_REVIEW = "manual_review"
    ELECTION = "election_not_allowed"
    NOT_IN_OPEN_ENROLLMENT = "not_in_open_enrollment"


class Combine(StrEnum):
    """Which date of several good events counts before anybody chooses."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class LifeEvent:
    """A kind of life event as it stands in one state: its window, its rule and what it asks for.

    The window reaches from ``days_before`` before the event through ``days_after`` after it, the event being day 0.
    ``days_after_if_notice_due`` takes the place of ``days_after`` on exchange where the employer owed a notice of 90 days.
    ``midmonth``: whoever applies before the month of the event is covered from the first of that month.
    """

    code: str
    group: str
    label: str
    date_label: str
    off_exchange: Availability
    on_exchange: Availability
    days_before: int
    days_after: int
    rule: Rule
    citation: str
    days_after_if_notice_due: int | None = None
    elect_after_application: bool = False
    elect_after_event: bool = False
    midmonth: bool = False
    needs_prior_coverage: bool = False
    once_a_year: bool = False
    review: bool = False
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SepOptions:
    """What the law leaves to the carrier beside the rows of the life events; ``sep_options`` has the table."""

    in_force_from: date
    source: str
    combine: Combine = Combine.EARLIEST
    dental_requires_sep: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SepTables:
    """Everything a decision is made from: rows in force in the state on the day of the application.

    ``calendar`` may hold other states' rows too; ``states`` are those the portal sells in.
    """

    states: frozenset[str]
    events: Mapping[str, LifeEvent]
    calendar: Sequence[CalendarRow]
    options: SepOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredEvent:
    """A life event as declared on the application. What was not asked or not answered stays at its default.

    ``knew_on``: the day the person learned of the event, if later than it (late notice). ``hra_notice_90``: the employer
    owed a notice 90 days ahead.
    """

    code: str
    event_date: date | None
    prior_coverage: PriorCoverage | None = None
    used_this_year: bool = False
    knew_on: date | None = None
    hra_notice_90: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SepRequest:
    """An application as far as its first day of coverage goes.

    ``application_date`` is the civil day in the applicant's state. ``special``: the answer to "Is this an SEP application?".
    ``election``: an ``Election`` or one of the dates offered; anything else is refused.
    """

    us_state: str
    channel: str
    application_date: date
    events: tuple[DeclaredEvent, ...] = ()
    special: bool = True
    election: str | date | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """When to apply, both days inclusive; ``late`` is the second span that late notice opens, if there is one."""

    opens: date
    closes: date
    late: "Window | None" = None

    def holds(self, day: date) -> bool:
        return self.opens <= day <= self.closes or (self.late is not None and self.late.holds(day))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at, in order: its name, whether it passed, a sentence and where the rule stands."""

    name: str
    passed: bool
    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class DateChoice:
    """A first day of coverage an event gives. ``election`` is empty for the date of the rule itself."""

    effective_date: date
    election: str
    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class IfApplied:
    """Whoever applies from ``first_day`` through ``last_day`` is covered from ``effective_date``."""

    first_day: date
    last_day: date
    effective_date: date


@dataclass(frozen=True, slots=True)
class Note:
    """Something the producer should know, with a code for tests and icons."""

    code: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class EventDecision:
    """What one declared event gives alone: a date or a refusal, and how it came about."""

    declared: DeclaredEvent
    event: LifeEvent | None
    window: Window | None
    effective_date: date | None
    error: Refusal | None
    sentence: str
    rule_number: str
    citation: str
    steps: tuple[Step, ...]
    choices: tuple[DateChoice, ...] = ()
    if_applied: tuple[IfApplied, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The first day of coverage or why there is none; ``chosen`` is the position of the event it comes from.

    ``choices`` is the pick list: every date a good event offers, the earliest first. ``months_owed``: calendar months of
    coverage that have begun by the day of the application, counting both. ``open_enrollment``: what answering No would give.
    """

    request: SepRequest
    effective_date: date | None
    error: Refusal | None
    sentence: str
    citation: str
    events: tuple[EventDecision, ...] = ()
    chosen: int | None = None
    choices: tuple[DateChoice, ...] = ()
    months_owed: int = 0
    open_enrollment: CalendarRow | None = None
    notes: tuple[Note, ...] = field(default=())

    @property
    def plan_year(self) -> int | None:
        """The year whose plans count: the effective date's (45 CFR 147.104(f))."""
        return self.effective_date.year if self.effective_date else None
