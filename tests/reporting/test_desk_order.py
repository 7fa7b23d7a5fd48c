"""The desk's list, found by the database in groups, against a recount that looks at every policy in plain Python."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Policy
from clients.rules.dated import add_months
from clients.rules.policy_status import PolicyStatus, policy_status
from clients.services.statuses import facts_of
from enrollment.models import Application
from portal.common.dates import today_in
from reporting import desk, desk_log, kept
from reporting.at_risk import applications_at_risk, days_by_state
from reporting.desk import Policies
from reporting.models import Outreach
from reporting.narrowing import IN_FORCE
from reporting.rules import desk as rules
from reporting.rules.desk import AtRisk, Why
from reporting.services import outreach
from reporting.services.outreach import Done
from tests.support.books import write_policies
from tests.support.factories import ApplicationFactory, PolicyFactory

PEOPLE = ("producer", "principal", "delegate", "outsider", "admin")
ONE_DAY = timedelta(days=1)


def random_book(world, dice: random.Random) -> None:
    """Few days and premiums, so that many policies are alike and many premiums equal."""
    today = timezone.localdate()
    Policy.objects.all().delete()
    likes = [
        PolicyFactory(producer_number=number)
        for number in (world.number, world.number, world.outsider_policy.producer_number, world.number)
    ]

    def near(most: int = 100) -> date:
        return today + timedelta(days=dice.choice([-most, -62, -31, -30, -29, -5, -1, 0, 1, 5, 9]))

    for like in likes:
        write_policies(
            like,
            (
                {
                    "status": dice.choice(["GRACE", "GRACE", "TERMED", "TERMED", "INITIAL_PAYMENT_DUE", "ACTIVE"]),
                    "policy_number": None,
                    "us_state": dice.choice(["IL", "TX", "MT"]),
                    "market": dice.choice(["ON", "OFF"]),
                    "line": dice.choice(["MEDICAL", "MEDICAL", "DENTAL"]),
                    "effective_date": dice.choice([near(300), today - timedelta(days=300)]),
                    "paid_to_date": dice.choice([None, near(), near(), add_months(today, -2)]),
                    "grace_started_on": dice.choice([None, near(), near()]),
                    "term_date": dice.choice([None, near(), today - timedelta(days=dice.randint(25, 35))]),
                    "term_date_derived": dice.random() < 0.4,
                    "cancellation_notice_mailed_on": dice.choice([None, None, near(), near(40)]),
                    "binder_due_date": dice.choice([None, None, near()]),
                    "binder_paid": dice.random() < 0.7,
                    "monthly_premium": Decimal(dice.choice([0, 100, 100, 412.55])),
                    "aptc_amount": Decimal(0),
                    "awaits_acceptance": dice.random() < 0.05,
                }
                for _place in range(12)
            ),
        )
    for policy in Policy.objects.filter(monthly_premium__gt=0, market="ON"):
        if dice.random() < 0.6:
            Policy.objects.filter(pk=policy.pk).update(aptc_amount=dice.choice([50, policy.monthly_premium]))


def snooze_some(world, dice: random.Random) -> None:
    today = timezone.localdate()
    for place, policy in enumerate(Policy.objects.filter(producer_number=world.number)):
        for turn in range(dice.choice([0, 0, 0, 1, 2])):
            days = dice.choice([None, 1, 20])
            outreach.log(
                about=policy,
                why=dice.choice([Why.GRACE_1, Why.GRACE_3, Why.TERMED, Why.FIRST_PAYMENT]),
                done=Done(
                    outcome=Outreach.Outcome.WILL_PAY, snoozed_until=today + timedelta(days=days) if days else None
                ),
                by=world.producer,
                at=timezone.now() - timedelta(days=dice.choice([1, 80, 95])),
                form_key=f"{place}-{turn}",
            )


def at_risk(policy: Policy, in_scope: list[Policy]) -> AtRisk | None:
    """One policy by the rules of the client's page, with nothing of the desk's own reads."""
    today = today_in(policy.us_state)
    decision = policy_status(facts_of(policy), today=today)
    agrees = decision.status == policy.status

    def line(why: Why, last: date | None) -> AtRisk:
        left = (last - today).days if last else None
        return AtRisk(
            key=f"p{policy.pk}", why=why, last_safe_day=last, days_left=left, premium=policy.net_premium, note=""
        )

    if policy.status == "GRACE":
        month = decision.grace_month if agrees else 1
        return line(rules.of_grace_month(month), decision.grace_end if agrees else None)
    if policy.status == "INITIAL_PAYMENT_DUE":
        known = agrees and decision.days_left is not None
        return line(Why.FIRST_PAYMENT, today + timedelta(days=decision.days_left or 0) if known else None)
    if policy.status != "TERMED" or policy.term_date is None:
        return None
    replaced = any(
        one.account_id == policy.account_id
        and one.line == policy.line
        and one.status in IN_FORCE
        and one.effective_date > policy.effective_date
        for one in in_scope
    )
    ran_out = decision.status is PolicyStatus.TERMED and decision.grace_end is not None
    ended = max(policy.term_date, decision.grace_end) if ran_out else policy.term_date
    credit = policy.aptc_amount > 0 and policy.market == "ON"
    if replaced or (ran_out and credit) or rules.last_day_to_ask(ended) < today:
        return None
    if not policy.term_date_derived and policy.term_date < rules.asks_from(min(days_by_state().values())):
        return None  # the carrier's own word, longer ago than is worth asking
    return line(Why.TERMED, rules.last_day_to_ask(ended))


def recount(user) -> tuple[list[AtRisk], set[str]]:
    """Everything at risk, ranked, and the keys of what is snoozed."""
    in_scope = list(Policy.objects.for_user(user))
    found = [one for policy in in_scope if (one := at_risk(policy, in_scope)) is not None]
    found += applications_at_risk(user)
    today, snoozed = timezone.localdate(), set()
    since = timezone.now() - timedelta(days=desk_log.LOOKED_BACK_DAYS)
    for one in found:
        if one.key.startswith("p"):
            last = Outreach.objects.for_user(user).filter(policy_id=one.row_id, at__gte=since).order_by("-id").first()
            if last and last.snoozed_until and last.snoozed_until > today and Why(last.why).family == one.why.family:
                snoozed.add(one.key)
    return rules.ranked(found, today=today), snoozed


def keys(rows) -> list[str]:
    return [one.key for one in rows]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.sampled(3)
def test_order_counts_and_pages_are_those_of_a_recount_of_every_policy(world, catalog, seed):
    dice = random.Random(seed)
    random_book(world, dice)
    snooze_some(world, dice)
    mine = {"producer_number": world.number, "created_by": world.producer}
    ApplicationFactory(status=Application.Status.FAILED, expires_on=timezone.localdate() + timedelta(days=2), **mine)
    ApplicationFactory(expires_on=timezone.localdate() + timedelta(days=dice.randint(0, 30)), **mine)
    for person in PEOPLE:
        user = getattr(world, person)
        everything, snoozed = recount(user)
        expected = [one for one in everything if one.key not in snoozed]
        found = desk.desk_of(user, now=timezone.now())
        assert keys(found.rows()) == keys(expected), person
        assert [(one.why, one.last_safe_day, one.days_left, one.premium) for one in found.rows()] == [
            (one.why, one.last_safe_day, one.days_left, one.premium) for one in expected
        ]
        assert keys(found.rows(with_snoozed=True)) == keys(everything)
        assert keys(found.put_aside()) == [one.key for one in everything if one.key in snoozed]
        assert found.count() == len(expected)
        for why in Why:
            of_reason = [one for one in expected if one.why is why]
            assert found.count(why) == len(of_reason)
            assert keys(found.rows(why)) == keys(of_reason)
            assert found.count(why, with_snoozed=True) == sum(one.why is why for one in everything)
        for _ in range(6):
            first, most = dice.randint(0, len(expected) + 2), dice.randint(1, 9)
            assert keys(found.rows(first=first, most=most)) == keys(expected[first : first + most])
            why = dice.choice(list(Why))
            of_reason = [one for one in everything if one.why is why]
            shown = found.rows(why, with_snoozed=True, first=first, most=most)
            assert keys(shown) == keys(of_reason[first : first + most])


@pytest.mark.no_db
@given(st.lists(st.integers(min_value=0, max_value=9), max_size=12), st.integers(0, 60), st.integers(1, 30))
def test_a_page_is_cut_from_the_tiers_as_from_one_list(sizes, first, most):
    tiers = [desk._Tier(size=size) for size in sizes]
    whole = [(place, row) for place, size in enumerate(sizes) for row in range(size)]
    cut = [
        (tiers.index(part.tier), row)
        for part in desk._parts_within(tiers, first=first, most=most)
        for row in range(part.first, part.first + part.most)
    ]
    assert [row for _place, row in cut] == [row for _place, row in whole[first : first + most]]
    assert len(cut) == len(whole[first : first + most])


def test_a_page_takes_one_query_for_its_policies_however_many_days_they_stand_under(
    world, django_assert_max_num_queries
):
    like = PolicyFactory(producer_number=world.number)
    today = timezone.localdate()
    write_policies(
        like,
        (
            {
                "status": "INITIAL_PAYMENT_DUE",
                "policy_number": None,
                "binder_paid": False,
                "effective_date": today - timedelta(days=day),
            }
            for day in range(25)
        ),
    )
    found = desk.desk_of(world.producer, now=timezone.now())
    with django_assert_max_num_queries(2):  # the scope and the rows
        assert len(found.rows(most=25)) == 25


def test_what_is_snoozed_after_a_large_book_was_counted_is_off_the_list_at_once(world, monkeypatch):
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    now = timezone.now()
    before = desk.desk_of(world.producer, now=now)
    assert (before.count(), before.may_be_older) == (1, True)
    done = Done(outcome=Outreach.Outcome.WILL_PAY, snoozed_until=timezone.localdate() + 3 * ONE_DAY)
    outreach.log(about=world.policy, why=Why.GRACE_1, done=done, by=world.producer, at=now, form_key="one")
    later = desk.desk_of(world.producer, now=now + timedelta(seconds=5))
    assert later.as_of == now
    assert (later.count(), later.rows(), len(later.snoozed)) == (0, [], 1)


def test_a_policy_that_is_saved_meanwhile_is_not_listed_though_it_was_counted(world, monkeypatch):
    monkeypatch.setattr(kept, "NUMBERS_AT_ONCE", 0)
    now = timezone.now()
    assert desk.desk_of(world.producer, now=now).count() == 1
    Policy.objects.filter(pk=world.policy.pk).update(status="ACTIVE", grace_started_on=None)
    kept_list = desk.desk_of(world.producer, now=now + timedelta(seconds=5))
    assert (kept_list.count(), kept_list.rows()) == (1, [])
    again = desk.desk_of(world.producer, now=now + timedelta(seconds=6), after=now)
    assert (again.count(), again.rows(), again.policies) == (0, [], Policies.of([], today=again.today))


def test_of_two_ended_policies_that_are_alike_only_the_one_without_a_follower_stands_on_the_list(world):
    today = timezone.localdate()
    Policy.objects.all().delete()
    columns = {
        "status": "TERMED",
        "effective_date": today - timedelta(days=300),
        "term_date": today - timedelta(days=5),
    }
    followed, alone = (PolicyFactory(producer_number=world.number) for _turn in range(2))
    Policy.objects.update(**columns, term_date_derived=False, market="OFF", us_state="IL", monthly_premium=100)
    PolicyFactory(producer_number=world.number, account=followed.account, line=followed.line, effective_date=today)
    found = desk.desk_of(world.producer, now=timezone.now())
    assert [one.row_id for one in found.rows(Why.TERMED)] == [alone.pk]
