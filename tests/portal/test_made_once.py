"""The rows most tests begin with: the same numbers each time, and nobody else's."""

from django.db import connection, transaction

from clients.models import Account
from tests.support.factories import AccountFactory
from tests.support.made_once import MadeOnce


def test_no_other_row_gets_their_numbers_though_a_sequence_was_set_back():
    made_once = MadeOnce(AccountFactory)
    with transaction.atomic():
        first = made_once.again()
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('clients_account', 'id'), %s, false)", [first.pk])
    assert made_once.again().pk == first.pk
    assert AccountFactory().pk > first.pk
    assert Account.objects.count() == 2
