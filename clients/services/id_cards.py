"""ID cards asked for: temporary ones, rendered by a worker, and permanent ones, ordered from the member system (IDC_01..12).

Every act is one transaction: the order, its cards, what is owed for them and the audit row. One form makes one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from clients.models import Account, IdCardOrder, IdCardRequest, Member, MemberChange, Policy
from clients.rules import id_cards as rules
from clients.services.member_changes import queue
from portal.common import audit
from portal.common.dates import moment_as_text

Kind, State = IdCardRequest.Kind, IdCardRequest.State
RENDER, BUNDLE = "clients.id_card.render", "clients.id_card.bundle"
SENT_BACK = "The member system did not accept the order."


class CardsNotAvailable(Exception):
    """There are no cards for this policy now; the text says why and is fit to show."""


class NothingToRetry(Exception):
    """Somebody was quicker, or it has worked by itself in the meantime."""


@dataclass(frozen=True, kw_only=True)
class CardAsked:
    """One card: whose, and how many of it."""

    policy: Policy
    member: Member
    quantity: int = 1


def facts_of(policy: Policy) -> rules.CardFacts:
    return rules.CardFacts(
        status=policy.status,
        on_exchange=policy.market == Policy.Market.ON,
        binder_paid=policy.binder_paid,
        submitted_at=policy.application_submitted_at,
    )


def why_not(policy: Policy, *, now: datetime) -> str:
    """Why there are no ID cards for a policy now, in a sentence fit to show, or nothing. Does not query."""
    refused = rules.refusal(facts_of(policy), now=now)
    if refused is None:
        return ""
    return refused.sentence(moment_as_text(refused.opens_at) if refused.opens_at else "")


def order_permanent(
    *, policy: Policy, members: Sequence[Member], quantity: int, by: User, now: datetime, form_key: str
) -> IdCardOrder:
    """Order cards that the carrier mails: ``quantity`` of them for each member (IDC_06, IDC_08).

    Who the members may be and whether each has a PCP is asked before (``selectors.id_cards``). Raises
    ``CardsNotAvailable``; then nothing is ordered.
    """
    if reason := why_not(policy, now=now):
        raise CardsNotAvailable(reason)
    error = rules.quantity_error(quantity, requires_pcp=policy.requires_pcp, most=settings.ID_CARD_MOST_COPIES)
    if error:
        raise CardsNotAvailable(error)
    asked = [CardAsked(policy=policy, member=member, quantity=quantity) for member in members]
    return _permanent(asked, account=policy.account, by=by, now=now, form_key=f"{by.pk}:{form_key}")


def order_after_pcp_change(
    *, policy: Policy, members: Sequence[Member], by: User, now: datetime, reference: str
) -> list[IdCardRequest]:
    """Order one new card for each member whose PCP has changed (IDC_12), in the caller's transaction.

    ``reference`` names the change, as in ``member_changes.queue``: the same again orders nothing new. Returns the
    requests, none where the policy has no ID cards yet or any more: its first cards will bear the new PCP.
    """
    if why_not(policy, now=now):
        return []
    asked = [CardAsked(policy=policy, member=member) for member in members]
    order = _permanent(asked, account=policy.account, by=by, now=now, form_key=f"pcp:{policy.pk}:{reference}"[:120])
    return list(order.requests.select_related("policy", "member").order_by("id"))


@transaction.atomic
def _permanent(asked: Sequence[CardAsked], *, account: Account, by: User, now: datetime, form_key: str) -> IdCardOrder:
    order, is_new = IdCardOrder.objects.get_or_create(
        form_key=form_key,
        defaults={
            "kind": IdCardOrder.Kind.PERMANENT,
            "account": account,
            "requested_by": by,
            "requested_at": now,
        },
    )
    if is_new:
        for request in _add_cards(order, asked):
            _queue(request, by=by, now=now)
        _audit("id_card.ordered", order, asked, by=by, cards=sum(card.quantity for card in asked))
    return order


def _add_cards(order: IdCardOrder, asked: Sequence[CardAsked]) -> list[IdCardRequest]:
    return [
        IdCardRequest.objects.create(
            order=order,
            policy=card.policy,
            member=card.member,
            kind=order.kind,
            quantity=card.quantity,
            requested_at=order.requested_at,
            requested_by=order.requested_by,
        )
        for card in asked
    ]


def _queue(request: IdCardRequest, *, by: User, now: datetime) -> None:
    """Owe the member system the order of one member's cards."""
    earlier = IdCardRequest.objects.filter(
        policy=request.policy, member=request.member, kind=Kind.PERMANENT, state=State.ORDERED
    )
    queue(
        kind=MemberChange.Kind.ID_CARD,
        policy=request.policy,
        member=request.member,
        payload={
            "request_id": request.pk,
            "line": request.policy.line,
            "quantity": request.quantity,
            # The carrier mails first cards by itself when coverage begins.
            "replacement": earlier.exists() or request.policy.status != Policy.Status.FUTURE,
        },
        reference=f"id-card-{request.pk}-{request.attempt}",
        by=by,
        now=now,
    )


