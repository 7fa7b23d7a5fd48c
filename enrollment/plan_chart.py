"""The chart of premiums against deductibles, drawn on the server as SVG: positions only, the template writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10

from enrollment.models import Plan
from enrollment.plan_list import dollars, limit
from enrollment.selectors.pricing import PricedPlan

WIDTH, HEIGHT = 760, 270
LEFT, RIGHT, TOP, BOTTOM = 88, 24, 34, 50
MOST_TICKS = 6


@dataclass(frozen=True)
class Point:
    """One plan; ``metal`` names its colour."""

    x: float
    y: float
    metal: str
    letter: str  # the metal level again, for whom colours say nothing
    title: str
    selected: bool


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """The finished drawing: points, ticks and a sentence that says what it shows."""

    points: list[Point]
    across: list[Tick]
    up: list[Tick]
    metals: list[tuple[str, str]]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart_of(offered: Sequence[PricedPlan], *, selected: frozenset[int]) -> Chart | None:
    """The chart of these plans: medical ones, dental ones where there are no others. ``None`` with less than two plans."""
    medical = [one for one in offered if one.plan.line == "MEDICAL"]
    shown = [one for one in (medical or offered) if one.plan.deductible_individual is not None]
    if len(shown) < 2:
        return None
    premiums = [float(one.premium.total) for one in shown]
    deductibles = [float(one.plan.deductible_individual or 0) for one in shown]
    across, up = _scale(min(premiums), max(premiums)), _scale(0, max(deductibles))

    def x(value: float) -> float:
        return round(LEFT + (value - across[0]) / (across[-1] - across[0]) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - up[0]) / (up[-1] - up[0]) * (HEIGHT - TOP - BOTTOM), 1)

    points = [
        Point(
            x=x(premium),
            y=y(deductible),
            metal=_sheet_name(one.plan),
            letter=one.plan.metal_level[0],
            title=f"{one.plan.name}: {dollars(one.premium.total)} a month, deductible {limit(one.plan.deductible_individual)}",
            selected=one.plan.pk in selected,
        )
        for one, premium, deductible in zip(shown, premiums, deductibles, strict=True)
    ]
    metals = {_sheet_name(one.plan): one.plan.metal_level for one in shown}
    order = [str(metal.value) for metal in Plan.Metal]
    return Chart(
        points=points,
        across=[Tick(x(value), f"${value:,.0f}") for value in across],
        up=[Tick(y(value), f"${value:,.0f}") for value in up],
        metals=sorted(metals.items(), key=lambda pair: order.index(pair[1])),
        summary=_summary(shown),
    )


def _sheet_name(plan: Plan) -> str:
    return plan.metal_level.lower().replace(" ", "-")


def _summary(shown: Sequence[PricedPlan]) -> str:
    cheapest = min(shown, key=lambda one: one.premium.total)
    dearest = max(shown, key=lambda one: one.premium.total)
    lowest = min(shown, key=lambda one: one.plan.deductible_individual or Decimal(0))
    return (
        f"{len(shown)} plans. The lowest premium is {dollars(cheapest.premium.total)} a month ({cheapest.plan.name}, deductible "
        f"{limit(cheapest.plan.deductible_individual)}), the highest {dollars(dearest.premium.total)} ({dearest.plan.name}, "
        f"deductible {limit(dearest.plan.deductible_individual)}). The lowest deductible is "
        f"{limit(lowest.plan.deductible_individual)} ({lowest.plan.name})."
    )


def _scale(low: float, high: float) -> list[float]:
    """Round values that enclose ``low`` to ``high``, at most seven of them."""
    step = _step(max(high - low, 1) / (MOST_TICKS - 1))
    first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
    return [number * step for number in range(first, last + 1)]


def _step(wanted: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10 ** floor(log10(wanted))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted))
