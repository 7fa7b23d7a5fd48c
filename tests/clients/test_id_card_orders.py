"""Permanent ID cards: ordered, queued for the member system, answered, tried again."""

import pytest
from django.utils import timezone

from clients.models import IdCardOrder, IdCardRequest, Member, MemberChange, Policy
from clients.services import id_cards
from tests.support.factories import MemberFactory, PolicyFactory, UserFactory

State = IdCardRequest.State


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def hmo() -> Policy:
    """An HMO family of three."""
    policy = PolicyFactory(network_type=Policy.Network.HMO, requires_pcp=True)
    for role, name in ((Member.Role.SPOUSE, "Sam"), (Member.Role.CHILD, "Kelly")):
        member = MemberFactory(account=policy.account, role=role, first_name=name)
        policy.coverages.create(member=member, effective_date=policy.effective_date)
    return policy


def people(policy: Policy) -> list[Member]:
    return list(Member.objects.filter(account=policy.account).order_by("id"))


@pytest.mark.feature("IDC_12")
def test_a_pcp_change_orders_one_new_card_for_each_changed_member(hmo, now):
    by, changed = UserFactory(), people(hmo)[:2]
    requests = id_cards.order_after_pcp_change(policy=hmo, members=changed, by=by, now=now, reference="form-1")
    assert [(request.member, request.quantity, request.kind) for request in requests] == [
        (member, 1, IdCardRequest.Kind.PERMANENT) for member in changed
    ]
    queued = MemberChange.objects.filter(kind=MemberChange.Kind.ID_CARD).order_by("id")
    assert [change.payload["request_id"] for change in queued] == [request.pk for request in requests]
    again = id_cards.order_after_pcp_change(policy=hmo, members=changed, by=by, now=now, reference="form-1")
    assert again == requests
    assert queued.count() == 2


@pytest.mark.feature("IDC_12")
def test_a_pcp_change_before_the_first_payment_orders_no_cards(hmo, now):
    Policy.objects.filter(pk=hmo.pk).update(status=Policy.Status.INITIAL_PAYMENT_DUE, binder_paid=False)
    hmo.refresh_from_db()
    arguments = {"policy": hmo, "members": people(hmo), "by": UserFactory(), "now": now, "reference": "form-1"}
    assert id_cards.order_after_pcp_change(**arguments) == []
    assert not IdCardOrder.objects.exists()
