"""Sending papers for a slot of an application, and keeping an attestation."""

from typing import Any, cast

from django import forms

from ecomm.forms.uploads import with_upload_help
from enrollment.selectors.evidence import SlotLine
from portal.common import form_keys
from portal.common.files.fields import SeveralFilesField


class PapersForm(forms.Form):
    """The files of one slot."""

    documents = SeveralFilesField(label="Files", error_messages={"required": "Choose the file to send."})
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, *, slot: SlotLine) -> None:
        super().__init__(data, files, prefix=slot.anchor, use_required_attribute=False)
        self.fields["documents"].label = f"Files: {slot.label}"
        with_upload_help(cast(SeveralFilesField, self.fields["documents"]))
        self.fields["form_key"].initial = form_keys.new_key

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])

    def ask_for_files_again(self, why: str) -> None:
        """Say what went wrong and which files were chosen: a browser does not keep them."""
        chosen = ", ".join(f"“{file.name}”" for file in self.cleaned_data.get("documents") or ())
        self.add_error("documents", f"{why} Choose {chosen} again." if chosen else why)


class AttestationForm(forms.Form):
    """The applicant's word, as whoever fills in the application says."""

    attested = forms.BooleanField(
        label="The applicant attests to this.",
        error_messages={"required": "Tick the box when the applicant attests to this."},
    )

    def __init__(self, data: Any = None, files: Any = None, *, slot: SlotLine) -> None:
        super().__init__(data, files, prefix=slot.anchor, use_required_attribute=False)
