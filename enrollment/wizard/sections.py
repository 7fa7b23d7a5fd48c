"""Sections of the application: what each asks, where its answers are kept, and what is missing.

A section is a form whose answers live in the application's rows, a draft keeping whatever is valid so far:

    class Hra(Section):
        name, title = "hra", "Health Reimbursement Arrangement (HRA) - Please Complete if Applicable"
        redraws = ("hra",)                 # the section is drawn anew after a change in it (optional)

        hra_kind = forms.ChoiceField(label="Type of HRA", choices=Application.HraKind.choices, required=False)
        hra_employer = forms.CharField(label="Employer Name", max_length=120, required=False)

        @classmethod
        def read(cls, wizard):             # what the rows say, as the fields take it as their initial value
            return cls.columns(wizard.application)

        def keep(self, wizard):            # the valid answers; the frame saves the application itself
            self.put(wizard.application)

``required=True`` with an ``error_messages["required"]`` is what must be answered before submission; it never stops a draft
from being saved. A field that did not arrive with the form is left as it is, so parts of the page may be shown or hidden.

Several of a kind are a list of cards (``cards.py``), each card with a page of its own:

    class DependentForm(CardSection):
        name, title = "dependents", "Dependent Information"
        first_name = forms.CharField(label="First Name", max_length=60, error_messages={"required": "Enter the first name."})

        @classmethod
        def read(cls, wizard, row=None):
            return cls.columns(row) if row else {}

        def keep(self, wizard):            # here everything is valid; a new row is made when self.row is None
            row = self.row or Applicant(application=wizard.application, relation="child", position=...)
            self.put(row)
            row.save()

    class Dependents(CardList):
        name, title, add_label, form_class = "dependents", "Dependents", "+ Add Dependent", DependentForm

        @classmethod
        def query(cls, wizard):
            return wizard.application.applicants.filter(relation="child")

        @classmethod
        def card(cls, wizard, row):
            return Card(pk=row.pk, lines=[("First Name", row.first_name)], complete=bool(row.first_name), why_incomplete="...")

    PARTS = (Hra, Dependents)

What a button of a section does beside saving is ``perform``: ``<button name="act" value="do:hra:clear">`` saves the step and
calls ``perform(wizard, "clear")`` in the same transaction.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from enrollment.models import Application
from portal.common.dates import as_text, parse_us_date, today_in

# Longer raw texts than this are cut when they are kept beside the rows: no field of the application is that long.
LONGEST_TYPED = 1000
EMPTY: tuple[Any, ...] = (None, "", [], (), {})


class DateField(forms.CharField):
    """A day typed as mm/dd/yyyy; comes back as a ``date``, ``None`` for an empty field. ``read`` may give the date itself."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"autocomplete": "off", "inputmode": "numeric", "placeholder": "mm/dd/yyyy"}
        super().__init__(**{"max_length": 20, "widget": forms.TextInput(attrs=attrs), **kwargs})
        self.error_messages["max_length"] = "Enter the date as mm/dd/yyyy."

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return parse_us_date(typed)
        except ValueError as exc:
            raise ValidationError("Enter the date as mm/dd/yyyy.", code="invalid") from exc

    def prepare_value(self, value: Any) -> Any:
        return as_text(value) if isinstance(value, date) else value


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that must be answered before the application can be submitted.

    ``step`` is filled in by ``completeness``; ``field`` is the field's name, empty for the section as a whole; ``card`` the
    number of the row when it is one of a list, ``label`` what the question is called.
    """

    section: str
    sentence: str
    field: str = ""
    label: str = ""
    step: str = ""
    card: int | None = None

    def url(self, application: Application) -> str:
        """The page and place of the question; its messages stand beside the fields."""
        if self.card is not None:
            args = [application.record_number, self.step, self.section, self.card]
            return reverse("enrollment:application-card", args=args) + "?check=1"
        page = reverse("enrollment:application-step", args=[application.record_number, self.step])
        return f"{page}?check=1#{self._place()}"

    def _place(self) -> str:
        """Of several buttons or boxes the first has the focus: the question itself is none."""
        # The steps are made of sections, so they cannot be known when this module is read.
        from enrollment.wizard.steps import step_of

        if not self.field:
            return f"section-{self.section}"
        step = step_of(self.step)
        asked = {part.name: part.base_fields for part in step.sections} if step else {}
        field = asked.get(self.section, {}).get(self.field)
        several = isinstance(getattr(field, "widget", None), forms.RadioSelect | forms.CheckboxSelectMultiple)
        return f"id_{self.section}-{self.field}{'_0' if several else ''}"


@dataclass(frozen=True)
class Done:
    """What a button of a section has done: a sentence to show, and where to go on if not on the same step."""

    message: str = ""
    level: str = "success"
    url: str = ""


@dataclass
class WizardContext:
    """The application in hand, who works on it and when. While saving, the application's row is locked."""

    application: Application
    user: User
    now: datetime
    _typed: dict[str, dict[str, Any]] | None = field(default=None, repr=False)
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def today(self) -> date:
        """The civil day in the applicant's state."""
        return today_in(self.application.us_state, now=self.now)

    @property
    def from_quote(self) -> bool:
        """Was it started from a quote? Then producer and form type are fixed (WIZ_04, AUT_02)."""
        return self.application.quote_id is not None

    def once(self, key: str, look_up: Callable[[], Any]) -> Any:
        """What ``look_up`` finds, asked once for this request: for tables and rights, not for answers."""
        if key not in self._known:
            self._known[key] = look_up()
        return self._known[key]

    def typed(self, name: str) -> dict[str, Any]:
        """What was typed in a section and is not valid: raw texts (or lists of them) by field."""
        if self._typed is None:
            self._typed = json.loads(self.application.typed) if self.application.typed else {}
        return self._typed.get(name, {})

    def keep_typed(self, name: str, texts: Mapping[str, Any]) -> None:
        """Keep raw texts of a section in place of those kept before; the frame saves the application."""
        self.typed(name)
        kept = dict(self._typed or {})
        kept.pop(name, None)
        if texts:
            kept[name] = dict(texts)
        self._typed = kept
        self.application.typed = json.dumps(kept, sort_keys=True) if kept else None


