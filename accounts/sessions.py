"""The session's side of signing in: a pending sign-in is kept in an anonymous session, a finished one replaces it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User, UserSession
from accounts.services import open_sessions
from accounts.services.sign_in import PendingSignIn, Visitor
from portal.common import request_context

PENDING_KEY = "pending_sign_in"
IDENTITY_KEY = "identity_confirmed_at"
IDENTITY_FRESH_FOR = timedelta(minutes=10)
BACKEND = "accounts.backends.UsernameBackend"


def visitor_of(request: HttpRequest) -> Visitor:
    """Where this request came from."""
    facts = request_context.current()
    return Visitor(
        ip_address=facts.ip_address if facts else None,
        browser=request.headers.get("User-Agent", ""),
    )


def keep_pending(session: SessionBase, pending: PendingSignIn) -> None:
    """Keep the first step under a new session key, so that a key known to somebody else is worth nothing."""
    session.cycle_key()
    session[PENDING_KEY] = {**asdict(pending), "started_at": pending.started_at.isoformat()}


def pending_in(session: SessionBase) -> PendingSignIn | None:
    """The pending sign-in of this browser, whether or not it is still good."""
    kept = session.get(PENDING_KEY)
    if kept is None:
        return None
    return PendingSignIn(**{**kept, "started_at": datetime.fromisoformat(kept["started_at"])})


def choose_way(session: SessionBase, way: str) -> None:
    """Remember the way chosen at the second step where nothing is sent; empty for a code that is."""
    session[PENDING_KEY] = {**session[PENDING_KEY], "way": way}


def drop_pending(session: SessionBase) -> None:
    session.pop(PENDING_KEY, None)


def note_identity(session: SessionBase, *, at: datetime) -> None:
    """The person has just given the password again: the same session goes on under a new key (ASVS 7.2.4)."""
    old = session.session_key or ""
    session.cycle_key()
    open_sessions.renamed(old, session.session_key or "")
    session[IDENTITY_KEY] = at.isoformat()


def identity_is_fresh(session: SessionBase, *, at: datetime) -> bool:
    """Was the password given again within the last ten minutes?"""
    noted = session.get(IDENTITY_KEY)
    return noted is not None and at < datetime.fromisoformat(noted) + IDENTITY_FRESH_FOR


def open_session(request: HttpRequest, user: User, *, at: datetime) -> None:
    """Sign the person in under a new session key, for SESSION_COOKIE_AGE from now and not a minute longer.

    Without the fixed end Django would count the twelve hours anew whenever something is kept in the session.
    """
    login(request, user, backend=BACKEND)
    drop_pending(request.session)
    request.session.set_expiry(at + timedelta(seconds=settings.SESSION_COOKIE_AGE))


@receiver(user_logged_in)
def _track(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """However somebody was signed in, the session is in the list of open ones; one that is not would be ended."""
    if request.session.session_key is None:
        request.session.create()
    visitor = visitor_of(request)
    open_sessions.track(
        user=user,
        session_key=request.session.session_key or "",
        browser=visitor.browser,
        ip_address=visitor.ip_address,
        at=timezone.now(),
    )


@receiver(user_logged_out)
def _forget(request: HttpRequest, **_kwargs: Any) -> None:
    UserSession.objects.filter(session_key=request.session.session_key or "").delete()
