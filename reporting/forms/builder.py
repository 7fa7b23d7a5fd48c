"""What a report is made of."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout, Submit
from django import forms

from reporting.policy_status_report import CHOICES


class ReportForm(forms.Form):
    """Create Report: the policy status alone is a valid report (REP_18)."""

    policy_status = forms.ChoiceField(
        label="Policy Status",
        choices=[("", "Select One"), *CHOICES],
        help_text="Grace Period lists policies whose premium is overdue but still in force; All shows the status of each.",
        error_messages={
            "required": "Select a policy status.",
            "invalid_choice": "Select one of the statuses in the list.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Div(Field("policy_status"), css_class="form-narrow"),
            Div(
                Submit("submit", "Submit", css_class="btn btn-primary"),
                HTML('<a class="btn btn-secondary" href="{% url "reporting:new" %}">Clear All</a>'),
                css_class="form-actions",
            ),
        )
