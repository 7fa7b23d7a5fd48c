"""Prospects as a list, with a box before each row (PRO_07..10)."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from clients.models import Prospect
from clients.rules.names import digits
from portal.common.dates import US_STATES
from portal.common.tables import BadFilter, Column, FilterFunction, GridState, Table, Tick, contains, on_day, starts


def _phone_text(number: str) -> str:
    return f"({number[:3]}) {number[3:6]}-{number[6:]}" if number else ""


def _has_digits(name: str) -> FilterFunction:
    """Some of a phone number's digits, however they are written."""

    def condition(typed: str) -> Q:
        if not digits(typed):
            raise BadFilter("Enter digits of the phone number.")
        return Q(**{f"{name}__contains": digits(typed)})

    return condition


def _phone(key: str, label: str) -> Column:
    return Column(
        key=key,
        label=label,
        value=lambda row: _phone_text(getattr(row, key)),
        sort=(key,),
        filter_by=_has_digits(key),
    )


def _columns(*, linked: bool, several_agents: bool) -> tuple[Column, ...]:
    """The fields of the form, the names first as in the list of clients."""
    return (
        Column(
            key="last_name",
            label="Last Name",
            value=lambda row: row.last_name,
            url=(lambda row: reverse("clients:prospect", args=[row.pk])) if linked else None,
            sort=("last_name", "first_name"),
            filter_by=contains("last_name"),
        ),
        Column(
            key="first_name",
            label="First Name",
            value=lambda row: row.first_name,
            sort=("first_name", "last_name"),
            filter_by=contains("first_name"),
        ),
        Column(key="middle_initial", label="MI", value=lambda row: row.middle_initial, shown=False),
        Column(
            key="address_1",
            label="Address 1",
            value=lambda row: row.address_1,
            filter_by=contains("address_1"),
            shown=False,
        ),
        Column(
            key="address_2",
            label="Address 2",
            value=lambda row: row.address_2,
            filter_by=contains("address_2"),
            shown=False,
        ),
        Column(key="city", label="City", value=lambda row: row.city, sort=("city",), filter_by=contains("city")),
        Column(
            key="us_state",
            label="State",
            value=lambda row: row.us_state,
            sort=("us_state",),
            filter_by=lambda typed: Q(us_state=typed),
            choices=[("", "All"), *((state, state) for state in US_STATES)],
        ),
        Column(key="zip", label="Zip Code", value=lambda row: row.zip, sort=("zip",), filter_by=starts("zip")),
        _phone("phone", "Phone Number"),
        _phone("cell_phone", "Cell Phone"),
        Column(
            key="email",
            label="Email Address",
            value=lambda row: row.email,
            sort=("email",),
            filter_by=contains("email"),
        ),
        Column(
            key="agent",
            label="Agent",
            value=lambda row: row.producer.name,
            sort=("producer__last_name", "producer__first_name"),
            filter_by=contains("producer__last_name", "producer__first_name"),
            shown=several_agents,
        ),
        Column(
            key="added",
            label="Added",
            kind="date",
            value=lambda row: row.created_at,
            sort=("created_at",),
            filter_by=on_day("created_at__date"),
            shown=False,
        ),
    )


class ProspectTable(Table[Prospect]):
    """What a search has found, by name."""

    id = "prospects"
    caption = "Prospects"
    default_sort: tuple[str, ...] = ("last_name", "first_name")
    empty_title = "No prospect found"
    empty_text = "Nobody fits everything you entered. Clear a field, or press Show All."
    list_name = "prospects"
    ticks = True
    own_tools = True

    def __init__(self, rows: "QuerySet[Prospect]", state: GridState, *, several_agents: bool, **kwargs: Any) -> None:
        self.columns = self.make_columns(several_agents=several_agents)
        super().__init__(rows, state, **kwargs)

    def make_columns(self, *, several_agents: bool) -> tuple[Column, ...]:
        """The columns; the agent's is shown to those who see prospects of several."""
        return _columns(linked=True, several_agents=several_agents)

    def with_related(self, rows: "QuerySet[Prospect]") -> "QuerySet[Prospect]":
        return rows.select_related("producer")

    def tick(self, row: Prospect) -> Tick:
        return Tick(value=str(row.pk), label=f"Select {row.first_name} {row.last_name}")


class DeletedProspectTable(ProspectTable):
    """What can still be brought back, and until when."""

    id = "deleted-prospects"
    list_name = ""
    caption = "Deleted Prospects"
    default_sort = ("-deleted_at",)
    empty_title = "No deleted prospects"
    empty_text = "What is deleted in Search for Prospects can be restored from here for a while."

    def __init__(self, rows: "QuerySet[Prospect]", state: GridState, *, undo_for: timedelta, **kwargs: Any) -> None:
        self.undo_for = undo_for
        super().__init__(rows, state, **kwargs)

    def make_columns(self, *, several_agents: bool) -> tuple[Column, ...]:
        """The same columns, with since when a row is deleted and how long it can be restored after the names."""
        columns = _columns(linked=False, several_agents=several_agents)
        names, others = columns[:2], columns[2:]
        return (
            *names,
            Column(
                key="deleted_at",
                label="Deleted",
                kind="date",
                value=lambda row: row.deleted_at,
                sort=("deleted_at",),
                filter_by=on_day("deleted_at__date"),
            ),
            Column(
                key="restorable_until",
                label="Can Be Restored Until",
                kind="date",
                value=lambda row: row.deleted_at + self.undo_for,
                sort=("deleted_at",),
            ),
            *others,
        )


def facts_of(prospect: Prospect) -> list[tuple[str, str]]:
    """A prospect's data with the names and in the order of the form's fields, for those who may only look."""
    columns = {column.key: column for column in _columns(linked=False, several_agents=True)}
    names = [columns.pop(key) for key in ("first_name", "middle_initial", "last_name")]
    shown = [*names, *(column for column in columns.values() if column.key != "agent")]
    return [(column.label, column.shown_text(prospect)) for column in shown]
