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
from clients.services import trail
from clients.services.member_changes import queue
from portal.common import outbox
from portal.common.dates import moment_as_text
from portal.common.files import store

Kind, State = IdCardRequest.Kind, IdCardRequest.State
RENDER, BUNDLE = "clients.id_card.render", "clients.id_card.bundle"
NOTHING_ASKED = "None of the chosen policies has ID cards now."
TOO_MANY = "At most {most} ID cards can be made at once; you chose {count}."
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


def most_copies(requires_pcp: bool) -> int:
    """How many permanent cards of one member can be ordered at once, inclusive."""
    return 1 if requires_pcp else int(settings.ID_CARD_MOST_COPIES)


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


# --- temporary cards ---


@transaction.atomic
def request_temporary(
    *,
    asked: Sequence[CardAsked],
    by: User,
    now: datetime,
    form_key: str,
    account: Account | None = None,
    bundle: str = "",
    left_out: Sequence[tuple[Policy, str]] = (),
) -> IdCardOrder:
    """Record the cards and owe a rendered PDF file of each (IDC_09, IDC_10).

    ``account`` is the household when there is one only; ``bundle`` says in what the cards are put together; ``left_out``
    are chosen policies without a card, with the reason. Raises ``CardsNotAvailable``; then nothing is made.
    """
    if not asked:
        raise CardsNotAvailable(NOTHING_ASKED)
    if len(asked) > settings.ID_CARD_MOST_IN_ONE_FILE:
        raise CardsNotAvailable(TOO_MANY.format(most=settings.ID_CARD_MOST_IN_ONE_FILE, count=len(asked)))
    for policy in {card.policy.pk: card.policy for card in asked}.values():
        if reason := why_not(policy, now=now):
            raise CardsNotAvailable(reason)
    order, is_new = IdCardOrder.objects.get_or_create(
        form_key=f"{by.pk}:{form_key}",
        defaults={
            "kind": IdCardOrder.Kind.TEMPORARY,
            "account": account,
            "bundle": bundle if len(asked) > 1 else IdCardOrder.Bundle.NONE,
            "left_out": [{"policy": policy.pk, "reason": reason} for policy, reason in left_out],
            "requested_by": by,
            "requested_at": now,
        },
    )
    if is_new:
        for request in _add_cards(order, asked):
            owe_rendering(request)
        _audit("id_card.made", order, asked, by=by, cards=len(asked))
    return order


def owe_rendering(request: IdCardRequest) -> None:
    outbox.add(RENDER, dedupe_key=f"id-card-render:{request.pk}:{request.attempt}", payload={"request_id": request.pk})


def owe_bundle(order: IdCardOrder) -> None:
    outbox.add(BUNDLE, dedupe_key=f"id-card-bundle:{order.pk}:{order.bundle_attempt}", payload={"order_id": order.pk})


@transaction.atomic
def cancel(*, order: IdCardOrder, by: User, now: datetime) -> bool:
    """Stop making what is not made yet; cards that are ready stay. Returns whether there was anything to stop."""
    order = IdCardOrder.objects.select_for_update().get(pk=order.pk)
    waiting = IdCardRequest.objects.filter(order=order, kind=Kind.TEMPORARY, state=State.REQUESTED)
    unbundled = bool(order.bundle) and order.file_id is None
    if order.kind != IdCardOrder.Kind.TEMPORARY or order.cancelled_at or not (waiting.exists() or unbundled):
        return False
    waiting.update(state=State.CANCELLED, finished_at=now, failure="")
    order.cancelled_at = now
    order.save(update_fields=["cancelled_at"])
    for request in order.requests.select_related("policy__producer_number__producer", "policy__account")[:1]:
        _audit_request("id_card.cancelled", request, by=by)
    return True


@transaction.atomic
def retry_temporary(*, order: IdCardOrder, by: User, now: datetime) -> int:
    """Make once more what has failed, and the file of all cards. Raises ``NothingToRetry`` and ``CardsNotAvailable``."""
    order = IdCardOrder.objects.select_for_update().get(pk=order.pk)
    failed = list(
        order.requests.select_for_update(of=("self",))
        .filter(state=State.FAILED, kind=Kind.TEMPORARY)
        .select_related("policy__producer_number__producer", "policy__account")
    )
    if order.cancelled_at or order.forgotten_at or not (failed or order.failure):
        raise NothingToRetry
    for request in failed:
        if reason := why_not(request.policy, now=now):
            raise CardsNotAvailable(reason)
        request.attempt += 1
        request.state, request.failure, request.finished_at = State.REQUESTED, "", None
        request.save(update_fields=["attempt", "state", "failure", "finished_at"])
        owe_rendering(request)
        _audit_request("id_card.retried", request, by=by)
    # The file is made anew when the last of its cards is ready.
    order.bundle_attempt += 1
    had_failed = bool(order.failure)
    if order.file is not None:
        store.remove(order.file, at=now)
    order.failure, order.file = "", None
    order.save(update_fields=["bundle_attempt", "failure", "file"])
    if had_failed and not failed:
        owe_bundle(order)
    return len(failed)


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
        counted = cards if len(policies) == 1 else 1
        trail.record(action, policy, by=by, kind=order.kind, cards=counted, order=order.pk)


def _audit_request(action: str, request: IdCardRequest, *, by: User) -> None:
    trail.record(action, request.policy, by=by, kind=request.kind, cards=request.quantity, order=request.order_id)
