"""What an application asks of whom: guardian, disclosure, pediatric dental, coverage replacement, PCP numbers."""

from datetime import date

import pytest

from clients.rules.pcp_numbers import UnreadableNumber
from enrollment.models import Application
from enrollment.rules import coverage_replacement, pcp_entry, pediatric_dental
from enrollment.rules.consumer_choice import disclosure_needed
from enrollment.rules.guardians import PersonOnForm, guardian_needed
from enrollment.rules.pediatric_dental import LACKING, AskedOf
from portal.common.dates import US_STATES

pytestmark = pytest.mark.no_db
FIRST_DAY = date(2027, 1, 1)
SEVENTEEN, EIGHTEEN = date(2009, 1, 2), date(2009, 1, 1)


@pytest.mark.feature("SIG_02")
@pytest.mark.parametrize(
    ("people", "needed"),
    [
        ([("self", SEVENTEEN)], True),
        ([("self", EIGHTEEN)], False),
        ([("self", SEVENTEEN), ("child", date(2015, 5, 5))], True),
        ([("self", SEVENTEEN), ("child", EIGHTEEN)], False),
        ([("self", SEVENTEEN), ("spouse", SEVENTEEN)], False),
        ([("self", date(1980, 1, 1)), ("child", SEVENTEEN)], False),
        ([("self", None)], False),
        ([("self", SEVENTEEN), ("child", None)], False),
        ([("self", date(2008, 12, 31))], False),
        ([("self", date(2027, 3, 1))], True),
        ([], False),
    ],
)
def test_a_guardian_signs_when_everybody_is_under_18_on_the_first_day(people, needed):
    on_form = [PersonOnForm(relation, born) for relation, born in people]
    assert guardian_needed(on_form, effective_date=FIRST_DAY) is needed


@pytest.mark.feature("SIG_02")
def test_somebody_born_on_29_february_is_18_on_1_march():
    leap = [PersonOnForm("self", date(2008, 2, 29))]
    assert guardian_needed(leap, effective_date=date(2026, 2, 28))
    assert not guardian_needed(leap, effective_date=date(2026, 3, 1))


@pytest.mark.feature("SIG_03")
@pytest.mark.parametrize(
    ("us_state", "flagged", "needed"),
    [("TX", True, True), ("TX", False, False), *((one, True, False) for one in US_STATES if one != "TX")],
)
def test_only_texas_and_only_consumer_choice_plans_have_the_disclosure(us_state, flagged, needed):
    assert disclosure_needed(us_state, consumer_choice_plan=flagged) is needed


@pytest.mark.feature("PLN_03")
@pytest.mark.parametrize(
    ("born", "day", "pediatric"),
    [
        (date(2008, 1, 15), date(2027, 1, 1), True),
        (date(2008, 1, 15), date(2027, 1, 31), True),
        (date(2008, 1, 15), date(2027, 2, 1), False),
        (date(2008, 12, 31), date(2027, 12, 31), True),
        (date(2008, 12, 31), date(2028, 1, 1), False),
        (date(2008, 2, 29), date(2027, 2, 28), True),
        (date(2008, 2, 29), date(2027, 3, 1), False),
        (date(2027, 5, 5), date(2027, 1, 1), True),
    ],
)
def test_pediatric_benefits_run_through_the_month_of_the_nineteenth_birthday(born, day, pediatric):
    assert pediatric_dental.is_pediatric(born, day) is pediatric


@pytest.mark.feature("PLN_03")
@pytest.mark.parametrize(
    ("asked_of", "plans", "attested", "births", "lacking"),
    [
        (AskedOf.EVERYBODY, "medical", False, [1980], True),
        (AskedOf.EVERYBODY, "medical", True, [1980], False),
        (AskedOf.EVERYBODY, "medical dental", False, [1980], False),
        (AskedOf.EVERYBODY, "dental", False, [1980], False),
        (AskedOf.EVERYBODY, "", False, [1980], False),
        (AskedOf.CHILDREN, "medical", False, [1980], False),
        (AskedOf.CHILDREN, "medical", False, [1980, 2015], True),
        (AskedOf.CHILDREN, "medical", True, [1980, 2015], False),
        (AskedOf.NOBODY, "medical", False, [1980, 2015], False),
        (AskedOf("sombody"), "medical", False, [1980], True),
    ],
)
def test_medical_alone_needs_a_dental_plan_or_the_attestation(asked_of, plans, attested, births, lacking):
    said = pediatric_dental.why_lacking(
        asked_of,
        medical="medical" in plans,
        dental="dental" in plans,
        attested=attested,
        births=[date(year, 6, 1) for year in births],
        effective_date=FIRST_DAY,
    )
    assert said == (LACKING if lacking else "")


