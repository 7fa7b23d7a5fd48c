"""The search box of My Hierarchy."""

from typing import Any

from django import forms


class HierarchySearchForm(forms.Form):
    """One box for a name, a nine-digit producer number or a National Producer Number."""

    q = forms.CharField(
        label="Name or number",
        max_length=100,
        error_messages={"required": "Enter a name, a producer number or a National Producer Number."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-quick-search": ""}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
