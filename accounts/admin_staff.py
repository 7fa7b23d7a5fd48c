"""The carrier's own staff in the administration: carrier administrators make logins, give roles and take them (ADR 0031)."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.forms.staff import StaffAccountForm
from accounts.models import StaffAccount, User
from accounts.services import staff_accounts
from accounts.services.staff_accounts import NotForYou, UsernameTaken
from portal.common import staff_roles
from portal.common.admin_base import ReadMostlyAdmin


class RoleFilter(admin.SimpleListFilter):
    """By role; those without one can only see their own pages."""

    title = "role"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*staff_roles.STANDINGS, ("none", "No role")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == staff_roles.ADMINISTRATOR:
            return queryset.filter(is_superuser=True)
        if self.value() == "none":
            return queryset.filter(is_superuser=False, staff_role="")
        return queryset.filter(staff_role=self.value()) if self.value() in staff_roles.StaffRole.values else queryset


@admin.register(StaffAccount)
class StaffAccountAdmin(ReadMostlyAdmin):
    """Closing a login, and giving or taking a role, act with the next request of its owner."""

    form = StaffAccountForm
    list_display = ("username", "first_name", "last_name", "standing", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active")
    list_select_related = False
    search_fields = ("username__iexact",)
    search_help_text = "A username in full."
    readonly_fields = ("date_joined", "last_login")
    # What an administrator enters. Everything else about the login has no field here.
    editable_fields: ClassVar[Sequence[str]] = ("first_name", "last_name", "email", "mobile", "standing", "is_active")

    @admin.display(description="Role")
    def standing(self, obj: StaffAccount) -> str:
        return obj.standing_label

    def audit_type(self) -> str:
        """The audit trail knows logins under one name, whoever they belong to."""
        return str(User._meta.model_name)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffAccount]:
        rows: QuerySet[StaffAccount] = super().get_queryset(request)
        return rows.filter(Q(role=User.Role.CARRIER_ADMIN))

    # Who may: administrators, and nobody about the own login

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_right(request, staff_roles.Right.ADD)

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        if obj is None:
            return ("username", *(name for name in self.editable_fields if name != "is_active"))
        return () if obj.pk == request.user.pk else self.editable_fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return list(self.get_editable_fields(request))
        return ["username", *self.editable_fields, *self.readonly_fields]

    # Writing, through the service

    def save_model(self, request: HttpRequest, obj: StaffAccount, form: Any, change: bool) -> None:
        by, now = cast(User, request.user), timezone.now()
        if change:
            staff_accounts.change(user=obj, details=form.details(), by=by, at=now)
            return
        made = staff_accounts.create(username=form.cleaned_data["username"], details=form.details(), by=by, at=now)
        obj.__dict__.update(made.__dict__)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """As always; a role that was taken from the administrator meanwhile is said in words, and nothing was saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except NotForYou as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return redirect("admin:index")
        except UsernameTaken as exc:
            self.message_user(request, str(exc), messages.ERROR)
            return redirect("admin:accounts_staffaccount_changelist")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has written it down."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has written it down."""
