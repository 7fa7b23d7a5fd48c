"""Texts of applications, for demo data on days on which none had been published."""

from datetime import date

from enrollment.models import ApplicationText
from enrollment.selectors.texts import text_in_force


def text_shown(kind: str, us_state: str, on: date) -> ApplicationText | None:
    """The text in force on that day; ``None`` where there was none yet."""
    try:
        return text_in_force(kind, us_state, on)
    except ApplicationText.DoesNotExist:
        return None
