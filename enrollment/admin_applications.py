"""Applications and proposals in the administration: looked up, never changed here."""

from typing import Any

from django.contrib import admin

from enrollment.models import Application, Proposal, ProposalDelivery
from portal.common.admin_base import ReadMostlyAdmin
from portal.common.staff_queues import Queue


@admin.register(Application)
class ApplicationAdmin(ReadMostlyAdmin):
    list_display = (
        "record_number",
        "status",
        "us_state",
        "effective_date",
        "producer_number",
        "updated_at",
        "expires_on",
    )
    list_filter = ("status", "us_state")
    queues = (Queue(label="Applications that failed", order=70, filters={"status__exact": "FAILED"}, is_fault=True),)
    list_select_related = ("producer_number__producer", "county", "created_by", "quote", "withdrawn_by")
    search_fields = ("record_number__exact", "producer_number__number__exact")
    search_help_text = "Record number or producer number."
    hidden_fields = ("form_key",)

    def audit_id(self, obj: Any) -> str:
        return str(obj.record_number)

    def for_producer(self, obj: Any) -> str:
        return str(obj.producer_number.producer.npn)


@admin.register(Proposal)
class ProposalAdmin(ReadMostlyAdmin):
    list_display = ("id", "quote", "state", "plan_count", "disclaimers_version", "requested_at", "requested_by")
    list_filter = ("state",)
    list_select_related = ("quote__producer_number__producer", "requested_by", "file")
    search_fields = ("quote__id__exact",)
    search_help_text = "The number of the quote."
    hidden_fields = ("form_key",)

    def for_producer(self, obj: Any) -> str:
        return str(obj.quote.producer_number.producer.npn)


@admin.register(ProposalDelivery)
class ProposalDeliveryAdmin(ReadMostlyAdmin):
    list_display = ("id", "proposal", "message", "requested_at", "requested_by")
    list_select_related = ("proposal__quote__producer_number__producer", "message", "requested_by")
    search_fields = ("proposal__id__exact",)
    search_help_text = "The number of the proposal."
    hidden_fields = ("form_key",)

    def for_producer(self, obj: Any) -> str:
        return str(obj.proposal.quote.producer_number.producer.npn)
