"""Where the law leaves the carrier a choice, and what was chosen. Pure.

Most choices are columns of a life event's row, so that the carrier makes them by publishing a row; ``with_choices`` names them
and changes rows for a what-if (tables of expected dates do). What is no column of one event stands in ``OPTIONS``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from enrollment.rules.sep_types import Availability, Combine, LifeEvent, Rule, SepOptions, SepTables

OPTIONS = (
    SepOptions(
        in_force_from=date(2025, 1, 1),
        source="45 CFR 155.420(a)(3): each event is a right of its own; dental is asked like medical by the carrier's form",
        combine=Combine.EARLIEST,
        dental_requires_sep=True,
    ),
)

# Rows of one event a choice is about.
_DAYS = {
    "move_days_before": (("PERMANENT_MOVE",), "days_before"),
    "medicaid_days_after": (("LOSS_MEDICAID_CHIP",), "days_after"),
    "hra_days_after": (("ICHRA_NEW", "QSEHRA_NEW"), "days_after"),
}
_AVAILABLE = {"divorce_option": "DIVORCE_NO_LOSS", "death_option": "DEATH_NO_LOSS"}
_LOSS = "loss"

CHOICES = (
    "birth_after_event_option",
    "midmonth_option",
    *_DAYS,
    *_AVAILABLE,
    "combine",
    "dental_requires_sep",
)


def with_choices(tables: SepTables, choices: Mapping[str, Any]) -> SepTables:
    """The tables as they would be had the carrier chosen otherwise.

    ``choices`` maps names of ``CHOICES`` to bool, days (int) or ``Combine``. Raises ``KeyError`` for another name.
    """
    events, options = dict(tables.events), tables.options
    for name, value in choices.items():
        if name in _DAYS:
            codes, column = _DAYS[name]
            events |= {code: replace(events[code], **{column: value}) for code in codes if code in events}
        elif name in _AVAILABLE:
            code = _AVAILABLE[name]
            if code in events:
                events[code] = _made_available(events[code], taken=bool(value))
        elif name == "birth_after_event_option":
            events = {
                code: replace(event, elect_after_event=value) if event.rule == Rule.EVENT_DATE else event
                for code, event in events.items()
            }
        elif name == "midmonth_option":
            events = {
                code: replace(event, midmonth=value) if event.group == _LOSS else event
                for code, event in events.items()
            }
        elif name in ("combine", "dental_requires_sep"):
            options = replace(options, **{name: value})
        else:
            raise KeyError(name)
    return replace(tables, events=events, options=options)


def sep_is_asked(*, dental_only: bool, options: SepOptions) -> bool:
    """Whether the application needs open or special enrollment. Dental alone does unless the carrier chose otherwise:
    stand-alone dental is an excepted benefit, so off exchange 45 CFR 147.104 does not bind it."""
    return options.dental_requires_sep or not dental_only


def _made_available(event: LifeEvent, *, taken: bool) -> LifeEvent:
    """A choice turns OPTION into YES; it cannot open what an exchange does not offer."""

    def chosen(now: Availability) -> Availability:
        return Availability.YES if taken and now == Availability.OPTION else now

    return replace(event, off_exchange=chosen(event.off_exchange), on_exchange=chosen(event.on_exchange))
