"""What a registration in progress keeps with the browser's session: encrypted, for an hour, never a password.

The older style keeps the *hash* of the password between its two pages, because the second one shows what was entered
and asks for nothing again.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from portal.common import crypto

KEPT_FOR = timedelta(hours=1)
REGISTRATION_KEY = "registration"
STATES_KEY = "state_registration"
LOGIN_KEY = "registered_login"


@dataclass(frozen=True)
class RegistrationDraft:
    """From Accept to Create Login. ``producer_id`` is set once the three facts matched (REG_02, REG_12)."""

    terms_id: int
    accepted_at: datetime
    ip_address: str | None
    facts: dict[str, str] = field(default_factory=dict)
    producer_id: int | None = None
    application: dict[str, Any] = field(default_factory=dict)  # the older style: applicant and state blocks

    def with_match(self, *, facts: dict[str, str], producer_id: int) -> "RegistrationDraft":
        return replace(self, facts=facts, producer_id=producer_id)

    def with_application(self, application: dict[str, Any]) -> "RegistrationDraft":
        return replace(self, application=application)


def _keep(session: SessionBase, key: str, data: dict[str, Any]) -> None:
    session[key] = crypto.encrypt(json.dumps(data))


def _kept(session: SessionBase, key: str) -> dict[str, Any] | None:
    token = session.get(key)
    if token is None:
        return None
    try:
        data: dict[str, Any] = json.loads(crypto.decrypt(token))
    except crypto.CannotDecrypt:
        return None
    return data


def keep(session: SessionBase, draft: RegistrationDraft) -> None:
    _keep(session, REGISTRATION_KEY, {**asdict(draft), "accepted_at": draft.accepted_at.isoformat()})


def current(session: SessionBase, *, terms_id: int, at: datetime) -> RegistrationDraft | None:
    """The registration in progress, if its terms are those in force and were accepted within the last hour."""
    data = _kept(session, REGISTRATION_KEY)
    if data is None:
        return None
    draft = RegistrationDraft(**{**data, "accepted_at": datetime.fromisoformat(data["accepted_at"])})
    return draft if draft.terms_id == terms_id and at < draft.accepted_at + KEPT_FOR else None


def drop(session: SessionBase) -> None:
    session.pop(REGISTRATION_KEY, None)


def keep_login(session: SessionBase, user_id: int) -> None:
    """Remember whose confirmation email this browser may ask for again (step 3 of 3)."""
    drop(session)
    session[LOGIN_KEY] = user_id


def login_in(session: SessionBase) -> int | None:
    user_id: int | None = session.get(LOGIN_KEY)
    return user_id


def keep_states(session: SessionBase, blocks: list[dict[str, str]]) -> None:
    """Further states of a producer who is signed in, between the form and the confirmation page (PRF_08)."""
    _keep(session, STATES_KEY, {"blocks": blocks})


def states_in(session: SessionBase) -> list[dict[str, str]]:
    data = _kept(session, STATES_KEY)
    return data["blocks"] if data else []


def drop_states(session: SessionBase) -> None:
    session.pop(STATES_KEY, None)
