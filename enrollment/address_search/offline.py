"""Addresses by ZIP code and city out of the portal's own tables; no service is asked."""

import re
from collections.abc import Sequence

from enrollment.address_search.provider import Suggestion
from enrollment.selectors.places import Place, places_of_city, places_of_zip
from portal.common.dates import US_STATES

ZIP = re.compile(r"(?<![0-9])([0-9]{5})(?:-[0-9]{4})?$")
MOST_WORDS_OF_CITY = 4


class OfflineAddresses:
    """Reads "120 Main St, Naperville", "120 Main St, 60563", "60563" or "Naper"; the street is taken as it was typed."""

    def suggest(self, text: str, *, us_state: str) -> Sequence[Suggestion]:
        rest = _without_state(text, us_state)
        found = ZIP.search(rest)
        if found:
            street, places = rest[: found.start()], places_of_zip(found[1], us_state=us_state)
            return [_as_suggestion(_street(street, [one.city for one in places]), one) for one in places]
        for street, city in _cuts(rest):
            places = places_of_city(city, us_state=us_state)
            if places:
                return [_as_suggestion(_street(street, []), one) for one in places]
        return []


def _without_state(text: str, us_state: str) -> str:
    """Without the state, which stands last or before the ZIP code."""
    name = re.escape(US_STATES[us_state])
    return re.sub(rf"[ ,]+({us_state}|{name})\.?(?=[ ,]+[0-9]{{5}}|$)", "", text, flags=re.IGNORECASE).strip(" ,")


def _cuts(text: str) -> list[tuple[str, str]]:
    """Where the street may end and the city begin: at the last comma, else before one of the last words."""
    if "," in text:
        street, _, city = text.rpartition(",")
        return [(street, city.strip())]
    words = text.split()
    return [
        (" ".join(words[:at]), " ".join(words[at:]))
        for at in range(max(0, len(words) - MOST_WORDS_OF_CITY), len(words))
        if not words[at][0].isdigit()
    ]


def _street(text: str, cities: list[str]) -> str:
    """The street as typed, without the city after it."""
    street = text.strip(" ,")
    for city in cities:
        if street.casefold().endswith(city.casefold()) and (len(street) == len(city) or street[-len(city) - 1] in " ,"):
            return street[: -len(city)].strip(" ,")
    return street


def _as_suggestion(street: str, place: Place) -> Suggestion:
    return Suggestion(
        street=street,
        city=place.city,
        us_state=place.us_state,
        zip=place.zip,
        county_fips=place.county_fips,
        county_name=place.county_name,
    )
