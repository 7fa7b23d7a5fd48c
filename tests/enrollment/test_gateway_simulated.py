"""The portal's word to the simulated payment portal and back, over HTTP (PAY_05..09)."""

import json
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from enrollment.payment_service import wire
from enrollment.payment_service.desk import the_desk
from enrollment.payment_service.runner import Runner
from enrollment.payment_service.store import Entered
from enrollment.payments.gateways import simulated
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
from enrollment.payments.gateways.simulated import SimulatedGateway
from tests.support.concurrency import at_once
from tests.support.payment_service import SECRET, bank, card, served

pytestmark = pytest.mark.no_db

REQUEST = SessionRequest(
    key="pay-key-one",
    reference="P-000001",
    amount=Decimal("2091.40"),
    amount_may_grow=True,
    due_on=date(2026, 12, 31),
    payer_name="Nora Whitfield",
    payer_email="nora@example.com",
    return_url="http://portal.example/back/",
    language="es",
    hold=True,
    offers_autopay=True,
    payment_date=date(2026, 11, 20),
    us_state="NM",
    label="Application A-0638",
    autopay_text="I authorize.",
    autopay_text_version="2026-1",
)


@pytest.fixture
def gateway(settings, monkeypatch):
    settings.PAYMENT_SERVICE_SECRET = SECRET
    monkeypatch.setattr(simulated, "callback_url", lambda _name: "http://127.0.0.1:9/callback/")
    with served() as address:
        settings.PAYMENT_SERVICE_URL = address
        yield SimulatedGateway()


def submitted(gateway, *, pays=("card", "4111111111111111"), autopay=False, **changes) -> str:
    """A payment somebody has submitted at the payment portal."""
    external_id = gateway.create_session(replace(REQUEST, **changes)).external_id
    desk = the_desk()
    account = (card if pays[0] == "card" else bank)(desk, pays[1])
    desk.enter(external_id, Entered(pays=account, autopay=bank(desk, "000123456789") if autopay else None))
    desk.submit(external_id, language="en", now=datetime.now(UTC))
    return external_id


def told_states(gateway, external_id):
    return [one.state for one in gateway.ask(external_id)]


def test_a_session_is_opened_once_however_often_it_is_asked_for(gateway):
    opened = at_once(*[lambda: gateway.create_session(REQUEST)] * 5)
    assert len({one.external_id for one in opened}) == 1
    first = opened[0]
    assert first.url.startswith("http://testserver/pay/enter/")
    assert timedelta(minutes=59) < first.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    asked = the_desk().store.payment(first.external_id).asked
    assert (asked.amount, asked.due_on, asked.label) == (Decimal("2091.40"), date(2026, 12, 31), "Application A-0638")
    with pytest.raises(GatewayRefused):
        gateway.create_session(replace(REQUEST, amount=Decimal("1.00")))


@pytest.mark.feature("PAY_05")
def test_what_was_submitted_is_held_released_and_settled(gateway):
    external_id = submitted(gateway)
    assert told_states(gateway, external_id) == [TellState.SCHEDULED]
    gateway.release(external_id, "release-one")
    gateway.release(external_id, "release-one")
    told = gateway.ask(external_id)
    assert [one.state for one in told] == [TellState.SCHEDULED, TellState.SUBMITTED, TellState.SETTLED]
    last = told[-1]
    assert (last.reference, last.amount, last.method_kind, last.method_label, last.method_last4) == (
        "P-000001",
        Decimal("2091.40"),
        "card",
        "Visa",
        "1111",
    )
    assert last.confirmation.startswith("PC-")
    assert last.at.tzinfo is not None
    with pytest.raises(GatewayRefused):
        gateway.cancel(external_id)


def test_nothing_is_told_of_what_nobody_submitted(gateway):
    external_id = gateway.create_session(REQUEST).external_id
    assert list(gateway.ask(external_id)) == []
    gateway.cancel(external_id)
    gateway.cancel(external_id)
    assert told_states(gateway, external_id) == [TellState.CANCELLED]
    with pytest.raises(GatewayRefused):
        gateway.release(external_id, "release-one")


@pytest.mark.feature("PAY_04")
def test_a_mandate_is_told_and_revoked(gateway):
    external_id = submitted(gateway, autopay=True)
    [told] = gateway.ask(external_id)
    assert told.mandate is not None
    assert (told.mandate.state, told.mandate.bank_last4, told.mandate.text_version) == (
        MandateState.ACTIVE,
        "6789",
        "2026-1",
    )
    gateway.revoke_mandate(told.mandate.external_id)
    again = gateway.ask(external_id)
    assert [(one.state, one.mandate.state) for one in again] == [
        (TellState.SCHEDULED, MandateState.ACTIVE),
        (TellState.SCHEDULED, MandateState.REVOKED),
    ]
    with pytest.raises(GatewayRefused):
        gateway.revoke_mandate("man_nobody")


