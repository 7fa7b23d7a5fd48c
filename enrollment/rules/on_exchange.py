"""Where somebody enrolls in an on-exchange plan, by state (ONX_01, ONX_02). Pure: no clock, no database.

Who runs the exchange of a state changes with the years, so the table is dated; where its pages are is a setting
(``ON_EXCHANGE_URLS``).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Platform(StrEnum):
    STATE_EXCHANGE = "state_exchange"
    SHOPPING_PLATFORM = "shopping_platform"


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One state's way onto the exchange, from a first day of coverage on."""

    us_state: str
    in_force_from: date
    platform: Platform
    name: str
    source: str


_FFM = "45 CFR 155.20: federally-facilitated exchange; enrollment guide page 6: by way of the IFM Shopping Platform"
EXCHANGES = (
    ExchangeRow(
        "IL",
        date(2014, 1, 1),
        Platform.SHOPPING_PLATFORM,
        "IFM Shopping Platform",
        "Illinois used HealthCare.gov until plan year 2025",
    ),
    ExchangeRow(
        "IL",
        date(2026, 1, 1),
        Platform.STATE_EXCHANGE,
        "Get Covered Illinois",
        "215 ILCS 122/5-5; 45 CFR 155.105: state exchange from plan year 2026",
    ),
    ExchangeRow("MT", date(2014, 1, 1), Platform.SHOPPING_PLATFORM, "IFM Shopping Platform", _FFM),
    ExchangeRow(
        "NM",
        date(2014, 1, 1),
        Platform.SHOPPING_PLATFORM,
        "IFM Shopping Platform",
        "Until plan year 2021 HealthCare.gov",
    ),
    ExchangeRow(
        "NM",
        date(2022, 1, 1),
        Platform.STATE_EXCHANGE,
        "BeWell, New Mexico's Health Insurance Marketplace",
        "NMSA 59A-23F; 45 CFR 155.105: state exchange from plan year 2022",
    ),
    ExchangeRow("OK", date(2014, 1, 1), Platform.SHOPPING_PLATFORM, "IFM Shopping Platform", _FFM),
    ExchangeRow("TX", date(2014, 1, 1), Platform.SHOPPING_PLATFORM, "IFM Shopping Platform", _FFM),
)

ADVICE = {
    Platform.STATE_EXCHANGE: "The enrollment is completed on the state's own exchange.",
    Platform.SHOPPING_PLATFORM: "It opens at the sign-in page: sign in, or register if there is no account yet.",
}
NOT_SET_UP = "On-exchange enrollment for {state} is not set up in this portal. Please call support."


class NoExchange(ValueError):
    """No row of the table is in force for that state and day."""


def exchange_for(us_state: str, *, effective_date: date) -> ExchangeRow:
    """Where coverage that begins on ``effective_date`` is applied for in the state. Raises ``NoExchange``."""
    rows = [row for row in EXCHANGES if row.us_state == us_state and row.in_force_from <= effective_date]
    if not rows:
        raise NoExchange(f"No exchange is known for {us_state} on {effective_date}.")
    return max(rows, key=lambda row: row.in_force_from)
