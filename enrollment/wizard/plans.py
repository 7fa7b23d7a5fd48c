"""Plan Selection and PCP Information (PLN)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from clients.models import Policy
from clients.rules.pcp_numbers import UnreadableNumber, read_number
from clients.selectors.provider_directory import entry_for
from enrollment.models import Applicant, Application, Plan
from enrollment.rules import pediatric_dental
from enrollment.rules.pcp_entry import LONGEST, PcpEntry, clean_number, entry_for_plan
from enrollment.selectors import application_plans as selector
from enrollment.selectors.application_plans import ChosenPlan
from enrollment.selectors.applications import name_of
from enrollment.selectors.pricing import HouseholdToRate, PricedArea, PricedPlan
from enrollment.wizard.sections import Done, Missing, Section, WizardContext
from enrollment.wizard.steps_types import Part
from portal.common.access import Perm
from portal.common.dates import as_text

LINES = {"medical": Policy.Line.MEDICAL, "dental": Policy.Line.DENTAL}
CHOICE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,8}\.[0-9]{2}))?")
CHOOSE_FROM_LIST = "Choose a plan of the list."
SAME_OF_THAT_YEAR = (
    "{plan}: {why} The plan of {year} stands in the list in its place, at {price}: check it, then press Next."
)
NO_PLANS = "No plans are sold off the exchange in {county} County from {day}."
NOT_ON_FORM = "This is a Dental Application: {plan} is no part of it. Press Next on this step to leave it out."
REPRICED = (
    "The monthly premium has changed since the plans were selected, from {was} to {now}, because people, dates or the county "
    "have changed."
)
OTHER_PRICE = "{plan}: {was} before, {now} now."
NOT_FOUND = "No medical group or PCP is listed under this number for {day}. Please check it in the Provider Finder."
ENTER_ONE_FIRST = "Enter a number first, then press Use Same PCP Number for All."
SAME_FOR_ALL = "Every applicant has the number {number} now."


def money(amount: Decimal | None) -> str:
    return "" if amount is None else f"${amount:,.2f}"


# --- what is known and what it costs, once a request ---


def people_of(wizard: WizardContext) -> list[Applicant]:
    return selector.people_of(wizard.application)


def area_of(wizard: WizardContext, household: HouseholdToRate) -> PricedArea:
    """All plans and prices for a household, worked out once a request: several sections of a page ask for them."""
    kept: dict[HouseholdToRate, PricedArea] = wizard.__dict__.setdefault("priced_areas", {})
    if household not in kept:
        kept[household] = selector.area_of(household)
    return kept[household]


# --- Plan Selection ---


@dataclass(frozen=True, slots=True)
class Selected:
    """A plan that was chosen, and the price that stood beside it then."""

    plan: Plan
    shown: Decimal


class PlanField(forms.ChoiceField):
    """A plan of those offered, with the price it was offered at: "17-886.79". Comes back as ``Selected``, or ``None``.

    So a price that nobody has seen is never taken for one that was.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.offered: dict[int, PricedPlan] = {}
        # The plan that is kept but cannot be had any more: why, and the plan of another year that takes its place.
        self.unavailable = ""
        self.gone: int | None = None
        self.instead: PricedPlan | None = None

    def offer(self, plans: Iterable[PricedPlan], kept: ChosenPlan | None) -> None:
        """Fill the list, plans of one metal level together; one that is kept and not sold any more stays in sight."""
        self.offered = {one.plan.pk: one for one in plans}
        self.unavailable, self.gone, self.instead = "", None, None
        groups: dict[str, list[tuple[str, str]]] = {level: [] for level in Plan.Metal.values}
        for one in self.offered.values():
            label = f"{one.plan.name} - {money(one.premium.total)}"
            groups[one.plan.metal_level].append((key_of(one.plan.pk, one.premium.total), label))
        choices: list[Any] = [("", "Select"), *((level, listed) for level, listed in groups.items() if listed)]
        if kept is not None and kept.row.plan_id not in self.offered:
            choices += self._without(kept)
        self.choices = choices

    def _without(self, kept: ChosenPlan) -> list[tuple[str, str]]:
        """The same plan of the other year takes its place in the list; without one, the plan itself stays in sight."""
        row = kept.row
        self.gone = row.plan_id
        self.instead = next((one for one in self.offered.values() if one.plan.plan_id == row.plan.plan_id), None)
        if self.instead is None:
            self.unavailable = f"{row.plan.name}: {kept.reason} Select another plan."
            return [(key_of(row.plan_id, row.monthly_premium), f"{row.plan.name} (not available)")]
        found = self.instead
        self.unavailable = SAME_OF_THAT_YEAR.format(
            plan=row.plan.name, why=kept.reason, year=found.plan.plan_year, price=money(found.premium.total)
        )
        return []

    def _named(self, value: Any) -> PricedPlan | None:
        plan_id = _plan_id(value) or 0
        return self.instead if plan_id == self.gone else self.offered.get(plan_id)

    def prepare_value(self, value: Any) -> Any:
        """The plan's entry in the list as it is now, whatever it cost when it was chosen."""
        found = self._named(value)
        return key_of(found.plan.pk, found.premium.total) if found else value

    def clean(self, value: Any) -> Any:
        typed = str(value or "").strip()
        if not typed:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        plan_id = _plan_id(typed)
        found = self.offered.get(plan_id or 0)
        if found is None:
            why = self.unavailable if plan_id and plan_id == self.gone else CHOOSE_FROM_LIST
            raise ValidationError(why, code="invalid_choice")
        match = CHOICE.fullmatch(typed)
        shown = match.group(2) if match else None
        return Selected(found.plan, Decimal(shown) if shown else found.premium.total)


