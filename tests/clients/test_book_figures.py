"""Counting clients and policies for the hierarchy, against what the client search itself finds."""

import random

import pytest

from accounts.models import HierarchyEdge, ProducerNumber
from clients.book_figures import count_books
from clients.models import Account, Policy
from tests.support.factories import MemberFactory, PolicyFactory, ProducerFactory, ProducerNumberFactory, UserFactory


@pytest.fixture
def family():
    """An agency, two producers below it, one more below the first; policies of shared and separate households."""
    chance = random.Random(7)
    top = UserFactory()
    first = ProducerFactory(parent=top.producer)
    second = ProducerFactory(parent=top.producer)
    third = ProducerFactory(parent=first)
    numbers = [ProducerNumberFactory(producer=p) for p in (top.producer, first, first, second, third)]
    households = [MemberFactory() for _ in range(6)]
    for _ in range(20):
        PolicyFactory(primary=chance.choice(households), producer_number=chance.choice(numbers))
    return top, [top.producer, first, second, third]


@pytest.mark.feature("HOM_09")
def test_the_figures_are_those_a_search_would_give(family):
    top, producers = family
    figures = count_books(top, [producer.pk for producer in producers])
    for producer in producers:
        own = set(ProducerNumber.objects.filter(producer=producer).values_list("pk", flat=True))
        below = HierarchyEdge.objects.filter(ancestor=producer).values("descendant")
        all_below = list(ProducerNumber.objects.filter(producer__in=below).values_list("pk", flat=True))
        clients, policies = figures[producer.pk]
        assert (clients.label, policies.label) == ("Clients", "Policies")
        assert clients.own == Account.objects.in_books(list(own)).count()
        assert clients.with_downline == Account.objects.in_books(all_below).count()
        assert policies.own == Policy.objects.in_books(list(own)).count()
        assert policies.with_downline == Policy.objects.in_books(all_below).count()


def test_books_of_others_count_nothing(world):
    ids = [world.sibling.producer_id, world.principal.producer_id, world.outsider.producer_id]
    figures = count_books(world.producer, ids)
    # Of the agency above, only the own book is hers to count.
    assert [figure.own for pk in ids for figure in figures[pk]] == [0] * 6
    assert [figure.with_downline for figure in figures[world.sibling.producer_id]] == [0, 0]
    assert [figure.with_downline for figure in figures[world.outsider.producer_id]] == [0, 0]


@pytest.mark.parametrize("count", [1, 40])
def test_one_query_counts_for_however_many(django_assert_num_queries, count):
    top = UserFactory()
    producers = [ProducerFactory(parent=top.producer) for _ in range(count)]
    ProducerNumberFactory(producer=producers[0])
    top.has_portal_perm("client_view")
    with django_assert_num_queries(2):  # the numbers in scope, the figures
        assert len(count_books(top, [producer.pk for producer in producers])) == count
