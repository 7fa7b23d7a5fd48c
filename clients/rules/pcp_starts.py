"""On which days a new primary care physician may begin (PCP_10): a dated table per state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clients.rules.dated import add_months, first_of_month, row_in_force


@dataclass(frozen=True, kw_only=True)
class StartRule:
    """Whether a change may begin only on the first of a month.

    ``medical_groups_only``: the rule is about medical groups and physicians who belong to one, not about others.
    """

    state: str
    in_force_from: date
    first_of_month: bool
    medical_groups_only: bool
    source: str


_TABLE_BEGINS = date(2014, 1, 1)

STARTS: tuple[StartRule, ...] = (
    StartRule(
        state="IL",
        in_force_from=_TABLE_BEGINS,
        first_of_month=True,
        medical_groups_only=True,
        source="PCP_10, PCP_11: received 07/30, begins 08/01; received 06/10, begins 07/01; no earlier cut-off day",
    ),
    StartRule(
        state="NM",
        in_force_from=_TABLE_BEGINS,
        first_of_month=False,
        medical_groups_only=False,
        source="PCP_10; carrier practice: any day",
    ),
)

# A state without a row: any day.
ANY_DAY = StartRule(
    state="",
    in_force_from=_TABLE_BEGINS,
    first_of_month=False,
    medical_groups_only=False,
    source="PCP_10: only some states have the rule; none is known here",
)


def start_rule(state: str, *, on: date, rows: Sequence[StartRule] = STARTS) -> StartRule:
    """Return the rule of ``state`` (two capital letters) for changes that are to begin on ``on``."""
    of_state = [row for row in rows if row.state == state]
    return row_in_force(of_state, on) if of_state else ANY_DAY


def proposed_start(state: str, day: date, *, in_group: bool, rows: Sequence[StartRule] = STARTS) -> date | None:
    """Return the first of the next month where a change cannot begin on ``day``, or None where it can.

    ``day`` is the first day asked for, inclusive; ``in_group`` whether a medical group, or one of its physicians, was
    chosen.
    """
    rule = start_rule(state, on=day, rows=rows)
    if not rule.first_of_month or day.day == 1 or (rule.medical_groups_only and not in_group):
        return None
    return add_months(first_of_month(day), 1)
