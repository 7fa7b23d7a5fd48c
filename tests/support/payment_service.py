"""The payment portal in a test: its desk over files of the test, its pages under its own settings."""

import runpy
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from enrollment.payment_service.desk import desk_of
from enrollment.payment_service.options import Options
from enrollment.payment_service.payments import Desk
from enrollment.payment_service.store import Account, Asked, Entered

SECRET = "the-key-that-both-sign-with"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
# What is the portal's own, or the test run's, and stays as it is.
NOT_TAKEN = {"DATABASES", "INSTALLED_APPS", "LOGGING", "LOGGING_CONFIG", "STATICFILES_DIRS", "STATIC_URL", "DEBUG"}


def options_in(folder: Path, **changes: Any) -> Options:
    chosen = Options(
        folder=folder,
        public_url="http://testserver",
        secret=SECRET,
        open_for=timedelta(hours=1),
        bank_takes=timedelta(seconds=20),
        comes_back_after=timedelta(seconds=60),
        carrier_name="Prairie Summit",
        support_phone="1-800-555-0142",
    )
    return replace(chosen, **changes)


def desk_in(folder: Path, **changes: Any) -> Desk:
    return desk_of(options_in(folder, **changes))


def asked(**changes: Any) -> Asked:
    """A first premium that is held until the application is accepted."""
    usual = Asked(
        key="pay-key-one",
        reference="P-000001",
        amount=Decimal("2091.40"),
        amount_may_grow=False,
        due_on=date(2026, 12, 31),
        payment_date=date(2026, 11, 20),
        payer_name="Nora Whitfield",
        payer_email="nora@example.com",
        return_url="http://portal.example/back/",
        callback_url="http://127.0.0.1:9/callback/",
        language="en",
        hold=True,
        offers_autopay=True,
        purpose="first",
        us_state="IL",
        label="Application A-0638",
        autopay_text="",
        autopay_text_version="",
    )
    return replace(usual, **changes)


def card(desk: Desk, digits: str) -> Account:
    token = desk.network.tokenize("card", digits)
    return Account(
        token=token, kind="card", label="Visa", last4=digits[-4:], holder="Nora Whitfield", expires="12/2029"
    )


def bank(desk: Desk, digits: str) -> Account:
    token = desk.network.tokenize("bank", digits)
    return Account(
        token=token, kind="bank", label="Bank account", last4=digits[-4:], holder="Nora", account_type="checking"
    )


def in_review(desk: Desk, pays: Account, *, autopay: Account | None = None, **changes: Any) -> str:
    """A payment whose payer has only Submit Payment and Proceed to press; its ID."""
    payment = desk.create(asked(**changes), now=NOW)
    desk.enter(payment.id, Entered(pays=pays, autopay=autopay))
    return payment.id


def told_states(desk: Desk, payment_id: str) -> list[str]:
    return [event.told["state"] for event in desk.store.events(payment_id)]


@contextmanager
def its_settings(folder: Path, **changes: Any) -> Iterator[Options]:
    """The settings of the payment portal instead of the portal's, over files in ``folder``."""
    environment = {"PAYMENT_SERVICE_SECRET": SECRET, "PAYMENT_SERVICE_DIR": str(folder)}
    with mock.patch.dict("os.environ", environment):
        found = runpy.run_module("enrollment.payment_service.settings")
    chosen = options_in(folder, **changes)
    own = {name: value for name, value in found.items() if name.isupper() and name not in NOT_TAKEN}
    hosts = [*own["ALLOWED_HOSTS"], "testserver"]
    with override_settings(**{**own, "ALLOWED_HOSTS": hosts, "PAYMENT_PORTAL": chosen}):
        yield chosen


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def served(**changes: Any) -> Iterator[str]:
    """The payment portal on a port of its own; gives its address."""
    with tempfile.TemporaryDirectory(prefix="payment-") as folder, its_settings(Path(folder), **changes):
        application = WSGIHandler()  # reads the middleware now
        with make_server("127.0.0.1", 0, application, WSGIServer, Quiet) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()
