"""The result grid: columns, filters under every heading, sorting, paging, column choice, export.

A subclass of ``Table`` names its columns once; screen, Excel and CSV all follow from them. Page, size, sort and
columns stand in the address. Filters may name a person, so they are POSTed and kept with the session under the
result's id (``portal.common.criteria``, SRC_17); changed filters make a new id, so Back shows the earlier view.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from html import (
    escape,
)  # Django's own looks for lazy and safe text first, of which no cell has any, and takes twice as long
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.db.models import Expression, Model, OrderBy, Q, QuerySet
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe

from portal.common import came_from, dates
from portal.common.paging import DEFAULT_PAGE_SIZE, PAGE_SIZES, Page, read_number, read_size, typed_number

Row = TypeVar("Row", bound=Model)
FILTER_PREFIX = "f_"
FILTER_LENGTH = 100


class BadFilter(ValueError):
    """What was typed under a heading cannot be read; the text says what is expected."""


FilterFunction = Callable[[str], Q]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. ``value`` gives the raw value (date, int, Decimal or text) that exports write.

    ``text`` turns it into what is shown when that is not the plain form; ``sort`` names the fields, or holds the
    expressions, to order by;
    ``filter_by`` turns what was typed into a condition and raises ``BadFilter`` when it cannot be read.
    """

    key: str
    label: str
    value: Callable[[Any], Any]
    kind: str = "text"
    text: Callable[[Any], str] | None = None
    url: Callable[[Any], str] | None = None
    pill: Callable[[Any], str] | None = None
    sort: tuple[str | Expression, ...] = ()
    filter_by: FilterFunction | None = None
    choices: Sequence[tuple[str, str]] = ()
    shown: bool = True  # visible unless the person chose otherwise
    copied: str = ""  # what a number is called that people take elsewhere; it then gets a Copy button (portal/copy.js)

    def shown_text(self, row: Any) -> str:
        return self.text(row) if self.text else display(self.value(row), self.kind)


def display(value: Any, kind: str = "text") -> str:
    """How a raw value is written on a page."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return dates.moment_as_text(value)
    if isinstance(value, date):
        return dates.as_text(value)
    if kind == "money":
        return f"{'-' if value < 0 else ''}${number_format(abs(value), decimal_pos=2, force_grouping=True)}"
    return str(value)


def contains(*fields: str) -> FilterFunction:
    """Text anywhere in one of ``fields``, whatever its case."""

    def condition(typed: str) -> Q:
        found = Q()
        for name in fields:
            found |= Q(**{f"{name}__icontains": typed})
        return found

    return condition


def starts(name: str) -> FilterFunction:
    """Text at the start of a number or code."""
    return lambda typed: Q(**{f"{name}__istartswith": typed})


def on_day(name: str) -> FilterFunction:
    """The day typed as mm/dd/yyyy. 12/31/9999 means "no date", as it is shown on the carrier's screens."""

    def condition(typed: str) -> Q:
        try:
            day = dates.parse_us_date(typed)
        except ValueError as exc:
            raise BadFilter("Enter a date as mm/dd/yyyy.") from exc
        return Q(**{f"{name}__isnull": True}) if day == dates.OPEN_END else Q(**{name: day})

    return condition


def whole_number(name: str) -> FilterFunction:
    def condition(typed: str) -> Q:
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 6):
            raise BadFilter("Enter a whole number.")
        return Q(**{name: int(typed)})

    return condition


def label_contains(name: str, choices: Iterable[tuple[str, str]]) -> FilterFunction:
    """A stored code whose label contains what was typed; "grace" finds Grace Period."""
    pairs = list(choices)

    def condition(typed: str) -> Q:
        wanted = typed.casefold()
        return Q(**{f"{name}__in": [code for code, label in pairs if wanted in label.casefold()]})

    return condition


