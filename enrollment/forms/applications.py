"""Start New Application: under which number (WIZ_05, WIZ_06, HOM_12)."""

from collections.abc import Sequence
from typing import Any

from django import forms

from accounts import number_labels
from accounts.models import ProducerNumber, User
from enrollment.wizard.general import NOT_A_NUMBER, number_facts, number_field
from portal.common import form_keys


class StartForm(forms.Form):
    """The state for a producer, the writing number for a delegate; the rest fills in by itself."""

    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: User, numbers: Sequence[ProducerNumber], **kwargs: Any) -> None:
        super().__init__(data, use_required_attribute=False, **kwargs)
        self.numbers = numbers
        self.fields["number"] = number_field(user, numbers)
        self.fields["form_key"].initial = form_keys.new_key
        # The list a delegate's typing is completed from.
        self.offered = number_labels.choices(numbers) if user.role == user.Role.DELEGATE else []

    def clean_number(self) -> str:
        typed = str(self.cleaned_data["number"]).strip()
        if typed not in {number.number for number in self.numbers}:
            raise forms.ValidationError(NOT_A_NUMBER)
        return typed

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])

    @property
    def chosen(self) -> ProducerNumber | None:
        """The number that stands in the field now, if it is one of the list."""
        typed = str(self["number"].value() or "").strip()
        return next((number for number in self.numbers if number.number == typed), None)

    def facts(self) -> list[tuple[str, str]]:
        """What is known of the number chosen so far."""
        return number_facts(self.chosen)
