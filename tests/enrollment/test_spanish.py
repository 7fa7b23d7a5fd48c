"""Everything a client or payer reads is there in Spanish, said in one language at a time (PAY_10, QUO_08, ADR 0034).

Each page and letter is made in both languages; what is the same in both and is no name or number was forgotten.
"""

import ast
import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from gettext import GNUTranslations
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from django.conf import settings as portal_settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Payment, Proposal, Quote
from enrollment.payment_service import desk as desks
from enrollment.payment_service.desk import the_desk
from enrollment.payment_service.links import link_of
from enrollment.payment_service.rules.steps import State as PortalState
from enrollment.payment_service.texts import BOTH, INTERPRETER
from enrollment.payment_service.views.errors import say
from enrollment.payments.gateways.simulated import told_from
from enrollment.proposals import rendering
from enrollment.proposals.content import from_json
from enrollment.rules import disclaimers
from enrollment.rules.payment_states import State
from enrollment.selectors import proposals as selector
from enrollment.selectors import quotes
from enrollment.services import payment_receipts
from enrollment.services import proposals as service
from portal.common import outbox
from portal.common.messaging.send import send_email
from portal.common.models import OutboundMessage
from tests.support import pages
from tests.support.factories import PlanFactory, QuoteFactory, QuotePlanFactory
from tests.support.payment_service import asked, its_settings

CATALOG = Path(portal_settings.BASE_DIR) / "locale" / "es" / "LC_MESSAGES"
READ_ALOUD = {"title", "alt", "aria-label", "placeholder", "content"}
# The same in both languages: names of companies, plans and people, words that are loans, the other language's own name.
NAMES = re.compile(
    r"Prairie Summit|Producer Portal|Español|English|Visa|Mastercard|American Express|Discover|Application A-0638"
    r"|Nora Whitfield|Rita Solberg|Ann Leeward|\w+ Benefits|Illinois|Texas|Oklahoma|Montana|DuPage|HMO|PPO|\d{5}[A-Z]{2}\d{7}"
    r"|(?:Gold|Silver|Bronze|Dental) (?:PPO |HMO )?\d|[\w.+-]+@[\w.-]+|https?://\S+|PC-[\w-]+|P-\d+|C-\d+"
)
VERSION = disclaimers.version_for(date(2026, 11, 21))
SAME_WORD = {"Plan", "No", "Error", "Total"}


class Words(HTMLParser):
    """All that a person or a screen reader meets, outside of parts that say that they are in another language."""

    def __init__(self, language):
        super().__init__()
        self.language, self.found, self.open = language, set(), []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in pages.VOID:
            self.open.append((tag, attributes.get("lang", self.open[-1][1] if self.open else self.language)))
        if tag != "meta" or attributes.get("name") == "description":
            for name in READ_ALOUD & set(attributes):
                self.found.add(attributes[name] or "")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, language = self.open[-1] if self.open else ("", self.language)
        if tag not in {"style", "script"} and language[:2] == self.language[:2]:
            self.found.add(data)


def words(html, language):
    reader = Words(language)
    reader.feed(html)
    return {" ".join(text.split()) for text in reader.found}


def forgotten(english, spanish):
    """What stands in both and is neither name nor number."""
    same = words(english, "en") & words(spanish, "es") - {
        portal_settings.CARRIER_ENTITY_LINE,
        portal_settings.CARRIER_ADDRESS,
    }
    return sorted(text for text in same if text not in SAME_WORD and re.search(r"[^\W\d_]{2}", NAMES.sub("", text)))


# --- the catalog ---


def entries():
    """(message, translation) of the catalog; comments and flags left out."""
    for entry in (CATALOG / "django.po").read_text().strip().split("\n\n"):
        parts = re.split(r"^(msgctxt|msgid|msgstr) ", entry, flags=re.MULTILINE)
        read = {
            name: "".join(ast.literal_eval(line) for line in text.strip().split("\n"))
            for name, text in zip(parts[1::2], parts[2::2], strict=True)
        }
        yield read.get("msgctxt"), read["msgid"], read["msgstr"], "fuzzy" in parts[0]


@pytest.mark.no_db
def test_every_message_of_the_catalog_is_translated_with_the_same_places_to_fill():
    checked = 0
    for _context, message, translation, fuzzy in entries():
        if not message:
            continue
        assert translation, message
        assert not fuzzy, message
        assert set(re.findall(r"%\(\w+\)s|</?\w+>", message)) == set(re.findall(r"%\(\w+\)s|</?\w+>", translation)), (
            message
        )
        checked += 1
    assert checked > 80


