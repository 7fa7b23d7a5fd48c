"""Card data of the fictitious carrier, and ID cards asked for before the demo begins: pending, ordered and failed ones.

Temporary cards are not rendered here: their rows are owed work, and the first worker makes them within seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from clients.idcards import tables
from clients.models import CardIssuer, IdCardOrder, IdCardRequest, Member, MemberChange, PlanCardFacts, Policy
from clients.services import id_cards as service
from clients.services.member_changes import queue

State = IdCardRequest.State
HMO_FAMILY = "100200343"  # portal.demo_data.cases: everybody has a PCP
IN_OFFICE_HOURS = timedelta(hours=11, minutes=20)
REFUSED = "The member system did not accept the order: the mailing address is being verified."


def add_card_data() -> None:
    tables.load(CardIssuer, tables.read(tables.ISSUERS))
    tables.load(PlanCardFacts, tables.read(tables.PLANS))


def add_orders(*, by: User, now: datetime) -> None:
    """Orders of a family with PCPs, one in every state, and one for the first client with a plan without.

    Written as rows: nobody has done anything in the portal yet.
    """
    mine = Policy.objects.filter(
        producer_number__producer=by.producer_id, status=Policy.Status.ACTIVE, account__number__isnull=False
    ).select_related("account")
    families = mine.filter(requires_pcp=True, member_count__gte=3, pcp_assignments__isnull=False)
    hmo = families.filter(account__number=HMO_FAMILY).first() or families.order_by("id").first()
    ppo = mine.filter(requires_pcp=False, line=Policy.Line.MEDICAL).exclude(plan_id="").order_by("id").first()
    if hmo is None or ppo is None:
        return
    family = list(Member.objects.filter(coverages__policy=hmo).order_by("id"))
    primary = list(Member.objects.filter(account=ppo.account_id, role=Member.Role.PRIMARY))
    order = _Orders(by=by)
    order.of(hmo, family[:1], at=now - timedelta(days=34) + IN_OFFICE_HOURS, state=State.ORDERED)
    order.of(hmo, family[1:2], at=now - timedelta(days=12) + IN_OFFICE_HOURS, state=State.FAILED, failure=REFUSED)
    for request in order.of(ppo, primary, at=now - timedelta(minutes=50), quantity=2):
        queue(
            kind=MemberChange.Kind.ID_CARD,
            policy=ppo,
            member=request.member,
            payload={"request_id": request.pk, "line": ppo.line, "quantity": 2, "replacement": True},
            reference=f"id-card-{request.pk}-0",
            by=by,
            now=request.requested_at,
        )
    for request in order.of(hmo, family, at=now - timedelta(minutes=30), kind=IdCardRequest.Kind.TEMPORARY):
        service.owe_rendering(request)


@dataclass(frozen=True)
class _Orders:
    by: User

    def of(
        self,
        policy: Policy,
        members: list[Member],
        *,
        at: datetime,
        kind: str = IdCardRequest.Kind.PERMANENT,
        state: State = State.REQUESTED,
        quantity: int = 1,
        failure: str = "",
    ) -> list[IdCardRequest]:
        order = IdCardOrder.objects.create(
            kind=kind,
            account=policy.account,
            bundle=IdCardOrder.Bundle.PDF if kind == IdCardRequest.Kind.TEMPORARY else IdCardOrder.Bundle.NONE,
            requested_at=at,
            requested_by=self.by,
            form_key=f"demo-{kind}-{state}-{policy.pk}",
        )
        return [
            IdCardRequest.objects.create(
                order=order,
                policy=policy,
                member=member,
                kind=kind,
                quantity=quantity,
                state=state,
                failure=failure,
                requested_at=at,
                requested_by=self.by,
                finished_at=None if state == State.REQUESTED else at + timedelta(hours=4),
            )
            for member in members
        ]