class Section(forms.Form):
    """One box of a step. See the module's description for an example."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    note: ClassVar[str] = ""
    template: ClassVar[str] = "enrollment/wizard/_section.html"
    # Parts of the same step that look different after a change in this one; drawn anew when it is saved by itself.
    redraws: ClassVar[tuple[str, ...]] = ()
    # Fields whose values are never shown when two people's entries are compared.
    secret: ClassVar[frozenset[str]] = frozenset({"ssn"})
    # Fields that only help to fill in others, such as a search, and are not kept.
    passing: ClassVar[frozenset[str]] = frozenset()
    # A draft keeps what is there so far; a card is saved as a whole.
    drafts: ClassVar[bool] = True

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix=self.name, initial=dict(initial or {}), use_required_attribute=False)
        self.wizard = wizard

    # --- for the owner of a section to fill in ---

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        """Is the section part of this application?"""
        return True

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        """What the rows say, by field."""
        return {}

    def keep(self, wizard: WizardContext) -> Any:
        """Write the valid fields of ``cleaned_data`` to the rows. The frame saves ``wizard.application`` afterwards."""

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        """What still has to be answered: invalid texts, required fields without an answer, answers that do not fit."""
        form = cls.as_kept(wizard)
        form.demand()
        found = []
        for name, sentences in form.errors.items():
            label = form[name].label if name in form.fields else cls.title
            place = name if name in form.fields else ""
            found += [Missing(section=cls.name, field=place, label=str(label), sentence=str(one)) for one in sentences]
        return found

    def on_enter(self) -> str:
        """The button that Enter presses in the field just filled in, where scripts do not; empty to go on with Next."""
        return ""

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        """What the button ``do:<section>:<verb>`` does beside saving the step; ``None`` for a verb it does not know."""
        return None

    def context(self) -> dict[str, Any]:
        """What the template shows beside the fields, as ``more``."""
        return {}

    # --- helpers for owners ---

    @classmethod
    def columns(cls, row: Any) -> dict[str, Any]:
        """The row's columns of the fields' names: yes/no choices as "yes" and "no"."""
        found = {}
        for name in cls.base_fields:
            if hasattr(row, name):
                value = getattr(row, name)
                yes_no = isinstance(value, bool) and not isinstance(cls.base_fields[name], forms.BooleanField)
                found[name] = ("yes" if value else "no") if yes_no else value
        return found

    def put(self, row: Any, *names: str) -> None:
        """Write the valid fields (all, or those named) to the row's columns of the same names; "yes" and "no" as a bool."""
        columns = {column.name: column for column in row._meta.concrete_fields}
        for name in names or self.cleaned_data:
            if name not in self.cleaned_data or name not in columns:
                continue
            value, column = self.cleaned_data[name], columns[name]
            if column.get_internal_type() == "BooleanField" and isinstance(value, str):
                value = {"yes": True, "no": False}.get(value, None if column.null else False)
            if value in ("", None):
                value = None if column.null else column.get_default() if value is None else ""
            setattr(row, name, value)

    def answer(self, name: str) -> Any:
        """The field's valid answer, or what the rows say when it was not sent or is not valid."""
        if name in getattr(self, "cleaned_data", {}):
            return self.cleaned_data[name]
        return type(self).read(self.wizard).get(name)

    # --- cleaning a draft ---

    def was_sent(self, name: str) -> bool:
        """Did the field arrive with the form? What did not is left as it is."""
        widget = self.fields[name].widget
        return not widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))

    def _clean_fields(self) -> None:
        """Empty is fine in a draft; fields that were not sent have neither value nor error."""
        required = [one for one in self.fields.values() if one.required] if self.drafts else []
        for one in required:
            one.required = False
        try:
            super()._clean_fields()  # type: ignore[misc]
        finally:
            for one in required:
                one.required = True
        if self.drafts:
            for name in self.fields:
                if not self.was_sent(name):
                    self.cleaned_data.pop(name, None)
                    self.errors.pop(name, None)

    def demand(self) -> None:
        """Add the message of every required field that has no answer, and none yet."""
        _ = self.errors
        for name, one in self.fields.items():
            answer = self.cleaned_data.get(name)
            unticked = isinstance(one, forms.BooleanField) and not answer
            if one.required and name not in self.errors and (unticked or answer in EMPTY):
                self.add_error(name, ValidationError(one.error_messages["required"], code="required"))

    def raw(self) -> dict[str, Any]:
        """What was typed in the fields that are not valid, as it arrived."""
        found: dict[str, Any] = {}
        for name in self.fields:
            if name in self.errors and self.was_sent(name):
                values = [_fit(one) for one in self._sent(name)]
                found[name] = values if isinstance(self.fields[name], forms.MultipleChoiceField) else values[-1]
        return found

    def _sent(self, name: str) -> list[str]:
        data: Any = self.data
        return data.getlist(self.add_prefix(name)) or [""]

    # --- shown again ---

    @classmethod
    def unsent(cls, wizard: WizardContext) -> "Section":
        """The section as its rows stand, with what was typed and is not valid beside its message."""
        if wizard.typed(cls.name):
            return cls.as_kept(wizard)
        return cls(wizard=wizard, initial=cls.read(wizard))

    @classmethod
    def as_kept(cls, wizard: WizardContext) -> "Section":
        """The section as if everything it holds had just been sent: its errors are those of what is kept."""
        values = {**cls.read(wizard), **wizard.typed(cls.name)}
        blank = cls(wizard=wizard, initial=values)
        return cls(posted(blank, values), wizard=wizard, initial=values)


