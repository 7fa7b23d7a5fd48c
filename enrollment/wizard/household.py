"""Health Reimbursement Arrangement, the optional section, Spouse and Dependents (FAM_01..11)."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.contact_fields import PhoneField
from enrollment.models import Applicant, Application, QuotePerson
from enrollment.rules import household, hra, identity, ssn
from enrollment.selectors import contact_texts
from enrollment.selectors.application_people import dependent_limit, next_position, with_relation
from enrollment.selectors.application_plans import people_of
from enrollment.wizard import people
from enrollment.wizard.applicant import keep_wordings, primary_in
from enrollment.wizard.cards import Card, CardList
from enrollment.wizard.people import LineField, PersonSection, tobacco_warning
from enrollment.wizard.sections import CardSection, DateField, Section, WizardContext, posted
from enrollment.wizard.steps_types import Part
from portal.common.dates import as_text

Relation = QuotePerson.Relation
OPTIONAL_TITLE = "Optional Language, Ethnicity, & Identity"
OPTIONAL_NOTE = "Nobody has to answer. The answers never change the premium or whether coverage is offered."
WHICH_HRA = "Choose ICHRA or QSEHRA, or empty the other fields of the arrangement."
ONE_SPOUSE = "An application has one spouse."
SPOUSE_LACKS = "Spouse information should be added before proceeding to the next screen."
DEPENDENT_LACKS = "Dependent information should be added before proceeding to the next screen."


class MoneyField(forms.DecimalField):
    """Dollars a month, zero or more; a dollar sign and commas may be typed."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().removeprefix("$").replace(",", "")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}" if isinstance(value, Decimal) else value


class Hra(Section):
    """An employer's arrangement that pays for premiums; for whom it applies (FAM_01)."""

    name, title = "hra", "Health Reimbursement Arrangement (HRA)"
    note = "Please Complete if Applicable"
    template = "enrollment/wizard/hra.html"

    hra_kind = people.radio("Type of HRA", [*Application.HraKind.choices, ("", "None")])
    hra_start = DateField(label="Start Date", required=False)
    hra_employer = LineField("Employer Name", longest=120)
    hra_contribution = MoneyField(
        label="Monthly Contribution",
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
        required=False,
        error_messages={
            "invalid": "Enter an amount in dollars, such as 250.00.",
            "min_value": "The contribution is zero or more.",
            "max_digits": "Enter an amount below 10,000,000 dollars.",
            "max_whole_digits": "Enter an amount below 10,000,000 dollars.",
            "max_decimal_places": "Enter dollars and cents, such as 250.00.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
    )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start = cleaned.get("hra_start")
        if isinstance(start, date):
            problem = hra.start_problem(self.answer("hra_kind") or "", start, today=self.wizard.today)
            if problem:
                self.add_error("hra_start", problem)
        return cleaned

    def demand(self) -> None:
        super().demand()
        others = [self.answer(name) for name in ("hra_start", "hra_employer", "hra_contribution")]
        if any(one not in (None, "") for one in others) and not self.answer("hra_kind"):
            self.add_error("hra_kind", WHICH_HRA)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)


class Optional(Section):
    """Language, Ethnicity & Identity of the primary applicant; optional, and never part of rating or reports (FAM_02..05)."""

    name, title, note = "optional", OPTIONAL_TITLE, OPTIONAL_NOTE
    template = "enrollment/wizard/optional.html"

    spoken_language = people.language("Preferred Spoken Language", identity.spoken_languages())
    written_language = people.language("Preferred Written Language", identity.LANGUAGES)
    hispanic = people.hispanic()
    identities = people.identities()

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(primary_in(wizard))

    def keep(self, wizard: WizardContext) -> None:
        person = primary_in(wizard)
        self.put(person)
        person.save()

    def context(self) -> dict[str, Any]:
        return {"open": any(self[name].value() for name in self.fields)}


# --- people beside the primary applicant ---


