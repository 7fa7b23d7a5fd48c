"""What the pages of the application show around its questions (WIZ_02)."""

from dataclasses import dataclass

from clients.models import Policy
from enrollment.selectors.application_plans import chosen_plans, total_of
from enrollment.selectors.applications import applicant_name
from enrollment.wizard.completeness import missing_on
from enrollment.wizard.sections import WizardContext
from enrollment.wizard.steps import STEPS, Step, place_of
from portal.common.dates import as_text

UNKNOWN = "-"


@dataclass(frozen=True)
class StepLink:
    """A step as the row of steps shows it; ``state`` is done, current, open (can be gone to) or closed."""

    slug: str
    title: str
    state: str


def header_of(wizard: WizardContext) -> list[tuple[str, str]]:
    """General Information as it stands, in the guide's order; "-" for what is not known yet (WIZ_02).

    The premium is that of today; the plans keep the one shown last. At most seven queries.
    """
    application = wizard.application
    chosen = chosen_plans(application)
    plans, total = {one.row.line: one.row for one in chosen}, total_of(chosen)
    medical, dental = plans.get(Policy.Line.MEDICAL), plans.get(Policy.Line.DENTAL)
    return [
        ("Applicant Name", applicant_name(application) or UNKNOWN),
        ("Effective Date", as_text(application.effective_date) or UNKNOWN),
        ("Total Monthly Premium", UNKNOWN if total is None else f"${total:,.2f}"),
        ("Medical Plan", medical.plan.name if medical else UNKNOWN),
        ("Dental Plan", dental.plan.name if dental else UNKNOWN),
    ]


def step_links(wizard: WizardContext, current: Step) -> list[StepLink]:
    """Every step: those before the current one and those to which everything in between is answered can be gone to."""
    links, reachable = [], True
    for place, step in enumerate(STEPS):
        complete = not missing_on(step, wizard) if reachable or place < place_of(current) else False
        if step is current:
            state = "current"
        elif place < place_of(current):
            state = "done" if complete else "open"
        else:
            state = "open" if reachable else "closed"
        links.append(StepLink(step.slug, step.title, state))
        reachable = reachable and complete
    return links


def may_go_to(wizard: WizardContext, current: Step, target: Step) -> bool:
    """Backwards always; forwards when nothing is missing on the way."""
    return place_of(target) <= place_of(current) or all(
        not missing_on(step, wizard) for step in STEPS[: place_of(target)]
    )
