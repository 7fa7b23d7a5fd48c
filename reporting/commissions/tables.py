"""The grids of commission statements and of the lines of one."""

from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse

from portal.common.tables import BadFilter, Column, Table, contains, label_contains, starts
from reporting.models import CommissionLine, CommissionStatement


def _month(day: date) -> str:
    return f"{day:%m/%Y}"


def _month_is(name: str):
    def condition(typed: str) -> Q:
        month, _, year = typed.partition("/")
        if not (month.isascii() and month.isdigit() and year.isascii() and year.isdigit() and len(year) == 4):
            raise BadFilter("Enter a month as mm/yyyy.")
        return Q(**{f"{name}__month": int(month[:2]), f"{name}__year": int(year)})

    return condition


class StatementTable(Table[CommissionStatement]):
    """Statements of a person's producer numbers, the newest month first."""

    id = "commissions"
    caption = "Commission statements"
    default_sort = ("-month", "producer_number__number")
    empty_title = "No commission statement yet"
    empty_text = "Statements stand here once the carrier has worked out a month."
    columns = (
        Column(
            key="month",
            label="Month",
            value=lambda row: _month(row.month),
            url=lambda row: reverse("reporting:commission", args=[row.pk]),
            sort=("month",),
            filter_by=_month_is("month"),
        ),
        Column(
            key="producer_number",
            label="Nine Digit Producer Number",
            value=lambda row: row.producer_number.number,
            sort=("producer_number__number",),
            filter_by=starts("producer_number__number"),
        ),
        Column(
            key="producer_name",
            label="Producer Name",
            value=lambda row: row.producer_number.producer.name,
            sort=("producer_number__producer__last_name", "producer_number__producer__first_name"),
            filter_by=contains("producer_number__producer__last_name", "producer_number__producer__first_name"),
        ),
        Column(key="us_state", label="State", value=lambda row: row.producer_number.us_state),
        Column(key="line_count", label="Lines", kind="number", value=lambda row: row.line_count, sort=("line_count",)),
        Column(key="total", label="Total Commission", kind="money", value=lambda row: row.total, sort=("total",)),
    )

    def with_related(self, rows: "QuerySet[CommissionStatement]") -> "QuerySet[CommissionStatement]":
        return rows.select_related("producer_number__producer")


class LineTable(Table[CommissionLine]):
    """The lines of one statement, in its order."""

    id = "commission-lines"
    caption = "Lines of the statement"
    default_sort = ("line",)
    columns = (
        Column(key="line", label="Line", kind="number", value=lambda row: row.line, sort=("line",)),
        Column(
            key="kind",
            label="Type",
            value=lambda row: row.get_kind_display(),
            sort=("kind",),
            filter_by=label_contains("kind", CommissionLine.Kind.choices),
        ),
        Column(
            key="account_number",
            label="Account Number",
            value=lambda row: row.account_number,
            sort=("account_number",),
            filter_by=starts("account_number"),
        ),
        Column(
            key="insured",
            label="Insured",
            value=lambda row: row.insured_name,
            sort=("insured_name",),
            filter_by=contains("insured_name"),
        ),
        Column(
            key="product",
            label="Product Name",
            value=lambda row: row.product_name,
            sort=("product_name",),
            filter_by=contains("product_name"),
        ),
        Column(
            key="premium_month",
            label="Premium Month",
            value=lambda row: _month(row.premium_month),
            sort=("premium_month",),
            filter_by=_month_is("premium_month"),
        ),
        Column(key="members", label="Members", kind="number", value=lambda row: row.members, sort=("members",)),
        Column(key="premium", label="Premium", kind="money", value=lambda row: row.premium, sort=("premium",)),
        Column(key="amount", label="Commission", kind="money", value=lambda row: row.amount, sort=("amount",)),
    )
