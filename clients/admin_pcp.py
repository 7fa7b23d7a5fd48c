"""The provider directory and provider changes in the administration: looked up, reasons kept, refused changes taken back."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from clients.models import MedicalGroup, PcpAssignment, PcpReason, Provider, WithdrawnPcpAssignment
from clients.services import pcp
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin
from portal.common.one_by_one import one_by_one


@admin.register(MedicalGroup)
class MedicalGroupAdmin(ReadMostlyAdmin):
    """Kept by ``manage.py import_providers``."""

    audits_views = False
    list_display = ("number", "name", "us_state", "city", "effective_date", "end_date")
    list_filter = ("us_state",)
    search_fields = ("number__exact", "name__istartswith")
    search_help_text = "Group number or start of the name"
    hidden_fields = ("name_key", "city_key")


@admin.register(Provider)
class ProviderAdmin(ReadMostlyAdmin):
    """Kept by ``manage.py import_providers``."""

    audits_views = False
    list_display = ("npi", "last_name", "first_name", "specialty", "city", "us_state", "accepts_new_patients")
    list_filter = ("us_state", "accepts_new_patients", "serves_as_pcp")
    search_fields = ("npi__exact", "pcpa_number__exact", "last_name__istartswith")
    search_help_text = "NPI, PCP / PCPA number or start of the surname"
    hidden_fields = ("last_name_key", "first_name_key", "city_key")


@admin.register(PcpReason)
class PcpReasonAdmin(WrittenHereAdmin):
    """Who may choose which reason, and from when to when. A reason is never renamed or deleted: it gets a last day."""

    list_display = ("label", "pla05", "limit", "staff_only", "opens_closed_panel", "first_day", "last_day")
    list_filter = ("staff_only", "limit")
    ordering: ClassVar[Any] = ("label",)
    editable_fields = ("pla05", "limit", "staff_only", "opens_closed_panel", "first_day", "last_day")

    def get_editable_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The words and the code of a new one; afterwards they stand in the members' history."""
        return self.editable_fields if obj else ("label", "code", *self.editable_fields)

    def is_kept(self, obj: Any) -> bool:
        return True

    def audit_id(self, obj: Any) -> str:
        return str(obj.code)


class RefusedFilter(admin.SimpleListFilter):
    """What the member system did not take over."""

    title = "Member system"
    parameter_name = "refused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Did not take it over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PcpAssignment]) -> QuerySet[PcpAssignment]:
        return queryset.filter(refused_at__isnull=False) if self.value() == "yes" else queryset


class _OfAMember(ReadMostlyAdmin):
    search_fields = ("member__member_id__exact",)
    search_help_text = "Member ID"

    def for_producer(self, obj: Any) -> str:
        return str(obj.policy.producer_number.producer.npn)


@admin.register(PcpAssignment)
class PcpAssignmentAdmin(_OfAMember):
    """Who has whom. A refused change is sent again under Member changes, or taken back here."""

    list_display = (
        "member",
        "medical_group",
        "provider",
        "effective_date",
        "end_date",
        "received_on",
        "assigned_by",
        "reason",
        "refused_at",
    )
    list_filter = (RefusedFilter,)
    list_select_related = ("member", "medical_group", "provider", "policy__producer_number__producer")
    actions = ("take_back", "confirm_taken_over")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.has_perm("clients.change_pcpassignment"))

    @admin.action(description="Take back what the member system refused", permissions=["decide"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[PcpAssignment]) -> None:
        """Each one for itself; the assignment before goes on."""
        user: Any = request.user
        done = 0
        with one_by_one():
            for row in queryset.order_by("pk"):
                try:
                    pcp.take_back(assignment_id=row.pk, by=user, now=timezone.now())
                    done += 1
                except pcp.CannotTakeBack as exc:
                    self.message_user(request, f"Assignment {row.pk}: {exc}", messages.ERROR)
        if done:
            counted = "1 assignment was" if done == 1 else f"{done} assignments were"
            self.message_user(request, f"{counted} taken back; the one before goes on.", messages.SUCCESS)

    @admin.action(description="The member system has it now", permissions=["decide"])
    def confirm_taken_over(self, request: HttpRequest, queryset: QuerySet[PcpAssignment]) -> None:
        """For changes that were entered there by hand; the mark on the client's page goes."""
        user: Any = request.user
        with one_by_one():
            done = sum(pcp.confirm_taken_over(assignment_id=row.pk, by=user) for row in queryset.order_by("pk"))
        counted = "1 assignment is" if done == 1 else f"{done} assignments are"
        self.message_user(request, f"{counted} settled.", messages.SUCCESS if done else messages.WARNING)


@admin.register(WithdrawnPcpAssignment)
class WithdrawnPcpAssignmentAdmin(_OfAMember):
    list_display = ("member", "medical_group", "provider", "effective_date", "why", "withdrawn_at", "withdrawn_by")
    list_filter = ("why",)
    list_select_related = (
        "member",
        "medical_group",
        "provider",
        "withdrawn_by",
        "asked_out_of",
        "policy__producer_number__producer",
    )