def test_a_session_of_nobody_is_unknown(gateway):
    for act in (gateway.ask, gateway.cancel, lambda one: gateway.release(one, "key")):
        with pytest.raises(UnknownSession):
            act("pay_nobody")
        with pytest.raises((UnknownSession, GatewayUnavailable)):
            act("../../admin")


def test_a_service_that_is_not_there_is_unavailable(settings, monkeypatch):
    monkeypatch.setattr(simulated, "callback_url", lambda _name: "http://127.0.0.1:9/callback/")
    monkeypatch.setattr(simulated, "TIMEOUT_SECONDS", 0.2)
    settings.PAYMENT_SERVICE_SECRET = SECRET
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.PAYMENT_SERVICE_URL = f"http://127.0.0.1:{port}"
        with pytest.raises(GatewayUnavailable):
            SimulatedGateway().ask("pay_one")
    with pytest.raises(GatewayUnavailable):
        SimulatedGateway().create_session(REQUEST)


def test_another_key_opens_nothing(gateway, settings):
    external_id = gateway.create_session(REQUEST).external_id
    own = settings.PAYMENT_SERVICE_SECRET
    settings.PAYMENT_SERVICE_SECRET = "somebody-else's-key"
    with pytest.raises(GatewayUnavailable):
        gateway.ask(external_id)
    with pytest.raises(GatewayUnavailable):
        gateway.release(external_id, "key")
    settings.PAYMENT_SERVICE_SECRET = own
    assert list(gateway.ask(external_id)) == []


# --- what it tells ---


def callback(gateway, external_id, *, at=None, secret=SECRET, purpose=wire.CALLBACK):
    event = the_desk().store.events(external_id)[-1]
    body = json.dumps(event.told).encode()
    return body, wire.signed(secret, purpose=purpose, body=body, at=at or datetime.now(UTC))


@pytest.mark.feature("PAY_09")
def test_a_callback_tells_what_asking_tells(gateway):
    external_id = submitted(gateway, autopay=True)
    body, headers = callback(gateway, external_id)
    assert list(gateway.read_callback(body, headers)) == list(gateway.ask(external_id))


@pytest.mark.feature("PAY_09")
def test_a_forged_or_old_callback_is_not_believed(gateway):
    external_id = submitted(gateway)
    body, headers = callback(gateway, external_id)
    for forged in (
        (body.replace(b"scheduled", b"settled  "), headers),
        (body, {}),
        callback(gateway, external_id, secret="another"),
        callback(gateway, external_id, purpose="POST /api/payments/"),
    ):
        with pytest.raises(ForgedCallback):
            gateway.read_callback(*forged)
    with pytest.raises(StaleCallback):
        gateway.read_callback(*callback(gateway, external_id, at=datetime.now(UTC) - timedelta(minutes=6)))
    for unreadable in (b"", b"{}", b"[]", b'{"mandate": null}', b"\xff"):
        with pytest.raises(ForgedCallback):
            gateway.read_callback(
                unreadable, wire.signed(SECRET, purpose=wire.CALLBACK, body=unreadable, at=datetime.now(UTC))
            )


def test_the_runner_posts_what_the_gateway_reads(gateway, monkeypatch):
    """Over a real socket: the portal's end is a server that keeps what arrives."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    arrived = []

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.path, body, dict(self.headers)))
            self.send_response(200 if len(arrived) > 1 else 503)
            self.end_headers()

        def log_message(self, *_args):
            pass

    with HTTPServer(("127.0.0.1", 0), Portal) as portal:
        Thread(target=portal.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{portal.server_port}/callback/"
        monkeypatch.setattr(simulated, "callback_url", lambda _name: address)
        external_id = submitted(gateway)
        now = datetime.now(UTC)
        runner = Runner(the_desk(), SECRET)
        runner.tell(now=now)
        runner.tell(now=now + timedelta(seconds=2))
        runner.tell(now=now + timedelta(hours=1))
        portal.shutdown()
    assert [path for path, _body, _headers in arrived] == ["/callback/"] * 2
    _path, body, headers = arrived[1]
    assert list(gateway.read_callback(body, headers)) == list(gateway.ask(external_id))
    assert arrived[0][2][wire.NONCE] != headers[wire.NONCE]


def test_the_portal_is_told_at_its_own_address(settings):
    settings.PORTAL_URL, settings.PAYMENT_CALLBACK_URL = "https://portal.example/", ""
    path = "/enroll/payments/callback/simulated/"
    assert simulated.callback_url("simulated") == f"https://portal.example{path}"
    settings.PAYMENT_CALLBACK_URL = "http://web:8000"
    assert simulated.callback_url("simulated") == f"http://web:8000{path}"
