"""Monthly premiums from filed rates (45 CFR 147.102). Pure: no clock, no database.

A premium is the sum of the filed rates of the members for the plan, the rating area, the age on the effective date and
tobacco use; it is never worked out from a factor and never rounded again. Figures of the law are rows of
``RATING_RULES``; what a plan files for itself is in ``PlanTerms``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from clients.rules.dated import row_in_force

OLDEST = 999  # last age of a band without an upper end
NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class RatingRule:
    """What the law counts by, for coverage that begins on or after ``in_force_from``. Ages in completed years."""

    in_force_from: date
    adult_age: int  # younger children are charged up to the plan's limit
    tobacco_age: int  # nobody younger has a tobacco load
    catastrophic_below: int  # on the first day of the plan year
    source: str


RATING_RULES = (
    RatingRule(
        in_force_from=date(2014, 1, 1),
        adult_age=21,
        tobacco_age=21,
        catastrophic_below=30,
        source="45 CFR 147.102(c)(1); 147.102(a)(1)(iv) with 21 USC 387f(d)(5), for all years; 45 CFR 156.155(a)(5)",
    ),
)


class Relation(StrEnum):
    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"


class Refusal(StrEnum):
    """Why a plan has no price for a household; the sentence is fit to show."""

    COUNTY_CHOICE_REQUIRED = "COUNTY_CHOICE_REQUIRED"
    UNKNOWN_ZIP = "UNKNOWN_ZIP"
    NOT_IN_SERVICE_AREA = "NOT_IN_SERVICE_AREA"
    NOT_SOLD_ON_CHANNEL = "NOT_SOLD_ON_CHANNEL"
    CATASTROPHIC_AGE = "CATASTROPHIC_AGE"
    CHILD_ONLY_PLAN = "CHILD_ONLY_PLAN"
    # Not in tables of expected values, which name plan and year: the catalog has no plan, or no rate, to go by.
    NOT_SOLD_THEN = "NOT_SOLD_THEN"
    NO_RATE_FILED = "NO_RATE_FILED"


class SoldTo(StrEnum):
    """Whether a plan takes contracts of children only (``ChildOnlyOffering`` of the filing)."""

    EVERYBODY = "BOTH"
    ADULTS = "ADULT"
    CHILDREN = "CHILD"


class CannotPrice(Exception):
    """The plan cannot be sold to this household; ``refusal`` says why."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        self.refusal = refusal
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class PersonToRate:
    """Somebody to be covered. ``added_on`` is the first day of coverage of one who joined later (a newborn)."""

    relation: Relation
    date_of_birth: date
    tobacco: bool = False
    added_on: date | None = None


@dataclass(frozen=True, slots=True)
class Premium:
    """What a plan costs a month. ``members`` are in the order of the people, 0.00 for a child who is not charged;
    ``None`` where the plan has one rate for the whole family."""

    total: Decimal
    ages: tuple[int, ...]
    members: tuple[Decimal, ...] | None


@dataclass(frozen=True, slots=True)
class AgeRate:
    """A filed rate for ages ``first_age`` to ``last_age``, both inclusive."""

    first_age: int
    last_age: int
    rate: Decimal
    tobacco_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FiledRates:
    """The rates of one plan in one rating area; one of the two is empty."""

    by_age: Sequence[AgeRate] = ()
    by_family: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """What a plan has filed about whom it is sold to and how families are charged."""

    catastrophic: bool = False
    sold_to: SoldTo = SoldTo.EVERYBODY
    one_rate_for_family: bool = False
    most_children_two_parents: int = 3
    most_children_one_parent: int = 3
    most_children_child_only: int = 3


# The sentences are fit to show beside the plan.
CATASTROPHIC_SENTENCE = (
    "Catastrophic plans are for people under 30 on the first day of the year, or with a hardship exemption."
)
CHILDREN_ONLY_SENTENCE = "This plan covers children only."
TOO_OLD_SENTENCE = "This plan covers children only, and somebody is older than it allows."
ADULTS_ONLY_SENTENCE = "This plan is not sold for children alone; somebody on it must be 21 or older."
NO_RATE_SENTENCE = "The carrier has filed no rate of this plan for this household here."


def age_on(date_of_birth: date, day: date) -> int:
    """Age in completed years on ``day``; 0 for somebody born later.

    The birthday counts from its first moment. Who is born on 29 February has the birthday on 1 March in a common year.
    """
    before_birthday = (day.month, day.day) < (date_of_birth.month, date_of_birth.day)
    return max(day.year - date_of_birth.year - before_birthday, 0)


def rated_age(person: PersonToRate, effective_date: date) -> int:
    """Age by which somebody is charged: on the effective date, or on the day of joining where that is later.

    Those who were there before keep the age they had (45 CFR 147.102(a)(1)(iii): age at issuance or renewal).
    """
    return age_on(person.date_of_birth, max(effective_date, person.added_on or effective_date))


@dataclass(frozen=True, slots=True)
class RatedHousehold:
    """What follows from the people and the day alone, the same for every plan."""

    people: Sequence[PersonToRate]
    rule: RatingRule
    ages: tuple[int, ...]
    child_only: bool
    most_children: str  # the field of PlanTerms that limits how many children are charged
    too_old_for_catastrophic: bool
    tier: str