class Cell(NamedTuple):
    """What one cell shows; a tuple, because a page has 400 of them."""

    text: str
    url: str
    kind: str
    label: str
    pill: str
    copied: str = ""


@lru_cache(maxsize=500)
def _cell_start(kind: str, label: str) -> str:
    return f'<td class="k-{escape(kind)}" data-label="{escape(label)}">'


@dataclass(frozen=True)
class Tick:
    """The box before a row: what it sends, and what it is called for those who do not see the row."""

    value: str
    label: str


@dataclass(frozen=True)
class BoundRow:
    cells: list[Cell]
    tick: Tick | None = None
    tick_form_id: str = ""

    @property
    def html(self) -> SafeString:
        """The cells of the row. Built here because a page has 400 of them and a template loop takes three times as long."""
        parts: list[str] = []
        if self.tick:
            parts.append(
                f'<td class="k-tick" data-label="Select"><input class="form-check-input" type="checkbox" '
                f'form="{escape(self.tick_form_id)}" name="row" value="{escape(self.tick.value)}" '
                f'aria-label="{escape(self.tick.label)}"></td>'
            )
        for text, url, kind, label, pill, copied in self.cells:
            shown = escape(text)
            if url:
                shown = f'<a href="{escape(url)}" data-hx-boost="false">{shown}</a>'
            elif pill:
                shown = f'<span class="pill pill-{escape(pill)}">{shown}</span>'
            elif copied and shown:
                shown = _with_copy_button(shown, copied)
            parts += (_cell_start(kind, label), shown, "</td>")
        return mark_safe("".join(parts))  # noqa: S308 - every part above is escaped


def _with_copy_button(text: str, called: str) -> str:
    """The escaped ``text`` with a button that copies it; the text comes first, without scripts it is selected by hand."""
    return (
        f'<span class="text-nowrap">{text}<button type="button" class="copy-button js-only no-print" data-copy="{text}" '
        f'data-copied="{escape(called)} copied.">Copy<span class="visually-hidden"> {escape(called)} {text}</span>'
        f"</button></span>"
    )


SORT_ICONS = {"asc": "caret-up-fill", "desc": "caret-down-fill", "": "chevron-expand"}
_SORT_WORDS = {"asc": ' aria-sort="ascending"', "desc": ' aria-sort="descending"', "": ""}