@pytest.mark.feature("COV_03")
@pytest.mark.parametrize("us_state", US_STATES)
@pytest.mark.parametrize("form", [*Application.FormType.values, ""])
def test_coverage_replacement_is_shown_as_the_table_says(us_state, form):
    expected = form != "DENTAL" or us_state in {"IL", "NM"}
    assert coverage_replacement.replacement_shown(us_state, form) is expected


@pytest.mark.feature("COV_03")
def test_the_table_knows_every_state_and_form():
    assert set(coverage_replacement.SHOWN) == {(s, f) for s in US_STATES for f in Application.FormType.values}


@pytest.mark.feature("COV_01")
@pytest.mark.parametrize(
    ("day", "fits"),
    [
        (date(2026, 12, 31), True),
        (date(2025, 12, 31), True),
        (date(2025, 12, 30), False),
        (date(2028, 1, 2), True),
        (date(2028, 1, 3), False),
        (date(1, 1, 1), False),
        (date(9999, 12, 31), False),
    ],
)
def test_replaced_coverage_ends_within_a_year_of_the_first_day(day, fits):
    assert (coverage_replacement.why_not_termination(day, first_day=FIRST_DAY) == "") is fits


@pytest.mark.feature("PLN_04")
@pytest.mark.feature("PLN_05")
@pytest.mark.parametrize(
    ("us_state", "network", "label"),
    [
        ("IL", "HMO", "Medical Group Number (3 Digits)"),
        ("IL", "POS", "Primary Care Provider (PCP) or Medical Group Number"),
        ("TX", "HMO", "Primary Care Provider (PCP) Number"),
        ("MT", "HMO", "Primary Care Provider (PCP) Number"),
        ("NM", "HMO", "Primary Care Provider (PCP) Number"),
        ("OK", "HMO", "Primary Care Provider (PCP) Number"),
        ("TX", "PPO", None),
        ("IL", "PPO", None),
        ("NM", "EPO", None),
        ("MT", "", None),
    ],
)
def test_the_field_follows_state_and_network(us_state, network, label):
    entry = pcp_entry.entry_for_plan(us_state, network)
    assert (entry.label if entry else None) == label


@pytest.mark.feature("PLN_05")
@pytest.mark.parametrize(
    ("entry", "typed", "kept"),
    [
        (pcp_entry.MEDICAL_GROUP, " 12 4 ", "124"),
        (pcp_entry.MEDICAL_GROUP, "", ""),
        (pcp_entry.MEDICAL_GROUP, "   ", ""),
        (pcp_entry.MEDICAL_GROUP, "1245", None),
        (pcp_entry.MEDICAL_GROUP, "12", None),
        (pcp_entry.MEDICAL_GROUP, "1234567893", None),
        (pcp_entry.MEDICAL_GROUP, "١٢٤", None),
        (pcp_entry.PCP, "p4711", "P4711"),
        (pcp_entry.PCP, "1234567893", "1234567893"),
        (pcp_entry.PCP, "124", None),
        (pcp_entry.PCP, "1234567890", None),
        (pcp_entry.EITHER, "124", "124"),
        (pcp_entry.EITHER, "1234567893", "1234567893"),
        (pcp_entry.EITHER, "9" * 25, None),
    ],
)
def test_numbers_are_taken_as_the_plan_wants_them(entry, typed, kept):
    if kept is None:
        with pytest.raises(UnreadableNumber, match="."):
            pcp_entry.clean_number(typed, entry)
    else:
        assert pcp_entry.clean_number(typed, entry) == kept
        assert len(kept) <= pcp_entry.LONGEST


@pytest.mark.parametrize(
    ("entry", "typed", "said"),
    [
        (pcp_entry.PCP, "1234567890", "check digit"),
        (pcp_entry.PCP, "!", "or an NPI"),
        (pcp_entry.MEDICAL_GROUP, "1234567890", "3 digits"),
    ],
)
def test_what_is_wrong_with_a_number_is_said_as_the_field_wants_it(entry, typed, said):
    with pytest.raises(UnreadableNumber, match=said):
        pcp_entry.clean_number(typed, entry)
