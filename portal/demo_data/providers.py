"""The directory of HMO and POS networks: medical groups, physicians, and who has whom from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from clients.rules.dated import add_months, first_of_month
from portal.demo_data import numbers
from portal.demo_data.chance import seeded
from portal.demo_data.people import FEMALE, MALE, first_name, surname

OPENED = date(2012, 1, 1)
NETWORKS = ("HMO", "POS")
ONE_DAY = timedelta(days=1)
ASKED_OUT = "Asked Out"
REASONS = (
    "Change Of Residence",
    "Concern With Access",
    "Doctor/Med Grp Location",
    "Hospital Affiliated",
    "Member Preferred One Doctor For Family",
    "No Reason Given",
    "Referral Problems",
    "Retired",
)
SELECTED, ASSIGNED = "Selected by member", "Assigned by carrier"

# Illinois groups: number, name, town.
GROUPS = (
    ("124", "Lakeshore Physicians Group", "Chicago"),
    ("131", "Northside Medical Associates", "Chicago"),
    ("148", "Calumet Valley Medical Group", "Chicago"),
    ("157", "Garfield Park Family Health", "Chicago"),
    ("203", "Fox Valley Physicians", "Aurora"),
    ("218", "Tri-Rivers Medical Group", "Elgin"),
    ("226", "Desplaines Valley Health Partners", "Joliet"),
    ("239", "North Suburban Internists", "Evanston"),
    ("245", "Woodfield Medical Group", "Schaumburg"),
    ("301", "Rock River Clinic", "Rockford"),
    ("322", "Capitol City Physicians", "Springfield"),
    ("337", "Heart of Illinois Medical Group", "Peoria"),
    ("351", "Twin Cities Primary Care", "Bloomington"),
    ("368", "Prairie Land Health Group", "Champaign"),
    ("402", "Quad Rivers Medical Associates", "Moline"),
    ("419", "Little Egypt Physicians", "Carbondale"),
    ("433", "Metro East Medical Group", "Belleville"),
    ("448", "Macon County Clinic", "Decatur"),
    ("597", "South Loop Health Partners", "Chicago"),
    ("602", "Waukegan Harbor Medical Group", "Waukegan"),
)
CLOSED_GROUP = ("710", "Old Town Physicians (closed)", "Chicago")
TOWNS = {
    "MT": ("Billings", "Missoula", "Bozeman", "Helena", "Great Falls"),
    "NM": ("Albuquerque", "Santa Fe", "Las Cruces", "Farmington", "Roswell"),
    "OK": ("Oklahoma City", "Tulsa", "Norman", "Lawton", "Stillwater"),
    "TX": ("Houston", "Dallas", "San Antonio", "Austin", "El Paso", "Fort Worth", "McAllen", "Lubbock"),
}
# What a practice offers: specialty, whether it serves as PCP, youngest, oldest, only sex.
PRACTICES = (
    ("Family Medicine", True, None, None, ""),
    ("Internal Medicine", True, 18, None, ""),
    ("Pediatrics", True, None, 18, ""),
    ("Family Medicine", True, None, None, ""),
    ("Obstetrics & Gynecology", True, 13, None, FEMALE),
    ("Geriatric Medicine", True, 60, None, ""),
    ("General Practice", True, None, None, ""),
    ("Cardiology", False, None, None, ""),
)


@dataclass(frozen=True, slots=True)
class Group:
    """One medical group; ``row_id`` is its key in the database."""

    row_id: int
    number: str
    name: str
    us_state: str
    city: str
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Physician:
    """One physician of the directory; ``row_id`` is its key in the database."""

    row_id: int
    npi: str
    pcpa_number: str
    first_name: str
    last_name: str
    specialty: str
    serves_as_pcp: bool
    youngest: int | None
    oldest: int | None
    only_sex: str
    us_state: str
    city: str
    group: Group | None
    accepts_new: bool
    end: date | None = None

    def takes(self, age: int, sex: str) -> bool:
        """Whether a person of this age and sex can be on the panel today."""
        old_enough = self.youngest is None or age >= self.youngest
        young_enough = self.oldest is None or age <= self.oldest
        return self.serves_as_pcp and self.end is None and old_enough and young_enough and self.only_sex in {"", sex}


@dataclass(frozen=True, slots=True)
class PcpSpan:
    """A member's physician for some days, first and last included."""

    physician: Physician
    first_day: date
    last_day: date | None
    received_on: date
    assigned_by: str
    reason: str = ""


