"""Stripe Checkout as the payment service: the payer types their numbers on Stripe's own pages (PCI DSS SAQ A).

A held payment (PAY_05) is a session that only saves the card or bank account, and a charge under ``release``; with
``settings.STRIPE_HOLD`` "authorize" a card is authorized at once and captured under ``release``. What is told is always read
from Stripe's objects as they are, never from the order in which webhooks come; a webhook only says of which session there is
news. The ID of what is told is made of session and fact, so that asking and being told are one event.

Autopay can only be offered where the payment is not held: Checkout asks no questions of its own while it merely saves.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import stripe
from django.conf import settings

from enrollment.payments.gateways.base import (
    ForgedCallback,
    GatewayRefused,
    GatewayUnavailable,
    MandateState,
    MandateTold,
    Session,
    SessionRequest,
    StaleCallback,
    TellState,
    Told,
    UnknownSession,
)

TIMEOUT_SECONDS = 8
LONGEST_TEXT = 1200  # Checkout's limit for a text of one's own
AUTHORIZE = "authorize"
BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
}
# The news that concerns payments; every other event of the account is none of the portal's business.
KINDS = ("checkout.session.", "payment_intent.", "setup_intent.", "charge.", "mandate.updated")
NOT_CHARGED = frozenset(
    {"requires_capture", "requires_payment_method", "requires_action", "requires_confirmation", "canceled"}
)
LACKS_FUNDS = "There was not enough money in the account."
DECLINED = "The card was declined, or the bank does not know the account."
LAPSED = "The authorization of the card lapsed before the application was accepted."
CAME_BACK = "The bank sent the payment back."
REFUNDED = "The payment was refunded."
DISPUTED = "The payer disputed the payment."

Found = dict[str, Any]  # one of Stripe's objects


class StripeGateway:
    """Stripe Checkout. One session has one customer of its own, by which all that belongs to it is found again."""

    name = "stripe"

    def create_session(self, request: SessionRequest) -> Session:
        with _answered():
            session = _client().v1.checkout.sessions.create(
                _asked(request),  # type: ignore[arg-type]
                {"idempotency_key": request.key},
            )
        if not session.url:
            raise GatewayRefused("The payment session is over.")
        return Session(external_id=session.id, url=session.url, expires_at=_moment(session.expires_at))

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Told]:
        """Verified with the library; then what Stripe's objects say now (also ``GatewayUnavailable``: Stripe tells again)."""
        signature = {name.lower(): value for name, value in headers.items()}.get("stripe-signature", "")
        try:
            if not settings.STRIPE_WEBHOOK_SECRET:
                raise ForgedCallback("no secret to check the signature with")
            event = stripe.Webhook.construct_event(body, signature, settings.STRIPE_WEBHOOK_SECRET).to_dict()
            kind, found = str(event["type"]), dict(event["data"]["object"])
        except stripe.SignatureVerificationError as error:
            if "Timestamp outside" in str(error):
                raise StaleCallback("signed too long ago") from None
            raise ForgedCallback("the signature is missing or wrong") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ForgedCallback("it cannot be read") from None
        if not kind.startswith(KINDS):
            return []
        with _answered():
            session_id = _session_of(found)
        try:
            return self.ask(session_id) if session_id else []
        except UnknownSession:
            return []

    def ask(self, external_id: str) -> Sequence[Told]:
        with _answered():
            session = _session(external_id)
            if "reference" not in (session.get("metadata") or {}):
                return []  # a session of the account that is not the portal's
            return _told(session, _intent_of(session))

    def release(self, external_id: str, key: str) -> None:
        with _answered():
            session = _session(external_id)
            if _cancelled(session) or session["status"] == "expired":
                raise GatewayRefused("The payment has ended without a charge.")
            if session["status"] != "complete":
                raise GatewayRefused("The payer has not submitted the payment.")
            intent = _intent_of(session)
            if intent is None:
                self._charge_saved(session, key)
            elif intent["status"] == "requires_capture":
                _client().v1.payment_intents.capture(intent["id"], options={"idempotency_key": key})
            elif intent["status"] == "canceled":
                raise GatewayRefused(LAPSED)

    def cancel(self, external_id: str) -> None:
        with _answered():
            session = _session(external_id)
            if _cancelled(session) or session["status"] == "expired":
                return
            intent = _intent_of(session)
            if intent is not None and intent["status"] not in NOT_CHARGED:
                raise GatewayRefused("The charge is on its way already.")
            v1 = _client().v1
            # First the mark: what ends below is then told as cancelled and not as expired.
            v1.checkout.sessions.update(session["id"], {"metadata": {"cancelled": "yes"}})
            method = _saved_method(session)
            if session["status"] == "open":
                v1.checkout.sessions.expire(session["id"])
            elif intent is not None and intent["status"] == "requires_capture":
                v1.payment_intents.cancel(intent["id"])
            elif intent is None and method is not None and method.get("customer"):
                v1.payment_methods.detach(method["id"])

    def revoke_mandate(self, external_id: str) -> None:
        with _answered():
            if _client().v1.payment_methods.retrieve(external_id).customer:
                _client().v1.payment_methods.detach(external_id)

    def _charge_saved(self, session: Found, key: str) -> None:
        method = _saved_method(session)
        if method is None or not method.get("customer"):
            raise GatewayRefused("The payment method is not there any more.")
        about = session["metadata"]
        with suppress(stripe.CardError):  # declined: the intent says so, and is told
            _client().v1.payment_intents.create(
                {
                    "amount": int(about["amount"]),
                    "currency": "usd",
                    "customer": _id(method["customer"]),
                    "payment_method": method["id"],
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "off_session": True,
                    "confirm": True,
                    "description": about["label"],
                    "metadata": {"reference": about["reference"], "session": session["id"]},
                },
                {"idempotency_key": key},
            )