@pytest.mark.no_db
def test_the_compiled_catalog_is_that_of_the_text():
    with (CATALOG / "django.mo").open("rb") as compiled:
        catalog = GNUTranslations(compiled)
    for context, message, translation, _fuzzy in entries():
        if message:
            found = catalog.pgettext(context, message) if context else catalog.gettext(message)
            assert found == translation, "run: make messages"


@pytest.mark.no_db
def test_every_disclaimer_has_its_spanish_and_says_who_pays_whom():
    for version in disclaimers.VERSIONS:
        for sentence in version.sentences:
            assert sentence.spanish
            assert bool(sentence.heading) == bool(sentence.spanish_heading)
            assert ("{carrier}" in sentence.text) == ("{carrier}" in sentence.spanish)
        assert version.translation
    words_of = "|".join(one.spanish_heading + one.spanish for one in VERSION.sentences) + VERSION.translation
    # A version that was sent is never changed: a new wording is a new version.
    assert (VERSION.name, hashlib.sha256(words_of.encode()).hexdigest()[:16]) == ("1", "3c6b173f116c5c49")


@pytest.mark.no_db
@pytest.mark.parametrize("name", sorted(BOTH))
def test_a_sentence_of_the_payment_portal_fills_the_same_places_in_both(name):
    english, spanish = BOTH[name]
    assert re.findall(r"\{\w+\}", english).sort() == re.findall(r"\{\w+\}", spanish).sort()
    assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", spanish))


# --- the payment portal ---

TYPED = {
    "method": "card",
    "card_name": "Nora Whitfield",
    "card_number": "4111 1111 1111 1111",
    "expires_month": "12",
    "expires_year": str(datetime.now(UTC).year + 3),
    "security_code": "123",
    "terms": "on",
}
WRONG = [
    {},
    {"method": "card", "card_number": "4111 1111 1111 1112", "expires_month": "01", "security_code": "12"},
    {"method": "card", "card_name": "4111111111111111", "card_number": "9999", "terms": "on"},
    {"method": "bank", "routing": "123", "account": "1", "account_again": "2", "autopay": "on"},
    {"method": "bank", "holder": "x" * 81, "routing": "110000001", "account": "12345", "account_again": "12346"},
]


@pytest.fixture
def payment_portal(tmp_path):
    with its_settings(tmp_path):
        yield
    desks.desk_of.cache_clear()


def in_both(show):
    """What ``show`` gives in a browser that chose English, and in one that chose Spanish."""
    found = []
    for language in ("en", "es"):
        browser = Client()
        browser.cookies["payment_language"] = language
        found.append([response.content.decode() for response in show(browser)])
    return zip(*found, strict=True)


def opened(browser, **changes):
    payment = the_desk().create(
        asked(key=f"key-{browser.cookies['payment_language'].value}", **changes), now=datetime.now(UTC)
    )
    browser.get(link_of(payment).removeprefix("http://testserver"))
    return f"/pay/{payment.id}/", payment.id


def every_step(browser):
    """The payment from its first page over mistakes, review and cancellation to what became of it."""
    page, payment_id = opened(browser, amount_may_grow=True)
    yield browser.get(page)
    for typed in WRONG:
        yield browser.post(page, typed)
    yield browser.get(f"{page}cancel/")
    browser.post(page, {**TYPED, "card_number": "4000 0000 0000 0002"})
    yield browser.post(f"{page}submit/", {"agreement": "on"})
    browser.post(page, TYPED)
    yield browser.get(f"{page}review/")
    yield browser.post(f"{page}submit/")
    desk = the_desk()
    for state in PortalState:
        with desk.store.writing() as writing:
            writing.change(writing.payment(payment_id), state=state, look_at=None)
        yield browser.get(page)


def information(browser):
    for page in ("/terms/", "/privacy/", "/trial-numbers/", "/language-assistance/", "/nothing/", "/pay/pay_nobody/"):
        response = browser.get(page)
        if page == "/language-assistance/":
            # Each offer of an interpreter is in its own language, in both.
            response.content = re.sub(rb'<ul class="offers">.*?</ul>', b"", response.content, flags=re.DOTALL)
        yield response


def past_due(browser):
    page, _payment_id = opened(browser, purpose="past_due", label="Policy 000123456", hold=False, offers_autopay=False)
    yield browser.get(page)
    yield browser.get(f"{page}cancel/")


