"""New Quote: the household, where it lives, and from when it wants coverage (QUO_03)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.forms.contact_fields import ZipField
from accounts.models import ProducerNumber, User
from clients.rules.names import name_key
from enrollment.models import County, Quote, QuotePerson
from enrollment.selectors import quotes as selector
from enrollment.selectors.open_enrollment import effective_dates_offered
from enrollment.selectors.pricing import counties_of_zip
from enrollment.services.quotes import Household, Person
from portal.common import form_keys
from portal.common.dates import US_STATES, as_text, parse_us_date, today_in

OLDEST_BIRTH_YEAR = 1900
YES_NO = [("yes", "Yes"), ("no", "No")]
PERIODS = {"OEP": "Open Enrollment", "SEP": "Special Enrollment"}
UNKNOWN_ZIP = (
    "We have no plans in this ZIP code. Check it: plans are sold in Illinois, Montana, New Mexico, Oklahoma and Texas."
)
CHOOSE_COUNTY = "This ZIP code lies in several counties. Choose the county of the home."
NO_NUMBER = "You have no active writing number in {state}, so nothing can be quoted there. Check the ZIP code."
TOBACCO_NOTE = (
    "Tobacco use means 4 or more times per week on average within the past six months, excluding religious or "
    "ceremonial uses."
)


def _text(label: str, *, required: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=60,
        required=bool(required),
        error_messages={"required": required, "max_length": "At most 60 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PersonForm(forms.Form):
    """Somebody to be covered: the primary applicant, who must have a name, or another member of the household."""

    relation = forms.ChoiceField(
        label="Relationship",
        choices=[("", "Select"), ("spouse", "Spouse"), ("child", "Dependent")],
        error_messages={"required": "Choose the relationship.", "invalid_choice": "Choose a relationship of the list."},
    )
    first_name = _text("First Name")
    last_name = _text("Last Name")
    date_of_birth = forms.CharField(
        label="Date of Birth",
        max_length=20,
        error_messages={"required": "Enter the date of birth.", "max_length": "Enter the date as mm/dd/yyyy."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "placeholder": "mm/dd/yyyy"}),
    )
    sex = forms.ChoiceField(
        label="Sex",
        choices=[("", "Select"), *QuotePerson.Sex.choices],
        required=False,
        error_messages={"required": "Choose the sex.", "invalid_choice": "Choose one of the list."},
    )
    tobacco = forms.ChoiceField(
        label="Tobacco Use",
        choices=[("", "Select"), *YES_NO],
        error_messages={"required": "Choose Yes or No.", "invalid_choice": "Choose Yes or No."},
    )

    def __init__(self, data: Any = None, *, position: int, today: date, **kwargs: Any) -> None:
        """``today`` is the latest day on which somebody can have been born."""
        super().__init__(data, prefix=f"person-{position}", **kwargs)
        self.position = position
        self.today = today
        if position == 0:
            del self.fields["relation"]
            for name, message in (("first_name", "Enter the first name."), ("last_name", "Enter the last name.")):
                self.fields[name].required = True
                self.fields[name].error_messages["required"] = message
            self.fields["sex"].required = True

    def clean_first_name(self) -> str:
        return self._name("first_name")

    def clean_last_name(self) -> str:
        return self._name("last_name")

    def _name(self, name: str) -> str:
        typed: str = self.cleaned_data[name]
        if typed and not name_key(typed):
            raise forms.ValidationError("Enter at least one letter.")
        return typed

    def clean_date_of_birth(self) -> date:
        try:
            born = parse_us_date(self.cleaned_data["date_of_birth"])
        except ValueError as exc:
            raise forms.ValidationError("Enter the date of birth as mm/dd/yyyy.") from exc
        if born > self.today:
            raise forms.ValidationError("The date of birth is in the future.")
        if born.year < OLDEST_BIRTH_YEAR:
            raise forms.ValidationError(f"Enter a year from {OLDEST_BIRTH_YEAR} on.")
        return born

    def person(self) -> Person:
        """Who was typed; only of a valid form."""
        typed = self.cleaned_data
        return Person(
            relation=typed.get("relation") or QuotePerson.Relation.SELF.value,
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            date_of_birth=typed["date_of_birth"],
            sex=typed["sex"],
            tobacco=typed["tobacco"] == "yes",
        )


class CoverageForm(forms.Form):
    """Where the household lives, from when it wants coverage, and under which number the quote is written."""

    zip = ZipField(
        label="Zip Code",
        error_messages={"required": "Enter the ZIP code.", "max_length": "Five digits."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    county = forms.ChoiceField(
        label="County", error_messages={"required": CHOOSE_COUNTY, "invalid_choice": "Choose a county of the list."}
    )
    market = forms.ChoiceField(
        label="Market",
        choices=Quote.Market.choices,
        help_text="On exchange, a premium tax credit is possible; off exchange is bought from the carrier.",
        error_messages={"required": "Choose the market.", "invalid_choice": "Choose a market of the list."},
    )
    period = forms.ChoiceField(
        label="Enrollment Period and Effective Date",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the effective date.",
            "invalid_choice": "This effective date is not offered. Choose one of these.",
        },
    )
    hardship_exemption = forms.BooleanField(
        label="Hardship or affordability exemption",
        required=False,
        help_text="Somebody of 30 or over holds an exemption, which opens catastrophic plans.",
    )
    writing_number = forms.ChoiceField(
        label="Writing Number",
        help_text="Your producer number, active in the client's state, under which the business is written.",
        error_messages={"required": "Choose the writing number.", "invalid_choice": "Choose a number of the list."},
    )
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        numbers: Sequence[ProducerNumber],
        now: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        """``numbers`` are those the person may write business under; ``now`` decides which dates are offered."""
        super().__init__(data, initial={"market": Quote.Market.BOTH.value, **(initial or {})})
        self.numbers = numbers
        self.now = now
        self.fields["form_key"].initial = form_keys.new_key
        self.counties = self._counties()
        self.home = self._chosen_county()
        states = {county.us_state for county in ([self.home] if self.home else self.counties)}
        self.us_state = states.pop() if len(states) == 1 else ""
        self._offer_counties()
        self._offer_numbers()
        self._offer_dates()

    def _raw(self, name: str) -> str:
        """What stands in the field now, typed or filled in."""
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "").replace("\x00", "").strip()

    # --- the county ---

    def _counties(self) -> list[County]:
        typed = self._raw("zip")
        return counties_of_zip(typed) if len(typed) == 5 and typed.isascii() and typed.isdigit() else []

    def _chosen_county(self) -> County | None:
        if len(self.counties) == 1:
            return self.counties[0]
        return next((county for county in self.counties if county.fips == self._raw("county")), None)

    def _offer_counties(self) -> None:
        if len(self.counties) < 2:
            del self.fields["county"]
            return
        self.fields["county"].choices = [  # type: ignore[attr-defined]
            ("", "Select"),
            *((county.fips, f"{county.name}, {county.us_state}") for county in self.counties),
        ]

    def clean_zip(self) -> str:
        if not self.counties:
            raise forms.ValidationError(UNKNOWN_ZIP)
        if self.us_state and not self._numbers_of_state():
            raise forms.ValidationError(NO_NUMBER.format(state=US_STATES[self.us_state]))
        return str(self.cleaned_data["zip"])

    # --- the writing number ---

    def _numbers_of_state(self) -> list[ProducerNumber]:
        return [number for number in self.numbers if not self.us_state or number.us_state == self.us_state]

    def _offer_numbers(self) -> None:
        offered = self._numbers_of_state()
        self.only_number = offered[0] if len(offered) == 1 else None
        if len(offered) < 2:
            del self.fields["writing_number"]
            return
        several = len({number.producer_id for number in offered}) > 1
        self.fields["writing_number"].choices = [  # type: ignore[attr-defined]
            ("", "Select"),
            *(
                (
                    number.number,
                    " · ".join(
                        filter(
                            None,
                            (
                                number.number,
                                number.producer.name if several else number.company_name,
                                "" if self.us_state else number.us_state,
                            ),
                        )
                    ),
                )
                for number in offered
            ),
        ]

    def chosen_number(self) -> ProducerNumber | None:
        """The number the quote is to be written under."""
        if self.only_number is not None:
            return self.only_number
        return next((one for one in self.numbers if one.number == self.cleaned_data.get("writing_number")), None)

    # --- the effective date ---

    def _offer_dates(self) -> None:
        """The days offered in the state; before it is known, those of any state in which the person does business."""
        states = [self.us_state] if self.us_state else sorted({number.us_state for number in self.numbers})
        market = self._raw("market")
        market = market if market in Quote.Market.values else Quote.Market.BOTH.value
        self.dates: dict[str, str] = {}
        for us_state in states:
            for one in effective_dates_offered(us_state, market, today_in(us_state, now=self.now)):
                value = f"{one.reason}:{one.effective_date.isoformat()}"
                self.dates.setdefault(value, one.sentence if self.us_state else "")
        self.fields["period"].choices = [(value, self._period_label(value)) for value in self.dates]  # type: ignore[attr-defined]

    def _period_label(self, value: str) -> str:
        reason, _, day = value.partition(":")
        return f"{as_text(date.fromisoformat(day))}, {PERIODS[reason]}"

    def period_choices(self) -> list[dict[str, Any]]:
        """The radio buttons with the sentence beside each."""
        return [
            {"radio": radio, "sentence": self.dates.get(radio.data["value"], "")} for radio in self["period"].subwidgets
        ]

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])


@dataclass(frozen=True)
class FormError:
    """One line of the error summary."""

    href: str
    label: str
    text: str


class QuoteForm:
    """Everything New Quote asks for: the coverage and one form for each person of the household."""

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        user: User,
        now: datetime,
        initial: Mapping[str, Any] | None = None,
        people: Sequence[Mapping[str, Any]] | None = None,
        number: ProducerNumber | None = None,
        autofocus: str = "",
    ) -> None:
        """``initial`` and ``people`` fill a form that was not sent; ``number`` is the quote's own, always among those
        offered."""
        numbers = selector.writing_numbers(user)
        if number is not None and number not in numbers:
            numbers = [number, *numbers]
        self.today = today_in(now=now)
        self.general: list[str] = []
        self.has_numbers = bool(numbers)
        self.coverage = CoverageForm(data, numbers=numbers, now=now, initial=initial)
        if data is not None:
            count = _count_of(data)
            self.people = [PersonForm(data, position=at, today=self.today) for at in range(count)]
        else:
            wanted = list(people or [{}])[: selector.MOST_PEOPLE]
            self.people = [
                PersonForm(position=at, today=self.today, initial=dict(one)) for at, one in enumerate(wanted)
            ]
        if autofocus:
            self.people[-1].fields[autofocus].widget.attrs["autofocus"] = True

    @classmethod
    def again(cls, data: QueryDict, *, act: str, **kwargs: Any) -> "QuoteForm":
        """The form as it was typed, not judged yet, after a button that only changes its shape.

        ``act`` is "add" (one more person), "remove-2" (the person at that place goes) or anything else (nothing changes).
        """
        typed = [
            {name: data.get(f"person-{at}-{name}", "") for name in PersonForm.base_fields}
            for at in range(_count_of(data))
        ]
        autofocus = ""
        if act == "add" and len(typed) < selector.MOST_PEOPLE:
            typed.append({})
            autofocus = "relation"
        place = act.removeprefix("remove-")
        if act.startswith("remove-") and place.isascii() and place.isdigit() and 0 < int(place[:3]) < len(typed):
            del typed[int(place[:3])]
        coverage = {name: data.get(name, "") for name in CoverageForm.base_fields}
        return cls(initial=coverage, people=typed, autofocus=autofocus, **kwargs)

    # --- judged ---

    def is_valid(self) -> bool:
        """May what was typed be kept? Asks every form, so that each field says what is wrong with it."""
        valid = [self.coverage.is_valid(), *(person.is_valid() for person in self.people)]
        if not all(valid):
            return False
        spouses = [person for person in self.people if person.cleaned_data.get("relation") == "spouse"]
        for second in spouses[1:]:
            second.add_error("relation", "A household has one spouse.")
        return len(spouses) < 2

    def refuse(self, text: str, *, field: str = "") -> None:
        """Say why it could not be kept."""
        if field and field in self.coverage.fields:
            self.coverage.add_error(field, text)
        else:
            self.general.append(text)

    def show_again(self, seen: str) -> None:
        """Let the next try count as one that has seen what is saved now."""
        data = QueryDict(mutable=True)
        data.update(self.coverage.data)
        data["seen"] = seen
        self.coverage.data = data

    @property
    def errors(self) -> list[FormError]:
        """Every error in the order of the page, each with the address of its field."""
        if not self.coverage.is_bound:
            return []
        found = [FormError("", "", text) for text in self.general]
        places: list[tuple[forms.Form, str, str]] = [
            *((self.people[0], name, "") for name in self.people[0].fields),
            *((self.coverage, name, "") for name in ("zip", "county")),
            *(
                (person, name, f"Household member {person.position}, ")
                for person in self.people[1:]
                for name in person.fields
            ),
            *((self.coverage, name, "") for name in ("market", "period", "hardship_exemption", "writing_number")),
        ]
        for form, name, whose in places:
            if name not in form.fields:
                continue
            bound = form[name]
            target = bound.id_for_label or f"{bound.auto_id}_0"
            found += [FormError(f"#{target}", f"{whose}{bound.label}", str(text)) for text in bound.errors]
        return found

    @property
    def may_add(self) -> bool:
        return len(self.people) < selector.MOST_PEOPLE

    def household(self) -> Household | None:
        """What was typed; only of a valid form. ``None`` without a county or a number, which its errors then say."""
        typed = self.coverage.cleaned_data
        number, county = self.coverage.chosen_number(), self.coverage.home
        if number is None or county is None:
            return None
        reason, _, day = typed["period"].partition(":")
        return Household(
            zip=typed["zip"],
            county=county,
            market=typed["market"],
            reason=reason,
            effective_date=date.fromisoformat(day),
            hardship_exemption=typed["hardship_exemption"],
            producer_number=number,
            people=tuple(person.person() for person in self.people),
        )


def _count_of(data: QueryDict) -> int:
    """How many people the form that was sent holds: its first one always, never more than a quote can have."""
    typed = data.get("people", "")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1
    return max(1, min(count, selector.MOST_PEOPLE))


def initial_of(quote: Quote, household: Household, *, seen: str) -> dict[str, Any]:
    """A quote's data as the form wants them: ``initial`` and ``people``."""
    return {
        "initial": {
            "zip": household.zip,
            "county": household.county.fips,
            "market": household.market,
            "period": f"{household.reason}:{household.effective_date.isoformat()}",
            "hardship_exemption": household.hardship_exemption,
            "writing_number": household.producer_number.number,
            "seen": seen,
        },
        "people": [people_initial(person.__dict__) for person in household.people],
    }


def people_initial(person: Mapping[str, Any]) -> dict[str, Any]:
    """One person's data as the form wants them; what is missing stays open."""
    born, tobacco = person.get("date_of_birth"), person.get("tobacco")
    return {
        "relation": person.get("relation") or "",
        "first_name": person.get("first_name") or "",
        "last_name": person.get("last_name") or "",
        "date_of_birth": as_text(born) if isinstance(born, date) else str(born or ""),
        "sex": person.get("sex") or "",
        "tobacco": "" if tobacco is None else "yes" if tobacco else "no",
    }


class QuoteNameForm(forms.Form):
    """Save Quote: the name it is kept under."""

    name = forms.CharField(
        label="Quote Name",
        max_length=80,
        error_messages={"required": "Enter a name for the quote.", "max_length": "At most 80 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 80}),
    )

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if not any(sign.isalnum() for sign in typed):
            raise forms.ValidationError("Enter at least one letter or digit.")
        return typed
