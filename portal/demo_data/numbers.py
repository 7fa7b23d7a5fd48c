"""Numbers shaped like the carrier's: unique, scattered, and the same for the same running number."""

import string
from dataclasses import dataclass

# The Social Security Administration has never issued area 666, and taxpayer numbers start with 9: no living person
# and no taxpayer can have one of these.
NEVER_ISSUED_AREA = "666"
# Account numbers below this belong to the households of portal.demo_data.cases.
FIRST_SCATTERED_ACCOUNT = 200_000_000
NPI_CARD_PREFIX = "80840"
_PENDING_ALPHABET = "".join(sorted(set(string.ascii_uppercase + string.digits) - set("0O1I")))


@dataclass(frozen=True)
class Scatter:
    """A permutation of the numbers below ``span``: multiplying by a ``step`` that shares no factor with it."""

    span: int
    step: int

    def __call__(self, serial: int) -> int:
        return serial * self.step % self.span


ACCOUNTS = Scatter(800_000_000, 389_412_637)
MEMBERS = Scatter(100_000_000_000, 61_803_398_873)
EAPPS = Scatter(100_000_000, 38_196_601)
CLIENT_APPS = Scatter(90_000, 55_633)
EXCHANGE_IDS = Scatter(9_000_000_000, 5_562_305_899)
PENDING_IDS = Scatter(len(_PENDING_ALPHABET) ** 6, 663_608_941)
SSNS = Scatter(99 * 9_999, 377_897)


def account_number(serial: int) -> str:
    """Nine digits."""
    return str(FIRST_SCATTERED_ACCOUNT + ACCOUNTS(serial))


def member_id(serial: int) -> str:
    """Twelve digits."""
    return str(800_000_000_000 + MEMBERS(serial))


def eapp_number(serial: int) -> str:
    """Ten digits, like 0101389016."""
    return f"01{EAPPS(serial):08}"


def client_app_id(serial: int) -> str:
    """PP and five digits, like PP97127; seven digits once those are used up."""
    if serial < CLIENT_APPS.span:
        return f"PP{10_000 + CLIENT_APPS(serial)}"
    return f"PP{1_000_000 + serial}"


def exchange_assigned_id(serial: int) -> str:
    """Ten digits, not starting with 0."""
    return str(1_000_000_000 + EXCHANGE_IDS(serial))


def pending_application_id(serial: int) -> str:
    """Six letters and digits without 0, O, 1 and I, which look alike on a notice."""
    base = len(_PENDING_ALPHABET)
    left = PENDING_IDS(serial)
    text = ""
    for _ in range(6):
        left, digit = divmod(left, base)
        text += _PENDING_ALPHABET[digit]
    return text


def ssn(serial: int) -> str:
    """Nine digits in an area that is never issued; unique for the first 989,901 serials."""
    group, last = divmod(SSNS(serial), 9_999)
    return f"{NEVER_ISSUED_AREA}{group + 1:02}{last + 1:04}"


def ssn_ending_like(other: str) -> str:
    """Another person's number with the same last four digits."""
    group = int(other[3:5]) % 99 + 1
    return f"{NEVER_ISSUED_AREA}{group:02}{other[5:]}"


def npi(serial: int) -> str:
    """A National Provider Identifier: ten digits, the last a Luhn check over 80840 and the first nine (45 CFR 162.406)."""
    body = f"1{serial:08}"
    total = 0
    for place, digit in enumerate(reversed(NPI_CARD_PREFIX + body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{body}{-total % 10}"
