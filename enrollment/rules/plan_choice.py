"""Which of the plans of a quote can be enrolled in together (QUO_05). Pure: no clock, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Line(StrEnum):
    MEDICAL = "MEDICAL"
    DENTAL = "DENTAL"


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """A plan ticked on Review Selected Plans: its line of business, and where it would be bought ("ON", "OFF")."""

    line: str
    market: str


NOTHING_CHOSEN = "Select one medical plan, one dental plan, or one of each."
TOO_MANY_MEDICAL = "Select only one medical plan. {count} are selected."
TOO_MANY_DENTAL = "Select only one dental plan. {count} are selected."
TOO_MANY_OF_BOTH = (
    "Select only one medical and one dental plan. {medical} medical and {dental} dental plans are selected."
)
BOTH_MARKETS = (
    "One of the plans is sold on the exchange and the other off the exchange. They are two enrollments: select one plan, "
    "enroll, then come back for the other."
)


def why_not_enroll(chosen: Sequence[ChosenPlan]) -> str:
    """Why ``Enroll in Selected Plans`` is not possible with these plans, in a sentence fit to show; empty when it is.

    Possible with exactly one medical plan, exactly one dental plan, or one of each (enrollment guide page 5, QUO_05); one
    of each must be bought in the same place, because one application goes to one place (ours).
    """
    medical = sum(plan.line == Line.MEDICAL for plan in chosen)
    dental = sum(plan.line == Line.DENTAL for plan in chosen)
    if not chosen:
        return NOTHING_CHOSEN
    if medical > 1 and dental > 1:
        return TOO_MANY_OF_BOTH.format(medical=medical, dental=dental)
    if medical > 1:
        return TOO_MANY_MEDICAL.format(count=medical)
    if dental > 1:
        return TOO_MANY_DENTAL.format(count=dental)
    if len({plan.market for plan in chosen}) > 1:
        return BOTH_MARKETS
    return ""
