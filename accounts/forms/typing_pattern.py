"""What the typing page posts: the recorded lines as JSON under their nonce, consent, remembering the device (LOG_03, LOG_11)."""

import json
from typing import Any

from django import forms

from accounts.forms.sign_in import RememberField
from accounts.services.typing_patterns import CONSENT_NEEDED, NOT_TYPED, Submission

MOST_CHARACTERS = 250_000  # three lines of the most events a line may have


class TypedForm(forms.Form):
    """The shape only; what the lines are worth is the service's to say."""

    nonce = forms.CharField(max_length=2_000, widget=forms.HiddenInput, error_messages={"required": NOT_TYPED})
    typed = forms.CharField(
        max_length=MOST_CHARACTERS, widget=forms.HiddenInput, error_messages={"required": NOT_TYPED}
    )
    pasted = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_typed(self) -> list[Any]:
        try:
            lines = json.loads(self.cleaned_data["typed"])
        except (ValueError, RecursionError) as exc:
            raise forms.ValidationError(NOT_TYPED) from exc
        if not isinstance(lines, list):
            raise forms.ValidationError(NOT_TYPED)
        return lines

    @property
    def submission(self) -> Submission:
        return Submission(
            nonce=self.cleaned_data["nonce"], lines=self.cleaned_data["typed"], pasted=self.cleaned_data["pasted"]
        )


class EnrolTypedForm(TypedForm):
    """With the written consent that an enrolment rests on."""

    consent = forms.BooleanField(error_messages={"required": CONSENT_NEEDED})


class VerifyTypedForm(TypedForm):
    """With the checkbox of every page that ends a login (DEV_01)."""

    remember = RememberField()
