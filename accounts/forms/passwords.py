"""Choosing a new password, with and without the current one (FPW_07, PRF_06)."""

from typing import Any

from crispy_forms.layout import HTML
from django import forms
from django.urls import reverse_lazy

from accounts.forms.layout import one_button

# Password managers keep a new password with the username they find in the form.
USERNAME = HTML('<input type="text" autocomplete="username" value="{{ username }}" readonly hidden>')
RULES = HTML('{% include "accounts/_password_rules.html" with columns=rule_columns field_id="id_new_password" only %}')


class NewPasswordForm(forms.Form):
    """A new password, typed twice. Whether it obeys the rules is for ``accounts.services.passwords`` to say."""

    new_password = forms.CharField(
        label="New Password",
        strip=False,
        error_messages={"required": "Enter a new password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    confirm_password = forms.CharField(
        label="Confirm New Password",
        strip=False,
        error_messages={"required": "Enter the new password a second time."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    helper = one_button(
        action=reverse_lazy("accounts:forgot-password-new"),
        button="Update Password",
        fields=[USERNAME, "new_password", RULES, "confirm_password"],
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        new, again = cleaned.get("new_password"), cleaned.get("confirm_password")
        if new is not None and again is not None and new != again:
            self.add_error("confirm_password", "The two new passwords are not the same. Type the new one again.")
        return cleaned


class ChangePasswordForm(NewPasswordForm):
    """The current password first."""

    current_password = forms.CharField(
        label="Current Password",
        strip=False,
        error_messages={"required": "Enter your current password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current_password", "new_password", "confirm_password")

    helper = one_button(
        action=reverse_lazy("accounts:change-password"),
        button="Update Password",
        fields=[USERNAME, "current_password", "new_password", RULES, "confirm_password"],
    )
