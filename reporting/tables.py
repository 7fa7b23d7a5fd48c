"""The grids of reports: policies, people whose age is near a limit, and applications, each with phone and email (REP_15)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from clients.models import ContactPoint, Coverage, Member, Policy
from clients.rules.ages import birthday_at, turning_65
from clients.rules.grace_tables import Channel
from clients.rules.policy_status import statuses_shown_as
from clients.selectors.detail import phone_text
from clients.tables import POLICY_COLUMNS, STATUS_WORDS, PolicyTable, client_url, status_pill, status_text
from enrollment.application_tables import (
    APPLICANT,
    EFFECTIVE,
    EXPIRES,
    NUMBER,
    PREMIUM,
    PRODUCER,
    PRODUCT,
    RECORD_NUMBER,
    SUBMITTED,
)
from enrollment.application_tables import STATE as APPLICATION_STATE
from enrollment.models import Application, LifeEventKind
from enrollment.selectors.applications import WITH_SUBMISSIONS, status_of
from portal.common.dates import today_in
from portal.common.paging import Page
from portal.common.tables import Column, FilterFunction, Table, TableView, contains
from reporting.rules.birth_windows import child_limit

AT_ONCE = 2_000
AGED_OUT = "LOSS_AGE_26"
# Which phone number is shown where a client has several: the one that is most likely answered.
PHONES = (ContactPoint.Kind.CELL, ContactPoint.Kind.HOME, ContactPoint.Kind.WORK, ContactPoint.Kind.UNTYPED)
CONTACT_KEYS = ("phone", "email")


def _phone_url(row: Any) -> str:
    return f"tel:+1{row.phone}" if len(row.phone) == 10 else ""


def _email_url(row: Any) -> str:
    return f"mailto:{row.email}" if row.email else ""


PHONE = Column(key="phone", label="Phone Number", value=lambda row: phone_text(row.phone), url=_phone_url)
EMAIL = Column(key="email", label="Email Address", value=lambda row: row.email, url=_email_url)


def with_contacts(rows: Sequence[Any], account_of: Callable[[Any], int]) -> Sequence[Any]:
    """Set ``phone`` (ten digits) and ``email`` of the household's primary insured on each row, with one query."""
    by_account: dict[int, dict[str, str]] = {}
    found = ContactPoint.objects.filter(
        member__account_id__in={account_of(row) for row in rows}, member__role=Member.Role.PRIMARY
    )
    for account_id, kind, value in found.values_list("member__account_id", "kind", "value"):
        by_account.setdefault(account_id, {})[kind] = value
    for row in rows:
        points = by_account.get(account_of(row), {})
        row.phone = next((points[kind] for kind in PHONES if kind in points), "")
        row.email = points.get(ContactPoint.Kind.EMAIL, "")
    return rows


def _in_chunks(rows: Iterable[Any], finish: Callable[[list[Any]], Sequence[Any]]) -> Iterator[Any]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield from finish(some)


class _OrderedByReport:
    """A grid whose first order is the report's own."""

    def __init__(self, *args: Any, default_sort: tuple[str, ...] = (), **kwargs: Any) -> None:
        if default_sort:
            self.default_sort = default_sort
        super().__init__(*args, **kwargs)


class ReportTable(_OrderedByReport, PolicyTable):
    """A report's policies: the columns of the search, and how the client is reached."""

    id = "report"
    caption = "Report"
    list_name = "report"
    columns: tuple[Column, ...] = (*POLICY_COLUMNS, PHONE, EMAIL)
    default_sort = ("paid_to_date",)
    empty_title = "No policy fits this report"
    empty_text = "Change what is asked for and submit again."

    def page_rows(self, page: Page) -> list[Policy]:
        return list(with_contacts(super().page_rows(page), _account_of_policy))

    def all_rows(self) -> Iterator[Policy]:
        return _in_chunks(super().all_rows(), lambda rows: with_contacts(rows, _account_of_policy))


def _account_of_policy(policy: Policy) -> int:
    return policy.account_id


# --- people ---


def _through_policy(key: str) -> Column:
    """A column of the search for a row that is a person on a policy."""
    column = next(one for one in POLICY_COLUMNS if one.key == key)
    value, url = column.value, column.url
    return Column(
        key=column.key,
        label=column.label,
        kind=column.kind,
        value=lambda row: value(row.policy),
        url=(lambda row: url(row.policy)) if url else None,
        sort=tuple(f"policy__{name}" for name in column.sort if isinstance(name, str)),
        filter_by=_prefixed(column.filter_by) if column.filter_by else None,
    )


