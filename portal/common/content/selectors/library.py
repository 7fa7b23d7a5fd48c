"""What Resources and News show: rows turned into finished lines (ISS_04, ISS_08)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.template.defaultfilters import filesizeformat
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from portal.common.content import markdown
from portal.common.content.models import NewsItem, Resource, TrainingCourse
from portal.common.content.models.library import ResourceQuerySet
from portal.common.content.selectors.extracts import highlighted
from portal.common.dates import US_STATES
from portal.common.files.models import StoredFile

ALL_STATES = "ALL"
KIND_TITLES = {
    "FORM": "Forms",
    "GUIDE": "Guides",
    "BROCHURE": "Brochures",
    "RATES": "Rates and Benefits",
    "LINK": "Links",
}
FILE_WORDS = {
    "application/pdf": "PDF",
    "image/jpeg": "JPEG image",
    "image/png": "PNG image",
    "image/gif": "GIF image",
    "image/tiff": "TIFF image",
    "image/bmp": "BMP image",
}
NEWS_ON_HOME = 3
FOUND_AT_MOST = 10


@dataclass(frozen=True)
class ResourceLine:
    """One resource as the page shows it. ``url`` leads elsewhere; without it there is a file to download."""

    pk: int
    kind: str
    kind_label: str
    title: SafeString
    plain_title: str
    description: SafeString
    facts: list[str]
    url: str
    file_note: str
    may_be_opened: bool
    updated_at: datetime


@dataclass(frozen=True)
class ResourceGroup:
    code: str
    title: str
    lines: list[ResourceLine]


@dataclass(frozen=True)
class NewsLine:
    slug: str
    title: SafeString
    summary: SafeString
    states: str
    pinned: bool
    published_at: datetime


@dataclass(frozen=True)
class CourseFound:
    code: str
    title: SafeString
    extract: SafeString


@dataclass(frozen=True)
class Found:
    """What was found besides resources; at most ten of each, and whether there was more."""

    news: list[NewsLine] = field(default_factory=list)
    more_news: bool = False
    courses: list[CourseFound] = field(default_factory=list)
    more_courses: bool = False


def states_as_text(states: Collection[str]) -> str:
    """Names of the states, or "All states"."""
    return ", ".join(US_STATES[code] for code in sorted(states)) if states else "All states"


def resources(
    *,
    on: date,
    text: str = "",
    kind: str = "",
    product: str = "",
    states: Collection[str] = (),
    plan_year: int | None = None,
) -> ResourceQuerySet:
    """Resources shown on the day ``on`` that fit every choice made; an empty choice lets everything through.

    A resource for every product or every year fits each of them. With ``text`` the best come first, without it they
    stand by kind and title.
    """
    rows = Resource.objects.shown(on).for_states(states).select_related("file").defer("search")
    if kind:
        rows = rows.filter(kind=kind)
    if product:
        rows = rows.filter(product__in=(product, ""))
    if plan_year is not None:
        rows = rows.filter(plan_year=plan_year) | rows.filter(plan_year__isnull=True)
    if text:
        return rows.about(text)
    place = Case(
        *(When(kind=code, then=Value(number)) for number, code in enumerate(KIND_TITLES)),
        output_field=IntegerField(),
    )
    return rows.order_by(place, "title", "pk")


def plan_years(*, on: date) -> list[int]:
    """Plan years that some resource shown on the day ``on`` is about, the newest first."""
    years = Resource.objects.shown(on).filter(plan_year__isnull=False).order_by("-plan_year")
    return list(years.values_list("plan_year", flat=True).distinct())


def resource_lines(rows: Iterable[Resource], *, text: str = "") -> list[ResourceLine]:
    """Finished lines; the words of ``text`` are marked in titles and descriptions."""
    listed = list(rows)
    marked = highlighted([words for row in listed for words in (row.title, row.description)], text=text)
    return [
        ResourceLine(
            pk=row.pk,
            kind=row.kind,
            kind_label=row.get_kind_display(),
            title=marked[2 * place],
            plain_title=row.title,
            description=marked[2 * place + 1],
            facts=_facts(row),
            url=row.url,
            file_note=file_note(row.file) if row.file else "",
            may_be_opened=row.file is None or row.file.may_be_opened,
            updated_at=row.updated_at,
        )
        for place, row in enumerate(listed)
    ]


def _facts(row: Resource) -> list[str]:
    return [
        *([f"Form {row.form_number}"] if row.form_number else []),
        *([row.get_product_display()] if row.product else []),
        states_as_text(row.states),
        *([f"Plan year {row.plan_year}"] if row.plan_year else []),
    ]


def file_note(file: StoredFile) -> str:
    """Type and size of a file, such as "PDF, 12.4 KB"."""
    # Django puts a no-break space between number and unit.
    size = filesizeformat(file.size).replace("\xa0", " ")
    return f"{FILE_WORDS.get(file.content_type, 'File')}, {size}"


def by_kind(lines: Iterable[ResourceLine]) -> list[ResourceGroup]:
    """Lines that stand by kind already, under their headings."""
    return [ResourceGroup(kind, KIND_TITLES[kind], list(group)) for kind, group in groupby(lines, lambda one: one.kind)]


# News


def news(*, at: datetime, states: Collection[str] = ()) -> QuerySet[NewsItem]:
    """News that can be read at ``at``, about one of ``states`` or about all: pinned first, then the newest."""
    return NewsItem.objects.published(at).for_states(states).in_reading_order().defer("body", "search")


def news_lines(rows: Iterable[NewsItem]) -> list[NewsLine]:
    return [_news_line(row, conditional_escape(row.title), conditional_escape(row.summary)) for row in rows]


def _news_line(row: NewsItem, title: SafeString, summary: SafeString) -> NewsLine:
    assert row.published_at is not None, "only published items are listed"  # noqa: S101 - tells the type checker
    return NewsLine(row.slug, title, summary, states_as_text(row.states), row.pinned, row.published_at)


# Searching everything


def found_besides(text: str, *, at: datetime, states: Collection[str]) -> Found:
    """News and courses that have every word of ``text``, the best first, with an extract in which they are marked."""
    items = list(NewsItem.objects.published(at).for_states(states).about(text).defer("search")[: FOUND_AT_MOST + 1])
    courses = list(
        TrainingCourse.objects.filter(active=True).for_states(states).about(text).defer("search")[: FOUND_AT_MOST + 1]
    )
    shown_items, shown_courses = items[:FOUND_AT_MOST], courses[:FOUND_AT_MOST]
    texts = [
        words for row in shown_items for words in (row.title, f"{row.summary} {markdown.plain_text(row.body)}")
    ] + [
        words
        for course in shown_courses
        for words in (course.title, f"{course.description} {markdown.plain_text(course.body)}")
    ]
    marked = iter(highlighted(texts, text=text))
    return Found(
        news=[_news_line(row, next(marked), next(marked)) for row in shown_items],
        more_news=len(items) > FOUND_AT_MOST,
        courses=[CourseFound(course.code, next(marked), next(marked)) for course in shown_courses],
        more_courses=len(courses) > FOUND_AT_MOST,
    )
