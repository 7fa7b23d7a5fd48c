"""What a step is made of."""

from dataclasses import dataclass

from enrollment.wizard.cards import CardList
from enrollment.wizard.sections import Section

Part = type[Section] | type[CardList]


@dataclass(frozen=True)
class Step:
    """One page of the application: its slug in addresses, its title and its parts in order."""

    slug: str
    title: str
    parts: tuple[Part, ...]

    @property
    def sections(self) -> list[type[Section]]:
        return [part for part in self.parts if issubclass(part, Section)]

    @property
    def lists(self) -> list[type[CardList]]:
        return [part for part in self.parts if issubclass(part, CardList)]
