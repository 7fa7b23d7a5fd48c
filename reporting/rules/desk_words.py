"""What is said to a client about what may be lost: the call, the email, the text message. Pure.

Emails and texts name no plan, no amount, no reason and no person but the producer: whoever reads over the client's
shoulder learns only that the producer asks for a call. The script is for the telephone, after one knows who is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from reporting.rules.desk import GRACE, Why

SUBJECT = "Please call me"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the words are filled with. ``last_day`` is inclusive, ``amount`` as shown; ``phone`` is the producer's."""

    why: Why
    producer: str
    phone: str
    first_name: str
    product: str
    last_day: date | None
    amount: str


def message(said: Said) -> str:
    """The text of email and text message."""
    call = f" at {said.phone}" if said.phone else ""
    return (
        f"Hello, this is {said.producer}, your insurance producer. There is a date coming up that I would like to talk "
        f"about with you. Please call me{call} when you have a moment. Thank you."
    )


def mail_link(email: str, said: Said) -> str:
    """A ``mailto:`` address with the neutral text; empty without an email address."""
    if not email:
        return ""
    return f"mailto:{quote(email, safe='@+')}?subject={quote(SUBJECT, safe='')}&body={_in_a_link(message(said))}"


def text_link(cell: str, said: Said) -> str:
    """An ``sms:`` address with the neutral text; ``cell`` has ten digits and the client's consent, or is empty."""
    return f"sms:+1{cell}?body={_in_a_link(message(said))}" if cell else ""


@lru_cache(maxsize=1000)
def _in_a_link(text: str) -> str:
    """The text is the same for all clients of a producer."""
    return quote(text, safe="")


def script(said: Said) -> list[str]:
    """What to say on the telephone, in the order of the call."""
    return [
        f"Hello, may I speak to {said.first_name}? This is {said.producer}.",
        "Before I go on, may I have your date of birth, so that I know I speak to the right person?",
        *(line.format_map(_Values(said)) for line in _ASKS[said.why]),
        "Is there anything else that keeps you from it? I will write down what we have agreed on.",
    ]


class _Values(Mapping[str, str]):
    """The values of a script; a fact that is not known is said so."""

    def __init__(self, said: Said) -> None:
        self._values = {
            "product": said.product or "your plan",
            "amount": f"The amount due is {said.amount}." if said.amount.startswith("$") else _AMOUNT_UNKNOWN,
            "last_day": f"{said.last_day:%m/%d/%Y}" if said.last_day else "a day the carrier has not told yet",
        }

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


_AMOUNT_UNKNOWN = "I do not have the amount here; the bill or the member account names it."
_PAY = (
    "You can pay in your member account, by telephone, or by mail. Would you like me to stay on the line while you do?"
)
_GRACE_ASK = (
    "A premium for {product} has not come in, and the plan is in its grace period. {amount}",
    "All of what is due has to be paid by {last_day}. One month alone does not end the grace period.",
    _PAY,
    "Has something changed, such as your income or your bank? We can look at that too.",
)
_ASKS: dict[Why, tuple[str, ...]] = {
    **dict.fromkeys(GRACE, _GRACE_ASK),
    Why.FIRST_PAYMENT: (
        "Your coverage under {product} begins with the first payment, and it has not come in yet. {amount}",
        "The last day for it is {last_day}. After that the plan is cancelled as if it had never begun.",
        _PAY,
    ),
    Why.DOCUMENTS: (
        "Some papers for your application are still wanted. The day for them is {last_day}.",
        "You can send them to me as photos or by mail; I send them on. Which of them do you have at hand?",
    ),
    Why.FAILED: (
        "Your application was not accepted as it was sent. I can see what has to be put right.",
        "If we do it together now, I can send it again. It can be used until {last_day}.",
    ),
    Why.EXPIRING: (
        "We have begun an application together that is not finished. It can be used until {last_day}.",
        "Would you like to finish it? I need a few minutes of your time.",
    ),
    Why.TERMED: (
        "Your coverage under {product} has ended. I would like to know whether you meant it to.",
        "If not, I can ask the carrier whether it can be reinstated. The carrier decides, and I cannot promise it. "
        "It is worth asking until {last_day}.",
    ),
}
