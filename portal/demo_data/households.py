"""Households: people at an address, and the policies that cover them, before anything has a row."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random

from portal.demo_data import numbers, places, products, providers, timelines
from portal.demo_data.chance import Weighted
from portal.demo_data.people import CHILD, PRIMARY, SPOUSE, Contact, FamilyMaker, Person
from portal.demo_data.places import Address
from portal.demo_data.products import DENTAL, MEDICAL, OFF, ON, Product
from portal.demo_data.providers import PcpSpan
from portal.demo_data.timelines import Standing, Terms, Timeline

MAIL_DOMAINS = Weighted([("example.com", 6), ("example.org", 2), ("example.net", 2)])
PLAIN_EMAIL = str.maketrans({" ": "", "'": "", ".": "", "-": ""})
ADULT = 18
# Electronic applications exist since then; older policies came in on paper.
FIRST_EAPP = date(2014, 1, 1)


@dataclass(slots=True)
class ProducerNumberRef:
    """The producer number a policy is written under."""

    row_id: int
    us_state: str
    number: str
    web_producer: bool = False


@dataclass(slots=True)
class Application:
    """How a policy came in; medical and dental of one application share it."""

    eapp_number: str = ""
    client_app_id: str = ""
    exchange_assigned_id: str = ""
    pending_application_id: str = ""
    started_on: date | None = None
    signed_on: date | None = None
    submitted_on: date | None = None
    minute: int = 0  # of the day it was submitted, counted from noon UTC


@dataclass(slots=True)
class PolicySpec:
    """One policy before it has a row."""

    number: ProducerNumberRef
    product: Product
    terms: Terms
    timeline: Timeline
    standing: Standing
    covered: list[Person]
    monthly_cents: int
    credit_cents: int
    on_autopay: bool
    application: Application
    pcp: list[tuple[Person, PcpSpan]] = field(default_factory=list)
    told_status: str = ""  # by the carrier, where it is another one than the dates give

    def covered_from(self, person: Person) -> date:
        """First day of the person's coverage: children born later are covered from birth."""
        if person.role == CHILD:
            return max(self.timeline.effective, person.date_of_birth)
        return self.timeline.effective

    @property
    def past_due_cents(self) -> int:
        """What the household has not paid for days it was covered, after the tax credit."""
        return self.standing.months_past_due * (self.monthly_cents - self.credit_cents)


@dataclass(slots=True)
class Household:
    """One account before it has a row."""

    account_number: str | None
    address: Address
    people: list[Person]
    policies: list[PolicySpec] = field(default_factory=list)

    @property
    def primary(self) -> Person:
        return self.people[0]


@dataclass(frozen=True, slots=True)
class Mix:
    """How often things happen in a book."""

    dental: float = 0.45
    had_earlier_policy: float = 0.25
    on_exchange: float = 0.55
    with_credit: float = 0.8
    every_ssn: bool = True  # else only the primary insured's: encrypting costs more than all else together
    contacts: bool = True
    pcp: bool = True


