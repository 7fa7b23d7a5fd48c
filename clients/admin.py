"""Looking up households, policies and what was asked of the member system. The member system owns these rows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clients import (  # noqa: F401 - each registers its pages
    admin_id_cards,
    admin_member_changes,
    admin_pcp,
    admin_x12,
)
from clients.models import (
    Account,
    ContactPoint,
    Coverage,
    IdCardRequest,
    Member,
    Policy,
    Prospect,
)
from portal.common.admin_base import ReadMostlyAdmin


@admin.register(Account)
class AccountAdmin(ReadMostlyAdmin):
    list_display = ("number", "city", "us_state", "zip", "as_of")
    list_display_links = ("number", "city")
    list_filter = ("us_state",)
    search_fields = ("number__exact",)
    search_help_text = "Account number"

    def audit_id(self, obj: Account) -> str:
        return obj.audit_id


@admin.register(Member)
class MemberAdmin(ReadMostlyAdmin):
    list_display = ("member_id", "first_name", "last_name", "role", "account")
    search_fields = ("member_id__exact", "account__number__exact")
    search_help_text = "Member ID or account number"

    def audit_id(self, obj: Member) -> str:
        return obj.member_id


@admin.register(ContactPoint)
class ContactPointAdmin(ReadMostlyAdmin):
    list_display = ("member", "kind", "value", "send_text")
    list_filter = ("kind",)
    search_fields = ("member__member_id__exact", "value__exact")
    search_help_text = "Member ID, ten-digit phone number or email address"


class StatusDisagreesFilter(admin.SimpleListFilter):
    """The carrier's status wins; here staff find those that the dates speak against."""

    title = "Status disagrees with the dates"
    parameter_name = "status_disagrees"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Policy]) -> QuerySet[Policy]:
        if self.value() == "yes":
            return queryset.filter(pk__in=Policy.objects.status_disagrees().values("pk"))
        return queryset


@admin.register(Policy)
class PolicyAdmin(ReadMostlyAdmin):
    list_display = (
        "account",
        "product_name",
        "status",
        "derived_status",
        "status_source",
        "effective_date",
        "paid_to_date",
        "term_date",
        "producer_number",
        "us_state",
    )
    list_filter = (StatusDisagreesFilter, "status", "status_source", "market", "line", "us_state")
    search_fields = (
        "account__number__exact",
        "policy_number__exact",
        "eapp_number__exact",
        "exchange_assigned_id__exact",
    )
    search_help_text = "Account number, policy number, E-App number or exchange assigned ID"

    def audit_id(self, obj: Policy) -> str:
        return obj.eapp_number or f"policy-{obj.pk}"

    def for_producer(self, obj: Policy) -> str:
        return obj.producer_number.producer.npn


@admin.register(Coverage)
class CoverageAdmin(ReadMostlyAdmin):
    list_display = ("member", "policy", "effective_date", "term_date")
    search_fields = ("member__member_id__exact", "policy__eapp_number__exact")
    search_help_text = "Member ID or E-App number"


@admin.register(Prospect)
class ProspectAdmin(ReadMostlyAdmin):
    list_display = ("first_name", "last_name", "us_state", "zip", "producer", "created_at", "deleted_at")
    list_filter = ("us_state",)
    search_fields = ("producer__npn__exact", "zip__exact")
    search_help_text = "National Producer Number or ZIP code"

    def for_producer(self, obj: Prospect) -> str:
        return obj.producer.npn


class _OnAPolicy(ReadMostlyAdmin):
    """Requests and changes that concern one policy."""

    def for_producer(self, obj: Any) -> str:
        npn: str = obj.policy.producer_number.producer.npn
        return npn


@admin.register(IdCardRequest)
class IdCardRequestAdmin(_OnAPolicy):
    list_display = ("requested_at", "kind", "member", "quantity", "state", "requested_by")
    list_filter = ("kind", "state")
    search_fields = ("member__member_id__exact",)
    search_help_text = "Member ID"
