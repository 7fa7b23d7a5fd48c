"""Tables of expected first days of coverage by special and open enrollment.

Judged by the tables that came with the portal (``enrollment/data/sep``), so that neither a database nor what the carrier has published
since changes the answer. The ``params`` cell overrides choices of the carrier and states facts:
``key=value``, several separated by ``;``.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from enrollment import shipped
from enrollment.rules.sep import decide
from enrollment.rules.sep_options import CHOICES, with_choices
from enrollment.rules.sep_types import Combine, DeclaredEvent, PriorCoverage, Refusal, SepRequest, SepTables
from portal.management.vectors.checker import Checker, SkipRow
from portal.management.vectors.table import BadTable, Parser, Row, as_date, as_integer, one_of

_AS_SWITCH = one_of(
    [(word, True) for word in ("on", "yes", "true", "1")] + [(w, False) for w in ("off", "no", "false", "0")]
)
_DAYS = ("move_days_before", "medicaid_days_after", "hra_days_after")
_FACTS: dict[str, Parser[Any]] = {
    "prior_coverage": one_of((word.value, word) for word in PriorCoverage),
    "used_this_year": _AS_SWITCH,
    "knew_on": as_date,
    "hra_notice_90": _AS_SWITCH,
}
_CHOICES: dict[str, Parser[Any]] = {
    name: as_integer
    if name in _DAYS
    else one_of((word.value, word) for word in Combine)
    if name == "combine"
    else _AS_SWITCH
    for name in CHOICES
}
_KNOWN = (*_CHOICES, *_FACTS)
_ANSWERED_NO = "OEP"
_LAST_YEAR = 9998


def as_date_or_refusal(text: str) -> date | Refusal:
    """Read a date written YYYY-MM-DD, or the code that says why there is none."""
    if text in set(Refusal):
        return Refusal(text)
    try:
        return as_date(text)
    except ValueError:
        raise ValueError(f"is neither a date YYYY-MM-DD nor one of: {', '.join(Refusal)}") from None


def answer(row: Row, compared: Iterable[str]) -> Mapping[str, Any]:
    """Decide the application in ``row``; ``OEP`` as the event means that the SEP question was answered No."""
    choices, facts = _params(row)
    applied = row.need("application_date", as_date)
    if applied.year > _LAST_YEAR:
        raise BadTable(f"line {row.line} ({row.id}), application_date: lies after the year {_LAST_YEAR}")
    us_state = row.cells["state"]
    special = row.cells["event_code"] != _ANSWERED_NO
    request = SepRequest(
        us_state=us_state,
        channel=row.need("channel", one_of((("off", "off"), ("on", "on")))),
        application_date=applied,
        events=tuple(_declared(row, facts)) if special else (),
        special=special,
        election=_election(row.cells["election"]),
    )
    decision = decide(request, with_choices(_tables(us_state), choices))
    return {
        "expected_effective_date": decision.effective_date or decision.error,
        "expected_plan_year": decision.plan_year,
    }


@cache
def _tables(us_state: str) -> SepTables:
    return shipped.sep_tables(us_state)


def _declared(row: Row, facts: Mapping[str, Any]) -> Iterable[DeclaredEvent]:
    codes, dates = row.cells["event_code"].split(";"), row.cells["event_date"].split(";")
    if dates == [""]:
        dates *= len(codes)
    if len(codes) != len(dates):
        raise BadTable(
            f"line {row.line} ({row.id}), event_date: {len(codes)} life events need as many dates, separated by ';'"
        )
    for code, cell in zip(codes, dates, strict=True):
        event_date = _read(row, "event_date", as_date, cell.strip()) if cell.strip() else None
        yield DeclaredEvent(code=code.strip(), event_date=event_date, **facts)


def _params(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """Choices of the carrier and facts of the application in the ``params`` cell."""
    choices: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    for part in re.split(r"[;,|\s]+", row.cells["params"]):
        key, equals, value = part.partition("=")
        if not part:
            continue
        if not equals:
            raise BadTable(f"line {row.line} ({row.id}), params: {part!r} is not key=value")
        if key not in _CHOICES and key not in _FACTS:
            raise SkipRow(f"params: {key} is no choice or fact the portal knows; it knows {', '.join(_KNOWN)}")
        if key in _CHOICES:
            choices[key] = _read(row, "params", _CHOICES[key], value)
        else:
            facts[key] = _read(row, "params", _FACTS[key], value)
    if any(choices.get(name, 0) < 0 for name in _DAYS):
        raise BadTable(f"line {row.line} ({row.id}), params: days cannot be below zero")
    return choices, facts


def _election(text: str) -> str | date | None:
    """A word, a date, or nothing; the rules refuse what is not offered."""
    try:
        return as_date(text)
    except ValueError:
        return text or None


def _read(row: Row, column: str, parse: Parser[Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError as exc:
        raise BadTable(f"line {row.line} ({row.id}), {column}: {text!r} {exc}") from None


CHECKER = Checker(
    name="sep",
    inputs=("channel", "state", "application_date", "event_code", "event_date", "election", "params"),
    compared={"expected_effective_date": as_date_or_refusal, "expected_plan_year": as_integer},
    answer=answer,
)