def key_of(plan_id: int, monthly_premium: Decimal) -> str:
    return f"{plan_id}-{monthly_premium:.2f}"


def _plan_id(value: Any) -> int | None:
    match = CHOICE.fullmatch(str(value or "").strip())
    return int(match.group(1)) if match else None


class PlanSelection(Section):
    """The medical and the dental plan, each with its premium, and the attestation instead of a dental one (PLN_01..03)."""

    name, title = "plan", "Plan Selection"
    template = "enrollment/wizard/plan_selection.html"
    redraws = ("plan", "pcp")

    pediatric_dental_elsewhere = forms.BooleanField(
        label="I/we already have coverage for pediatric dental essential health benefits through another policy.",
        required=False,
    )
    medical = PlanField(label="Select Medical Coverage", error_messages={"required": "Select the medical coverage."})
    dental = PlanField(label="Select Dental Coverage", error_messages={"required": "Select the dental coverage."})

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        application = wizard.application
        self.people = people_of(wizard)
        self.household = selector.household_of(application, self.people)
        self.only_dental = selector.is_dental_form(application)
        if self.only_dental:
            del self.fields["medical"], self.fields["pediatric_dental_elsewhere"]
        else:
            self.fields["dental"].required = False
        if self.household is None:
            for name in LINES:
                self.fields.pop(name, None)
            return
        area = area_of(wizard, self.household)
        chosen = {one.row.line: one for one in self._chosen()}
        for name, line in LINES.items():
            if name in self.fields:
                field: Any = self.fields[name]
                field.offer([one for one in area.offered if one.plan.line == line], chosen.get(line))
                field.widget.attrs["autocomplete"] = "off"

    def _chosen(self) -> list[ChosenPlan]:
        """The plans that are kept, at today's prices, out of the list where they are in it."""
        rows = selector.plan_rows(self.wizard.application)
        if self.household is None:
            return [ChosenPlan(row, None) for row in rows]
        prices = {one.plan.pk: one.premium for one in area_of(self.wizard, self.household).offered}
        gone = [row for row in rows if row.plan_id not in prices]
        asked = {one.row.plan_id: one for one in selector.chosen_plans(self.wizard.application, self.people, gone)}
        return [ChosenPlan(row, prices[row.plan_id]) if row.plan_id in prices else asked[row.plan_id] for row in rows]

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        found: dict[str, Any] = {"pediatric_dental_elsewhere": wizard.application.pediatric_dental_elsewhere}
        rows = {row.line: row for row in selector.plan_rows(wizard.application)}
        for name, line in LINES.items():
            found[name] = key_of(rows[line].plan_id, rows[line].monthly_premium) if line in rows else ""
        return found

    def keep(self, wizard: WizardContext) -> None:
        application = wizard.application
        self.put(application, "pediatric_dental_elsewhere")
        for name, line in LINES.items():
            if name in self.cleaned_data:
                self._keep_plan(application, line, self.cleaned_data[name])
        if self.only_dental:
            application.plans.filter(line=Policy.Line.MEDICAL).delete()
        if entry_of(application) is None:
            # A plan without PCP has no use for the numbers of the one before (PLN_04).
            application.applicants.exclude(pcp_number="").update(pcp_number="")

    @staticmethod
    def _keep_plan(application: Application, line: str, chosen: Selected | None) -> None:
        if chosen is None:
            application.plans.filter(line=line).delete()
            return
        application.plans.update_or_create(line=line, defaults={"plan": chosen.plan, "monthly_premium": chosen.shown})

    def demand(self) -> None:
        super().demand()
        for sentence in self.lacking():
            self.add_error(None, sentence)
        for name, sentence in self.unavailable().items():
            if name not in self.errors:
                self.add_error(name, sentence)
        if (why := self._pediatric()) and "dental" not in self.errors:
            self.add_error("dental", why)

    def unavailable(self) -> dict[str, str]:
        """What is said of plans that are kept and cannot be had any more, by field."""
        fields: dict[str, Any] = {name: self.fields[name] for name in LINES if name in self.fields}
        return {name: field.unavailable for name, field in fields.items() if field.unavailable}

    def lacking(self) -> list[str]:
        """Why plans cannot be selected now; nothing when they can."""
        application = self.wizard.application
        if not_yet := selector.why_not_priced(application, self.people):
            return not_yet
        if self.household is None:
            return ["Enter the primary applicant first (Applicant Information)."]
        return []

    def _pediatric(self) -> str:
        if self.household is None or self.only_dental or self.errors.get("medical"):
            return ""
        return pediatric_dental.why_lacking(
            pediatric_dental.AskedOf(settings.PEDIATRIC_DENTAL_ASKED_OF),
            medical=bool(self.cleaned_data.get("medical")),
            dental=bool(self.cleaned_data.get("dental")) or "dental" in self.errors,
            attested=bool(self.cleaned_data.get("pediatric_dental_elsewhere")),
            births=[person.date_of_birth for person in self.household.people],
            effective_date=self.household.effective_date,
        )

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        found = super().missing(wizard)
        if selector.is_dental_form(wizard.application):
            for row in wizard.application.plans.filter(line=Policy.Line.MEDICAL).select_related("plan"):
                sentence = NOT_ON_FORM.format(plan=row.plan.name)
                found.append(Missing(section=cls.name, label=cls.title, sentence=sentence))
        return found

    def context(self) -> dict[str, Any]:
        # The plans may have been chosen by the very form that brought this page.
        application, chosen = self.wizard.application, self._chosen()
        county = application.county
        empty = ""
        if self.household is not None and "dental" in self.fields:
            fields: list[Any] = [self.fields[name] for name in LINES if name in self.fields]
            if not any(field.offered for field in fields):
                empty = NO_PLANS.format(
                    county=county.name if county else "this", day=as_text(application.effective_date)
                )
        return {
            "place": [("Zip Code", application.zip), ("County", f"{county.name} County" if county else "")],
            "premiums": premium_lines(chosen, only_dental=self.only_dental),
            # Said beside the field already when somebody asks what is missing.
            "changes": [*changes_in(chosen), *(() if self.errors else self.unavailable().values())],
            "lacking": self.lacking(),
            "no_plans": empty,
            "chosen": [(one.row.get_line_display(), one.row.plan.name) for one in chosen]
            if self.household is None
            else [],
        }


