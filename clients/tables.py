"""The result grid of searches and reports: sixteen columns, one row per policy (SRC_11 to SRC_16)."""

from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Case, CharField, F, Func, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import IContains

from clients.models import Policy
from clients.rules.names import name_key
from clients.rules.policy_status import PolicyStatus, ReportStatus, report_note, report_status
from portal.common import dates
from portal.common.addresses import address_of
from portal.common.tables import (
    BadFilter,
    Column,
    GridState,
    Table,
    Tick,
    contains,
    label_contains,
    on_day,
    starts,
    whole_number,
)

STATUS_WORDS = {ReportStatus.GRACE: "Grace Period", ReportStatus.TERMED: "Termed", ReportStatus.ACTIVE: "Active"}
STATUS_PILLS = {ReportStatus.GRACE: "warning", ReportStatus.TERMED: "danger", ReportStatus.ACTIVE: "success"}
# get_..._display() makes such a dictionary anew for every cell.
_RECORD_TYPES: dict[str, str] = dict(Policy.RecordType.choices)
_MARKETS: dict[str, str] = dict(Policy.Market.choices)


def status_text(policy: Policy) -> str:
    """Grace Period, Termed or Active, with the note that keeps the word from misleading (conflict C32)."""
    return _shown_status(PolicyStatus(policy.status), policy.effective_date)


def _shown_status(status: PolicyStatus, effective_date: date) -> str:
    word = STATUS_WORDS[report_status(status)]
    note = report_note(status, effective_date=effective_date)
    return f"{word}, {note}" if note else word


# Sorted by status means by the words shown, not by the codes behind them.
STATUS_ORDER = Case(
    *(
        When(status=status.value, then=Value(place))
        for place, status in enumerate(sorted(PolicyStatus, key=lambda status: _shown_status(status, date.max)))
    ),
    output_field=IntegerField(),
)


def status_pill(policy: Policy) -> str:
    """The colour of the status; a first payment that is missing asks for attention although the word is Active."""
    if policy.status == Policy.Status.INITIAL_PAYMENT_DUE:
        return "warning"
    if policy.status == Policy.Status.FUTURE:
        return "info"
    return STATUS_PILLS[report_status(PolicyStatus(policy.status))]


def client_url(policy: Policy) -> str:
    """The client's detail page; a household without an account number yet opens by its E-App number (SRC_14)."""
    if policy.account.number:
        return address_of("clients:detail", policy.account.number)
    return address_of("clients:detail-by-eapp", policy.eapp_number) if policy.eapp_number else ""


def _by_key(field: str) -> Callable[[str], Q]:
    """Part of a name, whatever its accents, case and punctuation."""

    def condition(typed: str) -> Q:
        key = name_key(typed)
        if not key:
            # An empty key is part of every name: the box would say one thing and the rows another.
            raise BadFilter("Enter letters from A to Z.")
        return Q(**{f"{field}__contains": key})

    return condition


def _every_word(*fields: str) -> Callable[[str], Q]:
    """Every word typed stands in one of ``fields``: "rita sol" finds Rita Solberg."""
    return lambda typed: reduce(and_, (contains(*fields)(word) for word in typed.split()))


def _status_condition(typed: str) -> Q:
    """What was typed stands in the status as shown, notes included; only one note depends on the row: when it starts."""
    wanted = typed.casefold()
    start_unknown = date.max
    day = dates.as_text(start_unknown)
    condition = Q(pk__in=[])
    for status in PolicyStatus:
        shown = _shown_status(status, start_unknown)
        before, depends_on_row, _ = shown.partition(day)
        if wanted in before.casefold():
            condition |= Q(status=status.value)
        elif depends_on_row:
            start = Func(F("effective_date"), Value("MM/DD/YYYY"), function="to_char", output_field=CharField())
            condition |= Q(status=status.value) & Q(IContains(Concat(Value(before), start), typed))
    return condition


