"""Why the member system did not take an application, in words for the producer, and where to put it right. Pure.

What comes back names places of an 834 ("N3, segment 12: ..."): the segment says which question of the application it was.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """The question behind a segment: its step, section and field in the application, and what is wrong with it in words."""

    segment: str
    step: str
    section: str
    field: str
    sentence: str
    source: str = "005010X220A1, 999 IK3"


PLACES = (
    Place(
        "NM1",
        "applicant",
        "personal",
        "last_name",
        "The member system did not take somebody's name. Check its spelling.",
    ),
    Place("N3", "applicant", "home", "address_1", "The member system did not take the home address."),
    Place(
        "N4",
        "applicant",
        "home",
        "zip",
        "The member system did not take city, state or ZIP code of the home address.",
    ),
    Place("DMG", "applicant", "personal", "date_of_birth", "The member system did not take a date of birth or a sex."),
    Place("PER", "applicant", "contact", "phone", "The member system did not take a phone number or an email address."),
    Place("HD", "plans", "plan", "", "The member system did not take the plan."),
    Place("AMT", "plans", "plan", "", "The member system did not take the monthly premium."),
    Place("LX", "plans", "pcp", "", "The member system did not take a PCP or medical group number."),
    Place("PLA", "plans", "pcp", "", "The member system did not take a PCP or medical group number."),
    Place("DTP", "general", "effective", "", "The member system did not take the effective date."),
)
_SEGMENT = re.compile(r"\b([A-Z][A-Z0-9]{1,2})\b(?=, segment| element)")
NOT_DELIVERED = (
    "The application could not be delivered to the member system. Nothing was lost: submit it once more, or wait until the "
    "carrier's staff have sent it."
)
NOT_ACCEPTED = "The member system did not accept the {line} plan."
CLOSED = "The carrier's staff have ended this submission."


def places_of(reason: str) -> list[Place]:
    """The questions that the segments named in the member system's reason are about, each once, in its order."""
    found = {name: place for name in _SEGMENT.findall(reason) for place in PLACES if place.segment == name}
    return list(found.values())
