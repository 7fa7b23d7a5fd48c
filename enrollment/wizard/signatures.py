"""Signatures and Payment, and what is still missing before Submit Application (SIG_01..05)."""

from typing import Any

from django import forms

from enrollment.models import Application, ApplicationText, Signature
from enrollment.payments.gateways import is_on
from enrollment.rules.consumer_choice import disclosure_needed
from enrollment.rules.guardians import PersonOnForm, guardian_needed
from enrollment.selectors.application_plans import chosen_plans, medical_plan, people_of
from enrollment.wizard.coverage import (
    keep_attestation,
    line_field,
    text_kept_or_in_force,
    without_control_characters,
    wizard_attestation,
)
from enrollment.wizard.plans import changes_in
from enrollment.wizard.sections import Section, WizardContext
from enrollment.wizard.steps_types import Part

REVIEW = "review"
ATTEST = "Please attest to Consumer Choice Disclosure before submitting application."
PAY_NOW_OFF = "Pay Now is not available: payments cannot be made online at the moment."
CHOOSE_PAYMENT = "Choose Pay Now or Pay Later before submitting the application."
Role = Signature.Role
CONSUMER_CHOICE = ApplicationText.Kind.CONSUMER_CHOICE


# --- Consumer Choice Disclosure ---


class ConsumerChoice(Section):
    """Texas applicants attest to the disclosure, unless the plan is no consumer choice plan (SIG_03)."""

    name, title = "consumer-choice", "Consumer Choice Disclosure"
    template = "enrollment/wizard/consumer_choice.html"
    redraws = (REVIEW,)

    agreed = forms.BooleanField(label="I agree to the Consumer Choice Disclosure", error_messages={"required": ATTEST})

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        plan = medical_plan(wizard.application)
        return disclosure_needed(
            wizard.application.us_state, consumer_choice_plan=plan is not None and plan.plan.consumer_choice
        )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        kept, text = wizard_attestation(wizard, Role.CONSUMER_CHOICE), cls._text(wizard)["text"]
        # Another version since then has to be agreed to anew.
        return {"agreed": kept is not None and kept.text_id == text.pk}

    @staticmethod
    def _text(wizard: WizardContext) -> dict[str, Any]:
        return text_kept_or_in_force(wizard, CONSUMER_CHOICE)

    def keep(self, wizard: WizardContext) -> None:
        agreed = self.cleaned_data.get("agreed", False)
        keep_attestation(wizard, Role.CONSUMER_CHOICE, CONSUMER_CHOICE, agreed=agreed, renew=True)

    def context(self) -> dict[str, Any]:
        return self._text(self.wizard)


# --- who signs for whom ---


class SignerSection(Section):
    """Name and relationship of somebody who signs for the applicant; kept as one row of its role."""

    role = Role.GUARDIAN
    redraws = (REVIEW,)
    template = "enrollment/wizard/signer.html"

    first_name = line_field("First Name", most=60, required="Enter the first name.")
    middle_initial = line_field("MI", most=1, required="")
    last_name = line_field("Last Name", most=60, required="Enter the last name.")
    relationship = line_field("Relationship to Applicant", most=60, required="Enter the relationship to the applicant.")

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        return {name: without_control_characters(value or "") for name, value in typed.items()}

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        row = wizard.application.signatures.filter(role=cls.role).first()
        return cls.columns(row) if row is not None else {}

    def keep(self, wizard: WizardContext) -> None:
        kept = wizard.application.signatures.filter(role=self.role).first()
        row = kept or Signature(application=wizard.application, role=self.role)
        before = self.columns(row)
        self.put(row)
        if self.columns(row) == before:
            return
        # Whose name it is counts from the moment it was entered.
        row.attested_at, row.attested_by = wizard.now, wizard.user
        row.save()


class Guardian(SignerSection):
    """Somebody signs for the child when everybody applied for is under 18 (SIG_02)."""

    name, title = "guardian", "Parent/Legal Guardian Information"
    note = "Everybody on this application is under 18 on the effective date: a parent or legal guardian, 18 or older, signs."
    role = Role.GUARDIAN

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return guardian_signs(wizard.application, wizard)


def guardian_signs(application: Application, wizard: WizardContext) -> bool:
    people = [PersonOnForm(one.relation, one.date_of_birth) for one in people_of(application)]
    return guardian_needed(people, effective_date=application.effective_date or wizard.today)


class Representative(Section):
    """Does an authorized representative fill this out? (SIG_01)"""

    name, title = "representative", "Authorized Representative"
    template = "enrollment/wizard/representative.html"
    redraws = ("representative-name", REVIEW)

    by_representative = forms.BooleanField(
        label="I am an authorized representative filling out this application on behalf of the primary applicant",
        required=False,
    )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)


class RepresentativeName(SignerSection):
    """Who the authorized representative is."""

    name, title = "representative-name", "Authorized Representative's Information"
    role = Role.REPRESENTATIVE

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return wizard.application.by_representative


# --- Payment Information ---


class PaymentChoices(forms.RadioSelect):
    """Pay Now cannot be chosen where there is no payment service."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if value == Application.PaymentChoice.NOW and not is_on():
            option["attrs"]["disabled"] = True
        return option


class PaymentChoiceField(forms.ChoiceField):
    def validate(self, value: Any) -> None:
        super().validate(value)
        if value == Application.PaymentChoice.NOW and not is_on():
            raise forms.ValidationError(PAY_NOW_OFF, code="off")


class Payment(Section):
    """Pay Now or Pay Later, chosen before the application is submitted (SIG_04, SIG_05)."""

    name, title = "payment", "Payment Information"
    note = "Payment will occur after the application has been submitted"
    template = "enrollment/wizard/payment.html"
    redraws = (REVIEW,)

    payment_choice = PaymentChoiceField(
        label="Payment",
        choices=[
            (Application.PaymentChoice.NOW.value, "Pay Now"),
            (Application.PaymentChoice.LATER.value, "Pay Later"),
        ],
        widget=PaymentChoices,
        error_messages={"required": CHOOSE_PAYMENT, "invalid_choice": CHOOSE_PAYMENT},
    )

    def context(self) -> dict[str, Any]:
        return {"pay_now_off": "" if is_on() else PAY_NOW_OFF}

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)


# --- what is still missing ---


class Review(Section):
    """Everything that still has to be answered, step by step, each line leading to its question."""

    name, title = REVIEW, "Before You Submit"
    template = "enrollment/wizard/review.html"

    def context(self) -> dict[str, Any]:
        # Asked of all steps, this one among them; so the steps cannot be known when this module is read.
        from enrollment.wizard.completeness import missing_of
        from enrollment.wizard.steps import STEPS

        wizard = self.wizard
        found = missing_of(wizard)
        steps = [
            {
                "title": step.title,
                "lines": [
                    {"url": one.url(wizard.application), "label": one.label, "sentence": one.sentence}
                    for one in found
                    if one.step == step.slug
                ],
            }
            for step in STEPS
        ]
        return {
            "steps": [step for step in steps if step["lines"]],
            "count": len(found),
            "changes": changes_in(chosen_plans(wizard.application)),
        }


PARTS: tuple[Part, ...] = (ConsumerChoice, Guardian, Representative, RepresentativeName, Payment, Review)
