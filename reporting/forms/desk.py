"""What was done about a row of the desk, and until when it is put aside."""

from datetime import date
from typing import Any

from django import forms

from portal.common.dates import as_text, parse_us_date
from reporting.models import Outreach
from reporting.rules.desk import snooze_problem
from reporting.services.outreach import Done

LONGEST_NOTE = 500
_CHOOSABLE = [choice for choice in Outreach.Outcome.choices if choice[0] != Outreach.Outcome.BACK]


class DayField(forms.CharField):
    """A day as MM/DD/YYYY."""

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return parse_us_date(typed)
        except ValueError as exc:
            raise forms.ValidationError("Enter the date as MM/DD/YYYY.") from exc


class OutreachForm(forms.Form):
    """The outcome of a call or message; a day to be reminded on is optional."""

    outcome = forms.ChoiceField(
        label="What came of it",
        choices=[("", "Select One"), *_CHOOSABLE],
        error_messages={"required": "Choose what came of it.", "invalid_choice": "Choose one of the list."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What was agreed on. No health data. It cannot be changed later.",
    )
    snoozed_until = DayField(
        label="Snooze until",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"placeholder": "MM/DD/YYYY", "inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, today: date, last_safe_day: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today, self.last_safe_day = today, last_safe_day
        limit = f" The last safe day is {as_text(last_safe_day)}." if last_safe_day else ""
        self.fields["snoozed_until"].help_text = f"The row is off the list until that day.{limit}"

    def clean_snoozed_until(self) -> date | None:
        until: date | None = self.cleaned_data["snoozed_until"]
        if until and (why_not := snooze_problem(until, today=self.today, last_safe_day=self.last_safe_day)):
            raise forms.ValidationError(why_not)
        return until

    def done(self) -> Done:
        """What to write down; the form is valid."""
        return Done(
            outcome=self.cleaned_data["outcome"],
            note=self.cleaned_data["note"],
            snoozed_until=self.cleaned_data["snoozed_until"],
        )
