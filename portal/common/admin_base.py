"""The base of every page in the carrier administration: staff look things up there and change very little.

A subclass says what is listed and searched, and names the few fields staff may change; everything else follows:
nothing is added or deleted, secrets are neither shown nor searchable, every look and every change leaves an audit
row, and no list counts or sorts a table of millions. Who may do which of it stands in ``portal.common.staff_roles``. What the carrier writes itself stands on ``WrittenHereAdmin``.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode

from portal.common import admin_csv, audit, staff_roles
from portal.common.admin_links import OwnLinksForm
from portal.common.crypto import EncryptedTextField
from portal.common.models import AuditEvent
from portal.common.staff_queues import Queue

COUNTED_AT_MOST = 10_000
# Proofs and what is made from them. They are not personal data to be read by staff, whatever the model calls them.
SECRET_NAMES = ("password", "bound_to", "session_key")
SECRET_ENDINGS = ("_hash", "_digest")


def is_secret(field: Any) -> bool:
    """Encrypted values, hashes and search digests: never shown, never searched, never filtered by."""
    name = field.name
    return isinstance(field, EncryptedTextField) or name in SECRET_NAMES or name.endswith(SECRET_ENDINGS)


class CappedPaginator(Paginator):
    """Counts at most 10,000 rows: nobody turns to page 500, and counting millions takes seconds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        if isinstance(rows, models.QuerySet):
            return rows.order_by()[:COUNTED_AT_MOST].count()
        return len(rows)


