"""What stands on one card, finished for the template: words, labels and marks. No query, no clock, no layout.

Which items a card needs, and where they come from, is said in docs/adr/0016-id-cards.md. The union of what the states ask
for is printed everywhere; only marks, labels and the typeface of pharmacy data differ, and those are rows (``IdCardRule``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from clients.models import CardIssuer, IdCardRule, Member, PcpAssignment, PlanCardFacts, Policy
from portal.common.dates import as_text

# The layout of id_card_print.html. A change that moves or rewords anything is a new number: forms are filed by layout.
LAYOUT = 1
NONE, NOT_COVERED = "None", "Not covered"
TO_BE_ASSIGNED = "To be assigned"
FULL_FROM = 17
TTY = "711"
SHOW = "Show this card at every visit."
EMERGENCY = "In an emergency call 911 or go to the nearest emergency room."
SERIF = "serif-8pt"
Item = IdCardRule.Item


class CardRefused(Exception):
    """This card cannot be made; the text says what is missing and who can help, and is fit to show."""


NO_FACTS = "The figures of this plan (deductibles, maximums, copays) are not on file, so that no card can be printed."
NO_ISSUER = "The carrier's card data for this state is not on file, so that no card can be printed."
NO_RULES = "What the state asks of ID cards is not on file, so that no card can be printed."
NO_PLAN_ID = "This plan has no plan ID, so that its figures are not known and no card can be printed."
NOT_APPROVED = "The form of this card is waiting for the state's approval."
ASK_CARRIER = "Permanent ID cards can be ordered all the same."


@dataclass(frozen=True)
class FourFigures:
    """A deductible or a maximum: individual and family, in the network and outside, in words."""

    label: str
    inside: tuple[str, str]
    outside: tuple[str, str]

    @property
    def in_network(self) -> str:
        return _pair(self.inside)

    @property
    def out_of_network(self) -> str:
        return _pair(self.outside)


@dataclass(frozen=True)
class Line:
    """A label and what stands beside it."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One member's card. Lines stand in the order in which they are read."""

    carrier: str
    plan_name: str
    line: str  # Medical or Dental
    network: str  # HMO, PPO, POS, EPO
    marks: tuple[Line, ...]  # the letters, and what they mean
    member_name: str
    member_id: str
    group_number: str
    effective_date: str
    issued: str
    use_until: str
    requires_pcp: bool
    pcp: tuple[str, ...]
    figures: tuple[FourFigures, ...]
    annual_maximum: str
    visits: tuple[Line, ...]
    drugs: tuple[Line, ...]
    pharmacy: tuple[Line, ...]
    pharmacy_is_serif: bool
    issuer_id: Line
    help_desks: tuple[Line, ...]
    pharmacy_desk: Line | None
    website: str
    claims: tuple[str, ...]
    payer_id: str
    statement: str
    network_name: str
    form_number: str
    notes: tuple[str, ...] = field(default=())

    @property
    def is_dental(self) -> bool:
        return self.line == Policy.Line.DENTAL.label

    @property
    def badge(self) -> str:
        """What kind of plan it is, in the corner of the front."""
        return " ".join(part for part in ("Dental" if self.is_dental else "", self.network) if part) or self.line

    @property
    def is_full(self) -> bool:
        """Whether the large-print table needs its narrower lines to stay on the page."""
        return len(self.facts) >= FULL_FROM

    @property
    def name_size(self) -> str:
        """The class of the name on the front: a long one is set smaller, so that it stays on its line."""
        length = len(self.member_name)
        return " longest" if length > 32 else " long" if length > 24 else ""

    @property
    def facts(self) -> tuple[Line, ...]:
        """The large-print copy: everything of the front again, and the claims address, in the same order."""
        lines = [
            Line("Plan", f"{self.plan_name} ({self.line}, {self.network})" if self.network else self.plan_name),
            Line("Member", self.member_name),
            Line("Member ID", self.member_id),
            Line("Group number", self.group_number),
            Line("Effective date", self.effective_date),
        ]
        if self.requires_pcp:
            lines.append(Line("Primary care physician", "; ".join(self.pcp) or TO_BE_ASSIGNED))
        for one in self.figures:
            lines.append(Line(f"{one.label}, in network", _spelled(one.inside)))
            lines.append(Line(f"{one.label}, out of network", _spelled(one.outside)))
        if self.annual_maximum:
            lines.append(Line("Annual maximum", self.annual_maximum))
        lines += [*_joined("Visits", self.visits[:2]), *_joined("Urgent and emergency care", self.visits[2:])]
        lines += _joined("Drugs", self.drugs)
        if self.pharmacy:
            lines += _joined("Pharmacy", self.pharmacy)
        lines.append(self.issuer_id)
        lines += self.marks
        lines.append(Line("Claims", ", ".join(self.claims)))
        return tuple(lines)


