"""The decision table of a provider change, numbers, first days and spans: pure rules."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.rules import pcp_change
from clients.rules.pcp_change import (
    ASKED_OUT_BEFORE,
    DECISION_TABLE,
    NO_CHANGE,
    REASON_MISSING,
    Choice,
    DirectoryEntry,
    MemberFacts,
)
from clients.rules.pcp_numbers import NumberKind, UnreadableNumber, is_npi, read_number
from clients.rules.pcp_reasons import REASONS
from clients.rules.pcp_spans import Span, changes_nothing, groups_left, plan_change
from clients.rules.pcp_starts import StartRule, proposed_start, start_rule
from clients.rules.policy_status import PolicyStatus

pytestmark = pytest.mark.no_db

TODAY, FIRST = date(2015, 7, 30), date(2015, 8, 1)
DAY = timedelta(days=1)
BY_CODE = {reason.code: reason for reason in REASONS}
OLD = Span(key=1, first_day=date(2015, 5, 1), last_day=None, group="IL 597", npi="")
ENTRY = DirectoryEntry(
    us_state="IL",
    group="IL 124",
    npi="1234567893",
    networks=frozenset({"HMO"}),
    serves_as_pcp=True,
    accepts_new_patients=True,
    youngest_age=None,
    oldest_age=None,
    only_sex="",
    first_day=date(2012, 1, 1),
    last_day=None,
)
JOHN = MemberFacts(
    role="PRIMARY",
    date_of_birth=date(1971, 1, 1),
    sex="M",
    of_this_account=True,
    requires_pcp=True,
    policy_status=PolicyStatus.ACTIVE,
    plan_state="IL",
    plan_network="HMO",
    coverage_first_day=date(2015, 5, 1),
    coverage_last_day=None,
    members_on_policy=2,
    spans=(OLD,),
    asked_out_of=frozenset(),
)
CHOICE = Choice(entry=ENTRY, reason=BY_CODE["concern-with-service"], effective_date=FIRST, today=TODAY)


def row(facts: dict | None = None, changed: dict | None = None, **choice) -> int | None:
    """The row of the table that refuses, with these facts changed."""
    asked = replace(CHOICE, **choice)
    if changed is not None and asked.entry is not None:
        asked = replace(asked, entry=replace(asked.entry, **changed))
    found = pcp_change.problem(replace(JOHN, **(facts or {})), asked)
    return found.row if found else None


@pytest.mark.feature("PCP_08")
def test_a_change_that_fits_passes():
    assert row() is None
    assert [one.number for one in DECISION_TABLE] == list(range(1, 11))
    assert all(one.source.startswith("PCP_") for one in DECISION_TABLE)


@pytest.mark.feature("PCP_04")
@pytest.mark.feature("PCP_08")
@pytest.mark.feature("PCP_17")
@pytest.mark.parametrize(
    ("expected", "facts", "entry", "choice"),
    [
        (1, {"requires_pcp": False}, None, {}),
        *((1, {"policy_status": status}, None, {}) for status in ("TERMED", "CANCELLED", "INITIAL_PAYMENT_DUE")),
        *((None, {"policy_status": status}, None, {}) for status in ("ACTIVE", "GRACE", "FUTURE")),
        (2, {"of_this_account": False}, None, {}),
        (2, {"coverage_last_day": TODAY - DAY}, None, {}),
        (2, {}, None, {"times": 2}),
        (3, {}, None, {"entry": None}),
        (3, {}, {"last_day": FIRST - DAY}, {}),
        (None, {}, {"last_day": FIRST}, {}),
        (3, {}, {"first_day": FIRST + DAY}, {}),
        (None, {}, {"first_day": FIRST}, {}),
        (4, {}, {"networks": frozenset({"POS"})}, {}),
        (4, {}, {"us_state": "TX"}, {}),
        (4, {"plan_state": "TX"}, None, {}),
        (4, {}, {"serves_as_pcp": False}, {}),
        (5, {}, {"accepts_new_patients": False}, {}),
        (None, {}, {"accepts_new_patients": False}, {"reason": BY_CODE["members-former-provider-in-network"]}),
        (
            None,  # an established patient: with this physician before, now with another one
            {
                "spans": (
                    Span(
                        key=2,
                        first_day=date(2014, 1, 1),
                        last_day=date(2015, 4, 30),
                        group="IL 124",
                        npi="1234567893",
                    ),
                    OLD,
                )
            },
            {"accepts_new_patients": False},
            {},
        ),
        (6, {}, {"oldest_age": 43}, {}),
        (None, {}, {"oldest_age": 44}, {}),
        (6, {}, {"youngest_age": 45}, {}),
        (None, {}, {"youngest_age": 44}, {}),
        (6, {}, {"only_sex": "F"}, {}),
        (None, {"sex": "F"}, {"only_sex": "F"}, {}),
        (7, {"asked_out_of": frozenset({"IL 124"})}, None, {}),
        (None, {"asked_out_of": frozenset({"IL 597", "TX 124"})}, None, {}),
        (None, {"asked_out_of": frozenset({""})}, {"group": ""}, {}),
        (8, {"spans": (replace(OLD, group="IL 124", npi="1234567893"),)}, None, {}),
        (None, {"spans": (replace(OLD, group="IL 124", npi=""),)}, None, {}),
        (None, {"spans": ()}, None, {}),
        (9, {}, None, {"reason": None}),
        (10, {}, None, {"effective_date": TODAY - DAY}),
        (None, {}, None, {"effective_date": TODAY}),
        (10, {"coverage_first_day": FIRST + DAY}, None, {}),
        (None, {"coverage_first_day": FIRST}, None, {}),
        (10, {"coverage_last_day": FIRST - DAY}, None, {}),
        (None, {"coverage_last_day": FIRST}, None, {}),
        (None, {}, None, {"effective_date": date(2016, 7, 30)}),
        (10, {}, None, {"effective_date": date(2016, 7, 31)}),
        (10, {}, None, {"effective_date": date(9999, 12, 31)}),
    ],
)
def test_every_row_refuses_at_its_edge_and_not_before(expected, facts, entry, choice):
    facts = {**facts, **({"policy_status": PolicyStatus(facts["policy_status"])} if "policy_status" in facts else {})}
    assert row(facts, entry, **choice) == expected


@pytest.mark.feature("PCP_08")
def test_the_first_row_that_fails_is_the_answer():
    """Facts that break rows 9 down to 1, one more each time: always the lowest is told."""
    broken: dict = {}
    entry: dict = {}
    choice: dict = {"effective_date": TODAY - DAY}
    steps = [
        (10, lambda: None),
        (9, lambda: choice.update(reason=None)),
        (8, lambda: broken.update(spans=(replace(OLD, group="IL 124", npi="1234567893"),))),
        (7, lambda: broken.update(asked_out_of=frozenset({"IL 124"}))),
        (6, lambda: entry.update(only_sex="F")),
        (4, lambda: entry.update(us_state="TX")),
        (3, lambda: entry.update(first_day=TODAY + DAY)),
        (2, lambda: choice.update(times=2)),
        (1, lambda: broken.update(requires_pcp=False)),
    ]
    for expected, breaks in steps:
        breaks()
        assert row(broken, entry, **choice) == expected


@pytest.mark.feature("PCP_09")
def test_the_guides_sentences_are_word_for_word():
    assert ASKED_OUT_BEFORE == (
        "Member was previously asked out of this Medical Group, please select a new Medical Group"
    )
    assert NO_CHANGE == "No change to the existing record"
    found = pcp_change.problem(replace(JOHN, asked_out_of=frozenset({"IL 124"})), CHOICE)
    assert found is not None
    assert found.sentence == ASKED_OUT_BEFORE
    missing = pcp_change.problem(JOHN, replace(CHOICE, reason=None))
    assert missing is not None
    assert missing.sentence == REASON_MISSING


@pytest.mark.feature("PCP_07")
@pytest.mark.parametrize(
    ("code", "facts", "choice", "allowed"),
    [
        ("dependent-age", {"role": "PRIMARY"}, {}, False),
        ("dependent-age", {"role": "SPOUSE"}, {}, False),
        ("dependent-age", {"role": "CHILD"}, {}, True),
        ("member-preferred-one-doctor-for-family", {"members_on_policy": 1}, {}, False),
        ("member-preferred-one-doctor-for-family", {"members_on_policy": 2}, {}, True),
        ("new-enrollee", {}, {}, False),
        ("new-enrollee", {"spans": (replace(OLD, by_carrier=True),)}, {}, True),
        ("new-enrollee", {"spans": ()}, {}, True),
        ("data-entered-incorrectly", {}, {}, False),
        ("data-entered-incorrectly", {}, {"by_staff": True}, True),
        ("asked-out", {}, {}, True),
    ],
)
def test_reasons_have_their_limits(code, facts, choice, allowed):
    assert row(facts, reason=BY_CODE[code], **choice) == (None if allowed else 9)


@pytest.mark.feature("PCP_07")
def test_a_reason_holds_on_its_days():
    dated = replace(BY_CODE["retired"], first_day=TODAY, last_day=TODAY)
    assert row(reason=dated) is None
    assert row(reason=replace(dated, first_day=TODAY + DAY, last_day=None)) == 9
    assert row(reason=replace(dated, first_day=TODAY - DAY, last_day=TODAY - DAY)) == 9


@pytest.mark.feature("PCP_07")
def test_the_nineteen_reasons_with_their_codes():
    guide = """Asked Out|AI Change Of Residence|AH Changed For Application|AI Concern With Access|AE
        Concern With Physician|AB Concern With Service|AA Dependent Age|AI Doctor/Med Grp Location|AC
        Hospital Affiliated|AI Left Network (Closed)|AI Member Preferred One Doctor For Family|AI
        Members Former Provider In Network|AI New Enrollee|AI New Member Benefit Not Supported|22 No Reason Given|AI
        PCP Not Accepting New Patients|AI Referral Problems|AF Retired|AI Data Entered Incorrectly|46"""
    codes = {"AI", "AH", "AE", "AB", "AA", "AC", "22", "AF", "46"}
    expected, name = {}, []
    for word in guide.split():
        head, bar, code = word.partition("|")
        name.append(head)
        if bar:
            assert code in codes
            expected[" ".join(name)] = code
            name = []
    assert {reason.label: reason.pla05 for reason in REASONS} == expected
    assert [reason.label for reason in REASONS if reason.staff_only] == ["Data Entered Incorrectly"]


# --- ages ---


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
        (date(1971, 12, 31), date(2015, 12, 30), 43),
        (date(1971, 12, 31), date(2015, 12, 31), 44),
    ],
)
def test_whole_years(born, day, age):
    assert pcp_change.age_on(born, day) == age


# --- first days ---


@pytest.mark.feature("PCP_10")
@pytest.mark.parametrize(
    ("state", "day", "in_group", "proposed"),
    [
        ("IL", date(2015, 7, 30), True, date(2015, 8, 1)),  # the guide's own confirmation screens
        ("IL", date(2015, 6, 10), True, date(2015, 7, 1)),
        ("IL", date(2015, 5, 22), True, date(2015, 6, 1)),
        ("IL", date(2026, 8, 15), True, date(2026, 9, 1)),
        ("IL", date(2026, 8, 1), True, None),
        ("IL", date(2026, 12, 2), True, date(2027, 1, 1)),
        ("IL", date(2028, 2, 29), True, date(2028, 3, 1)),
        ("IL", date(2026, 8, 15), False, None),
        ("NM", date(2026, 8, 15), True, None),
        ("TX", date(2026, 8, 15), True, None),
        ("OK", date(2026, 8, 15), False, None),
        ("MT", date(2026, 8, 15), True, None),
    ],
)
def test_illinois_medical_groups_begin_on_the_first_of_a_month(state, day, in_group, proposed):
    assert proposed_start(state, day, in_group=in_group) == proposed


@pytest.mark.feature("PCP_10")
def test_a_state_that_changes_its_rule_keeps_the_old_row():
    old, new = start_rule("NM", on=FIRST), replace(start_rule("NM", on=FIRST), in_force_from=date(2027, 1, 1))
    rows: tuple[StartRule, ...] = (old, replace(new, first_of_month=True))
    assert proposed_start("NM", date(2026, 12, 31), in_group=False, rows=rows) is None
    assert proposed_start("NM", date(2027, 1, 2), in_group=False, rows=rows) == date(2027, 2, 1)


# --- numbers ---


@pytest.mark.feature("PCP_03")
@pytest.mark.parametrize("npi", ["1234567893", "1993999998", "2234567891", "1000000004", "2999999990"])
def test_valid_npis(npi):
    assert is_npi(npi)
    assert read_number(npi).kind is NumberKind.NPI


@pytest.mark.feature("PCP_03")
@pytest.mark.parametrize(
    "text",
    ["1234567890", "1999999027", "1939999998", "0234567895", "123456789", "12345678930", "１２３４５６７８９３", ""],
)
def test_invalid_npis(text):
    assert not is_npi(text)


@pytest.mark.feature("PCP_03")
@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("124", NumberKind.MEDICAL_GROUP, "124"),
        (" 1 24\t", NumberKind.MEDICAL_GROUP, "124"),
        ("123 456 7893", NumberKind.NPI, "1234567893"),
        ("pil40007", NumberKind.CARRIER_NUMBER, "PIL40007"),
        ("1240", NumberKind.CARRIER_NUMBER, "1240"),
        ("123456789", NumberKind.CARRIER_NUMBER, "123456789"),
        ("ABCDEFGHIJKL", NumberKind.CARRIER_NUMBER, "ABCDEFGHIJKL"),
    ],
)
def test_a_number_is_tried_as_group_then_npi_then_the_carriers_own(typed, kind, text):
    found = read_number(typed)
    assert (found.kind, found.text) == (kind, text)


@pytest.mark.feature("PCP_03")
@pytest.mark.parametrize("typed", ["", "12", "1234567890", "0234567895", "ABCDEFGHIJKLM", "AB-124", "١٢٤", "12\x004"])
def test_what_is_none_of_the_numbers_is_told(typed):
    with pytest.raises(UnreadableNumber):
        read_number(typed)


# --- spans ---


def after(spans: list[Span], first_day: date, who: str, key: int) -> list[Span]:
    """The spans on file once the change is made, as the service writes it."""
    plan = plan_change(spans, first_day)
    kept = [span for span in spans if span not in plan.replaced]
    if plan.current and plan.ends_current_on:
        kept = [replace(span, last_day=plan.ends_current_on) if span == plan.current else span for span in kept]
    return [*kept, Span(key=key, first_day=first_day, last_day=None, group=who)]


@pytest.mark.feature("PCP_16")
@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ABC")), max_size=12), st.booleans())
def test_any_changes_leave_neither_overlap_nor_hole(changes, has_one):
    begin = date(2026, 1, 1)
    spans = [Span(key=0, first_day=begin, last_day=None, group="Z")] if has_one else []
    first: date | None = begin if has_one else None
    for key, (offset, who) in enumerate(changes, start=1):
        day = begin + timedelta(days=offset + 1)
        spans = sorted(after(spans, day, who, key), key=lambda span: span.first_day)
        first = min(first, day) if first else day
        assert spans[-1].last_day is None
        assert spans[-1].group == who
        assert spans[0].first_day == first
        assert all(
            left.last_day is not None and left.last_day + DAY == right.first_day
            for left, right in zip(spans, spans[1:], strict=False)
        )


@pytest.mark.feature("PCP_14")
@pytest.mark.feature("PCP_16")
def test_two_physicians_for_two_periods_are_two_changes_the_earlier_first():
    one = after([OLD], date(2015, 10, 1), "IL 124", 2)
    two = after(one, date(2016, 1, 1), "IL 131", 3)
    assert [(span.group, span.first_day, span.last_day) for span in two] == [
        ("IL 597", date(2015, 5, 1), date(2015, 9, 30)),
        ("IL 124", date(2015, 10, 1), date(2015, 12, 31)),
        ("IL 131", date(2016, 1, 1), None),
    ]
    again = after(two, date(2015, 11, 1), "IL 203", 4)  # before a pending one: 12/31/9999 leaves it no room
    assert [span.group for span in again] == ["IL 597", "IL 124", "IL 203"]


@pytest.mark.feature("PCP_08")
@pytest.mark.parametrize(
    ("who", "day", "nothing"),
    [
        ("IL 597", date(2015, 8, 1), False),  # keeps the current one and lets go of the pending one
        ("IL 597", date(2016, 1, 1), False),
        ("IL 124", date(2016, 1, 1), True),
        ("IL 124", date(2016, 2, 1), True),
        ("IL 124", date(2015, 12, 1), False),  # the pending one, earlier
        ("IL 131", date(2016, 1, 1), False),
    ],
)
def test_no_change_means_that_no_day_would_be_different(who, day, nothing):
    spans = after([OLD], date(2016, 1, 1), "IL 124", 2)
    assert changes_nothing(spans, (who, ""), day) is nothing


@pytest.mark.feature("PCP_09")
def test_asked_out_is_about_the_group_before():
    spans = after(after([OLD], date(2015, 9, 1), "IL 124", 2), date(2015, 10, 1), "IL 131", 3)
    spans = [replace(span, reason="Asked Out") if span.group == "IL 124" else span for span in spans]
    assert groups_left(spans, with_reasons=frozenset({"Asked Out"})) == {"IL 597"}
    assert groups_left(reversed(spans), with_reasons=frozenset({"Asked Out"})) == {"IL 597"}
    assert groups_left(spans[1:], with_reasons=frozenset({"Asked Out"})) == frozenset()
