"""My Hierarchy: who is shown to whom, with which figures, and how fast (HOM_09)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import HierarchyEdge, Producer, ProducerNumber
from accounts.selectors import hierarchy as selector
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.factories import PolicyFactory, ProducerFactory, ProducerNumberFactory

PAGE = "/accounts/hierarchy/"


def text(response) -> str:
    return pages.read(response).one("main").text


def names(response) -> list[str]:
    return [name.one("strong").text for name in pages.read(response).all("p", class_="tree-name")]


def facts_of(response, name: str) -> dict[str, str]:
    nodes = pages.read(response).all("div", class_="tree-node")
    node = next(node for node in nodes if node.one("p", class_="tree-name").one("strong").text == name)
    return {pair.one("dt").text: pair.one("dd").text for pair in node.one("dl").all("div")}


@pytest.fixture
def three_levels(world):
    """Below Rita: Sam, and Tess below Sam."""
    sam = ProducerFactory(first_name="Sam", last_name="Ortiz", parent=world.producer.producer)
    tess = ProducerFactory(
        first_name="Tess", last_name="Ulm", parent=sam, status=Producer.Status.ONBOARDING, npn="7700001"
    )
    ProducerNumberFactory(producer=sam, us_state="TX", number="300000001")
    ProducerNumberFactory(producer=sam, us_state="IL", number="300000002", status=ProducerNumber.Status.INACTIVE)
    PolicyFactory(producer_number=ProducerNumberFactory(producer=tess, us_state="OK", number="300000003"))
    return sam, tess


@pytest.mark.feature("HOM_09")
def test_the_tree_of_three_levels_with_numbers_and_figures(world, sign_in, three_levels):
    response = sign_in(world.producer).get(PAGE)
    assert names(response) == [world.producer.producer.name, "Sam Ortiz", "Tess Ulm"]
    rita = facts_of(response, world.producer.producer.name)
    assert rita["Clients"] == "1 own, 2 with downline"
    assert rita["Policies"] == "1 own, 2 with downline"
    assert facts_of(response, "Sam Ortiz")["Producer numbers"] == "Illinois 300000002 (inactive) Texas 300000001"
    assert facts_of(response, "Sam Ortiz")["Clients"] == "0 own, 1 with downline"
    assert facts_of(response, "Tess Ulm") == {
        "Producer numbers": "Oklahoma 300000003",
        "Clients": "1",
        "Policies": "1",
    }
    assert "Onboarding" in text(response)
    assert "NPN 7700001" in text(response)


@pytest.mark.feature("HOM_09")
def test_of_the_upline_only_names_and_roles_are_told(world, sign_in):
    principal = world.principal.producer
    principal.npn = "8812345"
    principal.save()
    number = ProducerNumberFactory(producer=principal, number="399999999")
    PolicyFactory(producer_number=number)
    page = sign_in(world.producer).get(PAGE)
    above = pages.read(page).one("section", aria_labelledby="hierarchy-above").text
    assert above == "Above you Prairie Agency Agency, directly above you"
    assert "8812345" not in page.content.decode()
    assert "399999999" not in page.content.decode()


@pytest.mark.feature("HOM_09")
def test_a_producer_never_sees_a_sibling_or_another_agency(world, sign_in):
    client = sign_in(world.producer)
    for person in (world.sibling, world.outsider):
        record = person.producer
        number = ProducerNumber.objects.get(producer=record).number
        found = client.post(PAGE, {"q": record.last_name}, follow=True)
        assert "No producer found" in text(found)
        assert "No producer found" in text(client.post(PAGE, {"q": number}, follow=True))
        assert "No producer found" in text(client.post(PAGE, {"q": record.npn}, follow=True))
        assert client.get(f"{PAGE}{record.npn}/").status_code == 404
        assert record.npn not in client.get(PAGE).content.decode()
    assert client.get(f"{PAGE}{world.principal.producer.npn}/").status_code == 404


def test_the_agency_sees_both_and_nobody_else(world, sign_in):
    response = sign_in(world.principal).get(PAGE)
    assert set(names(response)) == {
        "Prairie Agency",
        world.producer.producer.name,
        world.sibling.producer.name,
    }
    assert "Nobody: you stand at the top" in text(response)


@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize("who", ["delegate", "former_delegate", "admin"])
def test_delegates_and_staff_have_no_hierarchy(world, sign_in, who):
    client = sign_in(getattr(world, who))
    for address in (PAGE, f"{PAGE}{world.producer.producer.npn}/"):
        assert client.get(address).status_code == 403


def test_with_nobody_below_the_page_says_so(world, sign_in):
    assert "No producers below" in text(sign_in(world.outsider).get(PAGE))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sam", ["Sam Ortiz"]),
        ("ORT sa", ["Sam Ortiz"]),
        ("300000003", ["Tess Ulm"]),
        ("3000-0000 3", ["Tess Ulm"]),
        ("30000", ["Sam Ortiz", "Tess Ulm"]),
        ("7700001", ["Tess Ulm"]),
        ("00001", []),
        ("sam ulm", []),
        ("%", []),
    ],
)
@pytest.mark.sampled(4)
def test_a_search_finds_names_and_numbers(world, sign_in, three_levels, typed, expected):
    response = sign_in(world.producer).post(PAGE, {"q": typed}, follow=True)
    assert names(response) == expected
    if expected:
        assert f"{len(expected)} producer{'s' if len(expected) > 1 else ''} found" in text(response)


def test_a_match_says_where_it_stands_and_leads_there(world, sign_in, three_levels):
    client = sign_in(world.principal)
    response = client.post(PAGE, {"q": "Tess"}, follow=True)
    assert f"Below Prairie Agency > {world.producer.producer.name} > Sam Ortiz" in text(response)
    link = next(link for link in pages.read(response).all("a") if link.text == "Show Tess Ulm in the hierarchy")
    there = client.get(link.attrs["href"])
    trail = [link.text for link in pages.read(there).one("nav", aria_label="Breadcrumb").all("a")]
    assert trail == ["Prairie Agency", world.producer.producer.name, "Sam Ortiz"]
    assert "Above you" not in text(there)


def test_what_was_searched_for_stands_in_no_address(world, sign_in, three_levels):
    response = sign_in(world.producer).post(PAGE, {"q": "Ortiz"})
    assert "Ortiz" not in response["Location"]


def test_an_empty_search_is_refused_beside_its_field(world, sign_in):
    response = sign_in(world.producer).post(PAGE, {"q": " "})
    assert response.status_code == 200
    assert "Enter a name, a producer number" in text(response)


def test_a_search_of_another_session_is_closed(world, sign_in):
    response = sign_in(world.producer).get(f"{PAGE}?r=unknown", follow=True)
    assert "no longer open" in text(response)


def test_every_match_counts_and_fifty_are_shown(world, sign_in):
    for _ in range(55):
        ProducerFactory(first_name="Common", parent=world.producer.producer)
    response = sign_in(world.producer).post(PAGE, {"q": "common"}, follow=True)
    assert len(names(response)) == 50
    assert "55 producers found" in text(response)
    assert "The first 50 are shown" in text(response)


# Big trees


def many_below(user, count: int) -> None:
    """A downline of ``count``: teams of ten, a leader with nine below, each with a number."""
    start = Producer.objects.filter(first_name="Pat").count()
    Producer.objects.bulk_create(
        Producer(
            npn=f"{91000000 + start + i}",
            first_name="Pat",
            last_name=f"Below{i:03}",
            record_email="p@x.example",
            status="ACTIVE",
        )
        for i in range(count)
    )
    below = list(Producer.objects.filter(first_name="Pat").order_by("npn")[start:])
    edges = []
    for index, producer in enumerate(below):
        leader = below[index - index % 10]
        producer.parent = user.producer if producer is leader else leader
        edges.append(HierarchyEdge(ancestor=producer, descendant=producer, depth=0))
        edges.append(HierarchyEdge(ancestor=user.producer, descendant=producer, depth=1 if producer is leader else 2))
        if producer is not leader:
            edges.append(HierarchyEdge(ancestor=leader, descendant=producer, depth=1))
    Producer.objects.bulk_update(below, ["parent"])
    HierarchyEdge.objects.bulk_create(edges)
    ProducerNumber.objects.bulk_create(
        ProducerNumber(number=f"{500000000 + start + i}", producer=producer, us_state="IL", company_name="Below")
        for i, producer in enumerate(below)
    )


def queries_of(client, address: str, **headers) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, headers=headers).status_code == 200
    return len(queries)


@pytest.mark.feature("HOM_09")
@pytest.mark.long
def test_four_hundred_below_cost_as_many_queries_as_three(world, sign_in):
    """Page, level fetched when it is opened, and search."""
    many_below(world.sibling, 3)
    many_below(world.outsider, 400)
    counted = {}
    for person in (world.sibling, world.outsider):
        client = sign_in(person)
        found = client.post(PAGE, {"q": "Below"})["Location"]
        leader = Producer.objects.filter(parent=person.producer).order_by("npn").first()
        counted[person.username] = [
            queries_of(client, PAGE),
            queries_of(client, f"{PAGE}{leader.npn}/", **{"HX-Request": "true"}),
            queries_of(client, found),
        ]
    assert counted[world.sibling.username] == counted[world.outsider.username]
    assert max(counted[world.outsider.username]) <= 12


def test_of_a_big_tree_one_level_is_sent_and_the_next_when_it_is_opened(world, sign_in):
    many_below(world.outsider, 400)
    client = sign_in(world.outsider)
    response = client.get(PAGE)
    assert len(names(response)) == 1 + 40
    assert "400 producers below" in text(response)
    waiting = [part for part in pages.read(response).all("div") if "data-hx-get" in part.attrs]
    assert len(waiting) == 40
    address = waiting[0].attrs["data-hx-get"]
    part = client.get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert names(part) == [f"Pat Below00{i}" for i in range(1, 10)]
    whole = client.get(address)
    assert names(whole) == [f"Pat Below00{i}" for i in range(10)]
    assert waiting[0].one("a").attrs["href"] == address


def test_a_small_tree_is_sent_whole(world, sign_in):
    many_below(world.outsider, 30)
    response = sign_in(world.outsider).get(PAGE)
    assert len(names(response)) == 31
    assert not [part for part in pages.read(response).all("div") if "data-hx-get" in part.attrs]


def test_a_deep_chain_is_cut_and_continued_by_a_link(world, sign_in):
    parent = world.outsider.producer
    for depth in range(20):
        parent = ProducerFactory(first_name="Deep", last_name=f"D{depth:02}", parent=parent)
    client = sign_in(world.outsider)
    response = client.get(PAGE)
    assert len(names(response)) == 1 + selector.LEVELS_AT_ONCE
    (last,) = [part for part in pages.read(response).all("div") if "data-hx-get" in part.attrs]
    assert names(client.get(last.attrs["data-hx-get"], headers={"HX-Request": "true"}))[0] == "Deep D08"


def test_looking_at_the_hierarchy_writes_nothing(world, sign_in):
    before = AuditEvent.objects.count()
    sign_in(world.producer).get(PAGE)
    assert AuditEvent.objects.count() == before
