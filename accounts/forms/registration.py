"""Step 1 and step 2 of 3 of registering with the producer record (REG_04, REG_13)."""

from django import forms
from django.urls import reverse_lazy

from accounts.forms.contact_fields import ZipField
from accounts.forms.fields import NineDigitField, NpnField, username_field
from accounts.forms.layout import one_button
from accounts.forms.password_rules import RulesBelow, new_password_field
from accounts.rules import usernames


class ProducerInformationForm(forms.Form):
    """Step 1: what is compared with the producer record. Exactly these three."""

    producer_number = NineDigitField(
        what="producer number",
        label="Producer Number",
        help_text="Only enter one of your producer numbers. It has 9 digits: prefix it with 0 if yours has fewer.",
    )
    npn = NpnField(label="National Producer Number")
    zip = ZipField(
        error_messages={"required": "Enter the ZIP code.", "max_length": "Five digits."},
        help_text="ZIP code of your current business address under this producer number, or of your older portal account.",
    )

    helper = one_button(
        action=reverse_lazy("accounts:register"), button="Continue", fields=["producer_number", "npn", "zip"]
    )


class CreateLoginForm(forms.Form):
    """Step 2: the login. Rules that need the producer are the service's."""

    username = username_field("Username", help_text=usernames.HELP)
    password = new_password_field("Password", required_error="Choose a password.")

    helper = one_button(
        action=reverse_lazy("accounts:register-create-login"),
        button="Create Login",
        fields=["username", "password", RulesBelow("password")],
    )
