"""Resources and news in the carrier administration (ISS_04, ISS_08)."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.common import audit
from portal.common.admin_base import WrittenHereAdmin
from portal.common.content.forms.admin import NewsItemForm, ResourceForm
from portal.common.content.models import NewsItem, Resource
from portal.common.content.selectors.library import file_note, states_as_text
from portal.common.content.services import news
from portal.common.content.views.library import news_item_context
from portal.common.dates import US_STATE_CHOICES, as_text, moment_as_text, today_in
from portal.common.files.responses import as_attachment
from portal.common.files.store import NotReleased, keep
from portal.common.files.uploads import UploadRefused
from portal.common.one_by_one import one_by_one
from portal.common.staff_roles import Right


class StateFilter(admin.SimpleListFilter):
    """Rows about one state, or about all."""

    title = "state"
    parameter_name = "about_state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return US_STATE_CHOICES

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        offered = dict(US_STATE_CHOICES)
        return queryset.for_states([self.value()]) if self.value() in offered else queryset  # type: ignore[attr-defined]


class AboutStatesAdmin(WrittenHereAdmin):
    """Rows that are about some states."""

    @admin.display(description="States")
    def states_shown(self, obj: Any) -> str:
        return states_as_text(obj.states)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("search")


@admin.register(Resource)
class ResourceAdmin(AboutStatesAdmin):
    """Forms, guides, brochures, rates and links. A new file takes the place of the one before, which is kept."""

    form = ResourceForm
    list_display = ("title", "kind", "product", "states_shown", "plan_year", "shown", "file_state")
    list_filter = ("kind", "product", StateFilter)
    list_select_related = ("file",)
    search_fields = ("title__istartswith", "form_number__exact")
    search_help_text = "The beginning of a title, or a whole form number."
    ordering = ("title", "pk")
    editable_fields = (
        "kind",
        "title",
        "description",
        "form_number",
        "product",
        "states",
        "plan_year",
        "upload",
        "remove_file",
        "url",
        "first_day",
        "last_day",
    )
    readonly_fields = ("present_file", "updated_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = list(self.editable_fields)
        if obj is None or obj.file_id is None:
            fields.remove("remove_file")
        else:
            fields.insert(fields.index("upload"), "present_file")
        return fields if obj is None else [*fields, "updated_at"]

    @admin.display(description="Shown")
    def shown(self, obj: Resource) -> str:
        today = today_in()
        if obj.first_day and obj.first_day > today:
            return f"From {as_text(obj.first_day)}"
        if obj.last_day and obj.last_day < today:
            return f"Until {as_text(obj.last_day)}"
        return "Yes"

    @admin.display(description="File")
    def file_state(self, obj: Resource) -> str:
        if obj.file is None:
            return "Link"
        return file_note(obj.file) if obj.file.may_be_opened else obj.file.get_scan_display()

    @admin.display(description="Present file")
    def present_file(self, obj: Resource) -> SafeString | str:
        if obj.file is None:
            return "None"
        said = f"{obj.file.name} ({file_note(obj.file)})"
        if not obj.file.may_be_opened:
            return f"{said}: {obj.file.get_scan_display()}"
        if not getattr(obj, "files_open_to_reader", False):
            return said
        return format_html('<a href="{}">{}</a>', reverse("admin:content_resource_file", args=[obj.pk]), said)

    def get_urls(self) -> list[URLPattern]:
        file = path("<int:resource_id>/file/", self.admin_site.admin_view(self.file), name="content_resource_file")
        return [file, *super().get_urls()]

    def file(self, request: HttpRequest, resource_id: int) -> HttpResponseBase:
        """The present file as a download, also before its first day and after its last: staff check what they publish."""
        resource = self.get_object(request, str(resource_id))
        if resource is None or resource.file is None or not self.has_right(request, Right.OPEN):
            raise Http404
        try:
            response = as_attachment(resource.file)
        except NotReleased as exc:
            self.message_user(request, str(exc), messages.WARNING)
            return redirect("admin:content_resource_change", resource_id)
        user: Any = request.user
        audit.record("resource.downloaded", by=user, object_type="resource", object_id=str(resource.pk))
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """As always; a disk that is full is said in words, and nothing was saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except UploadRefused as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return redirect(request.path)

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        """The file is kept in the transaction that saves the row."""
        user: Any = request.user
        checked = form.cleaned_data.get("upload")
        if checked is not None:
            obj.file = keep(checked, by=user, at=timezone.now())
        elif form.cleaned_data.get("remove_file"):
            obj.file = None
        super().save_model(request, obj, form, change)


