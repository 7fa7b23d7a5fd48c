"""Texts that applicants agree to or are shown, as they are in force, and as a page shows them (AUT_06, AUT_07)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.db.models.functions import TruncDate

from enrollment.models import ApplicationText


@dataclass
class Block:
    """A heading, a paragraph or a list of a text."""

    kind: str  # heading, paragraph or list
    text: str = ""
    items: list[str] = field(default_factory=list)


def text_in_force(kind: str, us_state: str, on: date) -> ApplicationText:
    """The text of the state, or that of every state, published last by ``on`` (a day in the carrier's own zone; inclusive).

    Raises ``ApplicationText.DoesNotExist`` where there is none, such as the Texas disclosure in another state.
    """
    rows = ApplicationText.objects.filter(kind=kind, us_state__in=("", us_state))
    rows = rows.annotate(published_on=TruncDate("published_at")).filter(published_on__lte=on)
    # A state's own text goes before that of every state.
    found = list(rows.order_by("-us_state", "-published_at", "-pk")[:1])
    if not found:
        raise ApplicationText.DoesNotExist(f"There is no text {kind} in force for {us_state}.")
    return found[0]


def texts_in_force(kinds: Collection[str], us_state: str, on: date) -> dict[str, ApplicationText]:
    """Those of several kinds in one query, by kind; a kind that has none is left out."""
    rows = ApplicationText.objects.filter(kind__in=kinds, us_state__in=("", us_state))
    rows = rows.annotate(published_on=TruncDate("published_at")).filter(published_on__lte=on)
    # The last one of a kind stays: a state's own before that of every state, the latest before older ones.
    return {text.kind: text for text in rows.order_by("us_state", "published_at", "pk")}


def words_of(text: ApplicationText) -> str:
    """The text with the carrier's name in it, as people read it. What is hashed is the text as it is stored."""
    return text.body.replace("{CARRIER_NAME}", settings.CARRIER_NAME)


def blocks_of(text: ApplicationText) -> list[Block]:
    """The text in pieces: lines in capitals are headings, lines that begin with "- " items of a list."""
    blocks: list[Block] = []
    for line in words_of(text).splitlines():
        line = line.strip()
        if line.startswith("- "):
            if not blocks or blocks[-1].kind != "list":
                blocks.append(Block("list"))
            blocks[-1].items.append(line[2:])
        elif line:
            blocks.append(Block("heading" if line.isupper() else "paragraph", line))
    return blocks
