"""ZIP codes, cities and counties as people type them (APP_04, APP_05). Places are nobody's data: no scope."""

from dataclasses import dataclass
from typing import Any

from enrollment.models import ZipCounty
from enrollment.selectors.read_once import read_once

MOST_PLACES = 20
SHORTEST_CITY = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A ZIP code where it reaches into one county."""

    zip: str
    city: str
    us_state: str
    county_fips: str
    county_name: str


def places_of_zip(zip_code: str, *, us_state: str = "") -> list[Place]:
    """Every county the ZIP code reaches into, by name; of all five states unless one is named."""
    if not (len(zip_code) == 5 and zip_code.isascii() and zip_code.isdigit()):
        return []
    rows = ZipCounty.objects.filter(zip=zip_code, **_in(us_state)).order_by("county__name", "county_id")
    return list(read_once(("places of a ZIP code", zip_code, us_state), lambda: _places(rows)))


def places_of_city(city: str, *, us_state: str) -> list[Place]:
    """ZIP codes of cities that begin with what was typed, whatever the case; the city of that very name alone if there is one."""
    typed = " ".join(city.split())
    if len(typed) < SHORTEST_CITY:
        return []
    rows = ZipCounty.objects.filter(**_in(us_state)).order_by("city", "zip", "county__name")
    exact = _places(rows.filter(city__iexact=typed))
    return exact or _places(rows.filter(city__istartswith=typed))


def _in(us_state: str) -> dict[str, str]:
    return {"county__us_state": us_state} if us_state else {}


def _places(rows: Any) -> list[Place]:
    columns = ("zip", "city", "county__us_state", "county_id", "county__name")
    return [Place(*values) for values in rows.values_list(*columns)[:MOST_PLACES]]
