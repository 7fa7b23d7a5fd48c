"""Comparing a rule's answers with the cells of a table."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.management.vectors.table import BadTable, Parser, Row, Table


class SkipRow(Exception):
    """The row cannot be judged here; the message says why (a plan that is not in the database)."""


@dataclass(frozen=True)
class Outcome:
    """What came of one row: ``wrong`` maps column to (expected, got); ``skipped`` says why it was not judged."""

    row_id: str
    wrong: Mapping[str, tuple[Any, Any]]
    skipped: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.wrong)

    @property
    def sentence(self) -> str:
        """The id with what was expected and what came out, or why the row was skipped."""
        if self.skipped:
            return f"{self.row_id}: skipped, {self.skipped}"
        expected = ", ".join(f"{column}={_shown(pair[0])}" for column, pair in self.wrong.items())
        got = ", ".join(f"{column}={_shown(pair[1])}" for column, pair in self.wrong.items())
        return f"{self.row_id}: expected {expected}; got {got}"


@dataclass(frozen=True, kw_only=True)
class Checker:
    """How tables of one rule are read and judged.

    ``inputs``: columns ``answer`` reads. ``compared``: columns with expected values and how each is read (a parser
    gives values of the type ``answer`` gives); an empty cell expects no answer, None. ``more_compared`` finds further
    ones in the header; it raises ``BadTable``. ``answer`` gives a value for every compared column; it raises
    ``BadTable`` for a cell it cannot read and ``SkipRow`` for a row that cannot be judged.
    """

    name: str
    inputs: Sequence[str]
    compared: Mapping[str, Parser[Any]]
    answer: Callable[[Row, Iterable[str]], Mapping[str, Any]]
    more_compared: Callable[[Sequence[str]], Mapping[str, Parser[Any]]] = lambda header: {}

    def check(self, table: Table) -> list[Outcome]:
        """Judge every row. Raises ``BadTable`` with everything that is malformed, and then judges none."""
        missing = [name for name in (*self.inputs, *self.compared) if name not in table.header[1:]]
        if missing:
            raise BadTable(f"line 1: the header needs these columns too: {', '.join(missing)}")
        compared = {**self.compared, **self.more_compared(table.header)}
        outcomes: list[Outcome] = []
        problems: list[str] = []
        for row in table.rows:
            try:
                outcomes.append(self._judge(row, compared))
            except BadTable as exc:
                problems += exc.problems
        if problems:
            raise BadTable(*problems)
        return outcomes

    def _judge(self, row: Row, compared: Mapping[str, Parser[Any]]) -> Outcome:
        expected = {column: row.read(column, parse) for column, parse in compared.items()}
        try:
            got = self.answer(row, compared)
        except SkipRow as exc:
            return Outcome(row.id, {}, skipped=str(exc))
        wrong = {column: (expected[column], got[column]) for column in compared if expected[column] != got[column]}
        return Outcome(row.id, wrong)


def _shown(value: Any) -> str:
    """A value as the table would write it."""
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, default=str)
    return str(value)
