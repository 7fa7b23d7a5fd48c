"""The numbers with which each story can be tried; every other valid number is paid without incident.

They are the published test numbers of card networks and payment processors: nobody's card, nobody's account.
"""

from dataclasses import dataclass
from enum import StrEnum


class Behaviour(StrEnum):
    """What the simulated card networks and banks do with a payment."""

    PAYS = "PAYS"
    DECLINES = "DECLINES"
    LACKS_FUNDS = "LACKS_FUNDS"
    ANSWERS_LATE = "ANSWERS_LATE"
    ANSWERS_TWICE = "ANSWERS_TWICE"
    COMES_BACK = "COMES_BACK"


@dataclass(frozen=True, kw_only=True)
class TrialNumber:
    """A number to type. ``label``: the card's brand, empty for a bank account. ``story``: the sentence of ``texts`` that says what it does."""

    digits: str
    label: str
    behaviour: Behaviour

    @property
    def story(self) -> str:
        refused = self.behaviour in {Behaviour.DECLINES, Behaviour.LACKS_FUNDS}
        return f"story_{self.behaviour.lower()}{'' if self.label or not refused else '_bank'}"


CARDS = (
    TrialNumber(digits="4111111111111111", label="Visa", behaviour=Behaviour.PAYS),
    TrialNumber(digits="5555555555554444", label="Mastercard", behaviour=Behaviour.PAYS),
    TrialNumber(digits="378282246310005", label="American Express", behaviour=Behaviour.PAYS),
    TrialNumber(digits="6011111111111117", label="Discover", behaviour=Behaviour.PAYS),
    TrialNumber(digits="4000000000000002", label="Visa", behaviour=Behaviour.DECLINES),
    TrialNumber(digits="4000000000009995", label="Visa", behaviour=Behaviour.LACKS_FUNDS),
    TrialNumber(digits="4000000000000119", label="Visa", behaviour=Behaviour.ANSWERS_LATE),
    TrialNumber(digits="4000000000000259", label="Visa", behaviour=Behaviour.ANSWERS_TWICE),
)
ROUTING = "110000000"
ACCOUNTS = (
    TrialNumber(digits="000123456789", label="", behaviour=Behaviour.PAYS),
    TrialNumber(digits="000222222227", label="", behaviour=Behaviour.LACKS_FUNDS),
    TrialNumber(digits="000111111116", label="", behaviour=Behaviour.DECLINES),
    TrialNumber(digits="000444444440", label="", behaviour=Behaviour.ANSWERS_LATE),
    TrialNumber(digits="000555555559", label="", behaviour=Behaviour.ANSWERS_TWICE),
    TrialNumber(digits="000333333335", label="", behaviour=Behaviour.COMES_BACK),
)
_BEHAVIOUR = {number.digits: number.behaviour for number in (*CARDS, *ACCOUNTS)}


def behaviour_of(digits: str) -> Behaviour:
    """What the simulated network does with this card or account number."""
    return _BEHAVIOUR.get(digits, Behaviour.PAYS)
