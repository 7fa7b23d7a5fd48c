"""The figures of the dashboard: each is the number of rows of the list behind it, for the person who looks."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import User
from clients.models import Policy
from clients.rules.dated import add_months, first_of_month, last_of_month
from clients.rules.policy_status import PolicyStatus, ReportStatus, report_status
from clients.rules.status_facts import money_text
from portal.common.access import Perm
from portal.common.dates import as_text, today_in
from reporting import chart_markup, kept, narrowing
from reporting.at_risk import grace_by_month
from reporting.criteria import APPLICATION_STATUSES, POLICY_STATUSES, Criteria
from reporting.rules.charts import Figure
from reporting.rules.desk import Why

CALENDAR_DAYS = 60
MONTHS = 12
_STATUS_TONES = {"GRACE": "warning", "TERMED": "danger", "ACTIVE": "success"}
_GRACE_TONES = {Why.GRACE_1: "info", Why.GRACE_2: "warning", Why.GRACE_3: "danger"}
_STAGE_TONES = {"INCOMPLETE": "warning", "SUBMITTED": "info", "ACCEPTED": "success", "FAILED": "danger"}
WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart with its table. ``total`` stands under the table where the figures add up to a list of their own."""

    name: str
    title: str
    note: str
    heading: str
    extra_heading: str
    figures: Sequence[Figure]
    total: Figure | None = None

    @property
    def picture(self) -> SafeString:
        return chart_markup.picture(self.figures)

    @property
    def lines(self) -> list[tuple[str, SafeString, str]]:
        """The rows of the table: what is counted, how many, and what stands beside it."""
        return [(one.label, chart_markup.number(one), one.extra) for one in self.figures]

    @property
    def total_number(self) -> SafeString:
        return chart_markup.number(self.total) if self.total else SafeString("")

    @property
    def in_words(self) -> str:
        """What the picture says, for those who do not see it."""
        return f"{self.title}: " + ", ".join(f"{one.label} {one.value:,}" for one in self.figures)


# How many policies have a status and a day to which they are paid.
Book = dict[tuple[str, date | None], int]


def book_of(user: User) -> Book:
    """What two of the figures are added up from; one query over an index that holds nothing else."""
    rows = Policy.objects.for_user(user).order_by().values_list("status", "paid_to_date").annotate(count=Count("pk"))
    return {(status, paid_to): count for status, paid_to, count in rows}


def by_status(user: User, book: Book | None = None) -> Chart:
    """The book under the three words of the reports; together they are all of it (REP_06)."""
    counted = dict.fromkeys((ReportStatus.ACTIVE, ReportStatus.GRACE, ReportStatus.TERMED), 0)
    for (status, _paid_to), count in (book_of(user) if book is None else book).items():
        counted[report_status(PolicyStatus(status))] += count
    figures = [
        Figure(
            label=POLICY_STATUSES[word.value],
            short=POLICY_STATUSES[word.value],
            value=count,
            tone=_STATUS_TONES[word.value],
            show=f"status-{word.value}",
        )
        for word, count in counted.items()
    ]
    return Chart(
        name="status",
        title="Book by status",
        note="Policies of every producer number you may see. First payments that are due count as Active.",
        heading="Status",
        extra_heading="",
        figures=figures,
        total=Figure(label="All", value=sum(counted.values()), show="status-ALL"),
    )


def grace_ageing(user: User) -> Chart:
    """Policies in grace by month of grace, by the rules of the client's page. One query."""
    found = grace_by_month(user)
    figures = [
        Figure(
            label=why.label,
            short=why.label.removeprefix("Grace "),
            value=count,
            tone=_GRACE_TONES[why],
            extra=money_text(premium),
            url=reverse("reporting:desk", query={"why": why.value, "with": "snoozed"}),
        )
        for why, (count, premium) in found.items()
    ]
    return Chart(
        name="grace",
        title="Grace aging",
        note="Without advance credit grace has one month only; the second and third are on the exchange.",
        heading="Month of grace",
        extra_heading="Monthly premium",
        figures=figures,
        total=Figure(label="Grace Period", value=sum(count for count, _ in found.values()), show="status-GRACE"),
    )


def applications_by_stage(user: User, *, today: date) -> Chart | None:
    """Applications by what has become of them; ``None`` for those who may not enroll. One query."""
    if not user.has_portal_perm(Perm.ENROLL):
        return None
    counted = narrowing.applications_by_stage(user, today=today)
    figures = [
        Figure(
            label=APPLICATION_STATUSES[code],
            short=APPLICATION_STATUSES[code],
            value=counted[code],
            tone=_STAGE_TONES[code],
            show=f"stage-{code}",
        )
        for code in APPLICATION_STATUSES
        if code != "ALL"
    ]
    return Chart(
        name="stage",
        title="Applications by stage",
        note="Applications of this portal. Withdrawn ones, and those that can no longer be used, are left out.",
        heading="Stage",
        extra_heading="",
        figures=figures,
        total=Figure(label="All", value=sum(one.value for one in figures), show="stage-ALL"),
    )


