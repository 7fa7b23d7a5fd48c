"""Stripe Checkout, against objects and events in the shapes of Stripe's public API reference (PAY_05, PAY_09)."""

import hmac
import json
import time
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from enrollment.payments.gateways import stripe_checkout
from enrollment.payments.gateways.base import (
    ForgedCallback,
    GatewayRefused,
    GatewayUnavailable,
    MandateState,
    SessionRequest,
    StaleCallback,
    TellState,
    UnknownSession,
)
from enrollment.payments.gateways.stripe_checkout import CAME_BACK, DISPUTED, LACKS_FUNDS, LAPSED, StripeGateway

pytestmark = pytest.mark.no_db

SHAPES = Path(__file__).resolve().parents[1] / "data" / "stripe"
WEBHOOK_SECRET = "whsec_test"
CS = "cs_test_One"
REQUEST = SessionRequest(
    key="pay-key-one",
    reference="P-000001",
    amount=Decimal("2091.40"),
    amount_may_grow=False,
    due_on=None,
    payer_name="Nora Whitfield",
    payer_email="nora@example.com",
    return_url="https://portal.example/back/",
    language="es",
    hold=True,
    offers_autopay=True,
    label="Application A-0638",
    autopay_text="I authorize.",
    autopay_text_version="2026-1",
)
SCHEDULED, SUBMITTED, SETTLED, RETURNED, FAILED, CANCELLED, EXPIRED = TellState


def shape(name: str) -> dict:
    return json.loads((SHAPES / f"{name}.json").read_text())


class Stripe(stripe.HTTPClient):
    """Answers in place of Stripe, by method and path; keeps what it was asked."""

    name = "fake"

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, tuple[int, dict]] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []

    def says(self, what: str, answer: dict, status: int = 200) -> None:
        self.answers[what] = (status, answer)

    def has(self, session: str, *intents: str) -> None:
        self.says(f"GET /v1/checkout/sessions/{CS}", shape(session))
        self.says("GET /v1/payment_intents", {"object": "list", "data": [shape(one) for one in intents]})

    def request(self, method, url, headers, post_data=None, **_more):
        what = f"{method.upper()} {urlsplit(url).path}"
        fields = {name: values[0] for name, values in parse_qs(post_data or urlsplit(url).query or "").items()}
        key = next((value for name, value in headers.items() if name.lower() == "idempotency-key"), "")
        self.asked.append((what, fields, key))
        if what not in self.answers:
            raise stripe.APIConnectionError(f"nothing is known of {what}")
        status, answer = self.answers[what]
        return json.dumps(answer), status, {}

    def close(self) -> None:
        pass

    def did(self) -> list[str]:
        return [what for what, _fields, _key in self.asked if what.startswith("POST")]


@pytest.fixture
def there(monkeypatch, settings):
    fake = Stripe()
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    client = stripe.StripeClient("sk_test_key", http_client=fake, max_network_retries=0)
    monkeypatch.setattr(stripe_checkout, "_client", lambda: client)
    return fake


def states() -> list[TellState]:
    return [one.state for one in StripeGateway().ask(CS)]


# --- opened ---


def test_a_held_payment_saves_a_card_or_a_bank_account_and_charges_nothing(there):
    there.says("POST /v1/checkout/sessions", shape("session_saving_open"))
    session = StripeGateway().create_session(REQUEST)
    assert (session.external_id, session.url) == (CS, "https://checkout.stripe.com/c/pay/cs_test_One")
    [(_what, fields, key)] = there.asked
    assert key == "pay-key-one"
    assert fields["mode"] == "setup"
    assert fields["metadata[reference]"] == "P-000001"
    assert fields["metadata[amount]"] == "209140"
    assert fields["allowed_payment_method_types[1]"] == "us_bank_account"
    assert fields["locale"] == "es"
    assert "$2,091.40" in fields["custom_text[submit][message]"]
    assert not [name for name in fields if name.startswith(("line_items", "custom_fields"))]
    again = StripeGateway().create_session(REQUEST)
    assert there.asked[1] == there.asked[0]
    assert again == session


def test_a_card_can_be_held_by_authorizing_it(there, settings):
    settings.STRIPE_HOLD = "authorize"
    there.says("POST /v1/checkout/sessions", shape("session_saving_open"))
    StripeGateway().create_session(REQUEST)
    fields = there.asked[0][1]
    assert fields["mode"] == "payment"
    assert fields["payment_intent_data[capture_method]"] == "manual"
    assert fields["allowed_payment_method_types[0]"] == "card"
    assert "allowed_payment_method_types[1]" not in fields


