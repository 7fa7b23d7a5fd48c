import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import HierarchyEdge, Producer
from accounts.services import hierarchy
from portal.common.models import AuditEvent
from tests.support.factories import ProducerFactory, UserFactory


def recursive_definition() -> set[tuple[int, int, int]]:
    parents = dict(Producer.objects.values_list("id", "parent_id"))
    edges = set()
    for start in parents:
        above, depth = start, 0
        while above is not None:
            edges.add((above, start, depth))
            above, depth = parents[above], depth + 1
    return edges


def closure() -> set[tuple[int, int, int]]:
    return set(HierarchyEdge.objects.values_list("ancestor_id", "descendant_id", "depth"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6)), max_size=12))
def test_closure_equals_the_recursive_definition_after_any_moves(db, moves):
    with transaction.atomic():
        producers = [ProducerFactory() for _ in range(7)]
        admin = UserFactory(carrier_admin=True)
        for who, under in moves:
            parent = producers[under] if under is not None else None
            try:
                hierarchy.place(producers[who], under=parent, by=admin)
            except hierarchy.WouldBeCircular:
                producers[who].refresh_from_db()
        assert closure() == recursive_definition()
        before = closure()
        assert hierarchy.rebuild() == len(before)
        assert closure() == before
        transaction.set_rollback(True)


def test_a_producer_cannot_stand_below_its_own_downline():
    top = ProducerFactory()
    below = ProducerFactory(parent=top)
    with pytest.raises(hierarchy.WouldBeCircular):
        hierarchy.place(top, under=below, by=UserFactory(carrier_admin=True))
    with pytest.raises(hierarchy.WouldBeCircular):
        hierarchy.place(top, under=top, by=UserFactory(carrier_admin=True))


def test_a_move_is_audited():
    producer, parent = ProducerFactory(), ProducerFactory()
    hierarchy.place(producer, under=parent, by=UserFactory(carrier_admin=True))
    event = AuditEvent.objects.get(action="hierarchy.moved")
    assert (event.object_id, event.details) == (producer.npn, {"under": parent.npn})


@pytest.mark.django_db(transaction=True)
def test_a_failing_audit_row_keeps_the_old_place(monkeypatch):
    producer, parent, admin = ProducerFactory(), ProducerFactory(), UserFactory(carrier_admin=True)

    def fail(*_args, **_kwargs):
        raise RuntimeError("audit table is gone")

    monkeypatch.setattr(hierarchy.audit, "record", fail)
    with pytest.raises(RuntimeError):
        hierarchy.place(producer, under=parent, by=admin)
    producer.refresh_from_db()
    assert producer.parent is None
    assert closure() == recursive_definition()
