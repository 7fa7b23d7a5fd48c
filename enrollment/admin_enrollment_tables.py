"""Life events and open enrollment in the administration: drafts are written here, published rows are only read (ADR 0019)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from enrollment.models import LifeEventKind, OpenEnrollmentPeriod
from enrollment.models.published import Published
from enrollment.rules.open_enrollment import calendar_problems
from enrollment.services import enrollment_tables
from enrollment.services.enrollment_tables import CannotDraft, CannotPublish, as_calendar_row, contents, fingerprint
from portal.common.admin_base import WrittenHereAdmin
from portal.common.dates import as_text, today_in
from portal.common.one_by_one import one_by_one


class StateFilter(admin.SimpleListFilter):
    """Drafts, what is in force, and history."""

    title = "state of the row"
    parameter_name = "row"
    _conditions: ClassVar[dict[str, Q]] = {
        "draft": Q(published_at__isnull=True),
        "published": Q(published_at__isnull=False, withdrawn_at__isnull=True),
        "replaced": Q(withdrawn_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("draft", "Draft"), ("published", "Published"), ("replaced", "Replaced")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        condition = self._conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class PublishedAdmin(WrittenHereAdmin):
    """Rows that are written as drafts and published after a last look."""

    actions = ("draft_a_change", "publish")
    readonly_fields = ("published_at", "published_by", "withdrawn_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """What the row says first; who published it when, after it."""
        fields = super().get_fields(request, obj)
        return [name for name in fields if name not in self.readonly_fields] + list(self.readonly_fields)

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return () if obj is not None and obj.published_at is not None else self.editable_fields

    def is_kept(self, obj: Any) -> bool:
        return obj.published_at is not None

    def audit_id(self, obj: Any) -> str:
        return str(obj)

    def _last_look(self, request: HttpRequest, drafts: list[Any], tables: list[dict[str, Any]]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish {self.opts.verbose_name_plural}",
            "drafts": drafts,
            "tables": tables,
            "changed": "seen" in request.POST,
            "seen": fingerprint(drafts),
            "list_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/enrollment/publish_tables.html", context)

    def _chosen_drafts(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """What was ticked, if all of it is drafts; otherwise nothing, and a message."""
        drafts = list(queryset.order_by("pk")[: self.list_per_page])
        if any(draft.published_at is not None for draft in drafts):
            self.message_user(request, "Choose drafts only; the others are published already.", messages.ERROR)
            return []
        return drafts


@admin.register(LifeEventKind)
class LifeEventKindAdmin(PublishedAdmin):
    """One kind of life event a row. Publishing puts it in force from its first day on."""

    list_display = (
        "code",
        "us_state",
        "row_state",
        "off_exchange",
        "on_exchange",
        "window",
        "rule_number",
        "first_day",
        "last_day",
    )
    list_filter = (StateFilter, "us_state", "off_exchange", "on_exchange", "rule")
    search_fields = ("code__istartswith",)
    search_help_text = "Beginning of the code"
    ordering = ("position", "code", "us_state", "-first_day", "-pk")
    editable_fields = tuple(
        field.name for field in LifeEventKind._meta.fields if field.editable and not field.primary_key
    )

    @admin.display(description="days before and after")
    def window(self, obj: LifeEventKind) -> str:
        return f"{obj.days_before} / {obj.days_after}"

    @admin.display(description="rule")
    def rule_number(self, obj: LifeEventKind) -> str:
        return obj.get_rule_display().partition(":")[0]

    @admin.display(description="state of the row")
    def row_state(self, obj: LifeEventKind) -> str:
        if obj.state == "Published" and obj.first_day > today_in():
            return "Published, not yet in force"
        if obj.state == "Published" and obj.last_day and obj.last_day < today_in():
            return "Published, no longer in force"
        return obj.state

    @admin.action(description="Draft a change", permissions=["add"])
    def draft_a_change(self, request: HttpRequest, queryset: QuerySet[LifeEventKind]) -> None:
        """A copy of each chosen row, to be edited."""
        by: Any = request.user
        with one_by_one():
            for kind in queryset.order_by("pk"):
                try:
                    enrollment_tables.draft_life_event(kind, by=by, today=today_in())
                except CannotDraft as exc:
                    self.message_user(request, str(exc), messages.ERROR)
                else:
                    self.message_user(request, f"A draft of {kind} was made. Edit it, then publish it.")

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[LifeEventKind]) -> HttpResponse | None:
        drafts = self._chosen_drafts(request, queryset)
        if len(drafts) > 1:
            self.message_user(request, "Choose one draft to publish.", messages.ERROR)
        if len(drafts) != 1:
            return None
        (draft,) = drafts
        seen = request.POST.get("seen", "")
        if seen != fingerprint(drafts):
            return self._last_look(request, drafts, [self._comparison(draft)])
        by: Any = request.user
        try:
            enrollment_tables.publish_life_event(draft, seen=seen, by=by, at=timezone.now(), today=today_in())
        except CannotPublish as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            self.message_user(request, f"{draft} is published, in force from {as_text(draft.first_day)} on.")
        return None

    def _comparison(self, draft: LifeEventKind) -> dict[str, Any]:
        """Each column of the draft beside the row of that state in force on the draft's first day."""
        rows = LifeEventKind.objects.in_force(draft.us_state, draft.first_day).filter(code=draft.code)
        standing = rows.filter(us_state=draft.us_state).first()
        return {
            "caption": str(draft),
            "head": ("Column", f"In force on {as_text(draft.first_day)}", "Draft"),
            "rows": [
                (name, _shown(standing, field), _shown(draft, field))
                for name, field in _columns(LifeEventKind)
                if standing is None or _shown(standing, field) != _shown(draft, field)
            ],
        }