POLICY_COLUMNS = (
    Column(
        key="last_name",
        label="Last Name",
        value=lambda policy: policy.insured_last_name,
        sort=("insured_last_key", "insured_first_key"),
        filter_by=_by_key("insured_last_key"),
    ),
    Column(
        key="first_name",
        label="First Name",
        value=lambda policy: policy.insured_first_name,
        sort=("insured_first_key", "insured_last_key"),
        filter_by=_by_key("insured_first_key"),
    ),
    Column(
        key="record_type",
        label="Record Type",
        value=lambda policy: _RECORD_TYPES[policy.record_type],
        sort=("record_type",),
        filter_by=label_contains("record_type", Policy.RecordType.choices),
    ),
    Column(
        key="eapp_number",
        label="E-App Number",
        value=lambda policy: policy.eapp_number,
        url=lambda policy: "" if policy.account.number else client_url(policy),
        sort=("eapp_number",),
        filter_by=starts("eapp_number"),
    ),
    Column(
        key="client_app_id",
        label="Client App ID",
        value=lambda policy: policy.client_app_id,
        sort=("client_app_id",),
        filter_by=starts("client_app_id"),
    ),
    Column(
        key="member_count",
        label="Member Count",
        kind="number",
        value=lambda policy: policy.member_count,
        sort=("member_count",),
        filter_by=whole_number("member_count"),
    ),
    Column(
        key="group_number",
        label="Group Number",
        value=lambda policy: policy.group_number,
        sort=("group_number",),
        filter_by=starts("group_number"),
    ),
    Column(
        key="account_number",
        label="Account Number",
        value=lambda policy: policy.account.number or "",
        url=lambda policy: client_url(policy) if policy.account.number else "",
        sort=("account__number",),
        filter_by=starts("account__number"),
    ),
    Column(
        key="status",
        label="Status",
        value=status_text,
        pill=status_pill,
        sort=(STATUS_ORDER, "paid_to_date"),
        filter_by=_status_condition,
    ),
    Column(
        key="product_type",
        label="Product Type",
        value=lambda policy: _MARKETS[policy.market],
        sort=("market",),
        filter_by=label_contains("market", Policy.Market.choices),
    ),
    Column(
        key="product_name",
        label="Product Name",
        value=lambda policy: policy.product_name,
        sort=("product_name",),
        filter_by=contains("product_name"),
    ),
    Column(
        key="effective_date",
        label="Coverage Effective Date",
        kind="date",
        value=lambda policy: policy.effective_date,
        sort=("effective_date",),
        filter_by=on_day("effective_date"),
    ),
    Column(
        key="paid_to_date",
        label="Paid To Date",
        kind="date",
        value=lambda policy: policy.paid_to_date,
        sort=("paid_to_date",),
        filter_by=on_day("paid_to_date"),
    ),
    Column(
        key="term_date",
        label="Termed",
        kind="date",
        value=lambda policy: policy.term_date,
        sort=("term_date",),
        filter_by=on_day("term_date"),
    ),
    Column(
        key="producer_name",
        label="Producer Name",
        value=lambda policy: policy.producer_number.producer.name,
        sort=("producer_number__producer__last_name", "producer_number__producer__first_name"),
        filter_by=_every_word("producer_number__producer__last_name", "producer_number__producer__first_name"),
    ),
    Column(
        key="producer_number",
        label="Nine Digit Producer Number",
        value=lambda policy: policy.producer_number.number,
        sort=("producer_number__number",),
        filter_by=starts("producer_number__number"),
    ),
)


# What the cells above read; a row has forty columns more.
_SHOWN = (
    "insured_last_name",
    "insured_first_name",
    "record_type",
    "eapp_number",
    "client_app_id",
    "member_count",
    "group_number",
    "account__number",
    "status",
    "market",
    "product_name",
    "effective_date",
    "paid_to_date",
    "term_date",
    "producer_number__number",
    "producer_number__producer__first_name",
    "producer_number__producer__last_name",
)


class PolicyTable(Table[Policy]):
    """Policies as searches and reports list them."""

    caption = "Search results"
    columns: tuple[Column, ...] = POLICY_COLUMNS
    default_sort: tuple[str, ...] = ("insured_last_key", "insured_first_key")

    def with_related(self, rows: QuerySet[Policy]) -> QuerySet[Policy]:
        return rows.select_related("account", "producer_number__producer").only(*_SHOWN)


class SearchTable(PolicyTable):
    """The answer to a client search; with ``ticks``, a box before each policy, for those who generate ID cards."""

    list_name = "search"
    empty_title = "No client found"
    empty_text = (
        "Search with the primary insured's information: a spouse's or dependent's is never matched. "
        "Only clients whose producer of record is you, your downline or a producer you work for are shown."
    )

    def __init__(self, rows: QuerySet[Policy], state: GridState, *, ticks: bool = False, **kwargs: Any) -> None:
        self.ticks = ticks
        super().__init__(rows, state, **kwargs)

    def tick(self, row: Policy) -> Tick:
        words = f"Select {row.insured_first_name} {row.insured_last_name}, {row.product_name}"
        return Tick(value=str(row.pk), label=words)
