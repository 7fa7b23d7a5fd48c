"""The first day of coverage of an application: worked out from its rows, and explained as it was kept (WIZ_12, WIZ_15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from enrollment.models import Application, ApplicationLifeEvent
from enrollment.rules import sep
from enrollment.rules.sep_types import Decision, DeclaredEvent, PriorCoverage, SepRequest, Window
from enrollment.rules.sep_wording import window_text
from enrollment.selectors.life_events import life_events_of, sep_tables
from portal.common.dates import as_text

OFF_EXCHANGE = "off"


def request_of(application: Application, *, today: date) -> SepRequest:
    """What the rules are asked for an application made on ``today``, the state's civil day; one query."""
    events = life_events_of(application) if application.special_enrollment else []
    return SepRequest(
        us_state=application.us_state,
        channel=OFF_EXCHANGE,
        application_date=today,
        events=tuple(declared(event) for event in events),
        special=application.special_enrollment,
        election=application.elected_date,
    )


def declared(event: ApplicationLifeEvent) -> DeclaredEvent:
    return DeclaredEvent(
        code=event.code,
        event_date=event.event_date,
        prior_coverage=PriorCoverage(event.prior_coverage) if event.prior_coverage else None,
        knew_on=event.knew_on,
    )


def decide_for(application: Application, *, today: date) -> Decision:
    """The first day of coverage if the application is made on ``today``, with its trace; three queries."""
    return sep.decide(request_of(application, today=today), sep_tables(application.us_state, OFF_EXCHANGE, today))


@dataclass(frozen=True)
class EventLine:
    """What one life event gives alone."""

    label: str
    event_date: str
    result: str
    good: bool
    window: str
    rule: str
    citation: str


@dataclass(frozen=True)
class Explanation:
    """How a date came about, as the page and the PDF tell it; every day as MM/DD/YYYY."""

    effective_date: str
    calculated_on: str
    sentence: str
    rule: str
    citation: str
    window: str
    # (from, through, first day of coverage) for every day of the window
    other_days: list[tuple[str, str, str]]
    events: list[EventLine]
    choices: list[tuple[str, str]]  # (ISO day, sentence)
    months_owed: int
    notes: list[str]
    steps: list[tuple[str, str]]  # (sentence, citation) of everything that was looked at


def explanation_of(record: Mapping[str, Any]) -> Explanation | None:
    """The kept decision (``Application.decision``) in words; ``None`` while there is none."""
    if not record:
        return None
    events = record.get("events") or []
    place = record.get("chosen")
    chosen = events[place] if place is not None and place < len(events) else None
    return Explanation(
        effective_date=_day(record.get("effective_date")),
        calculated_on=_day(record["request"]["application_date"]),
        sentence=record["sentence"],
        rule=chosen["rule_number"] if chosen else "",
        citation=record["citation"],
        window=_window(chosen),
        other_days=[
            (_day(one["first_day"]), _day(one["last_day"]), _day(one["effective_date"]))
            for one in (chosen["if_applied"] if chosen else [])
        ],
        events=[_event(one) for one in events],
        choices=[(one["effective_date"], one["sentence"]) for one in record.get("choices") or []],
        months_owed=record.get("months_owed") or 0,
        notes=[note["sentence"] for note in record.get("notes") or []],
        steps=[(one["sentence"], one["citation"]) for one in (chosen["steps"] if chosen else [])],
    )


def _event(one: Mapping[str, Any]) -> EventLine:
    kind = one["event"]
    gives = _day(one["effective_date"])
    return EventLine(
        label=kind["label"] if kind else one["declared"]["code"],
        event_date=_day(one["declared"]["event_date"]),
        result=f"Coverage from {gives}" if gives else one["sentence"],
        good=bool(gives),
        window=_window(one),
        rule=one["rule_number"],
        citation=one["citation"],
    )


def _window(one: Mapping[str, Any] | None) -> str:
    found = one["window"] if one else None
    if not found:
        return ""
    late = found.get("late")
    return window_text(
        Window(
            date.fromisoformat(found["opens"]),
            date.fromisoformat(found["closes"]),
            Window(date.fromisoformat(late["opens"]), date.fromisoformat(late["closes"])) if late else None,
        )
    )


def _day(text: str | None) -> str:
    return as_text(date.fromisoformat(text)) if text else ""
