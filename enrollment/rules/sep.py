"""Special and open enrollment: may this application be made today, and from when is it covered. Pure: no clock, no database.

Off exchange 45 CFR 147.104(b) opens the windows of 155.420(d) except some that concern the exchange alone; dates follow
155.420(b), open enrollment 155.410. Windows are calendar days with both ends inside: the event is day 0, the 60th day after it
the last good one. Since 2025 every regular date is the first of the next month: no cut-off on the 15th.

Every decision carries its trace: what was looked at in which order, with citations, the window, the dates offered, and what
applying on another day would give.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, timedelta
from typing import Any

from clients.rules.dated import first_of_month, row_in_force
from enrollment.rules import sep_wording as say
from enrollment.rules.open_enrollment import (
    NOT_CONFIRMED,
    CalendarRow,
    first_of_next_month,
    on_sale_from,
    open_rows,
)
from enrollment.rules.sep_types import (
    Availability,
    Combine,
    DateChoice,
    Decision,
    DeclaredEvent,
    Election,
    EventDecision,
    IfApplied,
    LifeEvent,
    Note,
    PriorCoverage,
    Refusal,
    Rule,
    SepRequest,
    SepTables,
    Step,
    Window,
)

ON_EXCHANGE = "on"
REGULAR_DATES = date(2025, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleText:
    """A rule for the first day of coverage: its number in docs/rules.md and where it stands."""

    rule: Rule
    number: str
    in_force_from: date
    source: str


RULES = (
    RuleText(
        rule=Rule.LATER_OF_EVENT_OR_APPLICATION,
        number="R1",
        in_force_from=REGULAR_DATES,
        source="45 CFR 155.420(b)(2)(iv), (b)(1)",
    ),
    RuleText(rule=Rule.EVENT_DATE, number="R2", in_force_from=REGULAR_DATES, source="45 CFR 155.420(b)(2)(i)"),
    RuleText(
        rule=Rule.AFTER_APPLICATION,
        number="R3",
        in_force_from=REGULAR_DATES,
        source="45 CFR 155.420(b)(1), (b)(2)(ii), (b)(2)(v)",
    ),
    RuleText(rule=Rule.HRA_START, number="R4", in_force_from=REGULAR_DATES, source="45 CFR 155.420(b)(2)(vi)"),
    RuleText(rule=Rule.MANUAL_REVIEW, number="R5", in_force_from=REGULAR_DATES, source="45 CFR 155.420(b)(2)(iii)"),
    RuleText(rule=Rule.NOT_AVAILABLE, number="", in_force_from=REGULAR_DATES, source="45 CFR 155.420(d)"),
)

_ELECTION_SOURCES = {
    Election.AFTER_APPLICATION: "45 CFR 155.420(b)(2)(i)",
    Election.AFTER_EVENT: "45 CFR 155.420(b)(3)(i)",
    Election.DATE_OF_EVENT: "45 CFR 155.420(b)(2)(i)",
    Election.EARLIEST: "45 CFR 155.420(b)(5)",
}
_WINDOW_OFF = "45 CFR 147.104(b)(4)(ii); 155.420(c)"
_WINDOW_ON = "45 CFR 155.420(c)"
_LATE_NOTICE = "45 CFR 155.420(c)(5)"
_OPEN_ENROLLMENT = "45 CFR 155.410(e)-(f); 147.104(b)(1)(ii)"
_OUR_SCREEN = "WIZ_10"


def decide(request: SepRequest, tables: SepTables) -> Decision:
    """The first day of coverage of an application made on ``request.application_date``, or why there is none.

    Each declared event is judged alone, because each is a right of its own (45 CFR 155.420(a)(3)). The earliest date of the good
    ones counts unless another one that they offer was elected; the others are named in the notes. When none is good, the
    application needs a review if one of them does; otherwise the first event says why. Answered No, open enrollment counts.
    ``tables`` are those in force on the day of the application. Raises ``ValueError`` for one made after the year 9998.
    """
    if request.us_state not in tables.states:
        return _no_decision(request, Refusal.STATE_NOT_SUPPORTED, "")
    period = _open_period(request, tables)
    if not request.special:
        return _by_open_enrollment(request, period, tables)
    if not request.events:
        return _no_decision(request, Refusal.MISSING_EVENT_DATE, _OUR_SCREEN, open_enrollment=period)
    events = tuple(_judge(declared, request, tables) for declared in request.events)
    if all(event.error for event in events):
        first = next((event for event in events if event.error == Refusal.MANUAL_REVIEW), events[0])
        return Decision(
            request=request,
            effective_date=None,
            error=first.error,
            sentence=first.sentence,
            citation=first.citation,
            events=events,
            open_enrollment=period,
            notes=tuple(_open_enrollment_note(period)),
        )
    return _combined(request, tables, events, period)


def window_of(event: LifeEvent, declared: DeclaredEvent, *, channel: str, applied: date) -> Window:
    """When the event can be applied for. Raises ``ValueError`` when the event has no date.

    Late notice, that is learning of the event after it and by the day of the application, opens as many days again from the
    day of learning (45 CFR 155.420(c)(5)).
    """
    if declared.event_date is None:
        raise ValueError("the life event has no date")
    after = event.days_after
    if channel == ON_EXCHANGE and declared.hra_notice_90 and event.days_after_if_notice_due is not None:
        after = event.days_after_if_notice_due
    late = None
    if _notice_was_late(declared, applied) and declared.knew_on:
        late = Window(declared.knew_on, _shifted(declared.knew_on, after))
    return Window(_shifted(declared.event_date, -event.days_before), _shifted(declared.event_date, after), late)


def effective_date_by_rule(event: LifeEvent, *, event_date: date, applied: date) -> date:
    """First day of coverage by the event's rule alone, for an application inside the window.

    Raises ``ValueError`` for an event that has no automatic date.
    """
    if event.rule == Rule.EVENT_DATE:
        return event_date
    if event.rule == Rule.AFTER_APPLICATION:
        return first_of_next_month(applied)
    if event.rule == Rule.HRA_START:
        starts = event_date if event_date.day == 1 else first_of_next_month(event_date)
        return starts if applied < event_date else first_of_next_month(applied)
    if event.rule == Rule.LATER_OF_EVENT_OR_APPLICATION:
        if event.midmonth and applied < first_of_month(event_date):
            return first_of_month(event_date)
        return first_of_next_month(max(applied, event_date))
    raise ValueError(f"{event.code} has no automatic date")


def months_owed(effective_date: date, applied: date) -> int:
    """Calendar months of coverage begun by the day of the application, the first and the present one counted; 0 if none."""
    if effective_date > applied:
        return 0
    return (applied.year - effective_date.year) * 12 + applied.month - effective_date.month + 1


def date_moved(shown: date | None, decision: Decision) -> str:
    """What to say at submission when the draft showed another date; empty when it holds or none was shown."""
    if shown is None or shown == decision.effective_date:
        return ""
    return say.moved(shown, decision.effective_date, decision.sentence)


def as_record(decision: Decision) -> dict[str, Any]:
    """The decision with its trace as JSON takes it, to be kept with the application."""
    record: dict[str, Any] = _plain(decision)
    return record | {"plan_year": decision.plan_year}


# --- one event ---


def _judge(declared: DeclaredEvent, request: SepRequest, tables: SepTables) -> EventDecision:
    """The checks in their order; the first that fails is the answer."""
    event = tables.events.get(declared.code)
    steps: list[Step] = []
    window: Window | None = None
    rule = _text_of(event.rule, request.application_date) if event else None

    def stopped(name: str, error: Refusal, citation: str) -> EventDecision:
        sentence = say.refused(error, window=window, event_date=declared.event_date)
        steps.append(Step(name, False, sentence, citation))
        return EventDecision(
            declared=declared,
            event=event,
            window=window,
            effective_date=None,
            error=error,
            sentence=sentence,
            rule_number=rule.number if rule else "",
            citation=citation,
            steps=tuple(steps),
        )

    if event is None or rule is None:
        return stopped("event", Refusal.UNKNOWN_EVENT, _OUR_SCREEN)
    trigger = f"45 CFR {event.citation}" if event.citation[:1].isdigit() else event.citation
    steps.append(Step("event", True, event.label, trigger))
    if declared.event_date is None:
        return stopped("date", Refusal.MISSING_EVENT_DATE, _OUR_SCREEN)
    on_exchange = request.channel == ON_EXCHANGE
    available = event.on_exchange if on_exchange else event.off_exchange
    if available != Availability.YES:
        error = Refusal.NOT_AVAILABLE_ON if on_exchange else Refusal.NOT_AVAILABLE_OFF
        return stopped("channel", error, trigger)
    steps.append(Step("channel", True, "Opens special enrollment on this channel.", trigger))
    if event.once_a_year and declared.used_this_year:
        return stopped("once a year", Refusal.ALREADY_USED, trigger)
    window = window_of(event, declared, channel=request.channel, applied=request.application_date)
    window_source = _WINDOW_ON if on_exchange else _WINDOW_OFF
    if window.late is not None and request.application_date > window.closes:
        window_source = _LATE_NOTICE
    if not window.holds(request.application_date):
        ahead = declared.event_date > request.application_date
        error = Refusal.FUTURE_EVENT if ahead and event.days_before == 0 else Refusal.OUTSIDE_WINDOW
        return stopped("window", error, window_source)
    steps.append(Step("window", True, say.window_text(window), window_source))
    if event.needs_prior_coverage and declared.prior_coverage == PriorCoverage.NO:
        return stopped("prior coverage", Refusal.PRIOR_COVERAGE, "45 CFR 155.420(a)(5)")
    if event.review or event.rule in (Rule.MANUAL_REVIEW, Rule.NOT_AVAILABLE):
        return stopped("date", Refusal.MANUAL_REVIEW, rule.source)
    choices = tuple(_choices(event, declared, request.application_date, rule.source))
    own = choices[0]
    steps.append(Step("date", True, own.sentence, own.citation))
    spans = tuple(_if_applied(event, declared.event_date, window))
    return EventDecision(
        declared=declared,
        event=event,
        window=window,
        effective_date=own.effective_date,
        error=None,
        sentence=own.sentence,
        rule_number=rule.number,
        citation=own.citation,
        steps=tuple(steps),
        choices=choices,
        if_applied=spans,
        notes=tuple(_notes_of(event, declared, window, spans, request.application_date)),
    )


def _text_of(rule: Rule, day: date) -> RuleText:
    return row_in_force((text for text in RULES if text.rule == rule), day)


def _choices(event: LifeEvent, declared: DeclaredEvent, applied: date, source: str) -> Iterator[DateChoice]:
    """The date of the rule first, then the dates the applicant may elect instead."""
    event_date = declared.event_date
    if event_date is None:
        return
    own = effective_date_by_rule(event, event_date=event_date, applied=applied)
    yield DateChoice(
        own,
        Election.DATE_OF_EVENT if event.rule == Rule.EVENT_DATE else "",
        say.ruled(event.rule, effective_date=own, applied=applied, event_date=event_date),
        source,
    )
    elections: list[tuple[Election, date]] = []
    if event.elect_after_application:
        elections.append((Election.AFTER_APPLICATION, first_of_next_month(applied)))
    if event.elect_after_event:
        elections.append((Election.AFTER_EVENT, first_of_next_month(event_date)))
    earliest = _earliest_ever(event, event_date)
    # Without late notice it is no right of its own; asking for it is fine where it is the rule's date anyway.
    if _notice_was_late(declared, applied) or earliest == own:
        elections.append((Election.EARLIEST, earliest))
    for election, day in elections:
        yield DateChoice(day, election, say.elected(election, day), _ELECTION_SOURCES[election])


def _earliest_ever(event: LifeEvent, event_date: date) -> date:
    """The date of an application on the first day of the window: no later one starts earlier."""
    return effective_date_by_rule(event, event_date=event_date, applied=_shifted(event_date, -event.days_before))


def _if_applied(event: LifeEvent, event_date: date, window: Window) -> Iterator[IfApplied]:
    """What each day of the window would give, days with the same date taken together."""
    spans = [(window.opens, window.closes)]
    if window.late is not None:
        if window.late.opens <= _shifted(window.closes, 1):
            spans = [(window.opens, window.late.closes)]
        else:
            spans.append((window.late.opens, window.late.closes))
    for opens, closes in spans:
        first = opens
        gives = effective_date_by_rule(event, event_date=event_date, applied=first)
        for days in range(1, (closes - opens).days + 1):
            day = opens + timedelta(days=days)
            then = effective_date_by_rule(event, event_date=event_date, applied=day)
            if then != gives:
                yield IfApplied(first, day - timedelta(days=1), gives)
                first, gives = day, then
        yield IfApplied(first, closes, gives)


def _notes_of(
    event: LifeEvent, declared: DeclaredEvent, window: Window, spans: Sequence[IfApplied], applied: date
) -> Iterator[Note]:
    closes = window.late.closes if window.late else window.closes
    following = [span for span in spans if span.last_day >= applied]
    if len(following) > 1 and following[1].effective_date > following[0].effective_date:
        yield Note("later", say.later(following[0], following[1]))
    yield Note("last_day", say.last_chance(closes))
    if event.needs_prior_coverage and declared.prior_coverage is None:
        yield Note("prior_coverage", say.PRIOR_COVERAGE_OPEN)
    if window.late is not None and declared.knew_on and applied > window.closes:
        yield Note("late_notice", say.late_notice(declared.knew_on))
    if event.note:
        yield Note("kind", event.note)


def _notice_was_late(declared: DeclaredEvent, applied: date) -> bool:
    """Learned of it after it happened, and by now: a day ahead is a mistake, not late notice."""
    return (
        declared.knew_on is not None
        and declared.event_date is not None
        and declared.event_date < declared.knew_on <= applied
    )


# --- the application ---


def _combined(
    request: SepRequest, tables: SepTables, events: tuple[EventDecision, ...], period: CalendarRow | None
) -> Decision:
    good = [(position, event) for position, event in enumerate(events) if event.error is None]
    offers = [(choice, position) for position, event in good for choice in event.choices]
    if request.election is None:
        wanted = [(event.choices[0], position) for position, event in good]
    elif isinstance(request.election, date):
        wanted = [offer for offer in offers if offer[0].effective_date == request.election]
    else:
        wanted = [offer for offer in offers if offer[0].election == request.election]
    pick_list = tuple(_pick_list(choice for choice, _position in offers))
    notes = [
        Note("ignored", say.ignored(event.event.label if event.event else event.declared.code, event.sentence))
        for event in events
        if event.error is not None
    ]
    if not wanted:
        return Decision(
            request=request,
            effective_date=None,
            error=Refusal.ELECTION,
            sentence=say.refused(Refusal.ELECTION),
            citation=good[0][1].citation,
            events=events,
            choices=pick_list,
            open_enrollment=period,
            notes=tuple(notes),
        )
    take = max if request.election is None and tables.options.combine == Combine.LATEST else min
    choice, position = take(wanted, key=lambda offer: offer[0].effective_date)
    first, applied = choice.effective_date, request.application_date
    owed = months_owed(first, applied)
    if owed:
        notes.append(Note("retroactive", say.months_owed(first, applied, owed)))
    notes += _plan_year_notes(request, tables, first)
    notes += events[position].notes
    if period is not None and period.effective_date != first:
        notes += _open_enrollment_note(period)
    return Decision(
        request=request,
        effective_date=first,
        error=None,
        sentence=choice.sentence,
        citation=choice.citation,
        events=events,
        chosen=position,
        choices=pick_list,
        months_owed=owed,
        open_enrollment=period,
        notes=tuple(notes),
    )


def _pick_list(choices: Iterable[DateChoice]) -> list[DateChoice]:
    """Each date once, the earliest first."""
    by_date: dict[date, DateChoice] = {}
    for choice in choices:
        by_date.setdefault(choice.effective_date, choice)
    return [by_date[day] for day in sorted(by_date)]


def _plan_year_notes(request: SepRequest, tables: SepTables, first: date) -> Iterator[Note]:
    applied = request.application_date
    if first.year < applied.year:
        yield Note("earlier_plan_year", say.earlier_year(first.year, applied))
    if first.year > applied.year:
        sold = on_sale_from(
            tables.calendar, us_state=request.us_state, channels=(request.channel,), plan_year=first.year
        )
        if applied < sold:
            yield Note("not_on_sale", say.not_on_sale(first.year, sold))


def _open_period(request: SepRequest, tables: SepTables) -> CalendarRow | None:
    rows = open_rows(
        tables.calendar, us_state=request.us_state, channels=(request.channel,), day=request.application_date
    )
    return rows[0] if rows else None


def _open_enrollment_note(period: CalendarRow | None) -> Iterator[Note]:
    if period is not None:
        sentence = say.open_enrollment_gives(period.effective_date, confirmed=period.confirmed)
        yield Note("open_enrollment", sentence)


def _by_open_enrollment(request: SepRequest, period: CalendarRow | None, tables: SepTables) -> Decision:
    if period is None:
        return _no_decision(request, Refusal.NOT_IN_OPEN_ENROLLMENT, _OPEN_ENROLLMENT)
    first = period.effective_date
    if request.election not in (None, first):
        return _no_decision(request, Refusal.ELECTION, _OPEN_ENROLLMENT, open_enrollment=period)
    sentence = say.open_enrollment_ruled(period.apply_through, first)
    choice = DateChoice(first, "", sentence, period.source)
    notes = [*_plan_year_notes(request, tables, first)]
    if not period.confirmed:
        notes.append(Note("not_confirmed", NOT_CONFIRMED))
    return Decision(
        request=request,
        effective_date=first,
        error=None,
        sentence=sentence,
        citation=period.source,
        choices=(choice,),
        months_owed=months_owed(first, request.application_date),
        open_enrollment=period,
        notes=tuple(notes),
    )


def _no_decision(
    request: SepRequest, error: Refusal, citation: str, *, open_enrollment: CalendarRow | None = None
) -> Decision:
    return Decision(
        request=request,
        effective_date=None,
        error=error,
        sentence=say.refused(error),
        citation=citation,
        open_enrollment=open_enrollment,
        notes=tuple(_open_enrollment_note(open_enrollment)),
    )


def _shifted(day: date, days: int) -> date:
    """``days`` later or earlier; the first or last day there is where the calendar ends, as after a mistyped year 9999."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.min if days < 0 else date.max


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(inner) for name, inner in asdict(value).items()}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
