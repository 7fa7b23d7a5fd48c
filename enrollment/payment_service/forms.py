"""The form on which a payer says how to pay (PAY_02..04).

Nothing keeps a number: the form shows everything again after a mistake except the numbers, which have to be typed again,
and gives them out once, to be exchanged for tokens.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from enrollment.payment_service.network import Network
from enrollment.payment_service.rules import bank_accounts, cards
from enrollment.payment_service.store import Account, Entered

BANK, CARD = "bank", "card"
LONGEST_NAME = 80
MOST_DIGITS_IN_A_NAME = 3
NUMBERS = (
    "card_number",
    "security_code",
    "routing",
    "account",
    "account_again",
    "autopay_routing",
    "autopay_account",
    "autopay_account_again",
)
Texts = dict[str, str]


class NeverShownAgain(forms.TextInput):
    """A field for a number: what was typed is not in the page that comes back."""

    def format_value(self, _value: Any) -> None:
        return None


def text(label: str, *, autocomplete: str) -> forms.CharField:
    attrs = {"class": "form-control", "autocomplete": autocomplete, "aria-required": "true"}
    return forms.CharField(required=False, label=label, widget=forms.TextInput(attrs=attrs))


def number(label: str, *, digits: int, autocomplete: str = "off", help_text: str = "") -> forms.CharField:
    """``digits``: how many can be typed, blanks and dashes not counted."""
    attrs = {
        "class": "form-control",
        "inputmode": "numeric",
        "autocomplete": autocomplete,
        "maxlength": str(digits + 6),
        "spellcheck": "false",
        "aria-required": "true",
    }
    return forms.CharField(required=False, label=label, help_text=help_text, widget=NeverShownAgain(attrs=attrs))


def choice(label: str, choices: Iterable[tuple[str, str]], *, autocomplete: str = "") -> forms.ChoiceField:
    attrs = {"class": "form-select", "aria-required": "true"}
    if autocomplete:
        attrs["autocomplete"] = autocomplete
    return forms.ChoiceField(required=False, label=label, choices=list(choices), widget=forms.Select(attrs=attrs))


def radios(label: str, choices: Iterable[tuple[str, str]]) -> forms.ChoiceField:
    widget = forms.RadioSelect(attrs={"class": "form-check-input"})
    return forms.ChoiceField(required=False, label=label, choices=list(choices), widget=widget)


def box(label: str) -> forms.BooleanField:
    widget = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(required=False, label=label, widget=widget)


class PaymentForm(forms.Form):
    """Payment Method, its details, Autopay, and the Terms of Use and Privacy Statement box."""

    use_required_attribute = False  # what is required depends on the method; the messages are ours

    def __init__(self, *args: Any, t: Texts, today: date, offers_autopay: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.t, self.today = t, today
        self.brand: cards.Brand | None = None
        kinds = [("checking", t["checking"]), ("savings", t["savings"])]
        months = [("", t["month"]), *((f"{month:02}", f"{month:02}") for month in range(1, 13))]
        years = [("", t["year"]), *((str(year), str(year)) for year in range(today.year, today.year + 16))]
        self.fields = {
            "method": choice(
                t["payment_method"],
                [("", t["select_payment_method"]), (BANK, t["new_bank_account"]), (CARD, t["new_card"])],
            ),
            "card_name": text(t["name_on_card"], autocomplete="cc-name"),
            "card_number": number(
                t["card_number_label"], digits=19, autocomplete="cc-number", help_text=t["cards_taken"]
            ),
            "expires_month": choice(t["expires_month"], months, autocomplete="cc-exp-month"),
            "expires_year": choice(t["expires_year"], years, autocomplete="cc-exp-year"),
            "security_code": number(
                t["security_code_label"], digits=4, autocomplete="cc-csc", help_text=t["security_code_help"]
            ),
            "holder": text(t["account_holder"], autocomplete="name"),
            "account_type": radios(t["account_type"], kinds),
            "routing": number(t["routing_label"], digits=9, help_text=t["routing_help"]),
            "account": number(t["account_label"], digits=17),
            "account_again": number(t["account_again_label"], digits=17),
            "terms": box(""),
        }
        if offers_autopay:
            self.fields |= {
                "autopay": box(t["autopay_box"]),
                "autopay_holder": text(t["account_holder"], autocomplete="name"),
                "autopay_account_type": radios(t["account_type"], kinds),
                "autopay_routing": number(t["routing_label"], digits=9, help_text=t["routing_help"]),
                "autopay_account": number(t["account_label"], digits=17),
                "autopay_account_again": number(t["account_again_label"], digits=17),
                "autopay_consent": box(t["autopay_consent_box"]),
            }

    def numbers_again(self) -> bool:
        """Whether the page has to ask for numbers once more."""
        return self.is_bound and not self.is_valid()

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        method = data.get("method")
        if method == CARD:
            self._card(data)
        elif method == BANK:
            self._bank("", data)
        elif "method" not in self.errors:
            self._refuse("method", "choose_method")
        if data.get("autopay"):
            if method == CARD:
                self._bank("autopay_", data)
            if not data.get("autopay_consent"):
                self._refuse("autopay_consent", "need_autopay_consent")
        if not data.get("terms"):
            self._refuse("terms", "need_terms")
        return data

    def entered(self, network: Network) -> Entered:
        """Exchange the numbers of a valid form for tokens; what is kept knows four digits."""
        data = self.cleaned_data
        if data["method"] == BANK:
            pays = self._account("", network)
            return Entered(pays=pays, autopay=pays if data.get("autopay") else None)
        _brand, digits = cards.card_number(data["card_number"])
        assert self.brand is not None  # noqa: S101 - a valid form knows it
        pays = Account(
            token=network.tokenize(CARD, digits),
            kind=CARD,
            label=self.brand.name,
            last4=digits[-4:],
            holder=data["card_name"],
            expires=f"{data['expires_month']}/{data['expires_year']}",
        )
        return Entered(pays=pays, autopay=self._account("autopay_", network) if data.get("autopay") else None)

    def _card(self, data: dict[str, Any]) -> None:
        self._name("card_name", "need_name_on_card", data)
        try:
            self.brand, _digits = cards.card_number(data.get("card_number", ""))
        except cards.NotACard as error:
            self._refuse("card_number", str(error))
        month, year = data.get("expires_month"), data.get("expires_year")
        if not month and "expires_month" not in self.errors:
            self._refuse("expires_month", "need_month")
        if not year and "expires_year" not in self.errors:
            self._refuse("expires_year", "need_year")
        if month and year:
            try:
                cards.check_expiry(month=int(month), year=int(year), today=self.today)
            except cards.NotACard as error:
                self._refuse("expires_year", str(error))
        try:
            cards.check_security_code(data.get("security_code", ""), self.brand)
        except cards.NotACard as error:
            self._refuse("security_code", str(error))

    def _bank(self, prefix: str, data: dict[str, Any]) -> None:
        self._name(f"{prefix}holder", "need_holder", data)
        if not data.get(f"{prefix}account_type"):
            self._refuse(f"{prefix}account_type", "need_account_type")
        try:
            bank_accounts.routing_number(data.get(f"{prefix}routing", ""))
        except bank_accounts.NotAnAccount as error:
            self._refuse(f"{prefix}routing", str(error))
        try:
            bank_accounts.account_number(data.get(f"{prefix}account", ""), again=data.get(f"{prefix}account_again", ""))
        except bank_accounts.NotAnAccount as error:
            again = "_again" if str(error) == "account_differs" else ""
            self._refuse(f"{prefix}account{again}", str(error))

    def _name(self, field: str, missing: str, data: dict[str, Any]) -> None:
        """A name is kept and shown again, so it must not be a number that was typed into the wrong field."""
        name = data.get(field, "")
        if not name:
            self._refuse(field, missing)
        elif len(name) > LONGEST_NAME:
            self._refuse(field, "name_long")
        elif looks_like_a_number(name):
            self._refuse(field, "name_is_number")

    def _account(self, prefix: str, network: Network) -> Account:
        data = self.cleaned_data
        digits = bank_accounts.account_number(data[f"{prefix}account"], again=data[f"{prefix}account_again"])
        return Account(
            token=network.tokenize(BANK, digits),
            kind=BANK,
            label="Bank account",
            last4=digits[-4:],
            holder=data[f"{prefix}holder"],
            account_type=data[f"{prefix}account_type"],
        )

    def _refuse(self, field: str, sentence: str) -> None:
        self.add_error(field, self.t[sentence])


def looks_like_a_number(name: str) -> bool:
    """Whether something typed as a name has more digits than a name has."""
    return sum(character.isdigit() for character in name) > MOST_DIGITS_IN_A_NAME


def what_can_be_shown_again(posted: Any) -> dict[str, Any]:
    """What was typed, without the numbers, for a page that is shown again without having been judged."""
    shown: dict[str, Any] = {
        name: posted[name]
        for name in ("method", "card_name", "expires_month", "expires_year", "holder", "account_type")
        + ("autopay_holder", "autopay_account_type")
        if name in posted
    }
    for name in ("card_name", "holder", "autopay_holder"):
        if looks_like_a_number(shown.get(name, "")):
            del shown[name]
    boxes = {name: name in posted for name in ("autopay", "autopay_consent", "terms")}
    return {**shown, **boxes}
