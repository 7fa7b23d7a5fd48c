"""First days of coverage by special and open enrollment: each rule, each refusal, elections, several events, the trace."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from enrollment import shipped
from enrollment.rules.sep import RULES, as_record, date_moved, decide, months_owed
from enrollment.rules.sep_options import CHOICES, OPTIONS, sep_is_asked, with_choices
from enrollment.rules.sep_types import (
    Availability,
    Combine,
    DeclaredEvent,
    PriorCoverage,
    Refusal,
    Rule,
    SepRequest,
    Window,
)
from enrollment.rules.sep_wording import refused

pytestmark = pytest.mark.no_db

TABLES = {us_state: shipped.sep_tables(us_state) for us_state in ("IL", "MT", "NM", "OK", "TX")}


def day(text: str) -> date:
    return date.fromisoformat(text)


def apply(applied, *events, us_state="TX", channel="off", election=None, choices=None, **facts):
    """Decide on events given as "CODE 2026-01-31"; facts hold for all of them."""
    declared = []
    for text in events:
        code, _, when = text.partition(" ")
        declared.append(DeclaredEvent(code=code, event_date=day(when) if when else None, **facts))
    request = SepRequest(
        us_state=us_state,
        channel=channel,
        application_date=day(applied),
        events=tuple(declared),
        election=day(election) if election and election[0].isdigit() else election,
    )
    tables = TABLES.get(us_state, TABLES["TX"])
    return decide(request, with_choices(tables, choices) if choices else tables)


def result(*args, **more) -> str:
    decision = apply(*args, **more)
    assert (decision.effective_date is None) is (decision.error is not None)
    return decision.effective_date.isoformat() if decision.effective_date else str(decision.error)


def notes(decision) -> dict[str, str]:
    return {note.code: note.sentence for note in decision.notes}


# --- the rules ---


@pytest.mark.parametrize(
    ("applied", "event", "expected"),
    [
        # R1
        ("2026-03-31", "LOSS_MEC 2026-03-31", "2026-04-01"),
        ("2026-04-01", "LOSS_MEC 2026-03-31", "2026-05-01"),
        ("2026-05-30", "LOSS_MEC 2026-06-01", "2026-07-01"),  # the first never coincides
        ("2026-01-31", "LOSS_AGE_26 2026-01-31", "2026-02-01"),  # no month overflow
        ("2028-02-29", "LOSS_DEATH 2028-02-29", "2028-03-01"),
        ("2026-12-31", "LOSS_MEC 2026-12-31", "2027-01-01"),
        ("2026-06-20", "PERMANENT_MOVE 2026-06-20", "2026-07-01"),
        # R2
        ("2026-03-20", "BIRTH 2026-03-02", "2026-03-02"),
        ("2028-04-29", "BIRTH 2028-02-29", "2028-02-29"),  # day 60 after a leap day
        ("2027-01-05", "ADOPTION 2026-12-31", "2026-12-31"),
        # R3: no cut-off on the 15th
        ("2026-07-14", "MARRIAGE 2026-07-04", "2026-08-01"),
        ("2026-07-16", "MARRIAGE 2026-07-04", "2026-08-01"),
        ("2026-08-01", "MARRIAGE 2026-07-04", "2026-09-01"),
        ("2026-02-25", "DOMESTIC_ABUSE 2026-01-31", "2026-03-01"),
        # R4
        ("2026-06-30", "ICHRA_NEW 2026-07-01", "2026-07-01"),
        ("2026-07-01", "ICHRA_NEW 2026-07-01", "2026-08-01"),
        ("2026-06-30", "QSEHRA_NEW 2026-07-02", "2026-08-01"),
        ("2026-12-31", "ICHRA_NEW 2027-01-01", "2027-01-01"),
        ("2027-01-01", "ICHRA_NEW 2027-01-01", "2027-02-01"),
    ],
)
def test_first_day_of_coverage_by_rule(applied, event, expected):
    assert result(applied, event) == expected


@pytest.mark.feature("WIZ_14")
@pytest.mark.parametrize("code", ["BIRTH", "ADOPTION", "FOSTER_CARE", "COURT_ORDER"])
def test_a_new_child_is_covered_from_the_day_itself_and_a_later_start_can_be_chosen(code):
    assert result("2026-03-20", f"{code} 2026-03-02") == "2026-03-02"
    assert result("2026-01-25", f"{code} 2026-01-10") == "2026-01-10"
    assert result("2026-03-20", f"{code} 2026-03-02", election="first_of_month_after_application") == "2026-04-01"


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ("LOSS_MEC", 60, 60),
        ("LOSS_MEDICAID_CHIP", 60, 90),
        ("NON_CALENDAR_PLAN_END", 60, 60),
        ("BIRTH", 0, 60),
        ("MARRIAGE", 0, 60),
        ("PERMANENT_MOVE", 0, 60),
        ("ICHRA_NEW", 60, 60),
        ("ENROLLMENT_ERROR", 0, 60),
    ],
)
@pytest.mark.parametrize("happened", ["2026-01-31", "2026-12-31", "2027-12-31", "2028-02-29", "2026-06-01"])
def test_both_ends_of_the_window_are_inside(event, before, after, happened):
    opens, closes = day(happened) - timedelta(before), day(happened) + timedelta(after)
    inside = [apply(str(applied), f"{event} {happened}").error for applied in (opens, closes)]
    assert set(inside) <= {None, Refusal.MANUAL_REVIEW}
    assert apply(str(closes + timedelta(1)), f"{event} {happened}").error == Refusal.OUTSIDE_WINDOW
    early = Refusal.OUTSIDE_WINDOW if before else Refusal.FUTURE_EVENT
    assert apply(str(opens - timedelta(1)), f"{event} {happened}").error == early


def test_sixty_days_are_not_two_months():
    windows = [
        apply("2026-01-31", f"LOSS_MEC {text}").events[0].window for text in ("2026-01-31", "2026-03-31", "2025-12-31")
    ]
    assert [window.closes.isoformat() for window in windows] == ["2026-04-01", "2026-05-30", "2026-03-01"]


# --- refusals ---


@pytest.mark.parametrize(
    ("expected", "arguments", "more"),
    [
        ("state_not_supported", ("2026-03-20", "LOSS_MEC 2026-03-31"), {"us_state": "CA"}),
        ("state_not_supported", ("2026-03-20", "LOSS_MEC"), {"us_state": ""}),
        ("unknown_event", ("2026-03-20", "LOTTERY 2026-03-31"), {}),
        ("unknown_event", ("2026-03-20", "loss_mec 2026-03-31"), {}),
        ("missing_event_date", ("2026-03-20", "LOSS_MEC"), {}),
        ("missing_event_date", ("2026-03-20", "CITIZENSHIP"), {}),  # before availability
        ("missing_event_date", ("2026-03-20",), {}),  # Yes without a life event
        ("not_available_off_exchange", ("2026-05-10", "CITIZENSHIP 2026-05-01"), {}),
        ("not_available_off_exchange", ("2026-05-10", "DIVORCE_NO_LOSS 2020-05-01"), {}),  # before the window
        ("not_available_off_exchange", ("2026-05-10", "DEATH_NO_LOSS 2026-05-01"), {"us_state": "IL"}),
        ("not_available_on_exchange", ("2026-05-10", "DEATH_NO_LOSS 2026-05-01"), {"channel": "on"}),
        ("not_available_on_exchange", ("2026-05-10", "INCOME_150_FPL 2026-05-10"), {"channel": "on"}),
        ("already_used_this_year", ("2026-05-10", "LOSS_MEDICALLY_NEEDY 2020-01-01"), {"used_this_year": True}),
        ("2026-06-01", ("2026-05-10", "LOSS_MEC 2026-05-01"), {"used_this_year": True}),
        ("future_event_not_allowed", ("2026-06-29", "MARRIAGE 2026-06-30"), {}),
        ("outside_window", ("2026-06-29", "LOSS_MEC 2026-08-29"), {}),  # 61 days ahead
        ("outside_window", ("2026-06-29", "LOSS_MEC 0001-01-01"), {}),
        ("outside_window", ("2026-06-29", "LOSS_MEC 9999-12-31"), {}),
        ("future_event_not_allowed", ("2026-06-29", "BIRTH 9999-12-31"), {}),
        # a closed window is said before missing coverage, and missing coverage before a review
        ("outside_window", ("2026-06-29", "MARRIAGE 2026-01-31"), {"prior_coverage": PriorCoverage.NO}),
        ("prior_coverage_required", ("2026-05-20", "MARRIAGE 2026-05-10"), {"prior_coverage": PriorCoverage.NO}),
        ("2026-06-01", ("2026-05-20", "MARRIAGE 2026-05-10"), {"prior_coverage": PriorCoverage.EXEMPT}),
        ("2026-06-01", ("2026-05-20", "MARRIAGE 2026-05-10"), {"prior_coverage": PriorCoverage.YES}),
        ("2026-05-10", ("2026-05-20", "BIRTH 2026-05-10"), {"prior_coverage": PriorCoverage.NO}),
        ("manual_review", ("2026-04-10", "CONTRACT_VIOLATION 2026-04-01"), {}),
        ("outside_window", ("2026-06-10", "CONTRACT_VIOLATION 2026-04-01"), {}),
        ("manual_review", ("2026-04-10", "EXCEPTIONAL_CIRCUMSTANCES 2026-04-01"), {"channel": "on"}),
        ("election_not_allowed", ("2026-05-10", "LOSS_MEC 2026-05-01"), {"election": "first_of_month_after_event"}),
        ("election_not_allowed", ("2026-05-10", "LOSS_MEC 2026-05-01"), {"election": "date_of_event"}),
        ("election_not_allowed", ("2026-05-10", "BIRTH 2026-05-01"), {"election": "first_of_month_after_event"}),
        ("election_not_allowed", ("2026-05-10", "BIRTH 2026-05-01"), {"election": "2026-05-02"}),
        ("election_not_allowed", ("2026-05-10", "BIRTH 2026-05-01"), {"election": "whenever"}),
        ("outside_window", ("2026-09-10", "BIRTH 2026-05-01"), {"election": "whenever"}),  # election last
    ],
)
def test_refusals_in_their_order(expected, arguments, more):
    assert result(*arguments, **more) == expected


@pytest.mark.parametrize("error", list(Refusal))
def test_every_refusal_is_told_in_a_sentence(error):
    window = Window(day("2026-03-02"), day("2026-05-01"))
    sentence = refused(error, window=window, event_date=day("2026-03-02"))
    assert len(sentence.split()) > 4
    assert sentence.endswith(".")


def test_a_refusal_names_the_days_of_the_window():
    assert (
        "from 03/02/2026 through 05/01/2026, first and last day included"
        in apply("2026-05-02", "BIRTH 2026-03-02").sentence
    )
    late = apply("2026-06-10", "LOSS_MEC 2026-01-31", knew_on=day("2026-04-10"))
    assert "or after late notice from 04/10/2026 through 06/09/2026, first and last" in late.sentence
    assert "on or after the date of the life event, 03/31/2026" in apply("2026-03-20", "BIRTH 2026-03-31").sentence


# --- elections, late notice ---


@pytest.mark.parametrize(
    ("election", "expected"),
    [
        (None, "2026-03-02"),
        ("date_of_event", "2026-03-02"),
        ("earliest_available", "2026-03-02"),
        ("first_of_month_after_application", "2026-05-01"),
        ("first_of_month_after_event", "2026-04-01"),
        ("2026-04-01", "2026-04-01"),
        ("2026-05-01", "2026-05-01"),
        ("2026-06-01", "election_not_allowed"),
    ],
)
def test_dates_a_new_childs_family_may_choose(election, expected):
    choices = {"birth_after_event_option": True}
    assert result("2026-04-20", "BIRTH 2026-03-02", election=election, choices=choices) == expected


@pytest.mark.parametrize(
    ("applied", "event", "knew", "election", "expected"),
    [
        ("2026-04-20", "LOSS_MEC 2026-01-31", "2026-04-10", None, "2026-05-01"),
        ("2026-04-20", "LOSS_MEC 2026-01-31", "2026-04-10", "earliest_available", "2026-02-01"),
        ("2026-06-09", "LOSS_MEC 2026-01-31", "2026-04-10", None, "2026-07-01"),  # day 60 of learning
        ("2026-06-10", "LOSS_MEC 2026-01-31", "2026-04-10", None, "outside_window"),
        ("2026-04-20", "LOSS_MEC 2026-01-31", None, None, "outside_window"),
        ("2026-04-09", "LOSS_MEC 2026-01-31", "2026-04-10", None, "outside_window"),  # learned of it after applying
        ("2026-06-10", "LOSS_MEC 2026-05-01", None, "earliest_available", "election_not_allowed"),
        ("2026-04-20", "LOSS_MEC 2026-05-01", None, "earliest_available", "2026-06-01"),  # it is the rule's date
        ("2026-05-10", "LOSS_MEC 2026-05-31", "2026-05-02", None, "2026-06-01"),  # told ahead: not late
        ("2026-09-01", "LOSS_MEC 2026-05-31", "2026-05-02", None, "outside_window"),
        # neither learning of it on the day itself nor a day to come is late notice
        ("2026-03-15", "LOSS_MEC 2026-01-31", "2026-01-31", "earliest_available", "election_not_allowed"),
        ("2026-03-15", "LOSS_MEC 2026-01-31", "2026-03-16", "earliest_available", "election_not_allowed"),
        ("2026-03-15", "LOSS_MEC 2026-01-31", "2026-03-15", "earliest_available", "2026-02-01"),
        ("2026-09-10", "BIRTH 2026-03-02", "2026-09-01", None, "2026-03-02"),
        ("2026-09-10", "MARRIAGE 2026-03-02", "2026-09-01", "earliest_available", "2026-04-01"),
        ("2026-09-10", "ICHRA_NEW 2026-03-01", "2026-09-01", "earliest_available", "2026-03-01"),
        ("2026-09-10", "ICHRA_NEW 2026-03-15", "2026-09-01", "2026-04-01", "2026-04-01"),
    ],
)
def test_late_notice_counts_from_the_day_of_learning(applied, event, knew, election, expected):
    assert result(applied, event, election=election, knew_on=day(knew) if knew else None) == expected


# --- what the carrier may choose ---


@pytest.mark.parametrize(
    ("choices", "arguments", "more", "without", "with_it"),
    [
        ({"midmonth_option": True}, ("2026-05-31", "LOSS_MEC 2026-06-15"), {}, "2026-07-01", "2026-06-01"),
        ({"midmonth_option": True}, ("2026-06-01", "LOSS_MEC 2026-06-15"), {}, "2026-07-01", "2026-07-01"),
        ({"midmonth_option": True}, ("2026-05-31", "ICHRA_NEW 2026-06-15"), {}, "2026-07-01", "2026-07-01"),
        (
            {"move_days_before": 60},
            ("2026-06-04", "PERMANENT_MOVE 2026-06-05"),
            {},
            "future_event_not_allowed",
            "2026-07-01",
        ),
        (
            {"move_days_before": 60},
            ("2026-04-05", "PERMANENT_MOVE 2026-06-05"),
            {},
            "future_event_not_allowed",
            "outside_window",
        ),
        (
            {"medicaid_days_after": 60},
            ("2026-05-31", "LOSS_MEDICAID_CHIP 2026-03-31"),
            {},
            "2026-06-01",
            "outside_window",
        ),
        ({"medicaid_days_after": 60}, ("2026-05-30", "LOSS_MEDICAID_CHIP 2026-03-31"), {}, "2026-06-01", "2026-06-01"),
        ({"hra_days_after": 0}, ("2026-07-02", "ICHRA_NEW 2026-07-01"), {}, "2026-08-01", "outside_window"),
        ({"hra_days_after": 0}, ("2026-07-01", "QSEHRA_NEW 2026-07-01"), {}, "2026-08-01", "2026-08-01"),
        (
            {"divorce_option": True},
            ("2026-05-10", "DIVORCE_NO_LOSS 2026-05-01"),
            {},
            "not_available_off_exchange",
            "2026-06-01",
        ),
        (
            {"death_option": True},
            ("2026-05-10", "DEATH_NO_LOSS 2026-05-01"),
            {},
            "not_available_off_exchange",
            "2026-06-01",
        ),
        # the carrier's choice opens nothing on an exchange that says no
        (
            {"death_option": True},
            ("2026-05-10", "DEATH_NO_LOSS 2026-05-01"),
            {"channel": "on"},
            "not_available_on_exchange",
            "not_available_on_exchange",
        ),
        (
            {"combine": Combine.LATEST},
            ("2026-03-20", "BIRTH 2026-03-02", "LOSS_MEC 2026-03-31"),
            {},
            "2026-03-02",
            "2026-04-01",
        ),
    ],
)
def test_each_choice_changes_what_it_is_about(choices, arguments, more, without, with_it):
    assert (result(*arguments, **more), result(*arguments, choices=choices, **more)) == (without, with_it)


def test_an_exchange_only_event_is_taken_voluntarily_by_publishing_a_row():
    release = TABLES["TX"].events["INCARCERATION_RELEASE"]
    opened = replace(
        TABLES["TX"],
        events={**TABLES["TX"].events, release.code: replace(release, off_exchange=Availability.YES)},
    )
    request = SepRequest(
        us_state="TX",
        channel="off",
        application_date=day("2026-05-10"),
        events=(DeclaredEvent(code=release.code, event_date=day("2026-05-01")),),
    )
    assert decide(request, opened).effective_date == day("2026-06-01")


def test_a_choice_nobody_knows_is_an_error():
    with pytest.raises(KeyError):
        with_choices(TABLES["TX"], {"fifteenth_option": True})
    assert set(CHOICES) >= {"midmonth_option", "combine", "dental_requires_sep"}


def test_dental_alone_asks_for_enrollment_unless_the_carrier_chose_otherwise():
    today = OPTIONS[-1]
    assert sep_is_asked(dental_only=True, options=today)
    freed = replace(today, dental_requires_sep=False)
    assert not sep_is_asked(dental_only=True, options=freed)
    assert sep_is_asked(dental_only=False, options=freed)


def test_a_notice_of_90_days_shortens_the_window_on_exchange_only():
    event = "ICHRA_NEW 2026-07-01"
    assert result("2026-07-02", event, channel="on", hra_notice_90=True) == "outside_window"
    assert result("2026-07-02", event, channel="on") == "2026-08-01"
    assert result("2026-07-02", event, channel="off", hra_notice_90=True) == "2026-08-01"


# --- several events ---


@pytest.mark.parametrize(
    ("applied", "events", "election", "expected"),
    [
        ("2026-03-20", ("BIRTH 2026-03-02", "LOSS_MEC 2026-03-31"), None, "2026-03-02"),
        ("2026-03-20", ("LOSS_MEC 2026-03-31", "BIRTH 2026-03-02"), None, "2026-03-02"),
        ("2026-03-20", ("BIRTH 2026-03-02", "LOSS_MEC 2026-03-31"), "2026-04-01", "2026-04-01"),
        ("2026-03-20", ("BIRTH 2026-03-02", "LOSS_MEC 2026-04-30"), "2026-05-01", "2026-05-01"),
        ("2026-03-20", ("BIRTH 2026-03-02", "LOSS_MEC 2026-04-30"), "2026-06-01", "election_not_allowed"),
        (
            "2026-03-20",
            ("BIRTH 2026-03-02", "LOSS_MEC 2026-04-30"),
            "first_of_month_after_application",
            "2026-04-01",
        ),
        # the date of a bad row is not offered
        ("2026-03-20", ("BIRTH 2026-01-02", "LOSS_MEC 2026-03-31"), "2026-01-02", "election_not_allowed"),
        ("2026-03-20", ("BIRTH 2026-01-02", "LOSS_MEC 2026-03-31"), None, "2026-04-01"),
        ("2026-05-10", ("CITIZENSHIP 2026-05-01", "ENROLLMENT_ERROR 2026-05-01"), None, "manual_review"),
        ("2026-05-10", ("CITIZENSHIP 2026-05-01", "BIRTH 2026-01-01"), None, "not_available_off_exchange"),
        ("2026-05-10", ("BIRTH 2026-01-01", "CITIZENSHIP 2026-05-01"), None, "outside_window"),
        ("2026-05-10", ("ENROLLMENT_ERROR 2026-05-01", "LOSS_MEC 2026-05-31"), None, "2026-06-01"),
        ("2026-05-10", ("LOSS_MEC", "LOSS_MEC 2026-05-31"), None, "2026-06-01"),
    ],
)
def test_several_events(applied, events, election, expected):
    assert result(applied, *events, election=election) == expected


def test_each_event_says_its_own_date_or_refusal_and_the_dates_are_a_pick_list():
    decision = apply("2026-03-20", "MARRIAGE 2025-10-01", "LOSS_MEC 2026-04-30", "BIRTH 2026-03-02")
    alone = [event.effective_date or event.error for event in decision.events]
    assert alone == [Refusal.OUTSIDE_WINDOW, day("2026-05-01"), day("2026-03-02")]
    assert decision.chosen == 2
    assert [str(choice.effective_date) for choice in decision.choices] == ["2026-03-02", "2026-04-01", "2026-05-01"]
    assert (
        decision.choices[1].sentence == "Coverage begins on 04/01/2026, the first of the month after the application."
    )
    assert notes(decision)["ignored"].startswith("Got married was not counted. The time to apply")


# --- open enrollment ---


@pytest.mark.parametrize(
    ("us_state", "channel", "applied", "expected"),
    [
        ("TX", "off", "2026-10-31", "not_in_open_enrollment"),
        ("TX", "off", "2026-11-01", "2027-01-01"),
        ("MT", "on", "2026-12-15", "2027-01-01"),
        ("MT", "on", "2026-12-16", "not_in_open_enrollment"),
        ("OK", "off", "2025-12-15", "2026-01-01"),
        ("OK", "off", "2025-12-16", "2026-02-01"),
        ("NM", "off", "2026-01-15", "2026-02-01"),
        ("NM", "off", "2026-01-16", "not_in_open_enrollment"),
        ("IL", "on", "2025-12-31", "2026-01-01"),
        ("IL", "on", "2026-01-31", "2026-02-01"),
        ("IL", "off", "2025-12-31", "2026-02-01"),
        ("IL", "off", "2026-01-31", "not_in_open_enrollment"),
        ("CA", "off", "2026-11-21", "state_not_supported"),
    ],
)
def test_answered_no_the_calendar_counts(us_state, channel, applied, expected):
    request = SepRequest(us_state=us_state, channel=channel, application_date=day(applied), special=False)
    decision = decide(request, TABLES.get(us_state, TABLES["TX"]))
    assert str(decision.effective_date or decision.error) == expected
    if decision.effective_date:
        assert decision.plan_year == decision.effective_date.year
        assert ("not_confirmed" in notes(decision)) is (not decision.open_enrollment.confirmed)


def test_another_date_than_the_calendars_cannot_be_chosen_in_open_enrollment():
    request = SepRequest(us_state="TX", channel="off", application_date=day("2026-11-21"), special=False)
    assert decide(replace(request, election=day("2027-01-01")), TABLES["TX"]).error is None
    assert decide(replace(request, election=day("2027-02-01")), TABLES["TX"]).error == Refusal.ELECTION


def test_inside_open_enrollment_the_answer_no_is_pointed_out():
    better = apply("2026-11-21", "BIRTH 2026-11-10")
    assert (better.effective_date, better.plan_year) == (day("2026-11-10"), 2026)
    assert "with the answer No coverage would begin 01/01/2027" in notes(better)["open_enrollment"]
    lapsed = apply("2026-11-21", "BIRTH 2026-01-10", us_state="IL")
    assert lapsed.error == Refusal.OUTSIDE_WINDOW
    assert "no life event is needed. This calendar is not confirmed" in notes(lapsed)["open_enrollment"]
    assert "open_enrollment" not in notes(apply("2026-06-21", "BIRTH 2026-06-10"))
    assert "open_enrollment" not in notes(apply("2026-12-10", "LOSS_MEC 2026-12-31"))  # the same date


# --- the trace ---


def test_a_decision_tells_rule_citation_window_and_what_was_looked_at():
    decision = apply("2026-04-01", "LOSS_MEC 2026-03-31")
    (event,) = decision.events
    assert (event.rule_number, event.citation) == ("R1", "45 CFR 155.420(b)(2)(iv), (b)(1)")
    assert (event.window.opens, event.window.closes) == (day("2026-01-30"), day("2026-05-30"))
    assert [(step.name, step.passed) for step in event.steps] == [
        ("event", True),
        ("channel", True),
        ("window", True),
        ("date", True),
    ]
    assert all(step.sentence and step.citation for step in event.steps)
    assert event.steps[0].citation == "45 CFR 155.420(d)(1)(i),(e); 147.104(b)(3)"
    assert decision.sentence == (
        "Applied after the life event of 03/31/2026: coverage begins on the first of the month after the application, "
        "05/01/2026."
    )


def test_a_refused_event_tells_the_step_that_stopped_it():
    (event,) = apply("2026-05-02", "BIRTH 2026-03-02").events
    assert [(step.name, step.passed) for step in event.steps] == [("event", True), ("channel", True), ("window", False)]
    assert event.steps[-1].sentence == event.sentence


def test_what_another_application_date_would_change():
    (event,) = apply("2026-03-31", "LOSS_MEC 2026-03-31").events
    spans = [(str(span.first_day), str(span.last_day), str(span.effective_date)) for span in event.if_applied]
    assert spans == [
        ("2026-01-30", "2026-03-31", "2026-04-01"),
        ("2026-04-01", "2026-04-30", "2026-05-01"),
        ("2026-05-01", "2026-05-30", "2026-06-01"),
    ]
    told = notes(apply("2026-03-31", "LOSS_MEC 2026-03-31"))
    assert told["later"] == (
        "Applied through 03/31/2026 coverage begins 04/01/2026; from 04/01/2026 on it begins 05/01/2026."
    )
    assert told["last_day"] == "The last day to apply for this life event is 05/30/2026."


def test_late_notice_adds_its_days_to_what_is_told():
    (event,) = apply("2026-04-20", "LOSS_MEC 2026-01-31", knew_on=day("2026-04-10")).events
    assert [str(span.last_day) for span in event.if_applied][-1] == "2026-06-09"
    assert str(event.window.closes) == "2026-04-01"  # beside it, unchanged
    by_notice = [step.citation for step in event.steps if step.name == "window"]
    in_time = apply("2026-03-20", "LOSS_MEC 2026-01-31", knew_on=day("2026-03-10")).events[0]
    assert (by_notice, in_time.steps[2].citation) == (
        ["45 CFR 155.420(c)(5)"],
        "45 CFR 147.104(b)(4)(ii); 155.420(c)",
    )
    gap = [span for span in event.if_applied if span.first_day <= day("2026-04-05") <= span.last_day]
    assert gap == []


@pytest.mark.parametrize(
    ("first", "applied", "months"),
    [
        ("2026-03-02", "2026-03-20", 1),
        ("2026-03-02", "2026-05-01", 3),
        ("2026-12-31", "2027-02-28", 3),
        ("2026-03-02", "2026-03-02", 1),
        ("2026-04-01", "2026-03-31", 0),
    ],
)
def test_months_owed_count_every_month_begun(first, applied, months):
    assert months_owed(day(first), day(applied)) == months


def test_a_start_in_the_past_says_what_is_owed():
    decision = apply("2026-05-01", "BIRTH 2026-03-02")
    assert decision.months_owed == 3
    assert "3 months, March 2026 through May 2026, are owed at once" in notes(decision)["retroactive"]
    assert "retroactive" not in notes(apply("2026-05-01", "LOSS_MEC 2026-04-30"))


def test_a_start_in_last_years_plan_or_before_next_years_are_sold_is_said():
    assert "a plan of 2026 is needed" in notes(apply("2027-01-10", "BIRTH 2026-12-31"))["earlier_plan_year"]
    assert "earlier_plan_year" not in notes(apply("2026-12-31", "BIRTH 2026-12-31"))
    early = apply("2026-10-20", "LOSS_MEC 2026-12-15")
    assert early.effective_date == day("2027-01-01")
    assert "on sale from 11/01/2026" in notes(early)["not_on_sale"]
    assert "not_on_sale" not in notes(apply("2026-11-01", "LOSS_MEC 2026-12-31"))


def test_an_unanswered_prior_coverage_question_and_a_review_are_pointed_out():
    assert "prior_coverage" in notes(apply("2026-05-20", "MARRIAGE 2026-05-10"))
    assert "prior_coverage" not in notes(apply("2026-05-20", "MARRIAGE 2026-05-10", prior_coverage=PriorCoverage.YES))
    assert "review" in notes(apply("2026-02-25", "MEDICAID_CHIP_DENIED 2026-02-10"))["kind"]
    assert "cancelled by choice" in notes(apply("2026-02-25", "LOSS_MEC 2026-02-10"))["kind"]
    assert "late_notice" in notes(apply("2026-04-20", "LOSS_MEC 2026-01-31", knew_on=day("2026-04-10")))


def test_a_draft_whose_date_moved_says_so_at_submission():
    shown = apply("2026-11-30", "LOSS_MEC 2026-11-15").effective_date
    again = apply("2026-12-02", "LOSS_MEC 2026-11-15")
    assert date_moved(shown, again).startswith("The effective date has moved from 12/01/2026 to 01/01/2027.")
    assert date_moved(shown, apply("2026-11-30", "LOSS_MEC 2026-11-15")) == ""
    assert date_moved(None, again) == ""
    lapsed = apply("2027-02-02", "LOSS_MEC 2026-11-15")
    assert "no longer holds. The time to apply" in date_moved(shown, lapsed)


def test_the_trace_can_be_kept_as_json():
    record = json.loads(json.dumps(as_record(apply("2026-03-20", "BIRTH 2026-03-02", "LOSS_MEC 2026-04-30"))))
    assert (record["effective_date"], record["plan_year"]) == ("2026-03-02", 2026)
    assert record["events"][0]["window"] == {"opens": "2026-03-02", "closes": "2026-05-01", "late": None}
    assert record["events"][1]["event"]["rule"] == "later_of_event_or_application"
    assert record["request"]["events"][0] == {
        "code": "BIRTH",
        "event_date": "2026-03-02",
        "prior_coverage": None,
        "used_this_year": False,
        "knew_on": None,
        "hra_notice_90": False,
    }


def test_every_rule_has_its_number_and_source():
    assert {text.rule for text in RULES} == set(Rule)
    assert all(text.source.startswith("45 CFR 155.420") for text in RULES)
    assert [text.number for text in RULES] == ["R1", "R2", "R3", "R4", "R5", ""]
