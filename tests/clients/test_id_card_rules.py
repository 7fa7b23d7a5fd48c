"""When ID cards can be had, for whom and how many."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clients.rules.id_cards import (
    EXCHANGE_WAITS,
    PERMANENT,
    TEMPORARY,
    CardFacts,
    CoveredMember,
    Refused,
    card_day,
    members_to_choose,
    quantity_error,
    refusal,
    without_pcp,
)

pytestmark = pytest.mark.no_db
SUBMITTED = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)


@pytest.mark.feature("IDC_02")
@pytest.mark.parametrize(
    ("status", "on_exchange", "paid", "submitted", "after", "refused"),
    [
        ("ACTIVE", True, True, SUBMITTED, DAY - MINUTE, Refused.TOO_EARLY),  # 23:59
        ("ACTIVE", True, True, SUBMITTED, DAY - timedelta(microseconds=1), Refused.TOO_EARLY),
        ("ACTIVE", True, True, SUBMITTED, DAY, None),  # 24:00
        ("ACTIVE", False, True, SUBMITTED, timedelta(0), None),  # off exchange at once
        ("FUTURE", True, True, SUBMITTED, DAY - MINUTE, Refused.TOO_EARLY),
        ("FUTURE", True, True, SUBMITTED, DAY, None),
        ("FUTURE", False, True, SUBMITTED, MINUTE, None),
        ("FUTURE", False, False, SUBMITTED, DAY, Refused.FIRST_PAYMENT),
        ("INITIAL_PAYMENT_DUE", False, False, SUBMITTED, 9 * DAY, Refused.FIRST_PAYMENT),
        ("INITIAL_PAYMENT_DUE", True, True, SUBMITTED, 9 * DAY, Refused.FIRST_PAYMENT),
        ("GRACE", True, True, SUBMITTED, 90 * DAY, None),
        ("GRACE", False, True, None, DAY, None),
        ("ACTIVE", True, True, None, MINUTE, None),  # told by the feed, which is later than a day
        ("TERMED", False, True, SUBMITTED, 90 * DAY, Refused.TERMED),
        ("TERMED", True, True, SUBMITTED, MINUTE, Refused.TERMED),
        ("CANCELLED", False, False, SUBMITTED, 90 * DAY, Refused.CANCELLED),
    ],
)
def test_when_a_policy_has_cards(status, on_exchange, paid, submitted, after, refused):
    facts = CardFacts(status=status, on_exchange=on_exchange, binder_paid=paid, submitted_at=submitted)
    found = refusal(facts, now=SUBMITTED + after)
    assert (found.why if found else None) == refused


@pytest.mark.feature("IDC_02")
def test_too_early_says_when_it_opens():
    facts = CardFacts(status="ACTIVE", on_exchange=True, binder_paid=True, submitted_at=SUBMITTED)
    found = refusal(facts, now=SUBMITTED + DAY - MINUTE)
    assert found is not None
    assert found.opens_at == SUBMITTED + DAY
    assert found.sentence("11/21/2026 9:30 AM").endswith("was submitted: from 11/21/2026 9:30 AM.")


def test_the_wait_has_its_source():
    assert all(row.source and row.in_force_from for row in EXCHANGE_WAITS)


TODAY = date(2026, 11, 21)
PRISCILLA = CoveredMember(key=1, name="Priscilla", is_primary=True, has_pcp=True)
SAM = CoveredMember(key=2, name="Sam", is_primary=False, has_pcp=False)
LAST_DAY = CoveredMember(key=3, name="Kelly", is_primary=False, last_day=TODAY, has_pcp=True)
LEFT = CoveredMember(key=4, name="Charlie", is_primary=False, last_day=TODAY - timedelta(days=1), has_pcp=True)
FAMILY = [PRISCILLA, SAM, LAST_DAY, LEFT]


@pytest.mark.feature("IDC_04")
@pytest.mark.feature("IDC_05")
@pytest.mark.parametrize(("requires_pcp", "keys"), [(True, [1, 2, 3]), (False, [1])])
def test_a_plan_with_pcp_has_a_card_for_each_covered_member_any_other_for_the_primary_insured(requires_pcp, keys):
    assert [member.key for member in members_to_choose(FAMILY, requires_pcp=requires_pcp, on=TODAY)] == keys


@pytest.mark.feature("IDC_04")
@pytest.mark.parametrize(
    ("kind", "requires_pcp", "names"),
    [(PERMANENT, True, ["Sam"]), (TEMPORARY, True, []), (PERMANENT, False, []), (TEMPORARY, False, [])],
)
def test_without_a_pcp_there_is_no_permanent_card_of_a_plan_that_requires_one(kind, requires_pcp, names):
    assert [member.name for member in without_pcp([PRISCILLA, SAM], requires_pcp=requires_pcp, kind=kind)] == names


@pytest.mark.feature("IDC_06")
@pytest.mark.parametrize(
    ("quantity", "requires_pcp", "wrong"),
    [
        (1, True, False),
        (2, True, True),
        (0, True, True),
        (1, False, False),
        (4, False, False),
        (5, False, False),
        (6, False, True),
        (0, False, True),
        (-1, False, True),
        (None, False, True),
    ],
)
def test_how_many_permanent_cards(quantity, requires_pcp, wrong):
    assert bool(quantity_error(quantity, requires_pcp=requires_pcp, most=5)) == wrong


def test_a_card_shows_the_data_of_today_or_of_the_first_day_of_coverage():
    assert card_day(effective_date=TODAY - DAY, today=TODAY) == TODAY
    assert card_day(effective_date=TODAY + DAY, today=TODAY) == TODAY + DAY
