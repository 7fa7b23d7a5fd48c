"""Pediatric dental essential health benefits beside a medical plan (PLN_03). Pure: no clock, no database.

Off the exchange a medical plan may leave out pediatric dental benefits only where the carrier is reasonably assured that the
household has them through another plan: hence a dental plan, or the attestation (42 USC 18022(b)(1)(J), 45 CFR 156.110(a)(10)).
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

LAST_AGE = 19  # benefits run through the month of this birthday: 45 CFR 156.115(a)(6)

LACKING = (
    "Select a dental plan, or tick that there is coverage for pediatric dental essential health benefits through another "
    "policy."
)


class AskedOf(StrEnum):
    """Of whose application a dental plan or the attestation is asked; the carrier's setting."""

    EVERYBODY = "EVERYBODY"
    CHILDREN = "CHILDREN"
    NOBODY = "NOBODY"

    @classmethod
    def _missing_(cls, value: object) -> "AskedOf":
        """A setting that says something else asks everybody: nothing is left out by a slip of the pen."""
        return cls.EVERYBODY


def is_pediatric(date_of_birth: date, day: date) -> bool:
    """Has somebody pediatric benefits on ``day``: through the end of the month of the nineteenth birthday."""
    months = (day.year - date_of_birth.year) * 12 + day.month - date_of_birth.month
    return months <= LAST_AGE * 12


def why_lacking(
    asked_of: AskedOf, *, medical: bool, dental: bool, attested: bool, births: Iterable[date], effective_date: date
) -> str:
    """What stands in the way of the plans chosen, fit to show; empty when nothing does.

    ``medical`` and ``dental``: is a plan of that kind chosen? ``births`` of everybody to be covered.
    """
    if not medical or dental or attested or asked_of is AskedOf.NOBODY:
        return ""
    if asked_of is AskedOf.CHILDREN and not any(is_pediatric(born, effective_date) for born in births):
        return ""
    return LACKING
