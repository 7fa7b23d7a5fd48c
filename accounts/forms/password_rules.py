"""A field for a new password and, below it, the table of rules it must obey."""

from typing import Any

from django import forms
from django.template.loader import render_to_string

from accounts.password_validation import checklist

HELP = "Must meet the criteria listed under Password Must Have and Password Cannot Have."


def new_password_field(label: str, *, required_error: str) -> forms.CharField:
    """A password as it will be stored: not trimmed, not shortened, made for password managers."""
    return forms.CharField(
        label=label,
        strip=False,
        help_text=HELP,
        error_messages={"required": required_error},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RulesBelow:
    """Crispy layout object: the rule table of the password field ``name``, marked with what was sent last."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, form: forms.Form, _context: Any, **_kwargs: Any) -> str:
        bound = form[self.name]
        sent = str(bound.value() or "") if form.is_bound else None
        context = {"columns": checklist(sent), "field_id": bound.id_for_label}
        return render_to_string("accounts/_password_rules.html", context)
