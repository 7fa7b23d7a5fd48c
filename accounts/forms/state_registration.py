"""Registering state by state: the applicant, and a block of business data for each state (REGL_01..04, PRF_08)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.forms.contact_fields import BusinessAddressForm, PhoneField
from accounts.forms.fields import NineDigitField, username_field
from accounts.forms.password_rules import new_password_field
from accounts.rules import usernames
from accounts.services.state_registrations import StateBlock
from portal.common.dates import US_STATES

WHERE_THE_ID_COMES_FROM = (
    "Please enter the 9 digit identification number you were provided at the time of licensing by Producer "
    "Administration. You have a different one for each state."
)
SAME_ID_TWICE = "Each state has an Agent Unique ID of its own: this one is entered for {state}, too."
CHOOSE_A_STATE = "Choose at least one state."


class ApplicantForm(forms.Form):
    """Who registers, with which user name and password."""

    first_name = forms.CharField(
        label="First Name",
        max_length=60,
        error_messages={"required": "Enter your first name."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last Name",
        max_length=120,
        error_messages={"required": "Enter your last name."},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    username = username_field("User Name", help_text=f"{usernames.HELP} Upper and lower case are the same.")
    password = new_password_field("Password", required_error="Choose a password.")
    confirm_password = forms.CharField(
        label="Confirm Password",
        strip=False,
        error_messages={"required": "Enter the password again."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password"), cleaned.get("confirm_password")
        if first and second and first != second:
            self.add_error("confirm_password", "The two passwords are not the same. Enter them again.")
        return cleaned


class StateBlockForm(BusinessAddressForm):
    """The business in one state; every field name carries the state as its prefix."""

    producer_number = NineDigitField(what="Agent Unique ID", label="Agent Unique ID", help_text=WHERE_THE_ID_COMES_FROM)
    phone = PhoneField(error_messages={"required": "Enter a phone number."})
    email = forms.EmailField(
        label="E-mail Address",
        error_messages={"required": "Enter the e-mail address.", "invalid": "Please enter a valid email address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def __init__(self, us_state: str, **kwargs: Any) -> None:
        self.us_state = us_state
        self.state_name = US_STATES[us_state]
        kwargs["initial"] = {"address_state": us_state, **(kwargs.get("initial") or {})}
        super().__init__(prefix=us_state, **kwargs)

    def block(self) -> StateBlock:
        """What was entered, once it is valid."""
        return StateBlock(us_state=self.us_state, **self.cleaned_data)


class StateBlocks:
    """The blocks of the states on offer, those chosen checked together (REGL_02, REGL_04).

    Without a request's ``data`` the blocks show ``chosen`` (state by state what was entered before) and ``initial``.
    """

    def __init__(
        self,
        offered: Iterable[str],
        *,
        data: QueryDict | None = None,
        chosen: Mapping[str, Mapping[str, str]] | None = None,
        initial: Mapping[str, str] | None = None,
    ) -> None:
        self.offered = list(offered)
        before = chosen or {}
        if data is None:
            self.ticked = [us_state for us_state in self.offered if us_state in before]
        else:
            ticked = data.getlist("states")
            self.ticked = [us_state for us_state in self.offered if us_state in ticked]
        self.error = ""
        self.forms = [
            StateBlockForm(
                us_state,
                data=data if data is not None and us_state in self.ticked else None,
                initial={**(initial or {}), **_typed(data, us_state), **before.get(us_state, {})},
            )
            for us_state in self.offered
        ]

    def __iter__(self) -> Iterator[tuple[StateBlockForm, bool]]:
        """What the page shows for each state: its form and whether it is ticked."""
        return iter([(form, form.us_state in self.ticked) for form in self.forms])

    @property
    def chosen_forms(self) -> list[StateBlockForm]:
        return [form for form in self.forms if form.us_state in self.ticked]

    def is_valid(self) -> bool:
        """At least one state, every chosen block complete, no number twice."""
        if not self.ticked:
            self.error = CHOOSE_A_STATE
            return False
        valid = [form.is_valid() for form in self.chosen_forms]
        self._refuse_a_number_twice()
        return all(valid) and not any(form.errors for form in self.chosen_forms)

    def _refuse_a_number_twice(self) -> None:
        first_with: dict[str, StateBlockForm] = {}
        for form in self.chosen_forms:
            number = form.cleaned_data.get("producer_number")
            if number and number in first_with:
                other = first_with[number].state_name
                form.add_error("producer_number", ValidationError(SAME_ID_TWICE.format(state=other)))
            elif number:
                first_with[number] = form

    def entered(self) -> list[StateBlock]:
        """The chosen blocks, once they are valid."""
        return [form.block() for form in self.chosen_forms]


def _typed(data: QueryDict | None, us_state: str) -> dict[str, str]:
    """What stands in the fields of a state that was not ticked: kept, in case it is ticked again."""
    if data is None:
        return {}
    names = StateBlockForm.base_fields
    return {name: str(data[f"{us_state}-{name}"]) for name in names if data.get(f"{us_state}-{name}")}
