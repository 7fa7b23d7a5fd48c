"""The two steps of signing in, as forms: username and password; the way to verify; the code."""

from typing import Any, cast

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.conf import settings
from django.urls import reverse_lazy

from accounts.models import User
from accounts.services.authenticator import METHODS as AUTHENTICATOR_METHODS
from accounts.services.authenticator import RECOVERY_METHOD, TOTP_METHOD
from accounts.services.one_time_codes import Destination
from accounts.services.typing_patterns import METHOD as TYPING_METHOD
from portal.common.models import OutboundMessage

WAYS = {
    OutboundMessage.Channel.EMAIL.value: "Send verification code in an email to {masked}",
    OutboundMessage.Channel.SMS.value: "Send verification code in a text message to {masked}",
    TYPING_METHOD: "Prompt me for personalized keyboard typing pattern",
    TOTP_METHOD: "Authenticator app",
    RECOVERY_METHOD: "One of my recovery codes",
}
REMEMBER_TIP = (
    "This browser will not ask you for a verification code again for {days} days. Your password is still needed. "
    "Tick it only on a device that nobody else uses. You can take it back in My Information."
)


def _helper(*, action: Any, button: str, fields: list[Any]) -> FormHelper:
    helper = FormHelper()
    helper.form_action = action
    helper.attrs = {"novalidate": True}
    submit = StrictButton(button, type="submit", css_class="btn-primary")
    helper.layout = Layout(*fields, Div(submit, css_class="form-actions"))
    return helper


class SignInForm(forms.Form):
    """Step one. The password is taken exactly as typed or pasted."""

    username = forms.CharField(
        max_length=User._meta.get_field("username").max_length,
        error_messages={"required": "Enter your username."},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    password = forms.CharField(
        strip=False,
        error_messages={"required": "Enter your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    helper = _helper(action=reverse_lazy("accounts:login"), button="Log In", fields=["username", "password", "next"])


class MethodForm(forms.Form):
    """Step two, first half: where the code goes."""

    method = forms.ChoiceField(
        label="How should we send your code?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how to receive your code.",
            "invalid_choice": "This way to receive a code is not available for your account.",
        },
    )

    def __init__(self, *args: Any, ways: list[Destination], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method = cast(forms.ChoiceField, self.fields["method"])
        method.choices = [(way.method, WAYS[way.method].format(masked=way.masked)) for way in ways]
        method.initial = ways[0].method if ways else ""
        self.helper = _helper(action=reverse_lazy("accounts:verify"), button="Send Code", fields=["method"])
        if any(way.method in (TYPING_METHOD, *AUTHENTICATOR_METHODS) for way in ways):
            # Which of the two buttons is there follows the choice by style alone (LOG_08).
            self.helper.form_class = "ways-form"
            method.label = "How do you want to verify your account?"
            send, go_on = (
                StrictButton(text, type="submit", css_class=f"btn-primary {which}")
                for text, which in (("Send Code", "way-send"), ("Next", "way-next"))
            )
            self.helper.layout = Layout("method", Div(send, go_on, css_class="form-actions"))


class RememberField(forms.BooleanField):
    """The checkbox with its explanation, on the pages where a code is typed (DEV_01, DEV_03)."""

    def __init__(self) -> None:
        super().__init__(
            label=f"Remember this device for {settings.REMEMBERED_DEVICE_DAYS} days",
            required=False,
            help_text=REMEMBER_TIP.format(days=settings.REMEMBERED_DEVICE_DAYS),
        )


def _remember() -> Field:
    return Field("remember", template="accounts/_remember_field.html")


class CodeForm(forms.Form):
    """Step two, second half. Spaces and lower case are the service's to put right; nothing is refused for its shape."""

    code = forms.CharField(
        label="Verification code",
        max_length=100,
        error_messages={"required": "Enter the code we sent you."},
        widget=forms.TextInput(
            attrs={
                "class": "code-input",
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )

    remember = RememberField()

    helper = _helper(action=reverse_lazy("accounts:verify"), button="Submit", fields=["code", _remember()])


class AuthenticatorForm(CodeForm):
    """Step two with the app: six digits."""

    method = forms.CharField(required=False, widget=forms.HiddenInput, initial=TOTP_METHOD)

    helper = _helper(action=reverse_lazy("accounts:verify"), button="Submit", fields=["code", "method", _remember()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = "Code of your authenticator app"
        code.error_messages["required"] = "Enter the code your authenticator app shows."
        code.widget.attrs["inputmode"] = "numeric"


class RecoveryCodeForm(CodeForm):
    """Step two without the app. Somebody who lost a device is not on one to be remembered."""

    remember = None  # type: ignore[assignment]
    method = forms.CharField(required=False, widget=forms.HiddenInput, initial=RECOVERY_METHOD)

    helper = _helper(action=reverse_lazy("accounts:verify"), button="Submit", fields=["code", "method"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = "Recovery code"
        code.error_messages["required"] = "Enter one of your recovery codes."
        code.widget.attrs["autocomplete"] = "off"
