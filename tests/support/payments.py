"""A payment service for tests: it keeps sessions and charges in memory, and can be told to fail before or after it acts."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

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

PATH = "tests.support.payments.FakeGateway"
SECRET = b"shared-for-tests"


class WorkerKilled(BaseException):
    """The process is gone: nothing that comes afterwards runs."""


@dataclass
class FakeService:
    """Everything the service knows. ``fails``: name of a call -> exception raised, "before" or "after" it acted."""

    sessions: dict[str, SessionRequest] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=dict)
    charges: dict[str, Decimal] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    revoked: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    fails: dict[str, tuple[str, BaseException]] = field(default_factory=dict)
    numbers: count = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)
    session_minutes: int = 30

    def tell(self, external_id: str, state: str, **more) -> Told:
        """Something happens in a session."""
        request = self.sessions[external_id]
        events = self.told.setdefault(external_id, [])
        values = {
            "event_id": f"{external_id}-{len(events) + 1}",
            "external_id": external_id,
            "reference": request.reference,
            "state": TellState(state),
            "at": datetime.now(UTC),
            "amount": request.amount,
            "confirmation": "C-1001",
            "method_kind": "card",
            "method_label": "Visa",
            "method_last4": "4242",
        }
        told = Told(**{**values, **more})
        events.append(told)
        return told

    def fail(self, call: str, exc: BaseException, *, when: str = "before") -> None:
        self.fails[call] = (when, exc)

    def maybe(self, call: str, when: str) -> None:
        if call in self.fails and self.fails[call][0] == when:
            raise self.fails[call][1]


service = FakeService()


def reset() -> FakeService:
    global service
    service = FakeService()
    return service


def mandate(**more) -> MandateTold:
    values = {
        "external_id": "M-1",
        "state": MandateState.ACTIVE,
        "bank_last4": "6789",
        "text_version": "2026-11",
        "agreed_at": datetime.now(UTC),
    }
    return MandateTold(**{**values, **more})


def signed(told: list[Told], *, at: datetime | None = None, secret: bytes = SECRET) -> tuple[bytes, dict[str, str]]:
    """A callback as the service sends it: body and headers as the test client takes them."""
    body = json.dumps([[one.external_id, one.event_id] for one in told]).encode()
    stamp = str(int((at or datetime.now(UTC)).timestamp()))
    mac = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return body, {"X-Payment-Timestamp": stamp, "X-Payment-Signature": mac}


class FakeGateway:
    name = "fake"

    def create_session(self, request: SessionRequest) -> Session:
        with service.lock:
            service.calls.append(("create_session", request.key))
            service.maybe("create_session", "before")
            if request.key not in service.by_key:
                external_id = f"S-{next(service.numbers)}"
                service.by_key[request.key], service.sessions[external_id] = external_id, request
            service.maybe("create_session", "after")
            external_id = service.by_key[request.key]
        expires = datetime.now(UTC) + timedelta(minutes=service.session_minutes)
        return Session(external_id=external_id, url=f"https://pay.example.com/s/{external_id}", expires_at=expires)

    def read_callback(self, body, headers):
        stamp = headers.get("X-Payment-Timestamp", "")
        wanted = hmac.new(SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers.get("X-Payment-Signature", "")):
            raise ForgedCallback
        if abs(datetime.now(UTC).timestamp() - int(stamp)) > 300:
            raise StaleCallback
        known = {one.event_id: one for events in service.told.values() for one in events}
        return [known[event_id] for _session, event_id in json.loads(body)]

    def ask(self, external_id: str):
        service.calls.append(("ask", external_id))
        service.maybe("ask", "before")
        if external_id not in service.sessions:
            raise UnknownSession
        return list(service.told.get(external_id, []))

    def release(self, external_id: str, key: str) -> None:
        with service.lock:
            service.calls.append(("release", key))
            service.maybe("release", "before")
            if external_id in service.cancelled:
                raise GatewayRefused("cancelled")
            if key not in service.charges:
                service.charges[key] = service.sessions[external_id].amount
                service.tell(external_id, "submitted")
            service.maybe("release", "after")

    def cancel(self, external_id: str) -> None:
        service.calls.append(("cancel", external_id))
        service.maybe("cancel", "before")
        if any(one.state == TellState.SUBMITTED for one in service.told.get(external_id, [])):
            raise GatewayRefused("too late")
        service.cancelled.add(external_id)

    def revoke_mandate(self, external_id: str) -> None:
        service.maybe("revoke_mandate", "before")
        service.revoked.append(external_id)


__all__ = ["FakeGateway", "GatewayUnavailable", "WorkerKilled", "mandate", "reset", "service", "signed"]
