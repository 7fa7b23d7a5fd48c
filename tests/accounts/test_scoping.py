"""Whose books somebody may open is looked up once for a page that only reads, and anew everywhere else."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.scoping import looked_up_once, producer_ids, producer_number_ids
from portal.common.access import Perm
from tests.support.factories import ProducerFactory, ProducerNumberFactory


def test_numbers_and_producers_are_looked_up_once_within_the_block(world):
    with looked_up_once():
        numbers, producers = producer_number_ids(world.principal), producer_ids(world.principal)
        ProducerNumberFactory(producer=ProducerFactory(parent=world.principal.producer))
        with CaptureQueriesContext(connection) as asked:
            assert producer_number_ids(world.principal, perm=Perm.ENROLL) == numbers
            assert producer_ids(world.principal, perm=Perm.ENROLL) == producers
        assert not asked.captured_queries
        producers.clear()  # a list of one's own
        assert producer_ids(world.principal)
        assert producer_ids(world.producer) == [world.producer.producer_id]  # another person's are another list
    assert len(producer_number_ids(world.principal)) == len(numbers) + 1
    assert len(producer_ids(world.principal)) == len(numbers) + 1


def test_without_the_block_nothing_is_remembered(world):
    before = producer_ids(world.principal)
    ProducerFactory(parent=world.principal.producer)
    assert len(producer_ids(world.principal)) == len(before) + 1


def test_a_delegates_scope_depends_on_what_is_done(world):
    with looked_up_once():
        assert producer_ids(world.delegate) == [world.producer.producer_id]
        assert producer_ids(world.delegate, perm=Perm.ENROLL) == []
        assert producer_number_ids(world.delegate, perm=Perm.ENROLL) == []
