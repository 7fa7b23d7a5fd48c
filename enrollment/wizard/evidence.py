"""What will be asked for as proof of the life events, on the step that asks for them."""

from typing import Any

from enrollment.selectors.evidence import checklist_of
from enrollment.wizard.sections import Section
from enrollment.wizard.steps_types import Part


class Evidence(Section):
    """Only tells: papers are sent from a page of their own, before or after the submission.

    Always part of the step, empty where nothing is asked for, so that it can be drawn anew with the answers above.
    """

    name, title = "evidence", "Proof of Life Events"
    template = "enrollment/wizard/evidence.html"

    def context(self) -> dict[str, Any]:
        return {"checklist": checklist_of(self.wizard.application, now=self.wizard.now)}


PARTS: tuple[Part, ...] = (Evidence,)
