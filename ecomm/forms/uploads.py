"""What file fields tell the browser, so that a file which cannot be sent is refused before it travels (static/portal/uploads.js)."""

from collections.abc import Sequence

from django import forms

from portal.common.files.fields import CheckedFileField
from portal.common.files.refusals import SENTENCES
from portal.common.files.uploads import CheckedFile


def with_upload_help(field: CheckedFileField) -> CheckedFileField:
    """Give the field its list of chosen files, drop target, early checks and progress; it works without scripts too."""
    policy = field.policy
    field.widget.attrs |= {
        "data-upload": "",
        "data-max-bytes": policy.max_bytes,
        "data-max-files": getattr(field, "max_files", 1),
        "data-too-large": SENTENCES["too_large"].format(limit=policy.limit),
        "data-wrong-type": f"This type of file cannot be sent. Send it as one of {policy.types}.",
    }
    return field


def say_which_to_choose_again(form: forms.Form, name: str, chosen: Sequence[CheckedFile]) -> None:
    """Name the files of a form that comes back because of something else: a browser does not keep them."""
    if form.errors and chosen and name not in form.errors:
        names = ", ".join(f"“{file.name}”" for file in chosen)
        form.add_error(name, f"Choose {names} again: a browser does not keep files.")
