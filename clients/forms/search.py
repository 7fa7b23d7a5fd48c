"""The forms of the client search: simple (SRC_01) and advanced (SRC_03 to SRC_07)."""

from collections.abc import Callable
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout
from django import forms
from django.core.validators import validate_email
from django.urls import reverse_lazy
from django.utils import timezone

from clients.rules.names import digits, name_key
from portal.common.dates import parse_us_date

OLDEST_BIRTH_YEAR = 1900


class SimpleSearchForm(forms.Form):
    """One box, and what stands in it: an account number or the last four digits of the primary insured's SSN."""

    ACCOUNT = "account"
    SSN_LAST4 = "ssn4"
    CHOICES = ((ACCOUNT, "Account#"), (SSN_LAST4, "Last 4 of SSN#"))

    by = forms.ChoiceField(
        label="Search by",
        choices=CHOICES,
        initial=ACCOUNT,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you are searching by.", "invalid_choice": "Choose one of the two."},
    )
    value = forms.CharField(
        label="Number",
        max_length=40,
        error_messages={"required": "Enter an account number or the last four digits of the SSN."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_action = reverse_lazy("clients:search")
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed = cleaned.get("value", "")
        if not typed or "by" not in cleaned:
            return cleaned
        number = digits(typed)
        unreadable = typed.replace(" ", "").replace("-", "") != number
        if cleaned["by"] == self.SSN_LAST4:
            if unreadable or len(number) != 4:
                self.add_error("value", "Enter exactly four digits: the last four of the primary insured's SSN.")
        elif unreadable or not 1 <= len(number) <= 12:
            self.add_error("value", "An account number has digits only, at most 12 of them.")
        cleaned["value"] = number
        return cleaned


def _box(label: str, help_text: str = "", *, longest: int = 60, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", **attrs})
    return forms.CharField(label=label, help_text=help_text, max_length=longest, required=False, widget=widget)


class AdvancedSearchForm(forms.Form):
    """One or more fields of three groups; all that are filled must fit the primary insured's policy.

    ``cleaned_data["asked"]`` holds the filled fields as ``clients.selectors.search.advanced`` reads them.
    """

    account_number = _box("Account Number*", longest=40, inputmode="numeric")
    eapp_number = _box(
        "E-App Number", "The number you received after an electronic application was submitted through this portal."
    )
    client_app_id = _box(
        "Client App ID",
        "The application ID of off-exchange applications sent from a web producer's own platform. Only web producers "
        "use it.",
    )
    exchange_assigned_id = _box(
        "Exchange Assigned ID", "The number from the Marketplace after an on-exchange application was submitted."
    )
    pending_application_id = _box(
        "Pending Application ID",
        "The six characters under Billing ID on the initial payment due notice sent to the applicant.",
    )
    first_name = _box("Client First Name")
    last_name = _box("Client Last Name")
    ssn_last4 = _box("Last 4 of SSN*", longest=20, inputmode="numeric")
    date_of_birth = _box("Date of Birth*", longest=40, inputmode="numeric", placeholder="mm/dd/yyyy")
    phone = _box("Phone Number", longest=40, inputmode="tel")
    email = _box("Email Address", longest=254, inputmode="email")
    zip = _box("Zip Code", longest=20, inputmode="numeric")
    producer_first_name = _box("Producer First Name")
    producer_last_name = _box("Producer Last Name")
    producer_number = _box("Nine Digit Producer Number", longest=40, inputmode="numeric")

    GROUPS = (
        (
            "Account Information",
            ("account_number", "eapp_number", "client_app_id", "exchange_assigned_id", "pending_application_id"),
        ),
        (
            "Client Information",
            ("first_name", "last_name", "ssn_last4", "date_of_birth", "phone", "email", "zip"),
        ),
        ("Producer Information", ("producer_first_name", "producer_last_name", "producer_number")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "advanced_%s")
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_action = reverse_lazy("clients:search")
        self.helper.attrs = {"novalidate": True, "class": "advanced-search"}
        self.helper.layout = Layout(
            HTML('<input type="hidden" name="advanced" value="1">'),
            Div(*(Fieldset(title, *fields) for title, fields in self.GROUPS), css_class="search-groups"),
            HTML(
                '<p class="form-note">* Searching by a member\'s Social Security Number (last 4 digits), Date of Birth or '
                "Account Number provides the best results.</p>"
            ),
            Div(
                StrictButton("Search", type="submit", css_class="btn-primary"),
                HTML('<a class="btn btn-secondary" href="{% url "clients:search" %}">Clear All</a>'),
                css_class="form-actions",
            ),
        )

    def clean_account_number(self) -> str:
        return self._digits("account_number", range(1, 13), "An account number has digits only, at most 12 of them.")

    def clean_eapp_number(self) -> str:
        return self._code("eapp_number", "An E-App number has letters and digits only.")

    def clean_client_app_id(self) -> str:
        return self._code("client_app_id", "A client app ID has letters and digits only.")

    def clean_exchange_assigned_id(self) -> str:
        return self._code("exchange_assigned_id", "An exchange assigned ID has letters and digits only.")

    def clean_pending_application_id(self) -> str:
        said = "A pending application ID has exactly six letters or digits. It stands under Billing ID on the notice."
        code = self._code("pending_application_id", said)
        if code and len(code) != 6:
            raise forms.ValidationError(said)
        return code

    def clean_first_name(self) -> str:
        return self._name("first_name")

    def clean_last_name(self) -> str:
        return self._name("last_name")

    def clean_ssn_last4(self) -> str:
        return self._digits(
            "ssn_last4", range(4, 5), "Enter exactly four digits: the last four of the primary insured's SSN."
        )

    def clean_date_of_birth(self) -> str:
        typed = self.cleaned_data["date_of_birth"]
        if not typed:
            return ""
        try:
            born = parse_us_date(typed)
        except ValueError:
            raise forms.ValidationError("Enter the date of birth as mm/dd/yyyy.") from None
        if born.year < OLDEST_BIRTH_YEAR or born > timezone.localdate():
            raise forms.ValidationError("Enter a date of birth from 01/01/1900 through today.")
        return born.isoformat()

    def clean_phone(self) -> str:
        """Ten digits, whatever stands between them; a country code 1 in front is left out."""
        typed = self.cleaned_data["phone"]
        if not typed:
            return ""
        number = digits(typed)
        number = number[1:] if len(number) == 11 and number[0] == "1" else number
        if len(number) != 10 or any(sign.isalpha() for sign in typed):
            raise forms.ValidationError("Enter a phone number with its area code: ten digits.")
        return number

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        if typed:
            validate_email(typed)
        return typed

    def clean_zip(self) -> str:
        typed = self.cleaned_data["zip"]
        number = digits(typed)
        if typed and (len(number) not in (5, 9) or typed.replace("-", "").replace(" ", "") != number):
            raise forms.ValidationError("Enter a ZIP code with five digits.")
        return number[:5]

    def clean_producer_first_name(self) -> str:
        return self._name("producer_first_name")

    def clean_producer_last_name(self) -> str:
        return self._name("producer_last_name")

    def clean_producer_number(self) -> str:
        return self._digits(
            "producer_number", range(9, 10), "A producer number has nine digits, zeros in front included."
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        asked = {name: value for name, value in cleaned.items() if value}
        if not asked and not self.errors:
            raise forms.ValidationError("Fill in at least one field.")
        cleaned["asked"] = asked
        return cleaned

    def _digits(self, name: str, lengths: range, said: str) -> str:
        typed = self.cleaned_data[name]
        number = digits(typed)
        if typed and (len(number) not in lengths or typed.replace(" ", "").replace("-", "") != number):
            raise forms.ValidationError(said)
        return number

    def _code(self, name: str, said: str) -> str:
        code: str = self.cleaned_data[name].upper().replace(" ", "")
        if code and not (code.isascii() and code.replace("-", "").isalnum()):
            raise forms.ValidationError(said)
        return code

    def _name(self, name: str) -> str:
        typed: str = self.cleaned_data[name]
        if typed and not name_key(typed):
            raise forms.ValidationError("Enter letters from A to Z.")
        return typed

    @classmethod
    def in_words(cls, asked: dict[str, Any]) -> list[str]:
        """What was asked for, field by field, for the line above the result; only the searcher sees it."""
        said = []
        for name, value in asked.items():
            label = (cls.base_fields[name].label or "").rstrip("*")
            shown = _SHOWN_AS[name](value) if name in _SHOWN_AS else value
            said.append(f"{label} {shown}")
        return said

    @classmethod
    def filled_again(cls, asked: dict[str, Any]) -> "AdvancedSearchForm":
        """The form with an earlier search in it, to change it."""
        initial = {name: _SHOWN_AS[name](value) if name in _SHOWN_AS else value for name, value in asked.items()}
        return cls(initial=initial)


def _us_date(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{month}/{day}/{year}"


def _phone(ten: str) -> str:
    return f"({ten[:3]}) {ten[3:6]}-{ten[6:]}"


_SHOWN_AS: dict[str, Callable[[str], str]] = {"date_of_birth": _us_date, "phone": _phone}
