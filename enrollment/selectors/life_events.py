"""The life events in force, and the tables from which a first day of coverage is decided."""

from datetime import date

from clients.rules.dated import row_in_force
from enrollment.models import LifeEventKind
from enrollment.rules.sep_options import OPTIONS
from enrollment.rules.sep_types import Availability, LifeEvent, SepTables
from enrollment.selectors.open_enrollment import calendar_of
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


def _in_force(us_state: str, day: date) -> dict[str, LifeEvent]:
    # The row of every state comes first and gives the place in the list; a state's own row then takes its place.
    rows = LifeEventKind.objects.in_force(us_state, day).order_by("us_state", "position", "code")
    return {row.code: row.as_rule_row() for row in rows}
