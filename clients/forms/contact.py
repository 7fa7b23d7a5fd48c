"""Contact Info Change: lines of phone numbers, the email address, and what was said about text messages (CON_04..06, CON_10)."""

from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Div, Layout, Row
from django import forms
from django.http import QueryDict

from accounts.forms.contact_fields import PhoneField
from clients.models import ContactPoint
from clients.rules.contact import (
    CELL,
    EMAIL,
    HOW_WAS_IT_SAID,
    KINDS,
    LONGEST_EXTENSION,
    PHONES,
    TYPES,
    UNTYPED,
    WHO_SAID_SO,
    Consent,
    Contact,
    Point,
    TypedRow,
    consent_needed,
    normal_email,
    numbers_of,
    problems_of,
)
from clients.selectors.detail import phone_text
from clients.services.contact import Standing
from portal.common import form_keys

TYPE_CHOICES = [("", "Select"), *((kind, ContactPoint.Kind(kind).label) for kind in TYPES)]
YES_NO = [("no", "No"), ("yes", "Yes")]
HOW_CHOICES = ["By phone", "In person", "By email", "In writing"]
# A line for every type; one more for a number without a type beside them.
ROWS, MOST_ROWS = len(TYPES), len(TYPES) + 1
PARTS = ("type", "number", "extension", "send_text", "was")
THERE_NOW = "What is there now: {saved}"
NOTHING = "nothing"


