"""Text messages through Twilio's API, against a small server that answers as it is told."""

import base64
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.common.messaging import twilio
from portal.common.messaging.twilio import TextNotTaken, TwilioSmsBackend
from portal.common.outbox import GiveUp

pytestmark = pytest.mark.no_db


class FakeTwilio(BaseHTTPRequestHandler):
    status, answer, asked = 201, b"{}", []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).asked.append((self.path, self.headers["Authorization"], parse_qs(body)))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_args) -> None:
        pass


@pytest.fixture
def service(settings):
    FakeTwilio.status, FakeTwilio.answer, FakeTwilio.asked = 201, b"{}", []
    server = HTTPServer(("127.0.0.1", 0), FakeTwilio)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC123", "secret-token"
    settings.TWILIO_FROM, settings.TWILIO_API_URL = "+13125550100", f"http://127.0.0.1:{server.server_port}"
    yield FakeTwilio
    server.shutdown()
    server.server_close()
    thread.join()


def send() -> None:
    TwilioSmsBackend().send(to="3125550001", text="your code is ABCDEFGH", message_id=uuid.uuid4(), code="ABCDEFGH")


@pytest.mark.feature("LOG_10")
def test_a_text_message_is_handed_over(service):
    send()
    path, authorization, fields = service.asked[0]
    assert path == "/2010-04-01/Accounts/AC123/Messages.json"
    assert base64.b64decode(authorization.removeprefix("Basic ")) == b"AC123:secret-token"
    assert fields == {"To": ["+13125550001"], "From": ["+13125550100"], "Body": ["your code is ABCDEFGH"]}


def test_a_messaging_service_can_be_the_sender(service, settings):
    settings.TWILIO_FROM = "MG0123"
    send()
    assert service.asked[0][2]["MessagingServiceSid"] == ["MG0123"]
    assert "From" not in service.asked[0][2]


@pytest.mark.parametrize(
    ("status", "refusal"), [(400, GiveUp), (404, GiveUp), (401, TextNotTaken), (429, TextNotTaken), (503, TextNotTaken)]
)
def test_what_cannot_ever_work_is_given_up_and_the_rest_is_tried_again(service, status, refusal):
    service.status, service.answer = status, json.dumps({"code": 21211, "message": "+13125550001 is invalid"}).encode()
    with pytest.raises(refusal) as caught:
        send()
    assert str(caught.value) == f"Twilio answered {status}, code 21211."


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"code": null}'])
def test_an_answer_that_is_no_json_is_a_refusal_all_the_same(service, answer):
    service.status, service.answer = 500, answer
    with pytest.raises(TextNotTaken, match="code unknown"):
        send()


def test_a_service_that_is_not_there_is_tried_again(service, settings):
    settings.TWILIO_API_URL = "http://127.0.0.1:9"
    with pytest.raises(TextNotTaken, match="not reached"):
        send()


def test_a_service_that_hangs_is_left_after_the_timeout(service, settings, monkeypatch):
    import socket

    monkeypatch.setattr(twilio, "TIMEOUT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.TWILIO_API_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TextNotTaken, match="not reached"):
            send()


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"])
def test_a_missing_setting_is_named(service, settings, name):
    setattr(settings, name, "")
    with pytest.raises(ImproperlyConfigured, match=name):
        send()
