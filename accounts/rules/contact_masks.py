"""Showing where a code goes without telling a stranger the address (LOG_07, FPW_02)."""

from dataclasses import dataclass

LONGEST_TAIL = 5
HIDDEN_PART = "xxx"
SHOWN_DIGITS = 4

# How names of mailboxes end. Only the variety matters: none of them may look made up.
_TAILS = (
    "1970 1982 adams agency aines allen amson arcia arker arson artin aylor baker berts broker brown burns cares "
    "cox cruz davis dgers ealth elson erson evans fford foley gomez grant green group haney hardt hayes henry hicks "
    "hmidt iller ilson insure ivera james jones kelly kim kings lee lewis llins lopez lynch mason meyer moore nders "
    "nefits nolan nsons obson office olsen ompson organ ortiz ouglas parks perez quinn ramos reyes rnold rogers "
    "rooks ryant shaw smith stone sulli tcher team terry urner vance walsh watts white young"
)
USUAL_TAILS = tuple(_TAILS.split())


@dataclass(frozen=True)
class DecoyMasks:
    """What an unknown username is shown; ``phone`` is empty where no mobile number is to be offered."""

    email: str
    phone: str


def _tail(address: str) -> tuple[str, str]:
    """The end of the name part that may be shown, and the domain (empty when it is not an address)."""
    name, at, domain = address.rpartition("@")
    shown = min(LONGEST_TAIL, len(name) // 2)
    return (name[len(name) - shown :], domain) if at else ("", "")


def mask_email(address: str) -> str:
    """``rita.solberg@example.com`` as ``xxxlberg@example.com``.

    At most five characters and never more than half of the name part stay readable. The hidden part is always three
    letters long, so that the mask does not tell the length of the name.
    """
    tail, domain = _tail(address)
    return f"{HIDDEN_PART}{tail}@{domain}" if domain else HIDDEN_PART


def mask_email_and_domain(address: str) -> str:
    """``rita.solberg@example.com`` as ``xxxlberg@xxx``, for people who have proven nothing yet.

    The domain of an agency of its own could not be made up for an unknown username, so it would tell that this one
    exists.
    """
    return f"{HIDDEN_PART}{_tail(address)[0]}@{HIDDEN_PART}"


def mask_phone(digits: str) -> str:
    """``3125550001`` as ``xxxxxx0001``: the last four of ten digits stay readable."""
    return f"xxxxxx{digits[-SHOWN_DIGITS:]}"


def decoy_masks(chance: bytes) -> DecoyMasks:
    """Masks of an address and a number that do not exist, the same for the same ``chance`` (at least eight bytes).

    Half of the decoys have a mobile number.
    """
    tail = USUAL_TAILS[int.from_bytes(chance[:3]) % len(USUAL_TAILS)][-LONGEST_TAIL:]
    phone = mask_phone(f"{int.from_bytes(chance[3:7]) % 10**SHOWN_DIGITS:0{SHOWN_DIGITS}}") if chance[7] % 2 else ""
    return DecoyMasks(email=f"{HIDDEN_PART}{tail}@{HIDDEN_PART}", phone=phone)