class OtherPerson(PersonSection, CardSection):
    """The card of the spouse or a dependent: saved as a whole, drawn with the optional section folded."""

    template = "enrollment/wizard/other_person.html"
    relation: ClassVar[str]

    @property
    def person(self) -> Applicant | None:
        row: Applicant | None = self.row
        return row

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        if row is None:
            return {"ssn": "", "ssn_remove": False}
        return {**cls.columns(row), "ssn": "", "ssn_on_file": row.ssn_last4, "ssn_remove": False}

    # What is typed on the page and not saved yet, the SSN among it, waits encrypted with the draft. A page that says so
    # masked may come back without it.

    def waiting_ssn(self) -> str:
        typed = str(self.wizard.typed(self.typed_name(self.row)).get("ssn", ""))
        try:
            return ssn.digits_of(typed) if typed else ""
        except ssn.NotAnSsn:
            return ""

    def pending_ssn(self) -> str:
        says_so = self.data.get(self.add_prefix("ssn_waits")) == "yes"
        return self.waiting_ssn() if says_so and not self.data.get(self.add_prefix("ssn_remove")) else ""

    def everything_sent(self) -> dict[str, Any]:
        found = super().everything_sent()
        if not str(found.get("ssn", "")).strip():
            found["ssn"] = self.pending_ssn()
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "tobacco_use" in self.fields:
            self.demand_last_use()
        return cleaned

    def keep(self, wizard: WizardContext) -> Applicant:
        row: Applicant = self.row or Applicant(
            application=wizard.application,
            relation=self.relation,
            position=next_position(wizard.application),
        )
        self.put(row, *(name for name in self.cleaned_data if name != "ssn"))
        self.put_ssn(row)
        row.save()
        return row

    def context(self) -> dict[str, Any]:
        open_ = any(self[name].value() for name in identity.COLUMNS if name in self.fields)
        return {
            **super().context(),
            "optional_title": OPTIONAL_TITLE,
            "optional_note": OPTIONAL_NOTE,
            "open": open_,
            "tobacco_note": "",
        }


