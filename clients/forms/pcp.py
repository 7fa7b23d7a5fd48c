"""The Provider Change page as one form: who, which number, from when, and why (PCP_03, PCP_04, PCP_06)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from clients.models import PcpReason
from clients.rules.pcp_numbers import ProviderNumber, UnreadableNumber, read_number
from clients.selectors.pcp import MemberRow
from portal.common.dates import as_text

NOBODY_TICKED = "Tick the box beside at least one member."
NO_NUMBER = "Enter the Medical Group / PCP / PCPA / NPI number."
NOT_A_DAY = "Enter a date as mm/dd/yyyy."
ONCE = "A member's PCP can only be updated one time per transaction."
SELECT = "-- select --"
REASON = "reason-{}"


@dataclass(frozen=True)
class Box:
    """One member in the list: the row, its place among those that can be ticked, and whether it is ticked."""

    row: MemberRow
    place: int
    ticked: bool


class ProviderChangeForm(forms.Form):
    """What the page asks for. Reasons are judged member by member afterwards, so none is required here (PCP_06)."""

    member = forms.TypedMultipleChoiceField(
        label="Member",
        coerce=int,
        error_messages={"required": NOBODY_TICKED, "invalid_choice": "Tick a member of the list."},
    )
    number = forms.CharField(
        label="Medical Group / PCP / PCPA / NPI Number",
        max_length=40,
        help_text="Any one of these numbers, as Provider Finder shows it. An NPI has ten digits.",
        error_messages={"required": NO_NUMBER, "max_length": "A number has at most 12 letters and digits."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters", "maxlength": "40"}
        ),
    )
    effective_date = forms.DateField(
        label="Effective Date",
        input_formats=["%m/%d/%Y", "%Y-%m-%d"],
        error_messages={"required": NOT_A_DAY, "invalid": NOT_A_DAY},
        widget=forms.DateInput(
            format="%m/%d/%Y", attrs={"autocomplete": "off", "placeholder": "mm/dd/yyyy", "inputmode": "numeric"}
        ),
    )
    found = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None, *, rows: Sequence[MemberRow], reasons: Sequence[PcpReason], today: date
    ) -> None:
        super().__init__(data)
        self.rows = rows
        self.today = today
        open_rows = [row for row in rows if row.open]
        members: Any = self.fields["member"]
        members.choices = [(row.coverage.pk, row.name) for row in open_rows]
        choices = [("", SELECT), *((reason.code, reason.label) for reason in reasons)]
        for row in open_rows:
            self.fields[REASON.format(row.coverage.pk)] = forms.ChoiceField(
                label=row.name,
                choices=choices,
                required=False,
                error_messages={"invalid_choice": "Select a reason of the list."},
                widget=forms.Select(attrs={"class": "form-select", "autocomplete": "off"}),
            )

    # --- what was typed ---

    def clean_member(self) -> list[int]:
        ticked: list[int] = self.cleaned_data["member"]
        if len(set(ticked)) != len(ticked):
            raise forms.ValidationError(ONCE)
        return ticked

    def clean_number(self) -> ProviderNumber:
        try:
            return read_number(self.cleaned_data["number"])
        except UnreadableNumber as exc:
            raise forms.ValidationError(str(exc)) from None

    def clean_effective_date(self) -> date:
        day: date = self.cleaned_data["effective_date"]
        if day < self.today:
            raise forms.ValidationError(f"The effective date cannot be before today, {as_text(self.today)}.")
        return day

    @property
    def ticked(self) -> list[int]:
        """The coverages whose boxes are ticked, whatever else is wrong with the form."""
        sent = self.data.getlist("member") if isinstance(self.data, QueryDict) else []
        return [row.coverage.pk for row in self.rows if row.open and str(row.coverage.pk) in sent]

    @property
    def chosen_reasons(self) -> dict[int, str]:
        """The code of the reason of each ticked member, empty where none is chosen (or one that is not in the list)."""
        return {pk: str(self.cleaned_data.get(REASON.format(pk)) or "") for pk in self.ticked}

    def values(self) -> dict[str, Any]:
        """The form as the session keeps it while it is confirmed; only of a valid one."""
        return {
            "member": self.ticked,
            "number": self.cleaned_data["number"].text,
            "effective_date": as_text(self.cleaned_data["effective_date"]),
            "reasons": {str(pk): code for pk, code in self.chosen_reasons.items()},
        }

    def with_date(self, day: date) -> dict[str, Any]:
        """The same values with another effective date, for the form that follows an accepted warning."""
        return {**self.values(), "effective_date": as_text(day)}

    def mark_failed(self, coverage_ids: Sequence[int]) -> None:
        """Tie the drop-downs of members who cannot be changed to what is said about them in the list of errors."""
        for pk in coverage_ids:
            self.fields[REASON.format(pk)].widget.attrs |= {
                "class": "form-select is-invalid",
                "aria-invalid": "true",
                "aria-describedby": f"error-{pk}",
            }

    # --- for the template ---

    @property
    def boxes(self) -> list[Box]:
        ticked = set(self.ticked)
        places = {row.coverage.pk: place for place, row in enumerate(row for row in self.rows if row.open)}
        return [Box(row, places.get(row.coverage.pk, -1), row.coverage.pk in ticked) for row in self.rows]

    @property
    def assignments(self) -> list[tuple[MemberRow, forms.BoundField]]:
        """The ticked members, each with the drop-down of reasons."""
        ticked = set(self.ticked)
        return [
            (row, self[REASON.format(row.coverage.pk)]) for row in self.rows if row.open and row.coverage.pk in ticked
        ]


def as_posted(values: Mapping[str, Any]) -> QueryDict:
    """What ``ProviderChangeForm.values`` kept, as the browser would send it again."""
    data = QueryDict(mutable=True)
    data.setlist("member", [str(pk) for pk in values["member"]])
    data["number"], data["effective_date"] = values["number"], values["effective_date"]
    for pk, code in values["reasons"].items():
        data[REASON.format(pk)] = code
    return data
