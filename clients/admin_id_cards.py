"""ID cards in the administration: what stands on them is kept here, what was asked for is looked up (ADR 0016)."""

from typing import Any

from django.contrib import admin

from clients.models import CardIssuer, IdCardOrder, IdCardRule, PlanCardFacts
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin


class _CardTable(WrittenHereAdmin):
    """A table of what is printed: every column is kept here."""

    def get_editable_fields(self, request: Any, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if not field.primary_key]

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)


@admin.register(IdCardRule)
class IdCardRuleAdmin(_CardTable):
    list_display = ("item", "us_state", "product", "market", "value", "first_day", "last_day", "source")
    list_filter = ("item", "us_state", "product", "market")


@admin.register(CardIssuer)
class CardIssuerAdmin(_CardTable):
    list_display = ("us_state", "line", "issuer_id", "form_number", "form_approved_on", "first_day", "last_day")
    list_filter = ("us_state", "line")


@admin.register(PlanCardFacts)
class PlanCardFactsAdmin(_CardTable):
    list_display = ("plan_id", "deductible_individual", "out_of_pocket_individual", "first_day", "last_day", "source")
    search_fields = ("plan_id__exact",)
    search_help_text = "Plan ID"


@admin.register(IdCardOrder)
class IdCardOrderAdmin(ReadMostlyAdmin):
    list_display = ("requested_at", "kind", "account", "bundle", "cancelled_at", "forgotten_at", "requested_by")
    list_filter = ("kind",)
    search_fields = ("account__number__exact",)
    search_help_text = "Account number"