class SpouseForm(OtherPerson):
    """Spouse Information (FAM_06, FAM_11)."""

    name, title = "spouse", "Spouse Information"
    relation = Relation.SPOUSE

    phone = PhoneField(label="Primary Phone", required=False)
    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        required=False,
        error_messages={"invalid": "Please enter a valid email address.", "max_length": "At most 254 characters."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    wordings = forms.CharField(required=False, widget=forms.HiddenInput)
    spoken_language = people.language("Preferred Spoken Language", identity.spoken_languages())
    hispanic = people.hispanic()
    identities = people.identities()

    def __init__(self, data: Any = None, *, wizard: WizardContext, row: Any = None, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, row=row, initial=initial)
        self.fields["phone"].widget.attrs["autocomplete"] = "off"

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        return {**super().read(wizard, row), "wordings": contact_texts.wordings(wizard).ids}

    def keep(self, wizard: WizardContext) -> Applicant:
        row = super().keep(wizard)
        keep_wordings(wizard, self.cleaned_data["wordings"])
        return row

    def context(self) -> dict[str, Any]:
        return {**super().context(), **contact_texts.wordings(self.wizard).as_context()}


class DependentForm(OtherPerson):
    """Dependent Information (FAM_07); tobacco is asked of those old enough to be charged for it (FAM_11)."""

    name, title = "dependents", "Dependent Information"
    relation = Relation.CHILD

    tobacco_use = people.radio(people.TOBACCO_LABEL, people.YES_NO)
    spoken_language = people.language("Preferred Spoken Language", identity.spoken_languages())
    hispanic = people.hispanic()
    identities = people.identities()

    def clean_date_of_birth(self) -> date | None:
        born = super().clean_date_of_birth()
        if born is not None:
            limit = self.wizard.once("dependent-limit", lambda: dependent_limit(self.wizard.application))
            problem = household.dependent_problem(born, effective_date=self.first_day(), limit=limit)
            if problem:
                raise ValidationError(problem, code="age")
        return born

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        asked = household.asks_tobacco(cleaned.get("date_of_birth"), effective_date=self.first_day())
        if asked and not cleaned.get("tobacco_use") and "tobacco_use" not in self.errors:
            self.add_error("tobacco_use", "Answer Yes or No: the question is asked of dependents of 21 and over.")
        return cleaned

    def context(self) -> dict[str, Any]:
        return {**super().context(), "tobacco_note": "For a dependent of 21 or over on the first day of coverage."}


class People(CardList):
    """What the two lists have in common."""

    form_class: ClassVar[type[OtherPerson]]
    lacks: ClassVar[str]
    asks_tobacco_of_all: ClassVar[bool] = False

    @classmethod
    def query(cls, wizard: WizardContext) -> Any:
        return with_relation(wizard.application, cls.form_class.relation)

    @classmethod
    def found(cls, wizard: WizardContext) -> list[Applicant]:
        return [one for one in people_of(wizard.application) if one.relation == cls.form_class.relation]

    @classmethod
    def card(cls, wizard: WizardContext, row: Applicant) -> Card:
        why = cls.why_incomplete(cls.as_saved(wizard, row))
        lines = [
            ("First Name", row.first_name or "-"),
            ("Last Name", row.last_name or "-"),
            ("DOB", as_text(row.date_of_birth) or "-"),
            ("Sex", row.get_sex_display() or "-"),
        ]
        if cls.asks_tobacco_of_all or row.tobacco_use is not None:
            used = "-" if row.tobacco_use is None else "Yes" if row.tobacco_use else "No"
            lines.append(("Tobacco Use", used))
        if row.ssn_last4:
            lines.append(("SSN", ssn.masked(row.ssn or "")))
        lines += [("Please check", warning) for warning in cls.warnings(wizard, row)]
        called = f"{cls.form_class.title.removesuffix(' Information')} {row.first_name}".strip()
        return Card(pk=row.pk, lines=lines, complete=not why, why_incomplete=why, called=called)

    @classmethod
    def as_saved(cls, wizard: WizardContext, row: Applicant) -> OtherPerson:
        """The card's form with what its row says, as if it had just been sent."""
        values = cls.form_class.read(wizard, row)
        blank = cls.form_class(wizard=wizard, row=row, initial=values)
        return cls.form_class(posted(blank, values), wizard=wizard, row=row, initial=values)

    @classmethod
    def why_incomplete(cls, form: OtherPerson) -> str:
        """The guide's sentence, and what about the card is not answered or cannot stay."""
        if form.is_valid():
            return ""
        lacking = [str(form[name].label) for name in form.errors if name in form.fields and not form[name].value()]
        wrong = [str(texts[0]) for name, texts in form.errors.items() if str(form[name].label) not in lacking]
        named = f"Missing: {', '.join(lacking)}." if lacking else ""
        return " ".join(filter(None, (cls.lacks, named, *wrong)))

    @classmethod
    def warnings(cls, wizard: WizardContext, row: Applicant) -> list[str]:
        """What is odd and stops nothing."""
        return [warning for warning in (tobacco_warning(wizard, row), cls.birth_warning(wizard, row)) if warning]

    @classmethod
    def birth_warning(cls, wizard: WizardContext, row: Applicant) -> str:
        raise NotImplementedError

    @classmethod
    def why_no_more(cls, wizard: WizardContext) -> str:
        others = sum(one.relation != Relation.SELF for one in people_of(wizard.application))
        return household.NO_MORE if others >= household.MOST_DEPENDENTS else ""


class Spouse(People):
    """At most one (FAM_06, FAM_09)."""

    name, title, add_label, form_class = "spouse", "Spouse", "+ Add Spouse", SpouseForm
    note = SPOUSE_LACKS
    delete_title = "Delete Spouse"
    lacks = SPOUSE_LACKS
    asks_tobacco_of_all = True

    @classmethod
    def birth_warning(cls, wizard: WizardContext, row: Applicant) -> str:
        first = wizard.application.effective_date or wizard.today
        return household.spouse_warning(row.date_of_birth, effective_date=first) if row.date_of_birth else ""

    @classmethod
    def why_no_more(cls, wizard: WizardContext) -> str:
        return ONE_SPOUSE if cls.found(wizard) else super().why_no_more(wizard)

    @classmethod
    def delete(cls, wizard: WizardContext, pk: int) -> None:
        super().delete(wizard, pk)
        # Nobody is left who agreed to electronic delivery, perhaps.
        keep_wordings(wizard, "")


class Dependents(People):
    """Children; with the spouse at most nineteen (FAM_07, FAM_10)."""

    name, title, add_label, form_class = "dependents", "Dependents", "+ Add Dependent", DependentForm
    note = f"{DEPENDENT_LACKS} {household.NO_MORE}"
    delete_title = "Delete Dependent"
    lacks = DEPENDENT_LACKS

    @classmethod
    def birth_warning(cls, wizard: WizardContext, row: Applicant) -> str:
        primary = primary_in(wizard).date_of_birth
        return household.dependent_warning(row.date_of_birth, primary_born=primary) if row.date_of_birth else ""


PARTS: tuple[Part, ...] = (Hra, Optional, Spouse, Dependents)
