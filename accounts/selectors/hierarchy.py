"""What My Hierarchy shows: the line above a producer and the tree below, in a fixed number of queries (HOM_09).

Of the upline only names and roles are told. Numbers, counts and names are told of the own record and the downline;
a producer beside one, or in another agency, does not exist here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_

from django.db.models import Q
from django.urls import reverse

from accounts.models import HierarchyEdge, Producer, ProducerNumber, User
from portal.common import counters
from portal.common.counters import BookFigure
from portal.common.dates import US_STATES

WHOLE_TREE_UP_TO = 60  # producers below; of a bigger tree only one level is sent at first
LEVELS_AT_ONCE = 8
SHOWN_MATCHES = 50

STATUS_PILLS = {
    Producer.Status.ACTIVE: "success",
    Producer.Status.ONBOARDING: "info",
    Producer.Status.TERMINATED: "danger",
}


@dataclass(frozen=True)
class Above:
    """A producer above: nothing but the name and what it is."""

    name: str
    role: str


@dataclass(frozen=True)
class NumberLine:
    """The nine-digit numbers in one state; those no longer in use say so."""

    state: str
    numbers: str


@dataclass(frozen=True)
class Node:
    """One producer of the tree. ``below`` counts all producers under it, ``direct`` those directly under it.

    ``children`` is what is shown of the level below; where it is empty although there are some, ``branch_url`` is
    the address that shows them.
    """

    name: str
    npn: str
    role: str
    status: str
    status_pill: str
    numbers: list[NumberLine]
    figures: list[BookFigure]
    below: int
    direct: int
    children: list["Node"]
    branch_url: str


@dataclass(frozen=True)
class Place:
    """A producer's place: everybody above, from the top; itself with the downline; how one gets there from oneself."""

    upline: list[Above]
    node: Node
    trail: list[tuple[str, str]]


@dataclass(frozen=True)
class Match:
    node: Node
    path: str


@dataclass(frozen=True)
class Matches:
    """What a search in the hierarchy found: at most 50 of ``total``."""

    rows: list[Match]
    total: int


def role_of(producer: Producer) -> str:
    return "Agency" if producer.is_agency else "Producer"


def place_of(user: User, producer: Producer) -> Place:
    """The place of ``producer``, who must be the user's own record or below it.

    Above the user's own record names and roles are told; the steps between the two are links.
    """
    edges = HierarchyEdge.objects.filter(descendant=producer).select_related("ancestor").order_by("-depth")
    chain = [edge.ancestor for edge in edges]
    own = next(index for index, ancestor in enumerate(chain) if ancestor.pk == user.producer_id)
    return Place(
        upline=[Above(ancestor.name, role_of(ancestor)) for ancestor in chain[:own]],
        node=_Tree(user, producer).node(),
        trail=[(ancestor.name, branch_url(user, ancestor)) for ancestor in chain[own:-1]],
    )


def branch_url(user: User, producer: Producer) -> str:
    """The page of one producer's downline; the own one is the hierarchy page itself."""
    if producer.pk == user.producer_id:
        return reverse("accounts:hierarchy")
    return reverse("accounts:hierarchy-branch", args=[producer.npn])


@dataclass
class _Tree:
    """The downline of one producer, of which as much is read in full as is shown."""

    user: User
    root: Producer
    children_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def node(self) -> Node:
        below = Producer.objects.for_user(self.user).filter(
            pk__in=HierarchyEdge.objects.filter(ancestor=self.root, depth__gt=0).values("descendant_id")
        )
        total = 0
        for producer_id, parent_id in below.order_by("last_name", "first_name", "id").values_list("id", "parent_id"):
            self.children_of[parent_id].append(producer_id)
            total += 1
        levels = LEVELS_AT_ONCE if total <= WHOLE_TREE_UP_TO else 1
        shown = self._ids_down_to(levels)
        facts = _Facts(self.user, [self.root, *Producer.objects.for_user(self.user).filter(pk__in=shown)])
        return self._node(self.root.pk, facts, levels)

    def _ids_down_to(self, levels: int) -> list[int]:
        found: list[int] = []
        level = [self.root.pk]
        for _ in range(levels):
            level = [child for producer_id in level for child in self.children_of.get(producer_id, [])]
            found += level
        return found

    def _below(self, producer_id: int) -> int:
        count, to_visit = 0, [producer_id]
        while to_visit:
            children = self.children_of.get(to_visit.pop(), [])
            count += len(children)
            to_visit += children
        return count

    def _node(self, producer_id: int, facts: "_Facts", levels: int) -> Node:
        direct = self.children_of.get(producer_id, [])
        return facts.node(
            producer_id,
            below=self._below(producer_id),
            direct=len(direct),
            children=[self._node(child, facts, levels - 1) for child in direct] if levels else [],
        )


