"""The texts that came with the portal, as a migration loads them: our own words, no company's name (AUT_07)."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "texts"
VERSION = "2026-11"
STATES = {"IL": "Illinois", "MT": "Montana", "NM": "New Mexico", "OK": "Oklahoma", "TX": "Texas"}
# (kind, file, states; an empty one for all of them)
SHIPPED = (
    ("TERMS", "terms.txt", tuple(STATES)),
    ("RIGHTS", "rights.txt", ("",)),
    ("PROXY", "proxy.txt", ("",)),
    ("CONSUMER_CHOICE", "consumer_choice.txt", ("TX",)),
    ("TEXT_MESSAGES", "text_messages.txt", ("",)),
    ("E_DELIVERY", "e_delivery.txt", ("",)),
    ("AUTOPAY", "autopay.txt", ("",)),
)


@dataclass(frozen=True)
class ShippedText:
    kind: str
    us_state: str
    version: str
    body: str

    @property
    def sha256(self) -> str:
        return digest(self.body)


def digest(body: str) -> str:
    """What is kept of a text beside it, to show that it has not been changed since: SHA-256 of its UTF-8, as hex."""
    return sha256(body.encode()).hexdigest()


def shipped() -> Iterator[ShippedText]:
    """Every text that came with the portal. The company of a state is the carrier's of that state (AUT_06)."""
    for kind, name, states in SHIPPED:
        raw = (FOLDER / name).read_text(encoding="utf-8").strip()
        for state in states:
            named = STATES.get(state, "")
            body = raw.replace("{COMPANY}", f"{{CARRIER_NAME}} of {named}").replace("{STATE}", named)
            yield ShippedText(kind, state, VERSION, body)