def premium_lines(chosen: Sequence[ChosenPlan], *, only_dental: bool) -> list[tuple[str, str]]:
    """Medical, Dental and Total Monthly Premium as the page shows them; nothing before a plan has been selected."""
    if not any(one.premium for one in chosen):
        return []
    prices = {one.row.line: one.monthly_premium for one in chosen}
    lines = [] if only_dental else [("Medical Coverage Premium", money(prices.get(Policy.Line.MEDICAL)))]
    lines.append(("Dental Coverage Premium", money(prices.get(Policy.Line.DENTAL))))
    return [*lines, ("Total Monthly Premium", money(selector.total_of(chosen)))]


def changes_in(chosen: Sequence[ChosenPlan]) -> list[str]:
    """What is said when plans cost something else than when they were selected; nothing when they do not."""
    changed = [one for one in chosen if one.changed]
    total = selector.total_of(chosen)
    if not changed or total is None:
        return []
    was = sum((one.row.monthly_premium for one in chosen), Decimal("0.00"))
    said = [REPRICED.format(was=money(was), now=money(total))]
    if len(chosen) > 1:
        said += [
            OTHER_PRICE.format(
                plan=one.row.plan.name, was=money(one.row.monthly_premium), now=money(one.monthly_premium)
            )
            for one in changed
        ]
    return said


# --- PCP Information ---