class PublishedFilter(admin.SimpleListFilter):
    """Where an item stands."""

    title = "published"
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("published", "Published"),
            ("waiting", "Waits for its moment"),
            ("draft", "Draft"),
            ("gone", "Withdrawn"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        if self.value() == "published":
            return queryset.published(now)  # type: ignore[attr-defined]
        if self.value() == "waiting":
            return queryset.filter(published_at__gt=now)
        if self.value() == "draft":
            return queryset.filter(published_at__isnull=True)
        return queryset.filter(withdrawn_at__lte=now) if self.value() == "gone" else queryset


@admin.register(NewsItem)
class NewsItemAdmin(AboutStatesAdmin):
    """News. Preview shows an item as producers will see it; Publish and Withdraw act at once."""

    form = NewsItemForm
    change_form_template = "admin/content/newsitem/change_form.html"
    list_display = ("title", "standing", "published_at", "withdrawn_at", "pinned", "states_shown")
    list_filter = (PublishedFilter, StateFilter)
    search_fields = ("title__istartswith", "slug__exact")
    search_help_text = "The beginning of a title, or a whole address."
    actions = ("publish", "withdraw")
    editable_fields = ("title", "slug", "summary", "body", "states", "pinned", "published_at", "withdrawn_at")
    readonly_fields: ClassVar[Any] = ("updated_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*self.editable_fields, *([] if obj is None else ["updated_at"])]

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        # Links to a published item are out in the world.
        was_published = obj is not None and obj.published_at is not None and obj.published_at <= timezone.now()
        return [name for name in self.editable_fields if not (was_published and name == "slug")]

    @admin.display(description="Standing")
    def standing(self, obj: NewsItem) -> str:
        return _standing(obj)

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:item_id>/preview/", self.admin_site.admin_view(self.preview), name="content_newsitem_preview"
        )
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest, item_id: int) -> HttpResponse:
        """The item as producers will see it, published or not."""
        item = self.get_object(request, str(item_id))
        if item is None or not self.has_view_permission(request, item):
            raise Http404
        note = f"Preview. {_standing(item)}."
        return render(request, "content/news_item.html", news_item_context(item, preview_note=note))

    @admin.action(description="Publish now", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[NewsItem]) -> None:
        self._each(request, queryset, news.publish, "published")

    @admin.action(description="Withdraw now", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[NewsItem]) -> None:
        self._each(request, queryset, news.withdraw, "withdrawn")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[NewsItem], act: Callable[..., None], done_word: str
    ) -> None:
        done, now = 0, timezone.now()
        with one_by_one():
            for item in queryset.order_by("pk"):
                try:
                    act(item, by=request.user, at=now)
                    done += 1
                except news.NotNow as exc:
                    self.message_user(request, str(exc), messages.WARNING)
        if done:
            self.message_user(request, f"{done} {done_word}.", messages.SUCCESS)


def _standing(item: NewsItem) -> str:
    now = timezone.now()
    if item.published_at is None:
        return "Draft: nobody can read it yet"
    if item.withdrawn_at is not None and item.withdrawn_at <= now:
        return f"Withdrawn {moment_as_text(item.withdrawn_at)}"
    if item.published_at > now:
        return f"Will be published {moment_as_text(item.published_at)}"
    return "Published"
