"""Coverage Replacement, Other Coverage and Proxy Information (COV)."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from enrollment.models import Applicant, ApplicationText, CoverageReplacement, OtherCoverage, Signature
from enrollment.rules.coverage_replacement import replacement_shown, why_not_termination
from enrollment.selectors.application_plans import people_of
from enrollment.selectors.applications import name_of
from enrollment.selectors.texts import blocks_of, text_in_force
from enrollment.wizard.cards import Card, CardList
from enrollment.wizard.plans import called
from enrollment.wizard.sections import CardSection, DateField, Missing, Section, WizardContext
from enrollment.wizard.steps_types import Part
from portal.common.dates import as_text

YES_NO = [("yes", "Yes"), ("no", "No")]
ANSWER = {"required": "Answer Yes or No.", "invalid_choice": "Answer Yes or No."}
MOST_CARDS = 40
UNKNOWN = "unknown"
NOT_UNKNOWN = "Enter the number as it stands on the member's ID card."


def text_kept_or_in_force(wizard: WizardContext, kind: str, kept: ApplicationText | None = None) -> dict[str, Any]:
    """A text as a page shows it: the version that was agreed to, or the one in force."""
    us_state = wizard.application.us_state
    text = kept or wizard.once(f"text:{kind}:{us_state}", lambda: text_in_force(kind, us_state, wizard.today))
    return {"text": text, "blocks": blocks_of(text), "kind": kind.lower().replace("_", "-")}


def line_field(label: str, *, most: int, required: str, help_text: str = "") -> forms.CharField:
    """A line of text; ``required`` is what is said of an empty one, empty where it may be."""
    return forms.CharField(
        label=label,
        max_length=most,
        required=bool(required),
        help_text=help_text,
        error_messages={"required": required, "max_length": f"At most {most} characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def without_control_characters(text: str) -> str:
    """The text with control characters as blanks: nobody types them, and documents cannot show them."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


class YesNo(Section):
    """One question with Yes or No, No unless somebody says otherwise; Yes opens the list below it."""

    template = "enrollment/wizard/yes_no.html"
    question: ClassVar[str] = ""
    text_kind: ClassVar[str] = ""

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)

    def context(self) -> dict[str, Any]:
        found: dict[str, Any] = {"question": "", "points": [], "text": None}
        if self.text_kind:
            found.update(text_kept_or_in_force(self.wizard, self.text_kind))
        return found


class PersonCardForm(CardSection):
    """A card about one of the people on the application."""

    template = "enrollment/wizard/person_card.html"

    applicant = forms.ChoiceField()

    def __init__(self, data: Any = None, *, wizard: WizardContext, row: Any = None, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, row=row, initial=initial)
        people = people_of(wizard.application)
        names = called(people)
        self.people: dict[str, Applicant] = {str(person.pk): person for person in people}
        choices = [(key, names[person.pk]) for key, person in self.people.items()]
        field: Any = self.fields["applicant"]
        field.choices = choices if len(choices) == 1 else [("", "Select"), *choices]
        field.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        for name, value in list(typed.items()):
            if isinstance(value, str) and name != "applicant":
                typed[name] = without_control_characters(value)
                if self.fields[name].required and not typed[name]:
                    self.add_error(name, ValidationError(self.fields[name].error_messages["required"]))
        return typed

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        return {**cls.columns(row), "applicant": str(row.applicant_id)} if row is not None else {}

    def put_person(self, row: Any) -> Applicant:
        """The row's columns, with the person chosen."""
        self.put(row, *(name for name in self.fields if name != "applicant"))
        row.applicant = self.people[self.cleaned_data["applicant"]]
        person: Applicant = row.applicant
        return person


class PersonCards(CardList):
    """Several policies, each of one of the people on the application."""

    # The yes/no column of the application that opens the list, and what is said when it is empty.
    opened_by: ClassVar[str] = ""
    none_yet: ClassVar[str] = ""

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return bool(getattr(wizard.application, cls.opened_by))

    @classmethod
    def why_no_more(cls, wizard: WizardContext) -> str:
        full = len(cls.found(wizard)) >= MOST_CARDS
        return f"An application holds at most {MOST_CARDS} of these." if full else ""

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        if not cls.found(wizard):
            return [Missing(section=cls.name, label=cls.title, sentence=cls.none_yet)]
        return super().missing(wizard)


