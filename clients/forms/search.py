"""The simple client search (SRC_01)."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.urls import reverse_lazy

from clients.rules.names import digits


class SimpleSearchForm(forms.Form):
    """One box, and what stands in it: an account number or the last four digits of the primary insured's SSN."""

    ACCOUNT = "account"
    SSN_LAST4 = "ssn4"

    by = forms.ChoiceField(
        label="Search by",
        choices=[(ACCOUNT, "Account#"), (SSN_LAST4, "Last 4 of SSN#")],
        initial=ACCOUNT,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you are searching by.", "invalid_choice": "Choose one of the two."},
    )
    value = forms.CharField(
        label="Number",
        max_length=40,
        error_messages={"required": "Enter an account number or the last four digits of the SSN."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "data-quick-search": ""}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_action = reverse_lazy("clients:search")
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed = cleaned.get("value", "")
        if not typed or "by" not in cleaned:
            return cleaned
        number = digits(typed)
        unreadable = typed.replace(" ", "").replace("-", "") != number
        if cleaned["by"] == self.SSN_LAST4:
            if unreadable or len(number) != 4:
                self.add_error("value", "Enter exactly four digits: the last four of the primary insured's SSN.")
        elif unreadable or not 1 <= len(number) <= 12:
            self.add_error("value", "An account number has digits only, at most 12 of them.")
        cleaned["value"] = number
        return cleaned
