"""The households worth knowing in rsolberg7's book: one for every status and every edge, each at a fixed account number.

The account numbers never change, so that a person, a test or a demonstration can go straight to a case. Names in the
comments of a case are fixed too; everything else comes from the seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from clients.rules.ages import birthday_at
from clients.rules.dated import add_months, first_of_month, last_of_month
from portal.demo_data import timelines
from portal.demo_data.chance import seeded
from portal.demo_data.households import Household, HouseholdMaker, PolicySpec, ProducerNumberRef
from portal.demo_data.people import CHILD, FEMALE, MALE, PRIMARY, SPOUSE, Contact, Person
from portal.demo_data.products import GRANDFATHERED_PLAN, OFF, ON, SHORT_TERM_PLAN
from portal.demo_data.providers import ASKED_OUT, SELECTED, PcpSpan, Physician, choose_physician
from portal.demo_data.timelines import Terms, Timeline

# The medical policy is rsolberg7's, the dental one outsider9's: both may open the household, each sees one policy.
SPLIT_HOUSEHOLD_ACCOUNT = "100200349"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CaseNumbers:
    """The producer numbers the cases are written under."""

    illinois: ProducerNumberRef
    illinois_web: ProducerNumberRef
    texas: ProducerNumberRef
    montana: ProducerNumberRef
    of_outsider: ProducerNumberRef


class Kit:
    """What a case builds with: one household under one account number."""

    def __init__(self, maker: HouseholdMaker, numbers: CaseNumbers, account_number: str, rng: Random) -> None:
        self.maker = maker
        self.numbers = numbers
        self.account_number = account_number
        self.rng = rng
        self.today = maker.today

    def home(
        self, number: ProducerNumberRef, *, spouse: bool = False, children: int = 0, people: list[Person] | None = None
    ) -> Household:
        """Start the household in the number's state; a single person unless more is asked for."""
        return self.maker.empty(
            self.rng,
            number.us_state,
            people=people,
            account_number=self.account_number,
            spouse=spouse,
            children=children,
        )

    def policy(
        self,
        home: Household,
        number: ProducerNumberRef,
        timeline: Timeline,
        *,
        market: str = OFF,
        credit: bool = False,
        free: bool = False,
        **choices: object,
    ) -> PolicySpec:
        """Add a medical policy; ``credit`` means on exchange with a tax credit, ``free`` that it pays everything."""
        terms = Terms(
            number.us_state, ON if credit or free else market, with_credit=credit or free, owes_premium=not free
        )
        return self.maker.add_policy(self.rng, home, number, timeline, terms=terms, **choices)  # type: ignore[arg-type]

    def paid(self, *, months_in_force: int = 10, months_ahead: int = 1) -> Timeline:
        """In force and paid to the first of a coming month."""
        first = first_of_month(self.today)
        return Timeline(add_months(first, -months_in_force), paid_to=add_months(first, months_ahead))

    def person(self, role: str, first: str, last: str, *, born: date, sex: str, initial: str = "") -> Person:
        return Person(role, first, last, born, sex, middle_initial=initial)

    def aged(self, years: float) -> date:
        """A birth date that makes a person about ``years`` old."""
        return self.today - timedelta(days=round(years * 365.2425))

    def turning(self, age: int, *, on: date) -> date:
        """The birth date of somebody who becomes ``age`` on the day ``on``."""
        return birthday_at(on, -age)


Build = Callable[[Kit], Household]


@dataclass(frozen=True, slots=True)
class Case:
    """One household worth knowing."""

    account_number: str
    title: str
    build: Build


CASES: list[Case] = []
# Households the carrier has not given an account number yet; they are found by name or E-App number.
UNNUMBERED: list[Case] = []


def case(account_number: str, title: str) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        CASES.append(Case(account_number, title, build))
        return build

    return register


def unnumbered(title: str) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        UNNUMBERED.append(Case("", title, build))
        return build

    return register


