"""How the portal and the payment portal sign what they say to each other. Used by both; standard library only.

The signature is an HMAC-SHA256 over purpose, moment, nonce and body under the one key both know. The purpose keeps a
message of one kind from being taken for another; moment and nonce keep one from being taken twice.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

TIMESTAMP, NONCE, SIGNATURE = "X-Payment-Timestamp", "X-Payment-Nonce", "X-Payment-Signature"
WINDOW = timedelta(minutes=5)
CALLBACK = "callback"
_LETTERS = "abcdefghijkmnpqrstuvwxyz"


class Forged(Exception):
    """A signature that is missing or wrong."""


class Stale(Forged):
    """Signed rightly, but more than ``WINDOW`` ago, or ahead."""


def random_name(prefix: str, length: int = 26) -> str:
    """A name nobody guesses (more than 100 bits). Letters only: it is never taken for a number of anything."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def request_purpose(method: str, path: str) -> str:
    """The purpose of a request to the payment portal."""
    return f"{method} {path}"


def signed(secret: str, *, purpose: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that go with ``body``."""
    timestamp, nonce = str(int(at.timestamp())), random_name("", 26)
    return {
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: _signature(secret, purpose, timestamp, nonce, body),
    }


def check(secret: str, headers: Mapping[str, str], *, purpose: str, body: bytes, now: datetime) -> str:
    """The nonce of a message that was signed with the key within ``WINDOW`` of ``now``; names of headers in any case.

    Whether the nonce was seen before is the caller's to know. Raises ``Forged``, ``Stale``.
    """
    found = {name.lower(): value for name, value in headers.items()}
    timestamp, nonce, signature = (found.get(name.lower(), "") for name in (TIMESTAMP, NONCE, SIGNATURE))
    expected = _signature(secret, purpose, timestamp, nonce, body)
    if not secret or not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Forged("the signature is missing or wrong")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise Forged("the moment cannot be read")
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise Stale("signed too long ago")
    return nonce


def _signature(secret: str, purpose: str, timestamp: str, nonce: str, body: bytes) -> str:
    told = "\n".join([purpose, timestamp, nonce, hashlib.sha256(body).hexdigest()])
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()
