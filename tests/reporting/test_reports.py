"""Each report against a recount in plain Python over random books, on every scope, with day edges and leap days."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.models import Account, Coverage, Member, Policy
from clients.rules import ages
from clients.rules.ages import turning_65
from clients.rules.grace_tables import Channel
from clients.rules.names import name_key
from portal.common.dates import as_text, today_in
from portal.common.tables import GridState
from reporting import reports
from reporting.criteria import ALL, SWITCHES, Criteria
from reporting.rules.birth_windows import child_limit, last_covered_day, medicare_month

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)
PEOPLE = ("producer", "principal", "delegate", "outsider", "admin")
IN_FORCE = {"ACTIVE", "GRACE", "FUTURE", "INITIAL_PAYMENT_DUE"}
WORD = {
    "ACTIVE": "ACTIVE",
    "FUTURE": "ACTIVE",
    "INITIAL_PAYMENT_DUE": "ACTIVE",
    "GRACE": "GRACE",
    "TERMED": "TERMED",
    "CANCELLED": "TERMED",
}


@dataclass
class Line:
    """One policy of a random book, as the recount sees it."""

    row: Policy
    members: list[Member]
    owner: str


def household(like: Policy, number_id: int, dice: random.Random, place: int) -> tuple[Account, list[Member]]:
    account = Account.objects.create(number=f"88{place:07}", us_state="IL", zip="60601", as_of=like.account.as_of)
    people = [Member.Role.PRIMARY, *dice.choices([Member.Role.SPOUSE, Member.Role.CHILD], k=dice.randint(0, 3))]
    return account, Member.objects.bulk_create(
        Member(
            account=account,
            role=role,
            member_id=f"M{place:06}{n}",
            first_name=f"Ann{n}",
            last_name=dice.choice(["Leeward", "O'Brien", "De la Cruz"]),
            date_of_birth=birth_date(dice, role),
            sex="F",
            disabled_dependent=dice.random() < 0.2,
            unmarried_veteran=dice.random() < 0.3,
        )
        for n, role in enumerate(people)
    )


def birth_date(dice: random.Random, role: str) -> date:
    """Near the limits, near month ends, and on 29 February now and then."""
    years = dice.choice([26, 30]) if role == Member.Role.CHILD else 65
    if dice.random() < 0.15:
        return date(2000, 2, 29) if role == Member.Role.CHILD else date(1960, 2, 29)
    near = TODAY.replace(year=TODAY.year - years) + timedelta(days=dice.randint(-400, 400))
    return near.replace(day=1) if dice.random() < 0.2 else near


def random_book(world, seed: int) -> list[Line]:
    dice, lines = random.Random(seed), []
    owners = [("producer", world.number.pk), ("sibling", world.sibling_policy.producer_number_id)]
    owners.append(("outsider", world.outsider_policy.producer_number_id))
    Policy.objects.all().delete()
    for place in range(45):
        owner, number_id = dice.choice(owners)
        account, members = household(world.policy, number_id, dice, place)
        for line in dice.choice([["MEDICAL"], ["DENTAL"], ["MEDICAL", "DENTAL"]]):
            row = random_policy(dice, account, members[0], number_id, line, place)
            row.save(force_insert=True)
            covered = [members[0], *dice.sample(members[1:], k=dice.randint(0, len(members) - 1))]
            for member in covered:
                ended = dice.choice([None, None, TODAY - DAY, TODAY, TODAY + DAY])
                Coverage.objects.create(policy=row, member=member, effective_date=row.effective_date, term_date=ended)
            lines.append(Line(row, covered, owner))
    return lines


def random_policy(dice, account, primary, number_id: int, line: str, place: int) -> Policy:
    def near() -> date:
        return TODAY + timedelta(days=dice.randint(-60, 60))

    status = dice.choice(Policy.Status.values)
    return Policy(
        account=account,
        producer_number_id=number_id,
        product_name=dice.choice(["Bronze PPO 502", "Silver HMO 104", "Summit Dental 1B"]),
        line=line,
        market=dice.choice(Policy.Market.values),
        us_state=dice.choice(["IL", "TX", "MT"]),
        member_count=1,
        eapp_number=f"01{place:08}",
        grandfathered=dice.random() < 0.3,
        is_temporary=dice.random() < 0.2,
        application_started_on=dice.choice([None, near()]),
        application_signed_on=dice.choice([None, near()]),
        effective_date=near(),
        paid_to_date=dice.choice([None, near()]),
        term_date=dice.choice([None, None, near()]),
        monthly_premium="100.00",
        status=status,
        binder_paid=status != "INITIAL_PAYMENT_DUE",
        insured_last_name=primary.last_name,
        insured_first_name=primary.first_name,
        insured_last_key=name_key(primary.last_name),
        insured_first_key=name_key(primary.first_name),
        insured_date_of_birth=primary.date_of_birth,
        awaits_acceptance=dice.random() < 0.1,
    )


SEES = {
    "producer": {"producer"},
    "delegate": {"producer"},
    "principal": {"producer", "sibling"},
    "outsider": {"outsider"},
    "admin": {"producer", "sibling", "outsider"},
}


def visible(lines: list[Line], who: str) -> list[Line]:
    return [line for line in lines if line.owner in SEES[who] and not line.row.awaits_acceptance]


def found(user, asked: Criteria) -> list[int]:
    rows = reports.rows_of(reports.get(asked.report), user, asked, today=TODAY)
    return sorted(rows.values_list("pk", flat=True))


# --- the recount: nothing of the portal's own conditions in it ---


def overlapping(one: Policy, other: Policy) -> bool:
    end_one, end_other = one.term_date or date.max, other.term_date or date.max
    return one.effective_date <= end_other and other.effective_date <= end_one


def has_other_line(row: Policy, mine: list[Line]) -> bool:
    if row.status == "CANCELLED":
        return False
    return any(
        other.row.account_id == row.account_id
        and other.row.line != row.line
        and other.row.status != "CANCELLED"
        and overlapping(row, other.row)
        for other in mine
    )


def fits_switches(row: Policy, mine: list[Line], ticked: set[str]) -> bool:
    both = has_other_line(row, mine)
    facts = {
        "on_exchange": row.market == "ON",
        "off_exchange": row.market == "OFF",
        "grandfathered": row.grandfathered,
        "non_grandfathered": not row.grandfathered,
        "medical_only": row.line == "MEDICAL" and not both,
        "dental_only": row.line == "DENTAL" and not both,
        "temporary_plans": row.is_temporary,
        "both": both,
    }
    names = list(SWITCHES)
    for group in (names[0:2], names[2:4], names[4:8]):
        chosen = [name for name in group if name in ticked]
        if chosen and not any(facts[name] for name in chosen):
            return False
    return True


DATED = {
    "eapp_start": lambda row: row.application_started_on,
    "app_signature": lambda row: row.application_signed_on,
    "coverage_effective": lambda row: row.effective_date,
    "policy_term": lambda row: row.term_date,
    "paid_to": lambda row: row.paid_to_date if row.status in IN_FORCE else None,
    "initial_payment": lambda row: row.effective_date if row.status == "INITIAL_PAYMENT_DUE" else None,
}


@pytest.mark.feature("REP_10")
@pytest.mark.feature("REP_11")
@pytest.mark.feature("REP_12")
@pytest.mark.feature("REP_13")
@pytest.mark.feature("REP_06")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.sampled(1)
def test_each_dated_report_is_the_recount_on_every_scope(world, seed):
    lines, dice = random_book(world, seed), random.Random(seed)
    for who, code in product(PEOPLE, DATED):
        first = TODAY + timedelta(days=dice.randint(-60, 30))
        last = first + timedelta(days=dice.choice([0, 1, 30]))
        mine = visible(lines, who)
        expected = [line.row.pk for line in mine if (day := DATED[code](line.row)) and first <= day <= last]
        assert found(getattr(world, who), Criteria(report=code, first=first, last=last)) == sorted(expected), (
            who,
            code,
        )
    for who in PEOPLE:
        user, mine = getattr(world, who), visible(lines, who)
        parts = {word: found(user, Criteria(policy_status=word)) for word in ("GRACE", "TERMED", "ACTIVE")}
        for word, keys in parts.items():
            assert keys == sorted(line.row.pk for line in mine if WORD[line.row.status] == word)
        assert sorted(sum(parts.values(), [])) == found(user, Criteria(policy_status=ALL))


@pytest.mark.feature("REP_07")
@pytest.mark.feature("REP_04")
@pytest.mark.feature("REP_08")
@pytest.mark.parametrize("seed", range(2))
def test_the_filters_narrow_as_the_recount_does(world, seed):
    lines, dice = random_book(world, seed), random.Random(seed)
    for who in ("producer", "principal", "admin"):
        mine = visible(lines, who)
        for _ in range(12):
            ticked = {name for name in SWITCHES if dice.random() < 0.3}
            status, product_name = dice.choice(["", ALL, "GRACE", "TERMED"]), dice.choice(["", "ppo", "silver hmo"])
            asked = Criteria(
                policy_status=status or ALL,
                product_name=product_name,
                switches=tuple(name for name in SWITCHES if name in ticked),
            )
            expected = [
                line.row.pk
                for line in mine
                if fits_switches(line.row, mine, ticked)
                and (status in ("", ALL) or WORD[line.row.status] == status)
                and product_name in line.row.product_name.lower()
            ]
            assert found(getattr(world, who), asked) == sorted(expected), (who, asked)


@pytest.mark.feature("REP_07")
def test_no_switch_and_every_switch_leave_everything_in(world):
    lines = random_book(world, 11)
    mine = sorted(line.row.pk for line in visible(lines, "producer"))
    assert found(world.producer, Criteria(policy_status=ALL)) == mine
    assert found(world.producer, Criteria(policy_status=ALL, switches=tuple(SWITCHES))) == mine


@pytest.mark.feature("REP_08")
def test_producer_filters_never_open_another_book(world):
    outsider = world.outsider_policy.producer_number
    for asked in (
        Criteria(policy_status=ALL, producer_number=outsider.number),
        Criteria(policy_status=ALL, producer_last_name=outsider.producer.last_name[:40]),
    ):
        keys = found(world.producer, asked)
        assert world.outsider_policy.pk not in keys
    mine = Criteria(policy_status=ALL, producer_number=world.number.number)
    assert found(world.principal, mine) == [world.policy.pk]
    assert found(world.producer, Criteria(policy_status=ALL, producer_last_name="zzz")) == []


# --- ages ---


def covered_today(coverage: Coverage) -> bool:
    return coverage.term_date is None or coverage.term_date >= TODAY


@pytest.mark.feature("REP_14")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.sampled(1)
def test_the_reports_on_ages_are_the_recount_over_people(world, seed):
    lines, dice = random_book(world, seed), random.Random(seed)
    people = {line.row.pk: list(Coverage.objects.filter(policy=line.row).select_related("member")) for line in lines}
    for who in PEOPLE:
        first = TODAY + timedelta(days=dice.randint(-300, 100))
        last = first + timedelta(days=dice.choice([0, 31, 90, 366]))
        mine = [line for line in visible(lines, who) if line.row.status in IN_FORCE]
        at_65, at_26 = [], []
        for line in mine:
            for coverage in filter(covered_today, people[line.row.pk]):
                member = coverage.member
                if first <= ages.turning_65(member.date_of_birth).medicare_month <= last:
                    at_65.append(coverage.pk)
                facts = ages.DependentFacts(
                    date_of_birth=member.date_of_birth,
                    is_child=member.role == "CHILD",
                    rule=ages.default_age_out_rule(Channel(line.row.market), on=TODAY),
                    state=line.row.us_state,
                    unmarried_veteran=member.unmarried_veteran,
                    disabled=member.disabled_dependent,
                )
                day = ages.dependent_age_limit(facts).coverage_last_day
                if day and first <= day <= last:
                    at_26.append(coverage.pk)
        user = getattr(world, who)
        assert found(user, Criteria(report="approaching_65", first=first, last=last)) == sorted(at_65)
        assert found(user, Criteria(report="approaching_26", first=first, last=last)) == sorted(at_26)


days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
births = st.one_of(
    st.dates(date(1925, 1, 1), date(2035, 12, 31)),
    st.integers(1928, 2032).filter(lambda y: y % 4 == 0).map(lambda y: date(y, 2, 29)),
    st.integers(1925, 2035).flatmap(lambda y: st.integers(1, 12).map(lambda m: date(y, m, 1))),
)


@pytest.mark.no_db
@pytest.mark.feature("REP_14")
@given(born=births, first=days, length=st.integers(0, 400))
def test_the_birth_dates_asked_for_are_just_those_whose_day_lies_in_the_window(born, first, length):
    last = first + timedelta(days=length)
    asked = medicare_month(first, last)
    assert (asked.first <= born <= asked.last) == (first <= ages.turning_65(born).medicare_month <= last)
    for window in last_covered_day(first, last, today=TODAY):
        day = child_limit(
            born,
            channel=window.channel,
            state=window.state or "",
            unmarried_veteran=window.unmarried_veteran,
            today=TODAY,
        )
        assert (window.born.first <= born <= window.born.last) == (first <= day <= last)


@pytest.mark.no_db
@pytest.mark.feature("REP_14")
@pytest.mark.parametrize(
    ("born", "month"),
    [
        (date(1961, 12, 1), date(2026, 11, 1)),  # born on the 1st: a month earlier
        (date(1961, 12, 2), date(2026, 12, 1)),
        (date(1962, 1, 1), date(2026, 12, 1)),
        (date(1960, 2, 29), date(2025, 2, 1)),
    ],
)
def test_who_is_born_on_the_first_or_on_a_leap_day_stands_in_the_right_month(born, month):
    inside, before = medicare_month(month, month), medicare_month(month - DAY, month - DAY)
    assert inside.first <= born <= inside.last
    assert not before.first <= born <= before.last


# --- edges of days ---


@pytest.mark.feature("REP_10")
@pytest.mark.parametrize(("code", "field"), [("policy_term", "term_date"), ("coverage_effective", "effective_date")])
@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2026, 12, 31)])
def test_both_ends_of_the_range_are_included(world, code, field, day):
    Policy.objects.filter(pk=world.policy.pk).update(**{field: day})
    hits = {
        (first, last): found(world.producer, Criteria(report=code, first=day + first * DAY, last=day + last * DAY))
        for first, last in [(0, 0), (-1, 0), (0, 1), (1, 5), (-5, -1)]
    }
    assert [bool(keys) for keys in hits.values()] == [True, True, True, False, False]


@pytest.mark.feature("REP_15")
def test_each_row_leads_to_the_client_and_says_how_to_reach_them(world):
    from tests.support.factories import ContactPointFactory

    primary = Member.objects.get(account=world.policy.account, role="PRIMARY")
    ContactPointFactory(member=primary, kind="CELL", value="3125550199")
    ContactPointFactory(member=primary, kind="HOME", value="3125550100")
    ContactPointFactory(member=primary, kind="EMAIL", value="ann@people.example")
    for code in ("", "approaching_65"):
        asked = Criteria(report=code, policy_status=ALL, first=date(1990, 1, 1), last=date(2100, 1, 1))
        table = reports.get(code).make_table(
            world.producer, asked, GridState(), today=today_in(), action="/reports/new/"
        )
        (row,) = table.view().rows
        cells = {cell.label: cell for cell in row.cells}
        assert cells["Phone Number"].text == "(312) 555-0199"
        assert cells["Phone Number"].url == "tel:+13125550199"
        assert cells["Email Address"].url == "mailto:ann@people.example"
        assert any(cell.url.startswith(f"/clients/{world.account_number}/?from=report") for cell in row.cells)


@pytest.mark.feature("REP_14")
def test_who_approaches_an_age_has_the_window_it_opens_a_quote_and_a_prospect_for_those_who_enroll(world):
    from reporting.tables import own_window_days
    from tests.support.factories import MemberFactory
    from tests.support.wizard import load_tables

    load_tables()
    child = MemberFactory(account=world.policy.account, role="CHILD", date_of_birth=date(today_in().year - 26, 6, 15))
    Coverage.objects.create(member=child, policy=world.policy, effective_date=world.policy.effective_date)
    asked = Criteria(report="approaching_26", first=date(1990, 1, 1), last=date(2100, 1, 1))

    def cells(user, code: str) -> dict[str, Any]:
        table = reports.get(code).make_table(
            user, replace(asked, report=code), GridState(), today=today_in(), action="/reports/new/"
        )
        return {cell.label: cell for cell in table.view().rows[0].cells}

    before, after = own_window_days(today_in())[""]
    last = date(today_in().year, 12, 31)
    at_26 = cells(world.producer, "approaching_26")
    assert at_26["Special Enrollment From"].text == as_text(last - timedelta(days=before))
    assert at_26["Special Enrollment To"].text == as_text(last + timedelta(days=after))
    assert (before, after) == (60, 60)
    assert at_26["Quote"].url.partition("&from=")[0] == f"/enroll/quotes/new/?member={child.pk}&only=1"
    assert at_26["Prospect"].url.partition("&from=")[0] == f"/clients/prospects/new/?member={child.pk}"
    assert not {"Quote", "Prospect"} & set(cells(world.delegate, "approaching_26"))
    at_65 = cells(world.delegate_with_enroll, "approaching_65")
    born = Member.objects.get(account=world.policy.account, role="PRIMARY").date_of_birth
    assert at_65["Medicare Enrollment From"].text == as_text(turning_65(born).iep_start)
    assert at_65["Medicare Enrollment To"].text == as_text(turning_65(born).iep_end)
    assert [at_65[name].text for name in ("Quote", "Prospect")] == ["New Quote", "Add New Prospect"]
    assert list(at_65)[6:9] == ["Medicare Enrollment To", "Quote", "Prospect"]
    table = reports.get("approaching_26").make_table(
        world.producer, asked, GridState(), today=today_in(), action="/reports/new/"
    )
    assert not {"Quote", "Prospect"} & {column.label for column in table.visible}  # no file has them