def households(maker: HouseholdMaker, numbers: CaseNumbers, *, seed: object) -> Iterator[Household]:
    """Build every case; each has chances of its own, so that a new case changes no other."""
    for one in CASES:
        yield one.build(Kit(maker, numbers, one.account_number, seeded(seed, "case", one.account_number)))
    for one in UNNUMBERED:
        home = one.build(Kit(maker, numbers, "", seeded(seed, "case", one.title)))
        home.account_number = None
        yield home


# --- Grace ---


@case("100200301", "Grace month 1 of 3, tax credit, with dental")
def grace_month_1(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    medical = kit.policy(home, kit.numbers.illinois, timelines.grace_month(1, kit.today), credit=True, network="HMO")
    kit.maker.add_dental(kit.rng, home, medical)
    return home


@case("100200302", "Grace month 2 of 3, tax credit")
def grace_month_2(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    kit.policy(home, kit.numbers.texas, timelines.grace_month(2, kit.today), credit=True)
    return home


@case("100200303", "Grace month 3 of 3, tax credit; the dental policy, without credit, has already ended")
def grace_month_3(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, children=2)
    medical = kit.policy(home, kit.numbers.illinois, timelines.grace_month(3, kit.today), credit=True)
    kit.maker.add_dental(kit.rng, home, medical)
    return home


@case("100200304", "Last day of a three-month grace period is today (without credit where no three months end today)")
def grace_ends_today_with_credit(kit: Kit) -> Household:
    number = kit.numbers.illinois
    home = kit.home(number)
    with_credit = timelines.last_day_of_grace(kit.today, Terms(number.us_state, ON, with_credit=True))
    without = timelines.last_day_of_grace(kit.today, Terms(number.us_state, ON))
    kit.policy(home, number, with_credit or without or kit.paid(), market=ON, credit=with_credit is not None)
    return home


@case("100200305", "Off exchange, overdue since four days")
def grace_without_credit(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    due = kit.today - timedelta(days=4)
    kit.policy(home, kit.numbers.texas, timelines.overdue_since(due))
    return home


@case("100200306", "Off exchange, last day to pay is today")
def grace_ends_today(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, spouse=True, children=1)
    due = kit.today - timedelta(days=30)
    kit.policy(home, kit.numbers.illinois, timelines.overdue_since(due, months_in_force=14))
    return home


@case("100200307", "Montana, off exchange, 45 days overdue and no cancellation notice: no last day to pay")
def grace_without_notice(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana)
    due = kit.today - timedelta(days=45)
    kit.policy(home, kit.numbers.montana, timelines.overdue_since(due, months_in_force=20))
    return home


@case("100200308", "Grace over New Year on one clock: running when the season allows it, else ended")
def grace_over_new_year(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    kit.policy(home, kit.numbers.texas, timelines.grace_over_new_year(kit.today), credit=True)
    return home


@case("100200309", "Grace month 3: one month was paid meanwhile, which does not restart the clock")
def grace_partly_paid(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, spouse=True)
    kit.policy(home, kit.numbers.illinois, timelines.grace_month(3, kit.today, months_paid_since=1), credit=True)
    return home


@case("100200310", "In grace, and the member has asked to end at the end of next month")
def grace_with_end(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    running = timelines.grace_month(2, kit.today)
    ends = last_of_month(add_months(kit.today, 1))
    timeline = Timeline(running.effective, running.paid_to, term=ends, grace_started=running.grace_started)
    kit.policy(home, kit.numbers.texas, timeline, credit=True)
    return home


@case("100200311", "On exchange at full price: contract days, not three months")
def grace_full_price(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    kit.policy(home, kit.numbers.texas, timelines.grace_days(kit.today, months_in_force=8), market=ON)
    return home


# --- First payments ---


@case("100200312", "First payment due, coverage starts next month")
def first_payment_due(kit: Kit) -> Household:
    number = kit.numbers.illinois
    home = kit.home(number)
    effective = add_months(first_of_month(kit.today), 1)
    medical = kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, OFF)))
    kit.maker.add_dental(kit.rng, home, medical)
    return home


@case("100200313", "Today is the last day for the first payment")
def first_payment_due_today(kit: Kit) -> Household:
    number = kit.numbers.texas
    home = kit.home(number, children=1)
    effective = kit.today - timedelta(days=30)
    kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, ON)), credit=True)
    return home