class NumberField(PhoneField):
    """A US phone number as ten digits. A number the carrier sent may stay as it is, even one that cannot be dialled."""

    def __init__(self, *, known: set[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.as_known = {super(NumberField, self).to_python(value): value for value in known}

    def to_python(self, value: Any) -> str:
        digits = super().to_python(value)
        return self.as_known.get(digits, digits)

    def validate(self, value: str) -> None:
        if value not in self.as_known.values():
            super().validate(value)


def point_text(kind: str, point: Point | None) -> str:
    """A number or address in one line; "nothing" where there is none."""
    if point is None:
        return NOTHING
    if kind == EMAIL:
        return point.value
    texts = ", Send Text: Yes" if point.send_text else ""
    return f"{ContactPoint.Kind(kind).label} {phone_text(point.value, point.extension)}{texts}"


class ContactForm(forms.Form):
    """The primary insured's numbers, one a line, and email address; a cleared line takes its number away."""

    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        required=False,
        error_messages={"invalid": "Please enter a valid email address."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    consent_by = forms.CharField(
        label="Who said so",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    consent_how = forms.ChoiceField(
        label="How",
        required=False,
        choices=[("", "Select"), *((how, how) for how in HOW_CHOICES)],
        error_messages={"invalid_choice": "Select one of the list."},
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )
    member = forms.CharField(required=False, widget=forms.HiddenInput)
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None = None, *, standing: Standing, cancel_url: str, proposed: Contact | None = None
    ) -> None:
        """``proposed`` is filled in instead of what is awaited: what was asked for before and not accepted."""
        shown = proposed if proposed is not None else standing.awaited
        numbers = [(kind, shown[kind]) for kind in PHONES if kind in shown]
        sent = [place + 1 for place in range(MOST_ROWS) if data is not None and f"number_{place}" in data]
        self.row_count = max([ROWS, len(numbers), *sent])
        super().__init__(data, initial=self._initial(numbers, shown, standing))
        self.standing, self.cancel_url = standing, cancel_url
        self.fields["form_key"].initial = form_keys.new_key
        known = {
            point.value for contact in (standing.awaited, shown) for kind, point in contact.items() if kind != EMAIL
        }
        for place in range(self.row_count):
            self._add_row(place, known)
        self._lay_out()

    def _initial(self, numbers: list[tuple[str, Point]], shown: Contact, standing: Standing) -> dict[str, Any]:
        email = shown.get(EMAIL)
        initial: dict[str, Any] = {
            "email": email.value if email else "",
            "member": standing.member.pk,
            "seen": standing.stamp,
        }
        for place, (kind, point) in enumerate(numbers):
            initial |= _row_values(place, kind, point)
        cell = shown.get(CELL)
        if cell and cell.consent and consent_needed(standing.awaited.get(CELL), cell):
            initial |= {"consent_by": cell.consent.by, "consent_how": cell.consent.how}
        return initial

    def _add_row(self, place: int, known: set[str]) -> None:
        off = {"autocomplete": "off"}
        self.fields[f"type_{place}"] = forms.ChoiceField(
            label="Type",
            choices=TYPE_CHOICES,
            required=False,
            error_messages={"invalid_choice": "Select a type of the list."},
            widget=forms.Select(attrs=off),
        )
        self.fields[f"number_{place}"] = NumberField(
            known=known,
            label="Phone Number",
            required=False,
            widget=forms.TextInput(attrs={**off, "inputmode": "tel"}),
        )
        self.fields[f"extension_{place}"] = forms.CharField(
            label="Extension",
            max_length=LONGEST_EXTENSION,
            required=False,
            error_messages={"max_length": f"At most {LONGEST_EXTENSION} digits."},
            widget=forms.TextInput(attrs={**off, "inputmode": "numeric"}),
        )
        self.fields[f"send_text_{place}"] = forms.ChoiceField(
            label="Send Text",
            choices=YES_NO,
            required=False,
            error_messages={"invalid_choice": "Select Yes or No."},
            widget=forms.Select(attrs=off),
        )
        self.fields[f"was_{place}"] = forms.CharField(required=False, widget=forms.HiddenInput)

    def _lay_out(self) -> None:
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = Layout(
            HTML('<section class="panel" aria-labelledby="phone-numbers">'),
            HTML('<div class="panel-head"><h2 id="phone-numbers">Phone Number</h2></div>'),
            Div(
                HTML(
                    '<p class="form-note">Every number needs a type. To remove a number, clear it. Text messages go to a '
                    "cellular phone only.</p>"
                ),
                *(self._row(place) for place in range(self.row_count)),
                HTML(
                    '<fieldset class="text-consent"><legend>When Send Text, or the number it goes to, changes</legend>'
                    '<p class="form-note">What was said about text messages is kept with the number.</p>'
                ),
                Row(Column("consent_by", css_class="col-sm-7"), Column("consent_how", css_class="col-sm-5")),
                HTML("</fieldset>"),
                css_class="panel-body",
            ),
            HTML('</section><section class="panel" aria-labelledby="email-address">'),
            HTML('<div class="panel-head"><h2 id="email-address">Email</h2></div>'),
            Div("email", css_class="panel-body"),
            HTML("</section>"),
            "member",
            "form_key",
            "seen",
            Div(
                # Enter in a field presses the first button of a form.
                HTML('<button type="submit" class="btn btn-primary" name="step" value="next">Next</button>'),
                HTML('<a class="btn btn-secondary" href="{{ form.cancel_url }}">Cancel</a>'),
                css_class="form-actions mt-0",
            ),
        )

    def _row(self, place: int) -> Div:
        return Div(
            HTML(f'<fieldset class="phone-row"><legend>Number {place + 1}</legend>'),
            Row(
                Column(f"type_{place}", css_class="col-sm-6 col-lg-4"),
                Column(f"number_{place}", css_class="col-sm-6 col-lg-4"),
                Column(f"extension_{place}", css_class="col-6 col-lg-2"),
                Column(f"send_text_{place}", css_class="col-6 col-lg-2"),
            ),
            f"was_{place}",
            HTML("</fieldset>"),
            css_class="phone-line",
        )

    # --- cleaning ---

    def clean_email(self) -> str:
        return normal_email(self.cleaned_data["email"])

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for place in range(self.row_count):
            extension = cleaned.get(f"extension_{place}", "")
            if extension and not (extension.isascii() and extension.isdigit()):
                self.add_error(f"extension_{place}", "An extension has digits only.")
        for problem in problems_of(self.rows()):
            name = f"{problem.field}_{problem.row}"
            if name not in self.errors:
                self.add_error(name, problem.text)
        if not self.errors:
            self._check_consent()
        return cleaned

    def rows(self) -> list[TypedRow]:
        """The lines as they were sent, in their order."""
        return [self._typed_row(place) for place in range(self.row_count)]

    def _typed_row(self, place: int) -> TypedRow:
        was = self.cleaned_data.get(f"was_{place}", "")
        # A number that cannot be read has its own error; whether it has a type is told all the same.
        return TypedRow(
            kind=self.cleaned_data.get(f"type_{place}", ""),
            value=self.cleaned_data.get(f"number_{place}", "?"),
            extension=self.cleaned_data.get(f"extension_{place}", ""),
            send_text=self.cleaned_data.get(f"send_text_{place}") == "yes",
            was=was if was in KINDS else "",
        )

    def _check_consent(self) -> None:
        if not consent_needed(self.standing.awaited.get(CELL), self.wanted().get(CELL)):
            return
        for name, missing in (("consent_by", WHO_SAID_SO), ("consent_how", HOW_WAS_IT_SAID)):
            if not self.cleaned_data[name]:
                self.add_error(name, missing)

    # --- what comes out ---

    def wanted(self) -> dict[str, Point]:
        """All there is to be, by kind; only of a valid form."""
        wanted = numbers_of(self.rows())
        if self.cleaned_data["email"]:
            wanted[EMAIL] = Point(value=self.cleaned_data["email"])
        return wanted

    def consent(self, *, at: datetime) -> Consent | None:
        """What was said about text messages, heard at the moment ``at``; ``None`` where nothing had to be said."""
        if not consent_needed(self.standing.awaited.get(CELL), self.wanted().get(CELL)):
            return None
        return Consent(at=at, by=self.cleaned_data["consent_by"], how=self.cleaned_data["consent_how"])


def with_what_is_saved(sent: ContactForm, standing: Standing, why: str) -> ContactForm:
    """The valid form as it was sent, and beside each field that differs what is there now.

    Numbers that came meanwhile stand on lines of their own. Sent again, the form goes on as it stands then.
    """
    rows, said = sent.rows(), dict[str, str]()
    changes: dict[str, Any] = {"seen": standing.stamp, "form_key": form_keys.new_key()}
    shown = {row.kind for row in rows if row.value} | {row.was for row in rows}
    for place, row in enumerate(rows):
        kind = row.kind if row.value else row.was
        typed = Point(value=row.value, extension=row.extension, send_text=row.send_text) if row.value else None
        if kind and point_text(kind, standing.awaited.get(kind)) != point_text(kind, typed):
            said[f"number_{place}"] = point_text(kind, standing.awaited.get(kind))
    free = [place for place, row in enumerate(rows) if not row.value and not row.was]
    free += range(sent.row_count, MOST_ROWS)
    for kind in PHONES:
        if kind in standing.awaited and kind not in shown and free:
            place = free.pop(0)
            changes |= _row_values(place, kind, standing.awaited[kind])
            said[f"number_{place}"] = point_text(kind, standing.awaited[kind])
    email = standing.awaited.get(EMAIL)
    if sent.cleaned_data["email"] != (email.value if email else ""):
        said["email"] = point_text(EMAIL, email)
    data = QueryDict(mutable=True)
    data.update(sent.data)
    for name, value in changes.items():
        data[name] = str(value)
    form = ContactForm(data, standing=standing, cancel_url=sent.cancel_url)
    form.is_valid()
    form.add_error(None, why)
    for name, text in said.items():
        form.add_error(name, THERE_NOW.format(saved=text))
    return form


def _row_values(place: int, kind: str, point: Point) -> dict[str, Any]:
    return {
        f"type_{place}": "" if kind == UNTYPED else kind,
        f"number_{place}": point.value,
        f"extension_{place}": point.extension,
        f"send_text_{place}": "yes" if point.send_text else "no",
        f"was_{place}": kind,
    }
