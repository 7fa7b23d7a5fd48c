"""In which states somebody does business: content is shown for them first. Who knows that says so here."""

from collections.abc import Callable
from typing import Any

StatesOf = Callable[[Any], list[str]]

_states_of: StatesOf | None = None


def register(states_of: StatesOf) -> None:
    """Name the function that knows a signed-in person's states; one app does."""
    global _states_of
    _states_of = states_of


def own_states(user: Any) -> list[str]:
    """Abbreviations of the states this person does business in, in order; empty for strangers and carrier staff."""
    if _states_of is None or not user.is_authenticated or not user.is_active:
        return []
    return _states_of(user)
