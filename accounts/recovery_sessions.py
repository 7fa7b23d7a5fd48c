"""Where a recovery stands, kept with the session of a browser in which nobody is signed in."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from accounts.services.password_recovery import Recovery

PASSWORD_KEY = "password_recovery"  # noqa: S105 - the name of an entry
USERNAME_KEY = "username_recovery"
MOMENTS = ("started_at", "sent_at", "proven_at")


@dataclass(frozen=True)
class UsernameRequest:
    """What was typed on Forgot Username, for sending the email again."""

    email: str
    producer_number: str


def start(session: SessionBase, recovery: Recovery) -> None:
    """Keep a new recovery under a new session key, so that a key known to somebody else is worth nothing."""
    session.cycle_key()
    keep(session, recovery)


def keep(session: SessionBase, recovery: Recovery) -> None:
    kept = asdict(recovery)
    session[PASSWORD_KEY] = kept | {name: kept[name].isoformat() for name in MOMENTS if kept[name]}


def recovery_in(session: SessionBase) -> Recovery | None:
    """The recovery of this browser, whether or not it is still good."""
    kept = session.get(PASSWORD_KEY)
    if kept is None:
        return None
    return Recovery(**kept | {name: datetime.fromisoformat(kept[name]) for name in MOMENTS if kept[name]})


def drop(session: SessionBase) -> None:
    session.pop(PASSWORD_KEY, None)


def keep_username_request(session: SessionBase, request: UsernameRequest) -> None:
    session[USERNAME_KEY] = asdict(request)


def username_request_in(session: SessionBase) -> UsernameRequest | None:
    kept = session.get(USERNAME_KEY)
    return UsernameRequest(**kept) if kept else None