def rated_household(
    people: Sequence[PersonToRate], effective_date: date, hardship_exemption: bool = False
) -> RatedHousehold:
    """Ages on ``effective_date`` and what kind of household it is.

    ``people`` has one subscriber and at most one spouse; anything else is a ``ValueError``.
    """
    relations = [person.relation for person in people]
    if relations.count(Relation.SELF) != 1:
        raise ValueError("a household has exactly one subscriber")
    if relations.count(Relation.SPOUSE) > 1:
        raise ValueError("a household has at most one spouse")
    rule = row_in_force(RATING_RULES, effective_date)
    ages = tuple(rated_age(person, effective_date) for person in people)
    married = Relation.SPOUSE in relations
    child_only = not married and all(age < rule.adult_age for age in ages)
    new_year = date(effective_date.year, 1, 1)
    return RatedHousehold(
        people=people,
        rule=rule,
        ages=ages,
        child_only=child_only,
        most_children="most_children_child_only"
        if child_only
        else "most_children_two_parents"
        if married
        else "most_children_one_parent",
        too_old_for_catastrophic=not hardship_exemption
        and any(age_on(person.date_of_birth, new_year) >= rule.catastrophic_below for person in people),
        tier=family_tier(people),
    )


def premium(
    plan_terms: PlanTerms,
    rates: FiledRates,
    people: Sequence[PersonToRate],
    effective_date: date,
    hardship_exemption: bool = False,
) -> Premium:
    """Monthly premium of a plan for a household from ``effective_date``, the first day of coverage.

    Every adult of 21 and over is charged, and of the children under 21 the oldest ones up to the plan's limit (three;
    45 CFR 147.102(c)(1)). A subscriber or spouse under 21 is charged without using up that limit; on a contract of
    children alone (everybody under 21, no spouse) the subscriber is one of the children. A plan with family rates has one
    price by who is on the policy.

    Raises ``CannotPrice``: CATASTROPHIC_AGE, CHILD_ONLY_PLAN, NO_RATE_FILED; and ``rated_household``'s ``ValueError``.
    """
    return premium_of(plan_terms, rates, rated_household(people, effective_date, hardship_exemption))


def premium_of(plan_terms: PlanTerms, rates: FiledRates, household: RatedHousehold) -> Premium:
    """The same as ``premium`` for a household that is priced on many plans."""
    if plan_terms.catastrophic and household.too_old_for_catastrophic:
        raise CannotPrice(Refusal.CATASTROPHIC_AGE, CATASTROPHIC_SENTENCE)
    if plan_terms.sold_to is SoldTo.CHILDREN and any(age >= household.rule.adult_age for age in household.ages):
        raise CannotPrice(Refusal.CHILD_ONLY_PLAN, CHILDREN_ONLY_SENTENCE)
    if plan_terms.sold_to is SoldTo.ADULTS and household.child_only:
        raise CannotPrice(Refusal.CHILD_ONLY_PLAN, ADULTS_ONLY_SENTENCE)
    if plan_terms.one_rate_for_family:
        if household.tier not in rates.by_family:
            raise CannotPrice(Refusal.NO_RATE_FILED, NO_RATE_SENTENCE)
        return Premium(rates.by_family[household.tier], household.ages, None)
    filed = [
        _filed_rate(plan_terms, rates, person, age, household.rule)
        for person, age in zip(household.people, household.ages, strict=True)
    ]
    for place in _not_charged(plan_terms, household, filed):
        filed[place] = NOTHING
    return Premium(sum(filed, NOTHING), household.ages, tuple(filed))


def family_tier(people: Sequence[PersonToRate]) -> str:
    """Which of the eight family rates counts: with or without a spouse, and for how many children of any age."""
    children = min(sum(person.relation is Relation.CHILD for person in people), 3)
    couple = any(person.relation is Relation.SPOUSE for person in people)
    if not children:
        return "couple" if couple else "individual"
    number = ("one_dependent", "two_dependents", "three_dependents")[children - 1]
    return f"couple_{number}" if couple else number


def _filed_rate(terms: PlanTerms, rates: FiledRates, person: PersonToRate, age: int, rule: RatingRule) -> Decimal:
    for band in rates.by_age:
        if band.first_age <= age <= band.last_age:
            loaded = person.tobacco and age >= rule.tobacco_age and band.tobacco_rate is not None
            return band.tobacco_rate if loaded and band.tobacco_rate is not None else band.rate
    if terms.sold_to is SoldTo.CHILDREN and all(band.last_age < age for band in rates.by_age):
        raise CannotPrice(Refusal.CHILD_ONLY_PLAN, TOO_OLD_SENTENCE)
    raise CannotPrice(Refusal.NO_RATE_FILED, NO_RATE_SENTENCE)


def _not_charged(terms: PlanTerms, household: RatedHousehold, filed: Sequence[Decimal]) -> list[int]:
    """Places of the children beyond the limit: the youngest ones; of twins, whoever costs less."""
    people, ages = household.people, household.ages
    young = [
        place
        for place, person in enumerate(people)
        if ages[place] < household.rule.adult_age and (person.relation is Relation.CHILD or household.child_only)
    ]
    most: int = getattr(terms, household.most_children)
    if len(young) <= most:
        return []
    young.sort(key=lambda place: (people[place].date_of_birth, -filed[place], place))
    return young[most:]
