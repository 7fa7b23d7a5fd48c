"""The plans of a quote as View Plans lists them: filtered, sorted, and written as people read them (QUO_04)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.http import QueryDict

from clients.models import Policy
from enrollment.models import Plan, Quote, QuotePerson
from enrollment.rules.rating import Premium
from enrollment.selectors.pricing import PricedPlan
from enrollment.selectors.quotes import PricedQuote, SelectedPlan, key_of

MARKETS = {"ON": "On Exchange", "OFF": "Off Exchange"}
SORTS = [
    ("", "Lowest premium"),
    ("-premium", "Highest premium"),
    ("deductible", "Lowest deductible"),
    ("moop", "Lowest out-of-pocket maximum"),
    ("name", "Plan name"),
]
AMOUNTS = {"deductible": "Deductible up to", "low": "Premium from", "high": "Premium up to"}
NOT_AN_AMOUNT = "Enter an amount in dollars, such as 500."
# Worth more than any amount there is: what is not known stands last.
UNKNOWN_LAST = Decimal("Infinity")
METALS = [str(metal.value) for metal in Plan.Metal]
COPAYS = (
    ("Primary care", "primary_care"),
    ("Specialist", "specialist"),
    ("Emergency room", "emergency_room"),
    ("Generic drugs", "generic_drugs"),
)


def dollars(amount: Decimal | None) -> str:
    """$1,234.50; whole dollars without cents are for limits, see ``limit``."""
    return "" if amount is None else f"${amount:,.2f}"


def limit(amount: Decimal | None) -> str:
    """A deductible or a maximum, mostly whole dollars: $7,500."""
    if amount is None:
        return ""
    return f"${amount:,.0f}" if amount == amount.to_integral_value() else dollars(amount)


def copay(filed: str) -> str:
    """What a member pays for a service, as filed; the filing's bare "deductible" in plain words."""
    return "After deductible" if filed.strip().lower() == "deductible" else filed


# --- filters ---


@dataclass
class PlanFilters:
    """What the person asked of the list; everything in it comes from fixed lists or is an amount, so it may stand in an
    address."""

    line: str = ""
    metals: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    hsa: bool = False
    market: str = ""
    sort: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, params: QueryDict) -> "PlanFilters":
        """Whatever cannot be read is left out; an amount that is none is said so beside its field."""
        found = cls(
            line=_one_of(params.get("line", ""), Policy.Line.values),
            metals=[metal for metal in METALS if metal in params.getlist("metal")],
            types=[kind for kind in Policy.Network.values if kind in params.getlist("type")],
            hsa=params.get("hsa") == "yes",
            market=_one_of(params.get("at", ""), list(MARKETS)),
            sort=_one_of(params.get("sort", ""), [value for value, _label in SORTS]),
        )
        for name in AMOUNTS:
            typed = params.get(name, "").replace("\x00", "").strip()[:20]
            if typed:
                found._read_amount(name, typed)
        return found

    def _read_amount(self, name: str, typed: str) -> None:
        self.typed[name] = typed
        plain = typed.replace("$", "").replace(",", "").strip()
        try:
            amount = Decimal(plain) if plain.isascii() and "_" not in plain else Decimal("NaN")
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or not 0 <= amount < 10_000_000:
            self.errors[name] = NOT_AN_AMOUNT
        else:
            self.amounts[name] = amount

    @property
    def active(self) -> bool:
        """Is anything left out?"""
        return bool(self.line or self.metals or self.types or self.hsa or self.market or self.amounts)

    def query(self) -> str:
        """The filters as an address carries them; amounts that could not be read included, so that they are not lost."""
        pairs = [
            ("line", self.line),
            *(("metal", metal) for metal in self.metals),
            *(("type", kind) for kind in self.types),
            ("hsa", "yes" if self.hsa else ""),
            ("at", self.market),
            *((name, self.typed.get(name, "")) for name in AMOUNTS),
            ("sort", self.sort),
        ]
        return urlencode([(name, value) for name, value in pairs if value])

    def keep(self, offered: PricedPlan) -> bool:
        """Does the plan fit every filter? An unknown deductible fits no limit."""
        plan, total = offered.plan, offered.premium.total
        deductible = self.amounts.get("deductible")
        return (
            (not self.line or plan.line == self.line)
            and (not self.metals or plan.metal_level in self.metals)
            and (not self.types or plan.network_type in self.types)
            and (not self.hsa or bool(plan.hsa_eligible))
            and (not self.market or self.market in offered.markets)
            and (
                deductible is None
                or (plan.deductible_individual is not None and plan.deductible_individual <= deductible)
            )
            and self.amounts.get("low", Decimal(0)) <= total <= self.amounts.get("high", UNKNOWN_LAST)
        )

    def apply(self, offered: Iterable[PricedPlan]) -> list[PricedPlan]:
        """The plans that fit, medical before dental, each in the order asked for."""
        found = [one for one in offered if self.keep(one)]
        if self.sort == "-premium":
            return sorted(found, key=lambda one: (one.plan.line == "DENTAL", -one.premium.total, one.plan.name))
        return sorted(found, key=lambda one: (one.plan.line == "DENTAL", self._weight(one), one.plan.name))

    def _weight(self, offered: PricedPlan) -> Decimal:
        if self.sort == "name":
            return Decimal(0)
        if self.sort == "deductible":
            return _or_last(offered.plan.deductible_individual)
        if self.sort == "moop":
            return _or_last(offered.plan.moop_individual)
        return offered.premium.total