@pytest.mark.feature("PAY_04")
def test_what_is_paid_at_once_may_come_with_autopay_from_a_bank_account(there):
    there.says("POST /v1/checkout/sessions", shape("session_saving_open"))
    StripeGateway().create_session(replace(REQUEST, hold=False, language="en"))
    StripeGateway().create_session(replace(REQUEST, hold=False, offers_autopay=False, key="two"))
    with_autopay, without = there.asked[0][1], there.asked[1][1]
    assert with_autopay["line_items[0][price_data][unit_amount]"] == "209140"
    assert with_autopay["custom_fields[0][key]"] == "autopay"
    assert with_autopay["custom_text[submit][message]"] == "I authorize."
    assert with_autopay["payment_method_options[us_bank_account][setup_future_usage]"] == "off_session"
    assert not [
        name for name in without if name.startswith(("custom", "payment_method_options")) and "customer" not in name
    ]


# --- told ---


@pytest.mark.feature("PAY_05")
@pytest.mark.parametrize(
    ("session", "intents", "told"),
    [
        ("session_saving_open", [], []),
        ("session_saving_expired", [], [EXPIRED]),
        ("session_saved_bank", [], [SCHEDULED]),
        ("session_saved_card", [], [SCHEDULED]),
        ("session_saved_bank", ["intent_processing"], [SCHEDULED, SUBMITTED]),
        ("session_saved_bank", ["intent_succeeded"], [SCHEDULED, SUBMITTED, SETTLED]),
        ("session_saved_card", ["intent_succeeded_card"], [SCHEDULED, SUBMITTED, SETTLED]),
        ("session_saved_bank", ["intent_failed"], [SCHEDULED, SUBMITTED, FAILED]),
        ("session_saved_bank", ["intent_disputed"], [SCHEDULED, SUBMITTED, SETTLED, RETURNED]),
        ("session_saved_card", ["intent_disputed_card"], [SCHEDULED, SUBMITTED, SETTLED, RETURNED]),
        ("session_saved_card", ["intent_refunded"], [SCHEDULED, SUBMITTED, SETTLED, RETURNED]),
        ("session_authorized_card", [], [SCHEDULED]),
        ("session_authorization_lapsed", [], [SCHEDULED, FAILED]),
        ("session_paid_bank_autopay", [], [SUBMITTED]),
    ],
)
def test_what_stripes_objects_say(there, session, intents, told):
    there.has(session, *intents)
    found = StripeGateway().ask(CS)
    assert [one.state for one in found] == told
    assert [one.event_id for one in found] == [f"{CS}:{state}" for state in told]
    for one in found:
        assert (one.external_id, one.reference, one.amount) == (CS, "P-000001", Decimal("2091.40"))
        assert one.at.tzinfo is not None


@pytest.mark.parametrize(
    ("session", "intent", "reason"),
    [
        ("session_saved_bank", "intent_failed", LACKS_FUNDS),
        ("session_saved_bank", "intent_disputed", CAME_BACK),
        ("session_saved_card", "intent_disputed_card", DISPUTED),
        ("session_authorization_lapsed", "intent_failed", LAPSED),
    ],
)
def test_reasons_are_sentences_of_ours(there, session, intent, reason):
    there.has(session, intent)
    assert StripeGateway().ask(CS)[-1].reason == reason


def test_what_paid_is_told_with_four_digits(there):
    there.has("session_saved_bank", "intent_succeeded")
    last = StripeGateway().ask(CS)[-1]
    assert (last.method_kind, last.method_label, last.method_last4) == ("bank", "Bank account", "6789")
    assert last.confirmation == "2461-0517"
    there.has("session_authorized_card")
    assert StripeGateway().ask(CS)[-1].method_label == "Visa"


