"""Create Report: what a report is made of (REP_02 to REP_09, REP_18, REP_20)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms

from clients.rules.names import digits, name_key
from portal.common.dates import as_text, parse_us_date
from reporting import reports
from reporting.criteria import APPLICATION_STATUSES, POLICY_STATUSES, SWITCHES, Criteria
from reporting.reports import REPORTS

FIRST_YEAR, LAST_YEAR = 1990, 2100
SELECT_ONE = ("", "Select One")
CHOOSE_SOMETHING = "Choose a report, a policy status or an application status."
WHICH_DAYS = "Choose the report that the days are for."
NOT_OF_APPLICATIONS = (
    "This report lists policies. Leave Application Status at Select One, or choose eApp Start Date, App Signature Date or "
    "Coverage Effective Date."
)
ONE_STATUS = "Choose a policy status or an application status, not both: a row is a policy or an application."


class DayField(forms.CharField):
    """A calendar day as MM/DD/YYYY."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "inputmode": "numeric", "placeholder": "MM/DD/YYYY"}
        super().__init__(max_length=40, required=False, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> date | None:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            day = parse_us_date(typed)
        except ValueError:
            raise forms.ValidationError("Enter the date as MM/DD/YYYY.") from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(f"Enter a date from {FIRST_YEAR} through {LAST_YEAR}.")
        return day


@dataclass(frozen=True)
class Numbers:
    """The producer numbers a person may choose from, with whose they are; ``None`` where there are too many for a list."""

    choices: list[tuple[str, str]] | None


def dress(form: forms.Form) -> None:
    """Give the fields of a form that a template writes itself the classes of the portal's look."""
    for field in form.fields.values():
        kind = "form-control"
        if isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
            kind = "form-check-input"
        elif isinstance(field.widget, forms.Select):
            kind = "form-select"
        field.widget.attrs["class"] = kind


def mark_errors(form: forms.Form) -> None:
    """Make the boxes with an error look like it."""
    for name in form.errors:
        if name in form.fields:
            form.fields[name].widget.attrs["class"] += " is-invalid"


class ReportForm(forms.Form):
    """The form in the guide's order. A policy status alone is a valid report; the dates belong to the report above them."""

    report = forms.ChoiceField(
        label="Report",
        choices=[(report.code, report.label) for report in REPORTS],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of the eight reports."},
    )
    first = DayField(label="From")
    last = DayField(label="To")
    application_status = forms.ChoiceField(
        label="Application Status",
        choices=[SELECT_ONE, *APPLICATION_STATUSES.items()],
        required=False,
        help_text="Lists applications instead of policies. Incomplete: not submitted yet. Submitted: waiting for the carrier. "
        "Accepted: became a policy. Failed: not taken by the carrier's system. It can be combined with eApp Start Date, "
        "App Signature Date and Coverage Effective Date, or stand alone.",
        error_messages={"invalid_choice": "Select one of the statuses in the list."},
    )
    policy_status = forms.ChoiceField(
        label="Policy Status",
        choices=[SELECT_ONE, *POLICY_STATUSES.items()],
        required=False,
        help_text="Needs no dates. Grace Period: premium overdue, still in force. All: every policy, with a column that says "
        "Grace Period, Termed or Active.",
        error_messages={"invalid_choice": "Select one of the statuses in the list."},
    )
    product_name = forms.CharField(
        label="Product Name",
        max_length=120,
        required=False,
        help_text="Part of the plan's name, for example Bronze or PPO.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    producer_first_name = forms.CharField(
        label="Producer First Name",
        max_length=60,
        required=False,
        help_text="The first letters of the name of a producer whose clients you may see.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    producer_last_name = forms.CharField(
        label="Producer Last Name",
        max_length=60,
        required=False,
        help_text="The first letters of the last name, or of the agency's name.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    producer_number = forms.CharField(
        label="Nine Digit Producer Number",
        required=False,
        help_text="All: every number whose clients you may see.",
    )

    def __init__(self, *args: Any, numbers: Numbers, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for name, label in SWITCHES.items():
            self.fields[name] = forms.BooleanField(label=label, required=False)
        self._offer(numbers)
        dress(self)

    def full_clean(self) -> None:
        super().full_clean()
        mark_errors(self)

    def _offer(self, numbers: Numbers) -> None:
        field = self.fields["producer_number"]
        self.offered = numbers.choices
        if numbers.choices is None:
            field.help_text = "Nine digits; empty for every number."
            field.widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
        else:
            field.widget = forms.Select(choices=[("", "All"), *numbers.choices])

    @property
    def switch_pairs(self) -> list[list[forms.BoundField]]:
        """The eight switches, two in a row as on the guide's screen."""
        bound = [self[name] for name in SWITCHES]
        return [bound[place : place + 2] for place in range(0, len(bound), 2)]

    def clean_producer_first_name(self) -> str:
        return self._name("producer_first_name")

    def clean_producer_last_name(self) -> str:
        return self._name("producer_last_name")

    def _name(self, field: str) -> str:
        typed: str = self.cleaned_data[field]
        if typed and not name_key(typed):
            raise forms.ValidationError("Enter letters from A to Z.")
        return typed

    def clean_producer_number(self) -> str:
        typed: str = self.cleaned_data["producer_number"]
        if not typed:
            return ""
        if self.offered is not None:
            if typed not in {number for number, _ in self.offered}:
                raise forms.ValidationError("Choose one of the producer numbers in the list.")
            return typed
        number = digits(typed)
        if len(number) != 9 or typed.replace(" ", "").replace("-", "") != number:
            raise forms.ValidationError("A producer number has nine digits, zeros in front included.")
        return number

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        code = cleaned.get("report", "")
        if "report" in cleaned:
            self._check_days(cleaned, code)
        if "application_status" in cleaned and cleaned["application_status"]:
            if code and not reports.get(code).application_day:
                self.add_error("application_status", NOT_OF_APPLICATIONS)
            elif cleaned.get("policy_status"):
                self.add_error("application_status", ONE_STATUS)
        return cleaned

    def _check_days(self, cleaned: dict[str, Any], code: str) -> None:
        first, last = cleaned.get("first"), cleaned.get("last")
        typed = [name for name in ("first", "last") if self.data.get(self.add_prefix(name), "").strip()]
        if not code:
            if typed:
                self.add_error("report", WHICH_DAYS)
            elif not (cleaned.get("policy_status") or cleaned.get("application_status")):
                # A status that could not be read has its own message.
                if "policy_status" not in self.errors and "application_status" not in self.errors:
                    self.add_error("report", CHOOSE_SOMETHING)
            return
        ahead = reports.get(code).default_days_ahead
        if not typed and ahead:
            cleaned["first"], cleaned["last"] = self.today, self.today + timedelta(days=ahead)
            return
        if first is None and "first" not in self.errors:
            self.add_error("first", "Enter the first day.")
        if last is None and "last" not in self.errors:
            self.add_error("last", "Enter the last day.")
        if first and last and last < first:
            self.add_error("last", "The To date is before the From date.")

    def criteria(self) -> Criteria:
        """What was asked for, once the form is valid."""
        data = self.cleaned_data
        plain = {name: data[name] for name in data if name not in SWITCHES}
        return Criteria(**plain, switches=tuple(name for name in SWITCHES if data.get(name)))

    @classmethod
    def filled_with(cls, asked: Criteria, *, numbers: Numbers, today: date) -> "ReportForm":
        """The form with an earlier report in it, to change it; a relative period stands there as the days it means today."""
        asked = asked.on(today)
        initial: dict[str, Any] = {name: getattr(asked, name) for name in cls.base_fields}
        initial |= dict.fromkeys(asked.switches, True)
        initial |= {"first": as_text(asked.first), "last": as_text(asked.last)}
        return cls(initial=initial, numbers=numbers, today=today)
