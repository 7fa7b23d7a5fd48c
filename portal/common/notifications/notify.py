"""Telling a person something: a row in the caller's transaction, and the email it owes (HOM_06..08)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.common.notifications import emails, kinds
from portal.common.notifications.models import Notification, NotificationPreference
from portal.common.notifications.preferences import choice_of

LONGEST_FACT = 140


def notify(
    *, recipient: Any, kind: str, title: str, text: str = "", url: str = "", fact: str, at: datetime
) -> Notification | None:
    """Tell ``recipient``, in the caller's transaction, in the ways this person has chosen for the kind.

    ``fact`` names what happened ("question EQU000123 answered"): the same fact told the same person twice is told once,
    and the second call returns the first one's row. ``title`` goes into emails, so it holds numbers and kinds of
    things; neither it nor ``text`` holds health data or a client's name. ``url`` is a path of this portal.

    Returns ``None`` for people whose login is not active, and for those who want the kind in no way at all.
    Raises ``ValueError`` for a kind that is not registered, a fact that is too long (140 characters) or empty, and for
    a ``url`` that leads elsewhere.
    """
    known = kinds.get(kind)
    if not 0 < len(fact) <= LONGEST_FACT:
        raise ValueError("A fact needs a name of 1 to 140 characters.")
    if url and (not url.startswith("/") or url.startswith(("//", "/\\"))):
        raise ValueError("A notification leads to a page of this portal.")
    if not recipient.is_active:
        return None
    wanted = choice_of(recipient, known)
    if not wanted.in_app and wanted.email == NotificationPreference.Email.OFF:
        return None
    return _tell(recipient, kind, title, text, url, fact, at, wanted.in_app, wanted.email)


def notify_all(
    *, recipients: Iterable[Any], kind: str, title: str, text: str = "", url: str = "", fact: str, at: datetime
) -> list[Notification]:
    """Tell each of several people the same, each as that person has chosen; somebody named twice is told once."""
    told = (
        notify(recipient=person, kind=kind, title=title, text=text, url=url, fact=fact, at=at)
        for person in {person.pk: person for person in recipients}.values()
    )
    return [notification for notification in told if notification is not None]


def _tell(
    recipient: Any, kind: str, title: str, text: str, url: str, fact: str, at: datetime, in_app: bool, email: str
) -> Notification:
    dedupe_key = f"{fact}:{recipient.pk}"
    told = Notification.objects.filter(dedupe_key=dedupe_key).first()
    if told is not None:
        return told
    at_once = email == NotificationPreference.Email.AT_ONCE
    try:
        with transaction.atomic():
            notification = Notification.objects.create(
                recipient=recipient,
                kind=kind,
                title=title[:200],
                text=text[:500],
                url=url,
                dedupe_key=dedupe_key,
                in_app=in_app,
                created_at=at,
                digest_due=email == NotificationPreference.Email.DIGEST,
                emailed_at=at if at_once and recipient.security_email else None,
            )
            if at_once:
                emails.send_at_once(notification)
    except IntegrityError:
        # Somebody else told it at the same moment. Any other broken constraint finds no row and is raised.
        return Notification.objects.get(dedupe_key=dedupe_key)
    return notification
