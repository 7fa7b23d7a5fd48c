"""Extracts of texts in which the words searched for are marked, fit to stand in a page."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from portal.common.content.models.search import CONFIGS, query_text

# Characters of a private area: nobody types them, and what is left of them alone is dropped.
START, STOP = "\ue000", "\ue001"
MARKED = re.compile(f"{START}([^{START}{STOP}]*){STOP}")
SAME = 24  # so many characters in common are the same place of a text
SHORT = 240  # texts up to here are shown whole
OPTIONS = f"StartSel={START}, StopSel={STOP}, MaxWords=36, MinWords=18, MaxFragments=2, FragmentDelimiter= … "
WHOLE = f"StartSel={START}, StopSel={STOP}, HighlightAll=true"
HEADLINES = f"""
    SELECT {
    ", ".join(
        f"ts_headline('{config}', words, wanted, CASE WHEN length(words) > %s THEN %s ELSE %s END)"
        for config in CONFIGS
    )
}
    FROM unnest(%s::text[]) WITH ORDINALITY AS given (words, place),
        (SELECT {" || ".join(f"to_tsquery('{config}', %s)" for config in CONFIGS)} AS wanted) AS asked
    ORDER BY place
"""  # noqa: S608 - put together from this module's own constants


def highlighted(texts: Sequence[str], *, text: str) -> list[SafeString]:
    """Each of ``texts`` escaped, with <mark> around the words of ``text``; a long one is cut to where they stand.

    One query, or none when there is nothing to look for.
    """
    clean = [one.replace(START, "").replace(STOP, "") for one in texts]
    typed = query_text(text)
    if not typed or not clean:
        return [_safe(one) for one in clean]
    params: list[Any] = [SHORT, OPTIONS, WHOLE] * len(CONFIGS)
    with connection.cursor() as cursor:
        cursor.execute(HEADLINES, [*params, clean, *([typed] * len(CONFIGS))])
        found = cursor.fetchall()
    # The stems find more; a beginning of a word that is no beginning of its stem is found by the words as they stand.
    lines = (next((line for line in both if START in line), both[0]) for both in found)
    return [_safe(_with_ellipses(line, whole)) for line, whole in zip(lines, clean, strict=True)]


def _with_ellipses(line: str, whole: str) -> str:
    """An extract that begins or ends within the text says so."""
    bare = line.replace(START, "").replace(STOP, "")
    before = "" if whole.startswith(bare[:SAME]) else "… "
    after = "" if whole.endswith(bare[-SAME:]) else " …"
    return f"{before}{line}{after}"


def _safe(line: str) -> SafeString:
    """Escaped first; what is put around the marked words afterwards is all the markup there is."""
    marked = MARKED.sub(r"<mark>\1</mark>", escape(line))
    return mark_safe(marked.replace(START, "").replace(STOP, ""))  # noqa: S308 - escaped a line above
