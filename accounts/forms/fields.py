"""Fields by which producers are known, and the name of a new login."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

NOT_NINE_DIGITS = "A {what} has 9 digits and nothing else."
TOO_SHORT = "A {what} has 9 digits. Put zeros in front of a shorter one: 12345678 is 012345678."


def _text_input(autocomplete: str, *, digits: bool = False, **attrs: str) -> forms.TextInput:
    keyboard = {"inputmode": "numeric"} if digits else {}
    return forms.TextInput(attrs={"autocomplete": autocomplete, "spellcheck": "false", **keyboard, **attrs})


class NineDigitField(forms.CharField):
    """A producer number, kept as text because its zeros count (REG_05)."""

    def __init__(self, *, what: str, **kwargs: Any) -> None:
        self.what = what
        kwargs.setdefault("widget", _text_input("off", digits=True))
        kwargs.setdefault("error_messages", {"required": f"Enter your {what}."})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return text
        if re.fullmatch(r"[0-9]{1,8}", text):
            raise ValidationError(TOO_SHORT.format(what=self.what))
        if not re.fullmatch(r"[0-9]{9}", text):
            raise ValidationError(NOT_NINE_DIGITS.format(what=self.what))
        return text


class NpnField(forms.CharField):
    """A National Producer Number: up to ten digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", _text_input("off", digits=True))
        kwargs.setdefault("error_messages", {"required": "Enter your National Producer Number."})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not re.fullmatch(r"[0-9]{1,10}", text):
            raise ValidationError("A National Producer Number has up to 10 digits and nothing else.")
        return text


def username_field(label: str, *, help_text: str) -> forms.CharField:
    """A new username. Its shape is judged with the password, in one place (REG_13)."""
    return forms.CharField(
        label=label,
        max_length=150,
        help_text=help_text,
        error_messages={"required": "Choose a username."},
        widget=_text_input("username", autocapitalize="none"),
    )
