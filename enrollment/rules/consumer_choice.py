"""Who attests to the Consumer Choice Disclosure (SIG_03). Pure: no clock, no database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DisclosureRule:
    """A state whose applicants attest that the plan lacks benefits the state mandates."""

    us_state: str
    source: str


RULES: tuple[DisclosureRule, ...] = (
    DisclosureRule("TX", "Tex. Ins. Code 1507.006, 28 TAC 21.3530; enrollment guide pages 12 and 22"),
)


def disclosure_needed(us_state: str, *, consumer_choice_plan: bool) -> bool:
    """Must the applicant attest? In the states of the table, for a medical plan that is filed as a consumer choice plan."""
    return consumer_choice_plan and any(rule.us_state == us_state for rule in RULES)
