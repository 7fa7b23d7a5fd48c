"""Whom to call, as data (C25)."""

from dataclasses import dataclass

from django.conf import settings

from portal.common.dates import US_STATES


@dataclass(frozen=True)
class SupportLine:
    """Producer services for one state."""

    us_state: str
    state_name: str
    phone: str


def lines_by_state() -> list[SupportLine]:
    """The line of every state the portal serves, by abbreviation; without one of its own, the general number."""
    return [
        SupportLine(us_state, name, settings.SUPPORT_PHONES_BY_STATE.get(us_state, settings.SUPPORT_PHONE))
        for us_state, name in sorted(US_STATES.items())
    ]
