"""What a deployment chooses for the payment portal, as its ``settings`` read it from the environment."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Options:
    """``folder``: database and ledger. ``public_url``: its address for browsers, without a slash at the end.

    ``secret``: the key the portal signs with, too. ``open_for``: how long a payer has to submit a payment. ``bank_takes``:
    until the simulated bank says what became of a debit; ``comes_back_after``: how much later it sends one back.
    """

    folder: Path
    public_url: str
    secret: str
    open_for: timedelta
    bank_takes: timedelta
    comes_back_after: timedelta
    carrier_name: str
    support_phone: str

    @property
    def over_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def access_cookie(self) -> str:
        return "__Secure-payment_access" if self.over_https else "payment_access"


LANGUAGE_COOKIE = "payment_language"


def options() -> Options:
    """The options of this process."""
    found: Options = getattr(settings, "PAYMENT_PORTAL")  # noqa: B009 - the portal's own settings have none
    return found
