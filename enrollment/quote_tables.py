"""Quotes as a list, with a box before each row (QUO_02, QUO_07)."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Quote, QuotePerson, QuotePlan
from enrollment.selectors.quotes import STATUS_PILLS, applicants_name, status_expression, status_of
from portal.common.dates import US_STATES
from portal.common.tables import Column, GridState, Table, Tick, contains, on_day, starts

NO_NAME = "Not saved yet"


def _applicant_contains(typed: str) -> Q:
    found = QuotePerson.objects.filter(relation=QuotePerson.Relation.SELF)
    for word in typed.split():
        found = found.filter(Q(first_name__icontains=word) | Q(last_name__icontains=word))
    return Q(pk__in=found.values("quote"))


def _plan_contains(typed: str) -> Q:
    return Q(pk__in=QuotePlan.objects.filter(plan__name__icontains=typed).values("quote"))


def _columns(*, now: datetime, several_numbers: bool) -> tuple[Column, ...]:
    return (
        Column(
            key="name",
            label="Quote Name",
            value=lambda row: row.name or NO_NAME,
            url=lambda row: reverse("enrollment:quote-plans", args=[row.pk]),
            sort=("name",),
            filter_by=contains("name"),
        ),
        Column(
            key="applicant",
            label="Primary Applicant",
            value=lambda row: applicants_name(row.people.all()),
            sort=("applicant_last", "applicant_first"),
            filter_by=_applicant_contains,
        ),
        Column(
            key="household",
            label="Household",
            kind="number",
            value=lambda row: len(row.people.all()),
            shown=False,
        ),
        Column(
            key="us_state",
            label="State",
            value=lambda row: row.county.us_state,
            sort=("county__us_state",),
            filter_by=lambda typed: Q(county__us_state=typed),
            choices=[("", "All"), *((state, state) for state in US_STATES)],
        ),
        Column(
            key="zip", label="Zip Code", value=lambda row: row.zip, sort=("zip",), filter_by=starts("zip"), shown=False
        ),
        Column(
            key="effective_date",
            label="Effective Date",
            kind="date",
            value=lambda row: row.effective_date,
            sort=("effective_date",),
            filter_by=on_day("effective_date"),
        ),
        Column(
            key="market",
            label="Market",
            value=lambda row: row.get_market_display(),
            sort=("market",),
            filter_by=lambda typed: Q(market=typed),
            choices=[("", "All"), *Quote.Market.choices],
            shown=False,
        ),
        Column(
            key="plans",
            label="Selected Plans",
            value=lambda row: ", ".join(dict.fromkeys(plan.plan.name for plan in row.plans.all())),
            filter_by=_plan_contains,
        ),
        Column(
            key="status",
            label="Status",
            value=lambda row: status_of(row, now=now),
            pill=lambda row: STATUS_PILLS[status_of(row, now=now)],
            sort=("status_in_words",),
            filter_by=lambda typed: Q(status_in_words=typed),
            choices=[("", "All"), *((one, one) for one in STATUS_PILLS)],
        ),
        Column(
            key="changed",
            label="Last Changed",
            kind="date",
            value=lambda row: timezone.localdate(row.updated_at),
            sort=("updated_at",),
            filter_by=on_day("updated_at__date"),
        ),
        Column(
            key="expires",
            label="Expires",
            kind="date",
            value=lambda row: row.expires_on,
            sort=("expires_on",),
            filter_by=on_day("expires_on"),
        ),
        Column(
            key="number",
            label="Writing Number",
            value=lambda row: row.producer_number.number,
            sort=("producer_number__number",),
            filter_by=starts("producer_number__number"),
            shown=several_numbers,
        ),
        Column(
            key="producer",
            label="Producer Name",
            value=lambda row: row.producer_number.producer.name,
            sort=("producer_number__producer__last_name", "producer_number__producer__first_name"),
            filter_by=contains("producer_number__producer__last_name", "producer_number__producer__first_name"),
            shown=False,
        ),
    )


class QuoteTable(Table[Quote]):
    """The quotes a person may work with, the one changed last first."""

    id = "quotes"
    caption = "Quotes"
    default_sort = ("-updated_at",)
    empty_title = "No quotes yet"
    empty_text = "Quotes are listed here once there are any."
    ticks = True

    def __init__(
        self, rows: "QuerySet[Quote]", state: GridState, *, now: datetime, several_numbers: bool, **kwargs: Any
    ) -> None:
        self.columns = _columns(now=now, several_numbers=several_numbers)
        super().__init__(self._with_words(rows, now), state, **kwargs)

    @staticmethod
    def _with_words(rows: "QuerySet[Quote]", now: datetime) -> "QuerySet[Quote]":
        """What the list can be sorted by besides the quote's own fields."""
        applicant = QuotePerson.objects.filter(quote=OuterRef("pk"), relation=QuotePerson.Relation.SELF)

        def name(field: str) -> Coalesce:
            return Coalesce(Subquery(applicant.values(field)[:1]), Value(""), output_field=CharField())

        return rows.alias(
            status_in_words=status_expression(now=now),
            applicant_last=name("last_name"),
            applicant_first=name("first_name"),
        )

    def with_related(self, rows: "QuerySet[Quote]") -> "QuerySet[Quote]":
        return rows.select_related("county", "producer_number__producer").prefetch_related("people", "plans__plan")

    def tick(self, row: Quote) -> Tick:
        name = row.name or f"quote for {applicants_name(row.people.all())}"
        return Tick(value=str(row.pk), label=f"Select {name}")