@admin.register(OpenEnrollmentPeriod)
class OpenEnrollmentPeriodAdmin(PublishedAdmin):
    """One row of a calendar a row. A calendar, that is a state, a plan year and a channel, is published as a whole."""

    list_display = (
        "us_state",
        "plan_year",
        "row_state",
        "channel",
        "first_day",
        "apply_through",
        "effective_date",
        "confirmed",
    )
    list_filter = (StateFilter, "us_state", "plan_year", "channel", "confirmed")
    ordering = ("-plan_year", "us_state", "channel", "apply_through", "-pk")
    editable_fields = tuple(
        field.name for field in OpenEnrollmentPeriod._meta.fields if field.editable and not field.primary_key
    )

    @admin.display(description="state of the row")
    def row_state(self, obj: OpenEnrollmentPeriod) -> str:
        return obj.state

    @admin.action(description="Draft a change of the whole calendar", permissions=["add"])
    def draft_a_change(self, request: HttpRequest, queryset: QuerySet[OpenEnrollmentPeriod]) -> None:
        """Copies of all rows of the calendars that have a chosen row, to be edited."""
        by: Any = request.user
        calendars = {(row.us_state, row.plan_year, row.channel): row for row in queryset.order_by("pk")}
        with one_by_one():
            for row in calendars.values():
                try:
                    drafts = enrollment_tables.draft_calendar(row, by=by)
                except CannotDraft as exc:
                    self.message_user(request, str(exc), messages.ERROR)
                else:
                    counted = "1 draft was" if len(drafts) == 1 else f"{len(drafts)} drafts were"
                    self.message_user(
                        request, f"{counted} made for {row.us_state} {row.plan_year}. Edit, then publish."
                    )

    @admin.action(description="Publish together as one calendar", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[OpenEnrollmentPeriod]) -> HttpResponse | None:
        drafts = self._chosen_drafts(request, queryset)
        if not drafts:
            return None
        problems = calendar_problems([as_calendar_row(draft) for draft in drafts])
        if problems:
            self.message_user(request, " ".join(problems), messages.ERROR)
            return None
        seen = request.POST.get("seen", "")
        if seen != fingerprint(drafts):
            return self._last_look(request, drafts, self._comparison(drafts))
        by: Any = request.user
        try:
            enrollment_tables.publish_calendar(drafts, seen=seen, by=by, at=timezone.now())
        except CannotPublish as exc:
            self.message_user(request, str(exc), messages.ERROR)
        else:
            first = drafts[0]
            self.message_user(request, f"The calendar {first.us_state} {first.plan_year} is published.")
        return None

    def _comparison(self, drafts: list[OpenEnrollmentPeriod]) -> list[dict[str, Any]]:
        """The calendar gone by now, and the one that takes its place."""
        first = drafts[0]
        standing = OpenEnrollmentPeriod.objects.published().filter(us_state=first.us_state, plan_year=first.plan_year)
        names = [name for name, _field in _columns(OpenEnrollmentPeriod)]
        name = f"{first.us_state} {first.plan_year}"
        return [
            {"caption": f"{name} until now", "head": names, "rows": [_line(row) for row in standing]},
            {"caption": f"{name} from now on", "head": names, "rows": [_line(row) for row in drafts]},
        ]


def _columns(model: type[Published]) -> Iterable[tuple[str, Any]]:
    named = contents(model())
    for field in model._meta.fields:
        if field.name in named:
            yield str(field.verbose_name).capitalize(), field


def _line(row: Published) -> list[str]:
    return [_shown(row, field) for _name, field in _columns(type(row))]


def _shown(row: Published | None, field: Any) -> str:
    """A value as people read it."""
    if row is None:
        return ""
    value = field.value_from_object(row)
    if isinstance(field, models.DateField) and isinstance(value, date):
        return as_text(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return "" if value is None else str(value)