@pytest.mark.no_db
@pytest.mark.feature("PAY_10")
@pytest.mark.parametrize("show", [every_step, information, past_due])
def test_no_page_of_the_payment_portal_mixes_languages(payment_portal, show):
    for english, spanish in in_both(show):
        assert '<html lang="es"' in spanish
        assert '<html lang="en"' in english
        assert forgotten(english, spanish) == []


@pytest.mark.no_db
@pytest.mark.feature("PAY_10")
def test_error_pages_of_the_payment_portal_are_in_the_payers_language(payment_portal, rf):
    for name in ("went_wrong", "form_old", "nothing_here", "not_open"):
        shown = []
        for language in ("en", "es"):
            request = rf.get("/pay/x/")
            request.COOKIES["payment_language"] = language
            shown.append(say(request, name, status=500).content.decode())
        assert forgotten(*shown) == []


@pytest.mark.no_db
def test_interpreters_are_offered_in_spanish_first():
    assert INTERPRETER[0][0] == "es"


@pytest.mark.no_db
@pytest.mark.feature("PAY_10")
def test_the_payment_portal_tells_in_which_language_was_paid(payment_portal):
    browser = Client()
    browser.cookies["payment_language"] = "es"
    page, payment_id = opened(browser)
    browser.post(page, TYPED)
    browser.post(f"{page}submit/", {"agreement": "on"})
    (event,) = the_desk().store.events(payment_id)
    assert told_from(event.told).language == "es"
    before = {name: value for name, value in event.told.items() if name != "language"}
    assert told_from(before).language == ""  # told by one that is older


# --- receipts and other letters ---


def letters(kind):
    return list(OutboundMessage.objects.filter(kind=kind).order_by("id"))


@pytest.mark.feature("PAY_06")
@pytest.mark.parametrize("state", list(payment_receipts.RECEIPTS))
def test_receipts_are_in_the_language_in_which_was_paid(db, state):
    for language in ("en", "es"):
        payment = Payment(
            number="P-100001",
            amount=Decimal("1458.81"),
            confirmation="C-1001",
            method_label="Bank account",
            method_last4="6789",
            payer_email="nora@example.com",
            language=language,
        )
        payment_receipts._receipt(payment, state)
    english, spanish = letters("payment_receipt")
    assert '<html lang="es">' in spanish.body_html
    assert forgotten(english.body_html, spanish.body_html) == []
    assert (
        forgotten(*("".join(f"<p>{line}</p>" for line in one.body_text.splitlines()) for one in (english, spanish)))
        == []
    )
    assert english.subject != spanish.subject
    assert "Monto del pago: $1,458.81" in spanish.body_text
    assert "Cuenta bancaria terminada en 6789" in spanish.body_text
    assert "producer" not in spanish.body_html + english.body_html  # a payer has no business with producer support


def test_a_letter_to_an_address_given_up_is_in_both_languages(db):
    at = datetime(2026, 3, 4, 21, 5, tzinfo=UTC)
    for removed in (False, True):
        send_email(
            to="ann@example.com",
            kind="contact_email_changed",
            subject="s",
            context={"changed_at": at, "removed": removed},
        )
    changed, removed = letters("contact_email_changed")
    assert "fue cambiada a las 3:05 PM CST del 03/04/2026" in changed.body_text
    assert "fue eliminada a las 3:05 PM CST del 03/04/2026" in removed.body_text
    assert '<div lang="es">' in changed.body_html


# --- proposals ---


@pytest.fixture
def quote(world):
    """A family of three with tobacco, two medical plans and a dental one, on and off the exchange."""
    year = timezone.localdate().year
    family = [("spouse", date(1988, 5, 2)), ("child", date(year - 10, 6, 1))]
    made = QuoteFactory(producer_number=world.number, created_by=world.producer, people=family)
    made.people.filter(relation="spouse").update(tobacco=True)
    plans = (
        (PlanFactory(name="Gold PPO 1", consumer_choice=True, primary_care="deductible"), "OFF"),
        (PlanFactory(name="Silver HMO 2", consumer_choice=True, network_type="HMO"), "ON"),
        (PlanFactory(dental=True, name="Dental 3"), "OFF"),
    )
    for place, (plan, market) in enumerate(plans):
        QuotePlanFactory(quote=made, plan=plan, market=market, position=place, monthly_premium=Decimal("800.00"))
    return made


def content_of(quote, language, **changes):
    for name, value in changes.items():
        setattr(quote, name, value)
    priced = quotes.priced(quote)
    return selector.content_of(
        quote, priced.people, priced.selected, note="", today=date(2026, 11, 21), language=language
    )


