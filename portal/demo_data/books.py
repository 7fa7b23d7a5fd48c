"""Who sells: producers, their numbers, who stands above whom, and how large each book is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from portal.demo_data import places
from portal.demo_data.chance import Weighted, seeded
from portal.demo_data.households import ProducerNumberRef
from portal.demo_data.people import FEMALE, MALE, first_name, surname
from portal.demo_data.places import Address

POLICIES_PER_MEMBER = 1.3
MEMBERS_PER_PRODUCER = 200
NUMBERS_START = 100_000_000  # numbers of producers who are only there to make the carrier large
STATES = Weighted([("TX", 45), ("IL", 30), ("OK", 11), ("NM", 9), ("MT", 5)])
# Books differ widely: many small ones and a few very large ones (log-normal, this is its sigma).
BOOK_SPREAD = 1.5
DIRECT_DOWNLINE = 12
DEEPEST_LEVEL = 3
# What bench users see, own and downline: policies, and over how many producers below.
BENCH_BOOKS = (("bench3k", 3_000, 0), ("bench30k", 30_000, 30), ("bench100k", 100_000, 400))


@dataclass(slots=True)
class NumberSpec:
    """One producer number before it has a row."""

    ref: ProducerNumberRef
    company: str
    address: Address
    phone: str
    share: float = 1.0


@dataclass(slots=True)
class ProducerSpec:
    """One producer before it has a row; ``policies`` is the size of the own book."""

    row_id: int
    npn: str
    first_name: str
    last_name: str
    parent: "ProducerSpec | None"
    policies: int
    username: str = ""
    email: str = ""
    mobile: str = ""
    is_agency: bool = False
    numbers: list[NumberSpec] = field(default_factory=list)

    @property
    def uplines(self) -> Iterator["ProducerSpec"]:
        """Everybody above, nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent


@dataclass(frozen=True, slots=True)
class DemoProducer:
    """A producer of the demo: name, place in the hierarchy, numbers by state and size of the own book.

    Without a login the registration can be tried with the record.
    """

    username: str
    first_name: str
    last_name: str
    npn: str
    parent: str
    numbers: tuple[tuple[str, str, float], ...]
    policies: int
    mobile: str
    company: str
    is_agency: bool = False
    has_login: bool = True


# Numbers behind which an own sales platform stands; only its applications have a client app ID.
WEB_PRODUCERS = frozenset({"000412702", "000845377"})
# Below prairieagency two levels; outsider9 belongs to another agency. Shares say how a book spreads over the numbers.
DEMO_PRODUCERS = (
    DemoProducer(
        username="prairieagency",
        first_name="",
        last_name="Prairie Agency Inc.",
        npn="1704416",
        parent="",
        numbers=(("000410001", "IL", 3), ("000840001", "TX", 2), ("000640001", "OK", 1)),
        policies=140,
        mobile="3125550101",
        company="Prairie Agency Inc.",
        is_agency=True,
    ),
    DemoProducer(
        username="rsolberg7",
        first_name="Rita",
        last_name="Solberg",
        npn="8815207",
        parent="prairieagency",
        numbers=(("000412701", "IL", 38), ("000412702", "IL", 22), ("000845210", "TX", 25), ("000300415", "MT", 15)),
        policies=400,
        mobile="3125550107",
        company="Solberg Insurance Services",
    ),
    DemoProducer(
        username="pnguyen44",
        first_name="Paul",
        last_name="Nguyen",
        npn="19520338",
        parent="rsolberg7",
        numbers=(("000412790", "IL", 1),),
        policies=24,
        mobile="6305550119",
        company="Solberg Insurance Services",
    ),
    DemoProducer(
        username="mcastillo8",
        first_name="Marisol",
        last_name="Castillo",
        npn="7260914",
        parent="prairieagency",
        numbers=(("000845377", "TX", 3), ("000520188", "NM", 1)),
        policies=1_260,
        mobile="2105550133",
        company="Castillo Benefits Group",
    ),
    DemoProducer(
        username="jbegaye5",
        first_name="Jolene",
        last_name="Begaye",
        npn="16640285",
        parent="mcastillo8",
        numbers=(("000520412", "NM", 1),),
        policies=760,
        mobile="5055550126",
        company="Castillo Benefits Group",
    ),
    DemoProducer(
        username="twhitman6",
        first_name="Tom",
        last_name="Whitman",
        npn="3391870",
        parent="prairieagency",
        numbers=(("000640233", "OK", 4), ("000845902", "TX", 1)),
        policies=1_050,
        mobile="9185550148",
        company="Whitman & Daughters Insurance",
    ),
    DemoProducer(
        username="ebaker19",
        first_name="Evelyn",
        last_name="Baker",
        npn="11207456",
        parent="prairieagency",
        numbers=(("000413355", "IL", 1),),
        policies=880,
        mobile="2175550152",
        company="Baker Health Plans",
    ),
    DemoProducer(
        username="kolson31",
        first_name="Kirsten",
        last_name="Olson",
        npn="18053917",
        parent="twhitman6",
        numbers=(("000300760", "MT", 2), ("000640881", "OK", 1)),
        policies=486,
        mobile="4065550164",
        company="Whitman & Daughters Insurance",
    ),
    DemoProducer(
        username="lonemesa",
        first_name="",
        last_name="Lone Mesa Benefits LLC",
        npn="2048733",
        parent="",
        numbers=(("000520900", "NM", 1), ("000414900", "IL", 1)),
        policies=40,
        mobile="5055550102",
        company="Lone Mesa Benefits LLC",
        is_agency=True,
    ),
    DemoProducer(
        username="outsider9",
        first_name="Owen",
        last_name="Marsh",
        npn="9937120",
        parent="lonemesa",
        numbers=(("000414977", "IL", 3), ("000520977", "NM", 1), ("000845977", "TX", 1)),
        policies=260,
        mobile="3125550190",
        company="Marsh Coverage Advisors",
    ),
    DemoProducer(
        username="lhartwell",
        first_name="Lena",
        last_name="Hartwell",
        npn="20418833",
        parent="",
        numbers=(("000413406", "IL", 1),),
        policies=18,
        mobile="2175550175",
        company="Hartwell Insurance",
        has_login=False,
    ),
)


