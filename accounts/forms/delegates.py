"""Inviting a delegate, changing what one may do, and accepting an invitation (HOM_10, HOM_14)."""

from datetime import date
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.urls import reverse_lazy
from django.utils.html import format_html

from accounts.forms.fields import username_field
from accounts.forms.layout import one_button
from accounts.forms.password_rules import RulesBelow, new_password_field
from accounts.models import DelegateGrant, DelegateInvitation, TermsVersion
from accounts.models.delegation import SCOPE_CHOICES
from accounts.rules import usernames
from accounts.rules.delegate_scopes import SENTENCES
from accounts.rules.grant_days import days_problems
from accounts.services.delegate_invitations import Rights
from portal.common.dates import OPEN_END, as_text

DAY_FORMATS = ["%m/%d/%Y", "%Y-%m-%d"]
NOT_A_DAY = "Enter a date as mm/dd/yyyy."


def _day(*, label: str, required: bool, help_text: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        input_formats=DAY_FORMATS,
        error_messages={"required": NOT_A_DAY, "invalid": NOT_A_DAY},
        widget=forms.DateInput(
            format="%m/%d/%Y", attrs={"placeholder": "mm/dd/yyyy", "inputmode": "numeric", "autocomplete": "off"}
        ),
    )


class RightsForm(forms.Form):
    """What a delegate may do, from which day to which. ``on`` is today in the carrier's zone."""

    scopes = forms.MultipleChoiceField(
        label="What the delegate may do",
        choices=[
            (scope, format_html('{}<span class="choice-note">{}</span>', label, SENTENCES[scope]))
            for scope, label in SCOPE_CHOICES
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one right.", "invalid_choice": "Choose from the list."},
    )
    first_day = _day(label="First day", required=True, help_text="The delegate can work from this day on.")
    last_day = _day(label="Last day", required=False, help_text="The last day of access. Leave it empty for no end.")

    def __init__(self, *args: Any, on: date, grant: DelegateGrant | None = None, **kwargs: Any) -> None:
        if grant is not None:
            kwargs["initial"] = {"scopes": grant.scopes, "first_day": grant.first_day, "last_day": grant.last_day}
        super().__init__(*args, **kwargs)
        self.on = on
        self.grant = grant
        self.fields["first_day"].initial = on
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = self.layout()

    def layout(self) -> Layout:
        return Layout("scopes", self.days(), self.buttons("Save Changes"))

    def days(self) -> Div:
        return Div(
            Div("first_day", css_class="col-sm-6"), Div("last_day", css_class="col-sm-6"), css_class="row form-narrow"
        )

    def buttons(self, label: str) -> Div:
        back = HTML('<a class="btn btn-secondary" href="{% url "accounts:delegates" %}">Cancel</a>')
        return Div(StrictButton(label, type="submit", css_class="btn-primary"), back, css_class="form-actions")

    def clean_last_day(self) -> date | None:
        last_day: date | None = self.cleaned_data["last_day"]
        return None if last_day == OPEN_END else last_day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "first_day" in cleaned and "last_day" in cleaned:
            problems = days_problems(
                first_day=cleaned["first_day"],
                last_day=cleaned["last_day"],
                on=self.on,
                first_before=self.grant.first_day if self.grant else None,
                last_before=self.grant.last_day if self.grant else None,
            )
            for name, problem in problems.items():
                self.add_error(name, problem)
        return cleaned

    def rights(self) -> Rights:
        """What was chosen; only for a valid form."""
        chosen = self.cleaned_data
        return Rights(scopes=chosen["scopes"], first_day=chosen["first_day"], last_day=chosen["last_day"])


class InvitationForm(RightsForm):
    """Who is invited, beside the rights."""

    first_name = forms.CharField(
        label="First name",
        max_length=DelegateInvitation._meta.get_field("first_name").max_length,
        error_messages={"required": "Enter the first name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=DelegateInvitation._meta.get_field("last_name").max_length,
        error_messages={"required": "Enter the last name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label="Email address",
        help_text="The invitation goes here. It must be this person's own mailbox, not a shared one.",
        error_messages={
            "required": "Enter the email address.",
            "invalid": "Enter an email address such as name@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("first_name", "last_name", "email", "scopes", "first_day", "last_day")

    def layout(self) -> Layout:
        names = Div(
            Div("first_name", css_class="col-sm-6"), Div("last_name", css_class="col-sm-6"), css_class="row form-narrow"
        )
        email = Div("email", css_class="form-narrow")
        return Layout(names, email, "scopes", self.days(), self.buttons("Send Invitation"))


class NewLoginForm(forms.Form):
    """The login of a new delegate. What is wrong with the password is the service's to say."""

    first_name = forms.CharField(
        label="First name",
        max_length=DelegateInvitation._meta.get_field("first_name").max_length,
        error_messages={"required": "Enter your first name."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=DelegateInvitation._meta.get_field("last_name").max_length,
        error_messages={"required": "Enter your last name."},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    username = username_field("Username", help_text=usernames.HELP)
    password = new_password_field("Password", required_error="Choose a password.")
    accept_terms = forms.BooleanField(
        label="I have read and accept the Terms of Use",
        error_messages={"required": "Accept the Terms of Use to go on."},
    )

    def __init__(self, *args: Any, terms: TermsVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if terms is None:
            del self.fields["accept_terms"]
        self.helper = one_button(
            action=reverse_lazy("accounts:delegate-accept"),
            button="Accept and Create Login",
            fields=[
                Div(Div("first_name", css_class="col-sm-6"), Div("last_name", css_class="col-sm-6"), css_class="row"),
                "username",
                "password",
                RulesBelow("password"),
                HTML('{% if terms %}{% include "accounts/_terms_text.html" with terms=terms only %}{% endif %}'),
                *(["accept_terms"] if terms else []),
            ],
        )


class ActivityFilterForm(forms.Form):
    """Which days of a delegate's activity are shown, both inclusive; empty for all."""

    first = _day(label="From", required=False, help_text="")
    last = _day(label="To", required=False, help_text="")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", f"Enter {as_text(first)} or a later day.")
        return cleaned
