"""Searching the content pages, and the choices of the Resources page (ISS_04)."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from portal.common.content.models import Resource
from portal.common.content.selectors.library import ALL_STATES
from portal.common.dates import US_STATE_CHOICES


class ContentSearchForm(forms.Form):
    """One box over resources, news and training."""

    q = forms.CharField(
        label="Search resources, news and training",
        required=False,
        max_length=100,
        error_messages={"max_length": "Use at most 100 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class ResourceChoicesForm(ContentSearchForm):
    """The box, and what resources are narrowed to. States start with the person's own."""

    state = forms.ChoiceField(label="State", required=False)
    kind = forms.ChoiceField(label="Kind", required=False)
    product = forms.ChoiceField(label="Product", required=False)
    plan_year = forms.TypedChoiceField(label="Plan Year", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, own_states: Sequence[str], plan_years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [("", f"Your states ({', '.join(own_states)})")] if own_states else []
        choices: dict[str, list[Any]] = {
            "state": [*own, (ALL_STATES if own else "", "All states"), *US_STATE_CHOICES],
            "kind": [("", "Every kind"), *Resource.Kind.choices],
            "product": [("", "Every product"), *Resource.Product.choices],
            "plan_year": [("", "Every year"), *((year, str(year)) for year in plan_years)],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]
