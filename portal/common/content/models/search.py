"""Full-text search in PostgreSQL: a column the database keeps itself, and the query that reads it.

Every word is kept twice: as its stem, so that "renewals" finds "renewal", and as it stands, so that the beginning of a
word finds it ("medica" is no beginning of the stem of "medical").
"""

import re
from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Any, Self

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, Value, When

CONFIGS = ("english", "simple")
MOST_WORDS = 8
LONGEST_WORD = 40
# PostgreSQL reads "PS-1040" as a word and a negative number, and "on/off" as a path.
PUNCTUATION = "-/_.,:;()[]#*"
WORD = re.compile(r"[^\W_]+")


def words(column: str) -> Func:
    """The words of a text column."""
    blanks = Value(" " * len(PUNCTUATION))
    return Func(F(column), Value(PUNCTUATION), blanks, function="translate", output_field=models.TextField())


def labels(column: str, choices: Iterable[tuple[str, Any]]) -> Case:
    """What people call the codes of a column of choices."""
    whens = [When(**{column: code}, then=Value(str(label))) for code, label in choices]
    return Case(*whens, default=Value(""), output_field=models.TextField())


def search_field(*parts: tuple[str, Func | Case]) -> models.GeneratedField:
    """A column of the words of ``parts``, each with its weight from A to D."""
    vectors: list[Any] = [
        SearchVector(part, weight=weight, config=config) for weight, part in parts for config in CONFIGS
    ]
    return models.GeneratedField(
        expression=reduce(add, vectors),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )


def query_text(text: str) -> str:
    """``text`` in PostgreSQL's own notation: every word, or one that begins with it. Empty when there is no word.

    Only the first eight words count, and of each the first forty characters.
    """
    typed = [word[:LONGEST_WORD] for word in WORD.findall(text)][:MOST_WORDS]
    return " & ".join(f"'{word}':*" for word in typed)


class Searchable(models.QuerySet[Any]):
    """Rows with a ``search`` column."""

    def about(self, text: str) -> Self:
        """Rows that have every word of ``text``, the best first; none when there is no word in it."""
        typed = query_text(text)
        if not typed:
            return self.none()
        stems, as_they_stand = (SearchQuery(typed, search_type="raw", config=config) for config in CONFIGS)
        wanted = stems | as_they_stand
        return self.filter(search=wanted).annotate(rank=SearchRank(F("search"), wanted)).order_by("-rank", "-pk")
