"""Products that policies are written for, and what they cost.

Names, plan ids and rates are those of the shipped sample catalog; the two kinds no longer sold (a plan from before
2010 and short-term cover) are added here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from portal.demo_data.chance import Weighted, table
from portal.demo_data.people import CHILD, Person

ON, OFF = "ON", "OFF"
MEDICAL, DENTAL = "MEDICAL", "DENTAL"
CHARGED_CHILDREN = 3  # only the three oldest children under 21 are charged (45 CFR 147.102(c)(1))
ADULT = 21
CATASTROPHIC_BELOW = 30

# Premium of each age as thousandths of the premium at 21: the federal default curve (45 CFR 147.102(e)).
CHILD_FACTORS = {**dict.fromkeys(range(15), 765), 15: 833, 16: 859, 17: 885, 18: 913, 19: 941, 20: 970}
ADULT_FACTORS = (
    *(1000, 1000, 1000, 1000, 1004, 1024, 1048, 1087, 1119),  # 21 to 29
    *(1135, 1159, 1183, 1198, 1214, 1222, 1230, 1238, 1246, 1262),  # 30 to 39
    *(1278, 1302, 1325, 1357, 1397, 1444, 1500, 1563, 1635, 1706),  # 40 to 49
    *(1786, 1865, 1952, 2040, 2135, 2230, 2333, 2437, 2548, 2603),  # 50 to 59
    *(2714, 2810, 2873, 2952, 3000),  # 60 to 64 and over
)
AGE_FACTORS = (*(CHILD_FACTORS[age] for age in range(ADULT)), *ADULT_FACTORS)


@dataclass(frozen=True, slots=True)
class Product:
    """One row of the sample catalog. Rates are cents a month for an adult of 21 (medical) or any adult (dental)."""

    us_state: str
    plan_id: str
    name: str
    line: str
    metal_level: str
    network_type: str
    group_number: str
    adult_cents: int
    child_cents: int = 0
    grandfathered: bool = False
    is_temporary: bool = False

    @property
    def requires_pcp(self) -> bool:
        return self.line == MEDICAL and self.network_type in {"HMO", "POS"}

    def monthly_cents(self, covered: Sequence[Person], *, on: date) -> int:
        """What the product costs for these people when coverage starts on ``on``."""
        ages = [(on.toordinal() - person.date_of_birth.toordinal()) * 100 // 36525 for person in covered]
        charged = [age for age, person in zip(ages, covered, strict=True) if age >= ADULT or person.role != CHILD]
        young = sorted(age for age, person in zip(ages, covered, strict=True) if age < ADULT and person.role == CHILD)
        charged += young[-CHARGED_CHILDREN:]
        return sum(self._member_cents(max(age, 0)) for age in charged)

    def _member_cents(self, age: int) -> int:
        if self.line == DENTAL:
            return self.adult_cents if age >= ADULT else self.child_cents
        return self.adult_cents * AGE_FACTORS[min(age, 64)] // 1000


GRANDFATHERED_PLAN = Product(
    us_state="MT",
    plan_id="",
    name="Mountain Select PPO 1500",
    line=MEDICAL,
    metal_level="",
    network_type="PPO",
    group_number="IX3150",
    adult_cents=27_640,
    grandfathered=True,
)
SHORT_TERM_PLAN = Product(
    us_state="TX",
    plan_id="",
    name="Summit Bridge Temporary PPO 80",
    line=MEDICAL,
    metal_level="",
    network_type="PPO",
    group_number="IT8080",
    adult_cents=11_285,
    is_temporary=True,
)


@cache
def _catalog() -> list[tuple[Product, set[str], int]]:
    """Products with the markets they are sold on and how often they are chosen."""
    return [
        (
            Product(
                us_state=row["us_state"],
                plan_id=row["plan_id"],
                name=row["product_name"],
                line=row["line"],
                metal_level=row["metal_level"],
                network_type=row["network_type"],
                group_number=row["group_number"],
                adult_cents=_cents(row["adult_rate"]),
                child_cents=_cents(row["child_rate"] or "0"),
            ),
            {market for market, column in ((ON, "on_exchange"), (OFF, "off_exchange")) if row[column] == "Y"},
            int(row["weight"]),
        )
        for row in table("products.csv")
    ]


def _cents(text: str) -> int:
    dollars, _, cents = text.partition(".")
    return int(dollars) * 100 + int(f"{cents:0<2}")


@cache
def _choice(us_state: str, market: str, line: str, network: str, catastrophic: bool) -> Weighted[Product]:
    return Weighted(
        (product, weight)
        for product, markets, weight in _catalog()
        if product.us_state == us_state
        and market in markets
        and product.line == line
        and network in {"", product.network_type}
        and (catastrophic or product.metal_level != "Catastrophic")
    )


def choose(
    rng: Random, us_state: str, market: str, *, line: str = MEDICAL, network: str = "", oldest_age: int = 99
) -> Product:
    """Return a product sold in the state on that market; catastrophic plans only below 30."""
    return _choice(us_state, market, line, network, oldest_age < CATASTROPHIC_BELOW).pick(rng)
