"""ID cards in the administration: what stands on them is kept here, what was asked for is looked up (ADR 0016)."""

from django.contrib import admin
from django.db import models

from clients.models import CardIssuer, IdCardOrder, IdCardRule, PlanCardFacts
from portal.common.admin_base import ReadMostlyAdmin, WrittenHereAdmin


def _every_column(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.name for field in model._meta.fields if not field.primary_key)


@admin.register(IdCardRule)
class IdCardRuleAdmin(WrittenHereAdmin):
    editable_fields = _every_column(IdCardRule)
    list_display = ("item", "us_state", "product", "market", "value", "first_day", "last_day", "source")
    list_filter = ("item", "us_state", "product", "market")


@admin.register(CardIssuer)
class CardIssuerAdmin(WrittenHereAdmin):
    editable_fields = _every_column(CardIssuer)
    list_display = ("us_state", "line", "issuer_id", "form_number", "form_approved_on", "first_day", "last_day")
    list_filter = ("us_state", "line")


@admin.register(PlanCardFacts)
class PlanCardFactsAdmin(WrittenHereAdmin):
    editable_fields = _every_column(PlanCardFacts)
    list_display = ("plan_id", "deductible_individual", "out_of_pocket_individual", "first_day", "last_day", "source")
    search_fields = ("plan_id__exact",)
    search_help_text = "Plan ID"


@admin.register(IdCardOrder)
class IdCardOrderAdmin(ReadMostlyAdmin):
    list_display = ("requested_at", "kind", "account", "bundle", "cancelled_at", "forgotten_at", "requested_by")
    list_filter = ("kind",)
    search_fields = ("account__number__exact",)
    search_help_text = "Account number"
