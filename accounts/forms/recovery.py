"""Forgot Username and Forgot Password, step by step (FUN_01..06, FPW_01..07)."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.urls import reverse_lazy

from accounts.forms.layout import one_button
from accounts.forms.sign_in import CodeForm, SignInForm
from accounts.models import User
from accounts.models.producers import nine_digits
from accounts.services.one_time_codes import Destination
from portal.common.models import OutboundMessage

WAYS = {
    OutboundMessage.Channel.EMAIL.value: "Send an email to {masked}",
    OutboundMessage.Channel.SMS.value: "Send me a text message to {masked}",
}


class ForgotUsernameForm(forms.Form):
    """The mailbox on record; with the older rule a producer number that belongs to it, too."""

    producer_number = forms.CharField(
        label="Producer Number",
        max_length=9,
        validators=[nine_digits],
        help_text="Nine digits; put zeros in front of a shorter number. Delegates enter a number of a producer they work for.",
        error_messages={"required": "Enter your producer number."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    email = forms.EmailField(
        label="Email Address",
        max_length=None,  # too long an address is not a valid one: one message is enough
        error_messages={
            "required": "Enter the email address on your producer record.",
            "invalid": "Please enter a valid email address.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER:
            del self.fields["producer_number"]
        self.helper = one_button(
            action=reverse_lazy("accounts:forgot-username"), button="Send Email", fields=list(self.fields)
        )


class FindAccountForm(forms.Form):
    """Step 1 of 4."""

    username = forms.CharField(
        max_length=User._meta.get_field("username").max_length,
        error_messages={"required": "Enter your username."},
        widget=forms.TextInput(attrs={**SignInForm.base_fields["username"].widget.attrs}),
    )

    helper = one_button(action=reverse_lazy("accounts:forgot-password"), button="Find Account", fields=["username"])


class RecoveryMethodForm(forms.Form):
    """Step 2 of 4: where the code goes."""

    method = forms.ChoiceField(
        label="How should we send your verification code?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how to receive your code.",
            "invalid_choice": "This way to receive a code is not available for your account.",
        },
    )

    helper = one_button(action=reverse_lazy("accounts:forgot-password-method"), button="Send Code", fields=["method"])

    def __init__(self, *args: Any, ways: list[Destination], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method = cast(forms.ChoiceField, self.fields["method"])
        method.choices = [(way.method, WAYS[way.method].format(masked=way.masked)) for way in ways]
        method.initial = ways[0].method


class RecoveryCodeForm(CodeForm):
    """Step 3 of 4."""

    helper = one_button(action=reverse_lazy("accounts:forgot-password-code"), button="Continue", fields=["code"])