def _client() -> stripe.StripeClient:
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY, http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS), max_network_retries=1
    )


@contextmanager
def _answered() -> Iterator[None]:
    """Stripe's refusals in the portal's words; the texts of its errors may repeat what was sent and are not kept."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise UnknownSession("Stripe does not know it.") from None
        raise GatewayRefused(f"Stripe refused: {error.code or 'invalid request'}.") from None
    except stripe.IdempotencyError:
        raise GatewayRefused("This key was used for another payment.") from None
    except stripe.StripeError as error:
        raise GatewayUnavailable(f"Stripe does not answer ({type(error).__name__}).") from None


def _asked(request: SessionRequest) -> dict[str, Any]:
    """The session to be opened: the same for the same request, or the key would be refused."""
    cents = str(int(request.amount * 100))
    about = {
        "reference": request.reference,
        "amount": cents,
        "label": request.label or "Premium",
        "hold": "yes" if request.hold else "no",
    }
    asked: dict[str, Any] = {
        "client_reference_id": request.reference,
        "customer_creation": "always",
        "locale": "es" if request.language == "es" else "en",
        "success_url": request.return_url,
        "cancel_url": request.return_url,
        "allowed_payment_method_types": ["card", "us_bank_account"],
        "metadata": about,
    }
    if request.payer_email:
        asked["customer_email"] = request.payer_email
    if request.hold and settings.STRIPE_HOLD != AUTHORIZE:
        note = "Nothing is charged now. ${:,.2f} will be charged once the application has completed processing."
        return {
            **asked,
            "mode": "setup",
            "currency": "usd",
            "custom_text": {"submit": {"message": note.format(request.amount)}},
        }
    asked |= {
        "mode": "payment",
        "submit_type": "pay",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": int(cents),
                    "product_data": {"name": request.label or "Premium"},
                },
            }
        ],
        "payment_intent_data": {"description": about["label"], "metadata": {"reference": request.reference}},
    }
    if request.hold:
        asked["allowed_payment_method_types"] = ["card"]
        asked["payment_intent_data"]["capture_method"] = "manual"
    elif request.offers_autopay and 0 < len(request.autopay_text) <= LONGEST_TEXT:
        about["autopay_text_version"] = request.autopay_text_version
        asked["payment_method_options"] = {"us_bank_account": {"setup_future_usage": "off_session"}}
        asked["custom_text"] = {"submit": {"message": request.autopay_text}}
        asked["custom_fields"] = [
            {
                "key": "autopay",
                "type": "dropdown",
                "optional": True,
                "label": {"type": "custom", "custom": "Autopay (bank account only)"},
                "dropdown": {
                    "options": [
                        {"label": "Yes, I agree to the text below", "value": "yes"},
                        {"label": "No", "value": "no"},
                    ]
                },
            }
        ]
    return asked


def _session(external_id: str) -> Found:
    expand = ["setup_intent.payment_method", "payment_intent.latest_charge", "payment_intent.payment_method"]
    return _client().v1.checkout.sessions.retrieve(external_id, {"expand": expand}).to_dict()


def _intent_of(session: Found) -> Found | None:
    """The charge of a session: its own, or the one that was made of the saved method; None before."""
    if session["mode"] == "payment" or not session.get("customer"):
        return session.get("payment_intent")
    found = _client().v1.payment_intents.list(
        {
            "customer": _id(session["customer"]),
            "limit": 10,
            "expand": ["data.latest_charge", "data.payment_method"],
        }
    )
    intents: list[Found] = found.to_dict()["data"]
    return next((one for one in intents if (one.get("metadata") or {}).get("session") == session["id"]), None)


def _session_of(found: Found) -> str:
    """The session that an event's object belongs to; empty where there is none."""
    kind = found["object"]
    if kind == "checkout.session":
        return str(found["id"])
    v1 = _client().v1
    customer: Any = found.get("customer")
    if not customer and found.get("payment_intent"):
        customer = v1.payment_intents.retrieve(_id(found["payment_intent"])).customer
    if not customer and kind == "mandate" and found.get("payment_method"):
        customer = v1.payment_methods.retrieve(_id(found["payment_method"])).customer
    if not customer:
        return ""
    sessions = v1.checkout.sessions.list({"customer": _id(customer), "limit": 1}).to_dict()["data"]
    return str(sessions[0]["id"]) if sessions else ""