class HouseholdMaker:
    """Makes households one after the other; the running number gives each its account and application numbers."""

    def __init__(self, today: date, mix: Mix) -> None:
        self.today = today
        self.mix = mix
        self.families = FamilyMaker(today)
        self._households = count(1)
        self._applications = count(1)
        self._people = count(1)

    def with_mix(self, mix: Mix) -> "HouseholdMaker":
        """Return a maker of another kind of book that goes on with the same running numbers."""
        other = HouseholdMaker(self.today, mix)
        other._households, other._applications, other._people = self._households, self._applications, self._people
        return other

    # --- Whole households ---

    def household(self, rng: Random, number: ProducerNumberRef, *, people: list[Person] | None = None) -> Household:
        """Return a household with a medical policy, often dental, sometimes an earlier policy."""
        mix = self.mix
        home = self.empty(rng, number.us_state, people=people)
        history = timelines.MIX.pick(rng)
        market = ON if rng.random() < mix.on_exchange else OFF
        with_credit = market == ON and rng.random() < mix.with_credit
        free = with_credit and rng.random() < 0.06
        terms = Terms(number.us_state, market, with_credit=with_credit, owes_premium=not free)
        timeline = timelines.HISTORIES[history](rng, self.today, terms)
        medical = self.add_policy(rng, home, number, timeline, terms=terms)
        if rng.random() < mix.dental:
            self.add_dental(rng, home, medical)
        if rng.random() < mix.had_earlier_policy:
            self.add_policy(rng, home, number, timelines.before(timeline, rng), terms=terms)
        return home

    def empty(
        self,
        rng: Random,
        us_state: str,
        *,
        people: list[Person] | None = None,
        account_number: str | None = None,
        spouse: bool | None = None,
        children: int | None = None,
    ) -> Household:
        """Return a household with its people and their contacts, but no policy yet."""
        serial = next(self._households)
        if people is None:
            people = self.families.family(rng, us_state, spouse=spouse, children=children)
        home = Household(
            account_number=account_number or numbers.account_number(serial),
            address=places.address(rng, us_state),
            people=people,
        )
        for person in people:
            self._equip(rng, person, home)
        return home

    # --- Policies ---

    def add_policy(
        self,
        rng: Random,
        home: Household,
        number: ProducerNumberRef,
        timeline: Timeline,
        *,
        terms: Terms | None = None,
        product: Product | None = None,
        network: str = "",
        line: str = MEDICAL,
        covered: Sequence[Person] | None = None,
        application: Application | None = None,
    ) -> PolicySpec:
        """Add a policy to the household and return it. Without ``terms`` it is bought off exchange."""
        terms = terms or Terms(number.us_state, OFF)
        standing = timelines.standing(timeline, terms, self.today)
        last_day = standing.term or self.today
        on_policy = list(home.people if covered is None else covered)
        on_policy = [person for person in on_policy if person.date_of_birth <= last_day] or on_policy[:1]
        if product is None:
            product = products.choose(
                rng, number.us_state, terms.market, line=line, network=network, oldest_age=self._oldest(on_policy)
            )
        monthly_cents = product.monthly_cents(on_policy, on=timeline.effective)
        policy = PolicySpec(
            number=number,
            product=product,
            terms=terms,
            timeline=timeline,
            standing=standing,
            covered=on_policy,
            monthly_cents=monthly_cents,
            credit_cents=self._credit(rng, terms, monthly_cents),
            on_autopay=standing.status == "ACTIVE" and rng.random() < 0.4,
            application=application or self.application(rng, number, timeline, terms, product),
        )
        if standing.status in {"INITIAL_PAYMENT_DUE", "CANCELLED"} and not timeline.binder_paid:
            policy.application.pending_application_id = policy.application.pending_application_id or (
                numbers.pending_application_id(next(self._applications))
            )
        if product.requires_pcp and self.mix.pcp and standing.status in {"ACTIVE", "GRACE", "FUTURE"}:
            self._add_physicians(rng, policy)
        home.policies.append(policy)
        return policy

    def add_dental(self, rng: Random, home: Household, medical: PolicySpec) -> PolicySpec:
        """Add the dental half of a pair: same account, application and dates, no tax credit of its own."""
        terms = Terms(medical.terms.us_state, medical.terms.market)
        timeline = medical.timeline
        if timeline.binder_due is not None:
            timeline = timelines.unpaid_from(timeline.effective, terms)
        timeline = timelines.end_by_notice(timeline, terms, self.today)
        return self.add_policy(
            rng, home, medical.number, timeline, terms=terms, line=DENTAL, application=medical.application
        )

    def application(
        self, rng: Random, number: ProducerNumberRef, timeline: Timeline, terms: Terms, product: Product
    ) -> Application:
        """Return how the policy came in; the days are in order and not after today."""
        if timeline.effective < FIRST_EAPP:
            return Application()
        serial = next(self._applications)
        application = Application(minute=rng.randrange(120, 660))
        if terms.market == ON:
            application.exchange_assigned_id = numbers.exchange_assigned_id(serial)
        elif number.web_producer and rng.random() < 0.7:
            application.client_app_id = numbers.client_app_id(serial)
        if rng.random() < (0.25 if terms.market == ON else 0.9):
            application.eapp_number = numbers.eapp_number(serial)
        if timeline.effective.day != 1:  # a birth or the like: asked for afterwards, effective on the day itself
            submitted = timeline.effective + timedelta(days=rng.randrange(2, 25))
        elif timeline.effective.month == 1:
            submitted = timeline.effective - timedelta(days=rng.randrange(17, 61))
        else:
            submitted = timeline.effective - timedelta(days=rng.randrange(2, 28))
        submitted = min(submitted, self.today - timedelta(days=rng.randrange(1, 9)))
        application.submitted_on = submitted
        application.signed_on = submitted - timedelta(days=rng.choice((0, 0, 0, 1, 2)))
        application.started_on = application.signed_on - timedelta(days=rng.choice((0, 0, 1, 3, 8)))
        return application

    # --- Details ---

    def age(self, person: Person) -> int:
        """Whole years today."""
        born = person.date_of_birth
        return self.today.year - born.year - ((self.today.month, self.today.day) < (born.month, born.day))

    def _oldest(self, people: Sequence[Person]) -> int:
        return max(self.age(person) for person in people)

    def _credit(self, rng: Random, terms: Terms, monthly_cents: int) -> int:
        if not terms.with_credit:
            return 0
        if not terms.owes_premium:
            return monthly_cents
        return min(int(monthly_cents * rng.triangular(0.15, 0.97, 0.8)), monthly_cents - 1)

    def _add_physicians(self, rng: Random, policy: PolicySpec) -> None:
        for person in policy.covered:
            found = providers.spans(
                rng,
                policy.terms.us_state,
                age=self.age(person),
                sex=person.sex,
                first_day=policy.covered_from(person),
                last_day=policy.standing.term,
                today=self.today,
            )
            policy.pcp += [(person, span) for span in found]

    def _equip(self, rng: Random, person: Person, home: Household) -> None:
        """Give a person an SSN and, if grown up, phones and email."""
        serial = next(self._people)
        if person.ssn is None and (person.role == PRIMARY or self.mix.every_ssn):
            if rng.random() < (0.97 if person.role == PRIMARY else 0.85):
                person.ssn = numbers.ssn(serial)
        if not self.mix.contacts or person.contacts or self.age(person) < ADULT:
            return
        area_code = home.address.town.area_code
        if person.role == PRIMARY:
            person.contacts = self._primary_contacts(rng, person, area_code, serial)
        elif person.role == SPOUSE and rng.random() < 0.4:
            person.contacts = [Contact("CELL", places.phone(rng, area_code))]

    def _primary_contacts(self, rng: Random, person: Person, area_code: str, serial: int) -> list[Contact]:
        contacts = []
        if rng.random() < 0.35:
            contacts.append(Contact("HOME", places.phone(rng, area_code)))
        if rng.random() < 0.88:
            contacts.append(Contact("CELL", places.phone(rng, area_code), send_text=rng.random() < 0.4))
        if rng.random() < 0.15:
            extension = str(rng.randrange(10, 999)) if rng.random() < 0.4 else ""
            contacts.append(Contact("WORK", places.phone(rng, area_code), extension))
        if rng.random() < 0.02:
            contacts.append(Contact("FAX", places.phone(rng, area_code)))
        if rng.random() < 0.9:
            contacts.append(Contact("EMAIL", email(rng, person, serial)))
        return contacts


def email(rng: Random, person: Person, serial: int) -> str:
    """An address at a domain that is set aside for examples."""
    name = f"{person.first_name}.{person.last_name.translate(PLAIN_EMAIL)}"
    if not name.isascii():
        name = "".join(letter for letter in unicodedata.normalize("NFKD", name) if letter.isascii())
    return f"{name.lower()}{serial % 1000 or ''}@{MAIL_DOMAINS.pick(rng)}"
