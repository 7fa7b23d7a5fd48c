"""Form fields for files: what they clean to has been checked (``CheckedFile``), refusals stand beside the field."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.common.files.names import safe_name
from portal.common.files.uploads import DOCUMENTS, CheckedFile, UploadPolicy, UploadRefused, check


class SeveralFilesInput(forms.FileInput):
    """A file input in which several files can be chosen at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class CheckedFileField(forms.FileField):
    """One file; the cleaned value is a ``CheckedFile``, or ``None`` when none was chosen and none is required."""

    widget: Any = forms.FileInput

    def __init__(self, *, policy: UploadPolicy = DOCUMENTS, **kwargs: Any) -> None:
        self.policy = policy
        kwargs.setdefault("help_text", f"{policy.types}. At most {policy.limit}.")
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> Any:
        return {**super().widget_attrs(widget), "accept": self.policy.accept}

    def to_python(self, data: Any) -> Any:
        if data in self.empty_values:
            return None
        try:
            return check(data, policy=self.policy)
        except UploadRefused as exc:
            raise ValidationError(str(exc), code=exc.code) from None

    def clean(self, data: Any, initial: Any = None) -> Any:
        value = self.to_python(data)
        self.validate(value)
        self.run_validators(value)
        return value


class SeveralFilesField(CheckedFileField):
    """Several files at once; the cleaned value is a list of ``CheckedFile``, empty when none was chosen.

    Each refused file is named with its reason. Then the good ones are named too: a browser cannot keep them, so they
    must be chosen again.
    """

    widget = SeveralFilesInput

    def __init__(self, *, policy: UploadPolicy = DOCUMENTS, max_files: int = 5, **kwargs: Any) -> None:
        self.max_files = max_files
        kwargs.setdefault(
            "help_text", f"{policy.types}. At most {policy.limit} each, and at most {max_files} files at once."
        )
        super().__init__(policy=policy, **kwargs)

    def to_python(self, data: Any) -> Any:
        if data in self.empty_values:
            return []
        chosen = list(data) if isinstance(data, Sequence) else [data]
        if len(chosen) > self.max_files:
            raise ValidationError(
                f"You chose {len(chosen)} files. Choose at most {self.max_files} at once and send the others after them.",
                code="too_many_files",
            )
        taken: list[CheckedFile] = []
        refused: list[ValidationError] = []
        for upload in chosen:
            try:
                taken.append(check(upload, policy=self.policy))
            except UploadRefused as exc:
                refused.append(ValidationError(f"“{safe_name(str(upload.name or ''))}”: {exc}", code=exc.code))
        if refused:
            if taken:
                names = ", ".join(f"“{checked.name}”" for checked in taken)
                refused.append(ValidationError(f"Nothing was sent. Choose {names} again too.", code="choose_again"))
            raise ValidationError(refused)
        return taken
