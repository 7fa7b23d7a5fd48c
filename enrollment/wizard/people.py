"""Fields that are asked of everybody to be covered: name, birth, SSN, sex, tobacco, and the optional section (APP_02, FAM)."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from enrollment.models import Applicant, QuotePerson
from enrollment.rules import household, identity, ssn
from enrollment.selectors.application_people import first_day
from enrollment.wizard.sections import DateField, Section, WizardContext

YES_NO = [("yes", "Yes"), ("no", "No")]
TOBACCO_LABEL = (
    "Within the past six months, have you used tobacco? 4 or more times per week on average, excluding religious or "
    "ceremonial uses."
)
SAME_SSN = "Somebody else on this application has this SSN."
# Signs that no field of one line holds: they would break a list, a document or a message to the carrier.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
NO_SIGNS = "Use letters, digits and punctuation only."


class LineField(forms.CharField):
    """Text of one line, without signs that cannot be seen."""

    def __init__(self, label: str, *, longest: int, required: str = "", **kwargs: Any) -> None:
        super().__init__(
            label=label,
            max_length=longest,
            required=bool(required),
            error_messages={
                "required": required,
                "max_length": "One letter." if longest == 1 else f"At most {longest} characters.",
            },
            **{"widget": forms.TextInput(attrs={"autocomplete": "off"}), **kwargs},
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and CONTROL.search(value):
            raise ValidationError(NO_SIGNS, code="signs")


class NameField(LineField):
    """A name or initial: at least one letter of some script."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not any(sign.isalpha() for sign in value):
            raise ValidationError("Enter at least one letter.", code="letters")


class InitialField(NameField):
    """One letter, in capitals."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").rstrip(".").upper()


class SecretInput(forms.TextInput):
    """A field that never shows what it holds: the page has no value to give away."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


def radio(label: str, choices: Sequence[tuple[str, str]], *, required: str = "", **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=bool(required),
        widget=forms.RadioSelect,
        error_messages={"required": required, "invalid_choice": "Choose one of the answers."},
        **kwargs,
    )


def languages(choices: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "Select"), *((one, one) for one in choices)]


def language(label: str, choices: Sequence[str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=languages(choices),
        required=False,
        error_messages={"invalid_choice": "Choose a language of the list."},
    )


def several(label: str, choices: Sequence[str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=[(one, one) for one in choices],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose of the list.", "invalid_list": "Choose of the list."},
    )


def hispanic() -> forms.MultipleChoiceField:
    return several("If you are Hispanic/Latino, do you identify as any of the following?", identity.HISPANIC)


def identities() -> forms.MultipleChoiceField:
    return several("Are you or do you identify as any of the following?", identity.IDENTITIES)


class PersonSection(Section):
    """What the sections about one person ask and check alike. ``person`` is the row, ``None`` for somebody new."""

    first_name = NameField("First Name", longest=60, required="Enter the first name.")
    middle_initial = InitialField("MI", longest=1)
    last_name = NameField("Last Name", longest=60, required="Enter the last name.")
    date_of_birth = DateField(label="Date of Birth", error_messages={"required": "Enter the date of birth."})
    ssn = forms.CharField(
        label="SSN",
        max_length=20,
        required=False,
        widget=SecretInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false", "placeholder": "___-__-____"}
        ),
        error_messages={"max_length": ssn.NINE_DIGITS},
    )
    ssn_remove = forms.BooleanField(label="Remove the SSN on file", required=False)
    sex = radio("Sex", QuotePerson.Sex.choices, required="Choose the sex.")
    tobacco_use = radio(TOBACCO_LABEL, YES_NO, required="Answer Yes or No.")
    tobacco_last_used = DateField(label="Date of last use", required=False)

    # Neither is ever shown again: what it holds is said beside the field, masked.
    passing = frozenset({"ssn", "ssn_remove"})

    @property
    def person(self) -> Applicant | None:
        raise NotImplementedError

    # --- birth ---

    def clean_date_of_birth(self) -> date | None:
        born: date | None = self.cleaned_data["date_of_birth"]
        if born is not None:
            problem = household.birth_problem(born, today=self.wizard.today)
            if problem:
                raise ValidationError(problem, code="birth")
        return born

    def born(self) -> date | None:
        found = self.answer("date_of_birth")
        return found if isinstance(found, date) else None

    def first_day(self) -> date:
        return first_day(self.wizard.application, today=self.wizard.today)

    # --- SSN: shown masked, replaced only when typed anew ---

    def waiting_ssn(self) -> str:
        """A number typed on a page that is not saved yet; kept encrypted with the draft, shown masked."""
        return ""

    def pending_ssn(self) -> str:
        """The waiting number, when the page that was sent said there is one and has no other."""
        return ""

    def clean_ssn(self) -> str:
        typed: str = self.cleaned_data["ssn"].strip()
        if not typed:
            return ""
        try:
            number = ssn.digits_of(typed)
        except ssn.NotAnSsn as exc:
            raise ValidationError(str(exc), code="ssn") from exc
        own = self.person.pk if self.person is not None else None
        others = self.wizard.application.applicants.all()
        if any(other.ssn == number for other in others if other.pk != own):
            raise ValidationError(SAME_SSN, code="ssn")
        return number

    def put_ssn(self, person: Applicant) -> None:
        """Keep a number that was typed; an empty field leaves what is on file."""
        typed = self.cleaned_data.get("ssn") or self.pending_ssn()
        if typed:
            person.ssn = typed
        elif self.cleaned_data.get("ssn_remove") and "ssn" not in self.errors:
            person.ssn = None

    def ssn_shown(self) -> str:
        """The last four digits of what is on file, or will be once the page is saved."""
        person = self.person
        return ssn.masked(self.waiting_ssn() or (person.ssn if person and person.ssn else ""))

    # --- tobacco ---

    def clean_tobacco(self) -> None:
        """The date of last use belongs to Yes: without it the field is as good as not there."""
        if self.answer("tobacco_use") == "no":
            self.errors.pop("tobacco_last_used", None)
            self.cleaned_data["tobacco_last_used"] = None
            return
        used = self.cleaned_data.get("tobacco_last_used")
        if isinstance(used, date):
            problem = household.last_use_problem(used, today=self.wizard.today, born=self.born())
            if problem:
                self.add_error("tobacco_last_used", problem)

    def demand_last_use(self) -> None:
        if self.answer("tobacco_use") == "yes" and "tobacco_last_used" not in self.errors:
            if not self.answer("tobacco_last_used"):
                self.add_error("tobacco_last_used", "Enter the date of last use.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self.clean_tobacco()
        return cleaned

    def context(self) -> dict[str, Any]:
        return {"ssn": self.ssn_shown(), "ssn_waits": bool(self.waiting_ssn())}


def tobacco_warning(wizard: WizardContext, person: Applicant) -> str:
    """Shown beside the answers; stops nothing (APP_03)."""
    if person.tobacco_use and person.tobacco_last_used:
        return household.last_use_warning(person.tobacco_last_used, today=wizard.today)
    return ""