# --- what the member system answers ---


def was_accepted(change: MemberChange, now: datetime) -> None:
    """The order has arrived: the cards will be mailed."""
    _answered(change, now, state=State.ORDERED, failure="")


def has_failed(change: MemberChange, now: datetime) -> None:
    """The order was rejected or given up; a person can try again."""
    _answered(change, now, state=State.FAILED, failure=change.last_error[:300] or SENT_BACK)


def _answered(change: MemberChange, now: datetime, **values: Any) -> None:
    """Only the newest try counts: an answer to an earlier one says nothing about it."""
    request = IdCardRequest.objects.select_for_update().filter(pk=change.payload.get("request_id")).first()
    if request is None or not change.idempotency_key.endswith(f"id-card-{request.pk}-{request.attempt}"):
        return
    IdCardRequest.objects.filter(pk=request.pk).update(finished_at=now, **values)


@transaction.atomic
def retry_permanent(*, request: IdCardRequest, by: User, now: datetime) -> None:
    """Order once more what the member system did not take. Raises ``CardsNotAvailable`` and ``NothingToRetry``."""
    request = (
        IdCardRequest.objects.select_for_update(of=("self",)).select_related("policy", "member").get(pk=request.pk)
    )
    if request.kind != Kind.PERMANENT or request.state != State.FAILED:
        raise NothingToRetry
    if reason := why_not(request.policy, now=now):
        raise CardsNotAvailable(reason)
    request.attempt += 1
    request.state, request.failure, request.finished_at = State.REQUESTED, "", None
    request.save(update_fields=["attempt", "state", "failure", "finished_at"])
    _queue(request, by=by, now=now)
    _audit_request("id_card.retried", request, by=by)


# --- the trail ---


def _audit(action: str, order: IdCardOrder, asked: Sequence[CardAsked], *, by: User, cards: int) -> None:
    """One row for each policy: whose book it is may differ within one order."""
    policies = {card.policy.pk: card.policy for card in asked}
    for policy in policies.values():
        audit.record(
            action,
            by=by,
            for_producer=policy.producer_number.producer.npn,
            object_type="account",
            object_id=policy.account.number or f"household-{policy.account_id}",
            details={"kind": order.kind, "cards": cards if len(policies) == 1 else 1, "order": order.pk},
        )


def _audit_request(action: str, request: IdCardRequest, *, by: User) -> None:
    policy = request.policy
    audit.record(
        action,
        by=by,
        for_producer=policy.producer_number.producer.npn,
        object_type="account",
        object_id=policy.account.number or f"household-{policy.account_id}",
        details={"kind": request.kind, "cards": request.quantity, "order": request.order_id},
    )
