"""Address, phone and email of a business as they are typed on several pages."""

from typing import Any

from django import forms

from accounts.models.producers import zip_shape

# Where a business can have its address: the states, the District and the territories with USPS abbreviations.
_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
)
ADDRESS_STATES = tuple(_STATES.split())
PHONE_SIGNS = str.maketrans("", "", " ()-./")
US_DIGITS = 10
US_PREFIX = "1"


class PhoneField(forms.CharField):
    """A US phone number, typed in any usual way; comes back as ten digits, area code first."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "tel-national", "inputmode": "tel"}
        super().__init__(**{"max_length": 30, "label": "Phone", "widget": forms.TextInput(attrs=attrs), **kwargs})

    def to_python(self, value: Any) -> str:
        typed = (super().to_python(value) or "").translate(PHONE_SIGNS).removeprefix("+")
        return typed[1:] if len(typed) == US_DIGITS + 1 and typed.startswith(US_PREFIX) else typed

    def validate(self, value: str) -> None:
        super().validate(value)
        # No area code or exchange begins with 0 or 1 (North American Numbering Plan).
        usable = value.isascii() and value.isdigit() and len(value) == US_DIGITS
        if value and not (usable and value[0] not in "01" and value[3] not in "01"):
            raise forms.ValidationError("Enter a US phone number with ten digits, area code first.", code="invalid")

    def prepare_value(self, value: Any) -> Any:
        """Stored digits as people write them; what was typed stays as it was typed."""
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == US_DIGITS:
            return f"({value[:3]}) {value[3:6]}-{value[6:]}"
        return value


class ZipField(forms.CharField):
    """Five digits."""

    default_validators = [zip_shape]

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "postal-code", "inputmode": "numeric"}
        super().__init__(**{"max_length": 5, "label": "Zip Code", "widget": forms.TextInput(attrs=attrs), **kwargs})


class AddressStateField(forms.ChoiceField):
    """The state in a postal address, as its two letters."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", "Choose"), *((state, state) for state in ADDRESS_STATES)]
        widget = forms.Select(attrs={"autocomplete": "address-level1"})
        super().__init__(**{"label": "State", "choices": choices, "widget": widget, **kwargs})


class BusinessAddressForm(forms.Form):
    """Name and postal address of a business; forms built on it go on with phone and email (PRF_02, REGL_02)."""

    company_name = forms.CharField(
        label="Company Name",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    address_1 = forms.CharField(
        label="Address 1",
        max_length=120,
        error_messages={"required": "Enter the street address."},
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    address_2 = forms.CharField(
        label="Address 2",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    city = forms.CharField(
        max_length=60,
        error_messages={"required": "Enter the city."},
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    address_state = AddressStateField(error_messages={"required": "Choose the state of the address."})
    zip = ZipField(error_messages={"required": "Enter the ZIP code.", "max_length": "Five digits."})
