"""Producer Information and Special Enrollment Information (WIZ_03..16, HOM_12, HOM_13)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts import number_labels
from accounts.models import ProducerNumber, User
from clients.selectors.detail import phone_text
from enrollment.models import Application, ApplicationLifeEvent
from enrollment.rules import sep
from enrollment.rules.sep_types import LifeEvent
from enrollment.selectors.effective_dates import OFF_EXCHANGE, decide_for, explanation_of
from enrollment.selectors.life_events import life_events_of, life_events_offered
from enrollment.selectors.open_enrollment import open_now
from enrollment.selectors.quotes import writing_numbers
from enrollment.wizard.cards import Card, CardList
from enrollment.wizard.sections import CardSection, DateField, Done, Missing, Section, WizardContext
from enrollment.wizard.steps_types import Part
from portal.common.dates import US_STATES, as_text

YES_NO = [("yes", "Yes"), ("no", "No")]
MOST_EVENTS = 10
NOT_A_NUMBER = "Choose one of your active writing numbers."
NOT_OPEN = "Open enrollment is not on. An application needs a life event: answer Yes."
NO_EVENT = "Add at least one life event with its date."
NOT_CALCULATED = "Press Calculate Effective Date. A change of the life events clears the date."
NOT_LISTED = "If you do not see your circumstance listed above, please contact our Pre-Sales Support team."
ONE_MUST_STAY = "A special enrollment needs a life event. Add the right one first, then delete this one."
PRIOR_QUESTIONS = {
    "MARRIAGE": "Did at least one spouse have coverage for one or more days during the 60 days before the marriage?",
    "PERMANENT_MOVE": "Did the applicant have coverage for one or more days during the 60 days before the move?",
}
PRIOR_QUESTION = "Did the applicant have coverage for one or more days during the 60 days before the life event?"
GROUPS = {
    "loss": "Loss of coverage",
    "household": "Changes in household",
    "residence": "Changes in residence",
    "hra": "Employer health reimbursement arrangement",
    "eligibility": "Changes in eligibility",
}


def clear_date(application: Application) -> None:
    """What the effective date was found from has changed: it is to be calculated again (WIZ_12)."""
    application.effective_date = application.elected_date = None
    application.decision = {}


# --- Producer Information ---


def number_field(user: User, numbers: Sequence[ProducerNumber]) -> forms.Field:
    """Producers choose the state; delegates type the writing number and pick from a list (HOM_12)."""
    if user.role == user.Role.DELEGATE:
        return forms.CharField(
            label="Writing Producer Number",
            max_length=20,
            error_messages={
                "required": "Type the writing producer number and pick it from the list.",
                "max_length": NOT_A_NUMBER,
            },
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "inputmode": "numeric", "list": "writing-numbers", "spellcheck": "false"}
            ),
        )
    return forms.ChoiceField(
        label="State",
        choices=[("", "Select"), *number_labels.choices(numbers)],
        error_messages={"required": "Choose the state of the client's home.", "invalid_choice": NOT_A_NUMBER},
        help_text="Choose the state that matches the client's Home Address.",
    )


def number_facts(number: ProducerNumber | None) -> list[tuple[str, str]]:
    """What fills in by itself once a number is chosen."""
    if number is None:
        return []
    return [
        ("Producer Name", number.producer.name),
        ("Writing Producer Number", number.number),
        ("Company Name", number.company_name),
        ("State", US_STATES[number.us_state]),
        ("Phone", phone_text(number.phone)),
        ("Email", number.email),
    ]


class Producer(Section):
    """Under whose number the application is written; fixed when it comes from a quote (WIZ_04)."""

    name, title = "producer", "Producer Information"
    template = "enrollment/wizard/producer.html"
    redraws = ("producer", "special", "effective")

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        self.numbers: list[ProducerNumber] = []
        if wizard.from_quote or wizard.once("submitted", wizard.application.submissions.exists):
            return
        own = wizard.application.producer_number
        self.numbers = wizard.once("numbers", lambda: writing_numbers(wizard.user))
        if own.number not in {number.number for number in self.numbers}:
            self.numbers = [own, *self.numbers]
        self.fields["number"] = number_field(wizard.user, self.numbers)

    def clean_number(self) -> str:
        typed = self.cleaned_data["number"].strip()
        if typed and typed not in {number.number for number in self.numbers}:
            raise ValidationError(NOT_A_NUMBER)
        return str(typed)

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return {} if wizard.from_quote else {"number": wizard.application.producer_number.number}

    def keep(self, wizard: WizardContext) -> None:
        row, typed = wizard.application, self.cleaned_data.get("number")
        chosen = next((number for number in self.numbers if number.number == typed), None)
        if chosen is None or chosen.pk == row.producer_number_id:
            return
        row.producer_number = chosen
        if chosen.us_state != row.us_state:
            # Terms, plans, counties and calendars are those of a state.
            row.us_state = chosen.us_state
            row.terms, row.terms_agreed_at, row.terms_agreed_by, row.authorization = None, None, None, ""
            if row.county is not None and row.county.us_state != chosen.us_state:
                row.county = None
            row.plans.all().delete()
            wizard.__dict__.pop("today", None)
            clear_date(row)

    def context(self) -> dict[str, Any]:
        return {
            "facts": number_facts(self.wizard.application.producer_number),
            "choices": number_labels.choices(self.numbers)
            if self.wizard.user.role == self.wizard.user.Role.DELEGATE
            else [],
            "from_quote": self.wizard.from_quote,
        }


# --- Special Enrollment Information ---


def open_enrollment_is_on(wizard: WizardContext) -> bool:
    us_state = wizard.application.us_state
    return bool(wizard.once(f"open:{us_state}", lambda: open_now(us_state, OFF_EXCHANGE, wizard.today)))


def events_offered(wizard: WizardContext) -> list[LifeEvent]:
    """The life events to choose from, in the order of the list."""
    us_state = wizard.application.us_state
    return list(wizard.once(f"events:{us_state}", lambda: life_events_offered(us_state, OFF_EXCHANGE, wizard.today)))


class SpecialEnrollment(Section):
    """Yes unless open enrollment is on and the answer is No (WIZ_09)."""

    name, title = "special", "Special Enrollment Information"
    template = "enrollment/wizard/special.html"
    redraws = ("special", "life-events", "effective", "evidence")

    special_enrollment = forms.ChoiceField(
        label='Is this a Special Enrollment Period or "SEP" Application?',
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "Answer Yes or No.", "invalid_choice": "Answer Yes or No."},
    )

    def clean_special_enrollment(self) -> str:
        answer: str = self.cleaned_data["special_enrollment"]
        if answer == "no" and not open_enrollment_is_on(self.wizard):
            raise ValidationError(NOT_OPEN)
        return answer

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def keep(self, wizard: WizardContext) -> None:
        row, answer = wizard.application, self.cleaned_data.get("special_enrollment")
        if answer and (answer == "yes") != row.special_enrollment:
            row.special_enrollment = answer == "yes"
            clear_date(row)

    def context(self) -> dict[str, Any]:
        opens = open_enrollment_is_on(self.wizard)
        return {
            "editable": opens or not self.wizard.application.special_enrollment or bool(self.errors),
            "open": opens,
        }


class LifeEventForm(CardSection):
    """One life event with its date, and what its kind asks about it."""

    name, title = "life-events", "Life Event"
    template = "enrollment/wizard/life_event.html"
    redraws = ("life-events",)

    code = forms.ChoiceField(
        label="Life Event",
        error_messages={"required": "Choose the life event.", "invalid_choice": "Choose a life event of the list."},
    )
    event_date = DateField(label="Date of Event", error_messages={"required": "Enter the date of the event."})
    knew_on = DateField(
        label="Date the applicant learned of it",
        required=False,
        help_text="Only when it was later than the event itself, and notice came late.",
    )
    prior_coverage = forms.ChoiceField(
        label=PRIOR_QUESTION,
        choices=[
            ("yes", "Yes"),
            ("no", "No"),
            ("exempt", "Exempt: lived abroad or where no coverage is sold, or member of a federally recognized tribe"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Answer the question.", "invalid_choice": "Choose one of the answers."},
    )

    def __init__(self, data: Any = None, *, wizard: WizardContext, row: Any = None, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, row=row, initial=initial)
        offered = events_offered(wizard)
        self.events = {event.code: event for event in offered}
        grouped: dict[str, list[tuple[str, str]]] = {}
        for event in offered:
            grouped.setdefault(GROUPS.get(event.group, "Other"), []).append((event.code, event.label))
        self.fields["code"].choices = [("", "Select"), *grouped.items()]  # type: ignore[attr-defined]
        self.kind = self._kind()
        if self.kind is None or not self.kind.needs_prior_coverage:
            del self.fields["prior_coverage"]
        else:
            self.fields["prior_coverage"].label = PRIOR_QUESTIONS.get(self.kind.code, PRIOR_QUESTION)
        if self.kind is not None:
            self.fields["event_date"].help_text = f"{self.kind.date_label}."

    def _kind(self) -> LifeEvent | None:
        chosen = self.data.get(self.add_prefix("code")) if self.is_bound else self.initial.get("code")
        return self.events.get(str(chosen or ""))

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        event_date, knew_on = typed.get("event_date"), typed.get("knew_on")
        if knew_on and event_date and knew_on < event_date:
            self.add_error("knew_on", "This day lies before the event. Leave it empty if the applicant knew at once.")
        if knew_on and knew_on > self.wizard.today:
            self.add_error("knew_on", "This day lies in the future.")
        if event_date and self._is_listed(typed.get("code") or "", event_date):
            self.add_error("event_date", "This life event with this date is in the list already.")
        return typed

    def _is_listed(self, code: str, event_date: date) -> bool:
        same = self.wizard.application.life_events.filter(code=code, event_date=event_date)
        return (same.exclude(pk=self.row.pk) if self.row is not None else same).exists()

    @classmethod
    def read(cls, wizard: WizardContext, row: Any = None) -> dict[str, Any]:
        return {} if row is None else {name: getattr(row, name) for name in cls.base_fields}

    def keep(self, wizard: WizardContext) -> ApplicationLifeEvent:
        row: ApplicationLifeEvent = self.row or ApplicationLifeEvent(application=wizard.application)
        before = self.read(wizard, row)
        row.prior_coverage = ""
        self.put(row)
        row.save()
        if self.read(wizard, row) != before:
            clear_date(wizard.application)
        return row


class LifeEvents(CardList):
    """The life events of the application (WIZ_10, WIZ_11, WIZ_13, WIZ_16)."""

    name, title, add_label = "life-events", "Life Events", "Add Life Event"
    note = "Add every life event that applies; each gives a date of its own."
    empty_text = "No life event yet."
    delete_title = "Delete Life Event"
    template = "enrollment/wizard/life_events.html"
    form_class = LifeEventForm

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return wizard.application.special_enrollment

    @classmethod
    def query(cls, wizard: WizardContext) -> Any:
        return wizard.application.life_events.order_by("id")

    @classmethod
    def found(cls, wizard: WizardContext) -> list[Any]:
        return life_events_of(wizard.application)

    @classmethod
    def rows(cls, wizard: WizardContext) -> list[Card]:
        offered = events_offered(wizard)
        events = {event.code: event for event in offered}
        found = cls.found(wizard)
        return [cls._card(row, events.get(row.code), only=len(found) == 1) for row in found]

    @classmethod
    def _card(cls, row: ApplicationLifeEvent, kind: LifeEvent | None, *, only: bool) -> Card:
        lines = [
            ("Life Event", kind.label if kind else row.code),
            ("Date of Event", as_text(row.event_date)),
        ]
        why = "" if kind else "This life event is no longer in the list. Choose another."
        if kind is not None and kind.needs_prior_coverage:
            answer = row.get_prior_coverage_display() if row.prior_coverage else "Not answered"
            lines.append(("Coverage in the 60 days before", answer))
            why = "" if row.prior_coverage else "Answer whether there was coverage in the 60 days before."
        if row.knew_on:
            lines.append(("Date the applicant learned of it", as_text(row.knew_on)))
        return Card(
            pk=row.pk,
            lines=lines,
            complete=not why,
            why_incomplete=why,
            called=f"life event of {as_text(row.event_date)}",
            deletable=not only,
        )

    @classmethod
    def why_no_more(cls, wizard: WizardContext) -> str:
        full = len(cls.found(wizard)) >= MOST_EVENTS
        return f"An application holds at most {MOST_EVENTS} life events." if full else ""

    @classmethod
    def may_delete(cls, wizard: WizardContext, pk: int) -> str:
        return "" if cls.query(wizard).exclude(pk=pk).exists() else ONE_MUST_STAY

    @classmethod
    def delete(cls, wizard: WizardContext, pk: int) -> None:
        super().delete(wizard, pk)
        clear_date(wizard.application)

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        if not cls.found(wizard):
            return [Missing(section=cls.name, label=cls.title, sentence=NO_EVENT)]
        return super().missing(wizard)


# --- Effective Date ---


class EffectiveDate(Section):
    """Calculate Effective Date, how the date was found, and other dates that can be had (WIZ_12, WIZ_14, WIZ_15)."""

    name, title = "effective", "Effective Date"
    template = "enrollment/wizard/effective.html"
    redraws = ("effective",)

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        self.explanation = explanation_of(wizard.application.decision)
        choices = self.explanation.choices if self.explanation and self.explanation.effective_date else []
        if len(choices) > 1:
            self.fields["elected"] = forms.ChoiceField(
                label="Choose the first day of coverage",
                choices=[(day, sentence[:1].upper() + sentence[1:]) for day, sentence in choices],
                widget=forms.RadioSelect,
                required=False,
                error_messages={"invalid_choice": "Choose one of the dates offered."},
            )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        row = wizard.application
        kept = row.effective_date if row.decision else None
        return {"elected": kept.isoformat() if kept else "", "calculated": row.decision.get("effective_date", "")}

    def keep(self, wizard: WizardContext) -> None:
        row, typed = wizard.application, self.cleaned_data.get("elected")
        # Of the choices of another decision nothing is left once the life events have changed.
        if typed and row.decision and row.effective_date and typed != row.effective_date.isoformat():
            row.elected_date = date.fromisoformat(typed)
            _calculate(wizard)

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        if verb != "calculate":
            return None
        wizard.application.elected_date = None
        _calculate(wizard)
        found = wizard.application.effective_date
        if found is None:
            return Done(str(wizard.application.decision["sentence"]), level="error")
        return Done(f"The effective date is {as_text(found)}.")

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        row = wizard.application
        if row.special_enrollment and not life_events_of(row):
            # Said beside the list of life events.
            return []
        if not row.decision:
            return [cls._lacks(NOT_CALCULATED)]
        if row.effective_date is None:
            return [cls._lacks(str(row.decision["sentence"]))]
        decision = wizard.once(f"decision:{row.version}", lambda: decide_for(row, today=wizard.today))
        moved = sep.date_moved(row.effective_date, decision)
        return [cls._lacks(f"{moved} {NOT_CALCULATED}")] if moved else []

    @classmethod
    def _lacks(cls, sentence: str) -> Missing:
        return Missing(section=cls.name, label=cls.title, sentence=sentence)

    def context(self) -> dict[str, Any]:
        # The decision may have been made after the form was: by the button that brought this page.
        return {"explanation": explanation_of(self.wizard.application.decision)}


def _calculate(wizard: WizardContext) -> None:
    """Work the date out anew, and keep it with the way it was found; without a date, why there is none."""
    row = wizard.application
    decision = decide_for(row, today=wizard.today)
    row.effective_date, row.decision = decision.effective_date, sep.as_record(decision)


PARTS: tuple[Part, ...] = (Producer, SpecialEnrollment, LifeEvents, EffectiveDate)
