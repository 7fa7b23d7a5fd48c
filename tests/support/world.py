"""The people of nearly every test: a producer, her upline, a sibling, her delegates, an outsider, the carrier's admin."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import ProducerNumber, User
from clients.models import Policy
from portal.common.access import DelegateScope
from tests.support.factories import (
    DelegateGrantFactory,
    PolicyFactory,
    ProducerFactory,
    ProducerNumberFactory,
    UserFactory,
)


@dataclass(frozen=True)
class World:
    producer: User
    principal: User  # upline of producer and sibling
    sibling: User
    outsider: User
    delegate: User  # of producer, with VIEW
    delegate_with_service: User  # of producer, with VIEW and SERVICE
    delegate_with_enroll: User  # of producer, with VIEW and ENROLL
    delegate_without_view: User  # of producer, with COMMISSIONS only
    former_delegate: User  # grant of producer, ended yesterday
    admin: User
    number: ProducerNumber  # of producer
    policy: Policy  # in producer's book
    sibling_policy: Policy
    outsider_policy: Policy

    @property
    def account_number(self) -> str:
        return self.policy.account.number or ""


def build_world() -> World:
    principal = UserFactory(
        username="prairieagency", producer=ProducerFactory(first_name="", last_name="Prairie Agency", is_agency=True)
    )
    producer = UserFactory(username="rsolberg7", producer=ProducerFactory(parent=principal.producer))
    sibling = UserFactory(username="sibling77", producer=ProducerFactory(parent=principal.producer))
    outsider = UserFactory(username="outsider9", first_name="Omar", last_name="Outwell")
    numbers = {user: ProducerNumberFactory(producer=user.producer) for user in (producer, principal, sibling, outsider)}
    today = timezone.localdate()
    delegate = UserFactory(username="dkeller22", delegate=True, first_name="Dana", last_name="Keller")
    DelegateGrantFactory(producer=producer.producer, delegate=delegate)
    with_service = UserFactory(username="servicehelp", delegate=True)
    DelegateGrantFactory(
        producer=producer.producer,
        delegate=with_service,
        scopes=[DelegateScope.VIEW.value, DelegateScope.SERVICE.value],
    )
    with_enroll = UserFactory(username="enrollhelp", delegate=True)
    DelegateGrantFactory(
        producer=producer.producer, delegate=with_enroll, scopes=[DelegateScope.VIEW.value, DelegateScope.ENROLL.value]
    )
    without_view = UserFactory(username="paymaster1", delegate=True)
    DelegateGrantFactory(producer=producer.producer, delegate=without_view, scopes=[DelegateScope.COMMISSIONS.value])
    former = UserFactory(username="formerhelp", delegate=True)
    DelegateGrantFactory(
        producer=producer.producer,
        delegate=former,
        first_day=today - timedelta(days=90),
        last_day=today - timedelta(days=1),
    )
    return World(
        producer=producer,
        principal=principal,
        sibling=sibling,
        outsider=outsider,
        delegate=delegate,
        delegate_with_service=with_service,
        delegate_with_enroll=with_enroll,
        delegate_without_view=without_view,
        former_delegate=former,
        admin=UserFactory(username="carrieradmin", carrier_admin=True),
        number=numbers[producer],
        policy=PolicyFactory(producer_number=numbers[producer], in_grace=True),
        sibling_policy=PolicyFactory(producer_number=numbers[sibling]),
        outsider_policy=PolicyFactory(producer_number=numbers[outsider]),
    )
