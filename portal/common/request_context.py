"""Facts about the request being answered, for logs and the audit trail; none of it decides anything."""

from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RequestFacts:
    request_id: str
    ip_address: str | None
    perm: str = ""  # the right under which the view runs, once it has been checked


_current: ContextVar[RequestFacts | None] = ContextVar("portal_request", default=None)


def current() -> RequestFacts | None:
    """Facts of the request this thread is answering, or ``None`` in commands and tasks."""
    return _current.get()


def enter(facts: RequestFacts | None) -> None:
    """Set the facts at the start of a request, or clear them with ``None`` at its end."""
    _current.set(facts)


def note_perm(perm: str) -> None:
    """Remember the right the view of this request asks for; nothing to remember outside of a request."""
    facts = _current.get()
    if facts is not None:
        _current.set(replace(facts, perm=perm))
