"""What every report is made of: what it is called, which day it goes by, which rows it has, and its grid (REP_02).

To add one: a module of this folder with a subclass, and its line in ``reports/__init__.py``. The form, the page, the files,
saved reports and runs follow from that.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from clients.models import Policy
from portal.common.dates import US_STATES, ZONE_BY_STATE
from portal.common.tables import GridState, Table
from reporting import narrowing
from reporting.criteria import Criteria
from reporting.tables import ApplicationReportTable, ReportTable


class Report:
    """One choice of Create Report. Its rows are policies unless a subclass says otherwise."""

    code: ClassVar[str] = ""
    label: ClassVar[str] = ""
    # The days from From to To, both inclusive, are compared with this column of a policy ...
    day: ClassVar[str] = ""
    # ... or, where an application status is asked for, with this one of an application; empty: not to be combined.
    application_day: ClassVar[str] = ""
    # Without dates: this many days from today on; 0 where both must be given (REP_14).
    default_days_ahead: ClassVar[int] = 0
    table: ClassVar[Any] = ReportTable

    def select(self, user: User, asked: Criteria, *, today: date) -> QuerySet[Any]:
        """The rows in scope that fit. ``asked`` holds both days where the report has days; ``today`` is the carrier's day."""
        rows = narrowing.policies(user, asked)
        return rows.filter(**{f"{self.day}__range": (asked.first, asked.last)}) if self.day else rows

    def in_scope(self, user: User) -> QuerySet[Any]:
        """The rows of the person's books without any condition: where those that are gone from a report are looked up."""
        return Policy.objects.for_user(user)

    def make_table(
        self,
        user: User,
        asked: Criteria,
        state: GridState,
        *,
        today: date,
        action: str,
        keep: Sequence[tuple[str, str]] = (),
        rows: QuerySet[Any] | None = None,
    ) -> Table[Any]:
        """The report as a grid; ``rows`` are others than those selected, such as those that are gone since the last run."""
        kind: Any = ApplicationReportTable if asked.asks_for_applications else self.table
        selected = rows_of(self, user, asked, today=today) if rows is None else rows
        made: Table[Any] = kind(selected, state, action=action, keep=keep, default_sort=self.default_sort(asked))
        return made

    def default_sort(self, asked: Criteria) -> tuple[str, ...]:
        """The day the report goes by comes first."""
        if asked.asks_for_applications:
            return (self.application_day,) if self.application_day else ApplicationReportTable.default_sort
        return (self.day,) if self.day else self.table.default_sort

    def title(self, asked: Criteria) -> str:
        """What stands above the rows: "Policy Term Date: 11/01/2026 to 11/30/2026"."""
        return f"{self.label}: {asked.days_in_words}" if asked.days_in_words else self.label


def rows_of(report: Report, user: User, asked: Criteria, *, today: date) -> QuerySet[Any]:
    """The report's rows, or the applications of the same days where an application status is asked for."""
    if not asked.asks_for_applications:
        return report.select(user, asked, today=today)
    rows = narrowing.applications(user, asked, today=today)
    if not report.application_day or not (asked.first and asked.last):
        return rows
    if report.application_day.endswith("_at"):
        return rows.filter(during(report.application_day, asked.first, asked.last))
    return rows.filter(**{f"{report.application_day}__range": (asked.first, asked.last)})


def during(moment: str, first: date, last: date) -> Q:
    """The moment falls on a day from ``first`` to ``last``, both inclusive, on the calendar of the row's own state."""
    condition = Q(us_state="") & _between(moment, first, last, None)
    for state in US_STATES:
        condition |= Q(us_state=state) & _between(moment, first, last, state)
    return condition


def _between(moment: str, first: date, last: date, state: str | None) -> Q:
    zone = ZONE_BY_STATE[state] if state else timezone.get_default_timezone()
    begin = datetime.combine(first, time(), tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)
    return Q(**{f"{moment}__gte": begin, f"{moment}__lt": end})


def rows_in_scope(report: Report, user: User, asked: Criteria) -> QuerySet[Any]:
    """Every row the report could have of the books the person may open now, whatever is asked for."""
    if asked.asks_for_applications:
        return narrowing.visible_applications(user)
    return report.in_scope(user)