@pytest.mark.feature("QUO_08")
@pytest.mark.parametrize("reason", Quote.Reason.values)
def test_no_spanish_proposal_mixes_languages(quote, reason):
    shown = [rendering.html_of(content_of(quote, language, reason=reason)) for language in ("en", "es")]
    assert [re.search(r'<html lang="([\w-]+)"', html)[1] for html in shown] == ["en-US", "es-US"]
    assert forgotten(*shown) == []
    for words_of in (
        "Prima mensual total",
        "Condado de DuPage, IL",
        "Dependiente 1",
        "PPO, nivel",
        "rige el texto en inglés",
    ):
        assert words_of in shown[1], words_of


@pytest.mark.feature("QUO_08")
def test_a_wording_that_texas_prescribes_stands_in_english_below_its_spanish(quote):
    english, spanish = (content_of(quote, language).disclaimers for language in ("en", "es"))
    prescribed = [one.text for one in english if one.strong]
    assert len(prescribed) == 2
    assert [one.text for one in spanish if one.language == "en"] == prescribed
    assert '<p lang="en"><strong>You have the option' in rendering.html_of(content_of(quote, "es"))


@pytest.mark.feature("QUO_08")
def test_the_pdf_says_in_which_language_it_is(quote):
    document = pypdf.PdfReader(BytesIO(rendering.render(content_of(quote, "es"))))
    assert document.trailer["/Root"]["/Lang"] == "es-US"
    assert document.metadata.title == "Propuesta de seguro"
    text = " ".join(document.pages[0].extract_text().split())
    assert "Propuesta de seguro. No es una oferta de cobertura." in text
    assert re.search(r"Página 1 de \d", text)


@pytest.mark.feature("QUO_08")
def test_the_producer_chooses_the_language_and_the_email_is_in_it(quote, world, sign_in, monkeypatch):
    monkeypatch.setattr(rendering, "render", lambda _content: b"%PDF-1.7")
    cache.clear()
    client = sign_in(world.producer)
    address = reverse("enrollment:quote-proposal", args=[quote.pk])
    typed = {
        "plans": [str(row.pk) for row in quote.plans.all()],
        "recipients": "ann@people.example",
        "agreed": "on",
        "form_key": "form-key-0123456789",
    }
    preview = client.post(address, {**typed, "language": "es", "do": "preview"})
    assert pages.read(preview).one("div", class_="proposal-sheet").attrs["lang"] == "es"
    assert "Prima mensual total" in preview.content.decode()
    assert "Nothing has been sent" in preview.content.decode()  # the producer's own page stays in English
    for number, language in enumerate(("es", "en", "")):
        client.post(address, {**typed, "language": language, "do": "send", "form_key": f"form-key-012345678{number}"})
    outbox.sweep()
    assert [from_json(one.content).language for one in Proposal.objects.order_by("id")] == ["es", "en", "en"]
    spanish, english, usual = letters("proposal")
    assert (spanish.subject, english.subject) == ("Su propuesta de seguro", "Your insurance proposal")
    assert usual.body_html == english.body_html
    assert forgotten(english.body_html, spanish.body_html) == []
    assert client.post(address, {**typed, "language": "fr", "do": "preview"}).context["form"].errors["language"]


def test_a_proposal_kept_before_there_was_a_choice_is_in_english(quote):
    kept = content_of(quote, "en").as_json().replace(', "language": "en"', "").replace('"language": "", ', "")
    assert from_json(kept).language == "en"


def test_an_old_proposal_is_sent_again_in_its_own_language(quote, world, monkeypatch):
    monkeypatch.setattr(rendering, "render", lambda _content: b"%PDF-1.7")
    at = timezone.now()
    made = service.create(
        quote=quote,
        content=content_of(quote, "es"),
        recipients=["ann@people.example"],
        by=world.producer,
        at=at,
        form_key="form-key-0123456789",
    )
    outbox.sweep()
    made.refresh_from_db()
    service.resend(
        proposal=made,
        recipients=["ann@people.example"],
        by=world.producer,
        at=at + timedelta(minutes=1),
        form_key="again-0123456789",
    )
    assert [one.subject for one in letters("proposal")] == ["Su propuesta de seguro"] * 2


@pytest.mark.no_db
def test_all_states_a_payer_is_told_of_have_a_receipt():
    assert set(payment_receipts.RECEIPTS) == set(State) - {State.STARTED, State.EXPIRED}