def product_of(policy: Policy) -> str:
    """The column of the rules table a policy stands in."""
    return IdCardRule.Product.DENTAL if policy.line == Policy.Line.DENTAL else policy.network_type


def in_force(rules: Iterable[IdCardRule], *, us_state: str, product: str, market: str, on: date) -> dict[str, str]:
    """Each item's value on the day ``on``: the row that says most exactly for whom it is, the newest of equals.

    A row for the state beats one for a product, that one for a market; first and last day are inclusive.
    """
    chosen: dict[str, tuple[tuple[int, date], str]] = {}
    for rule in rules:
        fits = rule.us_state in ("", us_state) and rule.product in ("", product) and rule.market in ("", market)
        if not fits or rule.first_day > on or (rule.last_day and rule.last_day < on):
            continue
        weight = (4 * bool(rule.us_state) + 2 * bool(rule.product) + bool(rule.market), rule.first_day)
        if rule.item not in chosen or weight > chosen[rule.item][0]:
            chosen[rule.item] = (weight, rule.value)
    return {item: value for item, (_weight, value) in chosen.items()}


def why_no_card(
    policy: Policy, *, facts: PlanCardFacts | None, issuer: CardIssuer | None, items: Mapping[str, str], on: date
) -> str:
    """What is missing for a card of this policy, in a sentence, or nothing: a card is never printed with blanks."""
    if not policy.plan_id:
        return f"{NO_PLAN_ID} {ASK_CARRIER}"
    if facts is None:
        return f"{NO_FACTS} {ASK_CARRIER}"
    if issuer is None:
        return f"{NO_ISSUER} {ASK_CARRIER}"
    if not items:
        return f"{NO_RULES} {ASK_CARRIER}"
    if items.get(Item.FORM_APPROVAL) and not _approved(issuer, on):
        return f"{NOT_APPROVED} {ASK_CARRIER}"
    return ""


def _approved(issuer: CardIssuer, on: date) -> bool:
    return issuer.form_layout >= LAYOUT and issuer.form_approved_on is not None and issuer.form_approved_on <= on


