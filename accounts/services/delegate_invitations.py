"""Asking somebody to become a delegate, and accepting (HOM_10, HOM_14).

The link works for seven days and once. Only a keyed hash of it is kept. Who accepts proves the mailbox by having the
link: a new person makes a login with it; somebody who has one for this address signs in first.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import DelegateGrant, DelegateInvitation, Producer, TermsVersion, User
from accounts.rules.delegate_scopes import in_order
from accounts.services import delegate_notices, passwords, registration
from accounts.services import terms as terms_of_use
from portal.common import audit, throttle
from portal.common.dates import today_in
from portal.common.models import AuditEvent
from portal.common.throttle import Limit

LINK_FOR = timedelta(days=7)
BY_PRODUCER = Limit("delegate_invitation.producer", times=20, per=timedelta(hours=1))
TO_ADDRESS = Limit("delegate_invitation.address", times=5, per=timedelta(days=1))
TRIES = Limit("delegate_invitation.tries", times=30, per=timedelta(hours=1))

LinkMaker = Callable[[str], str]


class CannotInvite(Exception):
    """No invitation goes out; the text says why, fit to show."""


class AlreadyInvited(CannotInvite):
    """An invitation to this address is waiting; asked twice, one goes out."""


class CannotAccept(Exception):
    """This person cannot accept this invitation; the text says why, fit to show."""


class InvitationNotOpen(CannotAccept):
    """Used, withdrawn, replaced by a newer link, or too old."""


class AlreadyAccepted(InvitationNotOpen):
    """Accepted before, by the same person."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What a delegate may do from ``first_day`` to ``last_day``, both inclusive; no last day means without an end."""

    scopes: Sequence[str]
    first_day: date
    last_day: date | None


def hash_of(token: str) -> str:
    """What the database and the session keep of a link."""
    return salted_hmac("accounts.delegate_invitation", token, algorithm="sha256").hexdigest()


def find(token_hash: str) -> DelegateInvitation | None:
    """The invitation of a link, whatever became of it."""
    return DelegateInvitation.objects.select_related("producer").filter(token_hash=token_hash).first()


def has_login(invitation: DelegateInvitation) -> bool:
    """Is there a delegate's login for the invited address? Then no second one is made."""
    return User.objects.filter(role=User.Role.DELEGATE, email__iexact=invitation.email).exists()


def invite(
    *,
    producer: Producer,
    first_name: str,
    last_name: str,
    email: str,
    rights: Rights,
    by: User,
    at: datetime,
    link: LinkMaker,
) -> DelegateInvitation:
    """Invite a person and owe the email with the link, which is good before ``at`` + 7 days.

    Raises ``AlreadyInvited``, ``CannotInvite`` (the own address; somebody who is a delegate of this producer already)
    or ``throttle.TooOften`` (20 emails an hour a producer, 5 a day to one address).
    """
    email = email.lower()
    _count_email(producer, email, at)
    with transaction.atomic():
        producer = Producer.objects.select_for_update(no_key=True).get(pk=producer.pk)
        _refuse_needless(producer, email, by)
        _drop_expired(producer, email, at)
        token = secrets.token_urlsafe(32)
        invitation = DelegateInvitation.objects.create(
            producer=producer,
            first_name=first_name,
            last_name=last_name,
            email=email,
            scopes=in_order(rights.scopes),
            first_day=rights.first_day,
            last_day=rights.last_day,
            token_hash=hash_of(token),
            invited_by=by,
            created_at=at,
            expires_at=at + LINK_FOR,
        )
        delegate_notices.send_link(invitation, link=link(token))
        delegate_notices.tell_invited(invitation)
        _record("delegate.invited", invitation, by=by, details={"scopes": invitation.scopes})
        return invitation


def _count_email(producer: Producer, email: str, at: datetime) -> None:
    throttle.count(BY_PRODUCER, str(producer.pk), at=at)
    throttle.count(TO_ADDRESS, f"{producer.pk}:{email}", at=at)