def _prefixed(condition: FilterFunction) -> FilterFunction:
    """The same condition on the policy of a row; only for conditions made of plain field names."""

    def through(typed: str) -> Q:
        return _with_prefix(condition(typed))

    return through


def _with_prefix(condition: Q) -> Q:
    moved = Q()
    moved.connector, moved.negated = condition.connector, condition.negated
    for child in condition.children:
        moved.children.append(_with_prefix(child) if isinstance(child, Q) else (f"policy__{child[0]}", child[1]))  # type: ignore[index]
    return moved


def _status_filter(typed: str) -> Q:
    words = [word for word, label in STATUS_WORDS.items() if typed.casefold() in label.casefold()]
    codes = [status.value for word in words for status in statuses_shown_as(word)]
    return Q(policy__status__in=codes)


PERSON_COLUMNS = (
    Column(
        key="last_name",
        label="Last Name",
        value=lambda row: row.member.last_name,
        url=lambda row: client_url(row.policy),
        sort=("member__last_name", "member__first_name"),
        filter_by=contains("member__last_name"),
    ),
    Column(
        key="first_name",
        label="First Name",
        value=lambda row: row.member.first_name,
        sort=("member__first_name", "member__last_name"),
        filter_by=contains("member__first_name"),
    ),
    Column(key="role", label="Relationship", value=lambda row: row.member.get_role_display(), sort=("member__role",)),
)
OF_THE_POLICY = (
    _through_policy("account_number"),
    Column(
        key="status",
        label="Status",
        value=lambda row: status_text(row.policy),
        pill=lambda row: status_pill(row.policy),
        filter_by=_status_filter,
    ),
    _through_policy("product_type"),
    _through_policy("product_name"),
    _through_policy("effective_date"),
    _through_policy("paid_to_date"),
    _through_policy("term_date"),
    _through_policy("producer_name"),
    _through_policy("producer_number"),
    PHONE,
    EMAIL,
)


_SHOWN_OF_PEOPLE = (
    *(f"member__{name}" for name in ("last_name", "first_name", "role", "date_of_birth")),
    *(f"member__{name}" for name in ("disabled_dependent", "unmarried_veteran")),
    *(f"policy__{name}" for name in ("account__number", "eapp_number", "status", "market", "us_state", "product_name")),
    *(f"policy__{name}" for name in ("effective_date", "paid_to_date", "term_date", "producer_number__number")),
    *(f"policy__producer_number__producer__{name}" for name in ("first_name", "last_name")),
)


class PersonTable(_OrderedByReport, Table[Coverage]):
    """People on policies; a person with a medical and a dental policy stands in two rows."""

    id = "report"
    caption = "Report"
    list_name = "report"
    default_sort = ("member__date_of_birth",)
    empty_title = "Nobody fits this report"
    empty_text = "Change what is asked for and submit again."

    def with_related(self, rows: "QuerySet[Coverage]") -> "QuerySet[Coverage]":
        related = rows.select_related("member", "policy__account", "policy__producer_number__producer")
        return related.only(*_SHOWN_OF_PEOPLE)  # a member's row holds an SSN, which costs to open and is not shown

    may_enroll = False  # links to a quote and a prospect for the person, on the screen only

    def view(self, *, as_of: datetime | None = None) -> TableView:
        if self.may_enroll:
            # Beside the days that are the reason for them.
            place = [column.key for column in self.columns].index("window_last") + 1
            self.columns = (*self.columns[:place], QUOTE, PROSPECT, *self.columns[place:])
            self.__dict__.pop("visible", None)  # it may have been asked for already
        return super().view(as_of=as_of)

    def finish(self, rows: Sequence[Coverage]) -> Sequence[Coverage]:
        """Set what the cells show beside the row itself."""
        return with_contacts(rows, _account_of_coverage)

    def page_rows(self, page: Page) -> list[Coverage]:
        return list(self.finish(super().page_rows(page)))

    def all_rows(self) -> Iterator[Coverage]:
        return _in_chunks(super().all_rows(), self.finish)


QUOTE = Column(
    key="quote",
    label="Quote",
    value=lambda row: "New Quote",
    url=lambda row: reverse("enrollment:quote-add", query={"member": row.member_id, "only": 1}),
)
PROSPECT = Column(
    key="prospect",
    label="Prospect",
    value=lambda row: "Add New Prospect",
    url=lambda row: reverse("clients:prospect-add", query={"member": row.member_id}),
)


def _set_window(row: Any, days: tuple[int, int] | None) -> None:
    last = _last_day(row)
    row.window = (last - timedelta(days[0]), last + timedelta(days[1])) if last and days else (None, None)


