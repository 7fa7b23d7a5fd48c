"""What goes on without anybody asking: charges that are due, answers of banks, events for the portal.

Any number of runners may run: a payment is looked at under the store's lock, an event is claimed for a while before it is
sent. One that dies leaves nothing undone: what is due stays due, and a claim ends by itself.
"""

import http.client
import json
import logging
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

from enrollment.payment_service import wire
from enrollment.payment_service.payments import Desk
from enrollment.payment_service.store import Event

logger = logging.getLogger("payment_service")

PAUSE_SECONDS = 0.5
CALLBACK_TIMEOUT_SECONDS = 5
CLAIM = timedelta(minutes=5)  # longer than 50 events that all run into the timeout
LONGEST_PAUSE = timedelta(hours=1)
MOST_TRIES = 84  # about three days; after that the portal has to ask


class Runner:
    """Works in a thread of its own until it is stopped."""

    def __init__(self, desk: Desk, secret: str) -> None:
        self._desk = desk
        self._secret = secret
        self._stopping = threading.Event()

    def start(self) -> "Runner":
        threading.Thread(target=self._run, name="payment-runner", daemon=True).start()
        return self

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            try:
                self.run_once(now=datetime.now(UTC))
            except Exception:  # the next round tries again
                logger.exception("the runner failed")

    def run_once(self, *, now: datetime) -> None:
        """Everything that is due at ``now``."""
        for payment_id in self._desk.store.to_look_at(now):
            try:
                self._desk.look(payment_id, now=now)
            except Exception:  # the others go on; this one is looked at again in the next round
                logger.exception("a payment could not be looked at", extra={"payment_id": payment_id})
        self.tell(now=now)

    def tell(self, *, now: datetime) -> None:
        """Send the portal what it is owed."""
        store = self._desk.store
        if not store.owes_events(now):
            return
        with store.writing() as writing:
            events = writing.claim_events(now=now, until=now + CLAIM)
        for event in events:
            payment = store.payment(event.payment_id)
            taken = payment is not None and self._send(payment.asked.callback_url, event)
            with store.writing() as writing:
                if taken:
                    writing.event_taken(event, now=now)
                else:
                    tries = event.tries + 1
                    again = now + pause_after(tries) if tries < MOST_TRIES else None
                    writing.event_again(event, at=again)

    def _send(self, url: str, event: Event) -> bool:
        body = json.dumps(event.told).encode()
        headers = wire.signed(self._secret, purpose=wire.CALLBACK, body=body, at=datetime.now(UTC))
        request = urllib.request.Request(  # noqa: S310 - http or https: checked when the payment was asked for
            url, data=body, headers={**headers, "Content-Type": "application/json"}, method="POST"
        )
        try:
            with _NO_REDIRECTS.open(request, timeout=CALLBACK_TIMEOUT_SECONDS) as answer:
                return 200 <= answer.status < 300
        except urllib.error.HTTPError as error:
            with error:
                logger.warning("the portal refused an event", extra={"event_id": event.id, "status_code": error.code})
            return False
        except (OSError, http.client.HTTPException) as error:
            logger.warning(
                "the portal did not take an event", extra={"event_id": event.id, "why": type(error).__name__}
            )
            return False


def pause_after(tries: int) -> timedelta:
    """How long to wait before an event that was refused so often is sent again."""
    return min(timedelta(seconds=2**tries), LONGEST_PAUSE) if tries < 12 else LONGEST_PAUSE


class _Stay(urllib.request.HTTPRedirectHandler):
    """A signed message goes where it was asked for and nowhere else."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_NO_REDIRECTS = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
