"""Report an Issue: what the guide asks for, in its words and order (ISS_01, ISS_02)."""

import re
import uuid
from datetime import datetime, time, timedelta
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Div, Fieldset, Layout, Row
from django import forms
from django.urls import reverse
from django.utils import timezone

from ecomm.issue_context import LONGEST_PAGE, LONGEST_RECORD, path_of
from ecomm.models import IssueReport
from ecomm.services.issues import Reported
from portal.common.dates import US_STATE_CHOICES, as_text, parse_us_date
from portal.common.files.fields import CheckedFileField
from portal.common.files.uploads import SCREENSHOTS

# [0-9], because \d takes the digits of every script.
CLOCK = re.compile(r"([0-9]{1,2})(?: *: *([0-9]{2}))? *(?:([ap])\.?m?\.?)?", re.IGNORECASE)
LONGEST_TEXT = 5000
OLDEST = timedelta(days=366)
LONGEST_BROWSER: int = IssueReport._meta.get_field("browser").max_length or 0


def parse_clock(text: str) -> time:
    """Read a time of the day: "2:05 PM", "2 pm", "14:05". Raises ``ValueError`` when it is none."""
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError("Not a time of the day.")
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("No such hour before or after noon.")
        hour = hour % 12 + (12 if half == "p" else 0)
    elif found[2] is None:
        raise ValueError("A bare number does not say which half of the day.")
    return time(hour, minute)


def clock_as_text(moment: datetime) -> str:
    """h:mm AM by the carrier's clock."""
    local = timezone.localtime(moment)
    return f"{local.hour % 12 or 12}:{local:%M %p}"


def _one_kind_of_line_end(text: str) -> str:
    """Forms arrive with two signs at the end of a line; emails are written with one."""
    return text.replace("\r\n", "\n")