def own_window_days(today: date) -> dict[str, tuple[int, int]]:
    """Days before and after the last covered day in which who ages out may apply, by state ("" for every state).

    From the table of life events in force (45 CFR 155.420(c)(2), (d)(1)); one query.
    """
    rows = LifeEventKind.objects.published().filter(
        Q(last_day=None) | Q(last_day__gte=today), code=AGED_OUT, first_day__lte=today
    )
    return {
        state: (before, after) for state, before, after in rows.values_list("us_state", "days_before", "days_after")
    }


def _account_of_coverage(coverage: Coverage) -> int:
    return coverage.policy.account_id


def _birthday_65(row: Coverage) -> date:
    return turning_65(row.member.date_of_birth).birthday


def _birthday_26(row: Coverage) -> date:
    return birthday_at(row.member.date_of_birth, 26)


def _last_day(row: Coverage) -> date | None:
    return child_limit(
        row.member.date_of_birth,
        channel=Channel(row.policy.market),
        state=row.policy.us_state,
        unmarried_veteran=row.member.unmarried_veteran,
        disabled=row.member.disabled_dependent,
        today=today_in(row.policy.us_state),
    )


class Approaching65Table(PersonTable):
    columns = (
        *PERSON_COLUMNS,
        Column(
            key="birthday",
            label="65th Birthday",
            kind="date",
            value=_birthday_65,
            sort=("member__date_of_birth",),
        ),
        Column(
            key="medicare_month",
            label="Medicare Can Begin",
            kind="date",
            value=lambda row: turning_65(row.member.date_of_birth).medicare_month,
            sort=("member__date_of_birth",),
        ),
        Column(
            key="window_first",
            label="Medicare Enrollment From",
            kind="date",
            value=lambda row: turning_65(row.member.date_of_birth).iep_start,
            sort=("member__date_of_birth",),
        ),
        Column(
            key="window_last",
            label="Medicare Enrollment To",
            kind="date",
            value=lambda row: turning_65(row.member.date_of_birth).iep_end,
            sort=("member__date_of_birth",),
        ),
        *OF_THE_POLICY,
    )


class Approaching26Table(PersonTable):
    columns = (
        *PERSON_COLUMNS,
        Column(
            key="birthday",
            label="26th Birthday",
            kind="date",
            value=_birthday_26,
            sort=("member__date_of_birth",),
        ),
        Column(key="last_covered_day", label="Last Covered Day", kind="date", value=_last_day),
        Column(
            key="window_first",
            label="Special Enrollment From",
            kind="date",
            value=lambda row: row.window[0],
        ),
        Column(key="window_last", label="Special Enrollment To", kind="date", value=lambda row: row.window[1]),
        *OF_THE_POLICY,
    )

    def finish(self, rows: Sequence[Coverage]) -> Sequence[Coverage]:
        days = own_window_days(today_in())
        for row in rows:
            _set_window(row, days.get(row.policy.us_state) or days.get(""))
        return super().finish(rows)


# --- applications ---


def _started(row: Application) -> date:
    return today_in(row.us_state or None, now=row.created_at)


class ApplicationReportTable(_OrderedByReport, Table[Application]):
    """Applications of a report, whatever became of them."""

    id = "report"
    caption = "Report"
    list_name = "report"
    default_sort = ("-created_at",)
    columns = (
        RECORD_NUMBER,
        APPLICANT,
        Column(key="record_type", label="Record Type", value=lambda row: "Application"),
        Column(
            key="eapp_number",
            label="E-App Number",
            value=lambda row: row.eapp_number,
            sort=("eapp_number",),
        ),
        Column(
            key="client_app_id",
            label="Client App ID",
            value=lambda row: row.client_app_id,
            sort=("client_app_id",),
        ),
        Column(key="member_count", label="Member Count", kind="number", value=lambda row: len(row.applicants.all())),
        Column(key="status", label="Status", value=status_of),
        APPLICATION_STATE,
        PRODUCT,
        PREMIUM,
        Column(key="created_at", label="eApp Start Date", kind="date", value=_started, sort=("created_at",)),
        SUBMITTED,
        EFFECTIVE,
        EXPIRES,
        PRODUCER,
        NUMBER,
        PHONE,
        EMAIL,
    )
    empty_title = "No application fits this report"
    empty_text = "Change what is asked for and submit again."

    def with_related(self, rows: "QuerySet[Application]") -> "QuerySet[Application]":
        return rows.select_related("producer_number__producer").prefetch_related(
            "applicants", "plans__plan", WITH_SUBMISSIONS
        )