def entry_of(application: Application) -> PcpEntry | None:
    """How a PCP is named for the medical plan that is chosen; ``None`` where none is (PPO, no plan, Dental Application)."""
    row = selector.medical_plan(application)
    return entry_for_plan(application.us_state, row.plan.network_type) if row else None


def called(people: Sequence[Applicant]) -> dict[int, str]:
    """How the page calls each applicant: Primary, Spouse, Dependent 1, each with the name if there is one."""
    found, children = {}, 0
    for person in people:
        if person.relation == "child":
            children += 1
            role = f"Dependent {children}"
        else:
            role = "Primary" if person.relation == "self" else "Spouse"
        name = name_of(person)
        found[person.pk] = f"{role} ({name})" if name else role
    return found


class PcpInformation(Section):
    """Who looks after whom: one number for each applicant, none of them required (PLN_04..08)."""

    name, title = "pcp", "PCP Information"
    template = "enrollment/wizard/pcp_information.html"

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        self.people = people_of(wizard)
        self.entry = entry_of(wizard.application)
        if self.entry is None:
            return
        for person_id, who in called(self.people).items():
            self.fields[_field_of(person_id)] = PcpField(self.entry, who)

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return entry_of(wizard.application) is not None

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return {_field_of(person.pk): person.pcp_number for person in people_of(wizard)}

    def keep(self, wizard: WizardContext) -> None:
        for person in self.people:
            number = self.cleaned_data.get(_field_of(person.pk))
            if number is not None and number != person.pcp_number:
                person.pcp_number = number
                person.save(update_fields=["pcp_number"])

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        """Use Same PCP Number for All: the primary applicant's number, or the first there is (PLN_06)."""
        if verb != "same" or self.entry is None:
            return None
        names = [_field_of(person.pk) for person in self.people]
        wrong = next((name for name in names if name in self.errors), None)
        numbers = [self.answer(name) for name in names]
        number = next((one for one in numbers if one), "")
        # A number of the primary applicant that is none is not passed over.
        if not number or (wrong is not None and wrong == names[0]):
            return Done(ENTER_ONE_FIRST if wrong is None else str(self.errors[wrong][0]), level="error")
        wizard.application.applicants.update(pcp_number=number)
        wizard.keep_typed(self.name, {})
        return Done(SAME_FOR_ALL.format(number=number))

    def context(self) -> dict[str, Any]:
        self._say_whose_numbers()
        return {
            "several": len(self.people) > 1,
            "finder": self.wizard.user.has_portal_perm(Perm.CLIENT_VIEW),
            "assigned": f"If a PCP is not selected, {settings.CARRIER_NAME} will assign one. The client can change the "
            "auto-assigned PCP or Medical Group once they become a member.",
        }

    def _say_whose_numbers(self) -> None:
        """Beside each number the medical group or physician it names, or that the directory does not know it."""
        day = self.wizard.application.effective_date or self.wizard.today
        found: dict[str, str] = {}
        for name in self.fields:
            number = self.answer(name)
            if number and name not in self.errors:
                if number not in found:
                    found[number] = self._whose(number, day)
                self[name].help_text = found[number]

    def _whose(self, number: str, day: Any) -> str:
        try:
            entry = entry_for(read_number(number), us_states=[self.wizard.application.us_state], on=day)
        except UnreadableNumber:
            return ""
        if entry is None:
            return NOT_FOUND.format(day=as_text(day))
        return " · ".join(filter(None, (entry.provider_name, entry.group_name)))


class PcpField(forms.CharField):
    """One applicant's number, of the kind the plan wants; comes back as the directory writes it."""

    def __init__(self, entry: PcpEntry, who: str) -> None:
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if entry.wrong and "3 digits" in entry.wrong:
            attrs["inputmode"] = "numeric"
        super().__init__(
            label=f"{who}: {entry.label}",
            required=False,
            max_length=40,
            error_messages={"max_length": entry.wrong or f"A number has at most {LONGEST} letters and digits."},
            widget=forms.TextInput(attrs=attrs),
        )
        self.entry = entry
        # The browser cuts nothing off: what was pasted is shown with its message.
        self.widget.attrs.pop("maxlength", None)

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        try:
            return clean_number(typed, self.entry)
        except UnreadableNumber as exc:
            raise ValidationError(str(exc), code="invalid") from exc


def _field_of(person_id: int) -> str:
    return f"number_{person_id}"


PARTS: tuple[Part, ...] = (PlanSelection, PcpInformation)
