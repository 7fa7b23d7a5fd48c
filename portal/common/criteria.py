"""What was searched for, kept with the session under a random id, so that no address names a person (SRC_17).

The text is encrypted: the session table must not be a list of birth dates and last-four digits either.
"""

import json
import secrets
from typing import Any

from django.http import HttpRequest

from portal.common import crypto

SESSION_KEY = "criteria"
KEPT = 40


def keep(request: HttpRequest, data: dict[str, Any]) -> str:
    """Remember ``data`` and return its id. The oldest of more than 40 is forgotten."""
    kept: dict[str, str] = request.session.get(SESSION_KEY, {})
    result_id = secrets.token_urlsafe(9)
    kept[result_id] = crypto.encrypt(json.dumps(data))
    request.session[SESSION_KEY] = dict(list(kept.items())[-KEPT:])
    return result_id


def recall(request: HttpRequest, result_id: str) -> dict[str, Any] | None:
    """What was kept under ``result_id`` in this session, or ``None``."""
    token = request.session.get(SESSION_KEY, {}).get(result_id)
    if token is None:
        return None
    try:
        data: dict[str, Any] = json.loads(crypto.decrypt(token))
    except crypto.CannotDecrypt:
        return None
    return data
