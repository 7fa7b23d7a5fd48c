"""Card data of the fictitious carrier, and ID cards asked for before the demo begins: pending, ordered and failed ones.

Temporary cards are not rendered here: their rows are owed work, and the first worker makes them within seconds.
"""

from datetime import datetime, timedelta

from accounts.models import User
from clients.idcards import tables
from clients.models import CardIssuer, IdCardOrder, IdCardRequest, Member, PlanCardFacts, Policy
from clients.services import id_cards as service

State = IdCardRequest.State
HMO_FAMILY = "100200343"  # portal.demo_data.cases: everybody has a PCP
IN_OFFICE_HOURS = timedelta(hours=11, minutes=20)
REFUSED = "The member system did not accept the order: the mailing address is being verified."


def add_card_data() -> None:
    tables.load(CardIssuer, tables.read(tables.ISSUERS))
    tables.load(PlanCardFacts, tables.read(tables.PLANS))


def add_orders(*, by: User, now: datetime) -> None:
    """Orders of the producer's first households with cards: an HMO family has one in every state."""
    mine = Policy.objects.filter(
        producer_number__producer=by.producer_id, status=Policy.Status.ACTIVE, account__number__isnull=False
    ).select_related("account", "producer_number__producer")
    families = mine.filter(requires_pcp=True, member_count__gte=3, pcp_assignments__isnull=False)
    hmo = families.filter(account__number=HMO_FAMILY).first() or families.order_by("id").first()
    ppo = mine.filter(requires_pcp=False, line=Policy.Line.MEDICAL).exclude(plan_id="").order_by("id").first()
    if hmo is None or ppo is None:
        return
    members = list(Member.objects.filter(coverages__policy=hmo).order_by("id"))
    for days, ago, state, failure in (
        (34, members[:1], State.ORDERED, ""),
        (12, members[1:2], State.FAILED, REFUSED),
    ):
        _past_order(hmo, ago, by=by, at=now - timedelta(days=days) + IN_OFFICE_HOURS, state=state, failure=failure)
    service.order_permanent(
        policy=ppo,
        members=_primary(ppo),
        quantity=2,
        by=by,
        now=now - timedelta(minutes=50),
        form_key="demo-pending-order",
    )
    service.request_temporary(
        asked=[service.CardAsked(policy=hmo, member=member) for member in members],
        account=hmo.account,
        bundle=IdCardOrder.Bundle.PDF,
        by=by,
        now=now - timedelta(minutes=30),
        form_key="demo-temporary-cards",
    )


def _past_order(policy: Policy, members: list[Member], *, by: User, at: datetime, state: State, failure: str) -> None:
    order = IdCardOrder.objects.create(
        kind=IdCardOrder.Kind.PERMANENT,
        account=policy.account,
        requested_at=at,
        requested_by=by,
        form_key=f"demo-{state}-{policy.pk}",
    )
    IdCardRequest.objects.bulk_create(
        IdCardRequest(
            order=order,
            policy=policy,
            member=member,
            kind=IdCardRequest.Kind.PERMANENT,
            state=state,
            failure=failure,
            requested_at=at,
            requested_by=by,
            finished_at=at + timedelta(hours=4),
        )
        for member in members
    )


def _primary(policy: Policy) -> list[Member]:
    return list(Member.objects.filter(account=policy.account_id, role=Member.Role.PRIMARY))
