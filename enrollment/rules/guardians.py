"""When somebody else signs for a child (SIG_02). Pure: no clock, no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from enrollment.rules.rating import Relation, age_on

ADULT = 18  # enrollment guide, Signatures/Payment: "under 18 child only"


@dataclass(frozen=True, slots=True)
class PersonOnForm:
    """Somebody applied for; ``date_of_birth`` is empty while it is not known."""

    relation: str
    date_of_birth: date | None


def guardian_needed(people: Sequence[PersonOnForm], *, effective_date: date) -> bool:
    """Does a parent or legal guardian sign? Only when everybody applied for is under 18 on the first day of coverage.

    A spouse makes it no application of children only, whatever the ages. Not needed while a date of birth is unknown: it
    is asked for elsewhere.
    """
    if not people or any(person.relation == Relation.SPOUSE for person in people):
        return False
    births = [person.date_of_birth for person in people]
    return all(born is not None and age_on(born, effective_date) < ADULT for born in births)
