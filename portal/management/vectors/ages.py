"""Tables of expected dates around the 65th and the 26th birthday."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from clients.rules.ages import AgeOutRule, DependentFacts, dependent_age_limit, in_window, turning_65
from portal.management.vectors.checker import Checker
from portal.management.vectors.table import BadTable, Parser, Row, as_date, as_yes_no, one_of

_DATES = ("birthday", "attains_on", "medicare_month", "iep_start", "iep_end", "coverage_last_day")
_WINDOW = re.compile(r"in_window_(.+)_(.+)")

_as_report = one_of((("65", "65"), ("26", "26")))
# What stands after the "+" of a rule cell, as in ``end_of_month+disabled``.
_EXCEPTIONS: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "il_veteran": {"state": "IL", "unmarried_veteran": True},
}
_RULES: dict[str, AgeOutRule | None] = {"none": None, **{rule.value: rule for rule in AgeOutRule}}
_as_rule = one_of(
    [(word, (rule, {})) for word, rule in _RULES.items()]
    + [(f"{word}+{name}", (rule, extra)) for word, rule in _RULES.items() for name, extra in _EXCEPTIONS.items()]
)


def answer(row: Row, compared: Iterable[str]) -> Mapping[str, Any]:
    """Work out the dates of the report the row names, and whether each window of the header holds them.

    The 65 report goes by the first day of the Medicare month, the 26 report by the last covered day.
    """
    born = row.need("dob", as_date)
    rule, exceptions = row.read("rule", _as_rule) or (None, {})
    answers: dict[str, Any] = dict.fromkeys(_DATES)
    if row.need("report", _as_report) == "65":
        dates = turning_65(born)
        answers |= {name: getattr(dates, name) for name in _DATES if name != "coverage_last_day"}
        listed_by: date | None = dates.medicare_month
    else:
        limit = dependent_age_limit(
            DependentFacts(date_of_birth=born, is_child=row.cells["relationship"] == "child", rule=rule, **exceptions)
        )
        answers |= {"birthday": limit.birthday, "coverage_last_day": limit.coverage_last_day}
        listed_by = limit.coverage_last_day
    for column in compared:
        if window := _window(column):
            answers[column] = in_window(listed_by, first=window[0], last=window[1])
    return answers


def windows(header: Sequence[str]) -> Mapping[str, Parser[Any]]:
    """Find the columns ``in_window_<from>_<to>``. Raises ``BadTable`` for one without two dates in order."""
    for column in header:
        if column.startswith("in_window"):
            try:
                window = _window(column)
            except ValueError:
                window = None
            if window is None or window[1] < window[0]:
                raise BadTable(f"line 1: {column!r} must be in_window_<from>_<to> with dates YYYY-MM-DD in order")
    return {column: as_yes_no for column in header if column.startswith("in_window")}


def _window(column: str) -> tuple[date, date] | None:
    match = _WINDOW.fullmatch(column)
    return (as_date(match[1]), as_date(match[2])) if match else None


CHECKER = Checker(
    name="ages",
    inputs=("report", "dob", "relationship", "rule"),
    compared=dict.fromkeys(_DATES, as_date),
    answer=answer,
    more_compared=windows,
)
