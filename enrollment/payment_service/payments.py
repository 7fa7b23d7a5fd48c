"""What can be done with a payment at the payment portal. Each act is one transaction of the store.

The network's ledger is another file: what it did stays when an act is undone or its process killed, and is found again by
the payment's ID, under which every charge is asked for. So nothing here can charge twice.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from enrollment.payment_service import wire
from enrollment.payment_service.network import Answer, Network, NoAnswer
from enrollment.payment_service.rules.steps import ENDED_WITHOUT_MONEY, UNSUBMITTED, State, Step, after
from enrollment.payment_service.store import Asked, Entered, Mandate, Payment, Store, Transaction

MOST_DECLINES = 5  # a page that tells whether cards are good is not to be tried out with a list of them
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)
BANK_IS_ASKED_EVERY = timedelta(seconds=5)
CONFIRMATION_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another
AUTOPAY_TEXT = "autopay-1"  # this page's own consent text, where the portal gives none; raise it with every change

# The state the portal is told.
TOLD = {
    State.SCHEDULED: "scheduled",
    State.DUE: "submitted",
    State.SENT: "submitted",
    State.SETTLED: "settled",
    State.RETURNED: "returned",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}
# The portal shows these to a producer.
REASONS = {
    Answer.DECLINED: "The card was declined, or the bank does not know the account.",
    Answer.LACKS_FUNDS: "There was not enough money in the account.",
    Answer.CAME_BACK: "The bank sent the payment back.",
}
DECLINED_TOO_OFTEN = "The card was declined too often."


class Refused(Exception):
    """It will not be done; the text says why."""


class Unknown(Refused):
    """There is no such payment or mandate."""


class Differs(Refused):
    """The key was used before for something else."""


class Submitted(StrEnum):
    """What became of Submit Payment and Proceed."""

    DONE = "DONE"  # now or before
    DECLINED = "DECLINED"
    LACKS_FUNDS = "LACKS_FUNDS"
    NOTHING_ENTERED = "NOTHING_ENTERED"
    ENDED = "ENDED"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The payment portal's work. ``open_for``: how long a payer has to submit a payment."""

    store: Store
    network: Network
    open_for: timedelta
    bank_takes: timedelta

    def create(self, asked: Asked, *, now: datetime) -> Payment:
        """Open a payment, or find the one of the same key. Raises ``Differs``."""
        with self.store.writing() as writing:
            found = writing.payment_of_key(asked.key)
            if found:
                # A link back is signed anew each time; the last one is the one that is good.
                if replace(found.asked, return_url="", callback_url="") != replace(
                    asked, return_url="", callback_url=""
                ):
                    raise Differs("This key was used for another payment.")
                return writing.change(found, asked=asked)
            payment = Payment(
                id=wire.random_name("pay_"),
                asked=asked,
                state=State.OPEN,
                confirmation=new_confirmation(),
                created_at=now,
                expires_at=now + self.open_for,
                look_at=now + self.open_for,
            )
            writing.add(payment)
            return payment

    def enter(self, payment_id: str, entered: Entered) -> Payment:
        """Keep what the payer chose to pay with, to be reviewed. Raises ``Refused`` once it is submitted or has ended."""
        with self.store.writing() as writing:
            payment = _found(writing, payment_id)
            if payment.state not in UNSUBMITTED:
                raise Refused("The payment is not open any more.")
            return writing.change(payment, state=after(payment.state, Step.ENTER), entered=entered)

    def submit(self, payment_id: str, *, language: str, now: datetime) -> Submitted:
        """Submit Payment and Proceed. However often it comes, from however many tabs: one submission, one charge."""
        with self.store.writing() as writing:
            payment = _found(writing, payment_id)
            if payment.state is State.OPEN:
                return Submitted.NOTHING_ENTERED
            if payment.state in ENDED_WITHOUT_MONEY:
                return Submitted.ENDED
            if payment.state is not State.REVIEW or payment.entered is None:
                return Submitted.DONE
            if payment.expires_at <= now:
                self._expire(writing, payment, now)
                return Submitted.ENDED
            answer = self.network.authorize(payment.entered.pays.token)
            if answer is not Answer.PAID:
                return self._declined(writing, payment, answer, now)
            payment = writing.change(payment, entered=replace(payment.entered, language=language))
            assert payment.entered is not None  # noqa: S101 - it was a line ago
            if payment.entered.autopay:
                mandate = Mandate(
                    id=wire.random_name("man_"),
                    bank_last4=payment.entered.autopay.last4,
                    text_version=payment.asked.autopay_text_version or f"{AUTOPAY_TEXT}-{language}",
                    agreed_at=now,
                )
                payment = writing.change(payment, mandate=mandate)
            if payment.asked.hold:
                payment = self._move(writing, payment, Step.HOLD, now, look_at=None)
                if payment.released:
                    self._move(writing, payment, Step.RELEASE, now, look_at=now)
            else:
                self._move(writing, payment, Step.PAY, now, look_at=now)
        self.look(payment_id, now=now)
        return Submitted.DONE

    def release(self, payment_id: str, *, now: datetime) -> None:
        """Charge what was held, or charge at once when the payer submits. Raises ``Unknown``, ``Refused``."""
        with self.store.writing() as writing:
            payment = _found(writing, payment_id)
            if payment.state in ENDED_WITHOUT_MONEY:
                raise Refused("The payment has ended without a charge.")
            payment = writing.change(payment, released=True)
            if payment.state is State.SCHEDULED:
                self._move(writing, payment, Step.RELEASE, now, look_at=now)
        self.look(payment_id, now=now)

    def cancel(self, payment_id: str, *, now: datetime, by_payer: bool = False) -> None:
        """Let nothing be taken; an agreement to autopay ends with it. A payer cannot cancel what is submitted.

        Nothing happens to what has ended without a charge. Raises ``Unknown``, ``Refused``.
        """
        with self.store.writing() as writing:
            payment = _found(writing, payment_id)
            if payment.state in ENDED_WITHOUT_MONEY:
                return
            if payment.state not in UNSUBMITTED and (by_payer or payment.state is not State.SCHEDULED):
                raise Refused("The charge is on its way already." if not by_payer else "It is submitted already.")
            if payment.state in UNSUBMITTED:
                payment = writing.change(payment, entered=None)  # what was entered is lost, as the page says
            if payment.mandate:
                payment = writing.change(payment, mandate=replace(payment.mandate, active=False))
            self._move(writing, payment, Step.CANCEL, now, look_at=None)

    def revoke(self, mandate_id: str, *, now: datetime) -> None:
        """End autopay. Nothing happens if it had ended. Raises ``Unknown``."""
        with self.store.writing() as writing:
            payment = writing.payment_of_mandate(mandate_id)
            if payment is None or payment.mandate is None:
                raise Unknown("There is no such agreement.")
            if payment.mandate.active:
                payment = writing.change(payment, mandate=replace(payment.mandate, active=False))
                self._tell(writing, payment, now, reason="")

    def look(self, payment_id: str, *, now: datetime) -> None:
        """Do what is due for a payment: charge it, ask the bank about it, let it expire. Safe to repeat, and to interrupt."""
        with self.store.writing() as writing:
            payment = _found(writing, payment_id)
            if payment.look_at is None or payment.look_at > now:
                return
            if payment.state in UNSUBMITTED:
                self._expire(writing, payment, now)
            elif payment.state is State.DUE:
                self._charge(writing, payment, now)
            elif payment.state in {State.SENT, State.SETTLED}:
                self._ask(writing, payment, now)

    def _charge(self, writing: Transaction, payment: Payment, now: datetime) -> None:
        assert payment.entered is not None  # noqa: S101 - nothing is due that was not entered
        token = payment.entered.pays.token
        try:
            answer = self.network.charge(payment.id, token, payment.asked.amount, at=now)
        except NoAnswer:
            pause = min(SHORTEST_PAUSE * 2**payment.tries, LONGEST_PAUSE)
            writing.change(payment, tries=payment.tries + 1, look_at=now + pause)
            return
        if answer is Answer.ON_ITS_WAY:
            # Nothing is told: that it was submitted, the portal knows.
            state = after(payment.state, Step.SEND)
            writing.change(payment, state=state, look_at=now + self.bank_takes)
        else:
            self._settle(writing, payment, now)

    def _ask(self, writing: Transaction, payment: Payment, now: datetime) -> None:
        answer = self.network.became(payment.id, at=now)
        if answer in {Answer.DECLINED, Answer.LACKS_FUNDS}:
            self._move(writing, payment, Step.FAIL, now, look_at=None, reason=REASONS[answer])
        elif answer is Answer.CAME_BACK:
            if payment.state is State.SENT:
                payment = self._settle(writing, payment, now)
            self._move(writing, payment, Step.RETURN, now, look_at=None, reason=REASONS[answer])
        elif answer is Answer.PAID and payment.state is State.SENT:
            self._settle(writing, payment, now)
        else:
            writing.change(payment, look_at=now + BANK_IS_ASKED_EVERY)

    def _settle(self, writing: Transaction, payment: Payment, now: datetime) -> Payment:
        assert payment.entered is not None  # noqa: S101 - as above
        more = self.network.comes_back(payment.entered.pays.token)
        return self._move(writing, payment, Step.SETTLE, now, look_at=now + BANK_IS_ASKED_EVERY if more else None)

    def _declined(self, writing: Transaction, payment: Payment, answer: Answer, now: datetime) -> Submitted:
        payment = writing.change(payment, declines=payment.declines + 1)
        if payment.declines >= MOST_DECLINES:
            self._move(writing, payment, Step.GIVE_UP, now, look_at=None, reason=DECLINED_TOO_OFTEN)
            return Submitted.ENDED
        # The payer may try another one: the portal is not told.
        writing.change(payment, state=after(payment.state, Step.DECLINE))
        return Submitted.LACKS_FUNDS if answer is Answer.LACKS_FUNDS else Submitted.DECLINED

    def _expire(self, writing: Transaction, payment: Payment, now: datetime) -> None:
        self._move(writing, writing.change(payment, entered=None), Step.EXPIRE, now, look_at=None)

    def _move(
        self,
        writing: Transaction,
        payment: Payment,
        step: Step,
        now: datetime,
        *,
        look_at: datetime | None,
        reason: str = "",
    ) -> Payment:
        """Take the step and owe the portal the news, together."""
        payment = writing.change(payment, state=after(payment.state, step), look_at=look_at)
        self._tell(writing, payment, now, reason=reason)
        return payment

    def _tell(self, writing: Transaction, payment: Payment, now: datetime, *, reason: str) -> None:
        event_id = wire.random_name("evt_")
        pays = payment.entered.pays if payment.entered else None
        mandate = payment.mandate
        told = {
            "event_id": event_id,
            "external_id": payment.id,
            "reference": payment.asked.reference,
            "state": TOLD[payment.state],
            "at": now.isoformat(),
            "amount": str(payment.asked.amount),
            "confirmation": payment.confirmation,
            "method_kind": pays.kind if pays else "",
            "method_label": pays.label if pays else "",
            "method_last4": pays.last4 if pays else "",
            "reason": reason,
            "language": payment.entered.language if payment.entered else "",
            "mandate": mandate
            and {
                "external_id": mandate.id,
                "state": "active" if mandate.active else "revoked",
                "bank_last4": mandate.bank_last4,
                "text_version": mandate.text_version,
                "agreed_at": mandate.agreed_at.isoformat(),
            },
        }
        twice = pays is not None and self.network.answers_twice(pays.token)
        writing.tell(event_id, payment.id, told, wanted=2 if twice else 1, at=now)


def new_confirmation() -> str:
    """A payment confirmation number, such as PC-7KXM-3WQ9-RTDH."""
    groups = ("".join(secrets.choice(CONFIRMATION_CHARACTERS) for _ in range(4)) for _ in range(3))
    return "-".join(["PC", *groups])


def _found(writing: Transaction, payment_id: str) -> Payment:
    payment = writing.payment(payment_id)
    if payment is None:
        raise Unknown("There is no such payment.")
    return payment
