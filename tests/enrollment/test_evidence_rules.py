"""What is asked for as proof of a life event, by when, and what has become of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from enrollment import shipped
from enrollment.rules.evidence import (
    Asks,
    Event,
    Paper,
    Slot,
    State,
    due_on,
    is_late,
    slots_asked,
    state_of,
    state_of_group,
)

pytestmark = pytest.mark.no_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
SLOTS = shipped.evidence_slots()


def asked(*events: Event) -> list[str]:
    return [slot.code for slot in slots_asked(SLOTS, events)]


def test_every_life_event_with_usual_evidence_has_slots_and_no_other():
    usual = {row.event.code for row in shipped.life_events() if row.event.evidence}
    assert {slot.event_code for slot in SLOTS} == usual
    assert len({slot.key for slot in SLOTS}) == len(SLOTS)


def test_domestic_abuse_asks_for_the_applicants_word_and_no_papers():
    (slot,) = [slot for slot in SLOTS if slot.event_code == "DOMESTIC_ABUSE"]
    assert slot.asks == Asks.ATTESTATION
    assert "attests" in slot.note
    assert [one for one in SLOTS if one.asks == Asks.ATTESTATION] == [slot]


def test_what_is_one_of_several_is_required_and_never_alone():
    groups: dict[tuple[str, str], list[Slot]] = {}
    for slot in SLOTS:
        if slot.one_of:
            groups.setdefault((slot.event_code, slot.one_of), []).append(slot)
    assert groups
    assert all(len(group) > 1 and all(slot.required for slot in group) for group in groups.values())


@pytest.mark.parametrize(
    ("events", "codes"),
    [
        ([], []),
        ([Event("INCOME_150_FPL")], []),
        ([Event("LOSS_MEDICAID_CHIP")], ["agency_letter"]),
        ([Event("LOSS_MEDICAID_CHIP"), Event("LOSS_MEDICAID_CHIP")], ["agency_letter"]),
        ([Event("ADOPTION"), Event("LOSS_DEATH")], ["death_certificate", "lost_coverage", "placement_record"]),
        ([Event("MARRIAGE", "yes")], ["marriage_certificate", "prior_coverage"]),
        ([Event("MARRIAGE", "")], ["marriage_certificate", "prior_coverage"]),
        ([Event("MARRIAGE", "exempt")], ["marriage_certificate"]),
        ([Event("MARRIAGE", "exempt"), Event("MARRIAGE", "yes")], ["marriage_certificate", "prior_coverage"]),
    ],
)
def test_slots_follow_the_life_events(events, codes):
    assert asked(*events) == codes


@pytest.mark.parametrize(
    ("papers", "state", "reason"),
    [
        ([], State.WANTED, ""),
        ([Paper(NOON, "RECEIVED")], State.SENT, ""),
        ([Paper(NOON, "ACCEPTED")], State.ACCEPTED, ""),
        ([Paper(NOON, "REJECTED", "Unreadable.")], State.REJECTED, "Unreadable."),
        # One of two pages sent together was rejected: the slot lacks it.
        ([Paper(NOON, "ACCEPTED"), Paper(NOON, "REJECTED", "Unreadable.")], State.REJECTED, "Unreadable."),
        # A page sent after the rejection takes the rejected one's place.
        ([Paper(NOON, "REJECTED", "Unreadable."), Paper(LATER, "RECEIVED")], State.SENT, ""),
        ([Paper(NOON, "REJECTED", "Unreadable."), Paper(LATER, "ACCEPTED")], State.ACCEPTED, ""),
        ([Paper(NOON, "REJECTED", "Unreadable."), Paper(LATER, "REJECTED", "Again.")], State.REJECTED, "Again."),
        ([Paper(NOON, "ACCEPTED"), Paper(LATER, "RECEIVED")], State.SENT, ""),
        ([Paper(NOON, "RECEIVED"), Paper(NOON, "REJECTED", "Unreadable.")], State.SENT, ""),
        ([Paper(NOON, "ACCEPTED"), Paper(LATER, "REJECTED", "Page 2?")], State.REJECTED, "Page 2?"),
    ],
)
def test_a_slot_is_what_its_papers_make_it(papers, state, reason):
    assert state_of(papers) == (state, reason)


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], State.WANTED),
        ([State.WANTED, State.WANTED], State.WANTED),
        ([State.WANTED, State.REJECTED], State.REJECTED),
        ([State.REJECTED, State.SENT], State.SENT),
        ([State.SENT, State.WAIVED], State.WAIVED),
        ([State.WAIVED, State.ACCEPTED, State.REJECTED], State.ACCEPTED),
    ],
)
def test_of_papers_of_which_one_is_enough_the_best_counts(states, whole):
    assert state_of_group(states) == whole


@pytest.mark.parametrize(
    ("submitted", "days", "due"),
    [
        (date(2026, 11, 21), 30, date(2026, 12, 21)),
        (date(2028, 1, 31), 30, date(2028, 3, 1)),
        (date(2026, 12, 15), 60, date(2027, 2, 13)),
    ],
)
def test_the_due_day_is_so_many_days_after_the_submission(submitted, days, due):
    assert due_on(submitted, days) == due


@pytest.mark.parametrize(
    ("state", "today", "late"),
    [
        (State.WANTED, date(2026, 12, 21), False),
        (State.WANTED, date(2026, 12, 22), True),
        (State.REJECTED, date(2026, 12, 22), True),
        (State.SENT, date(2026, 12, 22), False),
        (State.ACCEPTED, date(2026, 12, 22), False),
        (State.WAIVED, date(2026, 12, 22), False),
    ],
)
def test_what_is_with_the_carrier_is_never_late_and_the_due_day_is_in_time(state, today, late):
    assert is_late(state, due=date(2026, 12, 21), today=today) is late
    assert not is_late(state, due=None, today=today)
