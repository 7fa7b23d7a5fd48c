"""Courses and completions in the carrier administration (ISS_08)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from portal.common.admin_base import WrittenHereAdmin
from portal.common.content.forms.admin import CompletionForm, CompletionsFileForm, CourseForm
from portal.common.content.library_admin import AboutStatesAdmin, StateFilter
from portal.common.content.models import TrainingCompletion, TrainingCourse
from portal.common.content.services import completions
from portal.common.dates import today_in

FILE_TOO_LARGE = "The file is larger than 1 MB. Divide it."


@admin.register(TrainingCourse)
class TrainingCourseAdmin(AboutStatesAdmin):
    """Courses. One that somebody completed stays; it is taken off the list by making it inactive."""

    form = CourseForm
    list_display = ("title", "code", "required", "valid_months", "states_shown", "plan_year", "active")
    list_filter = ("active", "required", StateFilter)
    search_fields = ("title__istartswith", "code__exact")
    search_help_text = "The beginning of a title, or a whole code."
    ordering = ("title", "pk")
    editable_fields = (
        "title",
        "code",
        "description",
        "body",
        "url",
        "states",
        "plan_year",
        "required",
        "valid_months",
        "minutes",
        "active",
    )

    def audit_id(self, obj: TrainingCourse) -> str:
        return obj.code

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.editable_fields)


@admin.register(TrainingCompletion)
class TrainingCompletionAdmin(WrittenHereAdmin):
    """Who completed what. A row is never changed: one that is wrong is deleted and recorded again."""

    audits_views = True  # these rows are about people
    form = CompletionForm
    change_list_template = "admin/content/trainingcompletion/change_list.html"
    list_display = ("user", "course", "completed_on", "expires_on")
    list_filter = ("course",)
    list_select_related = ("user", "course")
    search_fields = ("user__username__iexact",)
    search_help_text = "A username in full."
    fields_of_a_new_row: ClassVar[Sequence[str]] = ("username", "course", "completed_on")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return list(self.fields_of_a_new_row) if obj is None else ["user", "course", "completed_on", "expires_on"]

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.fields_of_a_new_row if obj is None else ()

    def save_model(self, request: HttpRequest, obj: TrainingCompletion, form: Any, change: bool) -> None:
        """Through the service, which works out the last day and writes it down."""
        user: Any = request.user
        facts = {"course": form.cleaned_data["course"], "completed_on": form.cleaned_data["completed_on"]}
        try:
            recorded = completions.record(**facts, user=form.person, by=user)
        except completions.AlreadyRecorded:
            # Somebody else was quicker by a moment: it is recorded, which is what was wanted.
            recorded = TrainingCompletion.objects.get(**facts, user=form.person)
        obj.__dict__.update(recorded.__dict__)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has written it down."""

    # A file of many

    def get_urls(self) -> list[URLPattern]:
        page = path("import/", self.admin_site.admin_view(self.import_file), name="content_trainingcompletion_import")
        return [page, *super().get_urls()]

    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Record a CSV file of completions, all or nothing; what is wrong with it stands beside the field."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = CompletionsFileForm(request.POST if posted else None, request.FILES if posted else None)
        if form.is_valid() and self._was_recorded(request, form):
            return redirect("admin:content_trainingcompletion_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Import completions",
            "opts": self.opts,
            "form": form,
            "courses": list(TrainingCourse.objects.order_by("code").values_list("code", "title")),
        }
        return TemplateResponse(request, "admin/content/trainingcompletion/import.html", context)

    def _was_recorded(self, request: HttpRequest, form: CompletionsFileForm) -> bool:
        user: Any = request.user
        upload = form.cleaned_data["file"]
        if upload.size > completions.LONGEST_FILE:
            form.add_error("file", FILE_TOO_LARGE)
            return False
        try:
            done = completions.record_file(upload.read(), by=user, today=today_in())
        except completions.UnusableFile as exc:
            for error in exc.errors:
                form.add_error("file", error)
            form.add_error("file", "Nothing was recorded. Correct the file and choose it again.")
            return False
        known = f" {done.known} were recorded before." if done.known else ""
        self.message_user(request, f"{done.recorded} completions recorded.{known}", messages.SUCCESS)
        return True
