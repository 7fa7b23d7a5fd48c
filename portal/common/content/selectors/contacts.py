"""Whom to call: the carrier's table of numbers by product and state, and the one line of a state that emails name.

The lines are rows the carrier keeps (ContactProduct, ContactLine); where there are none, the settings SUPPORT_PHONE and
SUPPORT_PHONES_BY_STATE speak, so that nobody is left without a number (ISS_03, ISS_09, C25).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from portal.common.content.models import ContactLine
from portal.common.content.rules.contacts import business_note, dialled, is_shown, phone_as_text
from portal.common.dates import US_STATES, today_in

STATE_ORDER = ("IL", "NM", "OK", "TX", "MT")  # as in the carrier's table
PRODUCER_SERVICES = "Producer Services"


@dataclass(frozen=True)
class Number:
    """A number as it is read and as a telephone dials it; ``note`` names the business it serves, or is empty."""

    text: str
    dialled: str
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """The numbers of one state; ``us_state`` is empty for numbers of every state."""

    us_state: str
    state_name: str
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Row:
    """One product, or one group of agents. A row of numbers for every state has a single cell, ``everywhere``.

    ``hours`` is empty where the help desk's hours count.
    """

    label: str
    hours: str
    cells: tuple[Cell, ...]

    @property
    def everywhere(self) -> bool:
        return len(self.cells) == 1 and not self.cells[0].us_state


@dataclass(frozen=True)
class ContactTable:
    """Products and groups by state. ``states`` are the columns: abbreviation and name."""

    states: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SupportLine:
    """Producer services for one state."""

    us_state: str
    state_name: str
    phone: str


@dataclass(frozen=True)
class GroupLine:
    """The line of one group of agents."""

    label: str
    phone: str


def contact_table(*, at: datetime, states: Iterable[str] = STATE_ORDER) -> ContactTable:
    """Every line shown at ``at``, for ``states`` in their order. One query.

    A line for every state stands beside the lines of the states; a product that has no others gets one cell for all.
    """
    columns = tuple(states)
    return ContactTable(
        states=tuple((us_state, US_STATES[us_state]) for us_state in columns),
        rows=tuple(_rows(_shown(_all_lines(), at), columns)) or (_row_of_settings(columns),),
    )


def lines_by_state(*, at: datetime | None = None) -> list[SupportLine]:
    """Producer services of every state the portal serves, by abbreviation: one number each, for emails (FUN_07).

    It is the number of the first product in the carrier's order that new business calls; without one, the settings'.
    ``at`` is now when left out. One query.
    """
    lines = [line for line in _all_lines() if line.agent_group_id is None]
    of_first = _shown([line for line in lines if line.product_id == lines[0].product_id], at)
    return [SupportLine(us_state, name, _phone_of(us_state, of_first)) for us_state, name in sorted(US_STATES.items())]


def lines_of_groups(*, at: datetime | None = None) -> list[GroupLine]:
    """The lines of groups of agents with numbers of their own, by the group's name. One query."""
    found: dict[str, GroupLine] = {}
    for line in _shown(_all_lines(), at):
        if line.agent_group is not None:
            found.setdefault(line.agent_group.label, GroupLine(line.agent_group.label, phone_as_text(line.phone)))
    return [found[label] for label in sorted(found)]


def _all_lines() -> list[ContactLine]:
    """In the order of the table, whatever their days."""
    return list(
        ContactLine.objects.select_related("product", "agent_group").order_by(
            "product__order", "product__label", "product_id", "business_until", "id"
        )
    )


def _shown(lines: Iterable[ContactLine], at: datetime | None) -> list[ContactLine]:
    """Lines shown on the civil day of their state; those of every state go by the carrier's own day."""
    days = {us_state: today_in(us_state, now=at) for us_state in US_STATES} | {"": today_in(now=at)}
    return [
        line for line in lines if is_shown(first_day=line.first_day, last_day=line.last_day, on=days[line.us_state])
    ]


def _rows(lines: list[ContactLine], states: tuple[str, ...]) -> Iterable[Row]:
    """Products in their order, then the groups by name."""
    products: dict[int, list[ContactLine]] = {}
    groups: dict[tuple[str, int], list[ContactLine]] = {}
    for line in lines:
        if line.agent_group is None:
            products.setdefault(line.product_id, []).append(line)
        else:
            groups.setdefault((line.agent_group.label, line.product_id), []).append(line)
    for of_product in products.values():
        yield from _row(of_product[0].product.label, of_product, states)
    labels = [label for label, _ in groups]
    for (label, _), of_group in sorted(groups.items(), key=lambda item: (item[0][0], item[1][0].product.order)):
        several = labels.count(label) > 1
        yield from _row(f"{label}: {of_group[0].product.label}" if several else label, of_group, states)


def _row(label: str, lines: list[ContactLine], states: tuple[str, ...]) -> Iterable[Row]:
    """The row of ``lines``; none when they are about other states."""
    hours = lines[0].product.hours
    if not any(line.us_state for line in lines):
        yield Row(label, hours, (Cell("", "Every state", _numbers(lines)),))
    elif any(line.us_state in ("", *states) for line in lines):
        cells = (
            Cell(us_state, US_STATES[us_state], _numbers(line for line in lines if line.us_state in (us_state, "")))
            for us_state in states
        )
        yield Row(label, hours, tuple(cells))


def _numbers(lines: Iterable[ContactLine]) -> tuple[Number, ...]:
    return tuple(
        Number(
            phone_as_text(line.phone),
            dialled(line.phone),
            business_note(business_from=line.business_from, business_until=line.business_until),
        )
        for line in lines
    )


def _row_of_settings(states: tuple[str, ...]) -> Row:
    phones = {us_state: settings.SUPPORT_PHONES_BY_STATE.get(us_state, settings.SUPPORT_PHONE) for us_state in states}
    cells = (
        Cell(us_state, US_STATES[us_state], (Number(phone, dialled(phone)),)) for us_state, phone in phones.items()
    )
    return Row(PRODUCER_SERVICES, "", tuple(cells))


def _phone_of(us_state: str, lines: list[ContactLine]) -> str:
    """A state's own number before one of every state, one for business still being written before one for the past."""
    fitting = sorted(
        (line for line in lines if line.us_state in (us_state, "")),
        key=lambda line: (not line.us_state, line.business_until is not None),
    )
    if fitting:
        return phone_as_text(fitting[0].phone)
    return str(settings.SUPPORT_PHONES_BY_STATE.get(us_state, settings.SUPPORT_PHONE))