@pytest.mark.feature("PAY_04")
def test_a_mandate_is_a_saved_bank_account_somebody_agreed_to(there):
    there.has("session_paid_bank_autopay")
    [told] = StripeGateway().ask(CS)
    assert told.mandate is not None
    assert (told.mandate.external_id, told.mandate.bank_last4, told.mandate.text_version, told.mandate.state) == (
        "pm_1Bank",
        "6789",
        "2026-1",
        MandateState.ACTIVE,
    )
    revoked = shape("session_paid_bank_autopay")
    revoked["payment_intent"]["payment_method"]["customer"] = None
    there.says(f"GET /v1/checkout/sessions/{CS}", revoked)
    told = StripeGateway().ask(CS)
    assert [(one.event_id, one.mandate.state) for one in told] == [
        (f"{CS}:submitted", MandateState.ACTIVE),
        (f"{CS}:submitted:revoked", MandateState.REVOKED),
    ]
    for answer in (None, "no"):
        revoked["custom_fields"][0]["dropdown"]["value"] = answer
        there.says(f"GET /v1/checkout/sessions/{CS}", revoked)
        assert StripeGateway().ask(CS)[0].mandate is None


def test_a_saved_card_is_no_mandate(there):
    there.has("session_saved_card", "intent_succeeded_card")
    assert all(one.mandate is None for one in StripeGateway().ask(CS))


# --- webhooks ---


