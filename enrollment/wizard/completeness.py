"""What is still missing before an application can be submitted."""

from enrollment.selectors.read_once import read_once
from enrollment.wizard.sections import Missing, WizardContext, placed
from enrollment.wizard.steps import STEPS, Step


def missing_on(step: Step, wizard: WizardContext) -> list[Missing]:
    """What is missing on one step, in the order of the page."""
    return list(read_once(("missing", wizard.application.pk, step.slug), lambda: _missing_on(step, wizard)))


def _missing_on(step: Step, wizard: WizardContext) -> list[Missing]:
    found = [one for part in step.parts if part.shown(wizard) for one in part.missing(wizard)]
    return placed(found, step.slug)


def missing_of(wizard: WizardContext) -> list[Missing]:
    """Everything that is missing, step by step; nothing when the application can be submitted as far as its answers go."""
    return [one for step in STEPS for one in missing_on(step, wizard)]