class ReportIssueForm(forms.Form):
    """Asterisks as in the guide's list: the screenshot is preferred, the client's name is for where it applies."""

    email = forms.EmailField(
        label="Email address",
        max_length=IssueReport._meta.get_field("email").max_length,
        help_text="We tell you there when your report has been answered.",
        error_messages={"required": "Enter an email address.", "invalid": "Please enter a valid email address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label="Detailed Description of Issue/Error Message",
        max_length=LONGEST_TEXT,
        help_text="What happened, and the message word for word.",
        error_messages={"required": "Describe what happened."},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    screenshot = CheckedFileField(
        label="Full Screen Screenshot",
        policy=SCREENSHOTS,
        required=False,
        help_text=f"Preferred. {SCREENSHOTS.types}. At most {SCREENSHOTS.limit}.",
    )
    steps = forms.CharField(
        label="Steps taken prior to receiving the error",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Say what you did before it happened."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    client_name = forms.CharField(
        label="Client/Contact Name", max_length=120, required=False, help_text="Where applicable."
    )
    agent = forms.CharField(
        label="Agent Name/Producer ID",
        max_length=IssueReport._meta.get_field("agent").max_length,
        error_messages={"required": "Enter the agent's name or producer ID."},
    )
    product = forms.ChoiceField(
        label="Product Type",
        choices=[("", "Select"), *IssueReport.Product.choices],
        error_messages={"required": "Choose a product type."},
    )
    us_state = forms.ChoiceField(
        label="State",
        choices=[("", "Select"), *US_STATE_CHOICES],
        error_messages={"required": "Choose a state."},
    )
    happened_on = forms.CharField(
        label="Date issue was observed",
        max_length=20,
        help_text="mm/dd/yyyy",
        error_messages={"required": "Enter the date as mm/dd/yyyy."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "placeholder": "mm/dd/yyyy"}),
    )
    happened_time = forms.CharField(
        label="Time issue was observed",
        max_length=20,
        error_messages={"required": "Enter the time, such as 2:05 PM."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "h:mm AM"}),
    )
    page = forms.CharField(
        max_length=2000, required=False, help_text="Address of the page in this portal, such as /clients/."
    )
    record = forms.CharField(
        label="Record number",
        max_length=LONGEST_RECORD,
        required=False,
        help_text="Of the account, application or question it is about.",
    )
    form_key = forms.UUIDField(
        required=False, widget=forms.HiddenInput, error_messages={"invalid": "Please send the form again."}
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, now: datetime, initial: dict[str, Any] | None = None
    ) -> None:
        self.now = now
        first = {
            "happened_on": as_text(timezone.localtime(now).date()),
            "happened_time": clock_as_text(now),
            "form_key": uuid.uuid4(),
        }
        super().__init__(data, files, initial={**first, **(initial or {})})
        zone = timezone.localtime(now).tzname()
        self.fields["happened_time"].help_text = f"Such as 2:05 PM, by the carrier's clock ({zone})."
        self.helper = FormHelper()
        self.helper.form_action = reverse("ecomm:report-issue")
        self.helper.attrs = {"novalidate": True, "data-paste-image": "screenshot"}
        self.helper.layout = Layout(
            "email",
            "description",
            "screenshot",
            HTML(
                '<p class="paste-hint js-only" data-paste-hint>You can also paste a screenshot here with Ctrl+V '
                '<span class="text-nowrap">(⌘V on a Mac).</span></p>'
            ),
            "steps",
            Row(Column("client_name", css_class="col-sm-6"), Column("agent", css_class="col-sm-6")),
            Row(Column("product", css_class="col-sm-6"), Column("us_state", css_class="col-sm-6")),
            Row(Column("happened_on", css_class="col-sm-6"), Column("happened_time", css_class="col-sm-6")),
            Fieldset(
                "Where it happened",
                Row(Column("page", css_class="col-sm-6"), Column("record", css_class="col-sm-6")),
            ),
            "form_key",
            Div(
                StrictButton("Send Report", type="submit", css_class="btn-primary"),
                css_class="form-actions",
            ),
        )

    def clean_description(self) -> str:
        return _one_kind_of_line_end(self.cleaned_data["description"])

    def clean_steps(self) -> str:
        return _one_kind_of_line_end(self.cleaned_data["steps"])

    def clean_page(self) -> str:
        """The path alone: the rest of an address can hold what was searched for."""
        typed = self.cleaned_data["page"]
        page = path_of(typed)
        if typed and not page:
            raise forms.ValidationError("Enter the address of a page in this portal. It begins with a slash.")
        return page[:LONGEST_PAGE]

    def clean_happened_on(self) -> Any:
        try:
            day = parse_us_date(self.cleaned_data["happened_on"])
        except ValueError:
            raise forms.ValidationError("Enter the date as mm/dd/yyyy.", code="invalid") from None
        today = timezone.localtime(self.now).date()
        if day > today:
            raise forms.ValidationError("This date is in the future. Check it.", code="future")
        if day < today - OLDEST:
            raise forms.ValidationError("This date is more than a year ago. Check the year.", code="too_old")
        return day

    def clean_happened_time(self) -> time:
        try:
            return parse_clock(self.cleaned_data["happened_time"])
        except ValueError:
            raise forms.ValidationError("Enter the time, such as 2:05 PM.", code="invalid") from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"happened_on", "happened_time"} <= set(cleaned):
            moment = datetime.combine(cleaned["happened_on"], cleaned["happened_time"])
            cleaned["happened_at"] = timezone.make_aware(moment)
            if cleaned["happened_at"] > self.now:
                self.add_error("happened_time", "This time is in the future. Check it, and AM or PM.")
        chosen = self.files.get("screenshot")
        if chosen is not None and self.errors and "screenshot" not in self.errors:
            self.add_error("screenshot", "Choose or paste the screenshot again: a browser does not keep files.")
        return cleaned

    def reported(self, *, browser: str) -> Reported:
        """What is to be kept; only of a valid form."""
        told = ("email", "description", "steps", "client_name", "agent", "product", "us_state", "page", "record")
        return Reported(
            **{name: self.cleaned_data[name] for name in told},
            happened_at=self.cleaned_data["happened_at"],
            browser=browser[:LONGEST_BROWSER],
        )

    @property
    def key(self) -> str:
        """Names this form, so that it is one report however often it is sent; only of a valid form."""
        return str(self.cleaned_data["form_key"] or uuid.uuid4())