@cache
def groups() -> tuple[Group, ...]:
    """All medical groups of the directory."""
    open_groups = [Group(place, number, name, "IL", city) for place, (number, name, city) in enumerate(GROUPS, start=1)]
    number, name, city = CLOSED_GROUP
    return (*open_groups, Group(len(open_groups) + 1, number, name, "IL", city, end=date(2022, 12, 31)))


@cache
def physicians() -> tuple[Physician, ...]:
    """All physicians of the directory: eight in each group and town."""
    rng = seeded("directory")
    practices: list[tuple[str, str, Group | None]] = [(group.us_state, group.city, group) for group in groups()]
    practices += [(us_state, city, None) for us_state, cities in TOWNS.items() for city in cities]
    found: list[Physician] = []
    for us_state, city, group in practices:
        for place, (specialty, serves, youngest, oldest, only_sex) in enumerate(PRACTICES):
            serial = len(found) + 1
            sex = FEMALE if rng.random() < 0.5 else MALE
            last_name, origin = surname(rng, us_state)
            found.append(
                Physician(
                    row_id=serial,
                    npi=numbers.npi(7_301_000 + serial * 613),
                    pcpa_number=f"P{us_state}{40_000 + serial * 7}",
                    first_name=first_name(rng, sex=sex, born=rng.randrange(1958, 1994), origin=origin),
                    last_name=last_name,
                    specialty=specialty,
                    serves_as_pcp=serves,
                    youngest=youngest,
                    oldest=oldest,
                    only_sex=only_sex,
                    us_state=us_state,
                    city=city,
                    group=group,
                    accepts_new=place != 3,
                    end=group.end if group else (date(2023, 6, 30) if place == 6 else None),
                )
            )
    return tuple(found)


@cache
def _open_panels(us_state: str) -> tuple[Physician, ...]:
    return tuple(one for one in physicians() if one.us_state == us_state and one.serves_as_pcp and one.end is None)


def choose_physician(
    rng: Random, us_state: str, *, age: int, sex: str, avoid: Sequence[Physician | None] = ()
) -> Physician:
    """Return a physician of the state who takes a person of this age and sex."""
    panels = _open_panels(us_state)
    while True:
        one = rng.choice(panels)
        if one.takes(age, sex) and one not in avoid:
            return one


def spans(
    rng: Random, us_state: str, *, age: int, sex: str, first_day: date, last_day: date | None, today: date
) -> list[PcpSpan]:
    """Return a member's physicians during one coverage, one after the other without a gap; one in eight changed once."""
    physician = choose_physician(rng, us_state, age=age, sex=sex)
    assigned = ASSIGNED if rng.random() < 0.3 else SELECTED
    received = first_day - timedelta(days=rng.randrange(3, 20))
    months = (today.year - first_day.year) * 12 + today.month - first_day.month
    if months < 3 or rng.random() >= 0.125:
        return [PcpSpan(physician, first_day, last_day, received, assigned)]
    changed_on = add_months(first_of_month(first_day), rng.randrange(1, months))
    if last_day is not None and changed_on > last_day:
        return [PcpSpan(physician, first_day, last_day, received, assigned)]
    other = choose_physician(rng, us_state, age=age, sex=sex, avoid=(physician,))
    asked_for = changed_on - timedelta(days=rng.randrange(1, 27))
    return [
        PcpSpan(physician, first_day, changed_on - ONE_DAY, received, assigned),
        PcpSpan(other, changed_on, last_day, max(asked_for, first_day), SELECTED, rng.choice(REASONS)),
    ]
