"""Whatever a source can tell of a household leaves a trace by which it is found and read; the others are not asked."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import IdCardOrder, IdCardRequest, MedicalGroup, Member, MemberChange, PcpAssignment
from enrollment.models import Payment, SubmittedPolicy
from portal.common import timeline
from portal.common.dates import today_in
from portal.common.timeline import Household, timeline_of
from tests.support.documents import sent
from tests.support.evidence import application_with, submitted
from tests.support.factories import EQuestionFactory, QuoteFactory
from tests.support.sep import load_sep_tables
from tests.support.world import World

pytestmark = pytest.mark.feature("DET_01")


def household_of(world: World) -> Household:
    return Household(account=world.policy.account, today=today_in("IL"))


def primary(world: World) -> Member:
    return Member.objects.get(account=world.policy.account, role=Member.Role.PRIMARY)


def change(world: World) -> MemberChange:
    return MemberChange.objects.create(
        kind=MemberChange.Kind.CONTACT,
        account=world.policy.account,
        member=primary(world),
        policy=world.policy,
        payload={},
        idempotency_key="test:trace",
        not_before=timezone.now(),
        created_by=world.producer,
    )


def id_card(world: World) -> None:
    asked = {"kind": "TEMPORARY", "requested_at": timezone.now(), "requested_by": world.producer}
    order = IdCardOrder.objects.create(form_key="test", **asked)
    IdCardRequest.objects.create(order=order, policy=world.policy, member=primary(world), **asked)


def pcp(world: World) -> None:
    group = MedicalGroup.objects.create(number="124", name="Lakeside Group", us_state="IL", effective_date="2020-01-01")
    days = {"effective_date": date(2026, 1, 1), "received_on": date(2025, 12, 1)}
    PcpAssignment.objects.create(policy=world.policy, member=primary(world), medical_group=group, **days)


def quote(world: World) -> Any:
    return QuoteFactory(producer_number=world.number, created_by=world.producer, member=primary(world))


def applied(world: World, *, by: str) -> Any:
    """An application that is known to be the household's by its member, its quote, or the policy it became."""
    load_sep_tables()
    facts = {"member": {"member": primary(world)}, "quote": {"quote": quote(world)}, "policy": {}}[by]
    application = submitted(application_with(world, "BIRTH", **facts), by=world.producer)
    if by == "policy":
        submission = application.submissions.get()
        SubmittedPolicy.objects.create(submission=submission, line="MEDICAL", policy=world.policy, change=change(world))
    return application


def payment(world: World, **about: Any) -> None:
    Payment.objects.create(
        number="P-700001",
        purpose=Payment.Purpose.FIRST if "application" in about else Payment.Purpose.PAST_DUE,
        producer_number=world.number,
        amount=Decimal("100.00"),
        payment_date=today_in("IL"),
        payer_name="Tanya Washington",
        gateway="test",
        key="test",
        return_nonce="test",
        started_by=world.producer,
        **about,
    )


MADE: dict[str, tuple[str, Callable[[World], Any]]] = {
    "an ID card": ("id-cards", id_card),
    "a change": ("member-changes", change),
    "a physician": ("pcp", pcp),
    "a document": (
        "documents",
        lambda world: sent(world.producer, at=timezone.now(), account_number=world.account_number),
    ),
    "a question": (
        "e-questions",
        lambda world: EQuestionFactory(asked_by=world.producer, of_member=True, account=world.policy.account),
    ),
    "a quote": ("quotes", quote),
    "an application of a member": ("applications", lambda world: applied(world, by="member")),
    "an application of a quote": ("applications", lambda world: applied(world, by="quote")),
    "an application that became a policy": ("applications", lambda world: applied(world, by="policy")),
    "papers of a member's application": ("evidence", lambda world: applied(world, by="member")),
    "papers of a quote's application": ("evidence", lambda world: applied(world, by="quote")),
    "a payment for a policy": ("payments", lambda world: payment(world, policy=world.policy)),
    "a payment for an application": (
        "payments",
        lambda world: payment(world, application=applied(world, by="policy")),
    ),
}


@pytest.mark.parametrize("what", MADE)
def test_what_a_source_can_tell_is_told(world, what):
    name, make = MADE[what]
    source = timeline._sources[name]
    household = household_of(world)
    assert list(source.entries(world.producer, household)) == []
    make(world)
    told = list(source.entries(world.producer, household))
    assert told
    found = timeline_of(world.producer, household)
    assert [one for one in told if one not in [*found.coming_up, *found.latest, *found.earlier]] == []
    assert timeline_of(world.outsider, household).is_empty  # traces are anybody's, what is told is not


def test_every_source_but_the_policies_leaves_traces_and_each_is_tried_here():
    tried = {name for name, _make in MADE.values()}
    assert {name for name, source in timeline._sources.items() if source.traces} == tried
    assert set(timeline._sources) - tried == {"policies"}


def test_a_household_of_whom_only_policies_are_known_costs_three_queries(world):
    household = household_of(world)
    with CaptureQueriesContext(connection) as queries:
        assert not timeline_of(world.producer, household).is_empty
    assert len(queries) <= 3  # the scope, the traces, the policies
