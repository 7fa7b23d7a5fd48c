"""The Provider Finder's search (PCP_02, PLN_07)."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Div, Layout, Row
from django import forms

from clients.models import Policy
from clients.rules.names import name_key
from clients.selectors.provider_directory import GROUPS, PHYSICIANS
from portal.common.dates import US_STATE_CHOICES

NETWORKS = (Policy.Network.HMO, Policy.Network.POS)


def _text(label: str, *, most: int, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=False,
        help_text=help_text,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _choice(label: str, choices: Sequence[tuple[str, str]], *, first: str = "Any") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[("", first), *choices],
        required=False,
        error_messages={"invalid_choice": "Choose from the list."},
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )


class ProviderFinderForm(forms.Form):
    """Everything is optional; what is filled in must all fit."""

    look_for = forms.ChoiceField(
        label="Look for",
        choices=[(PHYSICIANS, "Physicians"), (GROUPS, "Medical Groups")],
        initial=PHYSICIANS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two.", "invalid_choice": "Choose one of the two."},
    )
    name = _text("Name", most=80, help_text="The beginning is enough.")
    city = _text("City", most=60)
    us_state = _choice("State", US_STATE_CHOICES)
    network = _choice("Network", [(network.value, network.label) for network in NETWORKS])
    specialty = _choice("Specialty", [])
    group = _text("Medical Group", most=80, help_text="Number or part of the name.")
    number = _text("NPI or PCP / PCPA Number", most=20)
    pcp_only = forms.BooleanField(label="Primary care physicians only", required=False, initial=True)
    accepting = forms.BooleanField(label="Accepting new patients", required=False)

    def __init__(self, *args: Any, specialties: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        specialty: Any = self.fields["specialty"]
        specialty.choices = [("", "Any"), *((one, one) for one in specialties)]
        third = "col-sm-6 col-lg-4"
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = Layout(
            Div("look_for", css_class="choices-in-a-row"),
            Row(Column("name", css_class=third), Column("city", css_class=third), Column("us_state", css_class=third)),
            Row(
                Column("group", css_class=third),
                Column("network", css_class=third),
                Column("specialty", css_class=third),
            ),
            Row(Column("number", css_class=third), Column("pcp_only", "accepting", css_class="col-sm-6 finder-boxes")),
            Div(StrictButton("Search", type="submit", css_class="btn-primary"), css_class="form-actions mt-1"),
        )

    def clean_number(self) -> str:
        """Without blanks and in capitals, as the directory has it."""
        return "".join(self.cleaned_data["number"].split()).upper()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("name", "city", "group"):
            if cleaned.get(name) and not name_key(cleaned[name]):
                self.add_error(name, "Enter at least one letter or digit.")
        return cleaned
