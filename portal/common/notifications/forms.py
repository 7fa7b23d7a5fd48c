"""What a person wants to be told, and how."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from portal.common.notifications.kinds import Kind
from portal.common.notifications.models import NotificationPreference
from portal.common.notifications.preferences import Choice


@dataclass(frozen=True)
class Line:
    """One kind as the page shows it; ``in_app`` and ``email`` are missing where there is nothing to choose."""

    kind: Kind
    in_app: BoundField | None
    email: BoundField | None


class PreferencesForm(forms.Form):
    """Two fields for each kind that this person can get: ``in_app-<code>`` and ``email-<code>``."""

    def __init__(
        self, *args: Any, groups: Sequence[tuple[str, Sequence[Kind]]], now: Mapping[str, Choice], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.groups, self.now = groups, now
        for _group, kinds in groups:
            for kind in kinds:
                self._add_fields(kind)

    def _add_fields(self, kind: Kind) -> None:
        now = self.now[kind.code]
        if not kind.mandatory:
            self.fields[f"in_app-{kind.code}"] = forms.BooleanField(
                label=f"{kind.label}: in the portal",
                required=False,
                initial=now.in_app,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )
        if not kind.email_note:
            self.fields[f"email-{kind.code}"] = forms.ChoiceField(
                label=f"{kind.label}: by email",
                required=False,  # one that is not sent stays as it is
                choices=NotificationPreference.Email.choices,
                initial=now.email,
                widget=forms.Select(attrs={"class": "form-select"}),
                error_messages={"invalid_choice": "Choose one of the three ways in the list."},
            )

    def lines(self) -> Iterator[tuple[str, list[Line]]]:
        """The kinds by group, with their fields."""
        for group, kinds in self.groups:
            yield (
                group,
                [Line(kind, self._field(f"in_app-{kind.code}"), self._field(f"email-{kind.code}")) for kind in kinds],
            )

    def _field(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def choices(self) -> dict[str, Choice]:
        """What was chosen, by code, once the form is valid."""
        return {
            kind.code: Choice(
                in_app=self.cleaned_data.get(f"in_app-{kind.code}", True),
                email=self.cleaned_data.get(f"email-{kind.code}") or self.now[kind.code].email,
            )
            for _group, kinds in self.groups
            for kind in kinds
        }