class CardSection(Section):
    """The form of one card of a list; ``row`` is the card's row, ``None`` for a new one. It is saved as a whole."""

    template: ClassVar[str] = "enrollment/wizard/_section.html"
    drafts: ClassVar[bool] = False

    def __init__(
        self, data: Any = None, *, wizard: WizardContext, row: Any = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        self.row = row
        super().__init__(data, wizard=wizard, initial=initial)

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        """What the row says, by field; a new card's defaults without one."""
        return cls.columns(row) if row is not None else {}

    @classmethod
    def typed_name(cls, row: Any) -> str:
        return f"{cls.name}:{row.pk if row is not None else 'new'}"

    @classmethod
    def of(cls, wizard: WizardContext, row: Any, *, check: bool = False) -> "CardSection":
        """The form as the row stands, with what was typed on its page and not saved."""
        typed = wizard.typed(cls.typed_name(row))
        values = {**cls.read(wizard, row), **typed}
        blank = cls(wizard=wizard, row=row, initial=values)
        return cls(posted(blank, values), wizard=wizard, row=row, initial=values) if typed or check else blank

    def everything_sent(self) -> dict[str, Any]:
        """Every field as it arrived, to be shown again when the page was left without saving."""
        return {
            name: [_fit(one) for one in self._sent(name)]
            if isinstance(one, forms.MultipleChoiceField)
            else _fit(self._sent(name)[-1])
            for name, one in self.fields.items()
            if self.add_prefix(name) in self.data
        }

    def answer(self, name: str) -> Any:
        if name in getattr(self, "cleaned_data", {}):
            return self.cleaned_data[name]
        return type(self).read(self.wizard, self.row).get(name)


def posted(form: forms.Form, values: Mapping[str, Any]) -> MultiValueDict[str, str]:
    """``values`` as a browser would send them in the form's fields."""
    data: MultiValueDict[str, str] = MultiValueDict()
    for name, one in form.fields.items():
        html_name, value = form.add_prefix(name), values.get(name)
        if isinstance(one.widget, forms.CheckboxInput):
            if value and value not in ("false", "False"):
                data[html_name] = "on"
            continue
        if isinstance(value, bool):
            value = "yes" if value else "no"
        value = one.prepare_value(value)
        if isinstance(value, list | tuple | set | frozenset):
            data.setlist(html_name, [_as_sent(each) for each in value])
        elif value is None or value == "":
            data[html_name] = ""
        else:
            data[html_name] = _as_sent(value)
    return data


def _as_sent(value: Any) -> str:
    if isinstance(value, date):
        return as_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(getattr(value, "pk", value))


def _fit(text: str) -> str:
    return text.replace("\x00", "")[:LONGEST_TYPED]


def stamp(states: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """A keyed digest of what the sections of a page hold, to see whether somebody else has changed them meanwhile."""
    plain = json.dumps([[name, values] for name, values in states], default=_as_sent, sort_keys=True)
    return salted_hmac("enrollment.wizard", plain, algorithm="sha256").hexdigest()[:32]


def placed(found: Sequence[Missing], step: str) -> list[Missing]:
    """The same with the step on which they are asked."""
    return [replace(one, step=step) for one in found]
