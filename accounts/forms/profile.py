"""Edit Profile: the business contact of one producer number (PRF_02)."""

from typing import Any

from crispy_forms.layout import Column, Row
from django import forms
from django.urls import reverse

from accounts.forms.contact_fields import BusinessAddressForm, PhoneField
from accounts.forms.layout import one_button
from accounts.models import ProducerNumber
from accounts.services import profile
from portal.common.dates import US_STATES


def number_label(number: ProducerNumber) -> str:
    """How a number stands in the switch: "Illinois - 100000001 - Harbor Benefits"."""
    return " - ".join(filter(None, (US_STATES[number.us_state], number.number, number.company_name)))


class NumberSwitchForm(forms.Form):
    """Which state and producer number is edited (PRF_09); sent by GET, since it changes nothing."""

    number = forms.ChoiceField(
        label="State and producer number",
        widget=forms.Select(attrs={"class": "form-select", "data-auto-submit": ""}),
        required=False,
    )

    def __init__(self, *args: Any, numbers: list[ProducerNumber], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].choices = [(number.number, number_label(number)) for number in numbers]  # type: ignore[attr-defined]


class ProfileForm(BusinessAddressForm):
    """The fields of the guide in its order. Name and producer number are not among them (PRF_03)."""

    phone = PhoneField(error_messages={"required": "Enter a phone number."})
    email = forms.EmailField(
        label="E-mail Address",
        max_length=ProducerNumber._meta.get_field("email").max_length,
        help_text="For business mail. Verification codes go to your producer record instead.",
        error_messages={
            "required": "Enter an email address.",
            "invalid": "Please enter a valid email address.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, number: ProducerNumber, **kwargs: Any) -> None:
        shown = {name: getattr(number, name) for name in profile.EDITABLE}
        super().__init__(data, initial={**shown, "seen": profile.stamp(number)}, **kwargs)
        self.helper = one_button(
            action=reverse("accounts:profile", query={"number": number.number}),
            button="Update Profile",
            fields=[
                "company_name",
                "address_1",
                "address_2",
                Row(
                    Column("city", css_class="col-sm-6"),
                    Column("address_state", css_class="col-sm-3"),
                    Column("zip", css_class="col-sm-3"),
                ),
                Row(Column("phone", css_class="col-sm-6"), Column("email", css_class="col-sm-6")),
                "seen",
            ],
        )

    def contact(self) -> dict[str, str]:
        """What is to be saved; only of a valid form."""
        return {name: self.cleaned_data[name] for name in profile.EDITABLE}
