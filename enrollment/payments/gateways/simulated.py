"""The payment portal that comes with the portal (``enrollment.payment_service``), spoken to in signed JSON.

``settings.PAYMENT_SERVICE_URL`` is where this server reaches it, ``PAYMENT_SERVICE_SECRET`` the key both sign with. It tells
what happened at ``PAYMENT_CALLBACK_URL``, or at ``PORTAL_URL`` where that is empty.
"""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from enrollment.payment_service import wire
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
LARGEST_ANSWER = 1024 * 1024


class SimulatedGateway:
    """The simulated payment portal, reached over HTTP."""

    name = "simulated"

    def create_session(self, request: SessionRequest) -> Session:
        asked = {**asdict(request), "callback_url": callback_url(self.name)}
        found = self._call("POST", "/api/payments/", asked)
        try:
            return Session(
                external_id=str(found["external_id"]),
                url=str(found["url"]),
                expires_at=_moment(found["expires_at"]),
            )
        except (KeyError, TypeError, ValueError):
            raise GatewayUnavailable("The payment service gave an answer that cannot be read.") from None

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Told]:
        now = datetime.now(UTC)
        try:
            wire.check(settings.PAYMENT_SERVICE_SECRET, headers, purpose=wire.CALLBACK, body=body, now=now)
        except wire.Stale as error:
            raise StaleCallback(str(error)) from None
        except wire.Forged as error:
            raise ForgedCallback(str(error)) from None
        try:
            return [told_from(json.loads(body))]
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise ForgedCallback("it cannot be read") from None

    def ask(self, external_id: str) -> Sequence[Told]:
        found = self._call("GET", f"/api/payments/{quote(external_id, safe='')}/events/")
        try:
            return [told_from(one) for one in found["events"]]
        except (KeyError, TypeError, ValueError, InvalidOperation):
            raise GatewayUnavailable("The payment service gave an answer that cannot be read.") from None

    def release(self, external_id: str, key: str) -> None:
        # The payment portal knows a charge by its payment, of which there is one; the key adds nothing.
        self._call("POST", f"/api/payments/{quote(external_id, safe='')}/release/", {"key": key})

    def cancel(self, external_id: str) -> None:
        self._call("POST", f"/api/payments/{quote(external_id, safe='')}/cancel/", {})

    def revoke_mandate(self, external_id: str) -> None:
        self._call("POST", f"/api/mandates/{quote(external_id, safe='')}/revoke/", {})

    def _call(self, method: str, path: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer's JSON. Raises ``GatewayUnavailable``, ``GatewayRefused``, ``UnknownSession``."""
        body = json.dumps(told, default=str).encode() if told is not None else b""
        purpose = wire.request_purpose(method, path)
        headers = wire.signed(settings.PAYMENT_SERVICE_SECRET, purpose=purpose, body=body, at=datetime.now(UTC))
        request = urllib.request.Request(  # noqa: S310 - the address is a setting
            settings.PAYMENT_SERVICE_URL.rstrip("/") + path,
            data=body or None,
            headers={**headers, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with _DIRECTLY.open(request, timeout=TIMEOUT_SECONDS) as answer:
                found = json.loads(answer.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise GatewayUnavailable(f"The payment service does not answer ({type(error).__name__}).") from None
        if not isinstance(found, dict):
            raise GatewayUnavailable("The payment service gave an answer that cannot be read.")
        return found


def callback_url(gateway_name: str) -> str:
    """Where the payment service tells what happened."""
    path = reverse("enrollment:payment-callback", args=[gateway_name], urlconf="portal.urls")
    return (settings.PAYMENT_CALLBACK_URL or settings.PORTAL_URL).rstrip("/") + path


def told_from(found: Mapping[str, Any]) -> Told:
    """An event out of its JSON. Raises ``KeyError``, ``TypeError``, ``ValueError``, ``InvalidOperation``."""
    mandate = found["mandate"]
    return Told(
        event_id=str(found["event_id"]),
        external_id=str(found["external_id"]),
        reference=str(found["reference"]),
        state=TellState(found["state"]),
        at=_moment(found["at"]),
        amount=Decimal(found["amount"]),
        confirmation=str(found["confirmation"]),
        method_kind=str(found["method_kind"]),
        method_label=str(found["method_label"]),
        method_last4=str(found["method_last4"]),
        reason=str(found["reason"]),
        language=str(found.get("language", "")),
        mandate=mandate
        and MandateTold(
            external_id=str(mandate["external_id"]),
            state=MandateState(mandate["state"]),
            bank_last4=str(mandate["bank_last4"]),
            text_version=str(mandate["text_version"]),
            agreed_at=_moment(mandate["agreed_at"]),
        ),
    )


def _refusal(error: urllib.error.HTTPError) -> Exception:
    """404 and 409 are the desk's word; anything else is a fault on the way, which may pass."""
    try:
        why = str(json.loads(error.read(LARGEST_ANSWER)).get("error", ""))[:200]
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        why = ""
    if error.code == 404 and why:
        return UnknownSession(why)
    if error.code in {400, 409}:
        return GatewayRefused(why or "The payment service refused.")
    return GatewayUnavailable(f"The payment service answered {error.code}.")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found


class _Stay(urllib.request.HTTPRedirectHandler):
    """A signed request goes to the payment service and nowhere else."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_DIRECTLY = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
