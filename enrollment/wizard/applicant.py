"""Applicant Information: who applies, where they live and how they are reached (APP_01..09)."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse

from accounts.forms.contact_fields import AddressStateField, PhoneField, ZipField
from clients.rules.quick_search import LONGEST_TEXT
from enrollment import address_search
from enrollment.address_search import Suggestion
from enrollment.models import Applicant, Application, County
from enrollment.selectors import application_clients as clients
from enrollment.selectors import contact_texts
from enrollment.selectors.application_people import primary_of
from enrollment.selectors.places import places_of_zip
from enrollment.services import application_clients
from enrollment.wizard import people
from enrollment.wizard.people import LineField, PersonSection, tobacco_warning
from enrollment.wizard.sections import Done, Missing, Section, WizardContext
from enrollment.wizard.steps_types import Part
from portal.common import audit
from portal.common.dates import US_STATES

NOBODY = "No client of yours fits. Enter the applicant below."
NOTHING_TYPED = "Type a name, a number, a date of birth, a phone number or an email address."
NOT_YOURS = "That client is not in your books any more. Enter the applicant below."
OTHER_STATE = (
    "The home address must be in {ours}, the state of the writing number. For a home elsewhere, start a new application "
    "under a writing number of that state."
)
ZIP_ELSEWHERE = "ZIP code {zip} is in {theirs}. The home address must be in {ours}, the state of the writing number."
UNKNOWN_ZIP = "This ZIP code is not in {ours}. Check it: plans are sold by ZIP code and county."
CHOOSE_COUNTY = "Choose the county of the home."
NO_ADDRESS = "No address fits. Enter it below."
SEARCH_OFF = "Address search is not available now. Enter the address below."
TAKEN_ADDRESS = "The address was filled in. Check it and complete what is missing."
NO_SUCH_ADDRESS = "That address could not be taken over. Enter it below."


def primary_in(wizard: WizardContext) -> Applicant:
    """The primary applicant's row, the same one for every section of the request."""
    found: Applicant = wizard.once("primary", lambda: primary_of(wizard.application))
    return found


def while_typing(
    view: str, application: Application, *, params: str, target: str, swap: str = "innerHTML"
) -> dict[str, str]:
    """What makes a field look something up while somebody types; the part around it saves itself all the same."""
    return {
        "data-hx-post": reverse(f"enrollment:application-{view}", args=[application.record_number]),
        "data-hx-trigger": "input changed delay:350ms",
        "data-hx-params": f"{params},csrfmiddlewaretoken",
        "data-hx-target": target,
        "data-hx-swap": swap,
        # Not what the part around sends along.
        "data-hx-vals": "unset",
        "data-hx-include": "this",
        "data-hx-sync": "this:replace",
    }


# --- Client Search ---


class ClientSearch(Section):
    """Finds an existing client and fills in what is known (APP_01)."""

    name, title = "client", "Client Search"
    template = "enrollment/wizard/client.html"
    passing = frozenset({"text"})

    text = forms.CharField(
        label="Client Search",
        max_length=LONGEST_TEXT,
        required=False,
        error_messages={"max_length": f"At most {LONGEST_TEXT} characters."},
        help_text="Name, account number, date of birth, phone number or email address of one of your clients.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        self.fields["text"].widget.attrs |= while_typing(
            "client-search", wizard.application, params="client-text", target="#client-result"
        )

    @classmethod
    def shown(cls, wizard: WizardContext) -> bool:
        return bool(wizard.once("may-search", lambda: clients.may_search(wizard.user)))

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return {"member": wizard.application.member_id}

    def raw(self) -> dict[str, Any]:
        """What is searched for is no answer, and is not kept."""
        return {}

    def on_enter(self) -> str:
        return "search" if _is_new(self, "text") else ""

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        if verb == "search":
            return self._search(wizard)
        if verb == "unlink":
            wizard.application.member = None
            return Done("The application no longer belongs to that client. What was entered stays.")
        kind, _, pk = verb.partition(":")
        if kind != "take":
            return None
        known = clients.known_client(wizard.user, pk)
        if known is None:
            return Done(NOT_YOURS, level="warning")
        said = application_clients.take_over(wizard.application, primary_in(wizard), known, by=wizard.user)
        for section in (ClientSearch, Personal, HomeAddress, Contact):
            wizard.keep_typed(section.name, {})
        return Done(said)

    def _search(self, wizard: WizardContext) -> Done:
        text = self.cleaned_data.get("text", "")
        if not text:
            said = self.errors.get("text")
            return Done(str(said[0]) if said else NOTHING_TYPED, level="warning")
        # Kept for the page that shows the result, until the step is saved again.
        wizard.keep_typed(self.name, {"text": text})
        record_search(wizard.application, wizard)
        return Done()

    def context(self) -> dict[str, Any]:
        member = self.wizard.application.member
        text = self.wizard.typed(self.name).get("text", "")
        return {
            "client": member.name if member is not None else "",
            "result": client_result(self.wizard, text) if text else None,
        }


