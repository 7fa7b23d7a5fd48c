"""Create a proposal of a quote, and send it (QUO_08)."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from enrollment.proposals.content import money
from enrollment.selectors.proposals import kind_of
from enrollment.selectors.quotes import SelectedPlan
from portal.common import form_keys, languages

MOST_PLANS, MOST_RECIPIENTS, LONGEST_NOTE = 8, 5, 1000
PREVIEW, PDF, SEND = "preview", "pdf", "send"
_check_email = EmailValidator(message="Please enter a valid email address.")


class RecipientsField(forms.CharField):
    """Email addresses with commas between them; each address once, whatever its case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=600, **kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        found: dict[str, str] = {}
        for part in typed.replace(";", ",").split(","):
            address = part.strip()
            if not address:
                continue
            try:
                _check_email(address)
            except ValidationError:
                raise ValidationError(f"{address[:80]} is not a valid email address.") from None
            if len(address) > 254:
                raise ValidationError("An email address has at most 254 characters.")
            found.setdefault(address.casefold(), address)
        if len(found) > MOST_RECIPIENTS:
            raise ValidationError(f"Send to at most {MOST_RECIPIENTS} addresses at once.")
        return list(found.values())


class ProposalForm(forms.Form):
    """Which plans, to whom, and what to say. What is pressed (``do``) decides what must be filled in."""

    plans = forms.MultipleChoiceField(
        label="Plans in the proposal",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Select at least one plan.",
            "invalid_choice": "One of the plans is no longer part of the quote. Please select again.",
        },
    )
    language = forms.ChoiceField(
        label="Language",
        choices=list(languages.NAMES.items()),
        required=False,
        initial=languages.ENGLISH,
        help_text="Of the document and of the email. Names of plans and your cover note stay as they are.",
    )
    note = forms.CharField(
        label="Cover note",
        required=False,
        max_length=LONGEST_NOTE,
        help_text=f"Up to {LONGEST_NOTE:,} characters, in the email and on the first page. Please write nothing about "
        "anybody's health.",
        error_messages={"max_length": f"The note has %(show_value)s characters; {LONGEST_NOTE:,} are possible."},
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "maxlength": LONGEST_NOTE}),
    )
    recipients = RecipientsField(
        label="Email to",
        required=False,
        help_text=f"Several addresses with commas between them, at most {MOST_RECIPIENTS}.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"}),
    )
    agreed = forms.BooleanField(
        label="The client asked for this proposal by email and knows that email is not a sealed letter.",
        required=False,
    )
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, plans: Sequence[SelectedPlan], recipient: str = "", note: str = "") -> None:
        """``plans`` are those of the quote that have a price; ``recipient`` and ``note`` are proposed."""
        self.by_id = {str(one.row.pk): one for one in plans}
        chosen = [str(one.row.pk) for one in plans if one.row.chosen] or list(self.by_id)
        super().__init__(
            data, initial={"plans": chosen[:MOST_PLANS], "recipients": recipient, "note": note}, label_suffix=""
        )
        choices: Any = self.fields["plans"]
        choices.choices = [(value, _label(one)) for value, one in self.by_id.items()]
        self.fields["form_key"].initial = form_keys.new_key
        self.do = data.get("do", "") if data else ""
        self._lay_out()

    def _lay_out(self) -> None:
        self.helper = FormHelper()
        self.helper.form_id = "proposal-form"
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = Layout(
            "plans",
            "language",
            "note",
            "recipients",
            "agreed",
            "form_key",
            Div(
                HTML(
                    f'<button type="submit" class="btn btn-primary" name="do" value="{SEND}">Send Proposal</button>'
                    f'<button type="submit" class="btn btn-secondary" name="do" value="{PREVIEW}">Preview</button>'
                    f'<button type="submit" class="btn btn-secondary" name="do" value="{PDF}">Create PDF</button>'
                ),
                css_class="form-actions",
            ),
        )

    def clean_plans(self) -> list[SelectedPlan]:
        chosen = set(self.cleaned_data["plans"])
        if len(chosen) > MOST_PLANS:
            raise ValidationError(f"Select at most {MOST_PLANS} plans. {len(chosen)} are selected.")
        return [one for value, one in self.by_id.items() if value in chosen]

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or languages.ENGLISH

    def clean_note(self) -> str:
        return str(self.cleaned_data["note"]).replace("\r\n", "\n").strip()

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.do == SEND:
            if "recipients" not in self.errors and not self.cleaned_data.get("recipients"):
                self.add_error("recipients", "Enter the email address to send the proposal to.")
            if not self.cleaned_data.get("agreed"):
                self.add_error("agreed", "Confirm that the client asked for the proposal by email.")
        return cleaned


class ResendForm(forms.Form):
    """The same document once more, to the addresses typed or to the one of an earlier email."""

    recipients = RecipientsField(error_messages={"required": "Enter the email address to send the proposal to."})
    form_key = forms.CharField(required=False)

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])


def _label(one: SelectedPlan) -> str:
    total = money(str(one.premium.total)) if one.premium else ""
    return f"{one.row.plan.name} ({kind_of(one.row.plan)}, {one.row.get_market_display()}): {total} a month"