def production(user: User, *, today: date) -> Chart:
    """Policies by the month of their coverage effective date, this month and the eleven before. One query."""
    first = add_months(first_of_month(today), 1 - MONTHS)
    rows = Policy.objects.for_user(user).filter(effective_date__range=(first, last_of_month(today))).order_by()
    counted: dict[date, tuple[int, Decimal]] = {}
    # By day, which an index tells; the days are added up here.
    for day, policies, premiums in rows.values_list("effective_date").annotate(
        policies=Count("pk"), premiums=Sum("monthly_premium")
    ):
        count, premium = counted.get(first_of_month(day), (0, Decimal(0)))
        counted[first_of_month(day)] = (count + policies, premium + premiums)
    months = [add_months(first, place) for place in range(MONTHS)]
    figures = []
    for month in months:
        count, premium = counted.get(month, (0, Decimal(0)))
        figures.append(
            Figure(
                label=f"{month:%B %Y}",
                short=f"{month:%b}",
                value=count,
                extra=money_text(premium),
                show=f"month-{month:%Y-%m}",
            )
        )
    return Chart(
        name="production",
        title="Production by month",
        note="Policies whose coverage began in the month, whatever became of them since.",
        heading="Coverage effective",
        extra_heading="Monthly premium",
        figures=figures,
    )


@dataclass(frozen=True)
class Day:
    """A day of the calendar; ``count`` is ``None`` outside of the sixty days."""

    day: date
    count: int | None
    show: str


@dataclass(frozen=True)
class Month:
    label: str
    weeks: list[list[Day | None]]


def paid_to_calendar(user: User, *, today: date, book: Book | None = None) -> list[Month]:
    """Policies in force by the day to which they are paid, for today and the sixty days after it."""
    last = today + timedelta(days=CALENDAR_DAYS)
    counted: dict[date, int] = {}
    for (status, paid_to), count in (book_of(user) if book is None else book).items():
        if paid_to is not None and status in narrowing.IN_FORCE:
            counted[paid_to] = counted.get(paid_to, 0) + count
    months = []
    month = first_of_month(today)
    while month <= last:
        weeks = [
            [_day(day, counted, today, last) if day.month == month.month else None for day in week]
            for week in Calendar(firstweekday=6).monthdatescalendar(month.year, month.month)
        ]
        shown = [week for week in weeks if any(day is not None and day.count is not None for day in week)]
        months.append(Month(f"{month:%B %Y}", shown))
        month = add_months(month, 1)
    return months


def _day(day: date, counted: dict[date, int], first: date, last: date) -> Day:
    inside = first <= day <= last
    return Day(day, counted.get(day, 0) if inside else None, f"paid-{day.isoformat()}")


def criteria_of(code: str) -> Criteria:
    """The report behind a figure. Raises ``ValueError`` for a code that no figure has."""
    kind, _, rest = code.partition("-")
    if kind == "status" and rest in POLICY_STATUSES:
        return Criteria(policy_status=rest)
    if kind == "stage" and rest in APPLICATION_STATUSES:
        return Criteria(application_status=rest)
    if kind == "month":
        first = date.fromisoformat(f"{rest}-01")
        return Criteria(report="coverage_effective", first=first, last=last_of_month(first))
    if kind == "paid":
        day = date.fromisoformat(rest)
        return Criteria(report="paid_to", first=day, last=day)
    raise ValueError(f"no figure {code!r}")


@dataclass(frozen=True)
class Figures:
    """Every chart of the dashboard in its order, and the calendar."""

    charts: list[Chart]
    months: list[Month]


def charts(user: User, *, today: date) -> list[Chart]:
    """Every chart of the page, in its order, counted now."""
    return _figures(user, today).charts


def figures(user: User, *, now: datetime, after: datetime | None = None) -> kept.Kept[Figures]:
    """The page: counted now, or for a large book kept since two minutes at most, and not from before ``after``."""
    return kept.counted(
        "dashboard",
        user,
        lambda: _figures(user, today_in(now=now)),
        now=now,
        after=after,
        perms=(Perm.CLIENT_VIEW, Perm.ENROLL),
    )


def _figures(user: User, today: date) -> Figures:
    book = book_of(user)
    found = [
        by_status(user, book),
        grace_ageing(user),
        applications_by_stage(user, today=today),
        production(user, today=today),
    ]
    return Figures([one for one in found if one is not None], paid_to_calendar(user, today=today, book=book))


def panel(user: User, *, today: date) -> dict[str, Any]:
    """What Home shows of it: the book, its grace, and the applications; nothing of a large agency's or the carrier's.

    Counting those takes too long for a page that is only passed through; the dashboard counts them when it is asked to.
    """
    if kept.is_large(user):
        return {"charts": [], "as_of": as_text(today)}
    found = [by_status(user), grace_ageing(user), applications_by_stage(user, today=today)]
    return {"charts": [one for one in found if one is not None], "as_of": as_text(today)}