def signed(event: dict, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(event).encode()
    timestamp = int(at or time.time())
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={timestamp},v1={signature}"}


@pytest.mark.feature("PAY_09")
@pytest.mark.parametrize(
    "event",
    sorted(path.stem.removeprefix("event_") for path in SHAPES.glob("event_*.json") if "invoice" not in path.stem),
)
def test_every_webhook_of_a_payment_tells_what_asking_tells(there, event):
    there.has("session_saved_bank", "intent_succeeded")
    there.says("GET /v1/checkout/sessions", {"object": "list", "data": [shape("session_saved_bank")]})
    there.says("GET /v1/payment_intents/pi_One", shape("intent_succeeded"))
    there.says("GET /v1/payment_methods/pm_1Bank", shape("payment_method_bank"))
    told = StripeGateway().read_callback(*signed(shape(f"event_{event}")))
    assert [one.state for one in told] == [SCHEDULED, SUBMITTED, SETTLED]
    assert list(told) == list(StripeGateway().ask(CS))


def test_other_events_of_the_account_are_none_of_the_portals(there):
    assert StripeGateway().read_callback(*signed(shape("event_invoice.paid"))) == []
    assert there.asked == []
    others = shape("session_saved_bank")
    others["metadata"] = {}
    there.says(f"GET /v1/checkout/sessions/{CS}", others)
    assert StripeGateway().read_callback(*signed(shape("event_checkout.session.completed"))) == []
    there.says("GET /v1/checkout/sessions", {"object": "list", "data": []})
    assert StripeGateway().read_callback(*signed(shape("event_setup_intent.succeeded"))) == []


@pytest.mark.feature("PAY_09")
def test_a_forged_or_old_webhook_is_not_believed(there, settings):
    event = shape("event_checkout.session.completed")
    body, headers = signed(event)
    for forged in (
        (body, {}),
        (body, {"Stripe-Signature": "t=1,v1=00"}),
        (body + b" ", headers),
        signed(event, secret="another"),
        signed({"object": "something"}),
    ):
        with pytest.raises(ForgedCallback):
            StripeGateway().read_callback(*forged)
    with pytest.raises(StaleCallback):
        StripeGateway().read_callback(*signed(event, at=time.time() - 301))
    settings.STRIPE_WEBHOOK_SECRET = ""
    with pytest.raises(ForgedCallback):
        StripeGateway().read_callback(*signed(event, secret=""))
    assert there.asked == []


def test_a_webhook_while_stripe_does_not_answer_is_told_again(there):
    with pytest.raises(GatewayUnavailable):
        StripeGateway().read_callback(*signed(shape("event_checkout.session.completed")))


# --- released, cancelled, revoked ---


@pytest.mark.feature("PAY_05")
def test_releasing_charges_what_was_saved_once(there):
    there.has("session_saved_bank")
    there.says("POST /v1/payment_intents", shape("intent_processing"))
    StripeGateway().release(CS, "release-one")
    what, fields, key = there.asked[-1]
    assert (what, key) == ("POST /v1/payment_intents", "release-one")
    assert (fields["amount"], fields["payment_method"], fields["customer"]) == ("209140", "pm_1Bank", "cus_One")
    assert fields["metadata[session]"] == CS
    assert fields["off_session"].lower() == fields["confirm"].lower() == "true"

    there.asked.clear()
    there.has("session_saved_bank", "intent_processing")
    StripeGateway().release(CS, "release-two")
    assert there.did() == [], "a charge that is there is found, whatever the key"


def test_releasing_captures_what_was_authorized(there):
    there.has("session_authorized_card")
    there.says("POST /v1/payment_intents/pi_One/capture", shape("intent_succeeded_card"))
    StripeGateway().release(CS, "release-one")
    assert there.asked[-1][2] == "release-one"
    there.has("session_authorization_lapsed")
    with pytest.raises(GatewayRefused):
        StripeGateway().release(CS, "release-one")


def test_a_card_declined_at_the_release_is_told_and_not_raised(there):
    there.has("session_saved_card")
    there.says("POST /v1/payment_intents", shape("error_declined"), 402)
    StripeGateway().release(CS, "release-one")
    assert there.did() == ["POST /v1/payment_intents"]


@pytest.mark.parametrize("session", ["session_saving_open", "session_saving_expired"])
def test_what_nobody_submitted_is_not_released(there, session):
    there.has(session)
    with pytest.raises(GatewayRefused):
        StripeGateway().release(CS, "release-one")
    assert there.did() == []


@pytest.mark.feature("PAY_08")
@pytest.mark.parametrize(
    ("session", "ends"),
    [
        ("session_saving_open", f"POST /v1/checkout/sessions/{CS}/expire"),
        ("session_saved_bank", "POST /v1/payment_methods/pm_1Bank/detach"),
        ("session_authorized_card", "POST /v1/payment_intents/pi_One/cancel"),
    ],
)
def test_cancelling_marks_the_session_and_ends_what_could_charge(there, session, ends):
    there.has(session)
    there.says(f"POST /v1/checkout/sessions/{CS}", shape(session))
    there.says(ends, {"id": "ended", "object": "thing"})
    StripeGateway().cancel(CS)
    assert there.did() == [f"POST /v1/checkout/sessions/{CS}", ends]
    assert there.asked[-2][1] == {"metadata[cancelled]": "yes"}


@pytest.mark.parametrize(
    ("session", "told"),
    [("session_saving_expired", [CANCELLED]), ("session_saved_bank", [SCHEDULED, CANCELLED])]
    + [("session_authorization_lapsed", [SCHEDULED, CANCELLED])],
)
def test_what_was_cancelled_is_told_as_cancelled_and_not_released(there, session, told):
    marked = shape(session)
    marked["metadata"]["cancelled"] = "yes"
    there.has(session)
    there.says(f"GET /v1/checkout/sessions/{CS}", marked)
    assert states() == told
    StripeGateway().cancel(CS)
    with pytest.raises(GatewayRefused):
        StripeGateway().release(CS, "key")
    assert there.did() == []


def test_a_charge_on_its_way_is_not_cancelled(there):
    for intent in ("intent_processing", "intent_succeeded"):
        there.has("session_saved_bank", intent)
        with pytest.raises(GatewayRefused):
            StripeGateway().cancel(CS)
    assert there.did() == []


@pytest.mark.feature("PAY_04")
def test_ending_autopay_forgets_the_bank_account(there):
    there.says("GET /v1/payment_methods/pm_1Bank", shape("payment_method_bank"))
    there.says("POST /v1/payment_methods/pm_1Bank/detach", shape("payment_method_bank"))
    StripeGateway().revoke_mandate("pm_1Bank")
    there.says("GET /v1/payment_methods/pm_1Bank", {**shape("payment_method_bank"), "customer": None})
    StripeGateway().revoke_mandate("pm_1Bank")
    assert there.did() == ["POST /v1/payment_methods/pm_1Bank/detach"]


# --- refusals ---


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ("error_missing", 404, UnknownSession),
        ("error_idempotency", 400, GatewayRefused),
        ("error_declined", 500, GatewayUnavailable),
        ("error_declined", 429, GatewayUnavailable),
        ("error_declined", 401, GatewayUnavailable),
    ],
)
def test_stripes_refusals_come_in_the_portals_words(there, answer, status, error):
    there.says(f"GET /v1/checkout/sessions/{CS}", shape(answer), status)
    with pytest.raises(error) as raised:
        StripeGateway().ask(CS)
    assert shape(answer)["error"]["message"] not in str(raised.value)


def test_no_answer_is_unavailable(there):
    for act in (lambda: StripeGateway().ask(CS), lambda: StripeGateway().create_session(REQUEST)):
        with pytest.raises(GatewayUnavailable):
            act()


def test_the_client_gives_up_after_a_few_seconds(settings):
    settings.STRIPE_SECRET_KEY = "sk_test_key"
    client = stripe_checkout._client()
    assert client._requestor._get_http_client()._timeout == stripe_checkout.TIMEOUT_SECONDS
