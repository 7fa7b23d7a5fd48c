"""Invented people: names by state, sex and year of birth, and how families are made up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random

from portal.demo_data.chance import Weighted, table

PRIMARY, SPOUSE, CHILD = "PRIMARY", "SPOUSE", "CHILD"
FEMALE, MALE = "F", "M"
DAYS_A_YEAR = 365.2425

# Share of households with a Hispanic or a Native American surname, roughly as in each state.
ORIGIN_SHARES = {
    "IL": {"hispanic": 0.14, "native": 0.0},
    "MT": {"hispanic": 0.03, "native": 0.03},
    "NM": {"hispanic": 0.46, "native": 0.07},
    "OK": {"hispanic": 0.10, "native": 0.02},
    "TX": {"hispanic": 0.38, "native": 0.0},
}
# Spellings the census table has without the accent; some families write it.
ACCENTED = {
    "Munoz": "Muñoz",
    "Nunez": "Núñez",
    "Pena": "Peña",
    "Garcia": "García",
    "Marin": "Marín",
    "Zuniga": "Zúñiga",
    "Cantu": "Cantú",
}
ACCENTED_SHARE = 0.15
DOUBLE_SURNAME_SHARE = 0.03
INITIALS = "AAABCCDDEEFGHIJJJKLLLMMMMNOPRRRSSTVW"


@dataclass(slots=True)
class Contact:
    """One phone number or email address, as ``clients.ContactPoint`` keeps it."""

    kind: str
    value: str
    extension: str = ""
    send_text: bool = False


@dataclass(slots=True)
class Person:
    """One member of a household before it has a row."""

    role: str
    first_name: str
    last_name: str
    date_of_birth: date
    sex: str
    middle_initial: str = ""
    ssn: str | None = None
    contacts: list[Contact] = field(default_factory=list)
    disabled_dependent: bool = False
    unmarried_veteran: bool = False
    row_id: int = 0


@cache
def _surnames(origin: str) -> Weighted[str]:
    return Weighted((row["name"], int(row["per_100000"])) for row in table("surnames.csv") if row["origin"] == origin)


@cache
def _first_names() -> dict[tuple[str, str], list[tuple[int, Weighted[str]]]]:
    """By sex and origin: cohorts, newest first, each with the year it begins in; earlier names are commoner."""
    cohorts: dict[tuple[str, str], list[tuple[int, Weighted[str]]]] = {}
    for row in table("first_names.csv"):
        names = row["names"].split()
        pick = Weighted((name, 1 / (place + 8)) for place, name in enumerate(names))
        cohorts.setdefault((row["sex"], row["origin"]), []).append((int(row["born_from"]), pick))
    for listed in cohorts.values():
        listed.sort(key=lambda cohort: -cohort[0])
    return cohorts


def _origin(rng: Random, us_state: str) -> str:
    drawn = rng.random()
    for origin, share in ORIGIN_SHARES[us_state].items():
        if drawn < share:
            return origin
        drawn -= share
    return ""


def surname(rng: Random, us_state: str) -> tuple[str, str]:
    """Return a surname and its origin, which the first names of the family follow."""
    origin = _origin(rng, us_state)
    name = _surnames(origin).pick(rng)
    if name in ACCENTED and rng.random() < ACCENTED_SHARE:
        name = ACCENTED[name]
    if rng.random() < DOUBLE_SURNAME_SHARE:
        second = _surnames(_origin(rng, us_state)).pick(rng)
        if second != name:
            name = f"{name}-{second}"
    return name, origin


def first_name(rng: Random, *, sex: str, born: int, origin: str) -> str:
    """Return a first name given to children born in the year ``born``."""
    if origin == "hispanic" and rng.random() < 0.3:
        origin = ""  # many families choose from both lists
    cohorts = _first_names()[sex, origin if origin == "hispanic" else ""]
    for year, names in cohorts:
        if born >= year:
            return names.pick(rng)
    return cohorts[-1][1].pick(rng)


def born_at_age(rng: Random, today: date, age: float) -> date:
    """Return a birth date that makes the person about ``age`` years old, on any day of the year."""
    return date.fromordinal(today.toordinal() - int((age + rng.random()) * DAYS_A_YEAR))


class FamilyMaker:
    """Families of one state as they are on one day."""

    # Household kinds of the individual market: share, spouse or not, number of children.
    KINDS = Weighted(
        [
            ((False, 0), 66),
            ((True, 0), 14),
            ((True, 1), 4),
            ((True, 2), 5),
            ((True, 3), 2),
            ((False, 1), 6),
            ((False, 2), 3),
        ]
    )
    ADULT_AGES = Weighted(
        [((19, 26), 9), ((26, 35), 20), ((35, 45), 21), ((45, 55), 23), ((55, 65), 26), ((65, 68), 1)]
    )

    def __init__(self, today: date) -> None:
        self.today = today

    def family(
        self,
        rng: Random,
        us_state: str,
        *,
        spouse: bool | None = None,
        children: int | None = None,
        last_name: str | None = None,
    ) -> list[Person]:
        """Return a household's people, the primary insured first. What is not asked for is left to chance."""
        drawn_spouse, drawn_children = self.KINDS.pick(rng)
        spouse = drawn_spouse if spouse is None else spouse
        children = drawn_children if children is None else children
        low, high = self.ADULT_AGES.pick(rng)
        if children:
            low, high = max(low, 27), min(max(high, 32), 56)
        age = rng.uniform(low, high - 1)
        drawn, origin = surname(rng, us_state)
        name = last_name or drawn
        primary = self.person(rng, PRIMARY, name, age=age, origin=origin)
        people = [primary]
        if spouse:
            people.append(self._spouse(rng, us_state, primary, age, origin))
        people += self._children(rng, primary, age, children, origin)
        return people

    def person(
        self, rng: Random, role: str, last_name: str, *, age: float, origin: str = "", sex: str | None = None
    ) -> Person:
        """Return a person of about that age."""
        sex = sex or (FEMALE if rng.random() < 0.53 else MALE)
        born = born_at_age(rng, self.today, age)
        return Person(
            role=role,
            first_name=first_name(rng, sex=sex, born=born.year, origin=origin),
            middle_initial=rng.choice(INITIALS) if rng.random() < 0.6 else "",
            last_name=last_name,
            date_of_birth=born,
            sex=sex,
        )

    def _spouse(self, rng: Random, us_state: str, primary: Person, age: float, origin: str) -> Person:
        own_name = rng.random() < 0.2
        last_name = surname(rng, us_state)[0] if own_name else primary.last_name
        sex = MALE if primary.sex == FEMALE else FEMALE
        if rng.random() < 0.03:
            sex = primary.sex
        return self.person(rng, SPOUSE, last_name, age=max(19.0, age + rng.gauss(0, 3)), origin=origin, sex=sex)

    def _children(self, rng: Random, primary: Person, age: float, count: int, origin: str) -> Iterator[Person]:
        oldest = max(1.0, min(24.9, age - 20))
        taken = {primary.first_name}
        for _ in range(count):
            child = self.person(rng, CHILD, primary.last_name, age=rng.uniform(0, oldest), origin=origin)
            while child.first_name in taken:
                child.first_name = first_name(rng, sex=child.sex, born=child.date_of_birth.year, origin=origin)
            taken.add(child.first_name)
            yield child
