"""Bars of a chart, laid out for an inline SVG: numbers in, coordinates out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 120
TOP, BOTTOM = 14, 16  # room for the figure above and the label below a bar


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of a chart: ``label`` in the table, ``short`` under its bar, ``tone`` a name of the theme's colours.

    ``show`` is the code of the list behind it, for a form; ``url`` its address where it has one. Neither: nothing to open.
    """

    label: str
    value: int
    short: str = ""
    tone: str = "info"
    extra: str = ""
    show: str = ""
    url: str = ""

    @property
    def shown(self) -> str:
        return f"{self.value:,}"


@dataclass(frozen=True)
class Bar:
    """A bar with its figure; all in the units of the chart's view box."""

    figure: Figure
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)

    @property
    def figure_y(self) -> float:
        return round(self.y - 3, 1)


def bars(figures: Sequence[Figure]) -> list[Bar]:
    """One bar for each figure from left to right; the largest fills the height, and one that is not 0 is always seen."""
    if not figures:
        return []
    highest = max(one.value for one in figures)
    room = HEIGHT - TOP - BOTTOM
    step = WIDTH / len(figures)
    width = min(step * 0.7, 48)
    found = []
    for place, one in enumerate(figures):
        height = max(room * one.value / highest, 1.5) if one.value else 0.0
        x = step * place + (step - width) / 2
        found.append(Bar(one, round(x, 1), round(TOP + room - height, 1), round(width, 1), round(height, 1)))
    return found