def _one_of(value: str, allowed: Sequence[str]) -> str:
    return value if value in allowed else ""


def _or_last(amount: Decimal | None) -> Decimal:
    return UNKNOWN_LAST if amount is None else amount


# --- rows ---


@dataclass(frozen=True)
class Choice:
    """A box: where the plan would be bought, and whether it is ticked."""

    key: str
    label: str
    ticked: bool
    was: str  # the price shown before, where it was another


@dataclass(frozen=True)
class PlanRow:
    """A plan as the list and the comparison show it."""

    plan: Plan
    choices: list[Choice]
    total: str
    members: list[tuple[str, str]]
    deductible: str
    moop: str
    copays: list[tuple[str, str]]
    badges: list[str]
    too_old: str  # who is older than the plan covers as a dependent
    metal: str  # in small letters with hyphens, for the sheet

    @property
    def selected(self) -> bool:
        return any(choice.ticked for choice in self.choices)


def rows_of(priced: PricedQuote, offered: Sequence[PricedPlan], *, market: str = "") -> list[PlanRow]:
    """The plans as the page lists them; ``market`` leaves one box where only one place was asked for."""
    people = names_of(priced.people)
    selected = {plan.key: plan for plan in priced.selected}
    children = [at for at, person in enumerate(priced.people) if person.relation == QuotePerson.Relation.CHILD]
    return [_row(one, people, selected, market, priced.quote, children) for one in offered]


def _row(
    offered: PricedPlan,
    people: list[str],
    selected: dict[str, SelectedPlan],
    market: str,
    quote: Quote,
    children: list[int],
) -> PlanRow:
    plan = offered.plan
    choices = []
    for place in offered.markets:
        key = key_of(plan.pk, place)
        ticked = selected.get(key)
        if not market or place == market or ticked:
            choices.append(Choice(key, MARKETS[place], ticked is not None, was_text(ticked, quote) if ticked else ""))
    return PlanRow(
        plan=plan,
        choices=choices,
        total=dollars(offered.premium.total),
        members=members_of(offered.premium, people),
        deductible=pair(plan.deductible_individual, plan.deductible_family),
        moop=pair(plan.moop_individual, plan.moop_family),
        copays=copays_of(plan),
        badges=badges_of(plan),
        too_old=too_old_text(plan, [(people[at], offered.premium.ages[at]) for at in children]),
        metal=plan.metal_level.lower().replace(" ", "-"),
    )


def badges_of(plan: Plan) -> list[str]:
    """What a plan is, in a few words: its type and what is special about it."""
    found = [plan.network_type]
    if plan.hsa_eligible:
        found.append("HSA eligible")
    if plan.child_only == Plan.ChildOnly.CHILD:
        found.append("Children only")
    if plan.child_only == Plan.ChildOnly.ADULT:
        found.append("Not for children alone")
    if plan.consumer_choice:
        found.append("Consumer Choice plan")
    return found


def too_old_text(plan: Plan, children: Sequence[tuple[str, int]]) -> str:
    """Who is past the last age at which the plan covers a dependent (45 CFR 147.120: through 25), in words; else empty.

    Such a plan is still shown with its price: adult children with a disability stay covered (state law).
    """
    older = [f"{name} ({age})" for name, age in children if age > plan.dependent_max_age]
    if not older:
        return ""
    return f"Covers dependents through age {plan.dependent_max_age}, with a disability longer: {', '.join(older)}"


def copays_of(plan: Plan) -> list[tuple[str, str]]:
    """What the member pays for the services that are asked for most; of a dental plan its yearly maximum."""
    found = [(label, copay(getattr(plan, name))) for label, name in COPAYS if getattr(plan, name)]
    if plan.dental_annual_max is not None:
        found.append(("Annual maximum benefit", limit(plan.dental_annual_max)))
    return found


def pair(individual: Decimal | None, family: Decimal | None) -> str:
    """Individual and family amounts in one cell: "$7,500 / $15,000"."""
    return " / ".join(filter(None, (limit(individual), limit(family))))


def was_text(selected: SelectedPlan, quote: Quote) -> str:
    """The price shown before, where it was another: "was $412.10 when you saved it"."""
    if not selected.changed:
        return ""
    when = "saved it" if quote.saved_at else "selected it"
    return f"was {dollars(selected.row.monthly_premium)} when you {when}"


def names_of(people: Sequence[QuotePerson]) -> list[str]:
    """What each person is called: the first name, or the relationship with a number where there are several."""
    found, count = [], 0
    for person in people:
        count += person.relation == QuotePerson.Relation.CHILD
        label = f"Dependent {count}" if person.relation == QuotePerson.Relation.CHILD else person.get_relation_display()
        found.append(person.first_name or label)
    return found


def members_of(premium: Premium, people: Sequence[str]) -> list[tuple[str, str]]:
    """Who costs what, with the age on the effective date; nothing where the family has one rate."""
    if premium.members is None:
        return []
    return [
        (f"{name} ({age})", dollars(amount) if amount else "$0.00, not charged")
        for name, age, amount in zip(people, premium.ages, premium.members, strict=True)
    ]
