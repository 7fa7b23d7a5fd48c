"""Emails and notifications to a delegate and a producer about what one may do for the other (HOM_08, HOM_10, HOM_14).

Nothing about clients. The emails always go out, because a change that one did not make oneself must be noticed; so the
notifications bring none of their own.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import DelegateGrant, DelegateInvitation, Producer, User
from accounts.rules.delegate_scopes import labels_of
from portal.common.dates import as_text
from portal.common.messaging.send import send_email
from portal.common.models import AuditEvent
from portal.common.notifications.notify import notify

DELEGATE_ADDED = "delegate.added"
DELEGATE_CHANGED = "delegate.changed"
DELEGATE_REMOVED = "delegate.removed"


def days_text(first_day: date, last_day: date | None) -> str:
    """From when to when, both days inclusive: "from 11/21/2026, without an end"."""
    return f"from {as_text(first_day)} {f'to {as_text(last_day)}' if last_day else 'without an end'}"


def _rights(scopes: Sequence[str], first_day: date, last_day: date | None) -> dict[str, Any]:
    return {"rights": labels_of(scopes), "days": days_text(first_day, last_day)}


def _invited(invitation: DelegateInvitation) -> dict[str, Any]:
    return {
        **_rights(invitation.scopes, invitation.first_day, invitation.last_day),
        "name": invitation.name,
        "address": invitation.email,
        "producer_name": invitation.producer.name,
    }


def send_link(invitation: DelegateInvitation, *, link: str) -> None:
    """The invitation itself: the only place where the link stands readable."""
    send_email(
        to=invitation.email,
        kind="delegate_invitation",
        subject=f"{invitation.producer.name} invites you to {settings.PORTAL_NAME}",
        context={**_invited(invitation), "link": link, "expires_at": invitation.expires_at},
    )


def tell_invited(invitation: DelegateInvitation) -> None:
    """Tell the producer that an invitation went out under their name."""
    send_email(
        to=invitation.producer.record_email,
        kind="delegate_invited",
        subject=f"You invited {invitation.name} as your delegate",
        context={**_invited(invitation), "expires_at": invitation.expires_at},
    )


def tell_withdrawn(invitation: DelegateInvitation) -> None:
    """Tell the invited person that the link is worth nothing any more."""
    send_email(
        to=invitation.email,
        kind="delegate_invitation_withdrawn",
        subject=f"{invitation.producer.name} has withdrawn the invitation",
        context=_invited(invitation),
    )


def tell_accepted(grant: DelegateGrant, event: AuditEvent) -> None:
    """Tell both that the delegate can work from the first day on; ``event`` recorded the acceptance."""
    _tell_both(
        grant,
        event,
        kind="delegate_accepted",
        notice=DELEGATE_ADDED,
        to_producer=f"{_name(grant.delegate)} is now your delegate",
        to_delegate=f"You are now a delegate of {grant.producer.name}",
    )


def tell_changed(grant: DelegateGrant, event: AuditEvent) -> None:
    """Tell both what the delegate may do from now on; ``event`` recorded the change."""
    _tell_both(
        grant,
        event,
        kind="delegate_changed",
        notice=DELEGATE_CHANGED,
        to_producer=f"You changed what {_name(grant.delegate)} may do for you",
        to_delegate=f"{grant.producer.name} changed what you may do",
    )


def tell_revoked(grant: DelegateGrant, event: AuditEvent) -> None:
    """Tell both that the access has ended; ``event`` recorded it."""
    _tell_both(
        grant,
        event,
        kind="delegate_revoked",
        notice=DELEGATE_REMOVED,
        to_producer=f"You ended the access of {_name(grant.delegate)}",
        to_delegate=f"{grant.producer.name} ended your access",
    )


def _tell_both(
    grant: DelegateGrant, event: AuditEvent, *, kind: str, notice: str, to_producer: str, to_delegate: str
) -> None:
    for address, subject, is_producer in (
        (grant.producer.record_email, to_producer, True),
        (grant.delegate.security_email, to_delegate, False),
    ):
        send_email(to=address, kind=kind, subject=subject, context={**_granted(grant), "to_producer": is_producer})
    text = "" if notice == DELEGATE_REMOVED else _what_and_when(grant)
    fact = f"{notice} {event.pk}"
    login = User.objects.filter(producer=grant.producer).select_related("producer").first()
    if login is not None:
        page = reverse("accounts:delegates")
        notify(recipient=login, kind=notice, title=to_producer, text=text, url=page, fact=fact, at=event.at)
    notify(recipient=grant.delegate, kind=notice, title=to_delegate, text=text, fact=fact, at=event.at)


def _what_and_when(grant: DelegateGrant) -> str:
    rights = "; ".join(labels_of(grant.scopes))
    return f"{rights}. When: {days_text(grant.first_day, grant.last_day)}."


def _granted(grant: DelegateGrant) -> dict[str, Any]:
    producer: Producer = grant.producer
    return {
        **_rights(grant.scopes, grant.first_day, grant.last_day),
        "name": _name(grant.delegate),
        "username": grant.delegate.get_username(),
        "producer_name": producer.name,
    }


def _name(delegate: User) -> str:
    return delegate.get_full_name() or delegate.get_username()