@case("100200314", "Cancelled yesterday: the first payment never came")
def first_payment_missed(kit: Kit) -> Household:
    number = kit.numbers.texas
    home = kit.home(number)
    effective = kit.today - timedelta(days=31)
    kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, ON)), credit=True)
    return home


@case("100200315", "Cancelled long ago for want of the first payment, with a pending application ID on file")
def first_payment_missed_long_ago(kit: Kit) -> Household:
    number = kit.numbers.montana
    home = kit.home(number)
    effective = add_months(first_of_month(kit.today), -7)
    kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, OFF)))
    return home


@case("100200316", "Cancelled by the carrier before it began: ends the day before its first")
def withdrawn(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    kit.policy(home, kit.numbers.illinois, timelines.withdrawn(kit.today), market=ON)
    return home


# --- Ends ---


@case("100200317", "Termed yesterday, paid to the end: the first to call about a new policy")
def termed_yesterday(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, spouse=True)
    timeline = Timeline(add_months(kit.today, -18), paid_to=kit.today, term=kit.today - ONE_DAY)
    kit.policy(home, kit.numbers.illinois, timeline)
    return home


@case("100200318", "Termed 30 days ago")
def termed_30_days_ago(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    ended = kit.today - timedelta(days=30)
    kit.policy(home, kit.numbers.texas, Timeline(add_months(ended, -9), paid_to=ended + ONE_DAY, term=ended))
    return home


@case("100200319", "Termed for non-payment after three months of grace: ends with the first of them")
def termed_after_credit_grace(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    due = add_months(first_of_month(kit.today), -4)
    kit.policy(home, kit.numbers.illinois, timelines.overdue_since(due), credit=True)
    return home


@case("100200320", "Termed for non-payment off exchange: ends with the last paid day")
def termed_after_contract_grace(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, children=2)
    due = kit.today - timedelta(days=36)
    kit.policy(home, kit.numbers.texas, timelines.overdue_since(due))
    return home


@case("100200321", "Termed four years ago")
def termed_long_ago(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    kit.policy(home, kit.numbers.illinois, timelines.ended(kit.today, months_ago=49, months_in_force=24))
    return home


@case("100200322", "Active today for the last time: today is the termed date")
def last_day_of_coverage(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    timeline = Timeline(add_months(kit.today, -12), paid_to=kit.today + ONE_DAY, term=kit.today)
    kit.policy(home, kit.numbers.texas, timeline)
    return home


@case("100200323", "Active, ends at the end of next month")
def future_end(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana, spouse=True)
    ends = last_of_month(add_months(kit.today, 1))
    kit.policy(
        home, kit.numbers.montana, Timeline(add_months(first_of_month(kit.today), -8), ends + ONE_DAY, term=ends)
    )
    return home


@case("100200324", "Medical ended, dental goes on")
def dental_goes_on(kit: Kit) -> Household:
    number = kit.numbers.illinois
    home = kit.home(number, spouse=True)
    kit.policy(home, number, timelines.ended(kit.today, months_ago=2, months_in_force=14))
    kit.policy(home, number, kit.paid(), line="DENTAL")
    return home


# --- Starts ---


@case("100200325", "Future: paid, starts the month after next")
def future(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    effective = add_months(first_of_month(kit.today), 2)
    kit.policy(home, kit.numbers.texas, Timeline(effective, paid_to=add_months(effective, 1)))
    return home


@case("100200326", "Coverage starts today")
def starts_today(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    kit.policy(home, kit.numbers.illinois, Timeline(kit.today, paid_to=add_months(kit.today, 1)), market=ON)
    return home


@case("100200327", "Changes plan: the old one ends at the end of the month, the new one follows")
def plan_change(kit: Kit) -> Household:
    number = kit.numbers.illinois
    home = kit.home(number, children=1)
    follows = add_months(first_of_month(kit.today), 1)
    kit.policy(home, number, Timeline(add_months(follows, -9), paid_to=follows, term=follows - ONE_DAY), market=ON)
    kit.policy(home, number, Timeline(follows, paid_to=add_months(follows, 1)), market=ON)
    return home


@case("100200328", "On exchange, submitted today: ID cards only after 24 hours")
def submitted_today(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    effective = add_months(first_of_month(kit.today), 1)
    policy = kit.policy(home, kit.numbers.texas, Timeline(effective, paid_to=add_months(effective, 1)), market=ON)
    application = policy.application
    application.started_on = application.signed_on = application.submitted_on = kit.today
    application.minute = -340  # shortly after midnight in the carrier's zone, so not in the future on the same day
    return home


# --- Premiums ---


@case("100200329", "The tax credit pays the whole premium: nothing can be overdue")
def free_of_premium(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True, children=2)
    kit.policy(home, kit.numbers.texas, kit.paid(months_in_force=5, months_ahead=-2), free=True)
    return home


@case("100200330", "Paid to today: due today, still active")
def due_today(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    timeline = Timeline(add_months(kit.today, -6), paid_to=kit.today)
    kit.policy(home, kit.numbers.illinois, timeline).on_autopay = False
    return home


@case("100200331", "Active on autopay, with dental: the ordinary pair")
def ordinary_pair(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    medical = kit.policy(home, kit.numbers.illinois, kit.paid())
    medical.on_autopay = True
    kit.maker.add_dental(kit.rng, home, medical)
    return home


@case("100200332", "Paid three months ahead")
def paid_ahead(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana)
    kit.policy(home, kit.numbers.montana, kit.paid(months_ahead=4))
    return home


# --- Ages ---


def _family_with_child(kit: Kit, number: ProducerNumberRef, *, born: date, sex: str = MALE) -> Household:
    home = kit.home(number, spouse=True, people=None, children=0)
    parent = home.primary
    parent.date_of_birth = birthday_at(born, -27)
    home.people[1].date_of_birth = birthday_at(born, -25)
    child = kit.maker.families.person(kit.rng, CHILD, parent.last_name, age=25, sex=sex)
    child.date_of_birth = born
    home.people.append(child)
    return home


@case("100200333", "Child turns 26 in 40 days, off exchange")
def turning_26_off_exchange(kit: Kit) -> Household:
    born = kit.turning(26, on=kit.today + timedelta(days=40))
    home = _family_with_child(kit, kit.numbers.illinois, born=born)
    kit.policy(home, kit.numbers.illinois, kit.paid())
    return home


@case("100200334", "Child turned 26 this year, on exchange: covered to 31 December")
def turning_26_on_exchange(kit: Kit) -> Household:
    home = _family_with_child(kit, kit.numbers.texas, born=kit.turning(26, on=date(kit.today.year, 1, 1)), sex=FEMALE)
    kit.policy(home, kit.numbers.texas, kit.paid(), credit=True)
    return home


@case("100200335", "Disabled child of 31: stays covered")
def disabled_child(kit: Kit) -> Household:
    home = _family_with_child(kit, kit.numbers.texas, born=kit.aged(31.4))
    home.people[-1].disabled_dependent = True
    kit.policy(home, kit.numbers.texas, kit.paid(months_in_force=30))
    return home


@case("100200336", "Unmarried veteran of 28, Illinois: stays covered to 30")
def veteran_child(kit: Kit) -> Household:
    home = _family_with_child(kit, kit.numbers.illinois, born=kit.aged(28.2))
    home.people[-1].unmarried_veteran = True
    kit.policy(home, kit.numbers.illinois, kit.paid(months_in_force=20))
    return home


@case("100200337", "Born on 29 February, the child and the mother too")
def leap_day_birthdays(kit: Kit) -> Household:
    leap_year = (kit.today.year - 24) // 4 * 4  # 24 to 27 years ago
    born = date(leap_year, 2, 29)
    mother = kit.person(PRIMARY, "Ingrid", "Halvorsen", born=date(leap_year - 28, 2, 29), sex=FEMALE)
    child = kit.person(CHILD, "Anders", "Halvorsen", born=born, sex=MALE)
    home = kit.home(kit.numbers.montana, people=[mother, child])
    kit.policy(home, kit.numbers.montana, kit.paid())
    return home


@case("100200338", "Turns 65 in 60 days")
def turning_65(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    home.primary.date_of_birth = kit.turning(65, on=kit.today + timedelta(days=60))
    kit.policy(home, kit.numbers.illinois, kit.paid())
    return home


@case("100200339", "Turns 65 on the 1st of the month after next: Medicare begins a month earlier")
def turning_65_on_the_first(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    home.primary.date_of_birth = kit.turning(65, on=add_months(first_of_month(kit.today), 2))
    kit.policy(home, kit.numbers.texas, kit.paid(), credit=True)
    return home


@case("100200340", "66 and still covered here")
def past_65(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana)
    home.primary.date_of_birth = kit.aged(66.3)
    kit.policy(home, kit.numbers.montana, kit.paid(months_in_force=40))
    return home


@case("100200341", "The spouse turns 65 in 30 days, the primary insured is 58")
def spouse_turning_65(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, spouse=True)
    home.primary.date_of_birth = kit.aged(58.5)
    home.people[1].date_of_birth = kit.turning(65, on=kit.today + timedelta(days=30))
    kit.policy(home, kit.numbers.illinois, kit.paid())
    return home


@case("100200342", "Child-only policy: the primary insured is nine")
def child_only(kit: Kit) -> Household:
    child = kit.person(PRIMARY, "Lily", "Brandt", born=kit.aged(9.6), sex=FEMALE, initial="M")
    child.contacts = [Contact("HOME", "2175550161"), Contact("EMAIL", "brandt.family@example.com")]
    home = kit.home(kit.numbers.illinois, people=[child])
    kit.policy(home, kit.numbers.illinois, kit.paid(), network="PPO")
    return home


# --- Families and care providers ---


@case("100200343", "HMO family with three medical groups; Noah was asked out of group 124")
def hmo_family(kit: Kit) -> Household:
    people = [
        kit.person(PRIMARY, "Laura", "Kowalski", born=kit.aged(41.3), sex=FEMALE, initial="E"),
        kit.person(SPOUSE, "Peter", "Kowalski", born=kit.aged(43.8), sex=MALE),
        kit.person(CHILD, "Noah", "Kowalski", born=kit.aged(15.2), sex=MALE),
        kit.person(CHILD, "Emma", "Kowalski", born=kit.aged(11.7), sex=FEMALE),
    ]
    home = kit.home(kit.numbers.illinois, people=people)
    policy = kit.policy(home, kit.numbers.illinois, kit.paid(months_in_force=22), credit=True, network="HMO")
    first_day, change = policy.timeline.effective, add_months(first_of_month(kit.today), -5)
    family_doctor = _physician_of_group(kit, "203", people[0])
    asked_out_by = _physician_of_group(kit, "124", people[2])
    new_doctor = _physician_of_group(kit, "597", people[2])
    received = first_day - timedelta(days=12)
    policy.pcp = [
        (people[0], PcpSpan(family_doctor, first_day, None, received, SELECTED)),
        (people[1], PcpSpan(_physician_of_group(kit, "131", people[1]), first_day, None, received, SELECTED)),
        (people[2], PcpSpan(asked_out_by, first_day, change - ONE_DAY, received, SELECTED)),
        (people[2], PcpSpan(new_doctor, change, None, change - timedelta(days=16), SELECTED, ASKED_OUT)),
        (people[3], PcpSpan(_physician_of_group(kit, "203", people[3]), first_day, None, received, SELECTED)),
    ]
    return home


def _physician_of_group(kit: Kit, group_number: str, person: Person) -> Physician:
    while True:
        one = choose_physician(kit.rng, "IL", age=kit.maker.age(person), sex=person.sex)
        if one.group and one.group.number == group_number:
            return one


@case("100200344", "The spouse has a cell phone of his own")
def spouse_cell_phone(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    home.people[1].contacts = [Contact("CELL", "2145550177")]
    kit.policy(home, kit.numbers.texas, kit.paid())
    return home


@case("100200345", "Household of eight: three oldest children under 21 are charged")
def household_of_eight(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True, children=6)
    home.primary.date_of_birth, home.people[1].date_of_birth = kit.aged(46.1), kit.aged(44.9)
    for place, child in enumerate(home.people[2:]):
        child.date_of_birth = kit.aged(19.4 - 2.9 * place)
    medical = kit.policy(home, kit.numbers.texas, kit.paid(), credit=True)
    kit.maker.add_dental(kit.rng, home, medical)
    return home


@case("100200346", "Temporary plan")
def temporary_plan(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    first = first_of_month(kit.today)
    timeline = Timeline(add_months(first, -1), paid_to=add_months(first, 1), term=last_of_month(add_months(first, 2)))
    kit.policy(home, kit.numbers.texas, timeline, product=SHORT_TERM_PLAN)
    return home


@case("100200347", "Grandfathered plan from before 2010; known on paper only")
def grandfathered_plan(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana, spouse=True)
    home.primary.date_of_birth, home.people[1].date_of_birth = kit.aged(61.4), kit.aged(60.2)
    timeline = Timeline(date(2008, 6, 1), paid_to=add_months(first_of_month(kit.today), 1))
    kit.policy(home, kit.numbers.montana, timeline, product=GRANDFATHERED_PLAN)
    return home


@case("100200348", "Web producer: found by client app ID")
def web_producer(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois_web)
    policy = kit.policy(home, kit.numbers.illinois_web, kit.paid())
    policy.application.client_app_id = "PP97127"
    policy.application.eapp_number = "0101389016"
    kit.maker.add_dental(kit.rng, home, policy)
    return home


@case(SPLIT_HOUSEHOLD_ACCOUNT, "Medical with rsolberg7, dental with outsider9: each sees the own policy only")
def split_household(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois, spouse=True)
    medical = kit.policy(home, kit.numbers.illinois, kit.paid())
    terms = Terms("IL", OFF)
    kit.maker.add_policy(
        kit.rng, home, kit.numbers.of_outsider, kit.paid(months_in_force=4), terms=terms, line="DENTAL"
    )
    medical.on_autopay = True
    return home


@case("100200350", "Born during the year: coverage began on the day, not on the 1st")
def mid_month_start(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana, spouse=True)
    began = add_months(kit.today, -4).replace(day=17)
    newborn = kit.maker.families.person(kit.rng, CHILD, home.primary.last_name, age=0)
    newborn.date_of_birth = began
    home.people.append(newborn)
    home.primary.date_of_birth, home.people[1].date_of_birth = kit.aged(31.2), kit.aged(33.7)
    kit.policy(home, kit.numbers.montana, Timeline(began, paid_to=add_months(first_of_month(kit.today), 1)), market=ON)
    return home


# --- Names and contacts ---


@case("100200351", "No email address")
def no_email(kit: Kit) -> Household:
    home = kit.home(kit.numbers.illinois)
    home.primary.contacts = [Contact("HOME", "3125550123"), Contact("CELL", "3125550124")]
    kit.policy(home, kit.numbers.illinois, kit.paid())
    return home


@case("100200352", "No phone and no email at all, SSN unknown")
def no_contacts(kit: Kit) -> Household:
    home = kit.home(kit.numbers.montana)
    home.primary.contacts = []
    home.primary.ssn = None
    kit.policy(home, kit.numbers.montana, kit.paid())
    return home


@case("100200353", "Every kind of number, and one without a type")
def every_contact(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    home.primary.contacts = [
        Contact("HOME", "5125550110"),
        Contact("CELL", "5125550111", send_text=True),
        Contact("WORK", "5125550112", extension="4401"),
        Contact("FAX", "5125550113"),
        Contact("UNTYPED", "5125550114"),
        Contact("EMAIL", "every.number@example.com"),
    ]
    kit.policy(home, kit.numbers.texas, kit.paid())
    return home


@case("100200354", "A very long name")
def long_name(kit: Kit) -> Household:
    person = kit.person(
        PRIMARY,
        "Maximiliana Alexandrina Theodora",
        "Featherstonehaugh-Wolfeschlegelstein von der Hohenberg",
        born=kit.aged(52.3),
        sex=FEMALE,
        initial="Q",
    )
    home = kit.home(kit.numbers.texas, people=[person])
    home.primary.contacts = [Contact("CELL", "7135550108"), Contact("EMAIL", f"{'max' * 18}@example.com")]
    kit.policy(home, kit.numbers.texas, kit.paid())
    return home


@case("100200355", "Muñoz, with the tilde")
def accented_name(kit: Kit) -> Household:
    home = kit.home(
        kit.numbers.texas, people=[kit.person(PRIMARY, "José", "Muñoz", born=kit.aged(38.6), sex=MALE, initial="L")]
    )
    kit.policy(home, kit.numbers.texas, kit.paid(), credit=True)
    return home


@case("100200356", "O'Brien-Núñez: apostrophe, hyphen and accents")
def double_name(kit: Kit) -> Household:
    home = kit.home(
        kit.numbers.illinois, people=[kit.person(PRIMARY, "Siobhán", "O'Brien-Núñez", born=kit.aged(34.2), sex=FEMALE)]
    )
    kit.policy(home, kit.numbers.illinois, kit.paid())
    return home


@case("100200357", "Maria Garcia, born in spring 40 years ago: the first of two")
def namesake_1(kit: Kit) -> Household:
    born = date(kit.today.year - 40, 4, 12)
    home = kit.home(kit.numbers.texas, people=[kit.person(PRIMARY, "Maria", "Garcia", born=born, sex=FEMALE)])
    kit.policy(home, kit.numbers.texas, kit.paid())
    return home


@case("100200358", "Maria Garcia, somebody else, born in autumn of the same year")
def namesake_2(kit: Kit) -> Household:
    born = date(kit.today.year - 40, 10, 3)
    home = kit.home(kit.numbers.illinois, people=[kit.person(PRIMARY, "Maria", "Garcia", born=born, sex=FEMALE)])
    kit.policy(home, kit.numbers.illinois, timelines.grace_days(kit.today))
    return home


@case("100200360", "The carrier says Active, the dates say Grace Period")
def carrier_and_dates_disagree(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas, spouse=True)
    policy = kit.policy(home, kit.numbers.texas, timelines.overdue_since(kit.today - timedelta(days=9)))
    policy.told_status = "ACTIVE"
    return home


# --- No account number yet ---


@unnumbered("First payment due, no account number yet")
def unnumbered_first_payment(kit: Kit) -> Household:
    number = kit.numbers.illinois
    home = kit.home(number, spouse=True)
    effective = add_months(first_of_month(kit.today), 1)
    policy = kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, OFF)))
    policy.application.eapp_number = "0100000551"
    kit.maker.add_dental(kit.rng, home, policy)
    return home


@unnumbered("Paid and future, no account number yet")
def unnumbered_future(kit: Kit) -> Household:
    home = kit.home(kit.numbers.texas)
    effective = add_months(first_of_month(kit.today), 2)
    policy = kit.policy(home, kit.numbers.texas, Timeline(effective, paid_to=add_months(effective, 1)))
    policy.application.eapp_number = "0100000552"
    return home


@unnumbered("On exchange, first payment due, known by the exchange's id only")
def unnumbered_exchange(kit: Kit) -> Household:
    number = kit.numbers.montana
    home = kit.home(number)
    effective = add_months(first_of_month(kit.today), 1)
    policy = kit.policy(home, number, timelines.unpaid_from(effective, Terms(number.us_state, ON)), credit=True)
    policy.application.eapp_number = ""
    return home