def card_of(
    policy: Policy,
    member: Member,
    *,
    facts: PlanCardFacts,
    issuer: CardIssuer,
    items: Mapping[str, str],
    pcp: PcpAssignment | None,
    carrier: str,
    issued: date,
    use_until: date,
) -> Card:
    """Everything that one member's card says. Never an SSN, a birth date or the household's address.

    ``issued`` and ``use_until`` are inclusive days; ``pcp`` the assignment of the card's day with group and physician.
    """
    medical = policy.line == Policy.Line.MEDICAL
    return Card(
        carrier=issuer.carrier_name or carrier,
        plan_name=policy.product_name,
        line=policy.get_line_display(),
        network=policy.network_type,
        marks=tuple(_marks(items)),
        member_name=member.name,
        member_id=f"{issuer.member_id_prefix}{member.member_id}",
        group_number=policy.group_number or "None",
        effective_date=as_text(policy.effective_date),
        issued=as_text(issued),
        use_until=as_text(use_until),
        requires_pcp=policy.requires_pcp,
        pcp=tuple(_pcp(pcp)) if policy.requires_pcp else (),
        figures=tuple(_figures(facts, medical=medical)),
        annual_maximum=_money(facts.annual_maximum) if facts.annual_maximum is not None else "",
        visits=tuple(
            _told(
                ("Office visit", facts.office_visit),
                ("Specialist", facts.specialist),
                ("Urgent care", facts.urgent_care),
                ("Emergency room", facts.emergency_room),
            )
        ),
        drugs=tuple(_told(("Generic", facts.generic_drug), ("Brand", facts.brand_drug))),
        pharmacy=tuple(
            _told(
                (items.get(Item.RX_BIN_LABEL, "RxBIN"), issuer.rx_bin),
                (items.get(Item.RX_PCN_LABEL, "RxPCN"), issuer.rx_pcn),
                (items.get(Item.RX_GROUP_LABEL, "RxGrp"), issuer.rx_group),
                ("Rx by", issuer.pharmacy_administrator),
            )
        )
        if medical
        else (),
        pharmacy_is_serif=items.get(Item.RX_TYPEFACE) == SERIF,
        issuer_id=Line(items.get(Item.ISSUER_ID_LABEL) or "Card issuer ID", issuer.issuer_id),
        help_desks=tuple(
            _told(
                ("Member services", issuer.member_services),
                ("TTY", TTY),
                ("Provider help desk, eligibility", issuer.provider_line),
                ("Preauthorization", issuer.preauthorization),
            )
        ),
        pharmacy_desk=Line("Pharmacy help desk", issuer.pharmacy_desk) if medical and issuer.pharmacy_desk else None,
        website=issuer.website,
        claims=(issuer.claims_name, issuer.claims_address),
        payer_id=issuer.payer_id,
        statement=items.get(Item.INSURED_STATEMENT, ""),
        network_name=issuer.network_name,
        form_number=issuer.form_number,
        notes=(SHOW, EMERGENCY) if medical else (SHOW,),
    )


MEANINGS = {
    "TDI": "Regulated by the Texas Department of Insurance",
    "QHP": "Qualified health plan, bought through the Marketplace",
}


def _marks(items: Mapping[str, str]) -> Iterable[Line]:
    for item in (Item.REGULATOR_MARK, Item.EXCHANGE_MARK):
        if letters := items.get(item):
            yield Line(letters, MEANINGS.get(letters, letters))


def _pcp(assignment: PcpAssignment | None) -> Iterable[str]:
    """Whom the member has, from when: the physician, the medical group with its number, or both."""
    if assignment is None:
        return
    physician, group = assignment.provider, assignment.medical_group
    if physician is not None:
        yield f"{physician.first_name} {physician.last_name}"
    if group is not None:
        yield f"Medical group {group.number} {group.name}"
    yield f"from {as_text(assignment.effective_date)}"


def _figures(facts: PlanCardFacts, *, medical: bool) -> Iterable[FourFigures]:
    yield FourFigures(
        "Deductible",
        (_money(facts.deductible_individual), _money(facts.deductible_family)),
        (_money(facts.deductible_out_individual), _money(facts.deductible_out_family)),
    )
    # A dental plan need not have one, and "not covered" would be wrong there.
    if medical or facts.out_of_pocket_individual is not None:
        yield FourFigures(
            "Out-of-pocket maximum",
            (_money(facts.out_of_pocket_individual), _money(facts.out_of_pocket_family)),
            (_money(facts.out_of_pocket_out_individual), _money(facts.out_of_pocket_out_family)),
        )


def _money(dollars: int | None) -> str:
    if dollars is None:
        return NOT_COVERED
    return f"${dollars:,}" if dollars else NONE


def _pair(figures: tuple[str, str]) -> str:
    individual, family = figures
    return individual if individual == family and not individual.startswith("$") else f"{individual} / {family}"


def _spelled(figures: tuple[str, str]) -> str:
    individual, family = figures
    if individual == family and not individual.startswith("$"):
        return individual
    return f"{individual} individual, {family} family"


def _joined(label: str, lines: Sequence[Line]) -> list[Line]:
    """Several in one line of the table: "Office visit $35, Specialist $75"."""
    return [Line(label, ", ".join(f"{line.label} {line.value}" for line in lines))] if lines else []


def _told(*lines: tuple[str, str]) -> Iterable[Line]:
    return (Line(label, value) for label, value in lines if value)
