"""A list of the administration as a CSV file: the rows and columns that are on the page, under its filters and search."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import capfirst

from portal.common import exports
from portal.common.tables import Column

EMPTY = ""


def columns_of(model_admin: Any, names: Sequence[Any]) -> list[Column]:
    """What the list shows, as text; without the box that picks a row."""
    return [
        Column(
            key=str(name),
            label=capfirst(str(label_for_field(name, model_admin.model, model_admin))),
            value=partial(_text, model_admin, name),
        )
        for name in names
        if name != "action_checkbox"
    ]


def _text(model_admin: Any, name: Any, row: Any) -> str:
    try:
        column, attribute, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return EMPTY
    if column is None:
        shown = display_for_value(value, EMPTY, getattr(attribute, "boolean", False))
        return _yes_no(value) if getattr(attribute, "boolean", False) else strip_tags(str(shown))
    if isinstance(column, models.BooleanField):
        return _yes_no(value)
    if isinstance(column, models.ForeignKey):
        return EMPTY if value is None else str(getattr(row, name))
    return strip_tags(str(display_for_field(value, column, EMPTY)))


def _yes_no(value: bool | None) -> str:
    return EMPTY if value is None else "Yes" if value else "No"


def respond(model_admin: Any, *, names: Sequence[Any], rows: Iterator[Any]) -> StreamingHttpResponse:
    """The file; no cell of it is taken for a formula."""
    lines = exports.csv_lines(columns=columns_of(model_admin, names), rows=rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    stem = f"{model_admin.opts.verbose_name_plural}".replace(" ", "-").lower()
    response["Content-Disposition"] = f'attachment; filename="{stem}-{timezone.localtime():%Y-%m-%d}.csv"'
    return response
