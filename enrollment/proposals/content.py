"""What a proposal says, finished and unchangeable: the preview, the PDF and the email all read this.

It holds the applicant's name, everybody's age, and prices; no birth date, no address, no number of anybody but the
producer. Money is kept as text with two decimals, as it was quoted, and is never worked out again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_noop

from portal.common.languages import ENGLISH

PLANS_SIDE_BY_SIDE = 4


@dataclass(frozen=True, kw_only=True)
class ProposedPerson:
    """``label`` is the applicant's name, or "Spouse", "Dependent 1"; ``age`` in years on the effective date."""

    label: str
    role: str
    age: int
    tobacco: bool


@dataclass(frozen=True, kw_only=True)
class ProposedPlan:
    """One column of the comparison. ``premiums`` are in the order of the people; empty where one rate covers the family."""

    name: str
    plan_id: str
    is_dental: bool
    kind: str
    market: str
    premiums: list[str]
    total: str
    deductible: str
    out_of_pocket: str
    primary_care: str
    specialist: str
    emergency_room: str
    generic_drugs: str
    annual_maximum: str
    hsa: str
    consumer_choice: bool


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """``language`` is empty for that of the document; the English of a wording that the law prescribes stands beside its Spanish."""

    text: str
    heading: str = ""
    strong: bool = False
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class ProposalContent:
    """All dates are texts as shown (MM/DD/YYYY); ``valid_through`` is inclusive. ``language``: "en" or "es"."""

    carrier: str
    place: str
    period: str
    effective_date: str
    quoted_on: str
    valid_through: str
    people: list[ProposedPerson]
    plans: list[ProposedPlan]
    producer: list[tuple[str, str]]
    note: str
    version: str
    disclaimers: list[Paragraph]
    language: str = ENGLISH

    @property
    def applicant(self) -> str:
        return self.people[0].label

    @property
    def medical(self) -> "list[PlanTable]":
        return _tables(
            [plan for plan in self.plans if not plan.is_dental], self.people, gettext("Medical plans"), MEDICAL_LINES
        )

    @property
    def dental(self) -> "list[PlanTable]":
        return _tables(
            [plan for plan in self.plans if plan.is_dental], self.people, gettext("Dental plans"), DENTAL_LINES
        )

    @property
    def tables(self) -> "list[PlanTable]":
        return [*self.medical, *self.dental]

    @property
    def together(self) -> str:
        """What one medical and one dental plan bought in one place cost a month together; empty for any other choice."""
        if sorted(plan.is_dental for plan in self.plans) != [False, True] or len({p.market for p in self.plans}) != 1:
            return ""
        return money(str(sum(Decimal(plan.total) for plan in self.plans)))

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def from_json(text: str) -> ProposalContent:
    """The content as it was kept. Raises ``ValueError`` or ``TypeError`` for text that is no content."""
    data: dict[str, Any] = json.loads(text)
    return ProposalContent(
        **{
            **data,
            "people": [ProposedPerson(**one) for one in data["people"]],
            "plans": [ProposedPlan(**one) for one in data["plans"]],
            "producer": [(name, value) for name, value in data["producer"]],
            "disclaimers": [Paragraph(**one) for one in data["disclaimers"]],
        }
    )


# --- plans side by side ---


@dataclass(frozen=True)
class Line:
    label: str
    cells: list[str]
    kind: str = ""  # "total" for the line people look for


@dataclass(frozen=True)
class PlanTable:
    """Up to four plans side by side; ``lines`` belong to ``plans`` cell by cell."""

    caption: str
    plans: list[ProposedPlan]
    lines: list[Line] = field(default_factory=list)


Cell = Callable[[ProposedPlan], str]
MEDICAL_LINES: list[tuple[str, Cell]] = [
    (gettext_noop("Plan type"), lambda plan: plan.kind),
    (gettext_noop("Where it is bought"), lambda plan: plan.market),
    (gettext_noop("Deductible"), lambda plan: plan.deductible),
    (gettext_noop("Out-of-pocket maximum"), lambda plan: plan.out_of_pocket),
    (gettext_noop("Primary care visit"), lambda plan: plan.primary_care),
    (gettext_noop("Specialist visit"), lambda plan: plan.specialist),
    (gettext_noop("Emergency room"), lambda plan: plan.emergency_room),
    (gettext_noop("Generic drugs"), lambda plan: plan.generic_drugs),
    (gettext_noop("HSA eligible"), lambda plan: plan.hsa),
    (gettext_noop("Plan ID"), lambda plan: plan.plan_id),
]
DENTAL_LINES: list[tuple[str, Cell]] = [
    (gettext_noop("Plan type"), lambda plan: plan.kind),
    (gettext_noop("Where it is bought"), lambda plan: plan.market),
    (gettext_noop("Deductible"), lambda plan: plan.deductible),
    (gettext_noop("Annual maximum"), lambda plan: plan.annual_maximum),
    (gettext_noop("Plan ID"), lambda plan: plan.plan_id),
]


def money(amount: str) -> str:
    """ "1458.81" as $1,458.81."""
    whole, _, cents = amount.partition(".")
    return f"${int(whole):,}.{cents or '00'}"


def _tables(
    plans: Sequence[ProposedPlan],
    people: Sequence[ProposedPerson],
    caption: str,
    lines: Sequence[tuple[str, Cell]],
) -> list[PlanTable]:
    """The plans in groups of nearly the same size, none larger than what stands side by side on a page."""
    if not plans:
        return []
    count = -(-len(plans) // PLANS_SIDE_BY_SIDE)
    size = -(-len(plans) // count)
    groups = [plans[start : start + size] for start in range(0, len(plans), size)]
    return [
        PlanTable(
            caption
            if count == 1
            else gettext("%(caption)s, part %(number)s of %(count)s")
            % {"caption": caption, "number": number, "count": count},
            list(group),
            [
                *_prices(group, people),
                *(
                    Line(gettext(label), [cell(plan) or gettext("Not stated") for plan in group])
                    for label, cell in lines
                ),
            ],
        )
        for number, group in enumerate(groups, start=1)
    ]


def _prices(plans: Sequence[ProposedPlan], people: Sequence[ProposedPerson]) -> list[Line]:
    total = Line(gettext("Total monthly premium"), [money(plan.total) for plan in plans], "total")
    if len(people) == 1:
        return [total]
    each = [
        Line(
            f"{person.label}, {person.age}",
            [money(plan.premiums[place]) if plan.premiums else gettext("In the family rate") for plan in plans],
            "member",
        )
        for place, person in enumerate(people)
    ]
    return [total, *each]
