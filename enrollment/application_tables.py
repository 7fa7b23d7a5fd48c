"""Completed, Incomplete and Failed Applications as lists (LST_04..06)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from enrollment.models import Application
from enrollment.selectors import payments
from enrollment.selectors.applications import (
    WITH_SUBMISSIONS,
    applicant_name,
    monthly_premium,
    product_name,
    status_of,
)
from portal.common.dates import US_STATES, today_in
from portal.common.tables import Column, Table, contains, on_day, starts


def _applicant(typed: str) -> Q:
    """Part of the primary applicant's first or last name."""
    return Q(applicants__position=0) & (
        Q(applicants__first_name__icontains=typed) | Q(applicants__last_name__icontains=typed)
    )


def _page_of(row: Application) -> str:
    return reverse("enrollment:application", args=[row.record_number])


def _where_it_was_left(row: Application) -> str:
    return reverse("enrollment:application-continue", args=[row.record_number])


RECORD_NUMBER = Column(
    key="record_number",
    label="Record Number",
    value=lambda row: row.record_number,
    url=_page_of,
    sort=("id",),
    filter_by=starts("record_number"),
)
RESUME = Column(
    key="record_number",
    label="Record Number",
    value=lambda row: row.record_number,
    url=_where_it_was_left,
    sort=("id",),
    filter_by=starts("record_number"),
)
STATUS = Column(key="status", label="Status", value=status_of)
CLIENT_APP_ID = Column(
    key="client_app_id",
    label="Client App ID",
    value=lambda row: row.client_app_id,
    sort=("client_app_id",),
    filter_by=starts("client_app_id"),
)
SUBMITTED = Column(
    key="submitted_at",
    label="Date Submitted",
    kind="date",
    value=lambda row: today_in(row.us_state, now=row.submitted_at) if row.submitted_at else None,
    sort=("submitted_at",),
    filter_by=on_day("submitted_at__date"),
)
STATE = Column(
    key="us_state",
    label="State",
    value=lambda row: row.us_state,
    sort=("us_state",),
    filter_by=lambda typed: Q(us_state=typed),
    choices=[("", "All"), *((state, state) for state in US_STATES)],
)
APPLICANT = Column(key="applicant", label="Applicant Name", value=applicant_name, filter_by=_applicant)
PRODUCT = Column(key="product", label="Product Name", value=product_name)
PREMIUM = Column(key="premium", label="Monthly Premium", kind="money", value=monthly_premium)
EFFECTIVE = Column(
    key="effective_date",
    label="Effective Date",
    kind="date",
    value=lambda row: row.effective_date,
    sort=("effective_date",),
    filter_by=on_day("effective_date"),
)
PRODUCER = Column(
    key="producer",
    label="Producer Name",
    value=lambda row: row.producer_number.producer.name,
    sort=("producer_number__producer__last_name", "producer_number__producer__first_name"),
    filter_by=contains("producer_number__producer__last_name", "producer_number__producer__first_name"),
)
NUMBER = Column(
    key="producer_number",
    label="Producer Number",
    value=lambda row: row.producer_number.number,
    sort=("producer_number__number",),
    filter_by=starts("producer_number__number"),
)
PAYMENT = Column(key="payment", label="Payment Status", value=payments.status_of)
EXPIRES = Column(
    key="expires_on",
    label="Expiration Date",
    kind="date",
    value=lambda row: row.expires_on,
    sort=("expires_on",),
    filter_by=on_day("expires_on"),
)
MODIFIED = Column(
    key="updated_at",
    label="Last Modified Date",
    kind="date",
    value=lambda row: row.updated_at,
    sort=("updated_at",),
    filter_by=on_day("updated_at__date"),
)


class ApplicationTable(Table[Application]):
    """What the lists have in common: the newest change first."""

    default_sort = ("-updated_at",)
    list_name = "applications"

    def with_related(self, rows: "QuerySet[Application]") -> "QuerySet[Application]":
        return rows.select_related("producer_number__producer").prefetch_related(
            "applicants", "plans__plan", "payments", WITH_SUBMISSIONS
        )


class CompletedTable(ApplicationTable):
    id = "completed-applications"
    caption = "Completed Applications"
    columns = (
        *(RECORD_NUMBER, STATUS, CLIENT_APP_ID, STATE, APPLICANT, PRODUCT, PREMIUM),
        *(SUBMITTED, EFFECTIVE, PAYMENT, PRODUCER, NUMBER, MODIFIED),
    )
    empty_title = "No completed applications"
    empty_text = "Applications that were sent to the carrier are listed here."


class IncompleteTable(ApplicationTable):
    id = "incomplete-applications"
    caption = "Incomplete Applications"
    columns = (RESUME, STATE, APPLICANT, PRODUCT, PREMIUM, EFFECTIVE, PRODUCER, NUMBER, EXPIRES, MODIFIED)
    empty_title = "No incomplete applications"
    empty_text = "Press Start New Application, or Enroll in Selected Plans on the Review page of a quote."


class FailedTable(ApplicationTable):
    id = "failed-applications"
    caption = "Failed Applications"
    columns = (RECORD_NUMBER, CLIENT_APP_ID, STATE, SUBMITTED, EFFECTIVE, PRODUCER, NUMBER, EXPIRES, MODIFIED)
    empty_title = "No failed applications"
    empty_text = "Applications that the carrier's system did not take are listed here until they expire."


Status = Application.Status
TABS: dict[str, tuple[str, type[ApplicationTable]]] = {
    "completed": (Status.COMPLETED, CompletedTable),
    "incomplete": (Status.INCOMPLETE, IncompleteTable),
    "failed": (Status.FAILED, FailedTable),
}


def tabs(current: str) -> list[dict[str, Any]]:
    """The three lists as links, in the guide's order."""
    url = reverse("enrollment:applications")
    return [
        {"label": table.caption, "url": f"{url}?tab={name}", "current": name == current}
        for name, (_, table) in TABS.items()
    ]
