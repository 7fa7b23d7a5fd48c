"""My E-Questions as a list: the guide's columns in the guide's order, a box before each row (EQ_05)."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.urls import reverse

from ecomm.models import EQuestion
from ecomm.selectors.questions import STATUS_PILLS
from portal.common.paging import Page
from portal.common.tables import BadFilter, Column, Table, Tick, contains, label_contains, on_day, starts


def _client_name(typed: str) -> Q:
    """Text anywhere in the first name, the last name or both together."""
    return contains("client_first_name", "client_last_name", "client_name_as_shown")(typed)


def _tracking_number(typed: str) -> Q:
    digits = typed.upper().removeprefix("#").removeprefix("EQU")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise BadFilter("Enter a tracking number such as EQU30001.")
    return Q(number=int(digits))


def _address(question: EQuestion) -> str:
    return reverse("ecomm:question", args=[question.number])


class QuestionTable(Table[EQuestion]):
    """Newest first until another order is chosen; # counts the rows of the list as it is sorted."""

    id = "questions"
    caption = "My E-Questions"
    default_sort = ("-submitted_at",)
    empty_title = "No E-Questions yet"
    empty_text = "Ask the carrier something: New E-Question is above."
    ticks = True
    columns = (
        Column(key="place", label="#", kind="number", value=lambda question: question.place),
        Column(
            key="subject",
            label="Subject",
            value=lambda question: question.subject,
            url=_address,
            sort=("subject",),
            filter_by=contains("subject"),
        ),
        Column(
            key="status",
            label="Status",
            value=lambda question: question.get_status_display(),
            pill=lambda question: STATUS_PILLS[question.status],
            sort=("status",),
            filter_by=label_contains("status", EQuestion.Status.choices),
        ),
        Column(
            key="submitted",
            label="Submitted",
            kind="date",
            value=lambda question: question.submitted_at,
            sort=("submitted_at",),
            filter_by=on_day("submitted_at__date"),
        ),
        Column(
            key="responded",
            label="Responded",
            kind="date",
            value=lambda question: question.responded_at,
            sort=("responded_at",),
            filter_by=on_day("responded_at__date"),
        ),
        Column(
            key="client_id",
            label="Client ID",
            value=lambda question: question.client_id,
            sort=("client_id",),
            filter_by=starts("client_id"),
        ),
        Column(
            key="client_name",
            label="Client Name",
            value=lambda question: question.client_name,
            sort=("client_last_name", "client_first_name"),
            filter_by=_client_name,
        ),
        Column(
            key="tracking",
            label="Tracking #",
            value=lambda question: question.tracking_number,
            url=_address,
            sort=("number",),
            filter_by=_tracking_number,
        ),
    )

    def _filtered(self, rows: "QuerySet[EQuestion]") -> "QuerySet[EQuestion]":
        whole_name = Concat("client_first_name", Value(" "), "client_last_name")
        return super()._filtered(rows.alias(client_name_as_shown=whole_name))

    def page_rows(self, page: Page) -> list[EQuestion]:
        return list(_counted(iter(super().page_rows(page)), first=page.first_row))

    def all_rows(self) -> Iterator[EQuestion]:
        return _counted(super().all_rows(), first=1)

    def tick(self, row: EQuestion) -> Tick:
        return Tick(value=row.tracking_number, label=f"Select {row.tracking_number}, {row.subject}")


class DeletedQuestionTable(QuestionTable):
    """What this person took off the list and can put back."""

    caption = "Deleted E-Questions"
    empty_title = "No deleted E-Questions"
    empty_text = "What you delete from My E-Questions can be put back from here."


def _counted(rows: Iterator[EQuestion], *, first: int) -> Iterator[EQuestion]:
    for place, question in enumerate(rows, first):
        question.place = place  # type: ignore[attr-defined]
        yield question
