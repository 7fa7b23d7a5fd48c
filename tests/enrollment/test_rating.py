"""Premiums from filed rates: ages, who is charged, tobacco, children alone, catastrophic, family rates."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.rating import (
    OLDEST,
    AgeRate,
    CannotPrice,
    FiledRates,
    PersonToRate,
    PlanTerms,
    Refusal,
    Relation,
    SoldTo,
    age_on,
    premium,
)

pytestmark = pytest.mark.no_db

NEW_YEAR = date(2027, 1, 1)
SELF, SPOUSE, CHILD = Relation.SELF, Relation.SPOUSE, Relation.CHILD
# The rate of each age tells the age: 100.21 at 21. Users of tobacco pay 50 more.
YEARLY = FiledRates(
    by_age=[
        AgeRate(0, 14, Decimal("80.14"), Decimal("130.14")),
        *(AgeRate(age, age, Decimal(f"90.{age}"), Decimal(f"140.{age}")) for age in range(15, 21)),
        *(AgeRate(age, age, Decimal(f"{100 + age}.{age}"), Decimal(f"{150 + age}.{age}")) for age in range(21, 64)),
        AgeRate(64, OLDEST, Decimal("300.64"), Decimal("350.64")),
    ]
)
FAMILY = FiledRates(
    by_family={
        "individual": Decimal("35.86"),
        "couple": Decimal("71.20"),
        "one_dependent": Decimal("67.73"),
        "two_dependents": Decimal("94.15"),
        "three_dependents": Decimal("112.10"),
        "couple_one_dependent": Decimal("100.67"),
        "couple_two_dependents": Decimal("123.93"),
        "couple_three_dependents": Decimal("140.96"),
    }
)


def aged(relation: Relation, age: int, *, tobacco: bool = False, day: date = NEW_YEAR) -> PersonToRate:
    """Somebody of that age on the day, born in the middle of a year."""
    return PersonToRate(relation, date(day.year - age - 1, 7, 1), tobacco)


def members(*people: PersonToRate, terms: PlanTerms | None = None, day: date = NEW_YEAR) -> list[str]:
    price = premium(terms or PlanTerms(), YEARLY, people, day)
    assert price.members is not None
    assert price.total == sum(price.members)
    return [str(one) for one in price.members]


def refusal(*people: PersonToRate, terms: PlanTerms, day: date = NEW_YEAR, exempt: bool = False) -> Refusal | None:
    try:
        premium(terms, YEARLY, people, day, exempt)
    except CannotPrice as why:
        return why.refusal
    return None


# --- Age ---


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("1986-01-01", "2027-01-01", 41),  # the birthday counts
        ("1986-01-02", "2027-01-01", 40),
        ("1986-06-15", "2027-06-14", 40),
        ("2004-02-29", "2027-02-28", 22),
        ("2004-02-29", "2027-03-01", 23),  # 29 February is 1 March in a common year
        ("2004-02-29", "2028-02-28", 23),
        ("2004-02-29", "2028-02-29", 24),
        ("2027-01-01", "2027-01-01", 0),
        ("2027-05-05", "2027-01-01", 0),  # not born yet
        ("1923-01-01", "2027-01-01", 104),
    ],
)
def test_age_is_in_completed_years(born, day, age):
    assert age_on(date.fromisoformat(born), date.fromisoformat(day)) == age


def test_an_effective_date_in_the_middle_of_a_month_counts_the_birthdays_before_it():
    born = PersonToRate(SELF, date(1986, 6, 15))
    assert premium(PlanTerms(), YEARLY, [born], date(2027, 6, 14)).ages == (40,)
    assert premium(PlanTerms(), YEARLY, [born], date(2027, 6, 15)).ages == (41,)


def test_somebody_who_joins_later_is_rated_by_the_day_of_joining_and_the_others_keep_their_age():
    parent = PersonToRate(SELF, date(1986, 3, 20))
    newborn = PersonToRate(CHILD, date(2027, 6, 10), added_on=date(2027, 6, 10))
    adopted = PersonToRate(CHILD, date(2012, 3, 1), added_on=date(2027, 3, 1))
    price = premium(PlanTerms(), YEARLY, [parent, newborn, adopted], NEW_YEAR)
    assert price.ages == (40, 0, 15)
    early = PersonToRate(CHILD, date(2012, 11, 1), added_on=date(2026, 5, 1))
    assert premium(PlanTerms(), YEARLY, [parent, early], NEW_YEAR).ages == (40, 14)


@pytest.mark.parametrize(("age", "rate"), [(0, "80.14"), (14, "80.14"), (15, "90.15"), (20, "90.20"), (21, "121.21")])
def test_each_age_has_its_band(age, rate):
    assert members(aged(SELF, 40), aged(CHILD, age))[1] == rate


@pytest.mark.parametrize("age", [64, 65, 68, 99, 120])
def test_from_64_on_one_band(age):
    assert members(aged(SELF, age)) == ["300.64"]


# --- Who is charged ---


@pytest.mark.parametrize(
    ("household", "charged"),
    [
        # The youngest beyond three under 21 are free, wherever they stand.
        ([(SELF, 46), (SPOUSE, 45), (CHILD, 19), (CHILD, 17), (CHILD, 15), (CHILD, 5)], [1, 1, 1, 1, 1, 0]),
        ([(SELF, 46), (CHILD, 5), (CHILD, 15), (CHILD, 17), (CHILD, 19)], [1, 0, 1, 1, 1]),
        # Children of 21 and over are charged and leave the limit alone, older than 26 too: they may be disabled.
        ([(SELF, 55), (CHILD, 24), (CHILD, 21), (CHILD, 17), (CHILD, 15), (CHILD, 13), (CHILD, 11)], [1] * 6 + [0]),
        ([(SELF, 60), (CHILD, 31), (CHILD, 27), (CHILD, 20), (CHILD, 9), (CHILD, 8)], [1] * 6),
        # A subscriber or spouse under 21 does not use up the limit.
        ([(SELF, 20), (SPOUSE, 22), (CHILD, 3), (CHILD, 2), (CHILD, 1)], [1] * 5),
        ([(SELF, 22), (SPOUSE, 19), (CHILD, 3), (CHILD, 2), (CHILD, 1), (CHILD, 0)], [1, 1, 1, 1, 1, 0]),
        ([(SELF, 20), (SPOUSE, 20), (CHILD, 3), (CHILD, 2), (CHILD, 1)], [1] * 5),
        ([(SELF, 20), (CHILD, 21), (CHILD, 3), (CHILD, 2), (CHILD, 1)], [1] * 5),
        # Of children alone the subscriber is one of the three.
        ([(SELF, 17), (CHILD, 15), (CHILD, 13), (CHILD, 11)], [1, 1, 1, 0]),
        ([(SELF, 11), (CHILD, 13), (CHILD, 15), (CHILD, 17)], [0, 1, 1, 1]),
        ([(SELF, 3)], [1]),
    ],
)
def test_at_most_three_children_under_21_are_charged(household, charged):
    told = members(*(aged(relation, age) for relation, age in household))
    assert [rate != "0.00" for rate in told] == [bool(one) for one in charged]


@pytest.mark.parametrize(
    ("relations", "most", "charged"),
    [
        ([SELF, SPOUSE], {"most_children_two_parents": 1}, 1),
        ([SELF, SPOUSE], {"most_children_one_parent": 1}, 3),
        ([SELF], {"most_children_one_parent": 2}, 2),
        ([SELF], {"most_children_two_parents": 2, "most_children_child_only": 0}, 3),
    ],
)
def test_a_plan_files_how_many_children_it_charges_by_the_number_of_parents(relations, most, charged):
    people = [*(aged(relation, 40) for relation in relations), *(aged(CHILD, age) for age in (5, 9, 12, 14))]
    told = members(*people, terms=PlanTerms(**most))
    assert sum(rate != "0.00" for rate in told) == len(relations) + charged


def test_on_a_contract_of_children_alone_the_plans_own_limit_counts_the_subscriber():
    children = [aged(SELF, 12), aged(CHILD, 16), aged(CHILD, 10)]
    assert members(*children, terms=PlanTerms(most_children_child_only=1)) == ["0.00", "90.16", "0.00"]


def test_of_twins_at_the_limit_the_total_is_the_same_whoever_comes_first():
    twin = PersonToRate(CHILD, date(2012, 3, 1))
    later = PersonToRate(CHILD, date(2012, 3, 1), added_on=date(2027, 3, 1))  # 15 by then
    rest = [aged(SELF, 40), aged(CHILD, 19), aged(CHILD, 18)]
    prices = {premium(PlanTerms(), YEARLY, [*rest, *pair], NEW_YEAR).total for pair in ([twin, later], [later, twin])}
    assert prices == {Decimal("140.40") + Decimal("90.19") + Decimal("90.18") + Decimal("90.15")}


# --- Tobacco ---


def test_tobacco_is_charged_to_whoever_uses_it_from_21_on():
    assert members(aged(SELF, 29, tobacco=True), aged(SPOUSE, 28)) == ["179.29", "128.28"]
    assert members(aged(SELF, 21, tobacco=True), aged(CHILD, 20, tobacco=True)) == ["171.21", "90.20"]


def test_without_a_filed_tobacco_rate_there_is_no_load():
    flat = FiledRates(by_age=[AgeRate(0, OLDEST, Decimal("100.00"))])
    assert premium(PlanTerms(), flat, [aged(SELF, 40, tobacco=True)], NEW_YEAR).total == Decimal("100.00")


# --- Whom a plan is sold to ---

CATASTROPHIC = PlanTerms(catastrophic=True)


@pytest.mark.parametrize(
    ("born", "day", "refused"),
    [
        ("1997-01-02", "2027-01-01", False),  # 29 on 1 January
        ("1997-01-02", "2027-12-01", False),  # still: the year's first day counts, not the effective date
        ("1997-01-01", "2027-01-01", True),
        ("1996-12-31", "2027-06-01", True),
        ("1996-02-29", "2026-02-01", False),
    ],
)
def test_catastrophic_plans_are_for_those_under_30_on_the_first_of_january(born, day, refused):
    person = PersonToRate(SELF, date.fromisoformat(born))
    told = refusal(person, terms=CATASTROPHIC, day=date.fromisoformat(day))
    assert told == (Refusal.CATASTROPHIC_AGE if refused else None)


def test_everybody_on_a_catastrophic_plan_must_be_under_30_or_exempt():
    couple = [aged(SELF, 25), aged(SPOUSE, 31)]
    assert refusal(*couple, terms=CATASTROPHIC) is Refusal.CATASTROPHIC_AGE
    assert refusal(*couple, terms=CATASTROPHIC, exempt=True) is None


def test_a_plan_for_children_takes_nobody_of_21():
    terms = PlanTerms(sold_to=SoldTo.CHILDREN)
    assert refusal(aged(SELF, 40), aged(CHILD, 9), terms=terms) is Refusal.CHILD_ONLY_PLAN
    assert refusal(aged(SELF, 20), aged(CHILD, 9), terms=terms) is None


def test_a_plan_for_children_up_to_18_takes_nobody_of_19():
    kids = FiledRates(by_age=[AgeRate(0, 14, Decimal("20.00")), AgeRate(15, 18, Decimal("21.00"))])
    terms = PlanTerms(sold_to=SoldTo.CHILDREN)
    assert premium(terms, kids, [aged(SELF, 18)], NEW_YEAR).total == Decimal("21.00")
    with pytest.raises(CannotPrice) as why:
        premium(terms, kids, [aged(SELF, 18), aged(CHILD, 19)], NEW_YEAR)
    assert why.value.refusal is Refusal.CHILD_ONLY_PLAN


def test_a_plan_for_adults_takes_no_contract_of_children_alone():
    terms = PlanTerms(sold_to=SoldTo.ADULTS)
    assert refusal(aged(SELF, 17), aged(CHILD, 9), terms=terms) is Refusal.CHILD_ONLY_PLAN
    assert refusal(aged(SELF, 40), aged(CHILD, 9), terms=terms) is None
    assert refusal(aged(SELF, 20), aged(SPOUSE, 20), terms=terms) is None


def test_an_age_without_a_rate_is_never_priced_by_another():
    gap = FiledRates(by_age=[AgeRate(0, 20, Decimal("80.00")), AgeRate(22, OLDEST, Decimal("100.00"))])
    with pytest.raises(CannotPrice) as why:
        premium(PlanTerms(), gap, [aged(SELF, 21)], NEW_YEAR)
    assert why.value.refusal is Refusal.NO_RATE_FILED
    with pytest.raises(CannotPrice) as why:
        premium(PlanTerms(one_rate_for_family=True), FiledRates(), [aged(SELF, 21)], NEW_YEAR)
    assert why.value.refusal is Refusal.NO_RATE_FILED


# --- Family rates, dental ---


@pytest.mark.parametrize(
    ("household", "rate"),
    [
        ([(SELF, 41)], "35.86"),
        ([(SELF, 41), (SPOUSE, 40)], "71.20"),
        ([(SELF, 41), (CHILD, 3)], "67.73"),
        ([(SELF, 41), (CHILD, 3), (CHILD, 24)], "94.15"),
        ([(SELF, 41), (CHILD, 3), (CHILD, 4), (CHILD, 5)], "112.10"),
        ([(SELF, 41), (CHILD, 3), (CHILD, 4), (CHILD, 5), (CHILD, 6)], "112.10"),
        ([(SELF, 41), (SPOUSE, 40), (CHILD, 19)], "100.67"),
        ([(SELF, 41), (SPOUSE, 40), (CHILD, 1), (CHILD, 2)], "123.93"),
        ([(SELF, 41), (SPOUSE, 40), (CHILD, 1), (CHILD, 2), (CHILD, 3), (CHILD, 4)], "140.96"),
    ],
)
def test_a_plan_with_family_rates_has_one_price_by_who_is_on_it(household, rate):
    people = [aged(relation, age, tobacco=age > 30) for relation, age in household]
    price = premium(PlanTerms(one_rate_for_family=True), FAMILY, people, NEW_YEAR)
    assert (price.total, price.members) == (Decimal(rate), None)
    assert price.ages == tuple(age for _, age in household)


def test_dental_children_of_19_and_20_pay_the_adult_rate_and_count_toward_the_limit():
    dental = FiledRates(by_age=[AgeRate(0, 18, Decimal("33.10")), AgeRate(19, OLDEST, Decimal("39.25"))])
    people = [aged(SELF, 41), aged(SPOUSE, 40), aged(CHILD, 19), aged(CHILD, 17), aged(CHILD, 11), aged(CHILD, 8)]
    price = premium(PlanTerms(), dental, people, NEW_YEAR)
    assert [str(one) for one in price.members or ()] == ["39.25", "39.25", "39.25", "33.10", "33.10", "0.00"]


@pytest.mark.parametrize(
    "people", [[], [aged(SPOUSE, 40)], [aged(SELF, 40), aged(SELF, 30)], [aged(SELF, 40), *[aged(SPOUSE, 30)] * 2]]
)
def test_a_household_has_one_subscriber_and_at_most_one_spouse(people):
    with pytest.raises(ValueError, match="household has"):
        premium(PlanTerms(), YEARLY, people, NEW_YEAR)


# --- Properties ---

births = st.dates(date(1930, 1, 1), date(2026, 12, 31))
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def households(draw, grown_up: bool = False) -> list[PersonToRate]:
    """A subscriber, perhaps a spouse, up to six children."""
    born = st.dates(date(1930, 1, 1), date(2005, 1, 1)) if grown_up else births
    people = [PersonToRate(SELF, draw(born), draw(st.booleans()))]
    if draw(st.booleans()):
        people.append(PersonToRate(SPOUSE, draw(born), draw(st.booleans())))
    children = draw(st.lists(st.tuples(births, st.booleans()), max_size=6))
    return people + [PersonToRate(CHILD, *child) for child in children]


@given(households(), days, st.randoms())
def test_the_order_of_people_changes_nothing(people, day, chance):
    shuffled = people[:]
    chance.shuffle(shuffled)
    one, other = (premium(PlanTerms(), YEARLY, order, day) for order in (people, shuffled))
    assert one.total == other.total == sum(one.members or ())
    assert sorted(one.members or ()) == sorted(other.members or ())


@given(households(), days)
def test_never_more_than_three_children_under_21_and_never_fewer_than_there_are(people, day):
    price = premium(PlanTerms(), YEARLY, people, day)
    told = list(zip(people, price.ages, price.members or (), strict=True))
    young = [rate for person, age, rate in told if person.relation is CHILD and age < 21]
    assert sum(rate > 0 for rate in young) <= 3
    assert sum(rate > 0 for rate in young) >= min(len(young), 2)
    assert all(rate > 0 for person, age, rate in told if age >= 21)
    charged = [person.date_of_birth for person, age, rate in told if age < 21 and rate]
    free = [person.date_of_birth for person, _, rate in told if not rate]
    assert all(older <= younger for older in charged for younger in free if len(charged) == 3)


@given(households(), days, births, st.booleans())
def test_one_more_child_never_makes_it_cheaper(people, day, born, tobacco):
    before = premium(PlanTerms(), YEARLY, people, day).total
    assert premium(PlanTerms(), YEARLY, [*people, PersonToRate(CHILD, born, tobacco)], day).total >= before


@given(households(), days)
def test_tobacco_never_makes_it_cheaper(people, day):
    smoking = [PersonToRate(person.relation, person.date_of_birth, True) for person in people]
    clean = [PersonToRate(person.relation, person.date_of_birth, False) for person in people]
    assert premium(PlanTerms(), YEARLY, smoking, day).total >= premium(PlanTerms(), YEARLY, clean, day).total


@given(households(grown_up=True), days, st.integers(1, 4000))
def test_a_birthday_moved_earlier_never_changes_the_other_adults(people, day, earlier):
    moved = [PersonToRate(SELF, people[0].date_of_birth - timedelta(days=earlier), people[0].tobacco), *people[1:]]
    one, other = (premium(PlanTerms(), YEARLY, order, day) for order in (people, moved))
    assert (one.members or ())[1:] == (other.members or ())[1:]
    assert (one.ages[1:], other.ages[0] >= one.ages[0]) == (other.ages[1:], True)
