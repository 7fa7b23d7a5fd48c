"""Where the households live: real towns, ZIP codes and area codes, made-up streets."""

from dataclasses import dataclass
from functools import cache
from random import Random

from portal.demo_data.chance import Weighted, table, words

SUFFIXES = Weighted([("St", 34), ("Ave", 27), ("Dr", 14), ("Rd", 9), ("Ln", 7), ("Ct", 5), ("Blvd", 3), ("Pl", 1)])
DIRECTIONS = ("N", "S", "E", "W")
SECOND_LINES = ("Apt", "Apt", "Apt", "Unit", "Unit", "Ste", "Lot")
# No subscriber has a number in exchange 555 outside directory assistance (1212) and 01xx is set aside for fiction.
EXCHANGE = "555"
DIRECTORY_ASSISTANCE = 1212


@dataclass(frozen=True, slots=True)
class Town:
    """One ZIP code of one town, with an area code used there."""

    us_state: str
    city: str
    zip: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; ``line_2`` may be empty."""

    line_1: str
    line_2: str
    town: Town


@cache
def _towns(us_state: str) -> Weighted[Town]:
    return Weighted(
        (Town(us_state, row["city"], row["zip"], row["area_code"]), int(row["weight"]))
        for row in table("places.csv")
        if row["us_state"] == us_state
    )


def address(rng: Random, us_state: str) -> Address:
    """Return an address in the state; large towns come up more often."""
    town = _towns(us_state).pick(rng)
    if rng.random() < 0.05:
        return Address(f"PO Box {rng.randrange(10, 9999)}", "", town)
    house = int(rng.triangular(100, 9800, 400))
    direction = f"{rng.choice(DIRECTIONS)} " if rng.random() < 0.3 else ""
    line_1 = f"{house} {direction}{rng.choice(words('streets.txt'))} {SUFFIXES.pick(rng)}"
    line_2 = f"{rng.choice(SECOND_LINES)} {rng.randrange(1, 420)}" if rng.random() < 0.18 else ""
    return Address(line_1, line_2, town)


def phone(rng: Random, area_code: str) -> str:
    """Return ten digits that ring nowhere."""
    line = rng.randrange(100, 10_000)
    if line == DIRECTORY_ASSISTANCE:
        line += 1
    return f"{area_code}{EXCHANGE}{line:04}"
