"""What an address search has to be able to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Unavailable(Exception):
    """The service cannot be asked now."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An address to choose. ``street`` is empty where only the place is known; ``county_fips`` where it is not."""

    street: str
    city: str
    us_state: str
    zip: str
    county_fips: str = ""
    county_name: str = ""

    @property
    def label(self) -> str:
        """The address in one line."""
        place = f"{self.city}, {self.us_state} {self.zip}"
        return ", ".join(filter(None, (self.street, place)))


@dataclass(frozen=True, kw_only=True)
class AddressSearchAnswer:
    suggestions: tuple[Suggestion, ...] = ()
    available: bool = True


class AddressProvider(Protocol):
    """One class without arguments; made for each search."""

    def suggest(self, text: str, *, us_state: str) -> Sequence[Suggestion]:
        """Addresses in the state that fit, the likeliest first. Must answer within a second. Raises ``Unavailable``."""