class _Facts:
    """What is told of each of these producers, read for all of them together."""

    def __init__(self, user: User, producers: Iterable[Producer]) -> None:
        self.user = user
        self.producers = {producer.pk: producer for producer in producers}
        ids = list(self.producers)
        self.figures = counters.figures_of(user, ids)
        self.numbers: dict[int, list[ProducerNumber]] = defaultdict(list)
        for number in ProducerNumber.objects.filter(producer_id__in=ids).order_by("us_state", "number"):
            self.numbers[number.producer_id].append(number)

    def node(self, producer_id: int, *, below: int, direct: int, children: list[Node]) -> Node:
        producer = self.producers[producer_id]
        return Node(
            name=producer.name,
            npn=producer.npn,
            role=role_of(producer),
            status=producer.get_status_display(),
            status_pill=STATUS_PILLS[Producer.Status(producer.status)],
            numbers=_by_state(self.numbers[producer_id]),
            figures=self.figures[producer_id],
            below=below,
            direct=direct,
            children=children,
            branch_url=branch_url(self.user, producer),
        )


def _by_state(numbers: Sequence[ProducerNumber]) -> list[NumberLine]:
    lines: dict[str, list[str]] = {}
    for number in numbers:
        inactive = number.status == ProducerNumber.Status.INACTIVE
        lines.setdefault(number.us_state, []).append(f"{number.number} (inactive)" if inactive else number.number)
    return [NumberLine(US_STATES[state], ", ".join(texts)) for state, texts in lines.items()]


def search(user: User, text: str) -> Matches:
    """Producers of the own downline, oneself included, whose name has every word of ``text`` or whose number starts so.

    A number is a nine-digit producer number or a National Producer Number; spaces and dashes in it do not matter.
    """
    found = Producer.objects.for_user(user).filter(_fits(text)).distinct()
    total = found.count()
    producers = list(found.order_by("last_name", "first_name", "id")[:SHOWN_MATCHES])
    ids = [producer.pk for producer in producers]
    below: dict[int, int] = defaultdict(int)
    direct: dict[int, int] = defaultdict(int)
    for ancestor_id, depth in HierarchyEdge.objects.filter(ancestor_id__in=ids, depth__gt=0).values_list(
        "ancestor_id", "depth"
    ):
        below[ancestor_id] += 1
        direct[ancestor_id] += depth == 1
    facts = _Facts(user, producers)
    paths = _paths(user, ids)
    rows = [Match(facts.node(pk, below=below[pk], direct=direct[pk], children=[]), " > ".join(paths[pk])) for pk in ids]
    return Matches(rows=rows, total=total)


def _fits(text: str) -> Q:
    words = [Q(first_name__icontains=word) | Q(last_name__icontains=word) for word in text.split()]
    fits = reduce(and_, words)
    digits = text.replace(" ", "").replace("-", "")
    if digits.isascii() and digits.isdigit():
        fits |= Q(npn__startswith=digits) | Q(numbers__number__startswith=digits)
    return fits


def _paths(user: User, producer_ids: list[int]) -> dict[int, list[str]]:
    """The names from the user's own record down to, but without, each of these producers."""
    between = Producer.objects.for_user(user).values("pk")
    edges = HierarchyEdge.objects.filter(descendant_id__in=producer_ids, depth__gt=0, ancestor_id__in=between)
    paths: dict[int, list[str]] = defaultdict(list)
    for edge in edges.select_related("ancestor").order_by("-depth"):
        paths[edge.descendant_id].append(edge.ancestor.name)
    return paths
