"""The list of submitted documents: history only, nothing in it can be opened (DOC_06, DOC_07)."""

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from clients.models import Account
from ecomm.models import DocumentSubmission, DocumentType
from ecomm.selectors.documents import STATUS_PILLS
from portal.common.access import Perm
from portal.common.paging import Page
from portal.common.tables import Column, GridState, Table, Tick, contains, on_day, starts

ALL = ("", "All")


def _columns(types: list[DocumentType], *, several_people: bool, several_producers: bool) -> tuple[Column, ...]:
    """The guide's columns in its order, then what the guide does not know: what became of the document, and whose it is."""
    columns = [
        Column(
            key="tracking",
            label="Tracking #",
            value=lambda row: row.tracking_number,
            sort=("tracking_number",),
            filter_by=starts("tracking_number"),
        ),
        Column(
            key="type",
            label="Document Type",
            value=lambda row: row.document_type.label,
            sort=("document_type__label",),
            filter_by=lambda typed: Q(document_type__code=typed),
            choices=[ALL, *((kind.code, kind.label) for kind in types)],
        ),
        Column(
            key="account",
            label="Account #",
            value=lambda row: row.account_number,
            url=lambda row: row.client_url,
            sort=("account_number",),
            filter_by=starts("account_number"),
        ),
        Column(
            key="eapp",
            label="App Number",
            value=lambda row: row.eapp_number,
            sort=("eapp_number",),
            filter_by=starts("eapp_number"),
        ),
        Column(
            key="submitted",
            label="Submitted",
            kind="date",
            value=lambda row: row.submitted_at,
            sort=("submitted_at",),
            filter_by=on_day("submitted_at__date"),
        ),
        Column(
            key="status",
            label="Status",
            value=lambda row: row.get_status_display(),
            pill=lambda row: STATUS_PILLS[DocumentSubmission.Status(row.status)],
            sort=("status",),
            filter_by=lambda typed: Q(status=typed),
            choices=[ALL, *DocumentSubmission.Status.choices],
        ),
        Column(key="reason", label="Reason", value=lambda row: row.reason, filter_by=contains("reason")),
        Column(
            key="submitted_by",
            label="Submitted By",
            value=lambda row: row.submitted_by.get_full_name() or row.submitted_by.get_username(),
            sort=("submitted_by__last_name", "submitted_by__first_name"),
            filter_by=contains("submitted_by__last_name", "submitted_by__first_name"),
            shown=several_people,
        ),
        Column(
            key="producer",
            label="Producer Name",
            value=lambda row: row.producer.name,
            sort=("producer__last_name", "producer__first_name"),
            filter_by=contains("producer__last_name", "producer__first_name"),
            shown=several_producers,
        ),
        Column(
            key="file",
            label="File Name",
            value=lambda row: row.file.name,
            sort=("file__name",),
            filter_by=contains("file__name"),
            shown=False,
        ),
    ]
    return tuple(columns)


class DocumentTable(Table[DocumentSubmission]):
    """One person's submitted documents, newest first."""

    id = "documents"
    caption = "Submitted documents"
    default_sort = ("-submitted_at", "-tracking_number")
    empty_title = "No documents yet"
    empty_text = "What you send with Document Submission is listed here with its tracking number."
    ticks = True

    def __init__(
        self,
        rows: "QuerySet[DocumentSubmission]",
        state: GridState,
        *,
        user: User,
        types: list[DocumentType],
        **kwargs: Any,
    ) -> None:
        self.user = user
        self.columns = _columns(
            types,
            several_people=rows.exclude(submitted_by=user).exists(),
            several_producers=len(set(rows.order_by().values_list("producer_id").distinct()[:2])) > 1,
        )
        super().__init__(rows, state, **kwargs)

    def with_related(self, rows: "QuerySet[DocumentSubmission]") -> "QuerySet[DocumentSubmission]":
        return rows.select_related("document_type", "submitted_by", "producer", "file")

    def page_rows(self, page: Page) -> list[DocumentSubmission]:
        """The rows of a page, each with the address of the client where that is open to the user."""
        rows = super().page_rows(page)
        linked = {row.account_id for row in rows if row.account_id}
        mine: dict[int, str] = {}
        if linked and self.user.has_portal_perm(Perm.CLIENT_VIEW):
            accounts = Account.objects.for_user(self.user).filter(pk__in=linked, number__isnull=False)
            mine = {pk: reverse("clients:detail", args=[number]) for pk, number in accounts.values_list("pk", "number")}
        for row in rows:
            row.client_url = mine.get(row.account_id or 0, "") if row.account_number else ""  # type: ignore[attr-defined]
        return rows

    def tick(self, row: DocumentSubmission) -> Tick:
        return Tick(value=str(row.tracking_number), label=f"Select document {row.tracking_number}")
