"""What the portal asks of a payment service, and what a service tells the portal (PAY_01..10, ADR 0024).

No number of a card or of a bank account is in any of these: the payer types them on the service's own origin (PCI DSS SAQ A).
A service may tell late, twice, out of order or never; ``enrollment.rules.payment_states`` puts up with all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class GatewayUnavailable(Exception):
    """The service could not be reached or did not answer in time. It may have done what was asked: ask again, same key."""


class GatewayRefused(Exception):
    """The service answered, and will not do it: asking again the same way changes nothing."""


class UnknownSession(GatewayRefused):
    """The service has no payment session of this ID."""


class ForgedCallback(Exception):
    """A callback whose signature is missing or wrong, or that cannot be read. Nothing in it is believed."""


class StaleCallback(ForgedCallback):
    """A callback that was signed rightly, but too long ago to be let in (a replay); the service signs it anew."""


class TellState(StrEnum):
    """What a service says became of a payment."""

    SCHEDULED = "scheduled"
    """The payer has submitted it; it is held until ``release`` (PAY_05)."""
    SUBMITTED = "submitted"
    """The charge is on its way: the card network or the bank has it."""
    SETTLED = "settled"
    """The money has come."""
    RETURNED = "returned"
    """The money has gone back: a debit that the bank returned, also weeks after it had settled, or a disputed charge."""
    FAILED = "failed"
    """Declined for good in this session. A decline after which the payer may try again in the same session is not told."""
    CANCELLED = "cancelled"
    """The payer chose Yes, Cancel, or the portal cancelled it; nothing was or will be taken."""
    EXPIRED = "expired"
    """Nobody submitted the session in its time; nothing was or will be taken."""


class MandateState(StrEnum):
    """What a service says of an agreement to autopay."""

    ACTIVE = "active"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class SessionRequest:
    """A payment to be made by somebody on the service's pages.

    ``key``: idempotency key; however often it is sent, there is one session and at most one charge.
    ``reference``: the payment's number at the portal, told back with every event.
    ``amount``: US dollars with two decimals. ``amount_may_grow``: a retroactive first day may ask for more (PAY_01).
    ``payment_date``: the day the page shows as Payment Date. ``due_on``: last day, inclusive, to pay; None: not known.
    ``return_url``: where the payer goes afterwards, whatever became of the payment; signed, good once, opened by GET as is.
    ``language``: "en" or "es", to begin with. ``hold``: submit by the payer charges nothing; ``release`` does (PAY_05).
    ``offers_autopay``: the page may offer autopay, from a bank account only (PAY_04).
    ``purpose``: "first" for the first premium of new coverage, "past_due" for what is owed on a policy.
    ``us_state``: two letters; whose carrier entity stands at the top. ``label``: what is paid for, fit for the page
    ("Application A-0638"); no client's name. ``autopay_text`` and ``autopay_text_version``: what the payer agrees to with autopay,
    in English, empty without an offer; the version is told back with the mandate.
    """

    key: str
    reference: str
    amount: Decimal
    amount_may_grow: bool
    due_on: date | None
    payer_name: str
    payer_email: str
    return_url: str
    language: str
    hold: bool
    offers_autopay: bool
    payment_date: date | None = None
    purpose: str = "first"
    us_state: str = ""
    label: str = ""
    autopay_text: str = ""
    autopay_text_version: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """The service's own side of a payment. ``url``: where the payer goes; ``expires_at``: the last moment it opens."""

    external_id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class MandateTold:
    """An agreement to autopay, from a bank account. ``text_version``: which consent text was agreed to, as the service names it."""

    external_id: str
    state: MandateState
    bank_last4: str
    text_version: str
    agreed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event of a payment, by callback or by answer to ``ask``; both ways carry the same ``event_id``.

    ``at``: when it happened at the service, with a zone. ``confirmation``: the confirmation number shown to the payer.
    ``method_kind``: "bank", "card" or empty; ``method_label``: the brand, or "Bank account"; ``method_last4``: four digits.
    ``reason``: why it failed or was returned, a short sentence fit to show. ``mandate``: told with any event once agreed to,
    and in an event of its own (the state repeated) when it is revoked. ``language``: "en" or "es", in which the payer
    submitted; empty where the service does not say.
    """

    event_id: str
    external_id: str
    reference: str
    state: TellState
    at: datetime
    amount: Decimal
    confirmation: str = ""
    method_kind: str = ""
    method_label: str = ""
    method_last4: str = ""
    reason: str = ""
    mandate: MandateTold | None = None
    language: str = ""


class Gateway(Protocol):
    """A payment service. Calls give up after a few seconds (``GatewayUnavailable``) and may all be repeated."""

    name: str
    """"simulated" or "stripe": the last part of the callback's address, and stored with each payment."""

    def create_session(self, request: SessionRequest) -> Session:
        """Open a session, or answer the one that the same key opened before.

        Raises ``GatewayUnavailable``, ``GatewayRefused``.
        """
        ...

    def read_callback(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Told]:
        """What a callback tells; empty for events that are none of the portal's business.

        ``headers``: Django's ``request.headers``, names in any case. Raises ``ForgedCallback``, ``StaleCallback``.
        """
        ...

    def ask(self, external_id: str) -> Sequence[Told]:
        """Everything that has happened in a session so far, oldest first; empty while nobody has submitted it.

        Raises ``GatewayUnavailable``, ``UnknownSession``.
        """
        ...

    def release(self, external_id: str, key: str) -> None:
        """Charge what was held; however often it is asked with one key, there is one charge. What became of it is told.

        Raises ``GatewayUnavailable`` (it may have charged: ask again with the same key), ``GatewayRefused``.
        """
        ...

    def cancel(self, external_id: str) -> None:
        """Let nothing be taken any more. Nothing happens if it was cancelled, has failed or is expired already.

        Raises ``GatewayUnavailable``, ``GatewayRefused`` when the charge is on its way already.
        """
        ...

    def revoke_mandate(self, external_id: str) -> None:
        """End autopay. ``external_id``: the mandate's. Nothing happens if it had ended.

        Raises ``GatewayUnavailable``, ``GatewayRefused``.
        """
        ...
