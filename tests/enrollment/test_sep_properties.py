"""What holds for every life event, state and day."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment import shipped
from enrollment.rules.sep import as_record, decide, effective_date_by_rule
from enrollment.rules.sep_types import (
    Availability,
    DeclaredEvent,
    Election,
    PriorCoverage,
    Refusal,
    Rule,
    SepRequest,
)

pytestmark = pytest.mark.no_db

STATES = ("IL", "MT", "NM", "OK", "TX")
TABLES = {us_state: shipped.sep_tables(us_state) for us_state in STATES}
DATED = [
    (us_state, channel, event)
    for us_state in STATES
    for channel in ("on", "off")
    for event in TABLES[us_state].events.values()
    if (event.on_exchange if channel == "on" else event.off_exchange) == Availability.YES and not event.review
]
cases = st.sampled_from(DATED)
days = st.dates(date(2025, 1, 1), date(2040, 12, 31))
any_day = st.dates(date.min, date(9998, 12, 31))
declared_events = st.builds(
    DeclaredEvent,
    code=st.sampled_from([*TABLES["TX"].events, "LOTTERY", ""]),
    event_date=st.none() | days | st.dates(),
    prior_coverage=st.none() | st.sampled_from(PriorCoverage),
    used_this_year=st.booleans(),
    knew_on=st.none() | days | st.dates(),
    hra_notice_90=st.booleans(),
)


def decision(case, event_date: date, applied: date, *, election=None, knew_on=None):
    us_state, channel, event = case
    declared = DeclaredEvent(code=event.code, event_date=event_date, knew_on=knew_on)
    request = SepRequest(
        us_state=us_state, channel=channel, application_date=applied, events=(declared,), election=election
    )
    return decide(request, TABLES[us_state])


@given(cases, days)
def test_the_first_and_the_last_day_of_a_window_are_good_and_their_neighbours_are_not(case, happened):
    event = case[2]
    opens, closes = happened - timedelta(event.days_before), happened + timedelta(event.days_after)
    assert decision(case, happened, opens).error is None
    assert decision(case, happened, closes).error is None
    assert decision(case, happened, closes + timedelta(1)).error == Refusal.OUTSIDE_WINDOW
    before = decision(case, happened, opens - timedelta(1)).error
    assert before == (Refusal.OUTSIDE_WINDOW if event.days_before else Refusal.FUTURE_EVENT)


@given(cases, days, st.data())
def test_applying_later_never_gives_an_earlier_date(case, happened, data):
    event = case[2]
    inside = st.integers(-event.days_before, event.days_after)
    sooner, later = sorted(data.draw(inside) for _ in range(2))
    dates = [decision(case, happened, happened + timedelta(n)).effective_date for n in (sooner, later)]
    assert dates[0] <= dates[1]


@given(cases, days, st.data())
def test_coverage_begins_on_a_first_after_the_application_unless_a_child_has_come(case, happened, data):
    event = case[2]
    applied = happened + timedelta(data.draw(st.integers(-event.days_before, event.days_after)))
    found = decision(case, happened, applied)
    if event.rule == Rule.EVENT_DATE:
        assert found.effective_date == happened
        assert found.months_owed >= 1
    else:
        assert found.effective_date.day == 1
        assert found.effective_date > applied
        assert found.effective_date >= happened
        assert found.months_owed == 0
    assert found.plan_year == found.effective_date.year


@given(cases, days, st.data())
@pytest.mark.long
def test_what_is_told_about_other_days_is_what_they_would_give(case, happened, data):
    event = case[2]
    applied = happened + timedelta(data.draw(st.integers(-event.days_before, event.days_after)))
    spans = decision(case, happened, applied).events[0].if_applied
    assert (spans[0].first_day, spans[-1].last_day) == (
        happened - timedelta(event.days_before),
        happened + timedelta(event.days_after),
    )
    for one, after in zip(spans, spans[1:], strict=False):
        assert after.first_day == one.last_day + timedelta(1)
        assert after.effective_date != one.effective_date
    span = data.draw(st.sampled_from(spans))
    for other in (span.first_day, span.last_day):
        assert decision(case, happened, other).effective_date == span.effective_date


@given(cases, days, st.integers(0, 400), days)
def test_exactly_the_dates_offered_can_be_chosen(case, happened, later, free):
    applied = happened + timedelta(later % (case[2].days_after + 1))
    offered = {choice.effective_date for choice in decision(case, happened, applied).choices}
    for day in offered:
        assert decision(case, happened, applied, election=day).effective_date == day
    chosen = decision(case, happened, applied, election=free)
    assert (chosen.error is None) is (free in offered)


@given(cases, days, st.integers(1, 300), st.integers(0, 60))
def test_late_notice_offers_the_earliest_date_there_ever_was_and_never_a_shorter_window(case, happened, learned, later):
    event = case[2]
    knew_on = happened + timedelta(learned)
    applied = knew_on + timedelta(later)
    found = decision(case, happened, applied, election=Election.EARLIEST, knew_on=knew_on)
    first_chance = happened - timedelta(event.days_before)
    assert found.effective_date == effective_date_by_rule(event, event_date=happened, applied=first_chance)


@given(st.lists(declared_events, min_size=1, max_size=4), days, st.sampled_from(STATES), st.sampled_from(["on", "off"]))
def test_several_events_give_the_earliest_of_what_each_gives_alone(events, applied, us_state, channel):
    def of(*some: DeclaredEvent):
        request = SepRequest(us_state=us_state, channel=channel, application_date=applied, events=some)
        return decide(request, TABLES[us_state])

    alone = [of(event) for event in events]
    together = of(*events)
    good = [one.effective_date for one in alone if one.effective_date]
    assert together.effective_date == min(good, default=None)
    if not good:
        errors = [one.error for one in alone]
        assert together.error == (Refusal.MANUAL_REVIEW if Refusal.MANUAL_REVIEW in errors else errors[0])


@given(
    st.lists(declared_events, max_size=3),
    any_day,
    st.sampled_from([*STATES, "CA", "", "\x00"]),
    st.sampled_from(["on", "off"]),
    st.booleans(),
    st.none() | st.sampled_from(Election) | st.text(max_size=5) | st.dates(),
)
def test_whatever_is_declared_there_is_a_date_or_a_refusal_in_words(
    events, applied, us_state, channel, special, election
):
    request = SepRequest(
        us_state=us_state,
        channel=channel,
        application_date=applied,
        events=tuple(events),
        special=special,
        election=election,
    )
    found = decide(request, TABLES.get(us_state, TABLES["TX"]))
    assert (found.effective_date is None) is (found.error is not None)
    assert found.sentence.endswith(".")
    assert all(note.sentence.endswith(".") for note in found.notes)
    json.dumps(as_record(found))
