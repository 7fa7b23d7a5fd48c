"""The steps of the application in order; each owner's module says what stands on its step."""

from enrollment.wizard import applicant, authorization, coverage, evidence, general, household, plans, signatures
from enrollment.wizard.steps_types import Part, Step

__all__ = ["STEPS", "Part", "Step", "next_of", "place_of", "previous_of", "step_of"]

STEPS: tuple[Step, ...] = (
    Step("general", "Special Enrollment Information", (*general.PARTS, *evidence.PARTS)),
    Step("applicant", "Applicant Information", (*authorization.PARTS, *applicant.PARTS)),
    Step("household", "Spouse and Dependents", household.PARTS),
    Step("plans", "Plan Selection", plans.PARTS),
    Step("coverage", "Other Coverage and Proxy Information", coverage.PARTS),
    Step("signatures", "Signatures and Payment", signatures.PARTS),
)
_BY_SLUG = {step.slug: step for step in STEPS}


def step_of(slug: str) -> Step | None:
    return _BY_SLUG.get(slug)


def place_of(step: Step) -> int:
    """0 for the first step."""
    return STEPS.index(step)


def next_of(step: Step) -> Step | None:
    """The step after it; ``None`` after the last."""
    place = place_of(step) + 1
    return STEPS[place] if place < len(STEPS) else None


def previous_of(step: Step) -> Step | None:
    place = place_of(step) - 1
    return STEPS[place] if place >= 0 else None