def _refuse_needless(producer: Producer, email: str, by: User) -> None:
    if email in (producer.record_email.lower(), by.email.lower()):
        raise CannotInvite("This is your own address. A delegate needs an address and a login of their own.")
    grants = DelegateGrant.objects.filter(producer=producer, revoked_at__isnull=True)
    if grants.filter(delegate__email__iexact=email).exists():
        raise CannotInvite(
            "The person with this address is your delegate already. Change the rights or the days in the list instead."
        )


def _drop_expired(producer: Producer, email: str, at: datetime) -> None:
    """Only one invitation to an address waits at a time; one whose link has expired makes room."""
    waiting = DelegateInvitation.objects.filter(producer=producer, email=email).waiting().first()
    if waiting is None:
        return
    if waiting.is_open(at):
        raise AlreadyInvited(
            "This person has been invited already. If the email did not arrive, send it again from the list."
        )
    waiting.withdrawn_at = at
    waiting.save(update_fields=["withdrawn_at"])


def resend(*, invitation: DelegateInvitation, by: User, at: datetime, link: LinkMaker) -> None:
    """Send a new link for seven days; the one sent before stops working.

    Raises ``InvitationNotOpen`` when it was accepted or withdrawn meanwhile, or ``throttle.TooOften``.
    """
    _count_email(invitation.producer, invitation.email, at)
    with transaction.atomic():
        invitation = _lock(invitation.pk)
        if not invitation.is_waiting:
            raise InvitationNotOpen("This invitation has been accepted or withdrawn already.")
        token = secrets.token_urlsafe(32)
        invitation.token_hash = hash_of(token)
        invitation.expires_at = at + LINK_FOR
        invitation.save(update_fields=["token_hash", "expires_at"])
        delegate_notices.send_link(invitation, link=link(token))
        _record("delegate.invitation_resent", invitation, by=by)


@transaction.atomic
def withdraw(*, invitation: DelegateInvitation, by: User, at: datetime) -> bool:
    """Make the link worthless at once. Returns ``False`` when it had been withdrawn before.

    Raises ``InvitationNotOpen`` when it was accepted meanwhile: then there is a grant to revoke.
    """
    invitation = _lock(invitation.pk)
    if invitation.accepted_at is not None:
        raise InvitationNotOpen("This invitation has been accepted meanwhile. Revoke the access in the list instead.")
    if invitation.withdrawn_at is not None:
        return False
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    delegate_notices.tell_withdrawn(invitation)
    _record("delegate.invitation_withdrawn", invitation, by=by)
    return True


@transaction.atomic
def accept(*, invitation: DelegateInvitation, by: User, at: datetime) -> DelegateGrant:
    """Become the producer's delegate with the rights and days of the invitation.

    A grant of the same producer that has ended gets the new rights and days. Raises ``AlreadyAccepted``,
    ``InvitationNotOpen``, or ``CannotAccept`` for a producer's or the carrier's login and for another address than
    the invited one.
    """
    invitation = _lock(invitation.pk)
    _refuse_unless_open(invitation, by, at)
    refusal = why_not(invitation, by)
    if refusal:
        raise CannotAccept(refusal)
    return _give_grant(invitation, by, at)


def _give_grant(invitation: DelegateInvitation, by: User, at: datetime) -> DelegateGrant:
    grant = DelegateGrant.objects.select_for_update().filter(
        producer=invitation.producer, delegate=by, revoked_at__isnull=True
    ).first() or DelegateGrant(producer=invitation.producer, delegate=by)
    grant.scopes = invitation.scopes
    grant.first_day = invitation.first_day
    grant.last_day = invitation.last_day
    grant.save()
    invitation.accepted_at, invitation.accepted_by = at, by
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    details: dict[str, object] = {"scopes": grant.scopes, "grant": grant.pk}
    event = _record("delegate.invitation_accepted", invitation, by=by, details=details)
    delegate_notices.tell_accepted(grant, event)
    return grant