def client_result(wizard: WizardContext, text: str) -> dict[str, Any]:
    """The clients a text finds, as the page lists them."""
    found = clients.client_lines(wizard.user, text, today=wizard.today)
    return {"lines": found.lines, "exact": found.exact, "more": found.more, "nobody": NOBODY}


def record_search(application: Application, wizard: WizardContext) -> None:
    """Clients' data were shown: who looked, on which application; not what was typed."""
    audit.record(
        "application.clients_searched",
        by=wizard.user,
        for_producer=application.producer_number.producer.npn,
        object_type="application",
        object_id=application.record_number,
        details={},
    )


def _is_new(section: Section, name: str) -> bool:
    """Does the search box hold something that has not been searched for yet?"""
    text = section.data.get(section.add_prefix(name), "").strip()
    return bool(text) and text != section.wizard.typed(section.name).get(name, "")


# --- Personal Information ---


class Personal(PersonSection):
    """Personal Information of the primary applicant (APP_02, APP_03, APP_09)."""

    name, title = "personal", "Personal Information"
    template = "enrollment/wizard/personal.html"
    redraws = ("personal-notes",)

    @property
    def person(self) -> Applicant:
        return primary_in(self.wizard)

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        person = primary_in(wizard)
        return {**cls.columns(person), "ssn": "", "ssn_on_file": person.ssn_last4, "ssn_remove": False}

    def demand(self) -> None:
        super().demand()
        self.demand_last_use()

    def keep(self, wizard: WizardContext) -> None:
        person = primary_in(wizard)
        self.put(person, *(name for name in self.cleaned_data if name != "ssn"))
        self.put_ssn(person)
        person.save()


class PersonalNotes(Section):
    """What is odd about the answers above and stops nothing; drawn anew when they change."""

    name, title = "personal-notes", "Please check"
    template = "enrollment/wizard/notes.html"

    @classmethod
    def missing(cls, wizard: WizardContext) -> list[Missing]:
        return []

    def context(self) -> dict[str, Any]:
        warning = tobacco_warning(self.wizard, primary_in(self.wizard))
        return {"notes": [warning] if warning else []}


# --- Home Address ---


