"""The card data that ships with the portal, and reading such tables from files (``manage.py import_card_data``).

A file has a header with the names of the columns; a row is known by its key and replaces the one that is there.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from clients.models import CardIssuer, IdCardRule, PlanCardFacts

HERE = Path(__file__).resolve().parent / "data"
RULES, ISSUERS, PLANS = HERE / "id_card_rules.csv", HERE / "card_issuers.csv", HERE / "plan_card_facts.csv"
KEYS: dict[type[models.Model], tuple[str, ...]] = {
    IdCardRule: ("us_state", "product", "market", "item", "first_day"),
    CardIssuer: ("us_state", "line", "first_day"),
    PlanCardFacts: ("plan_id", "first_day"),
}


class BadTable(Exception):
    """Some lines cannot be used; ``errors`` names each with its number."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("\n".join(errors))


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file as texts."""
    with path.open(newline="", encoding="utf-8-sig") as source:
        return list(csv.DictReader(source))


@transaction.atomic
def load(model: Any, rows: Iterable[dict[str, str]], *, dry_run: bool = False) -> int:
    """Write the rows, all or none, and return how many there were. Raises ``BadTable``."""
    ready, errors, seen = [], [], set()
    for number, row in enumerate(rows, start=2):  # line 1 is the header
        try:
            made = _row(model, row)
        except (ValidationError, ValueError, LookupError) as exc:
            errors += [f"Line {number}: {words}" for words in _in_words(exc)]
            continue
        key = tuple(getattr(made, name) for name in KEYS[model])
        if key in seen:
            errors.append(f"Line {number}: the same key stands on an earlier line.")
        seen.add(key)
        ready.append(made)
    if errors:
        raise BadTable(errors)
    if not dry_run:
        others = [f.name for f in model._meta.fields if not f.primary_key and f.name not in KEYS[model]]
        model.objects.bulk_create(
            ready, batch_size=1000, update_conflicts=True, unique_fields=KEYS[model], update_fields=others
        )
    return len(ready)


def _row(model: Any, row: dict[str, str]) -> Any:
    names = {field.name for field in model._meta.fields if not field.primary_key}
    if unknown := sorted(str(name) for name in set(row) - names):
        raise LookupError(f"unknown columns: {', '.join(unknown)}")
    values = {}
    for name, text in row.items():
        field = model._meta.get_field(name)
        text = (text or "").strip()
        try:
            values[name] = field.to_python(text) if text else (None if field.null else "")
        except ValidationError as exc:
            raise ValidationError({name: exc.messages}) from exc
    made = model(**values)
    made.full_clean(validate_unique=False, validate_constraints=False)
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            constraint.validate(model, made)
    return made


def _in_words(exc: Exception) -> Iterator[str]:
    if isinstance(exc, ValidationError) and hasattr(exc, "message_dict"):
        for name, said in exc.message_dict.items():
            yield f"{name}: {' '.join(said)}"
    elif isinstance(exc, ValidationError):
        yield " ".join(exc.messages)
    else:
        yield str(exc.args[0])
