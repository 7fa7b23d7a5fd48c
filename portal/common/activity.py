"""Audit events in plain words, as a registry: each app brings the sentences for what can be done in it.

The sentences are read by producers who look at what their delegates did, so they name counts and kinds of things and
never a client.
"""

from collections.abc import Callable, Mapping
from typing import Any

Sentence = str | Callable[[Mapping[str, Any]], str]

_sentences: dict[str, Sentence] = {}


def register(sentences: Mapping[str, Sentence]) -> None:
    """Say what each action is called; a function gets the event's details, whose values are counts and codes only."""
    _sentences.update(sentences)


def describe(action: str, details: Mapping[str, Any]) -> str:
    """What was done, in words. An action nobody described is told by its own name: "card.ordered", "Card ordered"."""
    sentence = _sentences.get(action)
    if sentence is None:
        return action.replace(".", " ").replace("_", " ").capitalize()
    return sentence if isinstance(sentence, str) else sentence(details)


FORMATS = {"xlsx": "Excel", "csv": "CSV"}


def exported(what: str, details: Mapping[str, Any]) -> str:
    """The sentence for a list taken out of the portal: "Exported a report to Excel (25 rows)"."""
    to = FORMATS.get(details.get("format", ""), "a file")
    rows = details.get("rows")
    counted = "" if rows is None else " (1 row)" if rows == 1 else f" ({rows:,} rows)"
    return f"Exported {what} to {to}{counted}"
