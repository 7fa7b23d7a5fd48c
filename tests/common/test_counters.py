import pytest

from portal.common import counters
from portal.common.counters import BookFigure, Counter

pytestmark = pytest.mark.no_db


@pytest.fixture
def own_registry(monkeypatch):
    monkeypatch.setattr(counters, "_counters", {})


def counter(name: str, order: int) -> Counter:
    return Counter(
        name=name,
        order=order,
        count=lambda _user, ids: {i: [BookFigure(name, own=i, with_downline=i + 1)] for i in ids},
    )


def test_figures_stand_in_their_order_for_every_producer_asked_about(own_registry):
    counters.register(counter("Policies", 20))
    counters.register(counter("Clients", 10))
    figures = counters.figures_of(None, [3, 7])
    assert [figure.label for figure in figures[3]] == ["Clients", "Policies"]
    assert figures[7][0] == BookFigure("Clients", own=7, with_downline=8)


def test_registering_a_counter_again_replaces_it(own_registry):
    for order in (1, 2):
        counters.register(counter("Clients", order))
    assert len(counters.figures_of(None, [1])[1]) == 1


def test_without_counters_there_are_no_figures(own_registry):
    assert counters.figures_of(None, [1]) == {1: []}
