"""What a producer sees of the delegates: who may do what, who is invited, and what was done (HOM_10, HOM_14)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import DelegateGrant, DelegateInvitation, User
from accounts.rules.delegate_scopes import labels_of
from accounts.rules.grant_days import GrantState
from accounts.services.delegate_notices import days_text
from portal.common import activity
from portal.common.dates import moment_as_text, today_in
from portal.common.models import AuditEvent

STATE_PILLS = {
    GrantState.ACTIVE: "success",
    GrantState.FUTURE: "info",
    GrantState.ENDED: "secondary",
    GrantState.REVOKED: "danger",
}
IN_LIST = (GrantState.ACTIVE, GrantState.FUTURE, GrantState.ENDED, GrantState.REVOKED)


@dataclass(frozen=True)
class DelegateLine:
    """One grant as listed; ``key`` is its id as text."""

    pk: int
    key: str
    name: str
    username: str
    email: str
    rights: list[str]
    days: str
    state: str
    pill: str
    revoked: bool
    revoked_at: str


@dataclass(frozen=True)
class InvitationLine:
    """One invitation that waits for its answer."""

    pk: int
    name: str
    email: str
    rights: list[str]
    days: str
    state: str
    pill: str
    expires: str


@dataclass(frozen=True)
class MyDelegates:
    delegates: list[DelegateLine]
    invitations: list[InvitationLine]


def my_delegates(user: User, *, at: datetime) -> MyDelegates:
    """The delegates of this producer, those who can work first, and the invitations that wait."""
    today = today_in(now=at)
    grants = list(DelegateGrant.objects.for_user(user).select_related("delegate"))
    grants.sort(key=lambda grant: (IN_LIST.index(grant.state(today)), grant.delegate.last_name, grant.pk))
    invitations = DelegateInvitation.objects.for_user(user).waiting()
    return MyDelegates(
        delegates=[_delegate_line(grant, today) for grant in grants],
        invitations=[_invitation_line(invitation, at) for invitation in invitations],
    )


def name_of(delegate: User) -> str:
    return delegate.get_full_name() or delegate.get_username()


def _delegate_line(grant: DelegateGrant, today: date) -> DelegateLine:
    state = grant.state(today)
    return DelegateLine(
        pk=grant.pk,
        key=str(grant.pk),
        name=name_of(grant.delegate),
        username=grant.delegate.get_username(),
        email=grant.delegate.email,
        rights=labels_of(grant.scopes),
        days=days_text(grant.first_day, grant.last_day),
        state=state.value,
        pill=STATE_PILLS[state],
        revoked=state is GrantState.REVOKED,
        revoked_at=moment_as_text(grant.revoked_at) if grant.revoked_at else "",
    )


def _invitation_line(invitation: DelegateInvitation, at: datetime) -> InvitationLine:
    good = invitation.is_open(at)
    return InvitationLine(
        pk=invitation.pk,
        name=invitation.name,
        email=invitation.email,
        rights=labels_of(invitation.scopes),
        days=days_text(invitation.first_day, invitation.last_day),
        state="Invited" if good else "Invited, link expired",
        pill="info" if good else "warning",
        expires=moment_as_text(invitation.expires_at),
    )


@dataclass(frozen=True)
class Act:
    """One thing a delegate did, in words; ``account_number`` only where it was done to a client."""

    at: str
    what: str
    account_number: str


def activity_of(grant: DelegateGrant, *, first: date | None, last: date | None) -> "QuerySet[AuditEvent]":
    """What the delegate of this grant did for its producer, newest first; days of the carrier's zone, both inclusive.

    Acts under an earlier grant of the same two count as well.
    """
    events = AuditEvent.objects.filter(for_producer=grant.producer.npn, actor_id=grant.delegate_id)
    if first:
        events = events.filter(at__gte=_midnight(first))
    if last and last < date.max:
        events = events.filter(at__lt=_midnight(last + timedelta(days=1)))
    return events.order_by("-id")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def as_act(event: AuditEvent) -> Act:
    return Act(
        at=moment_as_text(event.at),
        what=activity.describe(event.action, event.details),
        account_number=event.object_id if event.object_type == "account" and event.object_id.isdigit() else "",
    )
