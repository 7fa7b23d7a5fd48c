"""Add New Prospect and Search for Prospects (PRO_01..03, PRO_06)."""

from collections.abc import Mapping, Sequence
from typing import Any

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Div, Layout, Row
from django import forms
from django.http import QueryDict

from accounts.forms.contact_fields import PhoneField, ZipField
from accounts.models import Producer
from clients.models import Prospect
from clients.rules.names import name_key
from clients.selectors.prospects import Likeness, Likenesses
from clients.services import prospects as service
from portal.common import form_keys
from portal.common.dates import US_STATES
from portal.common.prospect_actions import ProspectAction

STATE_CHOICES = [("", "Choose"), *((state, state) for state in US_STATES)]
# Of more agents than this nobody wants to see a list: then one types a number.
MOST_IN_A_LIST = 200
NOT_IN_HIERARCHY = "No agent with this National Producer Number is in your hierarchy."
SAVED_MEANWHILE = "Saved meanwhile: {saved}"


def _text(label: str, *, most: int, required: str = "", **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=bool(required),
        error_messages={"required": required},
        widget=forms.TextInput(attrs={"autocomplete": "off", **attrs}),
    )


def _phone(label: str) -> PhoneField:
    return PhoneField(
        label=label, required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"})
    )


def _email() -> forms.EmailField:
    return forms.EmailField(
        label="Email Address",
        max_length=254,
        required=False,
        error_messages={"invalid": "Please enter a valid email address."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ProspectForm(forms.Form):
    """The guide's fields in its order, and whose prospect it is."""

    first_name = _text("First Name", most=60, required="Enter the first name.")
    middle_initial = _text("MI", most=1)
    last_name = _text("Last Name", most=60, required="Enter the last name.")
    address_1 = _text("Address 1", most=120)
    address_2 = _text("Address 2", most=120)
    city = _text("City", most=60)
    us_state = forms.ChoiceField(
        label="State",
        choices=STATE_CHOICES,
        error_messages={"required": "Choose the state.", "invalid_choice": "Choose a state of the list."},
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )
    zip = ZipField(
        label="Zip Code",
        error_messages={"required": "Enter the ZIP code.", "max_length": "Five digits."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    phone = _phone("Phone Number")
    cell_phone = _phone("Cell Phone")
    email = _email()
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    # Which people, perhaps the same person, the form has told of already.
    told = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        agents: Sequence[Producer],
        owner: Producer | None = None,
        prospect: Prospect | None = None,
        actions: Sequence[ProspectAction] = (),
        us_state: str = "",
        known: Mapping[str, str] | None = None,
        cancel_url: str = "",
    ) -> None:
        """``agents`` may be assigned; ``owner`` is the agent of a new prospect unless another is chosen, ``us_state`` is
        proposed for it, ``known`` what else is; ``prospect`` is the one edited."""
        self.owner = prospect.producer if prospect else owner
        if prospect and prospect.producer not in agents:
            agents = [prospect.producer, *agents]
        initial: dict[str, Any] = {"us_state": us_state, **(known or {})}
        if prospect:
            initial = {**{name: getattr(prospect, name) for name in service.FIELDS}, "seen": service.stamp(prospect)}
        super().__init__(data, initial=initial)
        self.likenesses: list[Likeness] = []
        self.agents = {agent.npn: agent for agent in agents}
        self.fields["form_key"].initial = form_keys.new_key
        self._add_agent_field()
        self._lay_out(actions, cancel_url)

    def _add_agent_field(self) -> None:
        if len(self.agents) < 2:
            return
        messages = {"required": "Choose the agent.", "invalid_choice": NOT_IN_HIERARCHY}
        if len(self.agents) > MOST_IN_A_LIST:
            self.fields["agent"] = forms.CharField(
                label="National Producer Number of the agent",
                max_length=10,
                help_text="Leave it empty to keep the agent named above.",
                error_messages=messages,
                widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
            )
        else:
            shown = [(agent.npn, f"{agent.name} ({agent.npn})") for agent in self.agents.values()]
            self.fields["agent"] = forms.ChoiceField(
                label="Agent", choices=[("", "Select"), *shown], error_messages=messages
            )
            self.initial["agent"] = self.owner.npn if self.owner else ""
        self.fields["agent"].required = self.owner is None

    def _lay_out(self, actions: Sequence[ProspectAction], cancel_url: str) -> None:
        half, third = "col-sm-6", "col-sm-4"
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.cancel_url = cancel_url
        self.helper.layout = Layout(
            HTML('{% include "clients/_prospect_likenesses.html" %}'),
            Div(
                Div(
                    HTML('<section class="panel" aria-labelledby="prospect-data">'),
                    HTML('<div class="panel-head"><h2 id="prospect-data">Prospect Data</h2></div>'),
                    Div(
                        HTML('<p class="form-note">* Denotes a required field.</p>'),
                        Row(
                            Column("first_name", css_class="col-sm-5"),
                            Column("middle_initial", css_class="col-sm-2"),
                            Column("last_name", css_class="col-sm-5"),
                        ),
                        Row(Column("address_1", css_class=half), Column("address_2", css_class=half)),
                        Row(
                            Column("city", css_class=third),
                            Column("us_state", css_class=third),
                            Column("zip", css_class=third),
                        ),
                        Row(Column("phone", css_class=half), Column("cell_phone", css_class=half)),
                        "email",
                        css_class="panel-body",
                    ),
                    HTML("</section>"),
                    css_class="col-lg-8",
                ),
                Div(
                    HTML('<section class="panel" aria-labelledby="agent-information">'),
                    HTML('<div class="panel-head"><h2 id="agent-information">Agent Information</h2></div>'),
                    Div(
                        HTML('{% include "clients/_agent_facts.html" %}'),
                        *self._assign(),
                        css_class="panel-body",
                    ),
                    HTML("</section>"),
                    css_class="col-lg-4",
                ),
                css_class="row",
            ),
            "form_key",
            "seen",
            "told",
            Div(
                HTML(
                    '<button type="submit" class="btn btn-primary">'
                    "{% if likenesses %}Save Anyway{% else %}Save Prospect{% endif %}</button>"
                ),
                *(
                    StrictButton(action.label, type="submit", name="then", value=action.name, css_class="btn-secondary")
                    for action in actions
                ),
                HTML('<a class="btn btn-secondary" href="{{ form.cancel_url }}">Cancel</a>'),
                css_class="form-actions mt-0",
            ),
        )

    def _assign(self) -> list[Any]:
        if "agent" not in self.fields:
            return []
        return [
            HTML('<details class="assign-agent"{% if form.shows_agents %} open{% endif %}>'),
            HTML('<summary class="btn btn-secondary">Assign an Agent</summary>'),
            "agent",
            HTML("</details>"),
        ]

    @property
    def shows_agents(self) -> bool:
        """Is the choice of agents open? While one has to be chosen, was chosen or could not be."""
        chosen = self.is_bound and ("agent" in self.errors or "agent" in self.changed_data)
        return self.owner is None or chosen

    def clean_first_name(self) -> str:
        return self._name("first_name", "Enter the first name.")

    def clean_last_name(self) -> str:
        return self._name("last_name", "Enter the last name.")

    def _name(self, name: str, wanted: str) -> str:
        typed: str = self.cleaned_data[name]
        if not any(sign.isalnum() for sign in typed):
            raise forms.ValidationError(wanted)
        return typed

    def clean_middle_initial(self) -> str:
        return str(self.cleaned_data["middle_initial"]).upper()

    def clean_form_key(self) -> str:
        return form_keys.readable(self.cleaned_data["form_key"])

    def clean_agent(self) -> str:
        npn = str(self.cleaned_data["agent"]).strip()
        if npn and npn not in self.agents:
            raise forms.ValidationError(NOT_IN_HIERARCHY)
        return npn

    def chosen_agent(self) -> Producer | None:
        """Whose prospect it is to be: the agent chosen, else the one it has."""
        return self.agents.get(getattr(self, "cleaned_data", {}).get("agent", ""), self.owner)

    def values(self) -> dict[str, str]:
        """What is to be saved; only of a valid form."""
        return {name: self.cleaned_data[name] for name in service.FIELDS}

    def refuse_agent(self, why: str) -> None:
        """The agent cannot have the prospect; said beside the choice where there is one."""
        self.add_error("agent" if "agent" in self.fields else None, why)

    def tell(self, found: Likenesses) -> None:
        """Show who may be the same person; the form then says that it was told of exactly these."""
        self.likenesses = found.people
        self._put("told", found.seen)

    def show_what_is_saved(self, conflict: service.ChangedMeanwhile) -> None:
        """Say beside each field that differs what stands there now; sent again, the form is saved as it is."""
        self.add_error(None, str(conflict))
        for name, typed in self.values().items():
            saved = getattr(conflict.saved, name)
            if saved != typed:
                self.add_error(name, SAVED_MEANWHILE.format(saved=self.fields[name].prepare_value(saved) or "nothing"))
        self._put("seen", service.stamp(conflict.saved))

    def _put(self, name: str, value: str) -> None:
        """Change what a hidden field of the form that was sent says when it comes back."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[name] = value
        self.data = data


class ProspectSearchForm(forms.Form):
    """Any of seven fields; Show All asks for none."""

    first_name = _text("First Name", most=60)
    last_name = _text("Last Name", most=60)
    city = _text("City", most=60)
    us_state = forms.ChoiceField(
        label="State",
        choices=[("", "Any"), *STATE_CHOICES[1:]],
        required=False,
        error_messages={"invalid_choice": "Choose a state of the list."},
        widget=forms.Select(attrs={"autocomplete": "off"}),
    )
    zip = _text("Zip Code", most=5, inputmode="numeric")
    phone = _phone("Phone Number")
    email = _text("Email Address", most=254, inputmode="email", spellcheck="false")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        third, quarter = "col-sm-6 col-lg-4", "col-sm-6 col-lg-3"
        self.helper = FormHelper()
        self.helper.attrs = {"novalidate": True}
        self.helper.layout = Layout(
            Row(
                Column("first_name", css_class=third),
                Column("last_name", css_class=third),
                Column("city", css_class=third),
            ),
            Row(
                Column("us_state", css_class=quarter),
                Column("zip", css_class=quarter),
                Column("phone", css_class=quarter),
                Column("email", css_class=quarter),
            ),
            Div(
                # Enter in a field presses the first button of a form.
                StrictButton("Submit", type="submit", css_class="btn-primary"),
                StrictButton("Show All", type="submit", name="all", value="1", css_class="btn-secondary"),
                css_class="form-actions mt-1",
            ),
        )

    def clean_zip(self) -> str:
        typed: str = self.cleaned_data["zip"]
        if typed and not (typed.isascii() and typed.isdigit()):
            raise forms.ValidationError("A ZIP code has digits only; its first ones are enough.")
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("first_name", "last_name", "city"):
            if cleaned.get(name) and not name_key(cleaned[name]):
                self.add_error(name, "Enter at least one letter.")
        if not self.errors and not any(cleaned.values()):
            raise forms.ValidationError("Enter any piece of information in one of the fields, or press Show All.")
        return cleaned
