"""Changes for the member system in every state, as they stand while somebody tries the demo (CON_03).

What was accepted shows on the client's page; what was rejected or given up left the old value there. Of those on their
way one moves while one watches: it goes out when the demo's two minutes are over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clients.membersystem.notices import FAILED
from clients.membersystem.sweep import reference_of
from clients.models import ContactPoint, Member, MemberChange, Policy, SimulatedReceipt
from portal.common.notifications.models import Notification

Status, Kind = MemberChange.Status, MemberChange.Kind
PRODUCER, DELEGATE = "rsolberg7", "dkeller22"
# Exchanges that are kept free for fiction: 555-0100 to 555-0199.
INVENTED = ("5550111", "5550122", "5550133", "5550144", "5550155", "5550166", "5550177")
UNANSWERED_FOR = timedelta(hours=8)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A change of a primary insured's phone number; ``client`` counts clients who have one, ``hours`` is how long ago."""

    client: int
    status: MemberChange.Status
    by: str = PRODUCER
    hours: float = 0.0
    attempts: int = 1
    error: str = ""
    note: str = ""


CHANGES = (
    Made(client=0, status=Status.ACKED, hours=29.5),
    Made(client=1, status=Status.ACKED, hours=76.0, by=DELEGATE),
    Made(client=2, status=Status.REJECTED, hours=52.0, error="The member was not found under this subscriber number."),
    Made(client=3, status=Status.DEAD, hours=31.0, attempts=8, error="Not reached: the member system did not answer."),
    Made(
        client=4,
        status=Status.CLOSED,
        hours=150.0,
        attempts=8,
        error="Not reached: the member system did not answer.",
        note="Entered by the membership team during the outage.",
    ),
    # Two of one client: the second waits for the answer to the first.
    Made(client=5, status=Status.SENT, hours=0.75),
    Made(client=5, status=Status.PENDING, hours=0.0, attempts=0),
    Made(client=6, status=Status.PENDING, hours=0.0, attempts=0, by=DELEGATE),
)


def add_member_changes(*, now: datetime) -> int:
    """Add the changes; the clients must be there. ``now`` is when the demo's day began. Returns how many."""
    people = {user.username: user for user in User.objects.filter(username__in=(PRODUCER, DELEGATE))}
    producer = people[PRODUCER].producer
    staff = User.objects.filter(role=User.Role.CARRIER_ADMIN).order_by("pk").first()
    clients = list(_clients(producer.pk)) if producer else []
    added = 0
    for made in CHANGES:
        if made.client < len(clients):
            policy, phone = clients[made.client]
            at = (now if made.hours > 24 else timezone.now()) - timedelta(hours=made.hours)
            _add(made, policy, phone, by=people[made.by], staff=staff, at=at)
            added += 1
    return added


def _clients(producer_pk: int) -> Iterator[tuple[Policy, ContactPoint]]:
    """Active clients with an account number and a home phone, each with the policy it is about."""
    policies = Policy.objects.filter(
        producer_number__producer_id=producer_pk,
        account__number__isnull=False,
        status=Policy.Status.ACTIVE,
        line=Policy.Line.MEDICAL,
    )
    found = {policy.account_id: policy for policy in policies.order_by("-account__number").select_related("account")}
    phones = ContactPoint.objects.filter(
        member__account_id__in=list(found), member__role=Member.Role.PRIMARY, kind=ContactPoint.Kind.HOME
    )
    for phone in phones.select_related("member__account").order_by("member__account__number")[: len(CHANGES)]:
        yield found[phone.member.account_id], phone


def _add(made: Made, policy: Policy, phone: ContactPoint, *, by: User, staff: User | None, at: datetime) -> None:
    sent_at = at + settings.SYNC_DELAY + timedelta(minutes=1) if made.status != Status.PENDING else None
    if made.status == Status.SENT:
        sent_at = at + timedelta(minutes=2)
    stored, invented = phone.value, phone.value[:3] + INVENTED[made.client]
    # The value before the one on its way: the client's second change starts from the first.
    waits_behind = made.client == 5 and made.status == Status.PENDING
    before, after = (invented, stored) if made.status == Status.ACKED else (stored, invented)
    if waits_behind:
        before, after = invented, stored[:3] + "5550188"
    change = MemberChange.objects.create(
        kind=Kind.CONTACT,
        account_id=policy.account_id,
        member=phone.member,
        policy=policy,
        payload={"before": {phone.kind: _point(phone, before)}, "after": {phone.kind: _point(phone, after)}},
        idempotency_key=f"CONTACT:{phone.member.member_id}:demo-{made.client}-{made.status}",
        status=made.status,
        not_before=at + settings.SYNC_DELAY,
        attempts=made.attempts,
        last_error=made.error,
        created_by=by,
        created_at=at,
        sent_at=sent_at if made.status in (Status.ACKED, Status.REJECTED, Status.SENT) else None,
        first_tried_at=sent_at,
        acked_at=sent_at if made.status in (Status.ACKED, Status.REJECTED) else None,
        given_up_at=sent_at + timedelta(hours=2, minutes=10)
        if sent_at and made.status in (Status.DEAD, Status.CLOSED)
        else None,
        closed_at=sent_at + timedelta(hours=5) if sent_at and made.note else None,
        closed_by=staff if made.note else None,
        closing_note=made.note,
    )
    if made.attempts:
        change.bgn02 = reference_of(change)
        change.save(update_fields=["bgn02"])
    if sent_at and made.status in (Status.ACKED, Status.REJECTED, Status.SENT):
        SimulatedReceipt.objects.create(
            reference=change.bgn02,
            kind=change.kind,
            received_at=sent_at,
            accepted=made.status != Status.REJECTED,
            reason=made.error,
            answer_due_at=timezone.now() + UNANSWERED_FOR if made.status == Status.SENT else None,
        )
    if made.status in (Status.REJECTED, Status.DEAD):
        _tell(change, at=change.given_up_at or change.acked_at or at)


def _point(phone: ContactPoint, value: str) -> dict[str, object]:
    return {"value": value, "extension": phone.extension, "send_text": phone.send_text}


def _tell(change: MemberChange, *, at: datetime) -> None:
    """The notice in the portal. Its email was read long ago."""
    how = "was not accepted by" if change.status == Status.REJECTED else "could not be delivered to"
    Notification.objects.create(
        recipient=change.created_by,
        kind=FAILED,
        title=f"Contact change of account {change.account.number} {how} the member system",
        text="What the carrier had before still applies. The carrier's staff are looking into it; you may also make the "
        "change again.",
        url=reverse("clients:detail", args=[change.account.number]),
        dedupe_key=f"member change {change.pk} {change.status}:{change.created_by_id}",
        created_at=at,
        emailed_at=at,
    )