class ReadMostlyAdmin(admin.ModelAdmin):
    """Look up, and change only ``editable_fields``.

    ``search_fields`` must be exact look-ups on indexed fields (``"number__exact"``, ``"username__iexact"``). ``ordering``
    and ``sortable_by`` start from the primary key; a subclass with a suitable index may say otherwise.
    """

    editable_fields: ClassVar[Sequence[str]] = ()
    hidden_fields: ClassVar[Sequence[str]] = ()
    # What of this list waits for somebody: counted on the first page of the administration.
    queues: ClassVar[Sequence[Queue]] = ()
    # Off only for rows that say nothing about anybody's person.
    audits_views: ClassVar[bool] = True

    search_fields: ClassVar[Any] = ()
    list_select_related: ClassVar[Any] = True
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    ordering: ClassVar[Any] = ("-pk",)
    sortable_by: ClassVar[Any] = ()
    paginator = CappedPaginator
    actions_on_bottom = False
    save_on_top = False
    view_on_site = False

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # A select with every producer in it would be the page; a number with a look-up window is enough.
        foreign = [field.name for field in self._fields_of_model() if isinstance(field, models.ForeignKey)]
        self.raw_id_fields = foreign  # type: ignore[misc]

    # What subclasses may say about a row

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """Fields staff may change on this row: some of ``editable_fields``."""
        return self.editable_fields

    def audit_id(self, obj: Any) -> str:
        """How the audit trail names the row: a number people use where there is one, never a name."""
        return str(obj.pk)

    def for_producer(self, obj: Any) -> str:
        """National producer number of the book the row belongs to; empty where there is none."""
        return ""

    def audit_type(self) -> str:
        """What kind of row the audit trail calls it."""
        return str(self.opts.model_name)

    # Permissions: the site lets only carrier staff in (PortalAdminSite); the table of roles says what each may do

    def has_right(self, request: HttpRequest, right: staff_roles.Right) -> bool:
        """Does whoever asks have this right on rows of this kind?"""
        user: Any = request.user
        return bool(user.has_perm(staff_roles.permission(right, self.opts.label_lower)))

    def has_work_permission(self, request: HttpRequest) -> bool:
        """For actions on rows whose fields nobody changes by hand."""
        return self.has_right(request, staff_roles.Right.CHANGE)

    def get_actions(self, request: HttpRequest) -> Any:
        """Those of the role; one nobody has decided about is for administrators only."""
        offered = super().get_actions(request)
        return {
            name: action
            for name, action in offered.items()
            if staff_roles.may_act(request.user, self.opts.label_lower, name)
        }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return bool(self.editable_fields if obj is None else self.get_editable_fields(request, obj))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filters in the address may not probe secrets: ``?code_hash__startswith=`` would spell a hash out."""
        columns = {field.name for field in self._fields_of_model()}
        # A column that is said in other words on the page may still be a filter of its list.
        open_to_filters = {*self._shown_fields, *(name for name in self.hidden_fields if name in self.list_filter)}
        if lookup.split("__")[0] in columns.difference(open_to_filters):
            return False
        # Django allows other tables' columns only where a page lists them as a filter.
        return super().lookup_allowed(lookup, value, request)

    # What is shown

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row with its related rows, in one query. ``files_open_to_reader``: may whoever looks open its files?"""
        key: Any = self.opts.get_field(from_field) if from_field else self.opts.pk
        try:
            wanted = key.to_python(object_id)
        except ValidationError:
            return None
        related = self.list_select_related
        rows = self.get_queryset(request)
        if related:
            rows = rows.select_related(*(() if related is True else related))
        row = rows.filter(**{key.name: wanted}).first()
        if row is not None:
            row.files_open_to_reader = self.has_right(request, staff_roles.Right.OPEN)
        return row

    def _fields_of_model(self) -> list[Any]:
        return [field for field in self.model._meta.get_fields() if field.concrete and not field.many_to_many]

    @cached_property
    def _shown_fields(self) -> list[str]:
        shown = (field for field in self._fields_of_model() if not is_secret(field))
        return [field.name for field in shown if field.name not in self.hidden_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Columns of the model without secrets; names of methods in ``readonly_fields`` follow."""
        extra = [name for name in self.readonly_fields if name not in self._shown_fields]
        return [name for name in self._shown_fields if name != self.opts.pk.name] + extra

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        editable = self.get_editable_fields(request, obj)
        return [name for name in self.get_fields(request, obj) if name not in editable]

    # What is written down

    def _record(self, request: HttpRequest, action: str, obj: Any = None, **details: Any) -> None:
        user: Any = request.user
        audit.record(
            action,
            by=user,
            for_producer=self.for_producer(obj) if obj is not None else "",
            object_type=self.audit_type(),
            object_id=self.audit_id(obj) if obj is not None else "",
            details=details,
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_export = self.has_right(request, staff_roles.Right.EXPORT)
        response = super().changelist_view(request, {"may_export": may_export, **(extra_context or {})})
        if self.audits_views and request.method == "GET" and response.status_code == 200:
            self._record(request, "admin.listed", searched=bool(request.GET.get("q")))
        return response

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list under its filters. The database refuses to look for a NUL byte, which no row can hold."""
        if any("\x00" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        return [path("csv/", self.admin_site.admin_view(self.csv_view), name=name), *super().get_urls()]

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list under its filters as a CSV file, up to 10,000 rows; what was taken out is in the audit trail."""
        if not self.has_right(request, staff_roles.Right.EXPORT):
            raise PermissionDenied
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"../?{ERROR_FLAG}=1")  # as the list itself answers
        rows = changelist.queryset
        count = rows.order_by()[: COUNTED_AT_MOST + 1].count()
        if count > COUNTED_AT_MOST:
            self.message_user(
                request, f"More than {COUNTED_AT_MOST:,} rows: filter or search first, then download.", messages.ERROR
            )
            query = request.GET.urlencode()
            return HttpResponseRedirect(f"../?{query}" if query else "../")
        self._record(request, "admin.exported", rows=count)
        return admin_csv.respond(self, names=list(changelist.list_display), rows=rows.iterator(chunk_size=500))

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if self.audits_views and request.method == "GET" and obj is not None:
            self._record(request, "admin.viewed", obj)
        context["may_see_history"] = staff_roles.may_open(
            request.user, f"{self.opts.label_lower.replace('.', '_')}_history"
        )
        context["adminform"] = OwnLinksForm.of(context["adminform"], request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail instead of Django's own log, which would keep names. Runs in the change's transaction."""
        fields = sorted({name for part in message for name in part.get("changed", {}).get("fields", [])})
        self._record(request, "admin.changed", obj, fields=fields)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit rows about this row."""
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_view_permission(request, obj):
            raise PermissionDenied
        wanted = {"object_type": self.audit_type(), "object_id": self.audit_id(obj)}
        url = reverse(f"admin:{AuditEvent._meta.app_label}_{AuditEvent._meta.model_name}_changelist")
        return HttpResponseRedirect(f"{url}?{urlencode(wanted)}")


class WrittenHereAdmin(ReadMostlyAdmin):
    """Texts, files and numbers the carrier keeps in the portal itself: they are added, changed and deleted here.

    A row that others point to stays; so does one a subclass calls kept (``is_kept``). Deleting asks first, one row at a
    time: the list offers no action that deletes many. Every addition, change and deletion leaves an audit row in the
    same transaction.
    """

    # These pages show what everybody in the portal may read.
    audits_views: ClassVar[bool] = False

    def is_kept(self, obj: Any) -> bool:
        """Whether the row has to stay although nothing points to it, such as a wording that was in force."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not admin.ModelAdmin.has_delete_permission(self, request, obj):
            return False
        return obj is None or not (self.is_kept(obj) or self._is_referenced(obj))

    def _is_referenced(self, obj: Any) -> bool:
        pointing = (relation for relation in self.opts.related_objects if not relation.one_to_one)
        return any(
            relation.related_model._default_manager.filter(**{relation.field.name: obj}).exists()
            for relation in pointing
        )

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, "admin.added", obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._record(request, "admin.deleted", obj)