def why_not(invitation: DelegateInvitation, person: User) -> str:
    """Why this signed-in person cannot accept, fit to show; empty when nothing stands against it."""
    if person.role == User.Role.PRODUCER:
        return "You are logged in as a producer. A producer's account cannot work as a delegate."
    if person.role != User.Role.DELEGATE:
        return "You are logged in as carrier staff. Such an account cannot work as a delegate."
    if person.email.lower() != invitation.email:
        return (
            "The invitation was sent to another email address than the one of your login. "
            "Ask the producer to invite you at the address of your login."
        )
    return ""


def _refuse_unless_open(invitation: DelegateInvitation, by: User | None, at: datetime) -> None:
    if by is not None and invitation.accepted_by_id == by.pk:
        raise AlreadyAccepted("You have accepted this invitation already.")
    if not is_acceptable(invitation, at):
        raise InvitationNotOpen("This invitation can no longer be used.")


def is_acceptable(invitation: DelegateInvitation, at: datetime) -> bool:
    """Is the link good, does the access it leads to not lie wholly in the past, and can the producer still give any?"""
    over = invitation.last_day is not None and invitation.last_day < today_in(now=at)
    return invitation.is_open(at) and not over and invitation.producer.status != Producer.Status.TERMINATED


def accept_with_new_login(
    *,
    invitation: DelegateInvitation,
    username: str,
    password: str,
    first_name: str,
    last_name: str,
    terms: TermsVersion | None,
    ip_address: str | None,
    at: datetime,
) -> User:
    """Make a login for the invited person, whose address the link has proven, and accept with it.

    ``terms`` is the wording of the terms of use that was accepted, if the carrier has published one. Raises
    ``InvitationNotOpen``, ``CannotAccept`` when there is a login for this address, or Django's ``ValidationError``
    with the messages of the fields ``username`` and ``password``. 30 tries an hour, then ``throttle.TooOften``: the
    form tells whether a username is taken.
    """
    throttle.count(TRIES, str(invitation.pk), at=at)
    with transaction.atomic():
        _lock_waiting_for(invitation.email)
        invitation = _lock(invitation.pk)
        _refuse_unless_open(invitation, None, at)
        if has_login(invitation):
            raise CannotAccept("There is a login for this email address already. Log in with it to accept.")
        person = _new_person(invitation, username, password, first_name, last_name, at)
        if terms is not None:
            terms_of_use.accept(user=person, terms=terms, at=at, ip_address=ip_address)
        _give_grant(invitation, person, at)
        return person


def _new_person(
    invitation: DelegateInvitation, username: str, password: str, first_name: str, last_name: str, at: datetime
) -> User:
    person = User(
        username=username,
        first_name=first_name,
        last_name=last_name,
        email=invitation.email,
        role=User.Role.DELEGATE,
        email_confirmed_at=at,
        date_joined=at,
    )
    registration.check_credentials(person, password)
    person.set_password(password)
    registration.save_with_free_username(person)
    passwords.remember(person, at=at)
    audit.record("delegate.login_created", by=person, object_type="user", object_id=str(person.pk))
    return person


def _lock(pk: int) -> DelegateInvitation:
    locked = DelegateInvitation.objects.select_for_update(of=("self",)).select_related("producer")
    return locked.get(pk=pk)


def _lock_waiting_for(email: str) -> None:
    """Two producers' invitations to one address, accepted at the same moment, must not make two logins."""
    list(DelegateInvitation.objects.filter(email=email).waiting().order_by("pk").select_for_update().values_list("pk"))


def _record(
    action: str, invitation: DelegateInvitation, *, by: User, details: dict[str, object] | None = None
) -> AuditEvent:
    return audit.record(
        action,
        by=by,
        for_producer=invitation.producer.npn,
        object_type="delegate_invitation",
        object_id=str(invitation.pk),
        details=details,
    )
