"""Document submission: which document, about whom, and the files (DOC_01..05)."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, cast

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms

from accounts.models import Producer
from ecomm.forms.uploads import with_upload_help
from ecomm.models import DocumentType
from portal.common.files.fields import SeveralFilesField

MOST_DIGITS = 12
NUMBER = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}")
FORM_KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")


def new_form_key() -> str:
    """Names one form, so that sending it twice is sending it once."""
    return secrets.token_urlsafe(18)


def prefilled_number(text: str | None) -> str:
    """A number from the page's address, when it is one; anything else is nothing."""
    return text if text and NUMBER.fullmatch(text) else ""


def _number_field(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=40,
        help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class DocumentForm(forms.Form):
    """The guide's fields in its order. A delegate of several producers says for whom, too."""

    producer = forms.ChoiceField(label="For producer", error_messages={"required": "Choose for whom you send it."})
    account_number = _number_field("Account Number", "Optional.")
    eapp_number = _number_field("E-App Number", "Optional. You can submit documents without an E-App number.")
    document_type = forms.ChoiceField(
        label="Document Type",
        error_messages={"required": "Select a document type.", "invalid_choice": "Select a document type of the list."},
    )
    documents = SeveralFilesField(
        label="Location and Filename", error_messages={"required": "Choose the file to submit with Browse."}
    )
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, producers: Sequence[Producer], types: Sequence[DocumentType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.producers = {str(producer.pk): producer for producer in producers}
        self.types = {kind.code: kind for kind in types}
        self.fields["document_type"].choices = [("", "Select"), *((kind.code, kind.label) for kind in types)]  # type: ignore[attr-defined]
        if len(producers) > 1:
            self.fields["producer"].choices = [  # type: ignore[attr-defined]
                ("", "Select"),
                *((str(producer.pk), producer.name) for producer in producers),
            ]
        else:
            del self.fields["producer"]
        with_upload_help(cast(SeveralFilesField, self.fields["documents"]))
        self.fields["form_key"].initial = new_form_key
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = Layout(
            *(["producer"] if "producer" in self.fields else []),
            Div(
                Div("account_number", css_class="col-sm-6"),
                Div("eapp_number", css_class="col-sm-6"),
                css_class="row",
            ),
            "document_type",
            "documents",
            "form_key",
            Div(
                StrictButton("Submit", type="submit", css_class="btn-primary"),
                HTML('<a class="btn btn-secondary" href="{% url "ecomm:documents" %}">Cancel</a>'),
                css_class="form-actions",
            ),
        )

    def clean_producer(self) -> Producer:
        return self.producers[self.cleaned_data["producer"]]

    def clean_document_type(self) -> DocumentType:
        return self.types[self.cleaned_data["document_type"]]

    def clean_account_number(self) -> str:
        return self._number("account_number", "account number")

    def clean_eapp_number(self) -> str:
        return self._number("eapp_number", "E-App number")

    def _number(self, name: str, what: str) -> str:
        typed = re.sub(r"[\s-]", "", self.cleaned_data[name])
        if typed and not NUMBER.fullmatch(typed):
            raise forms.ValidationError(f"Enter digits only, at most {MOST_DIGITS}, or leave the {what} empty.")
        return typed

    def clean_form_key(self) -> str:
        key: str = self.cleaned_data["form_key"]
        return key if FORM_KEY.fullmatch(key) else new_form_key()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "producer" not in self.fields:
            cleaned["producer"] = next(iter(self.producers.values()), None)
        if self.errors and "documents" in cleaned:
            self.ask_for_files_again()
        return cleaned

    def ask_for_files_again(self, why: str = "") -> None:
        """Say which files were chosen: a browser does not keep them when a form comes back."""
        chosen = [f"“{file.name}”" for file in self.cleaned_data.get("documents") or ()]
        self.add_error("documents", " ".join(filter(None, (why, f"Please choose {', '.join(chosen)} again."))))