@dataclass(frozen=True)
class BoundColumn:
    key: str
    label: str
    kind: str
    visible: bool
    sortable: bool
    sort_url: str
    sort_state: str
    filterable: bool
    filter_name: str
    filter_value: str
    filter_error: str
    filter_choices: list[tuple[str, str, bool]]
    placeholder: str
    table_id: str
    form_id: str
    icons: str  # address of the sprite

    @property
    def heading(self) -> SafeString:
        """The heading cell. Built here like the rows: in a template the two lines of the head cost as much as 25 rows."""
        label = escape(self.label)
        if self.sortable:
            icon = f"{escape(self.icons)}#{SORT_ICONS[self.sort_state]}"
            label = (
                f'<a id="{escape(self.table_id)}-s-{escape(self.key)}" href="{escape(self.sort_url)}">{label} '
                f'<svg class="icon" aria-hidden="true"><use href="{icon}"></use></svg></a>'
            )
        return mark_safe(  # noqa: S308 - every part is escaped or a constant
            f'<th scope="col" class="k-{escape(self.kind)}"{_SORT_WORDS[self.sort_state]}>{label}</th>'
        )

    @property
    def choice(self) -> SafeString:
        """The box and its label in the choice of columns."""
        key, field_id = escape(self.key), f"{escape(self.table_id)}-col-{escape(self.key)}"
        return mark_safe(  # noqa: S308 - every part is escaped or a constant
            f'<div class="form-check"><input class="form-check-input" type="checkbox" form="{escape(self.form_id)}" '
            f'name="col" value="{key}" id="{field_id}"{" checked" if self.visible else ""}>'
            f'<label class="form-check-label" for="{field_id}">{escape(self.label)}</label></div>'
        )

    @property
    def filter_cell(self) -> SafeString:
        """The cell under the heading: a box, a choice, or nothing, with what could not be read below it."""
        control = ""
        name, form = escape(self.filter_name), escape(self.form_id)
        field_id = f"{escape(self.table_id)}-f-{escape(self.key)}"
        error_id = f"{escape(self.table_id)}-e-{escape(self.key)}"
        label = escape(f"Filter {self.label}")
        if self.filterable and self.filter_choices:
            options = "".join(
                f'<option value="{escape(value)}"{" selected" if selected else ""}>{escape(text)}</option>'
                for value, text, selected in self.filter_choices
            )
            control = (
                f'<select class="form-select form-select-sm" form="{form}" name="{name}" id="{field_id}" '
                f'aria-label="{label}" data-auto-submit>{options}</select>'
            )
        elif self.filterable:
            wrong = f' aria-invalid="true" aria-describedby="{error_id}"' if self.filter_error else ""
            control = (
                f'<input class="form-control form-control-sm{" is-invalid" if self.filter_error else ""}" type="text" '
                f'form="{form}" name="{name}" id="{field_id}" value="{escape(self.filter_value)}" '
                f'placeholder="{escape(self.placeholder)}" aria-label="{label}" autocomplete="off"{wrong}>'
            )
        if self.filter_error:
            control += f'<span class="filter-error" id="{error_id}">{escape(self.filter_error)}</span>'
        return mark_safe(  # noqa: S308 - every part is escaped or a constant
            f'<td class="k-{escape(self.kind)}" data-label="{escape(self.label)}">{control}</td>'
        )


@dataclass
class TableView:
    """A finished grid: nothing in it asks the database again."""

    id: str
    caption: str
    form_id: str
    action: str
    columns: list[BoundColumn]
    all_columns: list[BoundColumn]
    rows: list[BoundRow]
    page: Page
    filtered: bool
    export_urls: list[tuple[str, str]]
    as_of: datetime | None
    empty_title: str
    empty_text: str
    tick_form_id: str = ""  # of the form that acts on ticked rows; empty where there are no boxes
    own_tools: bool = False  # the page has buttons of its own that print and export

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.columns) + bool(self.tick_form_id)


@dataclass
class GridState:
    """What the person asked of the grid: read from the address and, for the filters, from the session."""

    sort: str = ""
    page: str = ""
    size: int = DEFAULT_PAGE_SIZE
    columns: list[str] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, params: QueryDict, *, filters: dict[str, str] | None = None) -> "GridState":
        return cls(
            sort=params.get("sort", "")[:40],
            page=params.get("page", ""),
            size=read_size(params.get("size")),
            columns=params.getlist("col"),
            filters=dict(filters or {}),
        )


def posted_filters(posted: QueryDict) -> dict[str, str]:
    """What stands under the headings of a posted grid form; empty ones left out."""
    typed = {
        name.removeprefix(FILTER_PREFIX): str(value).replace("\x00", "").strip()[:FILTER_LENGTH].strip()
        for name, value in posted.items()
        if name.startswith(FILTER_PREFIX)
    }
    return {key: value for key, value in typed.items() if value}


