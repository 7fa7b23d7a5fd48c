"""The payment portal's pages and its API, under its own settings (PAY_01..10)."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from enrollment.payment_service import desk as desks
from enrollment.payment_service import wire
from enrollment.payment_service.desk import the_desk
from enrollment.payment_service.forms import NUMBERS
from enrollment.payment_service.links import link_of
from enrollment.payment_service.rules.steps import State
from enrollment.payment_service.rules.trial_numbers import ACCOUNTS, CARDS
from enrollment.payment_service.texts import BOTH, texts
from tests.support.payment_service import SECRET, asked, its_settings

pytestmark = pytest.mark.no_db

YEAR = datetime.now(UTC).year + 3
CARD = {
    "method": "card",
    "card_name": "Nora Whitfield",
    "card_number": "4111 1111 1111 1111",
    "expires_month": "12",
    "expires_year": str(YEAR),
    "security_code": "123",
    "terms": "on",
}
BANK = {
    "method": "bank",
    "holder": "Nora Whitfield",
    "account_type": "savings",
    "routing": "110000000",
    "account": "000123456789",
    "account_again": "000123456789",
    "terms": "on",
}
AUTOPAY_BANK = {f"autopay_{name}": value for name, value in BANK.items() if name not in {"method", "terms"}}
SECOND = {
    "autopay": "on",
    "autopay_consent": "on",
    **AUTOPAY_BANK,
}
EN, ES = texts("en"), texts("es")


@pytest.fixture(autouse=True)
def portal(tmp_path):
    with its_settings(tmp_path):
        yield
    desks.desk_of.cache_clear()


class Payer:
    """A browser in which a payment was opened by its link."""

    def __init__(self, *, browser=None, **changes):
        payment = the_desk().create(asked(**changes), now=datetime.now(UTC))
        self.id = payment.id
        self.browser = browser or Client()
        self.link = link_of(payment).removeprefix("http://testserver")
        self.entered = self.browser.get(self.link)

    @property
    def payment(self):
        return the_desk().store.payment(self.id)

    def get(self, page=""):
        return self.browser.get(f"/pay/{self.id}/{page}")

    def post(self, page="", **data):
        return self.browser.post(f"/pay/{self.id}/{page}", data)

    def reviewing(self, **data):
        response = self.post(**(data or CARD))
        assert response.status_code == 302, said(response)
        return self

    def told(self):
        return [event.told["state"] for event in the_desk().store.events(self.id)]


def said(response) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def errors(response) -> dict[str, str]:
    """What is said beside each field."""
    html = response.content.decode()
    found = re.findall(r'id="(?:id_)?(\w+)_error"[^>]*>\s*<strong>(.*?)</strong>', html, re.DOTALL)
    return {name: unescape(text.strip()) for name, text in found}


# --- who may open it ---


def test_the_signed_link_opens_the_payment_in_this_browser_only():
    payer = Payer()
    assert payer.entered.status_code == 302
    assert payer.get().status_code == 200
    assert Client().get(f"/pay/{payer.id}/").status_code == 403
    assert Client().post(f"/pay/{payer.id}/submit/", {"agreement": "on"}).status_code == 403
    changed = payer.link.replace(payer.id, payer.id[:-1] + "a" if payer.id[-1] != "a" else payer.id[:-1] + "b")
    assert Client().get(changed).status_code == 404
    assert Client().get("/pay/enter/nonsense/").status_code == 404


def test_each_payment_has_a_cookie_of_its_own():
    one, two = Payer(), Payer(key="pay-key-two")
    assert [each.browser.cookies["payment_access"]["path"] for each in (one, two)] == [
        f"/pay/{one.id}/",
        f"/pay/{two.id}/",
    ]


def test_the_cookie_of_one_payment_does_not_open_another():
    one, two = Payer(), Payer(key="pay-key-two")
    one.browser.cookies["payment_access"]["path"] = "/"
    assert one.browser.get(f"/pay/{two.id}/").status_code == 403


def test_pages_keep_nothing_load_nothing_from_elsewhere_and_may_return_to_the_portal():
    payer = Payer()
    response = payer.get()
    assert response["Cache-Control"] == "no-store, private"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert policy.endswith("form-action 'self' http://portal.example")
    assert "unsafe" not in policy
    assert "portal.example" not in payer.browser.get("/terms/")["Content-Security-Policy"]
    html = response.content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", html)
    cookie = payer.browser.cookies["payment_access"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_its_cookies_are_none_of_the_portals():
    payer = Payer()
    payer.get()
    assert set(payer.browser.cookies) == {"payment_access", "payment_csrf", "payment_language"}


def test_without_the_forms_token_nothing_is_done():
    payer = Payer(browser=Client(enforce_csrf_checks=True))
    response = payer.post(**CARD)
    assert response.status_code == 403
    assert EN["form_old_title"] in said(response)
    assert payer.payment.entered is None


# --- Make a Payment ---


@pytest.mark.feature("PAY_01")
def test_the_page_shows_balance_amount_date_and_the_notes():
    page = said(Payer(amount_may_grow=True).get())
    for words in (
        "Make a Payment",
        "Current Balance $2,091.40",
        "Payment Amount Current Balance: $2,091.40",
        "Amount displayed may be less than required for policy issuance if retroactive effective date.",
        "Payment Date (month/day/year) 11/20/2026",
        "To begin your coverage, payment of your first monthly premium is required. Please enter your payment details below.",
        "Your payment will not process until your application has completed processing.",
        "Prairie Summit of Illinois",
        "Application A-0638",
        "Select payment method New Bank Account New Card",
        "I understand and accept the Terms of Use and Privacy Statement",
        "Review Payment Details",
    ):
        assert words in page
    assert "may be less" not in said(Payer(key="pay-key-two").get())


def test_what_is_past_due_on_a_policy_has_words_of_its_own():
    page = said(Payer(purpose="past_due", hold=False, label="Policy 0123", offers_autopay=False).get())
    assert EN["intro_past_due"] in page
    assert EN["intro_hold"] not in page
    assert EN["autopay_note"] not in page
    assert EN["cancel_note_past_due"] in page


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"method": ""}, "method", "choose_method"),
        ({"method": "cash"}, "method", None),
        ({"card_name": " "}, "card_name", "need_name_on_card"),
        ({"card_name": "x" * 81}, "card_name", "name_long"),
        ({"card_name": "4111 1111 1111 1111"}, "card_name", "name_is_number"),
        ({"card_number": ""}, "card_number", "card_digits"),
        ({"card_number": "4111111111111112"}, "card_number", "card_check"),
        ({"card_number": "3530111333300000"}, "card_number", "card_brand"),
        ({"expires_month": ""}, "expires_month", "need_month"),
        ({"expires_month": "13"}, "expires_month", None),
        ({"expires_year": ""}, "expires_year", "need_year"),
        ({"security_code": "12"}, "security_code", "security_code_3"),
        ({"card_number": "378282246310005"}, "security_code", "security_code_4"),
    ],
)
@pytest.mark.sampled(6)
def test_a_card_is_asked_for_completely(changes, field, sentence):
    payer = Payer()
    response = payer.post(**{**CARD, **changes})
    assert response.status_code == 422
    found = errors(response)
    assert set(found) == {field}
    if sentence:
        assert found[field] == EN[sentence]
    assert payer.payment.entered is None


@pytest.mark.feature("PAY_02")
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"holder": ""}, "holder", "need_holder"),
        ({"account_type": ""}, "account_type", "need_account_type"),
        ({"routing": "110000001"}, "routing", "routing_check"),
        ({"account": "12"}, "account", "account_digits"),
        ({"account_again": "000123456780"}, "account_again", "account_differs"),
    ],
)
def test_a_bank_account_is_asked_for_completely(changes, field, sentence):
    response = Payer().post(**{**BANK, **changes})
    assert response.status_code == 422
    assert errors(response) == {field: EN[sentence]}


@pytest.mark.feature("PAY_03")
@pytest.mark.parametrize("details", [CARD, BANK])
def test_the_terms_must_be_accepted(details):
    payer = Payer()
    response = payer.post(**{name: value for name, value in details.items() if name != "terms"})
    assert errors(response) == {"terms": EN["need_terms"]}
    response = payer.post(**details)
    assert response.url == f"/pay/{payer.id}/review/"
    assert "Review Payment Details" in said(payer.get("review/"))


@pytest.mark.feature("PAY_04")
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"autopay_routing": ""}, "autopay_routing", "routing_digits"),
        ({"autopay_account": "", "autopay_account_again": ""}, "autopay_account", "account_digits"),
        ({"autopay_holder": ""}, "autopay_holder", "need_holder"),
        ({"autopay_account_type": ""}, "autopay_account_type", "need_account_type"),
        ({"autopay_consent": None}, "autopay_consent", "need_autopay_consent"),
    ],
)
@pytest.mark.sampled(3)
def test_autopay_with_a_card_asks_for_a_bank_account_and_consent(changes, field, sentence):
    payer = Payer()
    data = {name: value for name, value in {**CARD, **SECOND, **changes}.items() if value is not None}
    response = payer.post(**data)
    assert errors(response) == {field: EN[sentence]}
    assert payer.payment.entered is None


@pytest.mark.feature("PAY_04")
def test_a_card_pays_first_and_a_bank_account_is_kept_for_autopay():
    payer = Payer(autopay_text="I authorize everything.", autopay_text_version="2026-1")
    assert "I authorize everything." in said(payer.get())
    payer.reviewing(**CARD, **SECOND)
    page = said(payer.get("review/"))
    assert f"Visa ending in 1111, expires 12/{YEAR}" in page
    assert "Autopay from Bank account (Savings) ending in 6789" in page
    payer.post("submit/", agreement="on")
    mandate = payer.payment.mandate
    assert (mandate.bank_last4, mandate.text_version, mandate.active) == ("6789", "2026-1", True)


@pytest.mark.feature("PAY_04")
def test_a_bank_account_serves_both():
    payer = Payer().reviewing(**BANK, autopay="on", autopay_consent="on")
    assert payer.payment.entered.autopay == payer.payment.entered.pays


@pytest.mark.feature("PAY_04")
def test_autopay_is_not_to_be_had_where_it_is_not_offered():
    payer = Payer(offers_autopay=False).reviewing(**CARD, **SECOND)
    assert payer.payment.entered.autopay is None


def test_after_a_mistake_everything_is_shown_again_but_the_numbers():
    payer = Payer()
    typed = {**CARD, **SECOND, "card_number": "4000 0000 0000 0119", "routing": "110000000", "account": "000222222227"}
    response = payer.post(**{**typed, "expires_month": ""})
    html = response.content.decode()
    for name in NUMBERS:
        assert re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
        assert not re.search(rf'<input[^>]*name="{name}"[^>]*\bvalue=', html), name
    for digits in ("0119", "4000 0000", "000222222227", "000123456789", '"123"', "110000000"):
        assert digits not in html
    assert 'value="Nora Whitfield"' in html
    assert f'<option value="{YEAR}" selected>' in html
    assert EN["number_again"] in said(response)
    assert 'aria-describedby="id_expires_month_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<a href="#id_expires_month">' in html


def test_number_fields_have_the_right_keyboard_and_autocomplete():
    html = Payer().get().content.decode()
    fields = {
        "card_number": "cc-number",
        "security_code": "cc-csc",
        "expires_month": "cc-exp-month",
        "expires_year": "cc-exp-year",
        "card_name": "cc-name",
        "account": "off",
    }
    for name, autocomplete in fields.items():
        [tag] = re.findall(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', html)
        assert f'autocomplete="{autocomplete}"' in tag
        assert ('inputmode="numeric"' in tag) is (name in NUMBERS)


# --- Review Payment Details ---


@pytest.mark.feature("PAY_06")
def test_the_agreement_box_must_be_ticked():
    payer = Payer().reviewing()
    response = payer.post("submit/")
    assert response.status_code == 422
    assert EN["need_agreement"] in said(response)
    assert payer.told() == []
    response = payer.post("submit/", agreement="on")
    assert (response.status_code, response.url) == (303, "http://portal.example/back/")
    assert payer.told() == ["scheduled"]


@pytest.mark.feature("PAY_06")
@pytest.mark.feature("PAY_07")
def test_the_confirmation_number_is_shown_before_anything_is_paid():
    payer = Payer().reviewing()
    page = said(payer.get("review/"))
    assert f"Payment Confirmation Number {payer.payment.confirmation}" in page
    assert EN["not_yet_paid"] in page
    assert (
        "I agree payments may be taken from the payment method listed above. I also agree to receive emails about my payments."
        in page
    )
    assert "Submit Payment and Proceed" in page
    assert payer.payment.state is State.REVIEW
    assert payer.told() == []


def test_review_before_any_details_leads_to_them():
    payer = Payer()
    assert payer.get("review/").url == f"/pay/{payer.id}/"
    assert payer.post("submit/", agreement="on").url == f"/pay/{payer.id}/"
    assert payer.told() == []


def test_details_can_be_changed_and_the_last_ones_pay():
    payer = Payer().reviewing()
    html = payer.get().content.decode()
    assert '<option value="card" selected>' in html
    payer.reviewing(**BANK)
    assert "Bank account (Savings) ending in 6789" in said(payer.get("review/"))
    payer.post("submit/", agreement="on")
    assert the_desk().store.events(payer.id)[0].told["method_kind"] == "bank"


@pytest.mark.parametrize(
    ("digits", "sentence"), [("4000000000000002", "declined"), ("4000000000009995", "lacks_funds")]
)
def test_a_declined_card_says_so_and_another_may_be_tried(digits, sentence):
    payer = Payer().reviewing(**{**CARD, "card_number": digits})
    response = payer.post("submit/", agreement="on")
    assert response.status_code == 422
    assert EN[sentence] in said(response)
    assert digits not in response.content.decode()
    payer.reviewing()
    assert payer.post("submit/", agreement="on").status_code == 303


def test_submitting_again_or_coming_back_pays_once_and_says_what_became_of_it():
    payer = Payer(hold=False).reviewing()
    for _ in range(5):
        assert payer.post("submit/", agreement="on").status_code == 303
    assert the_desk().network.charges() == [(payer.id, Decimal("2091.40"))]
    for page in ("", "review/", "cancel/"):
        shown = said(payer.get(page))
        assert EN["title_settled"] in shown
        assert payer.payment.confirmation in shown
    assert EN["title_settled"] in said(payer.post(**CARD))


# --- Cancel ---


@pytest.mark.feature("PAY_08")
def test_cancel_asks_first_and_the_client_is_billed_later():
    payer = Payer().reviewing()
    for page in ("", "review/", "cancel/"):
        shown = said(payer.get(page))
        assert "Are you sure you want to cancel? You will lose any information entered." in shown
        assert "No, Don't Cancel" in shown
        assert "Yes, Cancel" in shown
        assert EN["cancel_note_first"] in shown
    assert payer.told() == []
    response = payer.post("cancel/")
    assert (response.status_code, response.url) == (303, "http://portal.example/back/")
    assert payer.told() == ["cancelled"]
    assert EN["title_cancelled"] in said(payer.get())
    assert payer.post("submit/", agreement="on").status_code == 302
    assert payer.told() == ["cancelled"]


@pytest.mark.feature("PAY_08")
def test_a_submitted_payment_is_not_cancelled_from_an_old_tab():
    payer = Payer().reviewing()
    payer.post("submit/", agreement="on")
    assert payer.post("cancel/").url == f"/pay/{payer.id}/"
    assert payer.told() == ["scheduled"]


def test_an_expired_payment_says_so(tmp_path):
    payment = the_desk().create(asked(), now=datetime.now(UTC) - timedelta(hours=2))
    browser = Client()
    page = browser.get(link_of(payment).removeprefix("http://testserver"), follow=True)
    assert EN["title_expired"] in said(page)
    assert [event.told["state"] for event in the_desk().store.events(payment.id)] == ["expired"]


# --- two languages ---


@pytest.mark.feature("PAY_10")
def test_spanish_is_complete_and_stays():
    payer = Payer()
    response = payer.post(language="es", card_name="Luz Ortega", method="card", card_number="4111111111111111")
    html = response.content.decode()
    assert response.status_code == 200
    assert '<html lang="es"' in html
    assert 'value="Luz Ortega"' in html
    assert "4111" not in html
    for page in (response, payer.get(), payer.browser.get("/terms/"), payer.browser.get("/nothing/")):
        assert no_english(page) == []
    payer.reviewing()
    assert "Revisar los datos del pago" in said(payer.get("review/"))
    for page in (payer.get("review/"), payer.get("cancel/"), payer.post(method="card"), payer.post("submit/")):
        assert no_english(page) == []
    payer.post("submit/", agreement="on")
    assert no_english(payer.get()) == []
    assert "Su pago está programado" in said(payer.get())


def no_english(response) -> list[str]:
    """English sentences on a Spanish page; brands and what is the same in both are none."""
    page = said(response)
    return [
        name
        for name, (english, spanish) in BOTH.items()
        if english != spanish and " " in english and "{" not in english and english in page and name != "switch_label"
    ]


@pytest.mark.feature("PAY_10")
def test_a_spanish_speaking_applicants_page_begins_in_spanish():
    payer = Payer(language="es", us_state="NM", autopay_text="I authorize.", autopay_text_version="1")
    page = said(payer.get())
    assert "Hacer un pago" in page
    assert "Prairie Summit de Nuevo México" in page
    assert "Autorizo a Prairie Summit" in page
    assert '<div lang="en">' in payer.get().content.decode()
    back = payer.browser.post("/language/", {"language": "en", "next": f"/pay/{payer.id}/"})
    assert back.url == f"/pay/{payer.id}/"
    assert "Make a Payment" in said(payer.get())
    again = Payer(browser=payer.browser, key="pay-key-two", language="es")
    assert "Make a Payment" in said(again.get()), "the payer's choice stays"


def test_the_language_switch_leads_nowhere_else():
    for wanted in ("//evil.example/", "https://evil.example/", "javascript:alert(1)", ""):
        assert Client().post("/language/", {"language": "es", "next": wanted}).url == "/terms/"


@pytest.mark.feature("PAY_10")
def test_language_assistance_is_offered_in_other_languages():
    page = said(Client().get("/language-assistance/"))
    for words in ("Español", "Tiếng Việt", "العربية", "1-800-555-0142"):
        assert words in page


@pytest.mark.feature("PAY_02")
def test_every_test_number_is_documented_with_its_story():
    page = said(Client().get("/test-numbers/"))
    for each in (*CARDS, *ACCOUNTS):
        assert each.digits in page
        assert EN[each.story] in page


def test_other_pages_answer():
    assert Client().get("/health/").json() == {"status": "ok"}
    assert EN["privacy_1"] in said(Client().get("/privacy/"))
    missing = Client().get("/wp-login.php")
    assert missing.status_code == 404
    assert EN["nothing_here_title"] in said(missing)
    assert Client().post("/terms/").status_code == 405


def test_an_error_page_shows_nothing_that_was_typed(monkeypatch, caplog):
    payer = Payer()
    payer.browser.raise_request_exception = False
    monkeypatch.setattr("enrollment.payment_service.payments.Desk.enter", lambda *_args: 1 / 0)
    response = payer.post(**{**CARD, **SECOND})
    assert response.status_code == 500
    everything = response.content.decode() + caplog.text
    assert EN["went_wrong_title"] in said(response)
    assert "ZeroDivisionError" in caplog.text
    for digits in ("4111", "000123456789", "123456789"):
        assert digits not in everything


# --- the API ---


def signed_post(path, told, **changes):
    body = json.dumps(told, default=str).encode()
    given = {"purpose": wire.request_purpose("POST", path), "body": body, "at": datetime.now(UTC), **changes}
    headers = wire.signed(given.pop("secret", SECRET), **given)
    return headers, lambda: Client().post(path, body, content_type="application/json", headers=headers)


def test_a_request_is_good_once():
    payer = Payer()
    _headers, post = signed_post(f"/api/payments/{payer.id}/cancel/", {})
    assert post().status_code == 200
    replayed = post()
    assert replayed.status_code == 401
    assert replayed.json() == {"error": "this request came before"}


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "another"},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"purpose": "POST /api/payments/another/cancel/"},
        {"body": b"{}{}"},
    ],
)
def test_a_request_that_is_not_signed_for_this_does_nothing(changes):
    payer = Payer()
    _headers, post = signed_post(f"/api/payments/{payer.id}/cancel/", {}, **changes)
    assert post().status_code == 401
    assert payer.payment.state is State.OPEN
    assert Client().post(f"/api/payments/{payer.id}/cancel/").status_code == 401
    assert Client().get(f"/api/payments/{payer.id}/events/").status_code == 401
    assert Client().get(f"/api/payments/{payer.id}/cancel/").status_code == 405


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0.00"},
        {"amount": "-1.00"},
        {"amount": "1.001"},
        {"amount": "NaN"},
        {"amount": "much"},
        {"due_on": "soon"},
        {"return_url": "javascript:alert(1)"},
        {"callback_url": "file:///etc/passwd"},
        {"callback_url": "http://user:word@portal.example/"},
        {"surprise": "1"},
    ],
)
def test_a_payment_that_cannot_be_made_is_not_opened(changes):
    _headers, post = signed_post("/api/payments/", {**vars(asked()), **changes})
    assert post().status_code == 400


@pytest.mark.parametrize("missing", ["amount", "return_url", "hold"])
def test_a_payment_that_lacks_something_is_not_opened(missing):
    told = {name: value for name, value in vars(asked()).items() if name != missing}
    assert signed_post("/api/payments/", told)[1]().status_code == 400
    assert signed_post("/api/payments/", [])[1]().status_code == 400


# --- its settings ---


def test_it_does_not_start_without_the_key(tmp_path, monkeypatch):
    import runpy

    monkeypatch.setenv("PAYMENT_SERVICE_DIR", str(tmp_path))
    monkeypatch.delenv("PAYMENT_SERVICE_SECRET", raising=False)
    with pytest.raises(ImproperlyConfigured):
        runpy.run_module("enrollment.payment_service.settings")
    monkeypatch.setenv("PAYMENT_SERVICE_SECRET", "key")
    monkeypatch.setenv("PAYMENT_SERVICE_PUBLIC_URL", "https://pay.example/")
    monkeypatch.setenv("SECRET_KEY", "the portal's own")
    found = runpy.run_module("enrollment.payment_service.settings")
    again = runpy.run_module("enrollment.payment_service.settings")
    assert found["SECRET_KEY"] == again["SECRET_KEY"] not in {"the portal's own", "key"}
    assert found["CSRF_COOKIE_NAME"] == "__Host-payment_csrf"
    assert found["CSRF_COOKIE_SECURE"]
    assert found["PAYMENT_PORTAL"].access_cookie == "__Secure-payment_access"
    assert not found["DEBUG"]
    assert found["DATABASES"] == {}
