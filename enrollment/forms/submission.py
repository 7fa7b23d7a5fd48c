"""What is confirmed when an application is submitted although its date or its premium has changed."""

from decimal import Decimal

from django import forms

from enrollment.services.submission import Confirmed


class ConfirmationForm(forms.Form):
    """The date and the premium that were shown beside the button; both or none."""

    effective_date = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    total = forms.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal(0), required=False)

    @property
    def confirmed(self) -> Confirmed | None:
        """What somebody has seen; ``None`` where the form says nothing, or nothing that can be read."""
        if not self.is_valid():
            return None
        day, total = self.cleaned_data["effective_date"], self.cleaned_data["total"]
        return Confirmed(day, total) if day is not None and total is not None else None