class HomeAddress(Section):
    """Where the primary applicant lives: it decides which plans there are and what they cost (APP_04, APP_05, HOM_13)."""

    name, title = "home", "Home Address"
    template = "enrollment/wizard/home.html"
    passing = frozenset({"search", "manual"})

    search = forms.CharField(
        label="Address Search",
        max_length=address_search.LONGEST,
        required=False,
        error_messages={"max_length": f"At most {address_search.LONGEST} characters."},
        help_text="Street and city, city, or ZIP code.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    manual = forms.BooleanField(label="Enter in address manually", required=False)
    address_1 = LineField("Address", longest=120, required="Enter the address.")
    address_2 = LineField("Apt/Suite", longest=120)
    city = LineField("City", longest=60, required="Enter the city.")
    us_state = AddressStateField(
        error_messages={"required": "Choose the state.", "invalid_choice": "Choose a state of the list."}
    )
    zip = ZipField(error_messages={"required": "Enter the ZIP code.", "max_length": "Five digits."})
    county = forms.ChoiceField(
        label="County", error_messages={"required": CHOOSE_COUNTY, "invalid_choice": CHOOSE_COUNTY}
    )

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        typed = self.data.get(self.add_prefix("zip")) if self.is_bound else self.initial.get("zip")
        self.places = places_of_zip(str(typed or "").strip(), us_state=wizard.application.us_state)
        names = {one.county_fips: one.county_name for one in self.places}
        self.fields["county"].choices = county_choices(names)  # type: ignore[attr-defined]
        for name in ("address_1", "address_2", "city", "zip", "us_state"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        row = wizard.application
        self.fields["search"].widget.attrs |= while_typing(
            "address-search", row, params="home-search", target="#address-result"
        )
        self.fields["zip"].widget.attrs |= while_typing(
            "county", row, params="home-zip,home-county", target="#home-county", swap="outerHTML"
        )

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        row = wizard.application
        started = any((row.address_1, row.city, row.zip)) or not address_search.is_on()
        return {**cls.columns(row), "county": row.county_id or "", "search": "", "manual": started}

    def clean_us_state(self) -> str:
        typed: str = self.cleaned_data["us_state"]
        ours = self.wizard.application.us_state
        if typed and typed != ours:
            raise ValidationError(OTHER_STATE.format(ours=US_STATES[ours]), code="state")
        return typed

    def clean_zip(self) -> str:
        typed: str = self.cleaned_data["zip"]
        if typed and not self.places:
            ours = US_STATES[self.wizard.application.us_state]
            elsewhere = places_of_zip(typed)
            if elsewhere:
                theirs = US_STATES[elsewhere[0].us_state]
                raise ValidationError(ZIP_ELSEWHERE.format(zip=typed, theirs=theirs, ours=ours), code="zip")
            raise ValidationError(UNKNOWN_ZIP.format(ours=ours), code="zip")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        # The county of another ZIP code, which the page may have sent along, is none.
        self.errors.pop("county", None)
        fips = [one.county_fips for one in self.places]
        chosen = cleaned.get("county", "")
        cleaned["county"] = fips[0] if len(fips) == 1 else chosen if chosen in fips else ""
        return cleaned

    def demand(self) -> None:
        super().demand()
        if not {"county", "zip"} & set(self.errors) and self.wizard.application.county_id is None:
            self.add_error("county", CHOOSE_COUNTY)

    def raw(self) -> dict[str, Any]:
        return {name: text for name, text in super().raw().items() if name != "search"}

    def on_enter(self) -> str:
        return "search" if _is_new(self, "search") else ""

    def keep(self, wizard: WizardContext) -> None:
        row = wizard.application
        self.put(row, "address_1", "address_2", "city", "zip")
        if "zip" in self.cleaned_data:
            row.county = County.objects.filter(pk=self.cleaned_data.get("county") or "").first()

    # --- Address Search ---

    def perform(self, wizard: WizardContext, verb: str) -> Done | None:
        if verb == "search":
            return self._search(wizard)
        if verb == "look-up":
            if self.places and not wizard.application.city:
                wizard.application.city = self.places[0].city
            return Done()
        kind, _, address = verb.partition(":")
        return self._use(wizard, address) if kind == "use" else None

    def _search(self, wizard: WizardContext) -> Done:
        text = self.cleaned_data.get("search", "")
        if not text:
            return Done("Type a street and city, a city or a ZIP code.", level="warning")
        wizard.keep_typed(self.name, {**wizard.typed(self.name), "search": text})
        return Done()

    def _use(self, wizard: WizardContext, address: str) -> Done:
        """Fill in an address of the list; it is checked like one typed by hand."""
        try:
            found = {name: values[0] for name, values in parse_qs(address, max_num_fields=6).items()}
        except ValueError:
            found = {}
        names = {"street": "address_1", "city": "city", "zip": "zip", "county": "county"}
        data = {self.add_prefix(field): found.get(name, "") for name, field in names.items() if found.get(name)}
        form = HomeAddress(_as_post(data), wizard=wizard)
        if not data or form.errors:
            return Done(NO_SUCH_ADDRESS, level="warning")
        form.keep(wizard)
        taken = set(form.cleaned_data) | {"search"}
        wizard.keep_typed(
            self.name, {name: text for name, text in wizard.typed(self.name).items() if name not in taken}
        )
        return Done(TAKEN_ADDRESS)

    def context(self) -> dict[str, Any]:
        text = self.wizard.typed(self.name).get("search", "")
        return {
            "search_is_on": address_search.is_on(),
            "search_off": SEARCH_OFF,
            "result": address_result(self.wizard.application, text) if text else None,
            "county": county_context(self),
        }


def county_choices(names: dict[str, str]) -> list[tuple[str, str]]:
    """The counties of a ZIP code; nothing to choose where there is only one."""
    return list(names.items()) if len(names) == 1 else [("", "Select"), *names.items()]


def county_context(form: HomeAddress) -> dict[str, Any]:
    """What the page says about the county beside the field."""
    cities = sorted({one.city for one in form.places})
    return {"several": len(form.places) > 1, "known": bool(form.places), "city": cities[0] if len(cities) == 1 else ""}


def address_result(application: Application, text: str) -> dict[str, Any]:
    """The addresses a text finds, as the page lists them."""
    answer = address_search.suggest(text, us_state=application.us_state)
    lines = [{"label": one.label, "county": one.county_name, "value": _as_value(one)} for one in answer.suggestions]
    return {"lines": lines, "said": "" if lines else NO_ADDRESS if answer.available else SEARCH_OFF}


def _as_value(one: Suggestion) -> str:
    values = {"street": one.street, "city": one.city, "zip": one.zip, "county": one.county_fips}
    return urlencode({name: value for name, value in values.items() if value})


def _as_post(values: dict[str, str]) -> Any:
    data = QueryDict(mutable=True)
    data.update(values)
    return data


# --- Mailing Address ---


class MailingAddress(Section):
    """Is Mailing Address different than Home Address? (APP_06)"""

    name, title = "mailing", "Mailing Address"
    template = "enrollment/wizard/mailing.html"

    mailing_differs = people.radio(
        "Is Mailing Address different than Home Address?", people.YES_NO, required="Answer Yes or No."
    )
    mailing_address_1 = LineField("Address", longest=120)
    mailing_address_2 = LineField("Apt/Suite", longest=120)
    mailing_city = LineField("City", longest=60)
    mailing_state = AddressStateField(required=False, error_messages={"invalid_choice": "Choose a state of the list."})
    mailing_zip = ZipField(required=False, error_messages={"max_length": "Five digits."})

    NEEDED = {
        "mailing_address_1": "Enter the mailing address.",
        "mailing_city": "Enter the city.",
        "mailing_state": "Choose the state.",
        "mailing_zip": "Enter the ZIP code.",
    }

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return cls.columns(wizard.application)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.answer("mailing_differs") == "no":
            for name in self.fields:
                if name != "mailing_differs":
                    self.errors.pop(name, None)
                    cleaned[name] = ""
        return cleaned

    def demand(self) -> None:
        super().demand()
        if self.answer("mailing_differs") != "yes":
            return
        for name, sentence in self.NEEDED.items():
            if name not in self.errors and not self.answer(name):
                self.add_error(name, sentence)

    def keep(self, wizard: WizardContext) -> None:
        self.put(wizard.application)


# --- Contact Information ---


class Contact(Section):
    """How the primary applicant is reached, with the wordings of consent beside the fields (APP_07, APP_08)."""

    name, title = "contact", "Contact Information"
    template = "enrollment/wizard/contact.html"
    passing = frozenset({"wordings"})

    phone = PhoneField(label="Primary Phone", error_messages={"required": "Enter the primary phone."})
    phone_type = people.radio("Phone Type", Application.PhoneType.choices, required="Choose Mobile or Landline.")
    email = forms.EmailField(
        label="Email Address",
        max_length=254,
        required=False,
        error_messages={"invalid": "Please enter a valid email address.", "max_length": "At most 254 characters."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    wordings = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, wizard: WizardContext, initial: Any = None) -> None:
        super().__init__(data, wizard=wizard, initial=initial)
        self.fields["phone"].widget.attrs["autocomplete"] = "off"

    @classmethod
    def read(cls, wizard: WizardContext) -> dict[str, Any]:
        return {**cls.columns(wizard.application), "wordings": contact_texts.wordings(wizard).ids}

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"]
        local, _, domain = typed.rpartition("@")
        return f"{local}@{domain.lower()}" if local else typed

    def keep(self, wizard: WizardContext) -> None:
        row = wizard.application
        self.put(row, "phone", "phone_type", "email")
        if "wordings" in self.cleaned_data:
            keep_wordings(wizard, self.cleaned_data["wordings"])

    def raw(self) -> dict[str, Any]:
        return {name: text for name, text in super().raw().items() if name != "wordings"}

    def context(self) -> dict[str, Any]:
        return contact_texts.wordings(self.wizard).as_context()


def keep_wordings(wizard: WizardContext, ids: str) -> None:
    """Keep the versions of the wordings that stood beside the fields (APP_08)."""
    row = wizard.application
    emails = [row.email, *row.applicants.values_list("email", flat=True)]
    shown = contact_texts.shown_texts(row, ids)
    row.contact_texts.set(contact_texts.kept_beside(row, shown, emails))


PARTS: tuple[Part, ...] = (ClientSearch, Personal, PersonalNotes, HomeAddress, MailingAddress, Contact)
