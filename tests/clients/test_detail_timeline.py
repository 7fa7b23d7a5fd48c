"""What the policies of a household tell its timeline."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Policy
from clients.selectors import timeline as selectors
from clients.selectors.detail import decide
from portal.common import dates
from portal.common.timeline import Household, timeline_of
from tests.support import pages
from tests.support.factories import PolicyFactory

pytestmark = pytest.mark.feature("DET_01")
TODAY = dates.today_in("IL")
DAY = timedelta(days=1)


def entries(user, account) -> list[tuple]:
    household = Household(account=account, today=TODAY)
    return [(e.day, e.title, e.text, e.about) for e in selectors.policy_entries(user, household)]


def titles(user, account) -> dict[str, object]:
    return {title: day for day, title, _, _ in entries(user, account)}


def household_of(world, **traits):
    return PolicyFactory(producer_number=world.number, today=TODAY, **traits)


def test_an_application_leaves_its_days(world):
    noon = timezone.make_aware(datetime.combine(TODAY - 3 * DAY, datetime.min.time())) + timedelta(hours=12)
    policy = household_of(
        world,
        future=True,
        eapp_number="0100000551",
        application_started_on=TODAY - 5 * DAY,
        application_signed_on=TODAY - 4 * DAY,
        application_submitted_at=noon,
    )
    found = entries(world.producer, policy.account)
    product = (policy.product_name,)
    for day, title in ((5, "started"), (4, "signed"), (3, "submitted")):
        assert (TODAY - day * DAY, f"Application {title}", "E-App number 0100000551", product) in found
    assert (policy.effective_date, "Coverage begins", "", product) in found


def test_coverage_that_began_and_the_next_premium(world):
    policy = household_of(world)
    assert titles(world.producer, policy.account) == {
        "Coverage began": policy.effective_date,
        "Premium due": policy.paid_to_date,
    }


@pytest.mark.parametrize(
    ("days", "text"),
    [(30, ""), (0, "")],
)
def test_an_end_that_is_coming_is_told(world, days, text):
    policy = household_of(world, term_date=TODAY + days * DAY, paid_to_date=TODAY + (days + 1) * DAY)
    found = entries(world.producer, policy.account)
    assert (policy.term_date, "Last day of coverage", text, (policy.product_name,)) in found
    assert "Premium due" not in titles(world.producer, policy.account)


def test_an_end_that_is_past_says_that_the_policy_is_termed(world):
    policy = household_of(world, termed=True)
    assert (policy.term_date, "Last day of coverage", "Termed.", (policy.product_name,)) in entries(
        world.producer, policy.account
    )
    Policy.objects.filter(pk=policy.pk).update(term_date_derived=True)
    assert "Termed, as worked out from the dates." in {
        text for _, _, text, _ in entries(world.producer, policy.account)
    }


def test_grace_is_told_with_its_last_day_and_what_follows(world):
    policy = household_of(world, in_grace=True)
    decision = decide(policy)
    found = titles(world.producer, policy.account)
    assert (found["Grace period began"], found["Last day to pay"]) == (decision.grace_start, decision.grace_end)
    last = f"the last day of coverage is {decision.term_if_unpaid:%m/%d/%Y}."
    assert any(
        text.endswith(last) for _, title, text, _ in entries(world.producer, policy.account) if "to pay" in title
    )


def test_where_carrier_and_dates_disagree_only_what_the_carrier_told_is_told(world):
    policy = household_of(world, in_grace=True, status="ACTIVE")
    assert set(titles(world.producer, policy.account)) == {"Coverage began"}


def test_a_first_payment_that_is_missing(world):
    policy = household_of(world, unpaid=True, effective_date=TODAY + DAY, binder_due_date=TODAY + 9 * DAY)
    found = titles(world.producer, policy.account)
    assert found == {"Coverage to begin": TODAY + DAY, "Last day for the first payment": TODAY + 9 * DAY}
    # Without the carrier's day it is the one the explanation names.
    Policy.objects.filter(pk=policy.pk).update(binder_due_date=None)
    assert titles(world.producer, policy.account)["Last day for the first payment"] > TODAY


def test_what_never_began_is_told_once(world):
    policy = household_of(world, cancelled=True)
    assert titles(world.producer, policy.account) == {"Cancelled": policy.effective_date}


def test_without_a_premium_none_is_due(world):
    policy = household_of(world, monthly_premium=Decimal("0.00"))
    assert "Premium due" not in titles(world.producer, policy.account)


def test_two_policies_that_went_the_same_way_are_one_entry_about_both(world):
    medical = household_of(world)
    dental = household_of(world, primary=medical.account.members.get(), dental=True)
    found = entries(world.producer, medical.account)
    both = tuple(sorted((medical.product_name, dental.product_name)))
    assert [about for _, title, _, about in found if title == "Coverage began"] == [both]


@pytest.mark.feature("SRC_10")
def test_other_producers_policies_of_the_household_are_not_told(world):
    mine = household_of(world)
    PolicyFactory(
        primary=mine.account.members.get(), producer_number=world.outsider_policy.producer_number, dental=True
    )
    about = {name for *_, names in entries(world.producer, mine.account) for name in names}
    assert about == {mine.product_name}
    assert {n for *_, names in entries(world.delegate, mine.account) for n in names} == {mine.product_name}
    assert {n for *_, names in entries(world.outsider, mine.account) for n in names} == {"Summit Dental 1B"}
    assert len({n for *_, names in entries(world.admin, mine.account) for n in names}) == 2
    assert entries(world.sibling, mine.account) == []


def test_the_number_of_policies_read_is_bounded(world, monkeypatch):
    monkeypatch.setattr(selectors, "ROWS_AT_MOST", 2)
    first = household_of(world, effective_date=TODAY - 900 * DAY, product_name="Oldest")
    for days in (300, 200, 100):
        household_of(world, primary=first.account.members.get(), effective_date=TODAY - days * DAY)
    household = Household(account=first.account, today=TODAY)
    with CaptureQueriesContext(connection) as captured:
        found = selectors.policy_entries(world.producer, household)
    assert len(captured) == 2  # the books and the policies
    assert {e.day for e in found if e.title == "Coverage began"} == {TODAY - 200 * DAY, TODAY - 100 * DAY}


def test_the_page_shows_what_comes_up_and_what_happened(world, sign_in):
    policy = household_of(world, in_grace=True)
    page = pages.read(sign_in(world.producer).get(f"/clients/{policy.account.number}/"))
    panel = page.one("section", aria_labelledby="timeline")
    ahead, past = panel.all("ol", class_="timeline")
    assert "Last day to pay" in ahead.text
    assert [title.text for title in past.all(class_="timeline-title")] == [
        f"Grace period began {policy.product_name}",
        f"Coverage began {policy.product_name}",
    ]
    assert "What happened" in panel.text
    assert panel.all("details") == []


def test_a_long_history_is_folded_on_the_page(world, sign_in):
    first = household_of(world)
    for days in range(300, 310):
        household_of(world, primary=first.account.members.get(), effective_date=TODAY - days * DAY)
    page = pages.read(sign_in(world.producer).get(f"/clients/{first.account.number}/"))
    fold = page.one("details", class_="timeline-earlier")
    assert fold.one("summary").text == "Earlier (3)"
    assert len(fold.all("li")) == 3


def test_every_source_is_asked_with_the_viewers_rights(world):
    account = household_of(world).account
    assert timeline_of(world.producer, Household(account=account, today=TODAY)).latest
    assert timeline_of(world.outsider, Household(account=account, today=TODAY)).is_empty
