"""People at the portal's doors (test_access.py, test_access_administration.py)."""

import pytest
from django.test import Client

from clients.models import Account, Policy
from tests.support.factories import PolicyFactory
from tests.support.signing_in import half_signed_in


@pytest.fixture
def client_of(world, sign_in):
    def of(who: str) -> Client:
        if who == "stranger":
            return Client()
        return half_signed_in(world.producer) if who == "half" else sign_in(getattr(world, who))

    return of


@pytest.fixture
def draft(world) -> Policy:
    """A household of the producer of record that has no account number yet."""
    policy = PolicyFactory(producer_number=world.number, eapp_number="0199999999", unpaid=True)
    Account.objects.filter(pk=policy.account_id).update(number=None)
    return policy
