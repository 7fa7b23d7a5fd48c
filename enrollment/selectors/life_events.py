"""The life events in force, and the tables from which a first day of coverage is decided."""

from datetime import date

from clients.rules.dated import row_in_force
from enrollment.models import Application, ApplicationLifeEvent, LifeEventKind
from enrollment.rules.sep_options import OPTIONS
from enrollment.rules.sep_types import Availability, LifeEvent, SepTables
from enrollment.selectors.open_enrollment import calendar_of
from enrollment.selectors.read_once import read_once
from portal.common.dates import US_STATES


def sep_tables(us_state: str, channel: str, day: date) -> SepTables:
    """What ``rules.sep.decide`` needs for an application made on ``day`` in the state; two queries.

    ``channel`` is on or off. Drafts are not in it; a state's own row takes the place of that of every state.
    """
    return SepTables(
        states=frozenset(US_STATES),
        events=_in_force(us_state, day),
        calendar=calendar_of(us_state, channel),
        options=row_in_force(OPTIONS, day),
    )


def life_events_offered(us_state: str, channel: str, day: date) -> list[LifeEvent]:
    """Life events to choose from on an application made on ``day``, in the order of the list; one query."""
    on_exchange = channel.lower() == "on"
    return [
        event
        for event in _in_force(us_state, day).values()
        if (event.on_exchange if on_exchange else event.off_exchange) == Availability.YES
    ]


def life_events_of(application: Application) -> list[ApplicationLifeEvent]:
    """The life events of an application in the order in which they were added; read once while a page is drawn."""
    found = read_once(("life events", application.pk), lambda: list(application.life_events.order_by("id")))
    return list(found)


def _in_force(us_state: str, day: date) -> dict[str, LifeEvent]:
    return read_once(("life event kinds", us_state, day), lambda: _read_in_force(us_state, day))


def _read_in_force(us_state: str, day: date) -> dict[str, LifeEvent]:
    # The row of every state comes first and gives the place in the list; a state's own row then takes its place.
    rows = LifeEventKind.objects.in_force(us_state, day).order_by("us_state", "position", "code")
    return {row.code: row.as_rule_row() for row in rows}