def demo_producers() -> list[ProducerSpec]:
    """The producers of the documentation, uplines before their downlines."""
    made: dict[str, ProducerSpec] = {}
    number_id = 0
    for row_id, one in enumerate(DEMO_PRODUCERS, start=1):
        rng = seeded("producer", one.username)
        local_part = f"{one.first_name}.{one.last_name}".lower() if one.first_name else "office"
        domain = "example.com" if one.first_name else f"{one.username}.example.com"
        producer = ProducerSpec(
            row_id=row_id,
            npn=one.npn,
            first_name=one.first_name,
            last_name=one.last_name,
            parent=made.get(one.parent),
            policies=one.policies,
            username=one.username if one.has_login else "",
            email=f"{local_part}@{domain}",
            mobile=one.mobile,
            is_agency=one.is_agency,
        )
        for number, us_state, share in one.numbers:
            number_id += 1
            address = places.address(rng, us_state)
            ref = ProducerNumberRef(number_id, us_state, number, web_producer=number in WEB_PRODUCERS)
            phone = f"{address.town.area_code}5550{rng.randrange(100, 200)}"
            producer.numbers.append(NumberSpec(ref, one.company, address, phone, share))
        made[one.username] = producer
    return list(made.values())


def carrier_producers(seed: object, *, members: int, first_row: int, first_number_row: int) -> list[ProducerSpec]:
    """Return the producers who make the carrier large: bench users with their agencies first, then everybody else.

    Bench users whose book would be more than half of all policies are left out.
    """
    rng = seeded(seed, "carrier", members)
    maker = _ProducerMaker(rng, first_row, first_number_row)
    policies = round(members * POLICIES_PER_MEMBER)
    left = policies
    made: list[ProducerSpec] = []
    for username, visible, below in BENCH_BOOKS:
        if visible * 2 > policies:
            continue
        sizes = _book_sizes(rng, visible, below + 1)
        top = maker.producer(None, max(sizes) if below else visible, username=username)
        sizes.remove(max(sizes))
        made += [top, *maker.agency(top, sizes)]
        left -= visible
    ordinary = max(members // MEMBERS_PER_PRODUCER - len(made), 1)
    sizes = _book_sizes(rng, left, ordinary)
    while sizes:
        team = min(len(sizes), rng.choice((1, 1, 2, 4, 8, 15, 30)))
        top = maker.producer(None, sizes.pop())
        below_sizes = [sizes.pop() for _ in range(team - 1)]
        made += [top, *maker.agency(top, below_sizes)]
    return made


def _book_sizes(rng: Random, policies: int, books: int) -> list[int]:
    """Spread ``policies`` over so many books of very different size; the sizes add up exactly."""
    weights = [rng.lognormvariate(0, BOOK_SPREAD) for _ in range(books)]
    total = sum(weights)
    bounds, reached = [0], 0.0
    for weight in weights:
        reached += weight
        bounds.append(round(policies * reached / total))
    bounds[-1] = policies
    return [after - before for before, after in zip(bounds, bounds[1:], strict=False)]


class _ProducerMaker:
    def __init__(self, rng: Random, first_row: int, first_number_row: int) -> None:
        self.rng = rng
        self.next_row = first_row
        self.next_number_row = first_number_row

    def producer(self, parent: ProducerSpec | None, policies: int, *, username: str = "") -> ProducerSpec:
        """Return a producer with one to three numbers."""
        rng = self.rng
        states = [STATES.pick(rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
        sex = FEMALE if rng.random() < 0.5 else MALE
        last_name, origin = surname(rng, states[0])
        first = first_name(rng, sex=sex, born=rng.randrange(1955, 2000), origin=origin)
        serial = self.next_row
        producer = ProducerSpec(
            row_id=serial,
            npn=f"{30_000_000 + serial}",
            first_name=first,
            last_name=last_name,
            parent=parent,
            policies=policies,
            username=username,
            email=f"producer{serial}@example.com",
            mobile=f"312555{serial % 9_900 + 100:04}",
        )
        self.next_row += 1
        for us_state in states:
            address = places.address(rng, us_state)
            number = str(NUMBERS_START + self.next_number_row)
            ref = ProducerNumberRef(self.next_number_row, us_state, number, web_producer=rng.random() < 0.1)
            phone = places.phone(rng, address.town.area_code)
            producer.numbers.append(NumberSpec(ref, f"{last_name} Insurance", address, phone, rng.uniform(0.3, 1)))
            self.next_number_row += 1
        return producer

    def agency(self, top: ProducerSpec, sizes: list[int]) -> Iterator[ProducerSpec]:
        """Yield producers below ``top``, one for each book size, up to three levels down."""
        hands = [top]
        for place, size in enumerate(sizes):
            parent = top if place < DIRECT_DOWNLINE else self.rng.choice(hands)
            one = self.producer(parent, size)
            if len(list(one.uplines)) < DEEPEST_LEVEL:
                hands.append(one)
            yield one
