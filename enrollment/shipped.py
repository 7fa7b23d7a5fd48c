"""What came with the portal about enrollment periods: ``enrollment/data/sep``, read into the types of the rules.

Migrations load it into the database once; afterwards the carrier's staff keep these tables in the administration. Tables of
expected dates are checked against the files (``manage.py check_vectors sep``), so that needs no database.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from enrollment.rules.evidence import Asks, Slot
from enrollment.rules.open_enrollment import CalendarRow
from enrollment.rules.sep_options import OPTIONS
from enrollment.rules.sep_types import Availability, Election, LifeEvent, Rule, SepTables

SEP_DATA = Path(__file__).resolve().parent / "data" / "sep"


def calendar_rows() -> list[CalendarRow]:
    """The calendars of open enrollment. A row is confirmed iff its cell starts with "yes"; the rest is the note."""
    return [
        CalendarRow(
            us_state=row["state"],
            exchange_type=row["exchange_type"],
            plan_year=int(row["plan_year"]),
            channel=row["channel"],
            first_day=date.fromisoformat(row["first_day"]),
            last_day=date.fromisoformat(row["last_day"]),
            apply_through=date.fromisoformat(row["apply_through"]),
            effective_date=date.fromisoformat(row["effective_date"]),
            confirmed=row["confirmed"].lower().startswith("yes"),
            note=row["confirmed"].removeprefix("yes").strip(" ,;:"),
            source=row["source"],
        )
        for row in _rows("open_enrollment.csv")
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippedLifeEvent:
    """A life event for one state, or for every state (empty), with its place in the list and what is left open."""

    us_state: str
    position: int
    event: LifeEvent
    remark: str


def life_events() -> list[ShippedLifeEvent]:
    """The life events. A cell says yes, no or option, or which state's exchange says yes ("IL yes; federal platform no");
    what it says beside that is kept as a remark."""
    rows = []
    for position, row in enumerate(_rows("life_events.csv"), start=1):
        every = ShippedLifeEvent(us_state="", position=position, event=_life_event(row), remark=_remark(row))
        rows.append(every)
        for us_state in _STATE_SAYS_YES.findall(row["on_exchange"]):
            rows.append(replace(every, us_state=us_state, event=replace(every.event, on_exchange=Availability.YES)))
    return rows


def sep_tables(us_state: str) -> SepTables:
    """The shipped tables as the rules take them, for one state: its own rows before those of every state."""
    rows = sorted(life_events(), key=lambda row: row.us_state)
    calendar = calendar_rows()
    return SepTables(
        states=frozenset(row.us_state for row in calendar),
        events={row.event.code: row.event for row in rows if row.us_state in ("", us_state)},
        calendar=calendar,
        options=OPTIONS[-1],
    )


def evidence_slots() -> list[Slot]:
    """What is usually asked for as proof of each life event, in the order of the list."""
    return [
        Slot(
            event_code=row["life_event"],
            code=row["code"],
            label=row["label"],
            note=row["note"],
            asks=Asks(row["asks"]),
            required=row["required"] == "yes",
            one_of=row["one_of"],
            unless_exempt=row["unless_exempt"] == "yes",
        )
        for row in _rows("evidence_kinds.csv")
    ]


_STATE_SAYS_YES = re.compile(r"\b([A-Z]{2}) yes\b")
_IF_NOTICE_DUE = re.compile(r"on exchange (\d+) if 90-day notice")
_BY_REVIEW = "An earlier date may be given by a review of the documents."
# 45 CFR 155.420(e)
_NOT_BY_CHOICE = "Coverage that was cancelled by choice, ended for unpaid premiums or was rescinded does not count."
_PLAIN = ("yes", "no", "")


def _life_event(row: dict[str, str]) -> LifeEvent:
    rule, _, beside = row["effective_rule"].partition(" ")
    elections = [cell.strip() for cell in row["elections"].split("|")]
    notice = _IF_NOTICE_DUE.search(row["days_after"])
    return LifeEvent(
        code=row["code"],
        group=row["group"],
        label=row["label"],
        date_label=row["date_label"],
        off_exchange=_availability(row["off_exchange"]),
        on_exchange=_availability(row["on_exchange"]),
        days_before=int(row["days_before"].split()[0]),
        days_after=int(row["days_after"].split()[0]),
        days_after_if_notice_due=int(notice[1]) if notice else None,
        rule=Rule(rule),
        elect_after_application=Election.AFTER_APPLICATION in elections,
        elect_after_event=Election.AFTER_EVENT in elections,
        needs_prior_coverage=row["needs_prior_coverage"].startswith("yes"),
        once_a_year="once per calendar year" in row["label"],
        review=row["review"] == "yes",
        evidence=row["evidence"],
        note=_BY_REVIEW if "by review" in beside else _NOT_BY_CHOICE if row["code"].startswith("LOSS_") else "",
        citation=row["trigger_citation"],
    )


def _availability(cell: str) -> Availability:
    word = cell.split()[0]
    return Availability(word) if word in set(Availability) else Availability.NO


def _remark(row: dict[str, str]) -> str:
    """What a cell says beside its first word, with the name of the column."""
    told = []
    for column in ("off_exchange", "on_exchange", "days_before", "days_after", "elections"):
        cell = row[column]
        if cell not in _PLAIN and not cell.isdigit() and cell not in set(Election):
            told.append(f"{column.replace('_', ' ')}: {cell}")
    return "; ".join(told)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (SEP_DATA / name).open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)
