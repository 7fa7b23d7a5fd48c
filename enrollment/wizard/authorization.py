"""Application Form Type and Authorization (AUT_01..07)."""

from typing import Any

from django import forms

from clients.models import Policy
from enrollment.models import Application, ApplicationText
from enrollment.selectors.texts import blocks_of, text_in_force
from enrollment.wizard.sections import Done, Missing, Section, WizardContext
from enrollment.wizard.steps_types import Part
from portal.common import audit
from portal.common.dates import moment_as_text

PAPER_LABEL = (
    "I confirm/attest that my client has completed and signed a paper application, and as the producer of record, I will be "
    "completing and submitting the application on their behalf. I will keep a record of the paper application for a minimum "
    "of two years from submit date."
)
IN_PERSON_LABEL = (
    "I confirm/attest that I am assisting my client in person. That all the terms, agreements, acknowledgements and "
    "authorizations displayed on paper application have been presented and communicated to my client."
)
NOT_AGREED = "Confirm that the client accepts the Terms and Agreements."
TICK_FIRST = "Tick that you agree to the terms and conditions, then press Continue."
NEW_VERSION = "The Terms and Agreements were renewed while you read them. Please read them once more."
AGREED = "The Terms and Agreements are accepted."
Authorization = Application.Authorization


class FormType(Section):
    """What is applied for; fixed when it comes from a quote (AUT_01, AUT_02)."""

    name, title = "form-type", "Application Information"
    template = "enrollment/wizard/form_type.html"

    form_type = forms.ChoiceField(
        label="Application Form Type",
        choices=[("", "Select"), *Application.FormType.choices],
        error_messages={
            "required": "Choose the application form type.",
            "invalid_choice": "Choose a form type of the list.",
        },
    )

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        if wizard.from_quote:
            del self.fields["form_type"]

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return {} if wizard.from_quote else cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)
        if self.cleaned_data.get("form_type") == Application.FormType.DENTAL:
            wizard.application.plans.filter(line=Policy.Line.MEDICAL).delete()

    def context(self) -> dict[str, Any]:
        row = self.wizard.application
        return {"fixed": row.get_form_type_display() if self.wizard.from_quote else ""}


class Authorize(Section):
    """One of two ways in which the client has agreed; in person the terms are shown and accepted (AUT_03..06)."""

    name, title = "authorization", "Authorization"
    template = "enrollment/wizard/authorization.html"

    authorization = forms.ChoiceField(
        label="Authorization",
        choices=[(Authorization.PAPER.value, PAPER_LABEL), (Authorization.IN_PERSON.value, IN_PERSON_LABEL)],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose one of the two authorizations.",
            "invalid_choice": "Choose one of the two authorizations.",
        },
    )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        row = wizard.application
        return {"authorization": row.authorization, "terms": row.terms_id}

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)
        if wizard.application.authorization != Authorization.IN_PERSON:
            forget_terms(wizard.application)

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        row = wizard.application
        if verb == "cancel":
            row.authorization = ""
            forget_terms(row)
            return Done()
        if verb != "agree":
            return None
        if row.authorization == Authorization.IN_PERSON and row.terms_id is not None:
            # The same window sent twice.
            return Done()
        text = terms_of(wizard)
        if self.data.get("terms") != str(text.pk):
            return Done(NEW_VERSION, level="warning")
        if self.data.get("agree") != "on":
            return Done(TICK_FIRST, level="error")
        row.authorization = Authorization.IN_PERSON
        row.terms, row.terms_agreed_at, row.terms_agreed_by = text, wizard.now, wizard.user
        audit.record(
            "application.terms_agreed",
            by=wizard.user,
            for_producer=row.producer_number.producer.npn,
            object_type="application",
            object_id=row.record_number,
            details={"us_state": text.us_state, "version": text.version, "sha256": text.sha256},
        )
        return Done(AGREED)

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        row = wizard.application
        if row.authorization == Authorization.IN_PERSON and row.terms_id is None:
            return [Missing(section=cls.name, field="authorization", label="Terms and Agreements", sentence=NOT_AGREED)]
        return super().missing(wizard)

    def demand(self) -> None:
        super().demand()
        row = self.wizard.application
        if row.authorization == Authorization.IN_PERSON and row.terms_id is None and not self.errors:
            self.add_error("authorization", NOT_AGREED)

    def context(self) -> dict[str, Any]:
        row, text = self.wizard.application, terms_of(self.wizard)
        agreed = ""
        if row.terms is not None and row.terms_agreed_at is not None:
            agreed = (
                f"Terms and Agreements version {row.terms.version} accepted on {moment_as_text(row.terms_agreed_at)}."
            )
        return {
            "terms": text,
            "blocks": blocks_of(text),
            "agreed": agreed,
            "in_person": row.authorization == Authorization.IN_PERSON,
        }


def forget_terms(application: Application) -> None:
    """The acceptance goes with the authorization; the audit trail keeps that there was one."""
    application.terms = application.terms_agreed_at = application.terms_agreed_by = None


def terms_of(wizard: WizardContext) -> ApplicationText:
    """The Terms and Agreements in force for the application's state."""
    us_state = wizard.application.us_state
    found: ApplicationText = wizard.once(f"terms:{us_state}", lambda: text_in_force("TERMS", us_state, wizard.today))
    return found


PARTS: tuple[Part, ...] = (FormType, Authorize)
