"""Forms of My Information: the password once more, the first code of a new authenticator app."""

from typing import Any

from django import forms
from django.urls import reverse_lazy

from accounts.forms.layout import one_button


class ConfirmIdentityForm(forms.Form):
    """The password, exactly as typed or pasted."""

    password = forms.CharField(
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    helper = one_button(
        action=reverse_lazy("accounts:confirm-identity"), button="Continue", fields=["password", "next"]
    )


class FirstCodeForm(forms.Form):
    """The code the new app shows; the service judges it."""

    code = forms.CharField(
        label="Code the app shows now",
        max_length=100,
        error_messages={"required": "Enter the code the app shows."},
        widget=forms.TextInput(
            attrs={
                "class": "code-input",
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
            }
        ),
    )

    helper: Any = one_button(action=reverse_lazy("accounts:authenticator"), button="Finish Set-Up", fields=["code"])
