"""Where Coverage Replacement is asked (COV_03), and which termination dates make sense. Pure: no clock, no database."""

from datetime import date, timedelta
from enum import StrEnum


class Form(StrEnum):
    MEDICAL_DENTAL = "MEDICAL_DENTAL"
    DENTAL = "DENTAL"


SOURCE = (
    "Enrollment guide pages 11 and 21: not on Dental Application forms in some states. Which ones is assumed until the "
    "carrier confirms the table."
)
# (state, form): is the question on it?
SHOWN: dict[tuple[str, str], bool] = {
    ("IL", Form.MEDICAL_DENTAL): True,
    ("IL", Form.DENTAL): True,
    ("MT", Form.MEDICAL_DENTAL): True,
    ("MT", Form.DENTAL): False,
    ("NM", Form.MEDICAL_DENTAL): True,
    ("NM", Form.DENTAL): True,
    ("OK", Form.MEDICAL_DENTAL): True,
    ("OK", Form.DENTAL): False,
    ("TX", Form.MEDICAL_DENTAL): True,
    ("TX", Form.DENTAL): False,
}
# A policy that is replaced ends about when the new one begins; further away somebody has mistyped the year (ours).
FURTHEST = timedelta(days=366)
TOO_FAR = "Enter a termination date within a year of the day on which the new coverage begins."


def replacement_shown(us_state: str, form_type: str) -> bool:
    """Is Coverage Replacement asked on this state's form? A form that is not chosen yet is a Medical/Dental Application."""
    return SHOWN.get((us_state, form_type or Form.MEDICAL_DENTAL), True)


def why_not_termination(termination_date: date, *, first_day: date) -> str:
    """Why the old coverage cannot have ended, or end, on that last day (inclusive), fit to show; empty when it can."""
    return TOO_FAR if abs(termination_date - first_day) > FURTHEST else ""