class Table(Generic[Row]):
    """Base of every grid. Subclasses set ``id``, ``caption``, ``columns``, ``default_sort`` and the two texts."""

    id = "results"
    caption = "Results"
    columns: tuple[Column, ...] = ()
    default_sort: tuple[str, ...] = ("pk",)
    empty_title = "Nothing found"
    empty_text = ""
    list_name = ""  # in portal.common.came_from: links in the rows then carry the way back to this very result
    ticks = False  # a box before each row (components/selectable_table.html, portal.common.selection)
    own_tools = False  # the page prints and exports with buttons of its own
    may_leave = True  # as a file; off for those who may look, but not take out lists of clients

    def __init__(self, rows: "QuerySet[Row]", state: GridState, *, action: str, keep: Sequence[tuple[str, str]] = ()):
        """``rows`` is in scope already; ``keep`` holds parameters that every link of the grid carries on."""
        self.state = state
        self.action = action
        self.keep = [(name, value) for name, value in keep if value]
        self.errors: dict[str, str] = {}
        self.filtered_rows = self._ordered(self._filtered(rows))

    # --- what was asked ---

    def _filtered(self, rows: "QuerySet[Row]") -> "QuerySet[Row]":
        for column in self.columns:
            typed = self.state.filters.get(column.key)
            if not typed or column.filter_by is None:
                continue
            try:
                rows = rows.filter(column.filter_by(typed))
            except BadFilter as exc:
                self.errors[column.key] = str(exc)
                rows = rows.none()
        return rows

    @cached_property
    def sorted_by(self) -> tuple[Column | None, bool]:
        """The column the grid is sorted by, if any, and whether downwards."""
        descending = self.state.sort.startswith("-")
        key = self.state.sort.lstrip("-")
        return next((c for c in self.columns if c.key == key and c.sort), None), descending

    def _ordered(self, rows: "QuerySet[Row]") -> "QuerySet[Row]":
        column, descending = self.sorted_by
        names = column.sort if column else self.default_sort
        return rows.order_by(*(_towards(name, down=descending and column is not None) for name in names), "pk")

    @cached_property
    def visible(self) -> list[Column]:
        chosen = [column for column in self.columns if column.key in self.state.columns]
        return chosen or [column for column in self.columns if column.shown]

    # --- rows ---

    def with_related(self, rows: "QuerySet[Row]") -> "QuerySet[Row]":
        """Join what the cells show; overridden where they show more than the row itself."""
        return rows

    def page_rows(self, page: Page) -> list[Row]:
        """The rows of one page. Ids first, joins after: the sort then walks an index instead of joined rows."""
        ids = self._ids_of(page)
        found = {row.pk: row for row in self.with_related(self.filtered_rows.model._default_manager.filter(pk__in=ids))}
        return [found[pk] for pk in ids if pk in found]

    def _ids_of(self, page: Page) -> list[Any]:
        if page.offset == 0 and page.size == self.state.size:
            return self._first_ids
        after = page.total - page.last_row
        if after < page.offset:  # fewer rows to walk over from the end
            last = self.filtered_rows.reverse().values_list("pk", flat=True)
            return list(last[after : page.total - page.offset])[::-1]
        return self._ids(page.offset, page.size)

    def _ids(self, offset: int, size: int) -> list[Any]:
        return list(self.filtered_rows.values_list("pk", flat=True)[offset : offset + size])

    @cached_property
    def _first_ids(self) -> list[Any]:
        return self._ids(0, self.state.size)

    def _count(self) -> int:
        """How many rows there are. A first page that is not full has counted them already."""
        if typed_number(self.state.page) in {None, 1} and len(self._first_ids) < self.state.size:
            return len(self._first_ids)
        return self.filtered_rows.count()

    def tick(self, row: Row) -> Tick:
        """The box before ``row``; overridden where rows are known by a number of their own."""
        return Tick(value=str(row.pk), label=f"Select row {row.pk}")

    def all_rows(self) -> Iterator[Row]:
        """Every row of the result in its order, in chunks, for exports."""
        yield from self.with_related(self.filtered_rows).iterator(chunk_size=2000)

    # --- for the template ---

    def view(self, *, as_of: datetime | None = None) -> TableView:
        total = self._count()
        size = self.state.size
        page = Page(
            number=read_number(self.state.page, total=total, size=size),
            size=size,
            total=total,
            sizes=[(n, n == size) for n in PAGE_SIZES],
        )
        last = page.pages
        page = Page(
            **{
                **page.__dict__,
                "url_first": self.url(page="1") if page.number > 1 else "",
                "url_previous": self.url(page=str(page.number - 1)) if page.number > 1 else "",
                "url_next": self.url(page=str(page.number + 1)) if page.number < last else "",
                "url_last": self.url(page=str(last)) if page.number < last else "",
            }
        )
        visible = self.visible
        icons = static("portal/icons.svg")
        bound = [self._bound(column, column in visible, icons) for column in self.columns]
        filtered = any(self.state.filters.get(column.key) for column in self.columns)
        tick_form_id = f"{self.id}-ticked" if self.ticks else ""
        carried = self._carried(page)
        return TableView(
            id=self.id,
            caption=self.caption,
            form_id=f"{self.id}-grid",
            action=self.url(),
            columns=[column for column in bound if column.visible],
            all_columns=bound,
            rows=[
                BoundRow(
                    [_cell(column, row, carried) for column in visible],
                    tick=self.tick(row) if self.ticks else None,
                    tick_form_id=tick_form_id,
                )
                for row in self.page_rows(page)
            ],
            page=page,
            filtered=filtered,
            export_urls=[("Excel", self.url(format="xlsx")), ("CSV", self.url(format="csv"))]
            if total and self.may_leave and not self.own_tools
            else [],
            as_of=as_of,
            empty_title="No row matches the filters" if filtered else self.empty_title,
            empty_text="Change or clear the filters under the headings." if filtered else self.empty_text,
            tick_form_id=tick_form_id,
            own_tools=self.own_tools,
        )

    def _carried(self, page: Page) -> str:
        """What the links in the rows carry, so that the page behind them can lead back here (DET_02)."""
        if not self.list_name:
            return ""
        return came_from.query(self.list_name, self.url(page=str(page.number) if page.number > 1 else ""))

    def _bound(self, column: Column, visible: bool, icons: str) -> BoundColumn:
        sorted_column, descending = self.sorted_by
        here = column is sorted_column
        typed = self.state.filters.get(column.key, "")
        return BoundColumn(
            key=column.key,
            label=column.label,
            kind=column.kind,
            visible=visible,
            sortable=bool(column.sort),
            sort_url=self.url(sort=f"-{column.key}" if here and not descending else column.key, page=""),
            sort_state=("desc" if descending else "asc") if here else "",
            filterable=column.filter_by is not None,
            filter_name=f"{FILTER_PREFIX}{column.key}",
            filter_value=typed,
            filter_error=self.errors.get(column.key, ""),
            filter_choices=[(value, label, value == typed) for value, label in column.choices],
            placeholder="mm/dd/yyyy" if column.kind == "date" else "filter",
            table_id=self.id,
            form_id=f"{self.id}-grid",
            icons=icons,
        )

    def url(self, **changes: str) -> str:
        """The grid's address with ``changes``; the filters are with the session."""
        size = "" if self.state.size == DEFAULT_PAGE_SIZE else str(self.state.size)
        column, descending = self.sorted_by
        sort = f"{'-' if descending else ''}{column.key}" if column else ""
        params = {"sort": sort, "size": size, **changes}
        pairs = [*self.keep, *((name, value) for name, value in params.items() if value)]
        visible = self.visible
        if visible != [column for column in self.columns if column.shown]:
            pairs += [("col", column.key) for column in visible]
        return f"{self.action}?{urlencode(pairs)}" if pairs else self.action


def _towards(order: str | Expression, *, down: bool) -> str | OrderBy:
    if isinstance(order, str):
        return f"-{order}" if down else order
    return order.desc() if down else order.asc()


def _cell(column: Column, row: Any, carried: str) -> Cell:
    return Cell(
        column.text(row) if column.text else display(column.value(row), column.kind),
        came_from.with_query(column.url(row), carried) if column.url else "",
        column.kind,
        column.label,
        column.pill(row) if column.pill else "",
        column.copied,
    )