def _told(session: Found, intent: Found | None) -> list[Told]:
    """Everything that has happened, oldest first, as Stripe's objects say it now."""
    about = session["metadata"]
    charge = intent.get("latest_charge") if intent else None
    kind, label, last4 = _described(session, intent)
    mandate = _mandate(session, intent)
    common: dict[str, Any] = {
        "external_id": session["id"],
        "reference": about["reference"],
        "amount": Decimal(int(about["amount"])) / 100,
        "confirmation": (charge or {}).get("receipt_number") or "",
        "method_kind": kind,
        "method_label": label,
        "method_last4": last4,
    }
    active = replace(mandate, state=MandateState.ACTIVE) if mandate else None
    told = [
        Told(event_id=f"{session['id']}:{state}", state=state, at=at, reason=reason, mandate=active, **common)
        for state, at, reason in _facts(session, intent)
    ]
    if told and mandate and mandate.state is MandateState.REVOKED:
        last = told[-1]
        told.append(replace(last, event_id=f"{last.event_id}:revoked", mandate=mandate))
    return told


def _facts(session: Found, intent: Found | None) -> Iterator[tuple[TellState, datetime, str]]:
    opened = _moment(session["created"])
    if session["status"] == "expired":
        yield (TellState.CANCELLED if _cancelled(session) else TellState.EXPIRED), _moment(session["expires_at"]), ""
        return
    if session["status"] != "complete":
        return
    if session["metadata"].get("hold") == "yes":
        yield TellState.SCHEDULED, opened, ""
    if intent is None or intent["status"] == "canceled":
        if _cancelled(session):
            yield TellState.CANCELLED, opened, ""
        elif intent is not None:
            yield TellState.FAILED, _moment(intent["created"]), LAPSED
        return
    if intent["status"] == "requires_capture":
        return
    charge = intent.get("latest_charge") or {}
    at = _moment(charge.get("created") or intent["created"])
    yield TellState.SUBMITTED, at, ""
    if intent["status"] in NOT_CHARGED:
        yield TellState.FAILED, at, _why_failed(intent)
    elif intent["status"] == "succeeded":
        yield TellState.SETTLED, at, ""
        if charge.get("disputed"):
            by_card = (charge.get("payment_method_details") or {}).get("type") == "card"
            yield TellState.RETURNED, at, DISPUTED if by_card else CAME_BACK
        elif charge.get("refunded"):
            yield TellState.RETURNED, at, REFUNDED


def _mandate(session: Found, intent: Found | None) -> MandateTold | None:
    """The agreement to autopay: asked for on the page, and only from a bank account (PAY_04)."""
    answers = {one["key"]: (one.get("dropdown") or {}).get("value") for one in session.get("custom_fields") or []}
    method = (intent or {}).get("payment_method")
    if answers.get("autopay") != "yes" or session["status"] != "complete" or not method:
        return None
    if method["type"] != "us_bank_account":
        return None
    return MandateTold(
        external_id=method["id"],
        state=MandateState.ACTIVE if method.get("customer") else MandateState.REVOKED,
        bank_last4=method["us_bank_account"]["last4"],
        text_version=session["metadata"].get("autopay_text_version", ""),
        agreed_at=_moment(session["created"]),
    )


def _described(session: Found, intent: Found | None) -> tuple[str, str, str]:
    """Kind, label and last four of what pays."""
    method = (intent or {}).get("payment_method") or _saved_method(session)
    if not method:
        return "", "", ""
    if method["type"] == "us_bank_account":
        return "bank", "Bank account", method["us_bank_account"]["last4"]
    if method["type"] == "card":
        brand = method["card"]["brand"]
        return "card", BRANDS.get(brand, brand.title()), method["card"]["last4"]
    return "", str(method["type"])[:40], ""


def _saved_method(session: Found) -> Found | None:
    return (session.get("setup_intent") or {}).get("payment_method")


def _why_failed(intent: Found) -> str:
    error = intent.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code") or ""
    return LACKS_FUNDS if "insufficient_funds" in code else DECLINED


def _cancelled(session: Found) -> bool:
    return (session.get("metadata") or {}).get("cancelled") == "yes"


def _id(found: Any) -> str:
    """The ID of an object that may have been expanded."""
    if isinstance(found, str):
        return found
    return str(found["id"])


def _moment(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