def person_line(row: Any) -> str:
    return name_of(row.applicant) or row.applicant.get_relation_display()


# --- Coverage Replacement ---


class Replaces(YesNo):
    """Will this plan replace health coverage? Not asked on the Dental forms of some states (COV_01..03)."""

    name, title = "replaces", "Coverage Replacement"
    text_kind = ApplicationText.Kind.RIGHTS
    redraws = ("replacements",)

    replaces_coverage = forms.ChoiceField(
        label="Will this plan replace health coverage you already have?",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages=ANSWER,
    )

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return replacement_shown(wizard.application.us_state, wizard.application.form_type)


class ReplacementForm(PersonCardForm):
    """The policy that ends, of one person."""

    name, title = "replacements", "Coverage Replacement"

    applicant = forms.ChoiceField(
        label="Covered Person",
        error_messages={"required": "Choose the covered person.", "invalid_choice": "Choose a person of the list."},
    )
    insurer = line_field("Name of Insurance Company", most=120, required="Enter the name of the insurance company.")
    policy_number = line_field("Policy Number", most=40, required="Enter the policy number.")
    termination_date = DateField(
        label="Termination Date",
        help_text="The last day of the old coverage.",
        error_messages={"required": "Enter the termination date."},
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        ends = typed.get("termination_date")
        first_day = self.wizard.application.effective_date or self.wizard.today
        if ends and (why := why_not_termination(ends, first_day=first_day)):
            self.add_error("termination_date", why)
        return typed

    def keep(self, wizard: WizardContext) -> CoverageReplacement:
        row: CoverageReplacement = self.row or CoverageReplacement(application=wizard.application)
        self.put_person(row)
        row.save()
        return row


class Replacements(PersonCards):
    """The policies that are replaced, several if need be (COV_01)."""

    name, title, add_label = "replacements", "Coverage to Be Replaced", "+ Add Coverage Replacement"
    empty_text = "Nothing added yet."
    delete_title = "Delete Coverage Replacement"
    opened_by = "replaces_coverage"
    none_yet = "Add the coverage that is replaced, or answer No."
    form_class = ReplacementForm

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return super().shown(wizard) and Replaces.shown(wizard)

    @classmethod
    def query(cls, wizard: WizardContext) -> Any:
        return wizard.application.replacements.select_related("applicant").order_by("id")

    @classmethod
    def card(cls, wizard: WizardContext, row: Any) -> Card:
        first_day = wizard.application.effective_date or wizard.today
        why = why_not_termination(row.termination_date, first_day=first_day)
        return Card(
            pk=row.pk,
            lines=[
                ("Covered Person", person_line(row)),
                ("Name of Insurance Company", row.insurer),
                ("Policy Number", row.policy_number),
                ("Termination Date", as_text(row.termination_date)),
            ],
            complete=not why,
            why_incomplete=why,
            called=f"replaced coverage of {person_line(row)}",
        )


# --- Other Coverage ---


class HasOther(YesNo):
    """Does, or did within 60 days, anybody have other coverage? (COV_04)"""

    name, title = "other", "Other Coverage You or Your Dependent(s) May Have"
    redraws = ("other-coverages",)

    has_other_coverage = forms.ChoiceField(
        label="Other coverage, now or within the last 60 days",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages=ANSWER,
    )

    def context(self) -> dict[str, Any]:
        question = (
            "Does any person applying for coverage currently have, or did they previously have within the last 60 days:"
        )
        points = [
            f"Coverage with {settings.CARRIER_NAME}?",
            "Health coverage with any other insurance company?",
            "Coverage under a tax-supported or government program, including Medicare?",
        ]
        return {**super().context(), "question": question, "points": points}


class OtherCoverageForm(PersonCardForm):
    """Another policy of one person, now or within the last 60 days."""

    name, title = "other-coverages", "Other Coverage You or Your Dependent(s) May Have"

    applicant = forms.ChoiceField(
        label="Applicant Name",
        error_messages={"required": "Choose the applicant.", "invalid_choice": "Choose a person of the list."},
    )
    name_on_policy = line_field(
        "Name on Other Policy (if different)",
        most=120,
        required="",
        help_text="Left empty, it is the applicant's own name.",
    )
    member_number = line_field("Member Number", most=40, required="Enter the member number.")
    group_id = line_field("Group ID", most=40, required="Enter the group ID.")

    def __init__(self, data: Any = None, *, wizard: WizardContext, row: Any = None, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, row=row, initial=initial)
        if settings.OTHER_COVERAGE_UNKNOWN_NUMBERS:
            for name in ("member_number", "group_id"):
                self.fields[name].help_text = "“Unknown” where it is not at hand, or there is none."

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        if row is None:
            people = people_of(wizard.application)
            return {"name_on_policy": name_of(people[0])} if len(people) == 1 else {}
        return super().read(wizard, row)

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        for name in ("member_number", "group_id"):
            if str(typed.get(name, "")).lower() == UNKNOWN and not settings.OTHER_COVERAGE_UNKNOWN_NUMBERS:
                self.add_error(name, NOT_UNKNOWN)
        return typed

    def keep(self, wizard: WizardContext) -> OtherCoverage:
        row: OtherCoverage = self.row or OtherCoverage(application=wizard.application)
        person = self.put_person(row)
        row.name_on_policy = row.name_on_policy or name_of(person)
        row.save()
        return row


class OtherCoverages(PersonCards):
    """Other policies, several if need be (COV_04)."""

    name, title, add_label = "other-coverages", "Other Coverage", "+ Add Other Coverage"
    empty_text = "Nothing added yet."
    delete_title = "Delete Other Coverage"
    opened_by = "has_other_coverage"
    none_yet = "Add the other coverage, or answer No."
    form_class = OtherCoverageForm

    @classmethod
    def query(cls, wizard: WizardContext) -> Any:
        return wizard.application.other_coverages.select_related("applicant").order_by("id")

    @classmethod
    def card(cls, wizard: WizardContext, row: Any) -> Card:
        return Card(
            pk=row.pk,
            lines=[
                ("Applicant Name", person_line(row)),
                ("Name on Other Policy", row.name_on_policy),
                ("Member Number", row.member_number),
                ("Group ID", row.group_id),
            ],
            called=f"other coverage of {person_line(row)}",
        )


# --- Proxy Information ---


class Proxy(Section):
    """The proxy is optional; which version of the statement was agreed to is kept (COV_05)."""

    name, title = "proxy", "Proxy Information"
    template = "enrollment/wizard/proxy.html"

    proxy_agreed = forms.BooleanField(label="I agree to the Proxy Statement (optional)", required=False)

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)
        agreed = self.cleaned_data.get("proxy_agreed", False)
        keep_attestation(wizard, Signature.Role.PROXY, ApplicationText.Kind.PROXY, agreed=agreed)

    def context(self) -> dict[str, Any]:
        kept = wizard_attestation(self.wizard, Signature.Role.PROXY)
        return text_kept_or_in_force(self.wizard, ApplicationText.Kind.PROXY, kept.text if kept else None)


def wizard_attestation(wizard: WizardContext, role: str) -> Signature | None:
    """Who agreed to which text, if anybody has."""
    rows = wizard.application.signatures.select_related("text")
    found: Signature | None = rows.filter(role=role).first()
    return found


def keep_attestation(wizard: WizardContext, role: str, kind: str, *, agreed: bool, renew: bool = False) -> None:
    """Write who agreed when to the text in force, or take it back. One that stands stays as it was.

    ``renew``: agreeing anew to a text that has another version since counts for that version.
    """
    kept = wizard_attestation(wizard, role)
    if not agreed:
        if kept is not None:
            kept.delete()
        return
    text = text_kept_or_in_force(wizard, kind)["text"]
    if kept is not None and (kept.text_id == text.pk or not renew):
        return
    row = kept or Signature(application=wizard.application, role=role)
    row.text, row.attested_at, row.attested_by = text, wizard.now, wizard.user
    row.save()


PARTS: tuple[Part, ...] = (Replaces, Replacements, HasOther, OtherCoverages, Proxy)
