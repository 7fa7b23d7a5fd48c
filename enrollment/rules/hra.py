"""From when there are health reimbursement arrangements, and what a start can be (FAM_01). Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import date

from clients.rules.dated import add_months

MOST_MONTHS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class HraKind:
    """A kind of arrangement; ``first_day`` is the first day, inclusive, on which one could begin."""

    code: str
    first_day: date
    source: str


KINDS = (
    HraKind("ICHRA", date(2020, 1, 1), "45 CFR 146.123; 84 FR 28888: plan years beginning on or after January 1, 2020"),
    HraKind("QSEHRA", date(2017, 1, 1), "26 USC 9831(d); Pub. L. 114-255: years beginning after December 31, 2016"),
)
_BY_CODE = {kind.code: kind for kind in KINDS}
FIRST_OF_ALL = min(kind.first_day for kind in KINDS)


def start_problem(kind: str, start: date, *, today: date) -> str:
    """Why an arrangement of that kind ("" while it is not known) cannot start on that day; empty when it can."""
    known = _BY_CODE.get(kind)
    first = known.first_day if known else FIRST_OF_ALL
    if start < first:
        name = known.code if known else "HRA"
        return f"No {name} could start before {first:%m/%d/%Y}. Check the date."
    if start > add_months(today, MOST_MONTHS_AHEAD):
        return "The start date is more than a year ahead. Check the date."
    return ""
