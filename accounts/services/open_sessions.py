"""Browsers in which somebody is signed in: the list of them, their two time limits, and ending them (ASVS 7.3, 7.4).

Whether a session is open is decided by two rows that end together: Django's own and ``UserSession``. Without the second
one the next request in that browser finds nobody signed in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User, UserSession
from portal.common import audit

BROWSER_LENGTH = 200
SEEN_EVERY = timedelta(minutes=1)  # how exact the list is, and how seldom it costs a write


@dataclass(frozen=True)
class Standing:
    """How a session stands: its row, when idling ends it, and when it ends whatever happens."""

    session: UserSession
    idle_until: datetime
    open_until: datetime

    @property
    def ends_at(self) -> datetime:
        return min(self.idle_until, self.open_until)

    @property
    def can_be_extended(self) -> bool:
        """Is it idling that would end it? Then showing up helps."""
        return self.idle_until < self.open_until


def track(*, user: User, session_key: str, browser: str, ip_address: str | None, at: datetime) -> UserSession:
    """Add a browser in which this person has just signed in."""
    readable = "".join(character for character in browser if character.isprintable())
    return UserSession.objects.create(
        user=user,
        session_key=session_key,
        browser=readable[:BROWSER_LENGTH],
        ip_address=ip_address,
        signed_in_at=at,
        last_seen_at=at,
    )


def renamed(old_key: str, new_key: str) -> None:
    """The session goes on under another key; one that was ended meanwhile stays ended."""
    UserSession.objects.filter(session_key=old_key).update(session_key=new_key)


def standing(session_key: str, *, user_id: str) -> Standing | None:
    """How this session stands, or ``None`` when it has been ended."""
    session = UserSession.objects.filter(session_key=session_key, user_id=user_id).first()
    return standing_of(session) if session else None


def standing_of(session: UserSession) -> Standing:
    return Standing(
        session=session,
        idle_until=session.last_seen_at + timedelta(minutes=settings.SESSION_IDLE_MINUTES),
        open_until=session.signed_in_at + timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )


def seen(session: UserSession, *, at: datetime, now_exactly: bool = False) -> None:
    """The person did something. Written at most once a minute, or ``now_exactly`` when they asked to stay."""
    if at >= session.last_seen_at + (timedelta(0) if now_exactly else SEEN_EVERY):
        # A filter and not the row: a session that was ended meanwhile must not come back.
        UserSession.objects.filter(pk=session.pk, last_seen_at__lt=at).update(last_seen_at=at)
        session.last_seen_at = at


def _forget(sessions: list[UserSession]) -> None:
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    for session in sessions:
        store().delete(session.session_key)
    UserSession.objects.filter(pk__in=[session.pk for session in sessions]).delete()


@transaction.atomic
def end(*, user: User, session_id: int) -> bool:
    """End one of this person's own sessions; return whether there was such a one. The next request there is nobody's."""
    ended = list(UserSession.objects.filter(user=user, pk=session_id))
    _forget(ended)
    for _ in ended:
        audit.record("session.ended", by=user, object_type="user", object_id=str(user.pk))
    return bool(ended)


@transaction.atomic
def end_all(*, user: User, by: User | None, except_key: str = "") -> int:
    """End every session of this person but the one with ``except_key``; return how many there were.

    ``by`` is empty where no person ends them but a file of the producer record system.
    """
    ended = list(UserSession.objects.filter(user=user).exclude(session_key=except_key))
    _forget(ended)
    if ended:
        audit.record(
            "session.all_ended", by=by, object_type="user", object_id=str(user.pk), details={"sessions": len(ended)}
        )
    return len(ended)


def open_at(user: User, *, at: datetime) -> QuerySet[UserSession]:
    """Sessions of this person whose time is not up at ``at``, the last seen first."""
    whole, idle = _oldest_open(at)
    return UserSession.objects.filter(user=user, signed_in_at__gt=whole, last_seen_at__gt=idle)


def _oldest_open(at: datetime) -> tuple[datetime, datetime]:
    """When a session must have begun after, and been seen after, to be open at ``at``."""
    return at - timedelta(seconds=settings.SESSION_COOKIE_AGE), at - timedelta(minutes=settings.SESSION_IDLE_MINUTES)


@transaction.atomic
def purge(*, at: datetime) -> int:
    """Forget sessions whose time was up at ``at``; return how many. Nobody who comes back is told why afterwards."""
    whole, idle = _oldest_open(at)
    over = list(UserSession.objects.filter(Q(signed_in_at__lte=whole) | Q(last_seen_at__lte=idle)))
    _forget(over)
    return len(over)
